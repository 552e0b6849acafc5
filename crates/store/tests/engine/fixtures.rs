//! An engine a test, and cases as odd as they come.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use domain::{
    Assessment, Calendar, CaseEvents, Catalog, Event, Instant, Kind, Outcome, Profile, Rules, Text, assess,
    calendar::DAY_MS,
    event::{Acceptance, Decision, DeferredMaterial, Place, Procedure, SpecialStart},
};
use embedded::{ClickHouse, ClickHouseOptions, Launcher};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use store::{FigureQuery, GroupBy, Reader, Rows, StoreConfig, Writer, migrate};

/// An engine for one test, in a directory of its own.
pub(crate) struct Engine {
    pub(crate) clickhouse: ClickHouse,
    _directory: tempfile::TempDir,
}

impl Engine {
    pub(crate) async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let options = ClickHouseOptions::new(directory.path(), Launcher::this_test_binary().unwrap());
        Self { clickhouse: ClickHouse::start(options).await.unwrap(), _directory: directory }
    }

    pub(crate) fn config(&self) -> StoreConfig {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        StoreConfig {
            url: self.clickhouse.url(),
            database: format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed)),
            ..StoreConfig::default()
        }
    }
}

pub(crate) struct Office {
    catalog: Catalog,
    pub(crate) calendar: Calendar,
    profile: Profile,
}

impl Office {
    pub(crate) fn new() -> Self {
        let catalog = "code,name,department,form,promised_limit,statutory_limit,step_limits,mandatory_steps\n\
            a,甲,环境保护局,committed,7 working_days,20 working_days,review=2 working_days,review\n\
            b,乙,公安局,immediate,1 working_days,none,,\n";
        Self::of(catalog)
    }

    /// An office with these items.
    pub(crate) fn of(catalog: &str) -> Self {
        Self {
            catalog: Catalog::from_csv(catalog).unwrap(),
            calendar: Calendar::china(),
            profile: Profile::built_in("default").unwrap(),
        }
    }

    pub(crate) fn assess(&self, case: &CaseEvents, as_of: Instant) -> Option<Assessment> {
        assess(case, &Rules { catalog: &self.catalog, calendar: &self.calendar, profile: &self.profile }, as_of)
    }
}

pub(crate) fn now() -> Instant {
    Instant::parse("2019-03-01T12:00:00+08:00").unwrap()
}

/// A key project in the green channel, with a paper still to come.
fn fast_lane(accepted_at: Instant) -> Acceptance {
    let material = DeferredMaterial { name: "施工图".into(), due_at: accepted_at.plus_ms(3 * DAY_MS) };
    Acceptance { green_channel: true, key_project: true, deferred_materials: vec![material], ..Acceptance::default() }
}

/// Cases as odd as they come, the same for a seed.
pub(crate) fn cases(seed: u64, count: usize) -> Vec<CaseEvents> {
    let mut rng = StdRng::seed_from_u64(seed);
    let start = Instant::parse("2018-10-15T10:00:00+08:00").unwrap();
    let mut case = |number: usize| {
        let mut at = start.plus_ms(rng.random_range(0..90) * DAY_MS);
        let mut events = CaseEvents::new();
        for step in 0..rng.random_range(1..9) {
            at = at.plus_ms(rng.random_range(0..4 * DAY_MS));
            let kind = match rng.random_range(0..14) {
                0 => Kind::Applied { channel: None },
                1..=2 => Kind::Accepted(Box::<Acceptance>::default()),
                3 => Kind::Accepted(Box::new(fast_lane(at))),
                11 => Kind::Complained,
                12 => Kind::SpecialStarted(Box::new(SpecialStart {
                    procedure: Procedure::External,
                    granted_days: None,
                    written_notice: Some(false),
                    party: Some("测绘公司".into()),
                })),
                13 => Kind::MaterialsSupplied { materials: vec!["施工图".into()] },
                4 => Kind::StepStarted { step: "review".into() },
                5 => Kind::StepCompleted { step: "review".into(), result: None },
                6 => Kind::SpecialStarted(Box::new(SpecialStart {
                    procedure: Procedure::Hearing,
                    granted_days: Some(2),
                    written_notice: Some(true),
                    party: None,
                })),
                7 => Kind::CorrectionRequested,
                8 => Kind::Decided { outcome: Decision::Granted, reasoned: false },
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
                place: [Some(Place::Hall), Some(Place::Office), None][step % 3],
                kind,
            });
        }
        events
    };
    (0..count).map(&mut case).collect()
}

pub(crate) fn rows(office: &Office, cases: &[CaseEvents]) -> Rows {
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

pub(crate) fn names(cases: &[CaseEvents]) -> Vec<Text> {
    cases.iter().map(|case| case.case_no().unwrap().clone()).collect()
}

/// Spans have no order of their own.
pub(crate) fn by_span(mut assessment: Assessment) -> Assessment {
    assessment.spans.sort_by(|a, b| (a.clock, &a.instance, a.started_at).cmp(&(b.clock, &b.instance, b.started_at)));
    assessment
}

/// A hand-made case of item `item` at a window: what happened at which local time, and where.
pub(crate) fn case(case_no: &str, item: &str, window: &str, acts: &[(&str, Option<Place>, Kind)]) -> CaseEvents {
    let event = |(number, (at, place, kind)): (usize, &(&str, Option<Place>, Kind))| Event {
        event_id: format!("{case_no}-{number}").into(),
        source: "s".into(),
        revision: 1,
        retracted: false,
        digest: 7,
        case_no: case_no.into(),
        item: Some(item.into()),
        occurred_at: local(at),
        recorded_at: None,
        region: Some("330921001".into()),
        department: None,
        window: Some(window.into()),
        handler: None,
        role: None,
        place: *place,
        kind: kind.clone(),
    };
    acts.iter().enumerate().map(event).collect()
}

/// A local time such as `2018-10-15 10:00:00`.
pub(crate) fn local(text: &str) -> Instant {
    Instant::parse(&format!("{}+08:00", text.replace(' ', "T"))).unwrap()
}

pub(crate) fn accepted() -> Kind {
    Kind::Accepted(Box::default())
}

pub(crate) fn granted() -> Kind {
    Kind::Closed { outcome: Outcome::Granted }
}

/// All figures up to the end of time.
pub(crate) fn always(group_by: GroupBy) -> FigureQuery {
    FigureQuery { from: Instant::from_ms(0), to: local("2090-01-01 00:00:00"), group_by, zone: "Asia/Shanghai".to_owned() }
}

/// A store that holds these cases.
pub(crate) async fn stored(engine: &Engine, office: &Office, cases: &[CaseEvents]) -> Reader {
    let config = engine.config();
    migrate(&config).await.unwrap();
    assert!(Writer::new(&config, Arc::new(())).write(rows(office, cases)).await.is_ok());
    Reader::new(&config)
}
