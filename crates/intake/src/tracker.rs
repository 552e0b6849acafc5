//! What was handed over, to whom it belongs, and what is acknowledged.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use crate::{batch::Extent, frontier::Frontier, observer::Observer};

/// Shared between the poll thread and whoever acknowledges. No lock is held across a Kafka call.
pub(crate) struct Tracker {
    state: Mutex<State>,
    observer: Arc<dyn Observer>,
}

#[derive(Default)]
struct State {
    next_batch: u64,
    next_generation: u64,
    partitions: HashMap<i32, Assigned>,
    bytes: usize,
    messages: usize,
}

/// A partition that is ours. The generation tells this assignment from an earlier one of the same
/// partition: what was handed over then must not move the frontier now.
struct Assigned {
    generation: u64,
    frontier: Frontier,
    committed: Option<i64>,
}

/// Acknowledges a batch. Dropped without that, it gives its part of the budget back and pins the
/// frontier where it is.
#[must_use]
pub struct Receipt {
    tracker: Arc<Tracker>,
    batch: u64,
    /// The partitions of the batch, each with the generation it was handed over in.
    partitions: Vec<(i32, u64)>,
    bytes: usize,
    messages: usize,
}

impl std::fmt::Debug for Receipt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Receipt({}, {} messages)", self.batch, self.messages)
    }
}

impl Receipt {
    /// Everything in the batch is stored, or on the dead-letter topic.
    pub fn acknowledge(self) {
        let mut state = self.tracker.lock();
        for (partition, generation) in &self.partitions {
            let Some(assigned) = state.partitions.get_mut(partition).filter(|it| it.generation == *generation) else { continue };
            if let Some(offset) = assigned.frontier.acknowledge(self.batch) {
                self.tracker.observer.frontier(*partition, offset);
            }
        }
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        let mut state = self.tracker.lock();
        state.bytes = state.bytes.saturating_sub(self.bytes);
        state.messages = state.messages.saturating_sub(self.messages);
    }
}

impl Tracker {
    pub(crate) fn new(observer: Arc<dyn Observer>) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), observer })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is consistent between statements, so a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn assign(&self, partitions: &[i32]) {
        let mut state = self.lock();
        state.next_generation += 1;
        let generation = state.next_generation;
        for partition in partitions {
            state.partitions.insert(*partition, Assigned { generation, frontier: Frontier::default(), committed: None });
        }
    }

    pub(crate) fn forget(&self, partitions: &[i32]) {
        let mut state = self.lock();
        for partition in partitions {
            state.partitions.remove(partition);
            self.observer.forgotten(*partition);
        }
    }

    /// A batch is about to be handed over: it is charged to the budget.
    pub(crate) fn hand_over(self: &Arc<Self>, extents: &[Extent], bytes: usize, messages: usize) -> Receipt {
        let mut state = self.lock();
        let batch = state.next_batch;
        state.next_batch += 1;
        state.bytes += bytes;
        state.messages += messages;
        let mut partitions = Vec::with_capacity(extents.len());
        for extent in extents {
            if let Some(assigned) = state.partitions.get_mut(&extent.partition) {
                assigned.frontier.handed_over(batch, extent.next_offset, extent.oldest_ms, extent.newest_ms);
                partitions.push((extent.partition, assigned.generation));
            }
        }
        Receipt { tracker: Arc::clone(self), batch, partitions, bytes, messages }
    }

    /// Bytes and messages handed over and not acknowledged.
    pub(crate) fn used(&self) -> (usize, usize) {
        let state = self.lock();
        (state.bytes, state.messages)
    }

    /// Whether nothing of these partitions (of any, where none are named) is outstanding.
    pub(crate) fn is_drained(&self, partitions: Option<&[i32]>) -> bool {
        let state = self.lock();
        let meant = |partition: &i32| partitions.is_none_or(|only| only.contains(partition));
        state.partitions.iter().filter(|(partition, _)| meant(partition)).all(|(_, it)| it.frontier.is_drained())
    }

    /// Offsets that have moved since they were last committed.
    pub(crate) fn committable(&self, partitions: Option<&[i32]>) -> Vec<(i32, i64)> {
        let state = self.lock();
        let meant = |partition: &i32| partitions.is_none_or(|only| only.contains(partition));
        let moved = state.partitions.iter().filter(|(partition, _)| meant(partition)).filter_map(|(partition, it)| {
            let offset = it.frontier.offset()?;
            (it.committed != Some(offset)).then_some((*partition, offset))
        });
        moved.collect()
    }

    pub(crate) fn committed(&self, offsets: &[(i32, i64)]) {
        let mut state = self.lock();
        for (partition, offset) in offsets {
            if let Some(assigned) = state.partitions.get_mut(partition) {
                assigned.committed = Some(*offset);
            }
            self.observer.committed(*partition, *offset);
        }
    }

    /// Tells how far a partition is behind: `end` is the offset after its last message, `committed`
    /// what the group had when we took it over.
    pub(crate) fn observe_lag(&self, partition: i32, end: i64, committed: i64, now_ms: i64) {
        let state = self.lock();
        let Some(assigned) = state.partitions.get(&partition) else { return };
        let frontier = assigned.frontier.offset().unwrap_or(committed.max(0));
        let messages = (end - frontier).max(0);
        let since = assigned.frontier.waiting_since_ms().filter(|_| messages > 0);
        let seconds = since.map_or(0.0, |since| (now_ms - since).max(0) as f64 / 1000.0);
        self.observer.lag(partition, messages, seconds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extent(partition: i32, next_offset: i64) -> Extent {
        Extent { partition, next_offset, oldest_ms: 0, newest_ms: 0 }
    }

    #[test]
    fn a_late_receipt_of_an_old_generation_moves_nothing_and_is_refunded_once() {
        let tracker = Tracker::new(Arc::new(()));
        tracker.assign(&[0]);
        let late = tracker.hand_over(&[extent(0, 10)], 100, 10);
        tracker.forget(&[0]);
        tracker.assign(&[0]);
        let receipt = tracker.hand_over(&[extent(0, 5)], 50, 5);
        late.acknowledge();
        assert_eq!((tracker.committable(None), tracker.used()), (vec![], (50, 5)));
        receipt.acknowledge();
        assert_eq!((tracker.committable(None), tracker.used()), (vec![(0, 5)], (0, 0)));
    }

    #[test]
    fn a_dropped_receipt_is_refunded_and_pins_the_frontier() {
        let tracker = Tracker::new(Arc::new(()));
        tracker.assign(&[0]);
        drop(tracker.hand_over(&[extent(0, 10)], 100, 10));
        tracker.hand_over(&[extent(0, 20)], 100, 10).acknowledge();
        assert_eq!((tracker.committable(None), tracker.used(), tracker.is_drained(None)), (vec![], (0, 0), false));
    }

    #[test]
    fn an_offset_is_committed_once() {
        let tracker = Tracker::new(Arc::new(()));
        tracker.assign(&[0, 1]);
        tracker.hand_over(&[extent(0, 10), extent(1, 3)], 1, 1).acknowledge();
        let mut offsets = tracker.committable(None);
        offsets.sort_unstable();
        assert_eq!(offsets, [(0, 10), (1, 3)]);
        tracker.committed(&offsets);
        assert!(tracker.committable(None).is_empty());
        assert!(tracker.is_drained(Some(&[0])));
    }
}
