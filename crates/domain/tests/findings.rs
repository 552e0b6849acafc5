//! Every finding with its evidence.

mod common;

use common::*;
use domain::*;

fn found(events: &[Event]) -> Vec<(&'static str, Vec<String>)> {
    let office = Office::new("default", "7 working_days", "20 working_days");
    let case = office.assess(events, cn("2018-12-03 10:00"));
    case.findings.iter().map(|it| (it.kind.code(), it.events.iter().map(ToString::to_string).collect())).collect()
}

#[test]
fn a_second_request_for_correction_is_found_with_both_requests() {
    let ask = |id: &str, when: &str| event(id, cn(when), Kind::CorrectionRequested);
    let answer = |id: &str, when: &str| event(id, cn(when), Kind::Corrected);
    let events = [
        accepted("2018-10-15 10:00"),
        ask("q1", "2018-10-16 09:00"),
        answer("a1", "2018-10-17 09:00"),
        ask("q2", "2018-10-18 09:00"),
        answer("a2", "2018-10-19 09:00"),
        closed("2018-10-22 09:00"),
    ];
    assert_eq!(found(&events), [("second_correction", vec!["q1".to_owned(), "q2".to_owned()])]);
}

#[test]
fn an_entry_more_than_a_day_late_is_found() {
    let late = |hours: i64| Event {
        recorded_at: Some(cn("2018-10-15 10:00").plus_ms(hours * 3_600_000 + 1)),
        ..accepted("2018-10-15 10:00")
    };
    assert_eq!(found(&[late(24), closed("2018-10-18 10:00")]), [("late_entry", vec!["accepted".to_owned()])]);
    assert_eq!(found(&[late(23), closed("2018-10-18 10:00")]), []);
}

#[test]
fn an_order_that_cannot_be_is_found() {
    let end = special_ended("never-begun", "2018-10-16 10:00");
    assert_eq!(
        found(&[accepted("2018-10-15 10:00"), end, closed("2018-10-18 10:00")]),
        [("impossible_order", vec!["never-begun".to_owned()])]
    );
    assert_eq!(
        found(&[accepted("2018-10-15 10:00"), closed("2018-10-12 10:00")]),
        [("impossible_order", vec!["closed".to_owned(), "accepted".to_owned()])]
    );
}

#[test]
fn a_decision_without_a_mandatory_step_is_found() {
    let mut office = Office::new("default", "7 working_days", "20 working_days");
    office.catalog = Catalog::from_csv("code,name,department,form,mandatory_steps\na,甲,局,committed,review\n").unwrap();
    let review = event("reviewed", cn("2018-10-16 10:00"), Kind::StepCompleted { step: "review".into(), result: None });
    let begun = event("begun", cn("2018-10-16 09:00"), Kind::StepStarted { step: "review".into() });
    let kinds = |events: &[Event]| -> Vec<FindingKind> {
        office.assess(events, cn("2018-12-03 10:00")).findings.iter().map(|it| it.kind).collect()
    };
    let (accepted, closed) = (accepted("2018-10-15 10:00"), closed("2018-10-18 10:00"));
    assert_eq!(kinds(&[accepted.clone(), closed.clone()]), [FindingKind::MissingMandatoryStep]);
    assert_eq!(kinds(&[accepted, begun, review, closed]), []);
}
