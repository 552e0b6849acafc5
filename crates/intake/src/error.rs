//! What can go wrong.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// What can go wrong with Kafka, and where.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The client or the broker refused.
    #[error("Kafka, {what}: {source}")]
    Kafka {
        /// What was being done.
        what: String,
        /// What the client said.
        source: KafkaError,
    },
    /// The configuration could never work.
    #[error("intake: {0}")]
    Config(String),
    /// A topic was being read, and the broker said nothing any more.
    #[error("Kafka, reading {topic}: nothing was heard for {seconds} s")]
    Silent {
        /// The topic.
        topic: String,
        /// For how long it was waited.
        seconds: u64,
    },
    /// A worker dropped its receiver while the intake was running.
    #[error("intake: a worker is gone, so nothing of its partitions would be stored any more")]
    WorkerGone,
    /// The poll thread panicked.
    #[error("intake: the poll thread panicked")]
    Panicked,
    /// The poll thread could not be started.
    #[error("the poll thread could not be started: {0}")]
    Thread(std::io::Error),
}

impl Error {
    /// Whether the topic takes no message of this size.
    pub(crate) fn is_too_large(&self) -> bool {
        let Error::Kafka { source, .. } = self else { return false };
        source.rdkafka_error_code() == Some(RDKafkaErrorCode::MessageSizeTooLarge)
    }

    pub(crate) fn during(what: impl Into<String>) -> impl FnOnce(KafkaError) -> Self {
        let what = what.into();
        move |source| Error::Kafka { what, source }
    }
}
