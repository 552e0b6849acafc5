//! `sundial import`: an event log or a table becomes events.

use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, anyhow};
use clap::Args;
use domain::Event;
use wire::log::{ImportReport, LogError, Mapping, Reading, ocel, table, xes};

use crate::{
    commands::assess::open,
    tables::{read_text, xlsx_rows},
};

#[derive(Args)]
pub struct LogArgs {
    /// The log (.gz too); `-` is standard input.
    #[arg(value_name = "FILE")]
    log: PathBuf,
    /// How its activities become events (TOML). A log written by `sundial export` takes none.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
}

#[derive(Args)]
pub struct TableArgs {
    /// The table: .csv (UTF-8 or GB 18030) or .xlsx.
    #[arg(value_name = "FILE")]
    table: PathBuf,
    /// How its rows or columns become events (TOML).
    #[arg(long, value_name = "FILE")]
    mapping: PathBuf,
}

/// The form of a log of objects or traces.
#[derive(Debug, Clone, Copy)]
pub enum LogForm {
    Xes,
    Ocel,
}

/// Prints one event a line; what the mapping does not cover is counted on standard error.
pub fn run(form: LogForm, args: &LogArgs) -> anyhow::Result<ExitCode> {
    let reading = match &args.mapping {
        Some(path) => Reading::By(Box::new(mapping(path)?)),
        None => Reading::Own,
    };
    print(&mut |sink| log_events(form, &args.log, &reading, sink))
}

/// Prints the events of a table.
pub fn run_table(args: &TableArgs) -> anyhow::Result<ExitCode> {
    let mapping = mapping(&args.mapping)?;
    let path = &args.table;
    let rows = match path.extension().and_then(|extension| extension.to_str()) {
        Some("xlsx") => xlsx_rows(path)?,
        _ => table::rows_of_csv(&read_text(path)?),
    };
    print(&mut |sink| {
        told(sink, |sink| table::import(rows.iter().cloned(), &mapping, sink)).with_context(|| path.display().to_string())
    })
}

/// Reads a log in XES through a mapping; the report in words.
pub fn xes_events(log: &Path, mapping_file: &Path, sink: Sink<'_>) -> anyhow::Result<String> {
    let reading = Reading::By(Box::new(mapping(mapping_file)?));
    Ok(log_events(LogForm::Xes, log, &reading, sink)?.to_string())
}

type Sink<'s> = &'s mut dyn FnMut(Event) -> anyhow::Result<()>;

fn log_events(form: LogForm, log: &Path, reading: &Reading, sink: Sink<'_>) -> anyhow::Result<ImportReport> {
    let file = open(log).with_context(|| log.display().to_string())?;
    let report = told(sink, |sink| match form {
        LogForm::Xes => xes::import(file, reading, sink),
        LogForm::Ocel => ocel::import(file, reading, sink),
    });
    report.with_context(|| log.display().to_string())
}

/// Lets an import tell its events to a sink that may fail, and stops it there.
fn told(
    sink: Sink<'_>,
    import: impl FnOnce(&mut dyn FnMut(Event) -> bool) -> Result<ImportReport, LogError>,
) -> anyhow::Result<ImportReport> {
    let mut failure = None;
    let report = import(&mut |event| match sink(event) {
        Ok(()) => true,
        Err(error) => {
            failure = Some(error);
            false
        }
    });
    match failure {
        Some(error) => Err(error),
        None => report.map_err(|error| anyhow!(error)),
    }
}

#[allow(clippy::print_stderr, reason = "the report of an import goes beside its output")]
fn print(import: &mut dyn FnMut(Sink<'_>) -> anyhow::Result<ImportReport>) -> anyhow::Result<ExitCode> {
    let mut out = BufWriter::new(io::stdout().lock());
    let report = import(&mut |event| Ok(writeln!(out, "{}", wire::encode(&event, &jiff::tz::TimeZone::UTC))?))?;
    out.flush()?;
    eprintln!("{report}");
    Ok(ExitCode::SUCCESS)
}

fn mapping(path: &Path) -> anyhow::Result<Mapping> {
    Mapping::from_toml(&read_text(path)?).with_context(|| path.display().to_string())
}
