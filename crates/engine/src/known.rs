//! Which cases the store may hold.
//!
//! Most cases of a batch that are not in memory are new. Asking the store about each of them would cost
//! more than everything else, so it is asked only about those that may be there. A Bloom filter answers
//! that in two bytes a case, and never says no wrongly.

use std::sync::{
    PoisonError, RwLock,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use fastbloom::AtomicBloomFilter;
use xxhash_rust::xxh3::xxh3_64;

/// How often it says maybe where it should say no.
const FALSE_MAYBE: f64 = 0.001;
/// Cases in the first filter; every further one holds twice as many.
const FIRST: usize = 1 << 16;

/// The cases that have a row in the store, or are about to. Shared by the workers of a process.
#[derive(Debug)]
pub struct KnownCases(RwLock<Filters>);

#[derive(Debug)]
struct Filters {
    filters: Vec<AtomicBloomFilter>,
    /// How many more the last one takes.
    room: AtomicUsize,
}

impl Default for KnownCases {
    fn default() -> Self {
        Self(RwLock::new(Filters { filters: vec![filter(FIRST)], room: FIRST.into() }))
    }
}

fn filter(cases: usize) -> AtomicBloomFilter {
    // The fingerprints are hashes already, of numbers nobody chooses against us.
    AtomicBloomFilter::with_false_pos(FALSE_MAYBE).seed(&0).expected_items(cases)
}

impl KnownCases {
    /// The fingerprint of a case, as the store computes it.
    pub fn fingerprint(case_no: &str) -> u64 {
        xxh3_64(case_no.as_bytes())
    }

    /// Notes a case by its fingerprint.
    pub fn insert(&self, fingerprint: u64) {
        {
            let filters = self.0.read().unwrap_or_else(PoisonError::into_inner);
            if filters.may_hold(fingerprint) {
                return;
            }
            if filters.room.load(Relaxed) > 0 {
                // Two threads may take the last place at once: one case more in a filter does not matter.
                let _ = filters.room.fetch_update(Relaxed, Relaxed, |room| room.checked_sub(1));
                filters.filters.last().map(|last| last.insert(&fingerprint));
                return;
            }
        }
        let mut filters = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let larger = FIRST << filters.filters.len();
        let next = filter(larger);
        next.insert(&fingerprint);
        filters.filters.push(next);
        filters.room = (larger - 1).into();
    }

    /// Whether the store may hold the case of this fingerprint; false only where it does not.
    pub fn may_hold(&self, fingerprint: u64) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).may_hold(fingerprint)
    }
}

impl Filters {
    fn may_hold(&self, fingerprint: u64) -> bool {
        self.filters.iter().any(|filter| filter.contains(&fingerprint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_told_is_known_and_hardly_any_other_while_the_filter_grows() {
        let known = KnownCases::default();
        let fingerprint = |number: usize| KnownCases::fingerprint(&format!("330921-{number}"));
        for number in 0..5 * FIRST {
            known.insert(fingerprint(number));
        }
        assert!((0..5 * FIRST).all(|number| known.may_hold(fingerprint(number))));
        let maybe = (5 * FIRST..6 * FIRST).filter(|number| known.may_hold(fingerprint(*number))).count();
        assert!(maybe < FIRST / 20, "{maybe} of {FIRST} unknown cases pass for known");
    }
}
