//! `make bench`: what the pipeline costs, beside what it could cost at least and what others cost.
//!
//! ```text
//! bench all ─▶ engines, topic ─▶ one child process a measurement ─▶ table, target/bench/report.json
//! ```
//!
//! Every measurement runs in a process of its own, so that its CPU time and memory are its own; what it
//! makes ClickHouse and the broker do is read from their processes. All ratios are of one run.

mod children;
mod latency;
mod measure;
mod memory;
mod memory_store;
mod messages;
mod peers;
mod queries;
mod report;
mod restore;
mod rows_file;
mod world;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure, print the table, write the report.
    All(world::Options),
    /// One measurement, started by `all`.
    #[command(subcommand, hide = true)]
    Child(children::Child),
    /// The engine, started by `all`.
    #[command(hide = true)]
    EmbeddedClickhouse,
}

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    if let Command::EmbeddedClickhouse = cli.command {
        embedded::clickhouse::serve_from_environment()?;
        return Ok(ExitCode::SUCCESS);
    }
    // Installed once; nothing here speaks TLS, but the clients ask for it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match cli.command {
            Command::All(options) => report::measure_all(&options).await?,
            Command::Child(child) => child.run().await?,
            Command::EmbeddedClickhouse => {}
        }
        Ok(ExitCode::SUCCESS)
    })
}
