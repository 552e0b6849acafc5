//! What a channel is.

use std::{future::Future, pin::Pin};

use crate::CardMessage;

/// The future of a send, boxed so that channels of different kinds can stand in one list.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), SendError>> + Send + 'a>>;

/// Somewhere a card is told.
pub trait Channel: Send + Sync + 'static {
    /// Unique among the channels of a notifier; the key in the ledger and the label of the metric.
    fn name(&self) -> &str;

    /// Tells the channel of one change of one card, once. Retrying is the caller's.
    fn send<'a>(&'a self, card: &'a CardMessage) -> Sending<'a>;
}

/// Why a channel did not take a card. Never holds the URL's secrets nor the body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct SendError {
    /// What went wrong, for the log.
    pub reason: String,
    /// Whether another attempt may succeed.
    pub retryable: bool,
}
