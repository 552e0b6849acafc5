//! `sundial sources check`: the code maps of the sources, alone or against events as they come.

use std::{
    io::{self, BufRead, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::{Args, Subcommand};
use wire::{CodeMaps, Coverage, Meaning};

use crate::{commands::assess::open, tables::read_text};

#[derive(Subcommand)]
pub enum SourcesCommand {
    /// Check code maps; with --events, tell which codes there are and what they are read as.
    Check(CheckArgs),
}

#[derive(Args)]
pub struct CheckArgs {
    /// The code maps (.toml).
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Messages as the sources send them, one a line (.gz too); `-` is standard input.
    #[arg(long, value_name = "EVENTS.ndjson", num_args = 1..)]
    events: Vec<PathBuf>,
}

/// Ends with status 2 where a code is unknown or a message cannot be read.
pub fn run(command: &SourcesCommand) -> anyhow::Result<ExitCode> {
    let SourcesCommand::Check(args) = command;
    let name = args.file.display().to_string();
    let codes = CodeMaps::from_toml(&read_text(&args.file)?).with_context(|| name.clone())?;
    let mut out = io::stdout().lock();
    let sources: Vec<&str> = codes.sources().collect();
    writeln!(out, "{name}: {} 个来源可用 / {} sources: {}", sources.len(), sources.len(), sources.join(", "))?;
    if args.events.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let mut coverage = Coverage::default();
    for file in &args.events {
        look(file, &codes, &mut coverage)?;
    }
    report(&coverage, &mut out)?;
    Ok(if coverage.is_complete() { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

fn look(path: &Path, codes: &CodeMaps, coverage: &mut Coverage) -> anyhow::Result<()> {
    let lines = open(path).with_context(|| path.display().to_string())?;
    for (line, number) in lines.split(b'\n').zip(1..) {
        let line = line.with_context(|| format!("{}:{number}", path.display()))?;
        let text = line.trim_ascii();
        if !text.is_empty() {
            coverage.add(text, codes, || format!("{}:{number}", path.display()));
        }
    }
    Ok(())
}

fn report(coverage: &Coverage, out: &mut impl Write) -> anyhow::Result<()> {
    let mut last = None;
    for ((source, field, code), seen) in &coverage.codes {
        if last != Some((source, field)) {
            let source = if source.is_empty() { "（未注明来源 no source）" } else { source };
            writeln!(out, "{source} · {} {field}", field_name(field))?;
        }
        last = Some((source, field));
        let count = seen.count;
        match &seen.meaning {
            Meaning::Mapped(ours) => writeln!(out, "    {code} → {ours}  ×{count}")?,
            Meaning::Ours => writeln!(out, "    {code}  ×{count}")?,
            Meaning::Unknown => writeln!(out, "    {code} → 未对应 not mapped  ×{count}，首见 first at {}", seen.first)?,
        }
    }
    for ((source, reason), (count, first)) in &coverage.refused {
        let source = if source.is_empty() { "（未注明来源 no source）" } else { source };
        writeln!(out, "{source} · 将进死信 to the dead letters ×{count}，首见 first at {first}: {reason}")?;
    }
    let refused: u64 = coverage.refused.values().map(|(count, _)| count).sum();
    let messages = coverage.messages;
    writeln!(out, "{messages} 条消息，{refused} 条不能受理 / {messages} messages, {refused} cannot be taken")?;
    Ok(())
}

fn field_name(field: &str) -> &'static str {
    match field {
        "kind" => "事件类型",
        "outcome" => "办结结果",
        "procedure" => "特别程序",
        "department" => "部门",
        "result" => "环节结果",
        "role" => "角色",
        "place" => "地点",
        _ => "办件类型",
    }
}
