//! How far a partition is done.

use std::collections::VecDeque;

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
    /// The offset after its last message.
    next_offset: i64,
    oldest_ms: i64,
    newest_ms: i64,
    acknowledged: bool,
}

#[derive(Debug, Clone, Copy)]
struct Done {
    next_offset: i64,
    newest_ms: i64,
}

impl Frontier {
    /// A batch with messages of this partition was handed over.
    pub(crate) fn handed_over(&mut self, batch: u64, next_offset: i64, oldest_ms: i64, newest_ms: i64) {
        self.outstanding.push_back(Segment { batch, next_offset, oldest_ms, newest_ms, acknowledged: false });
    }

    /// A batch is stored. Returns the frontier if it moved.
    pub(crate) fn acknowledge(&mut self, batch: u64) -> Option<i64> {
        let segment = self.outstanding.iter_mut().find(|segment| segment.batch == batch)?;
        segment.acknowledged = true;
        let mut moved = None;
        while let Some(segment) = self.outstanding.pop_front_if(|segment| segment.acknowledged) {
            self.done = Some(Done { next_offset: segment.next_offset, newest_ms: segment.newest_ms });
            moved = Some(segment.next_offset);
        }
        moved
    }

    /// The offset up to which everything is acknowledged.
    pub(crate) fn offset(&self) -> Option<i64> {
        self.done.map(|done| done.next_offset)
    }

    pub(crate) fn is_drained(&self) -> bool {
        self.outstanding.is_empty()
    }

    /// Since when (ms) something waits: the oldest message not acknowledged; where none was handed
    /// over yet, the newest acknowledged one, for whatever waits is younger.
    pub(crate) fn waiting_since_ms(&self) -> Option<i64> {
        let oldest = self.outstanding.iter().map(|segment| segment.oldest_ms).min();
        oldest.or(self.done.map(|done| done.newest_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_batches(count: u64) -> Frontier {
        let mut frontier = Frontier::default();
        for batch in 0..count {
            let at = batch as i64;
            frontier.handed_over(batch, (at + 1) * 100, at * 10, at * 10 + 9);
        }
        frontier
    }

    #[test]
    fn the_frontier_moves_only_over_what_is_contiguous() {
        let mut frontier = with_batches(3);
        assert_eq!(frontier.acknowledge(1), None);
        assert_eq!(frontier.acknowledge(2), None);
        assert_eq!((frontier.offset(), frontier.waiting_since_ms()), (None, Some(0)));
        assert_eq!(frontier.acknowledge(0), Some(300));
        assert!(frontier.is_drained());
    }

    #[test]
    fn a_batch_that_is_never_acknowledged_pins_the_frontier() {
        let mut frontier = with_batches(100);
        for batch in (0..100).filter(|batch| *batch != 7) {
            frontier.acknowledge(batch);
        }
        assert_eq!((frontier.offset(), frontier.waiting_since_ms()), (Some(700), Some(70)));
    }

    #[test]
    fn every_order_of_acknowledgement_ends_at_the_last_offset() {
        // All 120 orders of five batches; the frontier never passes the first that is missing.
        let mut orders = vec![vec![]];
        for batch in 0..5u64 {
            orders = orders
                .into_iter()
                .flat_map(|order: Vec<u64>| {
                    (0..=order.len()).map(move |at| {
                        let mut longer = order.clone();
                        longer.insert(at, batch);
                        longer
                    })
                })
                .collect();
        }
        assert_eq!(orders.len(), 120);
        for order in orders {
            let mut frontier = with_batches(5);
            for (count, batch) in order.iter().enumerate() {
                frontier.acknowledge(*batch);
                let missing = (0..5).find(|it| !order[..=count].contains(it)).unwrap_or(5);
                assert_eq!(frontier.offset().unwrap_or(0), missing as i64 * 100, "{order:?}");
            }
        }
    }
}
