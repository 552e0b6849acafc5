//! How a topic is consumed.

use std::{collections::BTreeMap, time::Duration};

use rdkafka::ClientConfig;

use crate::{Error, client::client_config};

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
    /// Anything librdkafka takes: `security.protocol`, `sasl.*`, `ssl.*`. It wins over our defaults, but not over
    /// what correctness rests on (who commits, what, and from where a new group reads).
    pub client: BTreeMap<String, String>,
    /// Static membership: a name that stays the same over restarts.
    pub instance: Option<String>,
    /// Bytes that may be polled and not acknowledged, but for what one burst of a thousand messages adds in headers
    /// and bookkeeping, and the one message that passes the mark. Then partitions are paused until half of it is free.
    pub budget_bytes: usize,
    /// Messages that may be polled and not acknowledged.
    pub budget_messages: usize,
    /// A batch is handed over with so many messages,
    pub batch_messages: usize,
    /// with so many bytes (1 GiB at most),
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
            budget_bytes: 64 << 20,
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

/// The arena of a batch is addressed with 32 bits; this leaves room for the message that passes it.
const LARGEST_BATCH: usize = 1 << 30;

impl Config {
    /// What librdkafka is told.
    pub fn client_config(&self) -> ClientConfig {
        let mut config = client_config(&self.brokers, &BTreeMap::new());
        config
            .set("session.timeout.ms", self.session_timeout.as_millis().to_string())
            // librdkafka's own queue is outside the budget, so it is kept small; and so is what is fetched at once, for
            // it is only counted once it is unpacked, at many times its size.
            .set("queued.max.messages.kbytes", "16384")
            .set("fetch.message.max.bytes", "1048576")
            .set("fetch.max.bytes", "8388608")
            // By default nothing is fetched for a second once the queue was full, long after it is empty.
            .set("fetch.queue.backoff.ms", "10")
            // A topic that is made late, and partitions that are added, are found in seconds instead of five minutes.
            .set("topic.metadata.refresh.interval.ms", "10000")
            .set("statistics.interval.ms", "1000");
        for (key, value) in &self.client {
            config.set(key, value);
        }
        config
            .set("group.id", &self.group)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("enable.partition.eof", "true")
            .set("auto.offset.reset", "earliest")
            .set("partition.assignment.strategy", "cooperative-sticky");
        if let Some(instance) = &self.instance {
            config.set("group.instance.id", instance);
        }
        config
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let refuse = |what: &str| Err(Error::Config(what.to_owned()));
        match self {
            _ if self.workers == 0 => refuse("workers: at least one is needed"),
            _ if self.batch_messages == 0 || self.batch_bytes == 0 => refuse("a batch must hold something"),
            _ if self.batch_bytes > LARGEST_BATCH => refuse("batch_bytes: at most 1 GiB"),
            _ if self.budget_messages == 0 || self.budget_bytes == 0 => refuse("the budget must hold something"),
            _ if self.drain_timeout >= self.effective_session_timeout() => {
                refuse("drain_timeout: longer than the session timeout, so others would take over what is still drained")
            }
            _ => Ok(()),
        }
    }

    /// The session timeout after what is passed through. What is no number the client refuses with better words.
    fn effective_session_timeout(&self) -> Duration {
        let config = self.client_config();
        let passed_through = config.get("session.timeout.ms").and_then(|ms| ms.parse().ok());
        passed_through.map_or(Duration::MAX, Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_passed_through_wins_over_defaults_but_not_over_what_correctness_rests_on() {
        let pairs = [("fetch.message.max.bytes", "1000"), ("sasl.username", "hall"), ("enable.auto.commit", "true")];
        let client = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let config = Config { client, ..Config::default() }.client_config();
        let get = |key| config.get(key).unwrap();
        assert_eq!((get("fetch.message.max.bytes"), get("sasl.username"), get("enable.auto.commit")), ("1000", "hall", "false"));
        assert_eq!((get("enable.auto.offset.store"), get("auto.offset.reset")), ("false", "earliest"));
    }

    #[test]
    fn a_configuration_that_could_never_work_is_refused_with_the_name_of_the_mistake() {
        assert!(Config::default().check().is_ok());
        let refusal = |config: Config| config.check().unwrap_err().to_string();
        assert!(refusal(Config { workers: 0, ..Config::default() }).contains("workers"));
        assert!(refusal(Config { batch_bytes: 2 << 30, ..Config::default() }).contains("batch_bytes"));
        assert!(refusal(Config { budget_messages: 0, ..Config::default() }).contains("budget"));
        let session = |ms: &str| [("session.timeout.ms".to_owned(), ms.to_owned())].into();
        assert!(refusal(Config { drain_timeout: Duration::from_secs(30), ..Config::default() }).contains("drain_timeout"));
        assert!(refusal(Config { client: session("9000"), ..Config::default() }).contains("drain_timeout"));
        assert!(Config { client: session("11000"), ..Config::default() }.check().is_ok());
    }
}
