//! How far a partition is done.

use std::collections::VecDeque;

use crate::batch::Extent;

/// The batches of one partition in the order they were handed over, until they are acknowledged. The
/// frontier is the offset after the last batch before which nothing is missing.
///
/// Offsets may have gaps (compaction, transaction markers), so the frontier is kept over what was
/// handed over, not over integers.
#[derive(Debug, Default)]
pub(crate) struct Frontier {
    outstanding: VecDeque<Segment>,
    done: Option<Done>,
}

#[derive(Debug)]
struct Segment {
    batch: u64,
    extent: Extent,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A worker has it.
    Held,
    /// It is stored, but something before it is not.
    Acknowledged,
    /// The worker let go of it without storing it: nothing comes any more, and the frontier stays before it.
    Abandoned,
}

#[derive(Debug, Clone, Copy)]
struct Done {
    next_offset: i64,
    newest_ms: i64,
}

impl Frontier {
    /// A batch with messages of this partition was handed over.
    pub(crate) fn handed_over(&mut self, batch: u64, extent: Extent) {
        self.outstanding.push_back(Segment { batch, extent, state: State::Held });
    }

    /// A batch is stored. Returns the frontier if it moved.
    pub(crate) fn acknowledge(&mut self, batch: u64) -> Option<i64> {
        self.settle(batch, State::Acknowledged);
        let mut moved = None;
        while let Some(Segment { extent, .. }) = self.outstanding.pop_front_if(|it| it.state == State::Acknowledged) {
            self.done = Some(Done { next_offset: extent.next_offset, newest_ms: extent.newest_ms });
            moved = Some(extent.next_offset);
        }
        moved
    }

    /// A batch will never be acknowledged.
    pub(crate) fn abandon(&mut self, batch: u64) {
        self.settle(batch, State::Abandoned);
    }

    fn settle(&mut self, batch: u64, state: State) {
        // Batches are numbered in the order they are handed over.
        if let Ok(at) = self.outstanding.binary_search_by_key(&batch, |segment| segment.batch) {
            self.outstanding[at].state = state;
        }
    }

    /// The offset up to which everything is acknowledged, if anything was.
    pub(crate) fn offset(&self) -> Option<i64> {
        self.done.map(|done| done.next_offset)
    }

    /// The offset of the first message that is not acknowledged, as far as what was handed over tells.
    pub(crate) fn start(&self) -> Option<i64> {
        self.offset().or_else(|| self.outstanding.front().map(|segment| segment.extent.first_offset))
    }

    /// The offset after the last message that was handed over.
    pub(crate) fn end(&self) -> Option<i64> {
        self.outstanding.back().map(|segment| segment.extent.next_offset).or(self.offset())
    }

    /// Whether everything handed over is acknowledged.
    pub(crate) fn is_done(&self) -> bool {
        self.outstanding.is_empty()
    }

    /// Whether waiting any longer is in vain: nobody holds anything of it.
    pub(crate) fn is_settled(&self) -> bool {
        self.outstanding.iter().all(|segment| segment.state != State::Held)
    }

    /// When the oldest message was written that is handed over and not done, in ms.
    pub(crate) fn oldest_ms(&self) -> Option<i64> {
        self.outstanding.iter().map(|segment| segment.extent.oldest_ms).min()
    }

    /// When the newest message was written of the last batch before the frontier, in ms.
    pub(crate) fn newest_done_ms(&self) -> Option<i64> {
        self.done.map(|done| done.newest_ms)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn extent(number: i64) -> Extent {
        let (oldest_ms, newest_ms) = (number * 10, number * 10 + 9);
        // Gaps on purpose: the batches are not adjacent.
        Extent { partition: 0, first_offset: number * 100 + 7, next_offset: (number + 1) * 100, oldest_ms, newest_ms }
    }

    fn with_batches(count: u64) -> Frontier {
        let mut frontier = Frontier::default();
        (0..count).for_each(|batch| frontier.handed_over(batch, extent(batch as i64)));
        frontier
    }

    #[test]
    fn the_frontier_moves_only_over_what_is_contiguous() {
        let mut frontier = with_batches(3);
        assert_eq!(frontier.acknowledge(1), None);
        assert_eq!(frontier.acknowledge(2), None);
        assert_eq!(
            (frontier.offset(), frontier.start(), frontier.end(), frontier.oldest_ms()),
            (None, Some(7), Some(300), Some(0))
        );
        assert_eq!(frontier.acknowledge(0), Some(300));
        assert_eq!((frontier.is_done(), frontier.start(), frontier.oldest_ms()), (true, Some(300), None));
    }

    #[test]
    fn a_batch_that_is_never_acknowledged_pins_the_frontier() {
        let mut frontier = with_batches(100);
        for batch in (0..100).filter(|batch| *batch != 7) {
            frontier.acknowledge(batch);
        }
        assert_eq!((frontier.offset(), frontier.oldest_ms(), frontier.is_settled()), (Some(700), Some(70), false));
        frontier.abandon(7);
        assert_eq!((frontier.offset(), frontier.is_settled(), frontier.is_done()), (Some(700), true, false));
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(7), ..ProptestConfig::default() })]

        #[test]
        fn whatever_the_order_the_frontier_is_before_the_first_batch_that_is_missing(
            order in Just((0..12u64).collect::<Vec<_>>()).prop_shuffle(), acknowledged in 0..=12usize,
            abandoned in prop::collection::btree_set(0..12u64, 0..3),
        ) {
            let mut frontier = with_batches(12);
            abandoned.iter().for_each(|batch| frontier.abandon(*batch));
            let mut stored = std::collections::BTreeSet::new();
            for batch in order.into_iter().take(acknowledged).filter(|batch| !abandoned.contains(batch)) {
                frontier.acknowledge(batch);
                stored.insert(batch);
                let missing = (0..12).find(|it| !stored.contains(it)).unwrap_or(12);
                prop_assert_eq!(frontier.offset().unwrap_or(0), missing as i64 * 100);
                prop_assert_eq!(frontier.is_done(), stored.len() == 12);
                prop_assert_eq!(frontier.is_settled(), stored.len() + abandoned.len() == 12);
            }
        }
    }
}
