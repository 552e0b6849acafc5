//! `sundial assess`: what would supervision say about these events?

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::Args;
use domain::{CaseEvents, Instant, Text, figures::FiguresBuilder};
use engine::RuleBook;
use flate2::bufread::MultiGzDecoder;
use wire::{AssessmentJson, CodeMaps, FiguresJson};

use crate::rules::RuleSources;

#[derive(Args)]
pub struct AssessArgs {
    #[command(flatten)]
    rules: RuleSources,
    /// The instant asked for; events after it have not happened yet.
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    as_of: Instant,
    /// Print the figures over all cases instead of the cases.
    #[arg(long)]
    figures: bool,
    /// End with status 2 if a line could not be read.
    #[arg(long)]
    strict: bool,
    /// Files of one event a line (.gz too); `-` is standard input.
    #[arg(value_name = "EVENTS.ndjson")]
    events: Vec<PathBuf>,
}

/// Reads an instant from the command line.
pub fn instant(text: &str) -> Result<Instant, String> {
    Instant::parse(text).map_err(|error| error.to_string())
}

pub fn run(args: &AssessArgs) -> anyhow::Result<ExitCode> {
    let rules = args.rules.load()?;
    let standard_input = [PathBuf::from("-")];
    let files = if args.events.is_empty() { &standard_input[..] } else { &args.events };
    let read = ReadEvents::of(files, args.rules.code_maps()?)?;
    let mut out = BufWriter::new(io::stdout().lock());
    if args.figures {
        print_figures(&read.cases, &rules, args.as_of, &mut out)?;
    } else {
        print_cases(&read.cases, &rules, args.as_of, &mut out)?;
    }
    out.flush()?;
    read.report();
    Ok(if args.strict && read.broken > 0 { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

/// Prints one line a case, by case number.
pub fn print_cases(
    cases: &BTreeMap<Text, CaseEvents>,
    rules: &RuleBook,
    as_of: Instant,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    for case in cases.values() {
        let Some(assessment) = domain::assess(case, &rules.rules(), as_of) else { continue };
        writeln!(out, "{}", AssessmentJson::new(&assessment, rules.calendar.zone()).line())?;
    }
    Ok(())
}

fn print_figures(
    cases: &BTreeMap<Text, CaseEvents>,
    rules: &RuleBook,
    as_of: Instant,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let mut figures = FiguresBuilder::default();
    for assessment in cases.values().filter_map(|case| domain::assess(case, &rules.rules(), as_of)) {
        figures.add(&assessment);
    }
    serde_json::to_writer(&mut *out, &FiguresJson::from(&figures.finish()))?;
    writeln!(out)?;
    Ok(())
}

/// Events read from files, by case; lines that cannot be read are reported and counted.
#[derive(Default)]
pub struct ReadEvents {
    pub(super) codes: CodeMaps,
    /// The events by case.
    pub cases: BTreeMap<Text, CaseEvents>,
    pub(super) broken: u64,
}

impl ReadEvents {
    /// Reads files.
    pub fn of(files: &[PathBuf], codes: CodeMaps) -> anyhow::Result<Self> {
        let mut read = Self { codes, ..Self::default() };
        for file in files {
            read.file(file)?;
        }
        Ok(read)
    }

    #[allow(clippy::print_stderr, reason = "the contract: a line that cannot be read goes to standard error")]
    pub(super) fn file(&mut self, path: &Path) -> anyhow::Result<()> {
        let mut lines = open(path).with_context(|| path.display().to_string())?;
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            if lines.read_until(b'\n', &mut line).with_context(|| format!("{}:{number}", path.display()))? == 0 {
                break;
            }
            let text = line.trim_ascii();
            if text.is_empty() {
                continue;
            }
            match wire::decode(text, &self.codes) {
                Ok(event) => {
                    self.cases.entry(event.case_no.clone()).or_default().insert(event);
                }
                Err(reason) => {
                    self.broken += 1;
                    eprintln!("{}:{number}: {reason}", path.display());
                }
            }
        }
        Ok(())
    }

    #[allow(clippy::print_stderr, reason = "the contract: what could not be read is counted")]
    pub fn report(&self) {
        if self.broken > 0 {
            eprintln!("{} lines could not be read", self.broken);
        }
    }
}

/// Opens a file, or standard input for `-`; gzip is read directly.
pub fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let mut reader: Box<dyn BufRead> = match path.to_str() {
        Some("-") => Box::new(BufReader::new(io::stdin())),
        _ => Box::new(BufReader::with_capacity(1 << 20, File::open(path)?)),
    };
    let is_gzip = reader.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    Ok(if is_gzip { Box::new(BufReader::new(MultiGzDecoder::new(reader))) } else { reader })
}
