//! The command line.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::commands;

/// Electronic efficiency supervision for approval halls (行政审批电子效能监察).
#[derive(Parser)]
#[command(name = "sundial", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

/// Where the configuration comes from: defaults, then this file, then `SUNDIAL__…`, then `--set`.
#[derive(Args, Clone, Default)]
pub struct Settings {
    /// Configuration file (TOML).
    #[arg(long, global = true, value_name = "FILE", env = "SUNDIAL_CONFIG")]
    pub config: Option<PathBuf>,
    /// One setting, such as kafka.brokers=127.0.0.1:9092. Beats every other source.
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Say what supervision says about a file of events; needs no server.
    Assess(commands::assess::AssessArgs),
    /// Print the effective configuration, secrets masked.
    Config,
}

/// Runs the command line.
pub fn run() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    match cli.command {
        Command::Assess(args) => commands::assess::run(&args),
        Command::Config => commands::config::run(&cli.settings),
    }
}

/// Prints an error with everything that led to it.
#[allow(clippy::print_stderr, reason = "the command line speaks on standard error")]
pub fn say_error(error: &anyhow::Error) {
    eprintln!("sundial: {error:#}");
}
