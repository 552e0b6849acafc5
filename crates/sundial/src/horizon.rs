//! As of when a worker derives.
//!
//! A worker that has not read everything must not judge by the wall clock: what it has not read yet may say
//! that the case was closed in time, and the card would be issued, told and taken back. It has not
//! - where a partition is behind its end: then its cases are derived as of the latest time its messages have
//!   told of, which says little of what still lies there to be read, but goes on;
//! - where somebody is writing what happened long ago ([`HISTORY`]), in whatever order of its cases: then every
//!   case is derived as of its own latest event, for its next one may be written only now, and what is due by
//!   the passing of time waits.
//!
//! Once all of it has been read, its clock stands at now.

use std::collections::HashMap;

use domain::{CaseEvents, Instant};
use intake::Header;

/// The header of a message that belongs to a history which is being written: more of the same case may
/// follow that happened long ago too. Its value does not matter.
pub const HISTORY: &str = "sundial.history";

/// The header that [`HISTORY`] names.
pub fn history_header() -> Header {
    Header { name: HISTORY.to_owned(), value: None }
}

/// A message older than this when it is read says that its partition is behind.
const BEHIND_MS: i64 = 10_000;

/// So long after its last message has been read a history is taken to have ended.
const HISTORY_PAUSES_MS: i64 = 10_000;

/// How far the partitions of a worker have been read, those that are behind.
#[derive(Debug, Default)]
pub struct Horizon {
    behind: HashMap<i32, Behind>,
}

/// A partition of which not everything has been read.
#[derive(Debug, Default)]
struct Behind {
    /// The latest time its messages told of.
    told: Instant,
    /// When a message of a history was last read.
    history_read_at: Option<Instant>,
    is_read_to_end: bool,
}

impl Behind {
    /// When nothing more is to be expected; not yet, where it was not read to its end.
    fn ends_at(&self) -> Option<Instant> {
        let pauses_at = self.history_read_at.map_or(Instant::default(), |at| Instant::from_ms(at.ms() + HISTORY_PAUSES_MS));
        self.is_read_to_end.then_some(pauses_at)
    }
}

/// A message that was read, as far as it says where its partition stands.
#[derive(Debug, Clone, Copy)]
pub struct Read {
    /// When it was written to the topic, where that is known.
    pub written_ms: Option<i64>,
    /// The latest time it tells of.
    pub tells_of: Instant,
    /// Whether it belongs to a history ([`HISTORY`]).
    pub is_history: bool,
}

impl Horizon {
    /// Nothing is known of these partitions yet: nothing of theirs is due before their first messages, or
    /// the end that says that there are none.
    pub fn assigned(&mut self, partitions: &[i32]) {
        self.behind.extend(partitions.iter().map(|partition| (*partition, Behind::default())));
    }

    /// Someone else has these partitions now.
    pub fn revoked(&mut self, partitions: &[i32]) {
        self.behind.retain(|partition, _| !partitions.contains(partition));
    }

    /// A message of a partition was read.
    pub fn read(&mut self, partition: i32, message: Read, now: Instant) {
        let is_old = message.written_ms.is_some_and(|written| written < now.ms() - BEHIND_MS);
        if message.is_history || is_old {
            self.behind.entry(partition).or_default();
        }
        if let Some(behind) = self.behind.get_mut(&partition) {
            behind.told = message.tells_of.min(now).max(behind.told);
            behind.is_read_to_end = false;
            if message.is_history {
                behind.history_read_at = Some(now);
            }
        }
    }

    /// Everything there was of a partition has been read.
    pub fn read_to_end(&mut self, partition: i32) {
        if let Some(behind) = self.behind.get_mut(&partition) {
            behind.is_read_to_end = true;
        }
    }

    /// Lets those catch up of which nothing more is to be expected.
    pub fn catch_up(&mut self, now: Instant) {
        self.behind.retain(|_, behind| behind.ends_at().is_none_or(|at| at > now));
    }

    /// When one of them may catch up by the passing of time.
    pub fn next(&self) -> Option<Instant> {
        self.behind.values().filter_map(Behind::ends_at).min()
    }

    /// How many partitions are behind.
    pub fn behind(&self) -> usize {
        self.behind.len()
    }

    /// As of when a case of a partition is derived.
    pub fn of_case(&self, partition: i32, case: &CaseEvents, now: Instant) -> Instant {
        match self.behind.get(&partition) {
            Some(behind) if behind.history_read_at.is_some() => latest(case).min(now),
            Some(behind) => behind.told,
            None => now,
        }
    }

    /// As of when cases that nothing was read of are derived, of all partitions.
    pub fn of_all(&self, now: Instant) -> Instant {
        let told = |behind: &Behind| if behind.history_read_at.is_some() { Instant::default() } else { behind.told };
        self.behind.values().map(told).min().unwrap_or(now)
    }
}

/// The latest time that a case tells of.
fn latest(case: &CaseEvents) -> Instant {
    case.all().last().map_or(Instant::default(), |event| event.occurred_at)
}

#[cfg(test)]
mod tests {
    use domain::{Event, Kind};

    use super::*;

    fn at(ms: i64) -> Instant {
        Instant::from_ms(ms)
    }

    /// Written and telling of these times.
    fn live(written_ms: i64, tells_of: i64) -> Read {
        Read { written_ms: Some(written_ms), tells_of: at(tells_of), is_history: false }
    }

    fn history(written_ms: i64, tells_of: i64) -> Read {
        Read { is_history: true, ..live(written_ms, tells_of) }
    }

    /// As of when a case of the partition is derived, whatever it tells of itself.
    fn of(horizon: &Horizon, partition: i32, now: Instant) -> Instant {
        horizon.of_case(partition, &CaseEvents::new(), now)
    }

    /// A case that tells of one time.
    fn case(tells_of: i64) -> CaseEvents {
        let event = Event {
            event_id: "1".into(),
            source: "s".into(),
            revision: 1,
            retracted: false,
            digest: 0,
            case_no: "c".into(),
            item: None,
            occurred_at: at(tells_of),
            recorded_at: None,
            region: None,
            department: None,
            window: None,
            handler: None,
            role: None,
            place: None,
            kind: Kind::NotAccepted,
        };
        [event].into_iter().collect()
    }

    #[test]
    fn a_partition_that_is_behind_is_derived_as_of_what_it_has_told_and_others_as_of_now() {
        let (mut horizon, now) = (Horizon::default(), at(1_000_000));
        horizon.assigned(&[0, 1]);
        assert_eq!((of(&horizon, 0, now), horizon.of_all(now)), (at(0), at(0)));
        horizon.read(0, live(900_000, 800_000), now);
        horizon.read(0, live(900_001, 700_000), now);
        horizon.read_to_end(1);
        horizon.catch_up(now);
        horizon.read(1, live(999_000, 500_000), now);
        assert_eq!((of(&horizon, 0, now), of(&horizon, 1, now), horizon.of_all(now)), (at(800_000), now, at(800_000)));
        // What lies ahead has not happened yet.
        horizon.read(0, live(900_002, 2_000_000), now);
        assert_eq!(of(&horizon, 0, now), now);
    }

    #[test]
    fn a_partition_stays_behind_until_it_was_read_to_its_end_and_falls_behind_again_by_old_messages() {
        let (mut horizon, now) = (Horizon::default(), at(1_000_000));
        horizon.assigned(&[0]);
        horizon.read(0, live(999_999, 300_000), now);
        horizon.catch_up(now);
        assert_eq!((horizon.behind(), horizon.next()), (1, None));
        horizon.read_to_end(0);
        horizon.catch_up(now);
        horizon.read(0, live(990_000, 300_000), now);
        assert_eq!(horizon.behind(), 0);
        horizon.read(0, live(989_999, 800_000), now);
        assert_eq!(of(&horizon, 0, now), at(800_000));
    }

    #[test]
    fn while_a_history_is_written_every_case_is_derived_as_of_its_own_events_and_nothing_is_due_by_time() {
        let (mut horizon, now) = (Horizon::default(), at(1_000_000));
        horizon.read(0, history(999_999, 800_000), now);
        assert_eq!(horizon.of_case(0, &case(300_000), now), at(300_000));
        assert_eq!((horizon.of_case(0, &case(2_000_000), now), horizon.of_case(1, &case(300_000), now)), (now, now));
        assert_eq!(horizon.of_all(now), at(0));
    }

    #[test]
    fn a_history_has_ended_when_its_partition_is_read_to_the_end_and_nothing_more_of_it_came_for_a_while() {
        let mut horizon = Horizon::default();
        horizon.read(0, history(1_000_000, 1_000), at(1_000_000));
        horizon.catch_up(at(1_050_000));
        assert_eq!((horizon.behind(), horizon.next()), (1, None), "there is more to read");
        horizon.read_to_end(0);
        assert_eq!(horizon.next(), Some(at(1_010_000)));
        horizon.catch_up(at(1_009_999));
        horizon.read(0, live(1_009_999, 2_000), at(1_009_999));
        horizon.catch_up(at(1_010_000));
        assert_eq!((horizon.behind(), horizon.next()), (1, None), "there is more to read once more");
        horizon.read_to_end(0);
        horizon.read(0, history(1_010_000, 3_000), at(1_010_000));
        horizon.read_to_end(0);
        horizon.catch_up(at(1_019_999));
        assert_eq!(horizon.behind(), 1, "more of it came");
        horizon.catch_up(at(1_020_000));
        assert_eq!((horizon.behind(), horizon.next(), horizon.of_all(at(7))), (0, None, at(7)));
    }

    #[test]
    fn partitions_of_others_are_none_of_its_business() {
        let (mut horizon, now) = (Horizon::default(), at(1_000_000));
        horizon.assigned(&[0, 1]);
        horizon.revoked(&[1]);
        horizon.read_to_end(0);
        horizon.catch_up(now);
        assert_eq!((horizon.behind(), horizon.of_all(now)), (0, now));
    }
}
