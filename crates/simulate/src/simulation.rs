//! A county at work.

use domain::{Event, Instant};

use crate::{County, arrivals::Arrivals, feed::Feed, life::Life, office::OfficeTime};

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

/// A county at work, by the calendar of China.
#[derive(Debug, Clone)]
pub struct Simulation {
    county: County,
    office: OfficeTime,
    options: Options,
}

impl Simulation {
    /// A county at work, by the calendar of China; after its last year, Monday to Friday.
    pub fn new(county: County, options: Options) -> Self {
        Self { county, office: OfficeTime::china(), options }
    }

    /// The whole life of case `number`, arriving at `arrival`, in the order of time; part of it may lie
    /// in the future. It follows from the seed and the number alone, moved to the arrival.
    pub fn case(&self, number: u64, arrival: Instant) -> Vec<Event> {
        Life::new(&self.county, &self.office, self.options.seed, number, arrival).live()
    }

    /// When cases arrive in `from..to`, each with its number, in order: in office hours of working days,
    /// more on Mondays and towards the end of a year. However time is cut into pieces, the same cases
    /// arrive.
    pub fn arrivals(&self, from: Instant, to: Instant) -> impl Iterator<Item = (u64, Instant)> + '_ {
        self.all_arrivals(from).take_while(move |(_, at)| *at < to)
    }

    /// Every event up to and including `to` of the cases that arrive from `from` on, in the order of time.
    /// Only cases that are not over yet are held in memory.
    pub fn history(&self, from: Instant, to: Instant) -> impl Iterator<Item = Event> + '_ {
        let mut feed = self.feed(from);
        std::iter::from_fn(move || feed.next_by(to))
    }

    /// The events of the cases that arrive from `from` on, to be asked for as time passes.
    pub fn feed(&self, from: Instant) -> Feed<'_> {
        Feed::new(self, self.all_arrivals(from))
    }

    fn all_arrivals(&self, from: Instant) -> Arrivals<'_> {
        Arrivals::new(&self.office, self.options.seed, self.options.cases_per_day, from)
    }
}
