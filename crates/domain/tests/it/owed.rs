//! Clocks that live on after a case is closed, and those of intermediaries.

use crate::common::*;
use domain::{event::Decision, *};

fn office() -> Office {
    Office::new("default", "7 working_days", "20 working_days")
}

/// The clocks of a kind: instance, due time, whether ended, whether late.
fn clocks(case: &Assessment, kind: ClockKind) -> Vec<(&str, Option<String>, bool, bool)> {
    let spans = case.spans.iter().filter(|span| span.clock == kind);
    spans.map(|span| (span.instance.as_str(), span.due_at.map(text), span.ended_at.is_some(), span.late)).collect()
}

fn cards(case: &Assessment, kind: ClockKind) -> Vec<(&str, &'static str)> {
    case.cards.iter().filter(|card| card.clock == kind).map(|card| (card.instance.as_str(), card.level.code())).collect()
}

fn kinds(case: &Assessment) -> Vec<&'static str> {
    case.findings.iter().map(|finding| finding.kind.code()).collect()
}

#[test]
fn each_deferred_material_has_a_clock_up_to_its_own_day() {
    let papers = [("施工图", "2018-10-22 17:00"), ("验资证明", "2018-10-30 17:00")];
    let mut events = vec![accepted_without("2018-10-15 10:00", &papers), closed("2018-10-18 10:00")];
    let due = |day: u32| Some(format!("2018-10-{day}T17:00:00+08:00"));
    let open = office().assess(&events, cn("2018-10-19 10:00"));
    assert_eq!(open.status, Status::Closed);
    assert!(!open.is_settled(), "papers are owed after the case is closed");
    let both = [("施工图", due(22), false, false), ("验资证明", due(30), false, false)];
    assert_eq!(clocks(&open, ClockKind::Deferred), both);
    // One day before each is the reminder; the first paper came in time, the second never.
    events.push(supplied("in", "2018-10-19 16:00", &["施工图"]));
    let late = office().assess(&events, cn("2018-10-30 17:01"));
    assert_eq!(clocks(&late, ClockKind::Deferred), [("施工图", due(22), true, false), ("验资证明", due(30), false, true)]);
    assert_eq!(cards(&late, ClockKind::Deferred), [("验资证明", "reminder"), ("验资证明", "yellow")]);
    assert_eq!(kinds(&late), ["deferred_overdue"]);
    assert_eq!(late.findings[0].detail.as_deref(), Some("验资证明"));
    assert!(late.is_settled());
}

#[test]
fn materials_supplied_without_names_are_all_and_names_of_two_papers_alike_are_told_apart() {
    let papers = [("图", "2018-10-22 17:00"), ("图", "2018-10-23 17:00")];
    let events = [accepted_without("2018-10-15 10:00", &papers), supplied("in", "2018-10-23 09:00", &[])];
    let case = office().assess(&events, cn("2018-10-24 10:00"));
    let ended: Vec<_> = clocks(&case, ClockKind::Deferred).iter().map(|it| (it.0.to_owned(), it.2, it.3)).collect();
    assert_eq!(ended, [("图".to_owned(), true, true), ("图#2".to_owned(), true, false)]);
    let evidence: Vec<&str> = case.findings[0].events.iter().map(|id| id.as_str()).collect();
    assert_eq!((kinds(&case), evidence), (vec!["deferred_overdue"], vec!["accepted", "in"]));
}

#[test]
fn nothing_is_owed_for_an_application_that_was_refused_or_withdrawn() {
    let accepted = accepted_without("2018-10-15 10:00", &[("图", "2018-10-22 17:00")]);
    for ending in [
        Kind::Decided { outcome: Decision::Refused, reasoned: true },
        Kind::Closed { outcome: Outcome::Withdrawn },
        Kind::Closed { outcome: Outcome::Voided },
    ] {
        let case = office().assess(&[accepted.clone(), event("end", cn("2018-10-18 10:00"), ending)], cn("2018-12-03 10:00"));
        assert!(cards(&case, ClockKind::Deferred).is_empty() && kinds(&case).is_empty() && case.is_settled());
    }
}

#[test]
fn a_bad_rating_is_rectified_within_fifteen_working_days() {
    let rated = |id: &str, when: &str, score| event(id, cn(when), Kind::Rated { score });
    let mut events = vec![accepted("2018-10-15 10:00"), closed("2018-10-18 10:00"), rated("bad", "2018-10-19 20:00", 4)];
    events.push(rated("good", "2018-10-19 21:00", 3));
    let open = office().assess(&events, cn("2018-10-22 10:00"));
    let due = Some("2018-11-09T17:00:00+08:00".to_owned());
    assert_eq!(clocks(&open, ClockKind::Rectification), [("bad", due.clone(), false, false)]);
    assert!(!open.is_settled() && open.next_change.is_some());
    let late = office().assess(&events, cn("2018-11-09 17:01"));
    assert_eq!((kinds(&late), late.findings[0].events.clone()), (vec!["unrectified_rating"], vec!["bad".into()]));
    assert_eq!(cards(&late, ClockKind::Rectification), [("bad", "reminder"), ("bad", "yellow")]);
    events.push(event("done", cn("2018-11-12 10:00"), Kind::RatingRectified));
    let rectified = office().assess(&events, cn("2018-11-13 10:00"));
    assert_eq!(clocks(&rectified, ClockKind::Rectification), [("bad", due, true, true)]);
    assert_eq!((kinds(&rectified), cards(&rectified, ClockKind::Rectification).len()), (vec![], 2), "the card stays");
}

#[test]
fn each_complaint_is_resolved_within_five_working_days_the_first_first() {
    let at = |id: &str, when: &str, kind| event(id, cn(when), kind);
    let events = [
        accepted("2018-10-15 10:00"),
        closed("2018-10-18 10:00"),
        at("c1", "2018-10-22 10:00", Kind::Complained),
        at("c2", "2018-10-23 10:00", Kind::Complained),
        at("r1", "2018-10-24 10:00", Kind::ComplaintResolved),
    ];
    let case = office().assess(&events, cn("2018-10-30 17:01"));
    let due = |day: u32| Some(format!("2018-10-{day}T17:00:00+08:00"));
    assert_eq!(clocks(&case, ClockKind::Complaint), [("c1", due(29), true, false), ("c2", due(30), false, true)]);
    assert_eq!(cards(&case, ClockKind::Complaint), [("c2", "reminder"), ("c2", "yellow")]);
}

#[test]
fn an_answer_to_what_nobody_said_is_an_impossible_order() {
    let case = |kind| {
        let events = [accepted("2018-10-15 10:00"), closed("2018-10-18 10:00"), event("answer", cn("2018-10-19 10:00"), kind)];
        office().assess(&events, cn("2018-10-22 10:00"))
    };
    for kind in [Kind::ComplaintResolved, Kind::RatingRectified] {
        let case = case(kind);
        assert_eq!((kinds(&case), case.findings[0].events.clone()), (vec!["impossible_order"], vec!["answer".into()]));
    }
}

#[test]
fn the_work_of_an_intermediary_stops_the_departments_clock_and_has_its_own_limit() {
    let mut office = office();
    office.catalog = Catalog::from_toml(
        r#"
        [[item]]
        code = "a"
        name = "甲"
        department = "环境保护局"
        form = "committed"
        promised_limit = "7 working_days"
        [[party]]
        name = "测绘公司"
        limit = "3 working_days"
        "#,
    )
    .unwrap();
    let events = [
        accepted("2018-10-15 10:00"),
        external("survey", "2018-10-16 09:00", "测绘公司"),
        special_ended("surveyed", "2018-10-23 09:00"),
        external("other", "2018-10-24 09:00", "别家"),
    ];
    let case = office.assess(&events, cn("2018-10-24 10:00"));
    // Three days were published, five were taken; all five are the intermediary's, not the department's.
    assert_eq!((case.status, case.suspended_days), (Status::Suspended, Some(5.0)));
    let due = Some("2018-10-19T17:00:00+08:00".to_owned());
    assert_eq!(clocks(&case, ClockKind::Special), [("survey", due, true, true), ("other", None, false, false)]);
    let parties: Vec<Option<&str>> = case.spans.iter().map(|span| span.party.as_deref()).filter(Option::is_some).collect();
    assert_eq!(parties, [Some("测绘公司"), Some("别家")]);
    assert_eq!(cards(&case, ClockKind::Special), [("survey", "reminder"), ("survey", "yellow")]);
}

#[test]
fn the_flags_of_the_fast_lanes_are_told() {
    let acceptance = event::Acceptance { green_channel: true, key_project: true, ..Default::default() };
    let fast = Event { kind: Kind::Accepted(Box::new(acceptance)), ..accepted("2018-10-15 10:00") };
    let case = office().assess(&[fast], cn("2018-10-16 10:00"));
    assert!(case.green_channel && case.key_project);
    let usual = office().assess(&[accepted("2018-10-15 10:00")], cn("2018-10-16 10:00"));
    assert!(!usual.green_channel && !usual.key_project);
}
