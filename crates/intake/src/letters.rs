//! Reading the dead-letter topic from its beginning to where it ends now.
//!
//! No group is joined and nothing is committed: whoever looks at the letters leaves no trace.

use std::{
    collections::{BTreeMap, HashMap},
    ops::ControlFlow,
    time::{Duration, Instant},
};

use rdkafka::{
    Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
    message::{BorrowedMessage, Headers as _},
};

use crate::{
    Error, Header,
    client::{AnswersOnly, client_config},
    dead_letters::PREFIX,
};

/// A message of the dead-letter topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its place on the dead-letter topic.
    pub place: Place,
    /// Why it is there, as a code of a bounded set; none where someone else put it there.
    pub code: Option<String>,
    /// Why it is there, in words.
    pub reason: Option<String>,
    /// The topic it was refused from.
    pub topic: Option<String>,
    /// Where the message stood there.
    pub original: Option<Place>,
    /// When the message was written, in ms since 1970.
    pub timestamp_ms: Option<i64>,
    /// When it was refused, in ms since 1970.
    pub refused_at_ms: Option<i64>,
    /// The key of the message.
    pub key: Option<Vec<u8>>,
    /// Its payload; none for a tombstone.
    pub payload: Option<Vec<u8>>,
    /// Its own headers, without those that tell of its refusal.
    pub headers: Vec<Header>,
}

/// A place on a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The partition.
    pub partition: i32,
    /// The offset in it.
    pub offset: i64,
}

/// How long the broker may be silent.
const SILENCE: Duration = Duration::from_secs(30);

/// Reads all letters that are on the dead-letter topic `topic` now, each partition in order, until `each` has seen
/// enough. `group` is a name no other consumer uses: it is neither joined nor committed to. Blocks.
///
/// # Errors
/// There is no such topic, or the broker is silent for 30 s.
pub fn read_letters(
    brokers: &str,
    client: &BTreeMap<String, String>,
    group: &str,
    topic: &str,
    mut each: impl FnMut(Letter) -> ControlFlow<()>,
) -> Result<(), Error> {
    let failed = |error| Error::during(format!("reading {topic}"))(error);
    let mut config = client_config(brokers, client);
    config
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "earliest")
        .set("enable.partition.eof", "true");
    let consumer: BaseConsumer<AnswersOnly> = config.create_with_context(AnswersOnly).map_err(failed)?;
    let mut ends = ends(&consumer, topic).map_err(failed)?;
    let mut from_the_beginning = TopicPartitionList::new();
    for partition in ends.keys() {
        from_the_beginning.add_partition_offset(topic, *partition, Offset::Beginning).map_err(failed)?;
    }
    consumer.assign(&from_the_beginning).map_err(failed)?;
    let mut heard = Instant::now();
    while !ends.is_empty() {
        match consumer.poll(Duration::from_millis(500)) {
            Some(Ok(message)) => {
                let (partition, next) = (message.partition(), message.offset() + 1);
                let Some(end) = ends.get(&partition).copied() else { continue };
                if message.offset() < end && each(Letter::of(&message)).is_break() {
                    return Ok(());
                }
                if next >= end {
                    ends.remove(&partition);
                }
            }
            // The end may come before the offset it was said to be at: what is left are marks of transactions.
            Some(Err(KafkaError::PartitionEOF(partition))) => drop(ends.remove(&partition)),
            Some(Err(error)) if heard.elapsed() >= SILENCE => return Err(failed(error)),
            None if heard.elapsed() >= SILENCE => {
                return Err(Error::Silent { topic: topic.to_owned(), seconds: SILENCE.as_secs() });
            }
            // The client tries again by itself.
            Some(Err(error)) => {
                tracing::debug!(%error, "the Kafka client reports");
                continue;
            }
            None => continue,
        }
        heard = Instant::now();
    }
    Ok(())
}

/// Where each partition that is not empty ends now.
fn ends(consumer: &BaseConsumer<AnswersOnly>, topic: &str) -> Result<HashMap<i32, i64>, KafkaError> {
    let metadata = consumer.fetch_metadata(Some(topic), SILENCE)?;
    let mut ends = HashMap::new();
    for topic in metadata.topics() {
        if let Some(error) = topic.error() {
            return Err(KafkaError::MetadataFetch(error.into()));
        }
        for partition in topic.partitions() {
            let (first, end) = consumer.fetch_watermarks(topic.name(), partition.id(), SILENCE)?;
            if first < end {
                ends.insert(partition.id(), end);
            }
        }
    }
    Ok(ends)
}

impl Letter {
    fn of(message: &BorrowedMessage<'_>) -> Self {
        let mut told: HashMap<String, String> = HashMap::new();
        let mut headers = Vec::new();
        for header in message.headers().into_iter().flat_map(|headers| headers.iter()) {
            match header.key.strip_prefix(PREFIX) {
                Some(name) => {
                    let value = String::from_utf8_lossy(header.value.unwrap_or_default()).into_owned();
                    told.insert(name.to_owned(), value);
                }
                None => headers.push(Header { name: header.key.to_owned(), value: header.value.map(<[u8]>::to_vec) }),
            }
        }
        let number = |name: &str| told.get(name).and_then(|value| value.parse::<i64>().ok());
        let original = number("partition").zip(number("offset"));
        Self {
            place: Place { partition: message.partition(), offset: message.offset() },
            original: original.map(|(partition, offset)| Place { partition: partition as i32, offset }),
            timestamp_ms: number("timestamp"),
            refused_at_ms: number("at"),
            code: told.remove("code"),
            reason: told.remove("reason"),
            topic: told.remove("topic"),
            key: message.key().map(<[u8]>::to_vec),
            payload: message.payload().map(<[u8]>::to_vec),
            headers,
        }
    }
}
