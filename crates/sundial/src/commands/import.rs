//! `sundial import xes`: an event log becomes events.

use std::{
    fs,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::Args;
use domain::Event;
use wire::xes::{self, Mapping};

use crate::commands::assess::open;

#[derive(Args)]
pub struct XesArgs {
    /// The log (IEEE 1849 XES; .gz too); `-` is standard input.
    #[arg(value_name = "FILE")]
    log: PathBuf,
    /// How its activities become events (TOML).
    #[arg(long, value_name = "FILE")]
    mapping: PathBuf,
}

/// Prints one event a line; what the mapping does not cover is counted on standard error.
#[allow(clippy::print_stderr, reason = "the report of an import goes beside its output")]
pub fn run(args: &XesArgs) -> anyhow::Result<ExitCode> {
    let mut out = BufWriter::new(io::stdout().lock());
    let report = xes_events(&args.log, &args.mapping, &mut |event| {
        writeln!(out, "{}", wire::encode(&event, &jiff::tz::TimeZone::UTC))?;
        Ok(())
    })?;
    out.flush()?;
    eprintln!("{report}");
    Ok(ExitCode::SUCCESS)
}

/// Reads a log through a mapping; the report in words.
pub fn xes_events(log: &Path, mapping: &Path, sink: &mut dyn FnMut(Event) -> anyhow::Result<()>) -> anyhow::Result<String> {
    let text = fs::read_to_string(mapping).with_context(|| mapping.display().to_string())?;
    let mapping = Mapping::from_toml(&text).with_context(|| mapping.display().to_string())?;
    let reader = open(log).with_context(|| log.display().to_string())?;
    let mut failure = None;
    let report = xes::import(reader, &mapping, &mut |event| match sink(event) {
        Ok(()) => true,
        Err(error) => {
            failure = Some(error);
            false
        }
    });
    match failure {
        Some(error) => Err(error),
        None => Ok(report.with_context(|| log.display().to_string())?.to_string()),
    }
}
