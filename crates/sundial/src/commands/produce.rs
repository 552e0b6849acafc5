//! `sundial produce`: events from files to the topic, keyed by case.

use std::{
    io::{self, BufRead, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use intake::{
    Header,
    producer::{Outgoing, Producer},
};
use serde::Deserialize;
use wire::CodeMaps;

use crate::{commands::assess::open, config::Config, horizon::history_header};

#[derive(Args)]
pub struct ProduceArgs {
    /// Files of one event a line (.gz too); `-` is standard input.
    #[arg(value_name = "EVENTS.ndjson", required = true)]
    events: Vec<PathBuf>,

    /// They happened long ago, and all that became of their cases is among them: no card is issued and none falls due
    /// until they have been read, so that none is taken back. Their order does not matter.
    #[arg(long)]
    history: bool,
}

/// How long the broker may take for what is still on its way at the end.
const FLUSH: Duration = Duration::from_secs(120);

pub fn run(config: &Config, args: &ProduceArgs) -> anyhow::Result<ExitCode> {
    let producer = config.producer()?;
    let codes = config.rules.code_maps()?;
    let target = Target { topic: &config.kafka.topic, headers: args.history.then(history_header).into_iter().collect() };
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} {human_pos} events, {per_sec} {msg}")?);
    for file in &args.events {
        bar.set_message(file.display().to_string());
        send_file(&producer, &target, file, &codes, &bar)?;
    }
    let delivered = producer.flush(FLUSH)?;
    bar.finish_and_clear();
    writeln!(io::stdout(), "{delivered} events acknowledged by {}", config.kafka.topic)?;
    Ok(ExitCode::SUCCESS)
}

/// Where events go, and with which headers.
struct Target<'c> {
    topic: &'c str,
    headers: Vec<Header>,
}

fn send_file(producer: &Producer, target: &Target<'_>, file: &Path, codes: &CodeMaps, bar: &ProgressBar) -> anyhow::Result<()> {
    let mut lines = open(file).with_context(|| file.display().to_string())?;
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if lines.read_until(b'\n', &mut line).with_context(|| format!("{}:{number}", file.display()))? == 0 {
            break;
        }
        let payload = line.trim_ascii();
        if payload.is_empty() {
            continue;
        }
        let key = case_no(payload, codes);
        let message = Outgoing {
            topic: target.topic,
            key: key.as_deref().map(str::as_bytes),
            payload: Some(payload),
            headers: &target.headers,
        };
        producer.send(message).with_context(|| format!("{}:{number}", file.display()))?;
        bar.inc(1);
    }
    Ok(())
}

/// The key of a line, by whatever name its source has for it. What cannot be read is sent without one: the pipeline says on the dead-letter
/// topic what is wrong with it, as it does for every other source.
fn case_no(payload: &[u8], codes: &CodeMaps) -> Option<String> {
    #[derive(Deserialize)]
    struct Keyed {
        case_no: String,
    }
    let said = serde_json::from_slice::<Keyed>(payload).ok().map(|keyed| keyed.case_no);
    said.or_else(|| wire::decode(payload, codes).ok().map(|event| event.case_no.to_string()))
}
