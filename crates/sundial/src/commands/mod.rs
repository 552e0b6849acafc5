//! One module a subcommand.

pub mod assess;
pub mod config;
