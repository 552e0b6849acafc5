//! The built-in profiles, each held against what its city wrote.

use crate::common::*;
use domain::{event::Procedure, *};

/// The cards on the clocks of the case: clock, level, the instant crossed.
fn cards(office: &Office, events: &[Event], as_of: &str) -> Vec<String> {
    let case = office.assess(events, cn(as_of));
    let of_the_case = case.cards.iter().filter(|card| matches!(card.clock, ClockKind::Promised | ClockKind::Statutory));
    of_the_case.map(|card| format!("{} {} {}", card.clock.code(), card.level.code(), text(card.crossed_at))).collect()
}

#[test]
fn zhongshan_2006_reminds_one_day_before_a_short_limit_and_two_before_a_long_one() {
    let events = [accepted("2018-10-15 10:00")];
    // Ten working days end on 29 October, eleven on the 30th.
    let short = Office::new("zhongshan-2006", "10 working_days", "60 working_days");
    assert_eq!(
        cards(&short, &events, "2018-11-15 10:00"),
        ["promised reminder 2018-10-26T17:00:00+08:00", "promised yellow 2018-10-29T17:00:00+08:00"]
    );
    let long = Office::new("zhongshan-2006", "11 working_days", "60 working_days");
    assert_eq!(
        cards(&long, &events, "2018-11-15 10:00"),
        ["promised reminder 2018-10-26T17:00:00+08:00", "promised yellow 2018-10-30T17:00:00+08:00"]
    );
}

#[test]
fn zhongshan_2006_holds_the_red_card_until_the_promise_is_missed_by_more_than_the_reminder_span() {
    let events = [accepted("2018-10-15 10:00")];
    let red = |promised: &str, statutory: &str| {
        let office = Office::new("zhongshan-2006", promised, statutory);
        cards(&office, &events, "2018-12-03 10:00").pop().unwrap()
    };
    // The law is broken on 30 October in both; the promise a day, and two, before.
    assert_eq!(red("11 working_days", "11 working_days"), "statutory red 2018-11-01T17:00:00+08:00");
    assert_eq!(red("10 working_days", "11 working_days"), "statutory red 2018-10-30T17:00:00+08:00");
    assert_eq!(red("10 working_days", "10 working_days"), "statutory red 2018-10-30T17:00:00+08:00");
    assert_eq!(red("7 working_days", "20 working_days"), "statutory red 2018-11-12T17:00:00+08:00");
    // Without a promise there is nothing to wait for.
    assert_eq!(red("none", "10 working_days"), "statutory red 2018-10-29T17:00:00+08:00");
}

#[test]
fn chengdu_2010_is_yellow_near_due_and_red_overdue() {
    let office = Office::new("chengdu-2010", "10 working_days", "20 working_days");
    assert_eq!(
        cards(&office, &[accepted("2018-10-15 10:00")], "2018-12-03 10:00"),
        [
            "promised yellow 2018-10-26T17:00:00+08:00",
            "promised red 2018-10-29T17:00:00+08:00",
            "statutory red 2018-11-12T17:00:00+08:00"
        ]
    );
}

#[test]
fn chengdu_2010_takes_what_is_abnormal_for_red() {
    let office = Office::new("chengdu-2010", "10 working_days", "20 working_days");
    let events = [
        accepted("2018-10-15 10:00"),
        special_ended("never-begun", "2018-10-16 10:00"),
        special("s", "2018-10-17 10:00", Procedure::Hearing, Some(1)),
    ];
    let case = office.assess(&events, cn("2018-10-17 11:00"));
    let found: Vec<_> = case.findings.iter().map(|finding| (finding.kind.code(), finding.severity.code())).collect();
    assert_eq!(found, [("impossible_order", "red")]);
    let unknown = Event { item: Some("nobody-knows".into()), ..accepted("2018-10-15 10:00") };
    assert_eq!(office.assess(&[unknown], cn("2018-10-16 10:00")).findings[0].severity.code(), "info");
}

#[test]
fn every_built_in_profile_has_a_card_for_every_clock() {
    for name in Profile::built_in_names() {
        let profile = Profile::built_in(name).unwrap();
        for clock in ClockKind::ALL {
            assert!(profile.rules.iter().any(|rule| rule.clock == *clock), "{name}: {clock:?}");
        }
    }
}
