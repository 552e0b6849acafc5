//! What was told to whom, kept in the store.

use notify::{Entry, Ledger, LedgerError, Outcome};
use store::{Reader, Writer};

use crate::clock::now;

/// The table `notifications`.
pub struct StoreLedger {
    pub reader: Reader,
    pub writer: Writer,
}

impl Ledger for StoreLedger {
    async fn outcome(&self, entry: &Entry) -> Result<Option<Outcome>, LedgerError> {
        let code = self.reader.notified(&entry.card_id, &entry.channel, entry.state.code()).await.map_err(failed)?;
        Ok(code.and_then(|code| Outcome::from_code(&code)))
    }

    async fn record(&self, entry: &Entry, outcome: Outcome) -> Result<(), LedgerError> {
        let (state, outcome) = (entry.state.code(), outcome.code());
        let recorded = self.writer.record_notification(&entry.card_id, &entry.channel, state, outcome, now());
        recorded.await.map_err(failed)
    }
}

fn failed(error: store::StoreError) -> LedgerError {
    LedgerError(error.to_string())
}
