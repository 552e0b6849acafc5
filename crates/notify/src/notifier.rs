//! The topic of cards, read in a consumer group of its own.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use rdkafka::{
    ClientConfig, Message,
    consumer::{CommitMode, Consumer, StreamConsumer},
    error::KafkaError,
    message::BorrowedMessage,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{CardMessage, Channel, Courier, CourierConfig, Interrupted, Ledger, Observer};

/// How to read the topic, and how patient to be.
#[derive(Debug, Clone)]
pub struct NotifierConfig {
    /// `host:port,…`.
    pub brokers: String,
    /// The topic of cards.
    pub topic: String,
    /// The consumer group.
    pub group: String,
    /// Anything librdkafka takes: `security.protocol`, `sasl.*`, `ssl.*`.
    pub client: BTreeMap<String, String>,
    /// How patient to be with channels.
    pub courier: CourierConfig,
}

impl Default for NotifierConfig {
    fn default() -> Self {
        Self {
            brokers: "127.0.0.1:9092".to_owned(),
            topic: "supervision.cards".to_owned(),
            group: "sundial-notify".to_owned(),
            client: BTreeMap::new(),
            courier: CourierConfig::default(),
        }
    }
}

/// Why a notifier cannot start.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// librdkafka refused its configuration or the subscription.
    #[error("consumer of {topic} in group {group}: {source}")]
    Consumer {
        /// The topic.
        topic: String,
        /// The consumer group.
        group: String,
        /// Why.
        source: Box<KafkaError>,
    },
    /// Two channels of one name could not be told apart in the ledger.
    #[error("two channels are called {0:?}; give each its own name")]
    SameName(String),
}

/// A running notifier. Dropping it stops it without waiting.
#[must_use]
pub struct Notifier {
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl Notifier {
    /// Starts to consume, from the earliest message the group has not handled.
    ///
    /// # Errors
    /// See [`NotifyError`]. A broker that is away is no error: it is waited for.
    pub fn start(
        config: NotifierConfig,
        channels: Vec<Arc<dyn Channel>>,
        ledger: impl Ledger,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, NotifyError> {
        for (index, channel) in channels.iter().enumerate() {
            if channels.iter().skip(index + 1).any(|other| other.name() == channel.name()) {
                return Err(NotifyError::SameName(channel.name().to_owned()));
            }
        }
        let consumer = consumer(&config).map_err(|source| NotifyError::Consumer {
            topic: config.topic.clone(),
            group: config.group.clone(),
            source: Box::new(source),
        })?;
        let courier = Courier::new(config.courier, channels, ledger, Arc::clone(&observer));
        let stop = CancellationToken::new();
        let task = tokio::spawn(consume(consumer, courier, observer, stop.clone()));
        Ok(Self { stop, task: Some(task) })
    }

    /// Stops after the attempt in hand is given up, commits what was handled, and leaves the group.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the notifier ended badly");
        }
    }
}

impl Drop for Notifier {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn consumer(config: &NotifierConfig) -> Result<StreamConsumer, KafkaError> {
    // A message may be in hand for as long as its channels are tried; the group must bear with that.
    let poll_interval = (config.courier.retry_for + Duration::from_secs(60)).max(Duration::from_secs(300));
    let mut client = ClientConfig::new();
    client
        .set("bootstrap.servers", &config.brokers)
        .set("group.id", &config.group)
        .set("client.id", "sundial-notify")
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("auto.offset.reset", "earliest")
        .set("max.poll.interval.ms", poll_interval.as_millis().to_string())
        .set("queued.max.messages.kbytes", "1024")
        .set("fetch.message.max.bytes", "262144")
        // Only what is stored by hand, after it was handled, is ever committed.
        .set("enable.auto.offset.store", "false")
        .set("enable.auto.commit", "true")
        .set("auto.commit.interval.ms", "1000");
    for (key, value) in &config.client {
        client.set(key, value);
    }
    let consumer: StreamConsumer = client.create()?;
    consumer.subscribe(&[&config.topic])?;
    Ok(consumer)
}

async fn consume<L: Ledger>(consumer: StreamConsumer, courier: Courier<L>, observer: Arc<dyn Observer>, stop: CancellationToken) {
    while let Some(received) = stop.run_until_cancelled(consumer.recv()).await {
        let message = match received {
            Ok(message) => message,
            Err(error) => {
                tracing::warn!(%error, "reading the topic of cards");
                stop.run_until_cancelled(tokio::time::sleep(Duration::from_secs(1))).await;
                continue;
            }
        };
        if handle(&message, &courier, observer.as_ref(), &stop).await.is_err() {
            break;
        }
        // Refused where the partition was revoked meanwhile: its next owner reads the message again,
        // and the ledger keeps it from being told twice.
        if let Err(error) = consumer.store_offset_from_message(&message) {
            tracing::debug!(%error, "offset of a card not kept");
        }
    }
    // Leaving blocks on the broker's answer, so it is kept off the async threads.
    let left = tokio::task::spawn_blocking(move || {
        if let Err(error) = consumer.commit_consumer_state(CommitMode::Sync) {
            tracing::debug!(%error, "nothing to commit at the end");
        }
        drop(consumer);
    });
    if let Err(error) = left.await {
        tracing::error!(%error, "leaving the group of the notifier");
    }
}

async fn handle<L: Ledger>(
    message: &BorrowedMessage<'_>,
    courier: &Courier<L>,
    observer: &dyn Observer,
    stop: &CancellationToken,
) -> Result<(), Interrupted> {
    match serde_json::from_slice::<CardMessage>(message.payload().unwrap_or_default()) {
        Ok(card) => courier.deliver(&card, stop).await,
        Err(error) => {
            tracing::error!(partition = message.partition(), offset = message.offset(), %error, "not a card");
            observer.unreadable();
            Ok(())
        }
    }
}
