//! What is read is what was written.

use std::sync::Arc;

use domain::{Assessment, CaseEvents, ClockKind, Event, Figures, Instant, Kind, Level, Outcome, Status, calendar::DAY_MS};
use store::{CardQuery, CaseQuery, FigureQuery, GroupBy, Reader, Rows, Writer, migrate};

use crate::fixtures::{Engine, Office, by_span, cases, names, now, rows};

#[tokio::test]
async fn rows_tell_again_what_was_assessed_however_often_they_are_written() {
    let engine = Engine::start().await;
    let config = engine.config();
    migrate(&config).await.unwrap();
    let (office, cases) = (Office::new(), cases(1, 300));
    let writer = Writer::new(&config, Arc::new(()));
    assert!(writer.write(rows(&office, &cases)).await.is_ok());
    // Again as a whole, and again in pieces.
    assert!(writer.write(rows(&office, &cases)).await.is_ok());
    for piece in cases.chunks(37) {
        assert!(writer.write(rows(&office, piece)).await.is_ok());
    }
    let reader = Reader::new(&config);
    let expected: Vec<Assessment> = cases.iter().filter_map(|case| office.assess(case, now())).map(by_span).collect();
    let stored = reader.rows(&names(&cases)).await.unwrap();
    assert!(stored.iter().all(|row| row.settled == row.assessment.is_settled()));
    let stored: Vec<Assessment> = stored.into_iter().map(|row| by_span(row.assessment)).collect();
    assert_eq!(stored, expected);
    let events: usize = cases.iter().map(|case| case.all().len()).sum();
    assert_eq!(reader.counts().await.unwrap()["events"], events as u64);
}

#[tokio::test]
async fn a_case_comes_back_with_its_events_and_a_withdrawn_card_stays_visible() {
    let engine = Engine::start().await;
    let config = engine.config();
    migrate(&config).await.unwrap();
    let (office, cases) = (Office::new(), cases(2, 200));
    let writer = Writer::new(&config, Arc::new(()));
    assert!(writer.write(rows(&office, &cases)).await.is_ok());
    let reader = Reader::new(&config);
    for stored in reader.cases_with_events(&names(&cases)).await.unwrap() {
        let case = cases.iter().find(|case| case.case_no() == Some(&stored.case_no)).unwrap();
        let again: CaseEvents =
            stored.payloads.iter().map(|payload| wire::decode(payload, &wire::CodeMaps::default()).unwrap()).collect();
        assert_eq!(again.all().len(), case.all().len());
        let assessed = office.assess(case, now());
        assert_eq!((stored.partition, stored.version), (3, assessed.as_ref().map(|_| 1)));
        assert_eq!(stored.next_change, assessed.as_ref().and_then(|it| it.next_change));
        assert_eq!(stored.cards, assessed.map(|it| it.cards).unwrap_or_default());
    }
    let unsettled = reader.unsettled_case_nos(&[3]).await.unwrap();
    let expected = cases.iter().filter_map(|case| office.assess(case, now())).filter(|it| it.next_change.is_some()).count();
    assert_eq!(unsettled.len(), expected);
    assert!(reader.unsettled_case_nos(&[4]).await.unwrap().is_empty());

    let with_card = cases.iter().filter_map(|case| office.assess(case, now())).find(|it| !it.cards.is_empty()).unwrap();
    let (case_no, card) = (&with_card.case_no, &with_card.cards[0]);
    let without = Assessment { cards: with_card.cards[1..].to_vec(), ..with_card.clone() };
    let mut rows = Rows::new();
    rows.case(&without, 2, 3);
    rows.withdrawn_card(&without, card, 2, "unfounded");
    assert!(writer.write(rows).await.is_ok());
    let stored = reader.rows(std::slice::from_ref(case_no)).await.unwrap();
    assert_eq!((&stored[0].assessment.cards, stored[0].version), (&without.cards, 2));
    let of_case =
        |state: &str| CardQuery { case_no: case_no.to_string(), state: state.to_owned(), limit: 100, ..CardQuery::default() };
    let withdrawn = reader.cards(&of_case("withdrawn"), now()).await.unwrap();
    assert_eq!(
        withdrawn.iter().map(|it| (&it.card_id, it.reason.as_str())).collect::<Vec<_>>(),
        [(&card.id(case_no), "unfounded")]
    );
    assert_eq!(reader.cards(&of_case("issued"), now()).await.unwrap().len(), without.cards.len());
    assert_eq!(reader.counts().await.unwrap()["cards_withdrawn"], 1);

    // Issued again, it is not withdrawn any more.
    let mut rows = Rows::new();
    rows.case(&with_card, 3, 3);
    assert!(writer.write(rows).await.is_ok());
    assert!(reader.cards(&of_case("withdrawn"), now()).await.unwrap().is_empty());
    assert_eq!(reader.cards(&of_case("issued"), now()).await.unwrap().len(), with_card.cards.len());

    // Gone with everything; an older row that comes late changes nothing.
    let mut rows = Rows::new();
    rows.deleted_case(case_no, 4, 3, None);
    assert!(writer.write(rows).await.is_ok());
    let mut late = Rows::new();
    late.case(&with_card, 3, 3);
    assert!(writer.write(late).await.is_ok());
    assert!(reader.rows(std::slice::from_ref(case_no)).await.unwrap().is_empty());
    assert!(reader.cards(&of_case("issued"), now()).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_store_and_the_engine_have_one_fingerprint_of_a_case_number() {
    let engine = Engine::start().await;
    let config = engine.config();
    migrate(&config).await.unwrap();
    let (office, cases) = (Office::new(), cases(6, 50));
    assert!(Writer::new(&config, Arc::new(())).write(rows(&office, &cases)).await.is_ok());
    let mut known = Vec::new();
    Reader::new(&config).known_cases(&mut |fingerprint| known.push(fingerprint)).await.unwrap();
    let mut expected: Vec<u64> = names(&cases).iter().map(|case_no| engine::KnownCases::fingerprint(case_no)).collect();
    known.sort_unstable();
    expected.sort_unstable();
    assert_eq!(known, expected);
}

#[tokio::test]
async fn figures_from_the_store_equal_figures_from_the_cases() {
    let engine = Engine::start().await;
    let config = engine.config();
    migrate(&config).await.unwrap();
    let (office, cases) = (Office::new(), cases(3, 400));
    // Everything lies in the past of the server's clock, so that what is overdue is so for both.
    let assessments: Vec<Assessment> = cases.iter().filter_map(|case| office.assess(case, now())).collect();
    assert!(Writer::new(&config, Arc::new(())).write(rows(&office, &cases)).await.is_ok());
    let reader = Reader::new(&config);
    let query = |group_by| FigureQuery {
        from: Instant::parse("2000-01-01T00:00:00Z").unwrap(),
        to: Instant::parse("2090-01-01T00:00:00Z").unwrap(),
        group_by,
        zone: "Asia/Shanghai".to_owned(),
    };
    let expected: Figures = assessments.iter().collect();
    let all = reader.figures(&query(GroupBy::Nothing)).await.unwrap();
    assert_close(&all[0].figures, &expected);
    assert!(expected.late > 0 && expected.early > 0 && expected.same_day_rate.is_some() && expected.open > 0);
    let departments = reader.figures(&query(GroupBy::Department)).await.unwrap();
    assert!(departments.len() > 2, "{departments:?}");
    for group in departments {
        let of_department = assessments.iter().filter(|it| it.department.as_deref().unwrap_or_default() == group.key);
        assert_close(&group.figures, &of_department.collect());
    }
    for group_by in [GroupBy::Window, GroupBy::Item, GroupBy::Region, GroupBy::Month] {
        let groups = reader.figures(&query(group_by)).await.unwrap();
        assert_eq!(groups.iter().map(|group| group.figures.closed).sum::<u64>(), expected.closed, "{group_by:?}");
    }
    let overdue = CaseQuery { overdue: true, limit: 1000, ..CaseQuery::default() };
    assert_eq!(reader.cases(&overdue).await.unwrap().len() as u64, expected.open_overdue);
    let gauges = reader.gauges("Asia/Shanghai").await.unwrap();
    assert_eq!(gauges.iter().map(|it| it.open).sum::<u64>(), expected.open);
}

fn assert_close(stored: &Figures, expected: &Figures) {
    let numbers = |figures: &Figures| {
        let (days, statutory, promised) = (figures.elapsed_days, figures.statutory_speed_up, figures.promised_speed_up);
        let numbers =
            [days.mean, days.p50, days.p90, days.p95, statutory.weighted, statutory.mean, promised.weighted, promised.mean];
        numbers.map(|number| number.map(|number| (number * 1e9).round()))
    };
    assert_eq!(numbers(stored), numbers(expected));
    let rest = |figures: &Figures| Figures {
        elapsed_days: Default::default(),
        statutory_speed_up: Default::default(),
        promised_speed_up: Default::default(),
        ..figures.clone()
    };
    assert_eq!(rest(stored), rest(expected));
}

#[tokio::test]
async fn figures_of_a_period_take_what_was_received_and_closed_in_it_and_what_is_open_now() {
    let engine = Engine::start().await;
    let config = engine.config();
    migrate(&config).await.unwrap();
    let reader = Reader::new(&config);
    let day = |text: &str| Instant::parse(&format!("{text}T00:00:00+08:00")).unwrap();
    let query = |from, to| FigureQuery { from, to, group_by: GroupBy::Nothing, zone: "Asia/Shanghai".to_owned() };
    let empty = reader.figures(&query(day("2018-11-01"), day("2018-12-01"))).await.unwrap();
    assert_eq!(empty[0].figures, std::iter::empty().collect::<Figures>());

    let (office, cases) = (Office::new(), cases(6, 400));
    let assessments: Vec<Assessment> = cases.iter().filter_map(|case| office.assess(case, now())).collect();
    assert!(Writer::new(&config, Arc::new(())).write(rows(&office, &cases)).await.is_ok());
    // A bound at the very instant of a receipt: the case belongs to the period that begins there.
    let from = assessments.iter().filter_map(|it| it.received_at).nth(20).unwrap();
    let to = from.plus_ms(30 * DAY_MS);
    let within = |at: Option<Instant>| at.is_some_and(|at| from <= at && at < to);
    let of_receipt = |it: &&Assessment| within(it.received_at.or(it.accepted_at).or(Some(it.valid_from)));
    let received: Figures = assessments.iter().filter(of_receipt).collect();
    let closed: Figures = assessments.iter().filter(|it| it.status == Status::Closed && within(it.closed_at)).collect();
    let open: Figures = assessments.iter().collect();
    let part = |part: u64, whole: u64| Some(part as f64 / whole as f64);
    let expected = Figures {
        open: open.open,
        open_overdue: open.open_overdue,
        overdue_rate: part(closed.late + open.open_overdue, closed.on_time + closed.late + open.open_overdue),
        received: received.received,
        accepted: received.accepted,
        not_accepted: received.not_accepted,
        satisfaction_rate: received.satisfaction_rate,
        cards: received.cards.clone(),
        findings: received.findings.clone(),
        ..closed.clone()
    };
    assert!(received.received < open.received && closed.closed < open.closed && received.findings != open.findings);
    assert_close(&reader.figures(&query(from, to)).await.unwrap()[0].figures, &expected);

    let listed = CaseQuery { received: Some(from..to), limit: 1000, ..CaseQuery::default() };
    let expected = assessments.iter().filter(|it| within(it.received_at)).count();
    assert_eq!(reader.cases(&listed).await.unwrap().len(), expected);
    let listed = CaseQuery { closed: Some(from..to), outcome: "granted".to_owned(), limit: 1000, ..CaseQuery::default() };
    assert_eq!(reader.cases(&listed).await.unwrap().len() as u64, closed.outcomes[&Outcome::Granted]);
}

#[tokio::test]
async fn the_month_of_the_gauges_begins_at_local_midnight() {
    let engine = Engine::start().await;
    let config = engine.config();
    migrate(&config).await.unwrap();
    let office = Office::new();
    let zone = office.calendar.zone();
    let first = zone.to_datetime(jiff::Timestamp::now()).date().first_of_month();
    let midnight = Instant::from_ms(zone.to_timestamp(first.into()).unwrap().as_millisecond());
    // One closed a minute after the month began, one a minute before.
    let closed_at = |case: &str, at: Instant| {
        let mut template = cases(7, 1).remove(0).all()[0].clone();
        template.case_no = case.into();
        template.item = Some("a".into());
        let accepted = Event {
            event_id: "1".into(),
            occurred_at: at.plus_ms(-60_000),
            kind: Kind::Accepted(Box::default()),
            ..template.clone()
        };
        let closed =
            Event { event_id: "2".into(), occurred_at: at, kind: Kind::Closed { outcome: Outcome::Granted }, ..template };
        [accepted, closed].into_iter().collect::<CaseEvents>()
    };
    let mut rows = Rows::new();
    for case in [closed_at("after", midnight.plus_ms(60_000)), closed_at("before", midnight.plus_ms(-60_000))] {
        rows.case(&office.assess(&case, midnight.plus_ms(120_000)).unwrap(), 1, 0);
    }
    assert!(Writer::new(&config, Arc::new(())).write(rows).await.is_ok());
    let gauges = Reader::new(&config).gauges("Asia/Shanghai").await.unwrap();
    assert_eq!(gauges.iter().map(|it| it.on_time + it.late).sum::<u64>(), 1, "{gauges:?}");
}

#[tokio::test]
async fn lists_are_narrowed_by_every_field_and_turn_pages() {
    let engine = Engine::start().await;
    let config = engine.config();
    migrate(&config).await.unwrap();
    let (office, cases) = (Office::new(), cases(8, 300));
    let assessments: Vec<Assessment> = cases.iter().filter_map(|case| office.assess(case, now())).collect();
    assert!(Writer::new(&config, Arc::new(())).write(rows(&office, &cases)).await.is_ok());
    let reader = Reader::new(&config);
    let all = CaseQuery { limit: 1000, ..CaseQuery::default() };
    let count = |fits: &dyn Fn(&Assessment) -> bool| assessments.iter().filter(|it| fits(it)).count();
    let text = |text: &str| text.to_owned();
    let narrowed = [
        (CaseQuery { case_no: text("c0001"), ..all.clone() }, count(&|it| it.case_no.starts_with("c0001"))),
        (CaseQuery { department: text("公安局"), ..all.clone() }, count(&|it| it.department.as_deref() == Some("公安局"))),
        (CaseQuery { item: text("a"), ..all.clone() }, count(&|it| it.item.as_deref() == Some("a"))),
        (CaseQuery { window: text("一号窗口"), ..all.clone() }, assessments.len()),
        (CaseQuery { region: text("none"), ..all.clone() }, 0),
        (CaseQuery { status: text("suspended"), ..all.clone() }, count(&|it| it.status == Status::Suspended)),
    ];
    for (query, expected) in narrowed {
        assert_eq!(reader.cases(&query).await.unwrap().len(), expected, "{query:?}");
    }
    let page = |offset| CaseQuery { limit: 150, offset, ..CaseQuery::default() };
    let pages: Vec<_> = [reader.cases(&page(0)).await.unwrap(), reader.cases(&page(150)).await.unwrap()].concat();
    assert_eq!(pages.len(), assessments.len());
    assert!(pages.iter().zip(&assessments).all(|(row, it)| row.case_no == it.case_no.as_str()));

    let cards: Vec<&domain::Card> = assessments.iter().flat_map(|it| &it.cards).collect();
    let yellow = CardQuery { level: text("yellow"), clock: text("promised"), limit: 1000, ..CardQuery::default() };
    let expected = cards.iter().filter(|it| it.level == Level::Yellow && it.clock == ClockKind::Promised).count();
    let listed = reader.cards(&yellow, now()).await.unwrap();
    assert!(expected > 0 && listed.iter().all(|it| it.promised_due_at == it.due_at && it.promised_limit_days.is_some()));
    assert_eq!(listed.len(), expected);
    let crossed = cards[0].crossed_at;
    let then = CardQuery { crossed: Some(crossed..crossed.plus_ms(1)), limit: 1000, ..CardQuery::default() };
    let expected = cards.iter().filter(|it| it.crossed_at == crossed).count();
    assert_eq!(reader.cards(&then, now()).await.unwrap().len(), expected);
}

#[tokio::test]
async fn many_cases_are_read_in_one_call_and_walked_in_order() {
    let engine = Engine::start().await;
    let config = engine.config();
    migrate(&config).await.unwrap();
    let (office, cases) = (Office::new(), cases(9, 12_345));
    assert!(Writer::new(&config, Arc::new(())).write(rows(&office, &cases)).await.is_ok());
    let reader = Reader::new(&config);
    assert_eq!(reader.cases_with_events(&names(&cases)).await.unwrap().len(), cases.len());
    assert_eq!(reader.rows(&names(&cases)).await.unwrap().len(), cases.len());
    let (mut walked, mut after) = (Vec::new(), String::new());
    loop {
        let next = reader.next_cases(&after, 5_000).await.unwrap();
        let Some(last) = next.last() else { break };
        after = last.case_no.to_string();
        walked.extend(next.into_iter().map(|case| case.case_no));
    }
    assert_eq!(walked, names(&cases));
}

#[tokio::test]
async fn a_notification_is_remembered_and_the_latest_outcome_wins() {
    let engine = Engine::start().await;
    let config = engine.config();
    migrate(&config).await.unwrap();
    let (reader, writer) = (Reader::new(&config), Writer::new(&config, Arc::new(())));
    assert_eq!(reader.notified("card", "hook", "issued").await.unwrap(), None);
    writer.record_notification("card", "hook", "issued", "failed", now()).await.unwrap();
    writer.record_notification("card", "hook", "issued", "sent", now().plus_ms(1)).await.unwrap();
    assert_eq!(reader.notified("card", "hook", "issued").await.unwrap().as_deref(), Some("sent"));
    assert_eq!(reader.notified("card", "hook", "withdrawn").await.unwrap(), None);
}
