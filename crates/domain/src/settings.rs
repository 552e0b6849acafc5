//! What figures are judged by: the office's own choices, with defaults. None of them is law.

use serde::{Deserialize, Serialize};

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
