//! One module a subcommand (or a few that belong together).

pub mod assess;
pub mod calendar;
pub mod catalog;
mod changes;
pub mod config;
pub mod dead_letters;
pub mod demo;
pub mod event_log;
pub mod explain;
pub mod import;
pub mod produce;
pub mod profile;
pub mod recompute;
pub mod run;
pub mod sources;
pub mod stored;
