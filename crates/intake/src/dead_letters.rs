//! The dead-letter topic: where messages go that cannot be taken. Never to the floor.

use crate::{
    Error, Header, Message,
    poll::now_ms,
    producer::{Outgoing, Producer},
};

/// What the headers that tell of a refusal begin with.
pub(crate) const PREFIX: &str = "sundial.";

/// How much of the payload a letter keeps that is cut.
const BEGINNING: usize = 64 * 1024;

/// Sends messages to the dead-letter topic. Cheap to clone.
#[derive(Clone)]
pub struct DeadLetters {
    producer: Producer,
    topic: String,
    from: String,
}

impl DeadLetters {
    /// Dead letters of the topic `from` go to `topic`.
    pub fn new(producer: Producer, topic: impl Into<String>, from: impl Into<String>) -> Self {
        Self { producer, topic: topic.into(), from: from.into() }
    }

    /// Sends a message as it came: its key, payload and headers, and beside them why it is here
    /// and where it stood, as headers: `sundial.code` of a bounded set, `sundial.reason` in words,
    /// `sundial.topic`, `sundial.partition`, `sundial.offset`, `sundial.timestamp` (of the message, ms since 1970, empty
    /// where it had none) and `sundial.at` (now, ms). Resolves once the broker has it; only then may the message be
    /// acknowledged. Waits while the producer's queue is full.
    ///
    /// With these headers a message may be larger than its topic takes. It must not stop everything behind it for ever, so
    /// the letter is cut then: to the beginning of its payload, and if that does not help to nothing but where it stood.
    /// `sundial.cut` says how many bytes its payload had; the original stays on its own topic.
    ///
    /// # Errors
    /// It was not delivered.
    pub async fn send(&self, message: &Message<'_>, code: &str, reason: &str) -> Result<(), Error> {
        let own: Vec<Header> = message.headers.iter().collect();
        let added = self.added(message, code, reason);
        let whole = self.send_with(message.key, message.payload, [&own[..], &added].concat()).await;
        if !is_too_large(&whole) {
            return whole;
        }
        let bytes = message.payload.map_or(0, <[u8]>::len);
        tracing::warn!(
            partition = message.partition,
            offset = message.offset,
            bytes,
            "a dead letter is larger than its topic takes, and is cut"
        );
        let cut = [&added[..], &[header("cut", bytes.to_string())]].concat();
        let beginning = message.payload.map(|payload| &payload[..payload.len().min(BEGINNING)]);
        let shorter = self.send_with(message.key, beginning, [&own[..], &cut].concat()).await;
        if !is_too_large(&shorter) {
            return shorter;
        }
        self.send_with(None, None, cut).await
    }

    async fn send_with(&self, key: Option<&[u8]>, payload: Option<&[u8]>, headers: Vec<Header>) -> Result<(), Error> {
        self.producer.send_and_wait(Outgoing { topic: &self.topic, key, payload, headers: &headers }).await
    }

    fn added(&self, message: &Message<'_>, code: &str, reason: &str) -> Vec<Header> {
        vec![
            header("code", code.to_owned()),
            header("reason", reason.to_owned()),
            header("topic", self.from.clone()),
            header("partition", message.partition.to_string()),
            header("offset", message.offset.to_string()),
            header("timestamp", message.timestamp_ms.map_or_else(String::new, |at| at.to_string())),
            header("at", now_ms().to_string()),
        ]
    }
}

fn header(name: &str, value: String) -> Header {
    Header { name: format!("{PREFIX}{name}"), value: Some(value.into_bytes()) }
}

fn is_too_large(sent: &Result<(), Error>) -> bool {
    sent.as_ref().is_err_and(Error::is_too_large)
}
