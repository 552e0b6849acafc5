//! What was told to whom.

use std::{collections::HashMap, future::Future, sync::Mutex};

use crate::{CardState, Outcome};

/// One line of the ledger: a change of a card and a channel.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The card.
    pub card_id: String,
    /// The name of the channel.
    pub channel: String,
    /// Which change of the card.
    pub state: CardState,
}

/// The ledger could not be read or written; worth another attempt.
#[derive(Debug, thiserror::Error)]
#[error("ledger of notifications: {0}")]
pub struct LedgerError(pub String);

/// Remembers across restarts what was told to whom.
pub trait Ledger: Send + Sync + 'static {
    /// How it ended for this entry, if it was handled before.
    fn outcome(&self, entry: &Entry) -> impl Future<Output = Result<Option<Outcome>, LedgerError>> + Send;

    /// Writes down how it ended; kept when this returns.
    fn record(&self, entry: &Entry, outcome: Outcome) -> impl Future<Output = Result<(), LedgerError>> + Send;
}

/// A ledger that lasts as long as the process, for tests and trials.
#[derive(Debug, Default)]
pub struct MemoryLedger(Mutex<HashMap<Entry, Outcome>>);

impl MemoryLedger {
    /// All lines, in no order.
    pub fn entries(&self) -> Vec<(Entry, Outcome)> {
        self.lock().iter().map(|(entry, outcome)| (entry.clone(), *outcome)).collect()
    }

    /// A panic elsewhere cannot leave the map half-written, so a poisoned lock is as good as any.
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Entry, Outcome>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Ledger for MemoryLedger {
    async fn outcome(&self, entry: &Entry) -> Result<Option<Outcome>, LedgerError> {
        Ok(self.lock().get(entry).copied())
    }

    async fn record(&self, entry: &Entry, outcome: Outcome) -> Result<(), LedgerError> {
        self.lock().insert(entry.clone(), outcome);
        Ok(())
    }
}

impl<L: Ledger> Ledger for std::sync::Arc<L> {
    async fn outcome(&self, entry: &Entry) -> Result<Option<Outcome>, LedgerError> {
        (**self).outcome(entry).await
    }

    async fn record(&self, entry: &Entry, outcome: Outcome) -> Result<(), LedgerError> {
        (**self).record(entry, outcome).await
    }
}
