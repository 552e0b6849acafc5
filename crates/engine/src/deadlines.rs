//! When which case will change by itself.

use std::{cmp::Reverse, collections::BinaryHeap};

use domain::{Instant, Text};

/// Instants by case, the earliest first. Entries are never removed when a case changes: whoever
/// takes one out asks the case whether it still holds.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    queue: BinaryHeap<Reverse<(Instant, Text)>>,
}

impl Deadlines {
    pub(crate) fn push(&mut self, at: Instant, case_no: Text) {
        self.queue.push(Reverse((at, case_no)));
    }

    /// The next entry that has come by `now`.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<(Instant, Text)> {
        let Reverse((at, _)) = self.queue.peek()?;
        if *at > now {
            return None;
        }
        self.queue.pop().map(|Reverse(entry)| entry)
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.queue.peek().map(|Reverse((at, _))| *at)
    }

    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    /// Drops entries that no longer hold, once they outnumber those that can.
    pub(crate) fn prune(&mut self, holds: impl Fn(Instant, &Text) -> bool, live: usize) {
        if self.queue.len() > 1024 && self.queue.len() > 4 * live {
            self.queue.retain(|Reverse((at, case_no))| holds(*at, case_no));
        }
    }
}
