//! As of when a worker derives.
//!
//! A worker that is behind the topic must not judge by the wall clock: what it has not read yet may say
//! that the case was closed in time, and the card would be issued, told and taken back. So a partition
//! that is behind is derived as of the latest time its messages have told of. Once it has been read to its
//! end it is not behind any more, and its clock stands at now.

use std::collections::HashMap;

use domain::Instant;

/// A message older than this when it is read says that its partition is behind.
const BEHIND_MS: i64 = 10_000;

/// How far the partitions of a worker have been read, those that are behind: each with the latest time its
/// messages told of.
#[derive(Debug, Default)]
pub struct Horizon {
    behind: HashMap<i32, Instant>,
}

impl Horizon {
    /// Nothing is known of these partitions yet: nothing of theirs is due before their first messages, or
    /// the end that says that there are none.
    pub fn assigned(&mut self, partitions: &[i32]) {
        self.behind.extend(partitions.iter().map(|partition| (*partition, Instant::default())));
    }

    /// Someone else has these partitions now.
    pub fn revoked(&mut self, partitions: &[i32]) {
        self.behind.retain(|partition, _| !partitions.contains(partition));
    }

    /// A message of a partition was read: when it was written to the topic, where that is known, and the
    /// latest time it tells of.
    pub fn read(&mut self, partition: i32, written_ms: Option<i64>, tells_of: Instant, now: Instant) {
        let tells_of = tells_of.min(now);
        match self.behind.get_mut(&partition) {
            Some(reached) => *reached = tells_of.max(*reached),
            None if written_ms.is_some_and(|written| written < now.ms() - BEHIND_MS) => {
                self.behind.insert(partition, tells_of);
            }
            None => {}
        }
    }

    /// Everything there was of a partition has been read.
    pub fn read_to_end(&mut self, partition: i32) {
        self.behind.remove(&partition);
    }

    /// Whether any partition is behind.
    pub fn is_behind(&self) -> bool {
        !self.behind.is_empty()
    }

    /// As of when a partition is derived.
    pub fn of(&self, partition: i32, now: Instant) -> Instant {
        self.behind.get(&partition).copied().unwrap_or(now)
    }

    /// As of when all of them can be derived.
    pub fn of_all(&self, now: Instant) -> Instant {
        self.behind.values().copied().min().unwrap_or(now)
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
        horizon.read_to_end(1);
        horizon.read(1, Some(999_000), at(500_000), now);
        assert_eq!((horizon.of(0, now), horizon.of(1, now), horizon.of_all(now)), (at(800_000), now, at(800_000)));
        // What lies ahead has not happened yet.
        horizon.read(0, Some(900_002), at(2_000_000), now);
        assert_eq!(horizon.of(0, now), now);
    }

    #[test]
    fn a_partition_stays_behind_until_it_was_read_to_its_end_and_falls_behind_again_by_old_messages() {
        let (mut horizon, now) = (Horizon::default(), at(1_000_000));
        horizon.assigned(&[0]);
        horizon.read(0, Some(999_999), at(300_000), now);
        assert!(horizon.is_behind());
        horizon.read_to_end(0);
        horizon.read(0, Some(999_999), at(300_000), now);
        assert!(!horizon.is_behind());
        horizon.read(0, Some(900_000), at(800_000), now);
        assert_eq!(horizon.of(0, now), at(800_000));
    }

    #[test]
    fn partitions_of_others_are_none_of_its_business() {
        let (mut horizon, now) = (Horizon::default(), at(1_000_000));
        horizon.assigned(&[0, 1]);
        horizon.revoked(&[1]);
        horizon.read_to_end(0);
        assert_eq!((horizon.is_behind(), horizon.of_all(now)), (false, now));
    }
}
