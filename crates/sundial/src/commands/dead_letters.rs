//! `sundial dead-letters`: what could not be taken, why, and how it gets back once it can be.

use std::{
    collections::{BTreeMap, HashSet},
    io::{self, BufWriter, Write},
    ops::ControlFlow,
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, bail};
use clap::{Args, Subcommand, builder::PossibleValuesParser};
use domain::Instant;
use indicatif::{ProgressBar, ProgressStyle};
use intake::{
    Letter, Place,
    producer::{Outgoing, Producer},
    read_letters,
};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use wire::{CodeMaps, Reason};

use crate::{commands::assess::instant, config::Config};

#[derive(Subcommand)]
pub enum DeadLettersCommand {
    /// One line a letter: why it is one, where the message stood, when it was written, its key.
    List(ListArgs),
    /// Everything about the message that stood at PARTITION:OFFSET, its payload and headers too.
    Show(ShowArgs),
    /// Send messages that can be read now back to the topic of approval steps. Harmless when repeated: an event
    /// that is taken twice changes nothing.
    Replay(ReplayArgs),
}

#[derive(Args)]
pub struct ListArgs {
    #[command(flatten)]
    filter: Filter,
    /// A table for people, or one JSON object a line.
    #[arg(long, value_enum, default_value_t = Form::Table)]
    format: Form,
}

#[derive(Args)]
pub struct ShowArgs {
    /// Where the message stood on the topic of approval steps, as `list` prints it.
    #[arg(value_name = "PARTITION:OFFSET", value_parser = place)]
    place: Place,
}

#[derive(Args)]
pub struct ReplayArgs {
    #[command(flatten)]
    filter: Filter,
    /// Say what would be sent, and send nothing.
    #[arg(long)]
    dry_run: bool,
    /// Send also what still cannot be read; it will be a dead letter again.
    #[arg(long)]
    all: bool,
    /// Needed where no filter narrows the letters: replay every one of them.
    #[arg(long)]
    all_letters: bool,
}

/// Which letters.
#[derive(Args, Default)]
struct Filter {
    /// With this reason.
    #[arg(long, value_name = "CODE", value_parser = PossibleValuesParser::new(Reason::CODES))]
    reason: Option<String>,
    /// Of this source, where the payload can be read so far.
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// With this key.
    #[arg(long, value_name = "CASE_NO")]
    case: Option<String>,
    /// Of this partition of the topic of approval steps.
    #[arg(long)]
    partition: Option<i32>,
    /// At this offset there.
    #[arg(long)]
    offset: Option<i64>,
    /// Of messages written at this instant or later.
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    since: Option<Instant>,
    /// Of messages written before this instant.
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    until: Option<Instant>,
    /// At most so many.
    #[arg(long)]
    limit: Option<u64>,
}

/// How a list looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    Table,
    Ndjson,
}

fn place(text: &str) -> Result<Place, String> {
    let parsed = text
        .split_once(':')
        .and_then(|(partition, offset)| Some(Place { partition: partition.parse().ok()?, offset: offset.parse().ok()? }));
    parsed.ok_or_else(|| "expected PARTITION:OFFSET, such as 3:1207".to_owned())
}

pub fn run(config: &Config, command: &DeadLettersCommand) -> anyhow::Result<ExitCode> {
    match command {
        DeadLettersCommand::List(args) => list(config, args),
        DeadLettersCommand::Show(args) => show(config, args),
        DeadLettersCommand::Replay(args) => replay(config, args),
    }
}

impl Filter {
    /// Whether it leaves anything out; `limit` says how many, not which.
    fn narrows(&self) -> bool {
        let texts = [&self.reason, &self.source, &self.case];
        let times = [self.since, self.until];
        texts.iter().any(|it| it.is_some())
            || times.iter().any(Option::is_some)
            || self.partition.is_some()
            || self.offset.is_some()
    }

    fn takes(&self, letter: &Letter) -> bool {
        let at = letter.timestamp_ms.map(Instant::from_ms);
        self.reason.as_ref().is_none_or(|code| letter.code.as_ref() == Some(code))
            && self.case.as_ref().is_none_or(|case_no| letter.key.as_deref() == Some(case_no.as_bytes()))
            && self.partition.is_none_or(|it| letter.original.is_some_and(|place| place.partition == it))
            && self.offset.is_none_or(|it| letter.original.is_some_and(|place| place.offset == it))
            && self.since.is_none_or(|since| at.is_some_and(|at| at >= since))
            && self.until.is_none_or(|until| at.is_some_and(|at| at < until))
            && self.source.as_ref().is_none_or(|name| source(letter).as_ref() == Some(name))
    }
}

/// The letters a filter takes. A crash may have written a letter twice; it is told once.
fn each_letter(
    config: &Config,
    filter: &Filter,
    mut each: impl FnMut(Letter) -> anyhow::Result<ControlFlow<()>>,
) -> anyhow::Result<()> {
    let kafka = &config.kafka;
    let group = format!("{}-dead-letters", kafka.group);
    let mut seen: HashSet<(Option<String>, Place)> = HashSet::new();
    let mut left = filter.limit.unwrap_or(u64::MAX);
    let mut failure = None;
    read_letters(&kafka.brokers, &kafka.client, &group, &kafka.dead_letter_topic, |letter| {
        if left == 0 {
            return ControlFlow::Break(());
        }
        let is_again = letter.original.is_some_and(|original| !seen.insert((letter.topic.clone(), original)));
        if is_again || !filter.takes(&letter) {
            return ControlFlow::Continue(());
        }
        left -= 1;
        each(letter).unwrap_or_else(|error| {
            failure = Some(error);
            ControlFlow::Break(())
        })
    })?;
    failure.map_or(Ok(()), Err)
}

/// A letter as `list --format ndjson` prints it.
#[derive(Serialize)]
struct LetterJson<'l> {
    code: Option<&'l str>,
    reason: Option<&'l str>,
    topic: Option<&'l str>,
    partition: Option<i32>,
    offset: Option<i64>,
    timestamp: Option<String>,
    refused_at: Option<String>,
    key: Option<String>,
    source: Option<String>,
    payload_bytes: Option<usize>,
}

fn list(config: &Config, args: &ListArgs) -> anyhow::Result<ExitCode> {
    let zone = config.rules.calendar()?.zone().clone();
    let mut out = BufWriter::new(io::stdout().lock());
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    if args.format == Form::Table {
        writeln!(out, "{:<13}  {:>12}  {:<29}  {:<24}  WHY", "REASON", "PLACE", "WRITTEN", "KEY")?;
    }
    each_letter(config, &args.filter, |letter| {
        match args.format {
            Form::Ndjson => writeln!(out, "{}", serde_json::to_string(&LetterJson::of(&letter, &zone))?)?,
            Form::Table => writeln!(
                out,
                "{:<13}  {:>12}  {:<29}  {:<24}  {}",
                code(&letter),
                place_text(letter.original),
                time(letter.timestamp_ms, &zone).unwrap_or_else(|| "-".to_owned()),
                letter.key.as_deref().map_or_else(|| "-".to_owned(), text),
                text(letter.reason.as_deref().unwrap_or("no reason is told").as_bytes()),
            )?,
        }
        *counts.entry(code(&letter).to_owned()).or_default() += 1;
        Ok(ControlFlow::Continue(()))
    })?;
    if args.format == Form::Table {
        writeln!(out, "{} letters{}", counts.values().sum::<u64>(), by_code(&counts))?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn show(config: &Config, args: &ShowArgs) -> anyhow::Result<ExitCode> {
    let zone = config.rules.calendar()?.zone().clone();
    let codes = config.rules.code_maps()?;
    let filter = Filter { partition: Some(args.place.partition), offset: Some(args.place.offset), ..Filter::default() };
    let mut out = BufWriter::new(io::stdout().lock());
    let mut found = false;
    each_letter(config, &filter, |letter| {
        found = true;
        print(&letter, &codes, &zone, &mut out)?;
        Ok(ControlFlow::Continue(()))
    })?;
    out.flush()?;
    if !found {
        bail!("no letter on {} is of a message that stood at {}", config.kafka.dead_letter_topic, place_text(Some(args.place)));
    }
    Ok(ExitCode::SUCCESS)
}

/// Everything a letter has.
fn print(letter: &Letter, codes: &CodeMaps, zone: &TimeZone, out: &mut impl Write) -> anyhow::Result<()> {
    let at = |ms| time(ms, zone).unwrap_or_else(|| "at an unknown time".to_owned());
    writeln!(out, "reason    {}: {}", code(letter), text(letter.reason.as_deref().unwrap_or("none is told").as_bytes()))?;
    match decoded(letter, codes) {
        Ok(()) => writeln!(out, "now       it can be read: `sundial dead-letters replay` sends it back")?,
        Err(reason) => writeln!(out, "now       it still cannot be read: {reason}")?,
    }
    let topic = letter.topic.as_deref().unwrap_or("unknown topic");
    writeln!(out, "original  {topic} {}, written {}", place_text(letter.original), at(letter.timestamp_ms))?;
    writeln!(out, "letter    {}, refused {}", place_text(Some(letter.place)), at(letter.refused_at_ms))?;
    writeln!(out, "key       {}", letter.key.as_deref().map_or_else(|| "none".to_owned(), text))?;
    writeln!(out, "source    {}", source(letter).as_deref().unwrap_or("cannot be read"))?;
    for header in &letter.headers {
        writeln!(out, "header    {}: {}", header.name, header.value.as_deref().map_or_else(|| "null".to_owned(), text))?;
    }
    match letter.payload.as_deref() {
        None => writeln!(out, "payload   none")?,
        Some(bytes) => match std::str::from_utf8(bytes) {
            Ok(payload) => writeln!(out, "payload   {} bytes\n{payload}", bytes.len())?,
            Err(_) => writeln!(out, "payload   {} bytes, not UTF-8, in hex\n{}", bytes.len(), hex(bytes))?,
        },
    }
    Ok(())
}

/// How long the broker may take for what is still on its way at the end.
const FLUSH: Duration = Duration::from_secs(120);

/// What became of the letters of a replay.
#[derive(Default)]
struct Replayed {
    sent: u64,
    /// Letters that still cannot be read, by why.
    broken: BTreeMap<String, u64>,
    /// The first of them, in words.
    first_broken: Option<String>,
    /// Letters of another topic, which this is not the way back to.
    elsewhere: u64,
}

fn replay(config: &Config, args: &ReplayArgs) -> anyhow::Result<ExitCode> {
    if !args.filter.narrows() && !args.all_letters && !args.dry_run {
        bail!("replay every letter there is? Then say --all-letters; else name a filter, or look first with --dry-run");
    }
    let codes = config.rules.code_maps()?;
    let producer = if args.dry_run { None } else { Some(config.producer()?) };
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} {human_pos} letters, {per_sec} {msg}")?);
    let mut replayed = Replayed::default();
    each_letter(config, &args.filter, |letter| {
        bar.inc(1);
        replayed.take(&letter, config, args.all, &codes, producer.as_ref())?;
        Ok(ControlFlow::Continue(()))
    })?;
    if let Some(producer) = &producer {
        producer.flush(FLUSH).context("run the same replay again: what was sent already is harmless")?;
    }
    bar.finish_and_clear();
    replayed.report(config, args, &mut io::stdout().lock())?;
    Ok(ExitCode::SUCCESS)
}

impl Replayed {
    /// Sends a letter back, if it can be read now or that does not matter.
    fn take(
        &mut self,
        letter: &Letter,
        config: &Config,
        all: bool,
        codes: &CodeMaps,
        producer: Option<&Producer>,
    ) -> anyhow::Result<()> {
        let topic = &config.kafka.topic;
        if letter.topic.as_ref().is_some_and(|from| from != topic) {
            self.elsewhere += 1;
            return Ok(());
        }
        if let Err(reason) = decoded(letter, codes) {
            *self.broken.entry(reason.code().to_owned()).or_default() += 1;
            self.first_broken.get_or_insert_with(|| format!("{}: {reason}", place_text(letter.original)));
            if !all {
                return Ok(());
            }
        }
        self.sent += 1;
        let Some(producer) = producer else { return Ok(()) };
        let (key, payload) = (letter.key.as_deref(), letter.payload.as_deref());
        let message = Outgoing { topic, key, payload, headers: &letter.headers };
        producer.send(message).with_context(|| format!("the letter of {}", place_text(letter.original)))
    }

    fn report(&self, config: &Config, args: &ReplayArgs, out: &mut impl Write) -> anyhow::Result<()> {
        let topic = &config.kafka.topic;
        match args.dry_run {
            true => writeln!(out, "{} letters would be sent to {topic}; nothing was sent", self.sent)?,
            false => writeln!(out, "{} letters sent to {topic} and acknowledged", self.sent)?,
        }
        if let Some(first) = &self.first_broken {
            let number: u64 = self.broken.values().sum();
            let fate = if args.all { "among them" } else { "left alone" };
            writeln!(out, "{fate}: {number} that still cannot be read{}; the first, {first}", by_code(&self.broken))?;
        }
        if self.elsewhere > 0 {
            writeln!(out, "left alone: {} of another topic than {topic}", self.elsewhere)?;
        }
        writeln!(out, "a letter that was sent before is harmless: an event taken twice changes nothing")?;
        Ok(())
    }
}

/// Whether the pipeline would take the message now.
fn decoded(letter: &Letter, codes: &CodeMaps) -> Result<(), Reason> {
    wire::decode_message(letter.key.as_deref(), letter.payload.as_deref(), codes).map(drop)
}

fn source(letter: &Letter) -> Option<String> {
    #[derive(Deserialize)]
    struct Sourced {
        source: String,
    }
    serde_json::from_slice::<Sourced>(letter.payload.as_deref()?).ok().map(|it| it.source)
}

impl<'l> LetterJson<'l> {
    fn of(letter: &'l Letter, zone: &TimeZone) -> Self {
        Self {
            code: letter.code.as_deref(),
            reason: letter.reason.as_deref(),
            topic: letter.topic.as_deref(),
            partition: letter.original.map(|place| place.partition),
            offset: letter.original.map(|place| place.offset),
            timestamp: time(letter.timestamp_ms, zone),
            refused_at: time(letter.refused_at_ms, zone),
            key: letter.key.as_deref().map(|key| String::from_utf8_lossy(key).into_owned()),
            source: source(letter),
            payload_bytes: letter.payload.as_ref().map(Vec::len),
        }
    }
}

fn code(letter: &Letter) -> &str {
    letter.code.as_deref().unwrap_or("unknown")
}

fn place_text(place: Option<Place>) -> String {
    place.map_or_else(|| "-".to_owned(), |place| format!("{}:{}", place.partition, place.offset))
}

fn time(ms: Option<i64>, zone: &TimeZone) -> Option<String> {
    ms.map(|ms| Instant::from_ms(ms).display_in(zone))
}

/// Bytes as one line of text, whatever is in them.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().map(|it| if it.is_control() { '\u{fffd}' } else { it }).collect()
}

fn by_code(counts: &BTreeMap<String, u64>) -> String {
    let counts: Vec<String> = counts.iter().map(|(code, count)| format!("{code} {count}")).collect();
    if counts.is_empty() { String::new() } else { format!(" ({})", counts.join(", ")) }
}

/// Hexadecimal, 32 bytes a line.
fn hex(bytes: &[u8]) -> String {
    let lines = bytes.chunks(32).map(|line| line.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" "));
    lines.collect::<Vec<_>>().join("\n")
}
