//! As of when a worker derives.
//!
//! A worker that is behind the topic must not judge by the wall clock: what it has not read yet may say
//! that the case was closed in time, and the card would be issued, told and taken back. So a partition
//! that is behind is derived as of the latest time its messages have told of. Once nothing more comes, the
//! worker is not behind any more, and its clocks stand at now.

use std::{collections::HashMap, time::Duration};

use domain::Instant;

/// A message older than this when it is read says that its partition is behind.
const BEHIND_MS: i64 = 10_000;

/// A worker that has heard nothing for so long has read what there is.
pub const IDLE: Duration = Duration::from_secs(2);

/// A partition of which nothing was among so many batches has nothing more, whatever the others have.
const SILENT_BATCHES: u64 = 8;

/// How far the partitions of a worker have been read, those that are behind.
#[derive(Debug, Default)]
pub struct Horizon {
    behind: HashMap<i32, Reached>,
    /// How many batches were read.
    batches: u64,
}

/// How far a partition has been read.
#[derive(Debug, Default)]
struct Reached {
    /// The latest time its messages told of.
    at: Instant,
    /// The number of the last batch in which there was one.
    heard: u64,
}

impl Horizon {
    /// Nothing is known of these partitions yet: nothing of theirs is due before their first messages, or
    /// the silence that says that there are none.
    pub fn assigned(&mut self, partitions: &[i32]) {
        let reached = || Reached { at: Instant::default(), heard: self.batches };
        self.behind.extend(partitions.iter().map(|partition| (*partition, reached())));
    }

    /// Someone else has these partitions now.
    pub fn revoked(&mut self, partitions: &[i32]) {
        self.behind.retain(|partition, _| !partitions.contains(partition));
    }

    /// A message of a partition was read: when it was written to the topic, where that is known, and the
    /// latest time it tells of.
    pub fn read(&mut self, partition: i32, written_ms: Option<i64>, tells_of: Instant, now: Instant) {
        if written_ms.is_some_and(|written| written < now.ms() - BEHIND_MS) {
            let reached = self.behind.entry(partition).or_default();
            reached.at = tells_of.min(now).max(reached.at);
            reached.heard = self.batches;
        } else {
            self.behind.remove(&partition);
        }
    }

    /// All messages of a batch were read.
    pub fn batch_read(&mut self) {
        self.batches += 1;
        self.behind.retain(|_, reached| self.batches - reached.heard <= SILENT_BATCHES);
    }

    /// Everything there is has been read.
    pub fn caught_up(&mut self) {
        self.behind.clear();
    }

    /// Whether any partition is behind.
    pub fn is_behind(&self) -> bool {
        !self.behind.is_empty()
    }

    /// As of when a partition is derived.
    pub fn of(&self, partition: i32, now: Instant) -> Instant {
        self.behind.get(&partition).map_or(now, |reached| reached.at)
    }

    /// As of when all of them can be derived.
    pub fn of_all(&self, now: Instant) -> Instant {
        self.behind.values().map(|reached| reached.at).min().unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Instant {
        Instant::from_ms(ms)
    }

    #[test]
    fn a_partition_that_is_behind_is_derived_as_of_what_it_has_told_and_others_as_of_now() {
        let (mut horizon, now) = (Horizon::default(), at(1_000_000));
        horizon.assigned(&[0, 1]);
        assert_eq!((horizon.of(0, now), horizon.of_all(now)), (at(0), at(0)));
        horizon.read(0, Some(900_000), at(800_000), now);
        horizon.read(0, Some(900_001), at(700_000), now);
        horizon.read(1, Some(999_000), at(998_000), now);
        assert_eq!((horizon.of(0, now), horizon.of(1, now), horizon.of_all(now)), (at(800_000), now, at(800_000)));
        // What lies ahead has not happened yet.
        horizon.read(0, Some(900_002), at(2_000_000), now);
        assert_eq!(horizon.of(0, now), now);
    }

    #[test]
    fn a_partition_without_messages_does_not_hold_up_the_others() {
        let (mut horizon, now) = (Horizon::default(), at(1_000_000));
        horizon.assigned(&[0, 1]);
        for _ in 0..=SILENT_BATCHES {
            assert_eq!(horizon.of(1, now), at(0));
            horizon.read(0, Some(900_000), at(800_000), now);
            horizon.batch_read();
        }
        assert_eq!((horizon.of(0, now), horizon.of(1, now)), (at(800_000), now));
    }

    #[test]
    fn silence_says_that_everything_was_read() {
        let (mut horizon, now) = (Horizon::default(), at(1_000_000));
        horizon.assigned(&[0, 1]);
        horizon.revoked(&[1]);
        assert!(horizon.is_behind());
        horizon.caught_up();
        assert_eq!((horizon.is_behind(), horizon.of_all(now)), (false, now));
    }
}
