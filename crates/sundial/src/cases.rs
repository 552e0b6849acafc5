//! The store as the engine sees it: stored messages become events again.

use std::sync::Arc;

use domain::{Card, CaseEvents, Text};
use engine::{CaseStore, StoredCase};
use store::{Reader, StoreError, StoredEvents};
use wire::CodeMaps;

/// Cases in ClickHouse.
#[derive(Clone)]
pub struct StoredCases {
    pub reader: Reader,
    /// Messages are stored as they came, so their codes are read anew every time.
    pub codes: Arc<CodeMaps>,
}

/// The events of a stored case. One that cannot be read any more is left out and logged.
pub fn events_of(stored: &StoredEvents, codes: &CodeMaps) -> CaseEvents {
    wire::decode_stored(&stored.payloads, codes, |reason| {
        tracing::error!(case_no = %stored.case_no, %reason, "a stored event cannot be read any more");
    })
}

impl StoredCases {
    fn case(&self, stored: &StoredEvents) -> StoredCase {
        StoredCase {
            case_no: stored.case_no.clone(),
            events: events_of(stored, &self.codes),
            version: stored.version.unwrap_or(0),
            next_change: stored.next_change,
            cards: stored.cards.clone(),
            partition: stored.partition,
        }
    }
}

impl CaseStore for StoredCases {
    type Error = StoreError;

    async fn cases(&self, case_nos: &[Text]) -> Result<Vec<StoredCase>, StoreError> {
        Ok(self.reader.cases_with_events(case_nos).await?.iter().map(|stored| self.case(stored)).collect())
    }

    async fn unsettled(&self, partitions: &[i32]) -> Result<Vec<Text>, StoreError> {
        self.reader.unsettled_case_nos(partitions).await
    }

    async fn withdrawn(&self, case_nos: &[Text]) -> Result<Vec<(Text, Card)>, StoreError> {
        self.reader.withdrawn_cards(case_nos).await
    }

    async fn known(&self, tell: &mut (dyn FnMut(u64) + Send)) -> Result<(), StoreError> {
        self.reader.known_cases(tell).await
    }
}
