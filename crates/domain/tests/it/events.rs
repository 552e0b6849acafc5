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
