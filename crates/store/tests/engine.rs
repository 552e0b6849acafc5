//! The store against the real engine: one engine, a database a test.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};
use std::time::Duration;

use domain::{
    Assessment, Calendar, CaseEvents, Catalog, Event, Figures, Instant, Kind, Outcome, Profile, Rules, Text, assess,
    calendar::DAY_MS,
    event::{Acceptance, Decision, Procedure, SpecialStart},
};
use embedded::{ClickHouse, ClickHouseOptions, Launcher};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use store::{CaseQuery, FigureQuery, GroupBy, Observer, Reader, Rows, StoreConfig, Table, Writer, migrate, require_current};

embedded::clickhouse_child_test!();

/// An engine for one test, in a directory of its own.
struct Engine {
    clickhouse: ClickHouse,
    _directory: tempfile::TempDir,
}

impl Engine {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let options = ClickHouseOptions::new(directory.path(), Launcher::this_test_binary().unwrap());
        Self { clickhouse: ClickHouse::start(options).await.unwrap(), _directory: directory }
    }

    fn config(&self) -> StoreConfig {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        StoreConfig {
            url: self.clickhouse.url(),
            database: format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed)),
            ..StoreConfig::default()
        }
    }
}

struct Office {
    catalog: Catalog,
    calendar: Calendar,
    profile: Profile,
}

impl Office {
    fn new() -> Self {
        let catalog = "code,name,department,form,promised_limit,statutory_limit,step_limits,mandatory_steps\n\
            a,甲,环境保护局,committed,7 working_days,20 working_days,review=2 working_days,review\n\
            b,乙,公安局,immediate,1 working_days,none,,\n";
        Self {
            catalog: Catalog::from_csv(catalog).unwrap(),
            calendar: Calendar::china(),
            profile: Profile::built_in("default").unwrap(),
        }
    }

    fn assess(&self, case: &CaseEvents, as_of: Instant) -> Option<Assessment> {
        assess(case, &Rules { catalog: &self.catalog, calendar: &self.calendar, profile: &self.profile }, as_of)
    }
}

fn now() -> Instant {
    Instant::parse("2019-03-01T12:00:00+08:00").unwrap()
}

/// Cases as odd as they come, the same for a seed.
fn cases(seed: u64, count: usize) -> Vec<CaseEvents> {
    let mut rng = StdRng::seed_from_u64(seed);
    let start = Instant::parse("2018-10-15T10:00:00+08:00").unwrap();
    let mut case = |number: usize| {
        let mut at = start.plus_ms(rng.random_range(0..90) * DAY_MS);
        let mut events = CaseEvents::new();
        for step in 0..rng.random_range(1..9) {
            at = at.plus_ms(rng.random_range(0..4 * DAY_MS));
            let kind = match rng.random_range(0..11) {
                0 => Kind::Applied { channel: None },
                1..=3 => Kind::Accepted(Box::<Acceptance>::default()),
                4 => Kind::StepStarted { step: "review".into() },
                5 => Kind::StepCompleted { step: "review".into(), result: None },
                6 => Kind::SpecialStarted(Box::new(SpecialStart {
                    procedure: Procedure::Hearing,
                    granted_days: Some(2),
                    written_notice: Some(true),
                    party: None,
                })),
                7 => Kind::CorrectionRequested,
                8 => Kind::Decided { outcome: Decision::Granted },
                9 => Kind::Rated { score: rng.random_range(1..6) },
                _ => Kind::Closed { outcome: Outcome::ALL[rng.random_range(0..6)] },
            };
            events.insert(Event {
                event_id: format!("e{step}").into(),
                source: "s".into(),
                revision: 1,
                retracted: false,
                digest: 7,
                case_no: format!("c{number:05}").into(),
                item: Some(["a", "b", "unknown"][rng.random_range(0..3)].into()),
                occurred_at: at,
                recorded_at: Some(at.plus_ms(DAY_MS * rng.random_range(0..3))),
                region: Some("330921".into()),
                department: None,
                window: Some("一号窗口".into()),
                handler: Some("h-1".into()),
                role: None,
                place: None,
                kind,
            });
        }
        events
    };
    (0..count).map(&mut case).collect()
}

fn rows(office: &Office, cases: &[CaseEvents]) -> Rows {
    let mut rows = Rows::new();
    for case in cases {
        for event in case.all() {
            rows.event(event, wire::encode(event, office.calendar.zone()).as_bytes(), 3, 17);
        }
        if let Some(assessment) = office.assess(case, now()) {
            rows.case(&assessment, 1, 3);
        }
    }
    rows
}

fn names(cases: &[CaseEvents]) -> Vec<Text> {
    cases.iter().map(|case| case.case_no().unwrap().clone()).collect()
}

/// Spans have no order of their own.
fn by_span(mut assessment: Assessment) -> Assessment {
    assessment.spans.sort_by(|a, b| (a.clock, &a.instance, a.started_at).cmp(&(b.clock, &b.instance, b.started_at)));
    assessment
}

#[tokio::test]
async fn migrations_are_applied_once_and_refused_when_newer_or_changed() {
    let engine = Engine::start().await;
    let config = engine.config();
    let missing = require_current(&config).await.unwrap_err().to_string();
    assert!(missing.ends_with("run `sundial migrate`"), "{missing}");
    assert_eq!(migrate(&config).await.unwrap(), [1]);
    assert_eq!(migrate(&config).await.unwrap(), [0u32; 0]);
    require_current(&config).await.unwrap();
    let client = clickhouse::Client::default().with_url(&config.url).with_database(&config.database);
    client.query("INSERT INTO migrations (version, name, checksum) VALUES (99, 'later', '')").execute().await.unwrap();
    let newer = require_current(&config).await.unwrap_err().to_string();
    assert!(newer.contains("use a newer binary"), "{newer}");
    assert!(migrate(&config).await.is_err());
    client.query("TRUNCATE TABLE migrations").execute().await.unwrap();
    client.query("INSERT INTO migrations (version, name, checksum) VALUES (1, 'tables', 'other')").execute().await.unwrap();
    let changed = migrate(&config).await.unwrap_err().to_string();
    assert!(changed.contains("its text was changed"), "{changed}");
}

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
        let again: CaseEvents = stored.payloads.iter().map(|payload| wire::decode(payload).unwrap()).collect();
        assert_eq!(again.all().len(), case.all().len());
        assert_eq!((stored.partition, stored.version), (3, office.assess(case, now()).map(|_| 1)));
    }
    let unsettled = reader.unsettled(&[3]).await.unwrap();
    let expected = cases.iter().filter_map(|case| office.assess(case, now())).filter(|it| it.next_change.is_some()).count();
    assert_eq!(unsettled.len(), expected);
    assert!(reader.unsettled(&[4]).await.unwrap().is_empty());

    let with_card = cases.iter().filter_map(|case| office.assess(case, now())).find(|it| !it.cards.is_empty()).unwrap();
    let mut withdrawn = Rows::new();
    withdrawn.withdrawn_card(&with_card, &with_card.cards[0], 2, "unfounded");
    withdrawn.deleted_span(&with_card.case_no, &with_card.spans[0], 2);
    assert!(writer.write(withdrawn).await.is_ok());
    let rows = reader.rows(std::slice::from_ref(&with_card.case_no)).await.unwrap();
    assert_eq!(rows[0].assessment.cards, with_card.cards[1..]);
    assert_eq!(rows[0].assessment.spans.len(), with_card.spans.len() - 1);
    assert_eq!(reader.counts().await.unwrap()["cards_withdrawn"], 1);

    let mut deleted = Rows::new();
    deleted.deleted_case(&with_card.case_no, 3, 3);
    assert!(writer.write(deleted).await.is_ok());
    assert!(reader.rows(std::slice::from_ref(&with_card.case_no)).await.unwrap().is_empty());
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
    for group in reader.figures(&query(GroupBy::Department)).await.unwrap() {
        let of_department = assessments.iter().filter(|it| it.department.as_deref().unwrap_or_default() == group.key);
        let expected = Figures { findings: Default::default(), ..of_department.collect() };
        assert_close(&group.figures, &expected);
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

#[derive(Default)]
struct Outcomes(Mutex<Vec<(Table, &'static str)>>);

impl Observer for Outcomes {
    fn insert_ended(&self, table: Table, outcome: &'static str, _took: Duration, _rows: u64) {
        self.0.lock().unwrap().push((table, outcome));
    }
}

#[tokio::test]
async fn a_permanent_error_fails_at_once_and_the_rows_are_given_back() {
    let engine = Engine::start().await;
    let config = engine.config();
    let (office, cases) = (Office::new(), cases(4, 10));
    let outcomes = Arc::new(Outcomes::default());
    let writer = Writer::new(&config, outcomes.clone());
    // No such database: code 81 is permanent.
    let Err((error, pending)) = writer.write(rows(&office, &cases)).await else { panic!("written into nothing") };
    assert_eq!((error.code(), error.is_retryable()), (Some(81), false), "{error}");
    assert_eq!(*outcomes.0.lock().unwrap(), [(Table::Cases, "failed")], "nothing is written before the cases are");
    migrate(&config).await.unwrap();
    assert!(writer.write_pending(pending).await.is_ok());
    assert!(Reader::new(&config).counts().await.unwrap()["events"] > 0);
}

#[tokio::test]
async fn a_server_that_comes_back_gets_the_same_rows_again() {
    let engine = Engine::start().await;
    let config = engine.config();
    migrate(&config).await.unwrap();
    let (office, cases) = (Office::new(), cases(5, 10));
    let outcomes = Arc::new(Outcomes::default());
    let writer = Writer::new(&StoreConfig { timeout: Duration::from_secs(1), ..config.clone() }, outcomes.clone());
    assert!(engine.clickhouse.pause());
    let writing = tokio::spawn({
        let (writer, rows) = (writer.clone(), rows(&office, &cases));
        async move { writer.write(rows).await.is_ok() }
    });
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(engine.clickhouse.resume());
    assert!(tokio::time::timeout(Duration::from_secs(30), writing).await.expect("the write to end within 30 s").unwrap());
    assert!(outcomes.0.lock().unwrap().contains(&(Table::Cases, "retried")));
    assert_eq!(Reader::new(&config).counts().await.unwrap()["cases"], 10);
}
