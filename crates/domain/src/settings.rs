//! What figures are judged by: the office's own choices, with defaults. None of them is law.

use serde::{Deserialize, Serialize};

use crate::FindingKind;

/// Settings of figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FigureSettings {
    /// Units with fewer cases are listed apart and not ranked.
    pub min_volume: u64,
    /// How many standard errors an interval is wide on either side: 1.96 is 95 %.
    pub z: f64,
    /// How many cases one window closes within a minute before it is a batch.
    pub batch_at_least: u32,
    /// The findings that make a case suspicious, by their codes.
    pub suspicious: Vec<String>,
    /// Intermediaries (中介机构).
    pub parties: PartySettings,
    /// Forecasts.
    pub forecast: ForecastSettings,
}

/// How intermediaries are rated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PartySettings {
    /// With fewer works held against a limit there are no stars and no blacklist.
    pub min_works: u64,
    /// From which on-time share on there are two, three, four and five stars; below the first there is one.
    pub stars: [f64; 4],
    /// Proposed for the blacklist where even the upper end of the interval of the on-time share is below this.
    pub blacklist_below: f64,
}

/// How forecasts are made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ForecastSettings {
    /// With fewer comparable closed cases of an item those of its department are taken, then all.
    pub at_least: u64,
    /// How many months back cases are compared with.
    pub history_months: u32,
    /// On how many of the latest months, each held back, forecasts are checked.
    pub held_back_months: u32,
}

/// A setting that makes no sense, by its key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {why}")]
pub struct Senseless {
    /// The key, such as `parties.stars`.
    pub key: &'static str,
    /// What was found, and what is expected.
    pub why: String,
}

impl FigureSettings {
    /// Every setting that makes no sense, in their order; none in good settings.
    pub fn mistakes(&self) -> Vec<Senseless> {
        let (parties, forecast) = (&self.parties, &self.forecast);
        let mut mistakes = Vec::new();
        let mut expect = |key: &'static str, is_right: bool, found: String, expected: &str| {
            if !is_right {
                mistakes.push(Senseless { key, why: format!("found {found}, expected {expected}") });
            }
        };
        let at_least_one = "at least 1";
        expect("min_volume", self.min_volume > 0, self.min_volume.to_string(), at_least_one);
        expect("z", self.z > 0.0 && self.z <= MOST_Z, self.z.to_string(), "more than 0 and at most 10");
        // A single closing would be a batch.
        expect("batch_at_least", self.batch_at_least > 1, self.batch_at_least.to_string(), "at least 2");
        for kind in &self.suspicious {
            let known: Vec<&str> = FindingKind::ALL.iter().map(|kind| kind.code()).collect();
            let is_known = FindingKind::from_code(kind).is_some();
            expect("suspicious", is_known, format!("{kind:?}"), &format!("kinds of findings: {}", known.join(", ")));
        }
        expect("parties.min_works", parties.min_works > 0, parties.min_works.to_string(), at_least_one);
        let ascend = parties.stars.is_sorted_by(|a, b| a < b) && parties.stars.iter().all(|it| is_share(*it));
        expect("parties.stars", ascend, format!("{:?}", parties.stars), "four ascending shares between 0 and 1");
        let below = parties.blacklist_below;
        expect("parties.blacklist_below", is_share(below), below.to_string(), "a share between 0 and 1");
        expect("forecast.at_least", forecast.at_least > 0, forecast.at_least.to_string(), at_least_one);
        let months = forecast.history_months;
        expect("forecast.history_months", (1..=MOST_MONTHS).contains(&months), months.to_string(), "1 to 1200");
        // A month held back is forecast from the months before it.
        let held_back = forecast.held_back_months;
        expect("forecast.held_back_months", held_back < months, held_back.to_string(), "fewer than forecast.history_months");
        mistakes
    }
}

/// An interval this wide says nothing any more.
const MOST_Z: f64 = 10.0;
/// A hundred years.
const MOST_MONTHS: u32 = 1200;

fn is_share(number: f64) -> bool {
    (0.0..=1.0).contains(&number)
}

impl Default for FigureSettings {
    fn default() -> Self {
        let suspicious = ["instant_close", "suspension_near_due", "late_entry", "batch_close"];
        Self {
            min_volume: 30,
            z: 1.96,
            batch_at_least: 5,
            suspicious: suspicious.map(str::to_owned).to_vec(),
            parties: PartySettings::default(),
            forecast: ForecastSettings::default(),
        }
    }
}

impl Default for PartySettings {
    fn default() -> Self {
        Self { min_works: 10, stars: [0.80, 0.90, 0.95, 0.98], blacklist_below: 0.70 }
    }
}

impl Default for ForecastSettings {
    fn default() -> Self {
        Self { at_least: 20, history_months: 24, held_back_months: 3 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong_keys(change: impl FnOnce(&mut FigureSettings)) -> Vec<&'static str> {
        let mut settings = FigureSettings::default();
        change(&mut settings);
        settings.mistakes().into_iter().map(|mistake| mistake.key).collect()
    }

    #[test]
    fn the_defaults_make_sense() {
        assert_eq!(FigureSettings::default().mistakes(), []);
        assert_eq!(wrong_keys(|it| it.suspicious.clear()), [""; 0], "nothing may be suspicious");
        assert_eq!(wrong_keys(|it| it.forecast.held_back_months = 0), [""; 0], "forecasts need not be checked");
    }

    #[test]
    fn the_least_and_the_most_that_make_sense_are_taken() {
        let least = |it: &mut FigureSettings| {
            (it.min_volume, it.z, it.batch_at_least) = (1, f64::MIN_POSITIVE, 2);
            (it.parties.min_works, it.parties.stars, it.parties.blacklist_below) = (1, [0.0, 0.1, 0.2, 1.0], 0.0);
            (it.forecast.at_least, it.forecast.history_months, it.forecast.held_back_months) = (1, 1, 0);
        };
        assert_eq!(wrong_keys(least), [""; 0]);
        let most = |it: &mut FigureSettings| {
            (it.z, it.parties.blacklist_below) = (10.0, 1.0);
            (it.forecast.history_months, it.forecast.held_back_months) = (1200, 1199);
        };
        assert_eq!(wrong_keys(most), [""; 0]);
        assert_eq!(wrong_keys(|it| it.z = 10.01), ["z"]);
        assert_eq!(wrong_keys(|it| it.forecast.history_months = 1201), ["forecast.history_months"]);
        assert_eq!(wrong_keys(|it| it.parties.blacklist_below = -0.01), ["parties.blacklist_below"]);
    }

    #[test]
    fn every_setting_that_makes_no_sense_is_named() {
        assert_eq!(wrong_keys(|it| it.min_volume = 0), ["min_volume"]);
        for z in [0.0, -1.96, f64::NAN, f64::INFINITY] {
            assert_eq!(wrong_keys(|it| it.z = z), ["z"], "{z}");
        }
        assert_eq!(wrong_keys(|it| it.batch_at_least = 1), ["batch_at_least"]);
        assert_eq!(wrong_keys(|it| it.parties.min_works = 0), ["parties.min_works"]);
        for stars in [[80.0, 90.0, 95.0, 98.0], [0.9, 0.8, 0.95, 0.98], [0.8, 0.8, 0.9, 1.0], [f64::NAN, 0.8, 0.9, 1.0]] {
            assert_eq!(wrong_keys(|it| it.parties.stars = stars), ["parties.stars"], "{stars:?}");
        }
        assert_eq!(wrong_keys(|it| it.parties.blacklist_below = 70.0), ["parties.blacklist_below"]);
        assert_eq!(wrong_keys(|it| it.forecast.at_least = 0), ["forecast.at_least"]);
        assert_eq!(wrong_keys(|it| it.forecast.history_months = 2000), ["forecast.history_months"]);
        assert_eq!(wrong_keys(|it| it.forecast.held_back_months = 24), ["forecast.held_back_months"]);
        // All of them at once.
        assert_eq!(wrong_keys(|it| (it.min_volume, it.forecast.history_months) = (0, 0)).len(), 3);
    }

    #[test]
    fn a_kind_of_finding_that_does_not_exist_is_told_with_those_that_do() {
        let settings = FigureSettings { suspicious: vec!["late_entry".into(), "late_entries".into()], ..Default::default() };
        let told: Vec<String> = settings.mistakes().iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("suspicious: found \"late_entries\"") && told[0].contains("late_entry, "), "{told:?}");
    }
}
