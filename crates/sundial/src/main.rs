//! `sundial`: electronic efficiency supervision for approval halls.
//!
//! The only place that wires: every subcommand reads the configuration, builds the parts it needs
//! and lets them work. What they do is in their crates.

mod cli;
mod commands;
mod config;
mod rules;

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
