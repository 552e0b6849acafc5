//! How a topic is consumed.

use std::{collections::BTreeMap, time::Duration};

/// How a topic is consumed.
#[derive(Debug, Clone)]
pub struct Config {
    /// `host:port,…`.
    pub brokers: String,
    /// The consumer group.
    pub group: String,
    /// The topic.
    pub topic: String,
    /// How many receivers there are; partition `p` goes to number `p % workers`.
    pub workers: usize,
    /// Anything librdkafka takes: `security.protocol`, `sasl.*`, `ssl.*`.
    pub client: BTreeMap<String, String>,
    /// Static membership: a name that stays the same over restarts.
    pub instance: Option<String>,
    /// Bytes that may be handed over and not acknowledged.
    pub budget_bytes: usize,
    /// Messages that may be handed over and not acknowledged.
    pub budget_messages: usize,
    /// A batch is handed over with so many messages,
    pub batch_messages: usize,
    /// with so many bytes,
    pub batch_bytes: usize,
    /// or at this age.
    pub batch_age: Duration,
    /// How long revoked partitions may take to finish; less than the session timeout.
    pub drain_timeout: Duration,
    /// After how long the broker gives a silent member's partitions to others.
    pub session_timeout: Duration,
    /// How often offsets are committed.
    pub commit_interval: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            brokers: "127.0.0.1:9092".to_owned(),
            group: "sundial".to_owned(),
            topic: "approval.steps".to_owned(),
            workers: 1,
            client: BTreeMap::new(),
            instance: None,
            budget_bytes: 128 << 20,
            budget_messages: 400_000,
            batch_messages: 50_000,
            batch_bytes: 16 << 20,
            batch_age: Duration::from_millis(200),
            drain_timeout: Duration::from_secs(10),
            session_timeout: Duration::from_secs(30),
            commit_interval: Duration::from_secs(1),
        }
    }
}
