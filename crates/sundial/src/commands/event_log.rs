//! `sundial export xes|ocel`: the events of the store or of files as a log for other programs.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context;
use clap::Args;
use domain::{CaseEvents, Instant};
use engine::RuleBook;
use wire::{
    AssessmentJson,
    log::{case_attributes, ocel::OcelWriter, xes::XesWriter},
};

use super::{assess::ReadEvents, import::LogForm, stored::Pages};
use crate::{clock::now, commands::assess::instant, config::Config, rules::RuleSources};

#[derive(Args)]
pub struct EventLogArgs {
    /// Files of one event a line (.gz too) instead of the store; `-` is standard input.
    #[arg(long, value_name = "EVENTS.ndjson", num_args = 1..)]
    events: Vec<PathBuf>,
    /// Rules other than the configured ones.
    #[command(flatten)]
    rules: RuleSources,
    /// The instant as of which is told what is known of a case; now by default.
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    as_of: Option<Instant>,
    /// Where to; standard output by default.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

/// A log in either form.
enum LogWriter<W: Write> {
    Xes(XesWriter<W>),
    Ocel(OcelWriter<W, File>),
}

type Out = BufWriter<Box<dyn Write + Send>>;

pub async fn export(config: &Config, form: LogForm, args: &EventLogArgs) -> anyhow::Result<ExitCode> {
    let sources = args.rules.or(&config.rules);
    let rules = sources.load()?;
    let as_of = args.as_of.unwrap_or_else(now);
    let out: Box<dyn Write + Send> = match &args.to {
        Some(path) => Box::new(File::create(path).with_context(|| path.display().to_string())?),
        None => Box::new(io::stdout()),
    };
    let zone = rules.calendar.zone().clone();
    let out = BufWriter::new(out);
    let mut log = match form {
        LogForm::Xes => LogWriter::Xes(XesWriter::new(out, zone)?),
        LogForm::Ocel => LogWriter::Ocel(OcelWriter::new(out, tempfile::tempfile()?, zone, as_of)?),
    };
    let broken = if args.events.is_empty() {
        store::require_current(&config.store()).await?;
        let mut pages = Pages::new(config)?;
        while let Some(page) = pages.next().await? {
            for stored in &page {
                log.case(&stored.events, &rules, as_of)?;
            }
        }
        0
    } else {
        let mut read = ReadEvents { codes: sources.code_maps()?, ..ReadEvents::default() };
        for file in &args.events {
            read.file(file)?;
        }
        for case in read.cases.values() {
            log.case(case, &rules, as_of)?;
        }
        read.report();
        read.broken
    };
    log.finish()?;
    Ok(if broken > 0 { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

impl LogWriter<Out> {
    /// Writes the events of a case that stand, and what supervision says of them.
    fn case(&mut self, case: &CaseEvents, rules: &RuleBook, as_of: Instant) -> anyhow::Result<()> {
        let Some(case_no) = case.standing().next().map(|event| event.case_no.clone()) else { return Ok(()) };
        let assessment = domain::assess(case, &rules.rules(), as_of);
        let known = assessment.map(|it| case_attributes(&AssessmentJson::new(&it, rules.calendar.zone()))).unwrap_or_default();
        match self {
            LogWriter::Xes(log) => log.trace(&case_no, &known, case.standing())?,
            LogWriter::Ocel(log) => log.trace(&case_no, &known, case.standing())?,
        }
        Ok(())
    }

    fn finish(self) -> anyhow::Result<()> {
        match self {
            LogWriter::Xes(log) => drop(log.finish()?),
            LogWriter::Ocel(log) => drop(log.finish()?),
        }
        Ok(())
    }
}
