//! The dead-letter topic: where messages go that cannot be taken. Never to the floor.

use crate::{
    Error, Header, Message,
    poll::now_ms,
    producer::{Outgoing, Producer},
};

/// What the headers that tell of a refusal begin with.
pub(crate) const PREFIX: &str = "sundial.";

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
    /// # Errors
    /// It was not delivered.
    pub async fn send(&self, message: &Message<'_>, code: &str, reason: &str) -> Result<(), Error> {
        let mut headers: Vec<Header> = message.headers.iter().collect();
        let mut add = |name: &str, value: String| {
            headers.push(Header { name: format!("{PREFIX}{name}"), value: Some(value.into_bytes()) });
        };
        add("code", code.to_owned());
        add("reason", reason.to_owned());
        add("topic", self.from.clone());
        add("partition", message.partition.to_string());
        add("offset", message.offset.to_string());
        add("timestamp", message.timestamp_ms.map_or_else(String::new, |at| at.to_string()));
        add("at", now_ms().to_string());
        let letter = Outgoing { topic: &self.topic, key: message.key, payload: message.payload, headers: &headers };
        self.producer.send_and_wait(letter).await
    }
}
