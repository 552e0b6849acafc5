use std::{
    collections::BTreeMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use proptest::prelude::*;

use super::*;

fn extent(partition: i32, next_offset: i64) -> Extent {
    Extent { partition, first_offset: next_offset - 1, next_offset, oldest_ms: 0, newest_ms: 0 }
}

fn tracker() -> Arc<Tracker> {
    Tracker::new(Arc::new(()))
}

fn used_and_committable(tracker: &Tracker) -> ((usize, usize), Vec<(i32, i64)>) {
    let mut offsets = tracker.committable(None);
    offsets.sort_unstable();
    (tracker.used(), offsets)
}

#[test]
fn a_late_receipt_of_an_old_generation_moves_nothing_and_is_refunded_once() {
    let tracker = tracker();
    tracker.assign(&[0], 0);
    let late = tracker.hand_over(&[extent(0, 10)], 100, 10);
    tracker.forget(&[0]);
    tracker.assign(&[0], 0);
    let receipt = tracker.hand_over(&[extent(0, 5)], 50, 5);
    late.acknowledge();
    assert_eq!(used_and_committable(&tracker), ((50, 5), vec![]));
    receipt.acknowledge();
    assert_eq!(used_and_committable(&tracker), ((0, 0), vec![(0, 5)]));
}

#[test]
fn a_dropped_receipt_is_refunded_and_pins_the_frontier() {
    let tracker = tracker();
    tracker.assign(&[0], 0);
    drop(tracker.hand_over(&[extent(0, 10)], 100, 10));
    tracker.hand_over(&[extent(0, 20)], 100, 10).acknowledge();
    assert_eq!(used_and_committable(&tracker), ((0, 0), vec![]));
}

#[test]
fn what_is_no_longer_held_of_a_batch_is_refunded_at_once_and_the_rest_with_its_receipt() {
    let tracker = tracker();
    tracker.assign(&[0], 0);
    let mut receipt = tracker.hand_over(&[extent(0, 10)], 100, 10);
    let other = tracker.hand_over(&[extent(0, 20)], 7, 1);
    receipt.holds(30);
    assert_eq!(tracker.used(), (37, 11));
    receipt.holds(40);
    assert_eq!(tracker.used(), (47, 11));
    receipt.acknowledge();
    assert_eq!(used_and_committable(&tracker), ((7, 1), vec![(0, 10)]));
    drop(other);
}

#[test]
fn an_offset_is_committed_once() {
    let tracker = tracker();
    tracker.assign(&[0, 1], 0);
    tracker.hand_over(&[extent(0, 10), extent(1, 3)], 1, 1).acknowledge();
    let (_, offsets) = used_and_committable(&tracker);
    assert_eq!(offsets, [(0, 10), (1, 3)]);
    tracker.committed(&offsets);
    assert!(tracker.committable(None).is_empty());
}

#[test]
fn waiting_ends_with_the_last_receipt_of_the_partitions_meant() {
    let tracker = tracker();
    tracker.assign(&[0, 1], 0);
    let other = tracker.hand_over(&[extent(1, 10)], 1, 1);
    let meant = tracker.hand_over(&[extent(0, 10)], 1, 1);
    let wait = |patience| tracker.wait_until_settled(Some(&[0]), Duration::from_millis(patience));
    assert_eq!(wait(20), Settled::NotInTime);
    let began = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(50));
            meant.acknowledge();
        });
        assert_eq!(wait(20_000), Settled::Done);
    });
    assert!(began.elapsed() < Duration::from_secs(10), "it is woken, not timed out");
    drop(other);
    assert_eq!(tracker.wait_until_settled(None, Duration::from_secs(20)), Settled::WithGaps);
}

#[derive(Default)]
struct Lags(Mutex<Vec<(i64, f64)>>);

impl Observer for Lags {
    fn lag(&self, _partition: i32, messages: i64, seconds: f64) {
        self.0.lock().unwrap().push((messages, seconds));
    }
}

const UNKNOWN: Standing = Standing { end: -1001, begin: -1001, committed: -1001, is_read_to_end: false };

#[test]
fn lag_is_that_of_the_oldest_message_not_acknowledged_and_zero_when_caught_up() {
    let lags = Arc::new(Lags::default());
    let tracker = Tracker::new(lags.clone());
    let observe = |standing, now_s: i64| {
        tracker.observe_lag(0, standing, now_s * 1000);
        std::mem::take(&mut *lags.0.lock().unwrap()).pop()
    };
    let at = |end| Standing { end, committed: 100, begin: 0, is_read_to_end: false };
    tracker.assign(&[0], 1_000_000);
    assert_eq!(observe(UNKNOWN, 1000), None, "nothing is told while nothing is known");
    // Nothing was read yet: what waits has waited at least since we were to read it.
    assert_eq!(observe(at(150), 1003), Some((50, 3.0)));
    assert_eq!(observe(Standing { committed: -1001, begin: 140, ..at(150) }, 1003), Some((10, 3.0)));
    let written = |s: i64, first_offset, next_offset| Extent {
        oldest_ms: s * 1000,
        newest_ms: s * 1000 + 500,
        ..Extent { partition: 0, first_offset, next_offset, oldest_ms: 0, newest_ms: 0 }
    };
    let receipt = tracker.hand_over(&[written(900, 100, 120)], 1, 20);
    assert_eq!(observe(at(150), 1004), Some((50, 104.0)), "writes hang: it grows");
    receipt.acknowledge();
    assert_eq!(observe(at(150), 1004), Some((30, 103.5)), "what comes next is no older than what came last");
    tracker.hand_over(&[written(1003, 120, 150)], 1, 30).acknowledge();
    assert_eq!(observe(at(150), 1005), Some((0, 0.0)));
    // Idle for an hour, then a message that was not read yet: it came since we last looked.
    assert_eq!(observe(at(150), 4600), Some((0, 0.0)));
    assert_eq!(observe(at(151), 4601), Some((1, 1.0)));
    // The end is a marker of a transaction.
    assert_eq!(observe(Standing { is_read_to_end: true, ..at(151) }, 4602), Some((0, 0.0)));
}

fn fixed_seed() -> ProptestConfig {
    ProptestConfig { cases: 512, rng_seed: proptest::test_runner::RngSeed::Fixed(7), ..ProptestConfig::default() }
}

/// What may happen, in any order.
#[derive(Debug, Clone)]
enum Step {
    Assign(i32),
    Forget(i32),
    /// One batch with a message of each of these partitions.
    HandOver(Vec<i32>),
    Acknowledge(usize),
    Drop(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => (0..3i32).prop_map(Step::Assign),
        1 => (0..3i32).prop_map(Step::Forget),
        5 => prop::collection::btree_set(0..3i32, 1..=3).prop_map(|set| Step::HandOver(set.into_iter().collect())),
        4 => any::<prop::sample::Index>().prop_map(|index| Step::Acknowledge(index.index(1 << 16))),
        1 => any::<prop::sample::Index>().prop_map(|index| Step::Drop(index.index(1 << 16))),
    ]
}

/// The same in the plainest way.
#[derive(Default)]
struct Model {
    assigned: BTreeMap<i32, ModelPartition>,
    generation: u64,
}

#[derive(Default)]
struct ModelPartition {
    generation: u64,
    /// Each batch handed over, and whether it is stored.
    batches: Vec<(u64, bool)>,
}

/// A receipt, its batch, and the partitions of it with their generations.
type Held = (Receipt, u64, Vec<(i32, u64)>);

impl Model {
    fn committable(&self) -> Vec<(i32, i64)> {
        let stored = |it: &ModelPartition| it.batches.iter().take_while(|(_, stored)| *stored).count() as i64 * 10;
        let offsets = self.assigned.iter().map(|(partition, it)| (*partition, stored(it)));
        offsets.filter(|(_, offset)| *offset > 0).collect()
    }
}

proptest! {
    #![proptest_config(fixed_seed())]

    #[test]
    fn through_any_history_only_the_contiguous_frontier_of_the_current_generation_is_committable(
        steps in prop::collection::vec(step(), 0..120)
    ) {
        let tracker = tracker();
        let mut model = Model::default();
        let mut held: Vec<Held> = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            let number = number as u64;
            match step {
                Step::Assign(partition) => {
                    model.generation += 1;
                    model.assigned.insert(partition, ModelPartition { generation: model.generation, batches: Vec::new() });
                    tracker.assign(&[partition], 0);
                }
                Step::Forget(partition) => {
                    model.assigned.remove(&partition);
                    tracker.forget(&[partition]);
                }
                Step::HandOver(partitions) => {
                    let mut extents = Vec::new();
                    let mut parts = Vec::new();
                    for partition in partitions {
                        if let Some(it) = model.assigned.get_mut(&partition) {
                            it.batches.push((number, false));
                            extents.push(extent(partition, it.batches.len() as i64 * 10));
                            parts.push((partition, it.generation));
                        }
                    }
                    held.push((tracker.hand_over(&extents, 7, 1), number, parts));
                }
                Step::Acknowledge(index) if !held.is_empty() => {
                    let (receipt, batch, parts) = held.swap_remove(index % held.len());
                    receipt.acknowledge();
                    for (partition, generation) in parts {
                        if let Some(it) = model.assigned.get_mut(&partition).filter(|it| it.generation == generation) {
                            it.batches.iter_mut().filter(|it| it.0 == batch).for_each(|it| it.1 = true);
                        }
                    }
                }
                Step::Drop(index) if !held.is_empty() => drop(held.swap_remove(index % held.len())),
                Step::Acknowledge(_) | Step::Drop(_) => {}
            }
            prop_assert_eq!(used_and_committable(&tracker), ((held.len() * 7, held.len()), model.committable()));
        }
        held.clear();
        prop_assert_eq!(tracker.used(), (0, 0));
        prop_assert!(tracker.wait_until_settled(None, Duration::ZERO) != Settled::NotInTime);
    }
}
