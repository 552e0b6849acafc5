//! What was handed over, to whom it belongs, and what is acknowledged.

use std::{
    collections::HashMap,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{batch::Extent, frontier::Frontier, observer::Observer};

/// Shared between the poll thread and whoever acknowledges. No lock is held across a Kafka call.
pub(crate) struct Tracker {
    state: Mutex<State>,
    /// Told whenever a receipt goes.
    settled: Condvar,
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
    assigned_ms: i64,
    /// When it was last seen that nothing waits.
    caught_up_ms: Option<i64>,
}

/// Where a partition stands, by the client's statistics. Negative where the client does not know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    /// The offset after the last message.
    pub(crate) end: i64,
    /// The oldest offset there is.
    pub(crate) begin: i64,
    /// What the group has committed.
    pub(crate) committed: i64,
    /// Whether the client has read to the end and gave us everything. Offsets alone do not tell it: the last ones
    /// may be markers of transactions, which are never given out.
    pub(crate) is_read_to_end: bool,
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
    acknowledged: bool,
}

impl std::fmt::Debug for Receipt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Receipt({}, {} messages)", self.batch, self.messages)
    }
}

impl Receipt {
    /// Of what came with the batch only so many bytes are still in memory: the budget is charged with these from now
    /// on.
    pub fn holds(&mut self, bytes: usize) {
        let mut state = self.tracker.lock();
        state.bytes = state.bytes.saturating_sub(self.bytes) + bytes;
        self.bytes = bytes;
    }

    /// Everything in the batch is stored, or on the dead-letter topic.
    pub fn acknowledge(mut self) {
        // The rest happens when it is dropped, at the end of this.
        self.acknowledged = true;
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        let mut state = self.tracker.lock();
        state.bytes = state.bytes.saturating_sub(self.bytes);
        state.messages = state.messages.saturating_sub(self.messages);
        for (partition, generation) in &self.partitions {
            let Some(assigned) = state.partitions.get_mut(partition).filter(|it| it.generation == *generation) else { continue };
            if !self.acknowledged {
                assigned.frontier.abandon(self.batch);
            } else if let Some(offset) = assigned.frontier.acknowledge(self.batch) {
                self.tracker.observer.frontier(*partition, offset);
            }
        }
        drop(state);
        self.tracker.settled.notify_all();
    }
}

impl Tracker {
    pub(crate) fn new(observer: Arc<dyn Observer>) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), settled: Condvar::new(), observer })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is consistent between statements, so a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn assign(&self, partitions: &[i32], now_ms: i64) {
        let mut state = self.lock();
        state.next_generation += 1;
        let generation = state.next_generation;
        for partition in partitions {
            let (frontier, committed, caught_up_ms) = Default::default();
            let assigned = Assigned { generation, frontier, committed, assigned_ms: now_ms, caught_up_ms };
            state.partitions.insert(*partition, assigned);
        }
    }

    pub(crate) fn forget(&self, partitions: &[i32]) {
        let mut state = self.lock();
        for partition in partitions {
            state.partitions.remove(partition);
            self.observer.forgotten(*partition);
        }
    }

    /// A batch is about to be handed over: it is charged to the budget until its receipt goes, even where its
    /// partitions go before, for so long it is held in memory.
    pub(crate) fn hand_over(self: &Arc<Self>, extents: &[Extent], bytes: usize, messages: usize) -> Receipt {
        let mut state = self.lock();
        let batch = state.next_batch;
        state.next_batch += 1;
        state.bytes += bytes;
        state.messages += messages;
        let mut partitions = Vec::with_capacity(extents.len());
        for extent in extents {
            if let Some(assigned) = state.partitions.get_mut(&extent.partition) {
                assigned.frontier.handed_over(batch, *extent);
                partitions.push((extent.partition, assigned.generation));
            }
        }
        Receipt { tracker: Arc::clone(self), batch, partitions, bytes, messages, acknowledged: false }
    }

    /// Bytes and messages handed over whose receipts are still there.
    pub(crate) fn used(&self) -> (usize, usize) {
        let state = self.lock();
        (state.bytes, state.messages)
    }

    /// Waits until nobody holds anything of these partitions (of any, where none are named), at most so long.
    /// Whether everything handed over was acknowledged.
    pub(crate) fn wait_until_settled(&self, partitions: Option<&[i32]>, patience: Duration) -> Settled {
        let deadline = Instant::now() + patience;
        let mut state = self.lock();
        loop {
            let mine = || state.partitions.iter().filter(|(partition, _)| is_meant(partitions, **partition));
            if mine().all(|(_, it)| it.frontier.is_done()) {
                return Settled::Done;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if mine().all(|(_, it)| it.frontier.is_settled()) {
                return Settled::WithGaps;
            }
            if left.is_zero() {
                return Settled::NotInTime;
            }
            state = self.settled.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Offsets that have moved since they were last committed.
    pub(crate) fn committable(&self, partitions: Option<&[i32]>) -> Vec<(i32, i64)> {
        let state = self.lock();
        let mine = state.partitions.iter().filter(|(partition, _)| is_meant(partitions, **partition));
        let moved = mine.filter_map(|(partition, it)| {
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

    /// Tells how far a partition is behind.
    pub(crate) fn observe_lag(&self, partition: i32, standing: Standing, now_ms: i64) {
        let mut state = self.lock();
        let Some(assigned) = state.partitions.get_mut(&partition) else { return };
        if let Some((messages, seconds)) = assigned.lag(standing, now_ms) {
            self.observer.lag(partition, messages, seconds);
        }
    }
}

/// How waiting for receipts ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    /// Everything is acknowledged.
    Done,
    /// Nobody holds anything any more, but something was let go of without being acknowledged.
    WithGaps,
    /// Something is still held.
    NotInTime,
}

fn is_meant(partitions: Option<&[i32]>, partition: i32) -> bool {
    partitions.is_none_or(|only| only.contains(&partition))
}

impl Assigned {
    /// Messages after the frontier, and seconds since the oldest of them was written; none while nothing is known.
    fn lag(&mut self, standing: Standing, now_ms: i64) -> Option<(i64, f64)> {
        let known = |offset: i64| (offset >= 0).then_some(offset);
        // What was handed over may be ahead of statistics a second old.
        let end = known(standing.end).max(self.frontier.end())?;
        let start = self.frontier.start().or(known(standing.committed)).or(known(standing.begin))?;
        let messages = match self.frontier.is_done() && standing.is_read_to_end {
            true => 0,
            false => (end - start).max(0),
        };
        if messages == 0 {
            self.caught_up_ms = Some(now_ms);
            return Some((0, 0.0));
        }
        // What was not handed over yet is younger than what was, and than the moment when nothing waited.
        let younger_than = self.frontier.newest_done_ms().max(self.caught_up_ms).unwrap_or(self.assigned_ms);
        let since = self.frontier.oldest_ms().unwrap_or(younger_than);
        Some((messages, (now_ms - since).max(0) as f64 / 1000.0))
    }
}

#[cfg(test)]
#[path = "tracker_tests.rs"]
mod tests;
