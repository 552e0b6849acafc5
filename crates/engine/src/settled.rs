//! Cases that nothing but a new event can change, for a while.
//!
//! What comes after a case is settled (a rating, a certificate handed over, a correction) mostly comes soon. A look into
//! the store for each of them would read more than everything else, so the latest cases are kept; so many and no more,
//! for their number only grows.

use std::collections::{HashMap, VecDeque};

use domain::Text;
use foldhash::fast::RandomState;

use crate::worker::HeldCase;

/// How many a worker keeps, at half a kilobyte each.
const KEPT: usize = 16_384;

/// The cases settled last.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    cases: HashMap<Text, HeldCase, RandomState>,
    /// In the order they were put in. A case that was taken out meanwhile, or put in again, may be here still.
    order: VecDeque<Text>,
}

impl Settled {
    pub(crate) fn get(&self, case_no: &str) -> Option<&HeldCase> {
        self.cases.get(case_no)
    }

    pub(crate) fn insert(&mut self, case_no: Text, case: HeldCase) {
        self.order.push_back(case_no.clone());
        self.cases.insert(case_no, case);
    }

    pub(crate) fn remove(&mut self, case_no: &Text) {
        self.cases.remove(case_no);
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&HeldCase) -> bool) {
        self.cases.retain(|_, case| keep(case));
    }

    /// Lets the earliest go where there are too many.
    pub(crate) fn prune(&mut self) {
        while self.order.len() > KEPT
            && let Some(case_no) = self.order.pop_front()
        {
            self.cases.remove(&case_no);
        }
    }
}
