//! What lies on a topic, and the check of the dead letters against what was refused.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use intake::{Header, Intake, Signal};

use crate::{Hall, PATIENCE};

/// A partition and an offset.
pub type Place = (i32, i64);

/// A message as it lies on its topic.
#[derive(Debug, Clone, PartialEq)]
pub struct Lying {
    /// When it was sent, in ms since 1970.
    pub timestamp_ms: Option<i64>,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its payload.
    pub payload: Option<Vec<u8>>,
    /// Its headers, in their order.
    pub headers: Vec<Header>,
}

/// How many headers the pipeline adds to a dead letter.
const ADDED: usize = 7;

impl Lying {
    /// The headers it had of its own, where it is a dead letter.
    pub fn own_headers(&self) -> &[Header] {
        &self.headers[..self.headers.len().saturating_sub(ADDED)]
    }

    /// The text of a header that the pipeline added; panics where there is none.
    pub fn says(&self, name: &str) -> String {
        let added = self.headers.iter().rev().find(|header| header.name == format!("sundial.{name}"));
        let value = added.and_then(|header| header.value.clone());
        let value = value.unwrap_or_else(|| panic!("there is no header sundial.{name}: {:?}", self.headers));
        String::from_utf8(value).expect("a header that was added is text")
    }

    /// Where it lay before it became a dead letter.
    pub fn came_from(&self) -> Place {
        let number = |name| self.says(name).parse::<i64>().expect("a number");
        (number("partition") as i32, number("offset"))
    }
}

/// All messages of a topic. Waits until so many are there.
pub async fn read_topic(hall: &Hall, topic: &str, expected: usize) -> BTreeMap<Place, Lying> {
    static READERS: AtomicU32 = AtomicU32::new(0);
    let config = intake::Config {
        brokers: hall.broker.bootstrap(),
        // Another one each time, to read from the beginning.
        group: format!("reader-{}", READERS.fetch_add(1, Ordering::Relaxed)),
        topic: topic.to_owned(),
        ..intake::Config::default()
    };
    let (intake, mut signals) = Intake::start(config, Arc::new(())).expect("the topic is consumed");
    let mut found = BTreeMap::new();
    // All of them have been there since before; a second of silence after the last is the end.
    let mut silence = if expected == 0 { Duration::from_secs(5) } else { PATIENCE };
    while let Ok(Some(signal)) = tokio::time::timeout(silence, signals[0].recv()).await {
        let Signal::Batch(batch) = signal else { continue };
        for message in batch.messages() {
            let lying = Lying {
                timestamp_ms: message.timestamp_ms,
                key: message.key.map(<[u8]>::to_vec),
                payload: message.payload.map(<[u8]>::to_vec),
                headers: message.headers.iter().collect(),
            };
            found.insert((message.partition, message.offset), lying);
        }
        batch.into_receipt().acknowledge();
        if found.len() >= expected {
            silence = Duration::from_secs(1);
        }
    }
    intake.shutdown().await;
    found
}

/// Every message of the topic that cannot be read is on the dead-letter topic, with the reason and all
/// it had, and nothing else is there. A letter may be there twice, when the pipeline was killed before
/// it could commit, but each names where it came from. How many different ones there are.
pub async fn every_broken_message_is_a_dead_letter(hall: &Hall, sent: usize) -> usize {
    let mut refused = read_topic(hall, "approval.steps", sent).await;
    assert_eq!(refused.len(), sent, "messages on the topic");
    refused.retain(|_, it| wire::decode_message(it.key.as_deref(), it.payload.as_deref(), &wire::CodeMaps::default()).is_err());
    let letters = read_topic(hall, "approval.steps.dead", refused.len()).await;
    let letters: BTreeMap<Place, Lying> = letters.into_values().map(|letter| (letter.came_from(), letter)).collect();
    assert!(letters.keys().eq(refused.keys()), "{} dead letters of {} broken messages", letters.len(), refused.len());
    for (place, message) in &refused {
        let letter = &letters[place];
        let reason = wire::decode_message(message.key.as_deref(), message.payload.as_deref(), &wire::CodeMaps::default())
            .expect_err("it is broken");
        assert_eq!((letter.says("code"), letter.says("reason")), (reason.code().to_owned(), reason.to_string()));
        assert_eq!(letter.says("topic"), "approval.steps");
        assert_eq!(letter.says("timestamp"), message.timestamp_ms.expect("the broker keeps it").to_string());
        assert!(letter.key == message.key && letter.payload == message.payload, "{place:?} is another message");
        assert_eq!(letter.own_headers(), message.headers, "{place:?}");
    }
    letters.len()
}
