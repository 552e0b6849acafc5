//! A producer that loses nothing: idempotent, acknowledged by all replicas, keys spread as Java
//! producers spread them.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use rdkafka::{
    ClientContext, Message as _,
    config::RDKafkaLogLevel,
    error::{KafkaError, RDKafkaErrorCode},
    message::{DeliveryResult, Header as KafkaHeader, OwnedHeaders},
    producer::{BaseRecord, Producer as _, ProducerContext, ThreadedProducer},
};
use tokio::sync::Notify;

use crate::{
    Error, Header,
    client::{self, client_config},
};

/// Sends messages. Cheap to clone.
#[derive(Clone)]
pub struct Producer {
    inner: Arc<ThreadedProducer<Deliveries>>,
}

/// Counts what became of messages.
#[derive(Default)]
struct Deliveries {
    delivered: AtomicU64,
    failed: AtomicU64,
    first_failure: Mutex<Option<KafkaError>>,
    in_trouble: AtomicBool,
}

/// What becomes of messages that someone waits for.
struct Waited {
    left: AtomicUsize,
    first_failure: Mutex<Option<KafkaError>>,
    all_told: Notify,
}

/// One of them. Where its client goes with the message still in its queue, it is dropped untold.
struct Ticket {
    waited: Arc<Waited>,
    outcome: Result<(), KafkaError>,
}

impl Waited {
    fn ticket(self: &Arc<Self>) -> Ticket {
        self.left.fetch_add(1, Ordering::Relaxed);
        Ticket { waited: self.clone(), outcome: Err(KafkaError::MessageProduction(RDKafkaErrorCode::PurgeQueue)) }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Err(error) = std::mem::replace(&mut self.outcome, Ok(())) {
            self.waited.first_failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
        if self.waited.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.waited.all_told.notify_one();
        }
    }
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        client::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        match error.rdkafka_error_code() {
            // From then on the client refuses everything, so whoever sends hears it too.
            Some(RDKafkaErrorCode::Fatal) => tracing::error!(%error, reason, "the producer cannot go on"),
            _ if !self.in_trouble.swap(true, Ordering::Relaxed) => {
                tracing::warn!(%error, reason, "Kafka is in trouble; what is to be sent waits");
            }
            _ => tracing::debug!(%error, reason, "the Kafka client reports"),
        }
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Box<Option<Ticket>>;

    fn delivery(&self, result: &DeliveryResult<'_>, ticket: Self::DeliveryOpaque) {
        let outcome = match result {
            Ok(_) => {
                self.delivered.fetch_add(1, Ordering::Relaxed);
                // Read before it is written, for there are hundreds of thousands a second of these.
                if self.in_trouble.load(Ordering::Relaxed) && self.in_trouble.swap(false, Ordering::Relaxed) {
                    tracing::info!("Kafka takes messages again");
                }
                Ok(())
            }
            Err((error, message)) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
                match error.rdkafka_error_code() {
                    // The process ends and does not wait: there may be thousands of these, and nobody waits for them.
                    Some(RDKafkaErrorCode::PurgeQueue | RDKafkaErrorCode::PurgeInflight) => {
                        tracing::debug!(%error, topic = message.topic(), "a message was not delivered");
                    }
                    _ => tracing::warn!(%error, topic = message.topic(), "a message was not delivered"),
                }
                self.first_failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| error.clone());
                Err(error.clone())
            }
        };
        if let Some(mut ticket) = *ticket {
            ticket.outcome = outcome;
        }
    }
}

/// A message to send.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'m> {
    /// Where to.
    pub topic: &'m str,
    /// Its key, which decides the partition.
    pub key: Option<&'m [u8]>,
    /// Its payload.
    pub payload: Option<&'m [u8]>,
    /// Its headers.
    pub headers: &'m [Header],
}

/// How long to wait before a full queue is tried again.
const FULL: Duration = Duration::from_millis(5);

type Record<'r> = BaseRecord<'r, [u8], [u8], Box<Option<Ticket>>>;

fn record(message: Outgoing<'_>, ticket: Option<Ticket>) -> Record<'_> {
    let mut record = Record::with_opaque_to(message.topic, Box::new(ticket));
    record.key = message.key;
    record.payload = message.payload;
    if !message.headers.is_empty() {
        let headers = message.headers.iter().fold(OwnedHeaders::new(), |headers, header| {
            headers.insert(KafkaHeader { key: &header.name, value: header.value.as_deref() })
        });
        record.headers = Some(headers);
    }
    record
}

impl Producer {
    /// A producer for these brokers. `client` is passed through to librdkafka; it wins over our defaults, but not
    /// over acknowledgement by all replicas, idempotence and the spreading of keys.
    ///
    /// # Errors
    /// The client refuses its configuration.
    pub fn new(brokers: &str, client: &BTreeMap<String, String>) -> Result<Self, Error> {
        let mut config = client_config(brokers, &BTreeMap::new());
        config
            .set("linger.ms", "10")
            .set("batch.size", "1000000")
            .set("compression.type", "lz4")
            // The topic decides what is too large, not the client: what was on one topic must fit on another.
            .set("message.max.bytes", "67108864")
            .set("queue.buffering.max.messages", "200000")
            .set("queue.buffering.max.kbytes", "131072");
        for (key, value) in client {
            config.set(key, value);
        }
        config.set("enable.idempotence", "true").set("acks", "all").set("partitioner", "murmur2_random");
        let inner = config.create_with_context(Deliveries::default()).map_err(Error::during("making the producer"))?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Puts a message on its way; blocks while the queue is full. What became of it shows in
    /// [`Producer::flush`].
    ///
    /// # Errors
    /// The client refuses the message (too large, say).
    pub fn send(&self, message: Outgoing<'_>) -> Result<(), Error> {
        let mut record = record(message, None);
        while let Some(refused) = self.enqueue(record)? {
            record = refused;
            std::thread::sleep(FULL);
        }
        Ok(())
    }

    /// Sends a message and waits for the broker's acknowledgement, and before that while the queue is full.
    ///
    /// # Errors
    /// The message was refused, or not delivered within the client's delivery timeout (`message.timeout.ms`).
    pub async fn send_and_wait(&self, message: Outgoing<'_>) -> Result<(), Error> {
        self.send_all_and_wait(&[message]).await
    }

    /// Sends messages and waits until all of them are acknowledged; meanwhile as [`Producer::send_and_wait`].
    ///
    /// # Errors
    /// One of them was refused (then those behind it were not sent), or not delivered in time.
    pub async fn send_all_and_wait(&self, messages: &[Outgoing<'_>]) -> Result<(), Error> {
        let waited = Arc::new(Waited { left: AtomicUsize::new(0), first_failure: Mutex::new(None), all_told: Notify::new() });
        // One more, so that all are not told while some are still to be sent.
        let mut sending = waited.ticket();
        sending.outcome = Ok(());
        for message in messages {
            let mut record = record(*message, Some(waited.ticket()));
            while let Some(refused) = self.enqueue(record)? {
                record = refused;
                tokio::time::sleep(FULL).await;
            }
        }
        drop(sending);
        waited.all_told.notified().await;
        let failure = waited.first_failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        failure.map_or(Ok(()), |error| Err(Error::during("sending")(error)))
    }

    /// Gives the record back where the queue is full.
    fn enqueue<'r>(&self, record: Record<'r>) -> Result<Option<Record<'r>>, Error> {
        match self.inner.send(record) {
            Ok(()) => Ok(None),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), refused)) => Ok(Some(refused)),
            Err((error, record)) => Err(Error::during(format!("sending to {}", record.topic))(error)),
        }
    }

    /// Waits until everything sent is acknowledged; how many messages were since the producer was made. Blocks.
    ///
    /// # Errors
    /// Not in time, or some message failed for good since the last flush.
    pub fn flush(&self, deadline: Duration) -> Result<u64, Error> {
        self.inner.flush(deadline).map_err(Error::during(format!("flushing within {} s", deadline.as_secs())))?;
        let deliveries = self.inner.context();
        let failure = deliveries.first_failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        match failure {
            None => Ok(self.delivered()),
            Some(error) => {
                let failed = deliveries.failed.swap(0, Ordering::Relaxed);
                Err(Error::during(format!("{failed} messages were not delivered, the first"))(error))
            }
        }
    }

    /// How many messages were acknowledged so far.
    pub fn delivered(&self) -> u64 {
        self.inner.context().delivered.load(Ordering::Relaxed)
    }
}
