//! When people come.

use std::vec;

use domain::Instant;
use jiff::{
    ToSpan,
    civil::{Date, Weekday},
};
use rand::{Rng, RngExt};

use crate::{
    office::{OfficeTime, SECOND_MS},
    random::{Purpose, bell, rng},
};

/// Cases of one day are numbered below this.
const MOST_A_DAY: u64 = 1_000_000;

/// Against an ordinary month: few before and after the Spring Festival, many before the year ends.
const SEASON: [f64; 12] = [0.80, 0.65, 1.15, 1.10, 1.00, 1.05, 0.95, 0.90, 1.05, 0.95, 1.10, 1.25];

/// Arrivals from an instant on, day by day. Every day stands for itself, so that the same cases come
/// however the time is cut into pieces.
pub(crate) struct Arrivals<'a> {
    office: &'a OfficeTime,
    seed: u64,
    cases_per_day: u32,
    from: Instant,
    next_day: Option<Date>,
    today: vec::IntoIter<(u64, Instant)>,
}

impl<'a> Arrivals<'a> {
    pub(crate) fn new(office: &'a OfficeTime, seed: u64, cases_per_day: u32, from: Instant) -> Self {
        let next_day = Some(office.local_date(from));
        Self { office, seed, cases_per_day, from, next_day, today: Vec::new().into_iter() }
    }

    fn day(&self, date: Date) -> Vec<(u64, Instant)> {
        let first = u64::from(date.year().unsigned_abs()) * 10_000 + date.month() as u64 * 100 + date.day() as u64;
        let mut rng = rng(self.seed, Purpose::Arrivals, first);
        let mean = f64::from(self.cases_per_day) * day_factor(date);
        let count = (mean + mean.sqrt() * bell(&mut rng)).round().clamp(0.0, (MOST_A_DAY - 1) as f64) as u64;
        let mut times: Vec<i64> = (0..count).map(|_| time_of_day(&mut rng, self.office.day_ms())).collect();
        times.sort_unstable();
        let numbered = (1..).zip(times);
        numbered.filter_map(|(number, time)| Some((first * MOST_A_DAY + number, self.office.on_day(date, time)?))).collect()
    }
}

impl Iterator for Arrivals<'_> {
    type Item = (u64, Instant);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let from = self.from;
            if let Some(arrival) = self.today.find(|(_, at)| *at >= from) {
                return Some(arrival);
            }
            let date = self.next_day?;
            self.next_day = date.checked_add(1.day()).ok().filter(|next| {
                // Before the first year there is nobody yet; after the last one there never will be.
                self.office.is_answered_for(*next) || !self.office.is_answered_for(date)
            });
            self.today = self.day(date).into_iter();
        }
    }
}

fn day_factor(date: Date) -> f64 {
    let weekday = match date.weekday() {
        Weekday::Monday => 1.35,
        Weekday::Tuesday => 1.05,
        Weekday::Wednesday | Weekday::Thursday => 0.95,
        Weekday::Friday => 0.80,
        // A weekend day that is worked: few know.
        Weekday::Saturday | Weekday::Sunday => 0.55,
    };
    weekday * SEASON[date.month().clamp(1, 12) as usize - 1]
}

/// Office milliseconds after the opening, on a whole second: most come in the morning.
fn time_of_day(rng: &mut impl Rng, day_ms: i64) -> i64 {
    let seconds = day_ms / SECOND_MS;
    let until = if rng.random_bool(0.5) { seconds * 2 / 5 } else { seconds * 19 / 20 };
    rng.random_range(0..until.max(1)) * SECOND_MS
}
