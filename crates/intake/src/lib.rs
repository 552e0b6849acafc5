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
//! goes out; [`admin::ensure_topics`]. No lock is held across a call of the Kafka client, and the poll thread waits for
//! workers only when partitions are revoked and at the end, each time with a deadline.

pub mod admin;
mod batch;
mod config;
mod consumer;
mod context;
mod dead_letters;
mod frontier;
mod observer;
mod poll;
pub mod producer;
mod tracker;
mod trouble;

pub use batch::{Batch, Header, Headers, Message};
pub use config::Config;
pub use consumer::{Intake, Released, Signal};
pub use dead_letters::DeadLetters;
pub use observer::{Observer, Rebalance};
pub use tracker::Receipt;

use rdkafka::{ClientConfig, error::KafkaError};

/// What can go wrong with Kafka, and where.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The client or the broker refused.
    #[error("Kafka, {what}: {source}")]
    Kafka {
        /// What was being done.
        what: String,
        /// What the client said.
        source: KafkaError,
    },
    /// The configuration could never work.
    #[error("intake: {0}")]
    Config(String),
    /// A worker dropped its receiver while the intake was running.
    #[error("intake: a worker is gone, so nothing of its partitions would be stored any more")]
    WorkerGone,
    /// The poll thread panicked.
    #[error("intake: the poll thread panicked")]
    Panicked,
    /// The poll thread could not be started.
    #[error("the poll thread could not be started: {0}")]
    Thread(std::io::Error),
}

impl Error {
    fn during(what: impl Into<String>) -> impl FnOnce(KafkaError) -> Self {
        let what = what.into();
        move |source| Error::Kafka { what, source }
    }
}

/// A client configuration: the brokers, then whatever the user passes through.
fn client_config(brokers: &str, client: &std::collections::BTreeMap<String, String>) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("client.id", "sundial");
    for (key, value) in client {
        config.set(key, value);
    }
    config
}
