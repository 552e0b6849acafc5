//! `sundial verify` and `sundial export cases`: what the store holds, held against what its events
//! say.

use std::{
    collections::HashMap,
    io::{self, BufWriter, Write},
    process::ExitCode,
};

use clap::Args;
use domain::{CaseEvents, Instant, Text};
use engine::{RuleBook, at_rest, version};
use store::{Reader, StoredRow};
use wire::{AssessmentJson, CodeMaps};

use crate::{cases::events_of, clock::now, commands::assess::instant, config::Config};

#[derive(Args)]
pub struct VerifyArgs {
    /// List at most so many differences.
    #[arg(long, default_value_t = 20)]
    list: usize,
}

#[derive(Args)]
pub struct ExportArgs {
    /// The form of the export.
    #[arg(long, value_enum, default_value_t = Form::Ndjson)]
    format: Form,
    /// The instant asked for; now by default.
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    as_of: Option<Instant>,
}

/// The form of an export of cases.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Form {
    /// The objects of `sundial assess`, one a line.
    Ndjson,
}

/// How many cases are held in memory at once.
const PAGE: u32 = 5_000;

/// One case of the store: its events and its rows.
pub(super) struct Stored {
    pub(super) events: CaseEvents,
    row: Option<StoredRow>,
}

/// Every case of the store, a page at a time, by case number.
pub(super) struct Pages {
    reader: Reader,
    codes: CodeMaps,
    after: Text,
}

impl Pages {
    pub(super) fn new(config: &Config) -> anyhow::Result<Self> {
        Ok(Self { reader: Reader::new(&config.store()), codes: config.rules.code_maps()?, after: Text::default() })
    }

    pub(super) async fn next(&mut self) -> anyhow::Result<Option<Vec<Stored>>> {
        let mut page = self.reader.next_cases(&self.after, PAGE).await?;
        page.sort_by(|a, b| a.case_no.cmp(&b.case_no));
        let Some(last) = page.last() else { return Ok(None) };
        self.after = last.case_no.clone();
        let names: Vec<Text> = page.iter().map(|case| case.case_no.clone()).collect();
        let rows = self.reader.rows(&names).await?;
        let mut rows: HashMap<Text, StoredRow> = rows.into_iter().map(|row| (row.assessment.case_no.clone(), row)).collect();
        let stored = page.iter().map(|case| Stored { events: events_of(case, &self.codes), row: rows.remove(&case.case_no) });
        Ok(Some(stored.collect()))
    }
}

/// Prints the objects of `assess`. A settled case is told by its rows; one that moves with time, or
/// whose rows hold from a later instant on than the one asked for, by its events.
pub async fn export(config: &Config, args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let Form::Ndjson = args.format;
    let rules = config.rules.load()?;
    let as_of = args.as_of.unwrap_or_else(now);
    store::require_current(&config.store()).await?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut pages = Pages::new(config)?;
    while let Some(page) = pages.next().await? {
        for stored in &page {
            let told_by_rows = stored.row.as_ref().filter(|row| row.settled && row.assessment.valid_from <= as_of);
            let assessed = match told_by_rows {
                Some(row) => Some(row.assessment.clone()),
                None => domain::assess(&stored.events, &rules.rules(), as_of),
            };
            if let Some(assessment) = assessed {
                writeln!(out, "{}", AssessmentJson::new(&assessment, rules.calendar.zone()).line())?;
            }
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Derives every case anew and compares with its rows.
pub async fn verify(config: &Config, args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let rules = config.rules.load()?;
    store::require_current(&config.store()).await?;
    let mut out = io::stdout().lock();
    let newest = Reader::new(&config.store()).newest_rule_sets().await?.first().map_or(0, |it| it.generation);
    let (mut cases, mut events, mut differences, mut earlier) = (0u64, 0u64, 0usize, 0u64);
    let mut pages = Pages::new(config)?;
    while let Some(page) = pages.next().await? {
        for stored in page {
            cases += 1;
            events += stored.events.all().len() as u64;
            earlier += u64::from(stored.row.as_ref().is_some_and(|row| version::generation(row.version) != newest));
            if let Some(difference) = difference(&stored, &rules) {
                differences += 1;
                if differences <= args.list {
                    let case_no = stored.events.case_no().map(Text::as_str).unwrap_or_default();
                    writeln!(out, "{case_no}: {difference}")?;
                }
            }
        }
    }
    for (table, rows) in Reader::new(&config.store()).counts().await? {
        writeln!(out, "{table}: {rows} rows")?;
    }
    if earlier > 0 {
        writeln!(out, "{earlier} cases were derived by earlier rules than the newest: run `sundial recompute`")?;
    }
    writeln!(out, "{cases} cases with {events} events derived anew: {differences} differ from their rows")?;
    Ok(if differences == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// In which way the rows of a case are not what follows from its events. Compared at the instant from
/// which on the rows hold: what has changed by itself since then may be a moment old.
fn difference(stored: &Stored, rules: &RuleBook) -> Option<String> {
    let Some(row) = &stored.row else {
        // Events that all lie ahead, or were all taken back, make no case.
        let expected = domain::assess(&stored.events, &rules.rules(), now());
        return expected.map(|_| "it has events and no row".to_owned());
    };
    let Some(expected) = domain::assess(&stored.events, &rules.rules(), row.assessment.valid_from) else {
        return Some("it has a row and no event that stands".to_owned());
    };
    let (expected, found) = (at_rest(expected), at_rest(row.assessment.clone()));
    if expected == found {
        return None;
    }
    let zone = rules.calendar.zone();
    let (expected_line, found_line) = (AssessmentJson::new(&expected, zone).line(), AssessmentJson::new(&found, zone).line());
    Some(if expected_line == found_line {
        format!("its rows differ in what is not exported: expected {expected:?}, found {found:?}")
    } else {
        format!("expected {expected_line}, found {found_line}")
    })
}
