//! Kafka consumption that knows nothing of cases.
//!
//! ```text
//! topic ─▶ poll thread ─▶ Signal::Batch ─▶ a worker ─▶ Receipt::acknowledge ─▶ frontier ─▶ commit
//!              ▲ paused above the budget       └▶ DeadLetters::send
//! ```
//!
//! One thread polls, always: heartbeats, rebalances and pauses must not wait for a database. What it
//! reads it hands over in batches, and remembers per partition which of them are acknowledged. Offsets
//! are committed only up to the first batch that is not (`frontier`): a failure pins the frontier,
//! lag grows, nothing is skipped. What is handed over and not acknowledged is charged to a budget;
//! above it the partitions are paused while polling goes on.
//!
//! Entry points: [`Intake::start`], then [`Signal`] and [`Receipt`]; [`producer::Producer`] and [`DeadLetters`] for what
//! goes out; [`read_letters`] for the way back; [`admin::ensure_topics`]. No lock is held across a call of the Kafka client, and the poll thread waits for
//! workers only when partitions are revoked and at the end, each time with a deadline.

pub mod admin;
mod batch;
mod client;
mod config;
mod consumer;
mod context;
mod dead_letters;
mod error;
mod frontier;
mod hopeless;
mod letters;
mod observer;
mod poll;
pub mod producer;
mod tracker;
mod trouble;

pub use batch::{Batch, Header, Headers, Message};
pub use config::Config;
pub use consumer::{Intake, Released, Signal};
pub use dead_letters::DeadLetters;
pub use error::Error;
pub use letters::{Letter, Place, read_letters};
pub use observer::{Observer, Rebalance};
pub use tracker::Receipt;
