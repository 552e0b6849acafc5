//! Fair ranking of departments, windows and items by a rate (docs/figures.md).
//!
//! A small unit is not ranked, a rate comes with its interval, and who handles the harder items is not worse for it:
//! rates are standardised by item to the county's mix. Units are ordered by the *lower* end of the interval, so that
//! nobody leads by luck.

use std::collections::BTreeMap;

use crate::{Text, figures::ratio};

/// Cases of one unit and item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The department, window or item ranked.
    pub unit: Text,
    /// The item of the cases.
    pub item: Text,
    /// Cases that the rate counts, such as those on time.
    pub successes: u64,
    /// All cases that it is taken over.
    pub cases: u64,
}

/// Between what a rate lies, with the confidence asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// A unit with its rate.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Its rank, 1 first; equals share one. None for a unit below the minimum.
    pub rank: Option<u32>,
    /// Its name.
    pub unit: Text,
    /// Its cases.
    pub cases: u64,
    /// Those the rate counts.
    pub successes: u64,
    /// successes / cases.
    pub rate: f64,
    /// The rate with the county's mix of the items that the unit handles: Σ W·p / Σ W.
    pub adjusted: f64,
    /// What the whole county has on the same items in the same mix: whom the unit may be compared with.
    pub county: f64,
    /// As how many cases the adjusted rate is as certain: (Σ W)² / Σ (W² / n); never more than there are.
    pub effective_cases: f64,
    /// Wilson's interval of the adjusted rate over the effective cases.
    pub interval: Interval,
}

/// Units in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ranking {
    /// With enough cases, the best first.
    pub ranked: Vec<Standing>,
    /// With too few, by name.
    pub too_small: Vec<Standing>,
    /// The rate of all cases.
    pub overall: Option<f64>,
}

/// Wilson's score interval (1927) of a share over so many cases, which need not be whole; none over no cases.
/// centre = (p + z²/2n) / (1 + z²/n), half width = z / (1 + z²/n) · √(p(1−p)/n + z²/4n²).
///
/// ```
/// let interval = domain::ranking::wilson(0.9, 10.0, 1.96).unwrap();
/// assert!((interval.low - 0.5958).abs() < 1e-4 && (interval.high - 0.9821).abs() < 1e-4);
/// ```
pub fn wilson(share: f64, cases: f64, z: f64) -> Option<Interval> {
    if cases <= 0.0 {
        return None;
    }
    let z2_by_n = z * z / cases;
    let centre = (share + z2_by_n / 2.0) / (1.0 + z2_by_n);
    let half = (share * (1.0 - share) / cases + z2_by_n / (4.0 * cases)).sqrt() * z / (1.0 + z2_by_n);
    // What rounding adds beyond the share itself, or beyond 0 and 1, is taken away.
    Some(Interval { low: (centre - half).clamp(0.0, share), high: (centre + half).clamp(share, 1.0) })
}

/// Successes and cases.
type Count = (u64, u64);

/// Ranks units by a rate of which more is better.
pub fn rank(cells: &[Cell], min_volume: u64, z: f64) -> Ranking {
    let mut county: BTreeMap<&str, Count> = BTreeMap::new();
    let mut units: BTreeMap<&str, BTreeMap<&str, Count>> = BTreeMap::new();
    for cell in cells.iter().filter(|cell| cell.cases > 0) {
        let of_unit = units.entry(&cell.unit).or_default().entry(&cell.item).or_default();
        for count in [county.entry(&cell.item).or_default(), of_unit] {
            count.0 += cell.successes;
            count.1 += cell.cases;
        }
    }
    let standings = units.iter().map(|(unit, items)| standing(unit, items, &county, z));
    let (mut ranked, too_small): (Vec<_>, Vec<_>) = standings.partition(|standing| standing.cases >= min_volume);
    ranked.sort_by(|a, b| b.interval.low.total_cmp(&a.interval.low).then_with(|| a.unit.cmp(&b.unit)));
    for place in 0..ranked.len() {
        let equal = place.checked_sub(1).map(|before| &ranked[before]).filter(|it| it.interval.low == ranked[place].interval.low);
        ranked[place].rank = equal.and_then(|before| before.rank).or(Some(place as u32 + 1));
    }
    let (successes, cases) = county.values().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    Ranking { ranked, too_small, overall: ratio(successes, cases) }
}

fn standing(unit: &str, items: &BTreeMap<&str, Count>, county: &BTreeMap<&str, Count>, z: f64) -> Standing {
    let (mut successes, mut cases) = (0, 0);
    let (mut weights, mut adjusted, mut expected, mut spread) = (0.0, 0.0, 0.0, 0.0);
    for (item, (succeeded, handled)) in items {
        let (county_succeeded, county_handled) = county[item];
        let weight = county_handled as f64;
        successes += succeeded;
        cases += handled;
        weights += weight;
        adjusted += weight * *succeeded as f64 / *handled as f64;
        expected += county_succeeded as f64;
        spread += weight * weight / *handled as f64;
    }
    let share = (adjusted / weights).clamp(0.0, 1.0);
    let effective_cases = weights * weights / spread;
    // A unit has at least one case, so its interval exists.
    let interval = wilson(share, effective_cases, z).unwrap_or(Interval { low: 0.0, high: 1.0 });
    Standing {
        rank: None,
        unit: unit.into(),
        cases,
        successes,
        rate: successes as f64 / cases as f64,
        adjusted: share,
        county: expected / weights,
        effective_cases,
        interval,
    }
}
