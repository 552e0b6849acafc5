//! Intermediaries (中介机构) on the time standard they have published: stars, and who is proposed for the blacklist.

use crate::{
    Text,
    figures::ratio,
    ranking::{Interval, wilson},
    settings::PartySettings,
};

/// What is on record of a party.
#[derive(Debug, Clone, PartialEq)]
pub struct PartyRecord {
    /// Its name.
    pub party: Text,
    /// Cases it worked for.
    pub cases: u64,
    /// Works: special procedures of its own.
    pub works: u64,
    /// Works not ended yet.
    pub open: u64,
    /// Works ended within their limit.
    pub on_time: u64,
    /// Works ended past their limit, or open past it.
    pub late: u64,
    /// Days used by ended works with a limit, in the unit of each limit.
    pub days_used: f64,
    /// The limits of the same works.
    pub days_allowed: f64,
}

/// How a party does.
#[derive(Debug, Clone, PartialEq)]
pub struct Scorecard {
    /// What it rests on.
    pub record: PartyRecord,
    /// 按时率: on time / (on time + late). Works without a limit are not judged, nor open ones within it.
    pub on_time_share: Option<f64>,
    /// Wilson's interval of it.
    pub interval: Option<Interval>,
    /// 用时占比: Σ days used / Σ limits.
    pub time_share: Option<f64>,
    /// 星级, 1 to 5; none below the minimum of works.
    pub stars: Option<u8>,
    /// 黑名单: proposed, for an officer decides.
    pub blacklist: bool,
}

impl Scorecard {
    /// Rates a party.
    pub fn of(record: PartyRecord, settings: &PartySettings, z: f64) -> Self {
        let judged = record.on_time + record.late;
        let on_time_share = ratio(record.on_time, judged);
        let interval = on_time_share.and_then(|share| wilson(share, judged as f64, z));
        let enough = judged >= settings.min_works;
        let stars = |share: f64| 1 + settings.stars.iter().filter(|from| share >= **from).count() as u8;
        Self {
            on_time_share,
            interval,
            time_share: (record.days_allowed > 0.0).then(|| record.days_used / record.days_allowed),
            stars: on_time_share.filter(|_| enough).map(stars),
            // Bad luck with a few works is not enough: even the upper end must be too low.
            blacklist: enough && interval.is_some_and(|interval| interval.high < settings.blacklist_below),
            record,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(on_time: u64, late: u64) -> Scorecard {
        let works = on_time + late;
        let record =
            PartyRecord { party: "甲".into(), cases: works, works, open: 0, on_time, late, days_used: 6.0, days_allowed: 8.0 };
        Scorecard::of(record, &PartySettings::default(), 1.96)
    }

    #[test]
    fn stars_follow_the_on_time_share_and_few_works_get_none() {
        let stars = |on_time, late| card(on_time, late).stars;
        assert_eq!([stars(98, 2), stars(97, 3), stars(90, 10), stars(80, 20), stars(79, 21)], [5, 4, 3, 2, 1].map(Some));
        assert_eq!(stars(10, 0), Some(5), "just enough works");
        let nothing = Scorecard::of(card(0, 0).record, &PartySettings { min_works: 0, ..PartySettings::default() }, 1.96);
        assert_eq!((nothing.stars, nothing.interval, nothing.blacklist), (None, None, false), "nothing to judge");
        let without_limits = PartyRecord { days_used: 0.0, days_allowed: 0.0, ..card(9, 0).record };
        assert_eq!(Scorecard::of(without_limits, &PartySettings::default(), 1.96).time_share, None);
        assert_eq!((stars(9, 0), card(0, 0).on_time_share, card(9, 0).time_share), (None, None, Some(0.75)));
    }

    #[test]
    fn the_blacklist_is_for_those_who_are_late_beyond_chance() {
        // Half on time: of ten that may be chance (up to 76 %), of a hundred it is not (up to 60 %).
        assert!(!card(5, 5).blacklist);
        assert!(card(50, 50).blacklist);
        assert!(!card(0, 9).blacklist, "too few works");
        assert!(card(0, 10).blacklist);
        let high = card(50, 50).interval.unwrap().high;
        let below = |blacklist_below: f64| {
            let settings = PartySettings { blacklist_below, ..PartySettings::default() };
            Scorecard::of(card(50, 50).record, &settings, 1.96).blacklist
        };
        assert!(!below(high) && below(high + 1e-9));
    }
}
