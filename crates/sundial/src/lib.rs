//! The parts of `sundial`, as a library, so that the bench measures what the binary runs.
//!
//! The only place that wires: every subcommand reads the configuration, builds the parts it needs
//! and lets them work. What they do is in their crates.

pub mod cases;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod generation;
pub mod horizon;
pub mod ledger;
pub mod metrics;
pub mod parts;
pub mod pipeline;
pub mod rules;
pub mod service;
pub mod tables;
pub mod telemetry;
pub mod web;

/// The pipeline allocates by the thousand for every batch, on one thread, and frees on another: a sixth of its time
/// went into the C library's allocator. Without huge pages: what it gives back and takes again would be cleared by two
/// megabytes.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
