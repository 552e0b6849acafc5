//! Arrivals, and the events of all cases in the order of time.

use std::{cmp::Reverse, collections::BinaryHeap, vec};

use domain::{
    Calendar, Event, Instant,
    counting::{Axis, Counting, Scale},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{County, life::Life};

/// How much happens.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Everything follows from it.
    pub seed: u64,
    /// Cases that arrive on an ordinary working day.
    pub cases_per_day: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: 1, cases_per_day: 60 }
    }
}

/// A county at work.
#[derive(Debug, Clone)]
pub struct Simulation {
    county: County,
    calendar: Calendar,
    options: Options,
}

impl Simulation {
    /// A county at work, by the calendar of China.
    pub fn new(county: County, options: Options) -> Self {
        Self { county, calendar: Calendar::china(), options }
    }

    /// The whole life of case `number`, arriving at `arrival`; part of it may lie in the future.
    pub fn case(&self, number: u64, arrival: Instant) -> Vec<Event> {
        Life::new(&self.county, &self.calendar, self.options.seed, number, arrival).live()
    }

    /// When cases arrive, each with its number, in order: in office hours, more on Mondays.
    pub fn arrivals(&self, from: Instant, to: Instant) -> impl Iterator<Item = (u64, Instant)> + '_ {
        let scale = Scale::new(&self.calendar, Axis::OfficeHours, Counting::OfficeHours);
        let between = self.calendar.standard_hours().length_ms() / i64::from(self.options.cases_per_day.max(1));
        let mut rng = ChaCha8Rng::seed_from_u64(self.options.seed ^ 0x00a1_1a15);
        let mut position = scale.position(from).ok();
        let mut number = from.ms() as u64 / 1000 * 10;
        std::iter::from_fn(move || {
            let at = scale.instant(position? + 1).ok()?;
            let monday = self.calendar.local_date(at).weekday() == jiff::civil::Weekday::Monday;
            let usual = if monday { between * 2 / 3 } else { between };
            position = Some(position? + rng.random_range(0..usual.max(1) * 2) + 1);
            number += 1;
            Some((number, Instant::from_ms(at.ms() / 1000 * 1000)))
        })
        .take_while(move |(_, at)| *at < to)
    }

    /// Every event that happens between two instants in cases that arrive between them, in the order of
    /// time. Only cases that are not over yet are held in memory.
    pub fn history(&self, from: Instant, to: Instant) -> impl Iterator<Item = Event> + '_ {
        let mut arrivals = self.arrivals(from, to).peekable();
        let mut running: BinaryHeap<Running> = BinaryHeap::new();
        std::iter::from_fn(move || {
            loop {
                let next = running.peek().map(|case| case.at);
                match arrivals.peek() {
                    Some((_, arrival)) if next.is_none_or(|Reverse(at)| *arrival <= at) => {
                        let (number, arrival) = arrivals.next()?;
                        running.extend(Running::new(self.case(number, arrival)));
                    }
                    _ => break,
                }
            }
            let Running { event, rest, .. } = running.pop()?;
            running.extend(Running::of(rest));
            Some(event)
        })
        .take_while(move |event| event.occurred_at <= to)
    }
}

/// A case under way: its next event, and the rest. The earliest is the greatest, for the heap.
struct Running {
    at: Reverse<Instant>,
    event: Event,
    rest: vec::IntoIter<Event>,
}

impl Running {
    fn new(events: Vec<Event>) -> Option<Self> {
        Self::of(events.into_iter())
    }

    fn of(mut rest: vec::IntoIter<Event>) -> Option<Self> {
        let event = rest.next()?;
        Some(Self { at: Reverse(event.occurred_at), event, rest })
    }

    fn key(&self) -> (Reverse<Instant>, Reverse<&str>) {
        (self.at, Reverse(self.event.event_id.as_str()))
    }
}

impl PartialEq for Running {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Running {}

impl PartialOrd for Running {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Running {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}
