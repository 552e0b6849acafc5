//! The probability that an open case will miss its promise, from what happened to cases like it.
//!
//! Empirical conditional survival, nothing fitted: of the closed cases of the same item that took at least as long as
//! this one has so far, the share that took longer than its limit, P(T > L | T ≥ u). T is in net working days, with
//! the day in progress charged whole as everywhere, so a case that has used u days may still end with u.
//! Where too few of the item are left to compare with, the cases of the department are taken, then all; limits of
//! different items differ, so there the days are compared as shares of the limit. Open cases are not in the history,
//! which makes forecasts a little bright where much is still open; the calibration shows by how much.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Calendar, Instant, Text, Uncovered,
    event::coded,
    ranking::{Interval, wilson},
};

/// What two numbers of days differ by where only rounding tells them apart.
const ROUNDING: f64 = 1e-6;

/// How far into their limits the cases of held-back months are looked at: at acceptance, half way, near the end.
pub const CHECKPOINTS: [f64; 3] = [0.0, 0.5, 0.8];

/// Where bands of predicted probability begin.
const BANDS: [f64; 6] = [0.0, 0.05, 0.2, 0.4, 0.6, 0.8];

/// Closed cases that are alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Past {
    /// The local month they were closed in, such as `2018-10`.
    pub month: Text,
    /// Their item.
    pub item: Text,
    /// Their department.
    pub department: Text,
    /// Net working days they took.
    pub days: f64,
    /// Their promise in working days.
    pub limit_days: f64,
    /// Whether they missed it.
    pub late: bool,
    /// How many there are.
    pub cases: u64,
}

/// An open case, as far as a forecast needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenCase {
    /// Its item.
    pub item: Text,
    /// Its department.
    pub department: Text,
    /// Net working days used so far.
    pub used_days: f64,
    /// Its promise in working days.
    pub limit_days: f64,
}

/// An open case as its row tells it: as of `valid_from`, for nothing but time has passed since.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenState {
    /// The case.
    pub case_no: Text,
    /// Its item; empty where none is named.
    pub item: Text,
    /// Its department; empty where none is named.
    pub department: Text,
    /// Whether its clock stands still.
    pub suspended: bool,
    /// Net working days used.
    pub used_days: f64,
    /// Days left of its promise.
    pub left_days: f64,
    /// When its promise runs out; none while nobody can say.
    pub due_at: Option<Instant>,
    /// Since when all of this holds.
    pub valid_from: Instant,
}

impl OpenState {
    /// The case as of an instant. While its clock stands still nothing is added; else the working days since, and its
    /// limit is what it has used and the working days up to its due day: so a promise in any unit is one in working
    /// days.
    ///
    /// # Errors
    /// The calendar does not reach so far.
    pub fn as_of(&self, now: Instant, calendar: &Calendar) -> Result<OpenCase, Uncovered> {
        let since = if self.suspended { 0 } else { calendar.working_days_since(self.valid_from, now)? };
        let used_days = self.used_days + f64::from(since);
        let limit_days = match self.due_at {
            // Over by at least a day, as everywhere; also where the clock was stopped only afterwards.
            Some(due) if now > due => used_days - f64::from(calendar.working_days_since(due, now)?.max(1)),
            Some(due) if !self.suspended => used_days + f64::from(calendar.working_days_since(now, due)?),
            _ => self.used_days + self.left_days,
        };
        Ok(OpenCase { item: self.item.clone(), department: self.department.clone(), used_days, limit_days })
    }
}

coded! {
    /// With what a case was compared.
    Basis {
        /// Nothing: its promise is already missed.
        Missed = "missed",
        /// Closed cases of the same item, by days.
        Item = "item",
        /// Closed cases of the same department, by share of the limit.
        Department = "department",
        /// All closed cases, by share of the limit.
        All = "all",
    }
}

/// What is to be expected of a case.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    /// Probability to miss the promise: missed / at risk.
    pub probability: f64,
    /// Wilson's interval of it.
    pub interval: Interval,
    /// With what it was compared.
    pub basis: Basis,
    /// Closed cases that took at least as long as this one has so far.
    pub at_risk: u64,
    /// Those of them that took longer than its limit.
    pub missed: u64,
}

/// How long cases took: ascending, each with how many took at least as long.
#[derive(Debug, Default)]
struct Durations(Vec<(f64, u64)>);

impl Durations {
    fn new(mut taken: Vec<(f64, u64)>) -> Self {
        taken.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut longer = 0;
        for (_, cases) in taken.iter_mut().rev() {
            longer += *cases;
            *cases = longer;
        }
        Self(taken)
    }

    /// How many took at least so long.
    fn at_least(&self, days: f64) -> u64 {
        let shorter = self.0.partition_point(|(taken, _)| *taken < days - ROUNDING);
        self.0.get(shorter).map_or(0, |(_, cases)| *cases)
    }

    /// How many took longer.
    fn longer_than(&self, days: f64) -> u64 {
        let not_longer = self.0.partition_point(|(taken, _)| *taken <= days + ROUNDING);
        self.0.get(not_longer).map_or(0, |(_, cases)| *cases)
    }
}

/// Knows what closed cases took.
#[derive(Debug, Default)]
pub struct Forecaster {
    items: BTreeMap<Text, Durations>,
    departments: BTreeMap<Text, Durations>,
    all: Durations,
    at_least: u64,
    z: f64,
}

impl Forecaster {
    /// Learns from closed cases; fewer than `at_least` comparable ones are not enough for a basis.
    pub fn new<'a>(past: impl IntoIterator<Item = &'a Past>, at_least: u64, z: f64) -> Self {
        let mut items: BTreeMap<Text, Vec<(f64, u64)>> = BTreeMap::new();
        let mut departments: BTreeMap<Text, Vec<(f64, u64)>> = BTreeMap::new();
        let mut all = Vec::new();
        for past in past.into_iter().filter(|past| past.limit_days > 0.0) {
            let (days, share) = past.taken();
            items.entry(past.item.clone()).or_default().push((days, past.cases));
            departments.entry(past.department.clone()).or_default().push((share, past.cases));
            all.push((share, past.cases));
        }
        let sorted =
            |by: BTreeMap<Text, Vec<(f64, u64)>>| by.into_iter().map(|(key, taken)| (key, Durations::new(taken))).collect();
        // A basis of nothing has no share.
        Self { items: sorted(items), departments: sorted(departments), all: Durations::new(all), at_least: at_least.max(1), z }
    }

    /// What is to be expected of a case; none where there is too little to compare with, or no limit.
    pub fn forecast(&self, case: &OpenCase) -> Option<Forecast> {
        let (used, limit) = (case.used_days, case.limit_days);
        if used > limit + ROUNDING {
            let interval = Interval { low: 1.0, high: 1.0 };
            return Some(Forecast { probability: 1.0, interval, basis: Basis::Missed, at_risk: 0, missed: 0 });
        }
        if limit <= 0.0 {
            return None;
        }
        let bases = [
            (Basis::Item, self.items.get(&case.item), used, limit),
            (Basis::Department, self.departments.get(&case.department), used / limit, 1.0),
            (Basis::All, Some(&self.all), used / limit, 1.0),
        ];
        bases.into_iter().find_map(|(basis, durations, used, limit)| {
            let durations = durations?;
            let at_risk = durations.at_least(used);
            if at_risk < self.at_least {
                return None;
            }
            let missed = durations.longer_than(limit);
            let probability = missed as f64 / at_risk as f64;
            let interval = wilson(probability, at_risk as f64, self.z)?;
            Some(Forecast { probability, interval, basis, at_risk, missed })
        })
    }
}

impl Past {
    /// The days it took, and their share of the limit. A late case took longer than its limit, also where the day in
    /// progress, charged whole, hides it.
    fn taken(&self) -> (f64, f64) {
        let (days, share) = (self.days, self.days / self.limit_days);
        if self.late { (days.max(self.limit_days + 2.0 * ROUNDING), share.max(1.0 + 2.0 * ROUNDING)) } else { (days, share) }
    }
}

/// Forecasts of one band of probability, against what came of them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Band {
    /// From this probability on,
    pub from: f64,
    /// and below this one (the last one includes 1).
    pub to: f64,
    /// How many forecasts.
    pub forecasts: u64,
    /// Their mean probability.
    pub predicted: Option<f64>,
    /// The share that did miss the promise.
    pub observed: Option<f64>,
    /// Wilson's interval of that share.
    pub interval: Option<Interval>,
}

/// Checks forecasts on the latest months: each is held back, forecast from the months before it, at every
/// [checkpoint](CHECKPOINTS) that a case was still open at, and compared with what came of it.
pub fn calibrate(past: &[Past], held_back: usize, at_least: u64, z: f64) -> Vec<Band> {
    let months: BTreeSet<&Text> = past.iter().map(|past| &past.month).collect();
    let mut sums = [(0u64, 0.0f64, 0u64); BANDS.len()];
    for month in months.iter().rev().take(held_back) {
        let forecaster = Forecaster::new(past.iter().filter(|past| past.month < **month), at_least, z);
        for case in past.iter().filter(|past| past.month == **month) {
            for checkpoint in CHECKPOINTS {
                let used_days = checkpoint * case.limit_days;
                if case.taken().0 < used_days {
                    continue;
                }
                let (item, department) = (case.item.clone(), case.department.clone());
                let open = OpenCase { item, department, used_days, limit_days: case.limit_days };
                let Some(forecast) = forecaster.forecast(&open) else { continue };
                let band = &mut sums[BANDS.partition_point(|from| *from <= forecast.probability) - 1];
                band.0 += case.cases;
                band.1 += forecast.probability * case.cases as f64;
                band.2 += if case.late { case.cases } else { 0 };
            }
        }
    }
    let band = |(number, (forecasts, predicted, missed)): (usize, (u64, f64, u64))| {
        let share = |part: f64| (forecasts > 0).then(|| part / forecasts as f64);
        let observed = share(missed as f64);
        Band {
            from: BANDS[number],
            to: BANDS.get(number + 1).copied().unwrap_or(1.0),
            forecasts,
            predicted: share(predicted),
            observed,
            interval: observed.and_then(|observed| wilson(observed, forecasts as f64, z)),
        }
    };
    sums.into_iter().enumerate().map(band).collect()
}
