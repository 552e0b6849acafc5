//! `sundial`: electronic efficiency supervision for approval halls.
//!
//! The only place that wires: every subcommand reads the configuration, builds the parts it needs
//! and lets them work. What they do is in their crates.

mod cases;
mod cli;
mod clock;
mod commands;
mod config;
mod ledger;
mod metrics;
mod parts;
mod pipeline;
mod rules;
mod service;
mod telemetry;
mod web;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run() {
        Ok(code) => code,
        Err(error) => {
            cli::say_error(&error);
            ExitCode::FAILURE
        }
    }
}
