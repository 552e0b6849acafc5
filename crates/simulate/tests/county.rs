//! The sample county, held against what a county is like.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use domain::{Calendar, CaseEvents, Event, Figures, FindingKind, Instant, Profile, Rules, assess};
use simulate::{
    County, Options, Simulation,
    faults::{Faults, messages},
};

fn half_a_year(seed: u64) -> Vec<Event> {
    let simulation = Simulation::new(County::sample(), Options { seed, cases_per_day: 40 });
    let at = |text| Instant::parse(text).unwrap();
    simulation.history(at("2025-03-01T00:00:00+08:00"), at("2025-09-01T00:00:00+08:00")).collect()
}

#[test]
fn the_sample_county_is_as_large_as_promised() {
    let county = County::sample();
    let items = county.catalog().newest();
    let departments: BTreeSet<_> = items.iter().map(|item| &item.department).collect();
    assert!(items.len() >= 40 && departments.len() >= 12, "{} items, {} departments", items.len(), departments.len());
    assert_eq!(items.iter().filter(|item| item.department == "环境保护局").count(), 12);
}

#[test]
fn a_seed_decides_everything_and_time_runs_forward() {
    let events = half_a_year(1);
    assert_eq!(events, half_a_year(1));
    assert_ne!(events, half_a_year(2));
    assert!(events.is_sorted_by_key(|event| event.occurred_at));
    assert!(events.len() > 20_000, "{}", events.len());
}

#[test]
fn a_half_year_looks_like_one() {
    let events = half_a_year(1);
    let county = County::sample();
    let (calendar, profile) = (Calendar::china(), Profile::built_in("default").unwrap());
    let rules = Rules { catalog: county.catalog(), calendar: &calendar, profile: &profile };
    let kinds: BTreeSet<&str> = events.iter().map(|event| event.kind.name()).collect();
    assert!(kinds.len() >= 17, "{kinds:?}");
    let mut cases: std::collections::BTreeMap<_, CaseEvents> = Default::default();
    for event in events {
        cases.entry(event.case_no.clone()).or_default().insert(event);
    }
    let as_of = Instant::parse("2025-09-01T00:00:00+08:00").unwrap();
    let assessments: Vec<_> = cases.values().filter_map(|case| assess(case, &rules, as_of)).collect();
    let figures: Figures = assessments.iter().collect();
    let within =
        |value: Option<f64>, low: f64, high: f64| assert!((low..high).contains(&value.unwrap()), "{value:?}: {figures:?}");
    within(figures.on_time_rate, 0.85, 0.99);
    within(figures.same_day_rate, 0.2, 0.7);
    within(figures.satisfaction_rate, 0.9, 1.0);
    within(figures.promised_speed_up.weighted, 0.2, 0.7);
    let found: BTreeSet<FindingKind> = figures.findings.keys().copied().collect();
    for kind in
        [FindingKind::SecondCorrection, FindingKind::DeemedAccepted, FindingKind::LateEntry, FindingKind::MissingMandatoryStep]
    {
        assert!(found.contains(&kind), "{kind:?} in {found:?}");
    }
}

#[test]
fn exactly_the_broken_messages_cannot_be_read() {
    let events = half_a_year(3);
    let messages = messages(&events[..8_000], Faults::default(), 7, Calendar::china().zone());
    assert!(messages.iter().filter(|message| message.broken).count() > 40);
    for message in &messages {
        let read = wire::decode_message(message.key.as_deref(), Some(&message.payload));
        assert_eq!(
            read.is_err(),
            message.broken,
            "{read:?}: {}",
            String::from_utf8_lossy(&message.payload[..message.payload.len().min(300)])
        );
    }
}
