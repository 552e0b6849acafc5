//! Where the work of a case was done.

use crate::common::*;
use domain::{assess::WorkPlaces, event::Place, *};

fn hall_office() -> Office {
    let mut office = Office::new("default", "7 working_days", "20 working_days");
    let catalog = "code,name,department,form,promised_limit,hall,mandatory_steps,outside_steps\n\
                   a,甲,环境保护局,committed,7 working_days,true,,survey\n";
    office.catalog = Catalog::from_csv(catalog).unwrap();
    office
}

fn step(id: &str, step: &str, place: Option<Place>) -> [Event; 2] {
    let start = Event { place, ..event(id, cn("2018-10-16 10:00"), Kind::StepStarted { step: step.into() }) };
    let done = event(&format!("{id}-done"), cn("2018-10-17 10:00"), Kind::StepCompleted { step: step.into(), result: None });
    [start, Event { place, ..done }]
}

#[test]
fn completed_steps_and_the_decision_are_counted_by_place_and_a_site_visit_is_not() {
    let mut events = vec![accepted("2018-10-15 10:00")];
    events.extend(step("s", "survey", Some(Place::Office)));
    events.extend(step("r", "review", Some(Place::Office)));
    events.extend(step("t", "sign", Some(Place::Township)));
    events.extend(step("u", "seal", None));
    events.push(Event { place: Some(Place::Hall), ..decided("2018-10-18 10:00") });
    let places = hall_office().assess(&events, cn("2018-12-01 10:00")).places;
    assert_eq!(places, WorkPlaces { hall_item: true, acts_placed: 3, acts_in_hall: 2, decided_in_hall: Some(true) });
}

#[test]
fn what_reports_no_place_says_nothing() {
    let places =
        hall_office().assess(&[accepted("2018-10-15 10:00"), decided("2018-10-18 10:00")], cn("2018-12-01 10:00")).places;
    assert_eq!(places, WorkPlaces { hall_item: true, ..WorkPlaces::default() });
}

#[test]
fn an_ended_clock_says_the_days_it_used_and_a_running_one_does_not() {
    let office = hall_office();
    let days = |events: &[Event]| {
        let case = office.assess(events, cn("2018-12-01 10:00"));
        case.spans.iter().find(|span| span.clock == ClockKind::Promised).unwrap().elapsed_days
    };
    assert_eq!(days(&[accepted("2018-10-15 10:00"), decided("2018-10-18 10:00")]), Some(3.0));
    assert_eq!(days(&[accepted("2018-10-15 10:00")]), None);
}

#[test]
fn a_procedure_that_nobody_ended_goes_no_further_than_the_case() {
    let span = |events: &[Event]| {
        let case = hall_office().assess(events, cn("2018-12-01 10:00"));
        let span = case.spans.iter().find(|span| span.clock == ClockKind::Special).unwrap().clone();
        (span.ended_at.map(text), span.party)
    };
    let party = || Some("测绘院".into());
    let (start, work) = (accepted("2018-10-15 10:00"), external("work", "2018-10-16 10:00", "测绘院"));
    let over = |when: &str| Some(format!("{when}T10:00:00+08:00"));
    assert_eq!(span(&[start.clone(), work.clone()]), (None, party()));
    assert_eq!(span(&[start.clone(), work.clone(), closed("2018-10-18 10:00")]), (over("2018-10-18"), party()));
    let ended = special_ended("end", "2018-10-17 10:00");
    assert_eq!(span(&[start, work, ended, closed("2018-10-18 10:00")]), (over("2018-10-17"), party()));
}
