//! Gaming made visible, counted by hand.

use domain::{CaseEvents, Figures, Kind, event::Acceptance};
use store::{GroupBy, Narrowing, Page, Suspected};

use crate::fixtures::{Engine, Office, accepted, always, case, granted, local, now, stored};

const CATALOG: &str = "code,name,department,form,promised_limit,hall\n\
    a,甲,环境保护局,committed,7 working_days,true\n";

fn cases() -> Vec<CaseEvents> {
    let closed = |number: &str, window: &str, at: &str| {
        case(number, "a", window, &[("2018-10-15 10:00:00", None, accepted()), (at, None, granted())])
    };
    let mut cases = vec![
        // Five within sixty seconds, and a sixth within sixty of the later ones: one batch of six.
        closed("b1", "w1", "2018-10-17 10:00:00"),
        closed("b2", "w1", "2018-10-17 10:00:15"),
        closed("b3", "w1", "2018-10-17 10:00:30"),
        closed("b4", "w1", "2018-10-17 10:00:45"),
        closed("b5", "w1", "2018-10-17 10:01:00"),
        closed("b6", "w1", "2018-10-17 10:01:10"),
        // Too far from the others, though in the same hour.
        closed("n1", "w1", "2018-10-17 10:02:30"),
        // A window beside it, in the same minute.
        closed("n2", "w2", "2018-10-17 10:00:30"),
        // Late.
        closed("l1", "w2", "2018-10-29 10:00:00"),
        // Accepted and decided within seconds.
        case("i1", "a", "w2", &[("2018-10-16 09:00:00", None, accepted()), ("2018-10-16 09:00:20", None, granted())]),
    ];
    // A source that knows only dates: no batch.
    cases.extend((0..5).map(|number| closed(&format!("d{number}"), "w3", "2018-10-18 00:00:00")));
    let fast = Acceptance { green_channel: true, ..Acceptance::default() };
    cases.push(case(
        "g1",
        "a",
        "w2",
        &[("2018-10-15 10:00:00", None, Kind::Accepted(Box::new(fast))), ("2018-10-22 10:00:00", None, granted())],
    ));
    cases
}

#[tokio::test]
async fn one_window_that_closes_many_cases_within_a_minute_is_a_batch() {
    let engine = Engine::start().await;
    let only = Narrowing::default();
    let reader = stored(&engine, &Office::of(CATALOG), &cases()).await;
    let batches = reader.batch_closings(&always(GroupBy::Nothing), &only.suspicion).await.unwrap();
    assert_eq!(batches.len(), 1);
    assert_eq!((batches[0].window.as_str(), batches[0].case_nos.join(" ")), ("w1", "b1 b2 b3 b4 b5 b6".to_owned()));
    assert_eq!((batches[0].first, batches[0].last), (local("2018-10-17 10:00:00"), local("2018-10-17 10:01:10")));

    let suspected = reader.suspected(&always(GroupBy::Window), &only).await.unwrap();
    let found = |group: &str, kind: &str, found| Suspected { group_key: group.to_owned(), kind: kind.to_owned(), found };
    let expected = [found("w1", "", 6), found("w1", "batch_close", 6), found("w2", "", 1), found("w2", "instant_close", 1)];
    assert_eq!(suspected, expected);

    // What is counted is listed, by closing; a page of it, and of one kind.
    let listed = async |kind: &str, limit, offset| {
        let page = Page { limit, offset };
        let rows = reader.suspicious_cases(&always(GroupBy::Nothing), &only, kind, page).await.unwrap();
        rows.iter().map(|row| format!("{} {}", row.case_no, row.kind)).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(listed("instant_close", 100, 0).await, "i1 instant_close");
    assert_eq!(listed("", 2, 0).await, "i1 instant_close, b1 batch_close");
    assert_eq!(listed("batch_close", 100, 5).await, "b6 batch_close");
}

#[tokio::test]
async fn figures_without_suspicious_cases_are_those_of_the_others() {
    let engine = Engine::start().await;
    let (office, cases) = (Office::of(CATALOG), cases());
    let reader = stored(&engine, &office, &cases).await;
    let only = Narrowing { without_suspicious: true, ..Narrowing::default() };
    let assessed: Vec<_> = cases.iter().filter_map(|case| office.assess(case, now())).collect();
    let is_suspicious = |case_no: &str| case_no.starts_with('b') || case_no == "i1";
    let expected: Figures = assessed.iter().filter(|it| !is_suspicious(&it.case_no)).collect();
    let figures = &reader.figures_only(&always(GroupBy::Nothing), &only).await.unwrap()[0].figures;
    let numbers =
        |it: &Figures| (it.closed, it.on_time, it.late, it.same_day, it.promised_speed_up.weighted.map(|it| (it * 1e9).round()));
    assert_eq!(numbers(figures), numbers(&expected));
    let all = &reader.figures(&always(GroupBy::Nothing)).await.unwrap()[0].figures;
    assert_eq!((all.closed, figures.closed, all.same_day, figures.same_day), (16, 9, 1, 0));
    // One case is late: of sixteen, and of the nine that are left without suspicious ones.
    assert_eq!((all.on_time_rate, figures.on_time_rate), (Some(15.0 / 16.0), Some(8.0 / 9.0)));

    let green = Narrowing { green_channel: true, ..Narrowing::default() };
    let green = &reader.figures_only(&always(GroupBy::Nothing), &green).await.unwrap()[0].figures;
    assert_eq!((green.closed, green.elapsed_days.mean), (1, Some(5.0)));
}
