//! The events of all cases in the order of time.

use std::{cmp::Ordering, collections::BinaryHeap, iter::Peekable, vec};

use domain::{Event, Instant};

use crate::{Simulation, arrivals::Arrivals};

/// Tells events as they fall due. Only cases that are not over yet are held in memory.
///
/// ```
/// use domain::Instant;
/// use simulate::{County, Options, Simulation};
/// let simulation = Simulation::new(County::sample(), Options::default());
/// let at = |text| Instant::parse(text).unwrap();
/// let mut feed = simulation.feed(at("2025-03-03T00:00:00+08:00"));
/// let morning = feed.next_until(at("2025-03-03T12:00:00+08:00"));
/// let afternoon = feed.next_until(at("2025-03-03T18:00:00+08:00"));
/// assert!(morning.last().unwrap().occurred_at < afternoon[0].occurred_at);
/// ```
pub struct Feed<'a> {
    simulation: &'a Simulation,
    arrivals: Peekable<Arrivals<'a>>,
    running: BinaryHeap<Running>,
}

impl<'a> Feed<'a> {
    pub(crate) fn new(simulation: &'a Simulation, arrivals: Arrivals<'a>) -> Self {
        Self { simulation, arrivals: arrivals.peekable(), running: BinaryHeap::new() }
    }

    /// The events that occurred up to and including `now` and have not been told yet, in order.
    pub fn next_until(&mut self, now: Instant) -> Vec<Event> {
        std::iter::from_fn(|| self.next_by(now)).collect()
    }

    /// The next event, if it has occurred by `now`.
    pub(crate) fn next_by(&mut self, now: Instant) -> Option<Event> {
        // A case may be the next to act from its arrival on.
        while let Some((number, arrival)) = self.arrivals.next_if(|(_, arrival)| {
            let next = self.running.peek().map_or(now, |case| case.event.occurred_at);
            *arrival <= next.min(now)
        }) {
            let case = self.simulation.case(number, arrival);
            self.running.extend(Running::of(number, case.into_iter()));
        }
        if self.running.peek()?.event.occurred_at > now {
            return None;
        }
        let Running { number, event, rest } = self.running.pop()?;
        self.running.extend(Running::of(number, rest));
        Some(event)
    }

    /// Cases that will go on.
    pub fn open_cases(&self) -> usize {
        self.running.len()
    }
}

/// A case under way: its next event, and the rest.
struct Running {
    number: u64,
    event: Event,
    rest: vec::IntoIter<Event>,
}

impl Running {
    fn of(number: u64, mut rest: vec::IntoIter<Event>) -> Option<Self> {
        Some(Self { number, event: rest.next()?, rest })
    }

    fn key(&self) -> (Instant, u64) {
        (self.event.occurred_at, self.number)
    }
}

/// The earliest is the greatest, for the heap gives the greatest first.
impl Ord for Running {
    fn cmp(&self, other: &Self) -> Ordering {
        other.key().cmp(&self.key())
    }
}

impl PartialOrd for Running {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Running {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Running {}
