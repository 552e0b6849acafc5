//! A store in memory, where folding is measured without ClickHouse.

use std::{collections::HashMap, convert::Infallible, sync::Mutex};

use domain::{Card, CaseEvents, Event, Text};
use engine::{CaseChange, CaseStore, StoredCase};

/// Every case with its events and the version of its rows.
#[derive(Default)]
pub struct MemoryStore(Mutex<HashMap<Text, StoredCase>>);

impl MemoryStore {
    /// Keeps the events of a batch.
    pub fn saw(&self, events: &[(Event, i32)]) {
        let mut cases = self.lock();
        for (event, partition) in events {
            let case = cases.entry(event.case_no.clone()).or_insert_with(|| StoredCase {
                case_no: event.case_no.clone(),
                events: CaseEvents::new(),
                next_change: None,
                cards: Vec::new(),
                version: 0,
                partition: *partition,
            });
            case.events.insert(event.clone());
        }
    }

    /// Keeps what the rows of a case say.
    pub fn stored(&self, change: &CaseChange) {
        if let Some(case) = self.lock().get_mut(&change.case_no) {
            case.version = change.version;
            case.next_change = change.next_change;
            case.cards = change.after.as_ref().map(|after| after.cards.clone()).unwrap_or_default();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Text, StoredCase>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl CaseStore for MemoryStore {
    type Error = Infallible;

    async fn cases(&self, case_nos: &[Text]) -> Result<Vec<StoredCase>, Infallible> {
        let cases = self.lock();
        Ok(case_nos.iter().filter_map(|case_no| cases.get(case_no)).cloned().collect())
    }

    async fn unsettled(&self, _: &[i32]) -> Result<Vec<Text>, Infallible> {
        Ok(Vec::new())
    }

    async fn withdrawn(&self, _: &[Text]) -> Result<Vec<(Text, Card)>, Infallible> {
        Ok(Vec::new())
    }

    async fn known(&self, _: &mut (dyn FnMut(u64) + Send)) -> Result<(), Infallible> {
        Ok(())
    }
}
