//! When a case becomes another one by itself: what it is asked again for, and from when on an answer holds.

use crate::common::*;
use domain::{assess::first_change, *};

#[test]
fn a_case_whose_events_all_lie_ahead_has_no_assessment_and_a_first_change() {
    let office = Office::new("default", "7 working_days", "20 working_days");
    let case: CaseEvents = [closed("2018-10-18 10:00"), accepted("2018-10-15 10:00")].into_iter().collect();
    assert_eq!(assess(&case, &office.rules(), cn("2018-10-14 10:00")), None);
    assert_eq!(first_change(&case), Some(cn("2018-10-15 10:00")));
    assert_eq!(first_change(&CaseEvents::default()), None);
}

/// Promise due on Wednesday 10-24, law on Monday 11-12 (20 days), a reminder a working day before each.
#[test]
fn every_change_that_time_alone_brings_is_told_ahead_one_after_the_other() {
    let office = Office::new("default", "7 working_days", "20 working_days");
    let events = [accepted("2018-10-15 10:00")];
    let mut told = Vec::new();
    let mut now = cn("2018-10-15 10:00");
    while let Some(next) = office.assess(&events, now).next_change {
        assert!(next > now, "a change lies ahead");
        let before = office.assess(&events, next.plus_ms(-1));
        let after = office.assess(&events, next);
        assert_eq!((before.next_change, after.valid_from), (Some(next), next), "it is where it was said to be");
        told.push((text(next), after.cards.len(), after.elapsed_days.is_some()));
        now = next;
    }
    let expected = [
        ("2018-10-23T17:00:00.001+08:00", 1, true),
        ("2018-10-24T17:00:00.001+08:00", 2, true),
        ("2018-11-12T17:00:00.001+08:00", 3, true),
        ("2027-01-01T00:00:00+08:00", 3, false),
    ];
    assert_eq!(told, expected.map(|(when, cards, has_days)| (when.to_owned(), cards, has_days)));
}

#[test]
fn a_case_closed_at_the_very_due_time_changes_no_more() {
    let office = Office::new("default", "7 working_days", "20 working_days");
    let case = office.assess(&[accepted("2018-10-15 10:00"), closed("2018-10-24 17:00")], cn("2018-12-01 10:00"));
    assert_eq!((case.valid_from, case.next_change), (cn("2018-10-24 17:00"), None));
    assert!(!case.promised.unwrap().late);
}
