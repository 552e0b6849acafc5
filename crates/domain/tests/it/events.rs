//! The set of events that is a case.

use crate::common::*;
use domain::*;

#[test]
fn the_number_of_a_case_is_that_of_its_events_also_of_retracted_ones() {
    assert_eq!(CaseEvents::new().case_no(), None);
    let retracted = Event { retracted: true, case_no: "330999-1".into(), ..accepted("2018-10-15 10:00") };
    let case: CaseEvents = [retracted].into_iter().collect();
    assert_eq!((case.case_no().map(|number| &**number), case.standing().count(), case.all().len()), (Some("330999-1"), 0, 1));
}

#[test]
fn only_a_higher_revision_of_the_same_event_of_the_same_source_is_news() {
    let first = Event { revision: 2, ..closed("2018-10-18 10:00") };
    let mut case: CaseEvents = [first.clone()].into_iter().collect();
    let reports = [
        (first.clone(), false),
        (Event { revision: 1, retracted: true, ..first.clone() }, false),
        (Event { revision: 3, ..closed("2018-10-19 10:00") }, true),
        (Event { source: "other".into(), ..first.clone() }, true),
        (Event { event_id: "closed-2".into(), ..first.clone() }, true),
    ];
    let mut weight = case.weight();
    for (report, is_news) in reports {
        assert_eq!(case.is_news(&report), is_news, "{report:?}");
        assert_eq!(case.insert(report), is_news);
        assert_eq!(case.weight() > weight, is_news, "a set weighs more once it holds more");
        weight = case.weight();
    }
    let held: Vec<(&str, &str, u32)> = case.all().iter().map(|it| (&*it.source, &*it.event_id, it.revision)).collect();
    assert_eq!(held, [("other", "closed", 2), ("s", "closed-2", 2), ("s", "closed", 3)]);
}

/// Sources that know only the date report a whole day at one instant.
#[test]
fn what_is_reported_at_one_instant_is_in_the_natural_course_of_a_case() {
    let outcome = Outcome::Granted;
    let course = [
        Kind::Applied { channel: None },
        Kind::CorrectionRequested,
        Kind::Corrected,
        Kind::Accepted(Box::default()),
        Kind::NotAccepted,
        Kind::MaterialsSupplied { materials: Vec::new() },
        Kind::FeeCharged { amount_fen: 1 },
        Kind::StepStarted { step: "review".into() },
        special("s", "2018-10-15 00:00", event::Procedure::Hearing, None).kind,
        Kind::SpecialEnded { procedure: None },
        Kind::StepCompleted { step: "review".into(), result: None },
        Kind::Decided { outcome: event::Decision::Granted, reasoned: false },
        Kind::Issued,
        Kind::Delivered,
        Kind::Closed { outcome },
        Kind::Rated { score: 5 },
        Kind::RatingRectified,
        Kind::Complained,
        Kind::ComplaintResolved,
    ];
    // Against their ids, which decide only between two of one kind.
    let events =
        course.iter().enumerate().map(|(at, kind)| event(&format!("{:02}", 99 - at), cn("2018-10-15 00:00"), kind.clone()));
    let case: CaseEvents = events.collect();
    let kinds: Vec<&str> = case.all().iter().map(|event| event.kind.name()).collect();
    assert_eq!(kinds, course.each_ref().map(Kind::name));
    let twice: CaseEvents = ["b", "a"].map(|id| event(id, cn("2018-10-15 00:00"), Kind::Issued)).into_iter().collect();
    assert_eq!(twice.all().iter().map(|event| &*event.event_id).collect::<Vec<_>>(), ["a", "b"]);
}
