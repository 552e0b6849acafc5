//! What all clients have in common: their configuration, and what becomes of their log.
//!
//! librdkafka says some things in its log only, among them that messages expired before they were read. So the log is
//! listened to, whatever level the program logs at; and what it says of errors that come to us as errors too, many times
//! in every outage, is not said twice.

use std::collections::BTreeMap;

use rdkafka::{ClientConfig, ClientContext, config::RDKafkaLogLevel, consumer::ConsumerContext, error::KafkaError};
use tracing::Level;

/// A client configuration: the brokers, then whatever the user passes through.
pub(crate) fn client_config(brokers: &str, client: &BTreeMap<String, String>) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set_log_level(RDKafkaLogLevel::Info).set("bootstrap.servers", brokers).set("client.id", "sundial");
    for (key, value) in client {
        config.set(key, value);
    }
    config
}

/// The context of clients of which nothing but their answers is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AnswersOnly;

impl ClientContext for AnswersOnly {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "the Kafka client reports");
    }
}

impl ConsumerContext for AnswersOnly {}

/// Whether this says that the offset we wanted is not there: messages expired before they were read, or the topic was
/// made anew. The client goes on with what there is.
pub(crate) fn is_offset_reset(level: RDKafkaLogLevel, facility: &str) -> bool {
    facility == "OFFSET" && is_warning(level)
}

/// A warning, or worse.
fn is_warning(level: RDKafkaLogLevel) -> bool {
    !matches!(level, RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug)
}

/// Puts what librdkafka says into our log.
pub(crate) fn log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level_of(level, facility) {
        Level::ERROR => tracing::error!(facility, message, "messages expired before they were read, or the topic was made anew"),
        Level::WARN => tracing::warn!(facility, message, "the Kafka client warns"),
        Level::INFO => tracing::info!(facility, message, "the Kafka client says"),
        _ => tracing::debug!(facility, message, "the Kafka client says"),
    }
}

fn level_of(level: RDKafkaLogLevel, facility: &str) -> Level {
    match facility {
        _ if is_offset_reset(level, facility) => Level::ERROR,
        // They come as errors too, and are reported there, once an episode.
        "FAIL" | "ERROR" | "FATAL" => Level::DEBUG,
        _ if is_warning(level) => Level::WARN,
        _ if matches!(level, RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info) => Level::INFO,
        _ => Level::DEBUG,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_messages_are_an_error_and_what_is_reported_elsewhere_is_not_said_twice() {
        use RDKafkaLogLevel::{Error, Info, Notice, Warning};
        let said = [
            (Warning, "OFFSET", Level::ERROR),
            (Error, "FAIL", Level::DEBUG),
            (Error, "ERROR", Level::DEBUG),
            (Warning, "MAXPOLL", Level::WARN),
            (Notice, "TERMINATE", Level::INFO),
            (Info, "OFFSET", Level::INFO),
            (RDKafkaLogLevel::Debug, "OFFSET", Level::DEBUG),
        ];
        for (level, facility, expected) in said {
            assert_eq!(level_of(level, facility), expected, "{level:?} {facility}");
        }
    }
}
