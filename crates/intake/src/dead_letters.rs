//! The dead-letter topic: where messages go that cannot be taken. Never to the floor.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::{
    Error, Header, Message,
    producer::{Outgoing, Producer},
};

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
    /// (`code` of a bounded set, `reason` in words) and where it stood. Resolves once the broker has
    /// it; only then may the message be acknowledged.
    ///
    /// # Errors
    /// It was not delivered.
    pub async fn send(&self, message: &Message<'_>, code: &str, reason: &str) -> Result<(), Error> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis());
        let mut headers = message.headers.to_vec();
        let mut add = |name: &str, value: String| {
            headers.push(Header { name: format!("sundial.{name}"), value: Some(value.into_bytes()) });
        };
        add("code", code.to_owned());
        add("reason", reason.to_owned());
        add("topic", self.from.clone());
        add("partition", message.partition.to_string());
        add("offset", message.offset.to_string());
        add("timestamp", message.timestamp_ms.map_or_else(String::new, |at| at.to_string()));
        add("at", now.to_string());
        let letter = Outgoing { topic: &self.topic, key: message.key, payload: message.payload, headers: &headers };
        self.producer.send_and_wait(letter).await
    }
}
