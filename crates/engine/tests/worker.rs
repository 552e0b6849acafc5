//! The worker against a store in memory that keeps the newest version of every row, as
//! `ReplacingMergeTree` does. No server.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    convert::Infallible,
    hash::BuildHasher,
    sync::{Arc, LazyLock, Mutex},
};

use domain::{
    Assessment, Calendar, Card, CaseEvents, Catalog, Event, Instant, Kind, Outcome, Profile, Text,
    calendar::DAY_MS,
    event::{Acceptance, Decision, DeferredMaterial, Procedure, SpecialStart},
};
use engine::{CaseChange, CaseStore, KnownCases, Recomputed, RuleBook, StoredCase, Worker, recompute};
use foldhash::fast::FixedState as RandomState;
use proptest::{prelude::*, test_runner::RngSeed};

static RULES: LazyLock<RuleBook> = LazyLock::new(|| RuleBook {
    catalog: Catalog::from_csv(
        "code,name,department,form,promised_limit,step_limits\na,甲,局,committed,7 working_days,review=2 working_days\n",
    )
    .unwrap(),
    calendar: Calendar::china(),
    profile: Profile::built_in("default").unwrap(),
});

/// The same office after it has changed its limits.
static LATER_RULES: LazyLock<RuleBook> = LazyLock::new(|| RuleBook {
    catalog: Catalog::from_csv(
        "code,name,department,form,promised_limit,step_limits\na,甲,局,committed,12 working_days,review=1 working_days\n",
    )
    .unwrap(),
    ..RULES.clone()
});
const LATER_GENERATION: u32 = 4;

fn worker_of(generation: u32) -> Worker {
    Worker::new(Arc::default(), generation)
}

#[derive(Default)]
struct Tables {
    events: HashMap<Text, CaseEvents>,
    /// By case, the row: the change that wrote it.
    cases: HashMap<Text, CaseChange>,
    withdrawn: BTreeMap<(Text, String), Card>,
    /// The cards that the topic was told were issued.
    told: BTreeSet<(Text, String)>,
    /// The cases that were asked for.
    asked: Vec<Text>,
}

/// How far a batch got before the crash.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Done {
    Nothing,
    First,
    Second,
    Third,
    Everything,
}

#[derive(Default)]
struct MemoryStore(Mutex<Tables>);

impl MemoryStore {
    /// In the order of the pipeline: with events the withdrawn cards and the cases are written, the cards
    /// told, the events written; when time alone has passed, the cards are told before anything is written.
    fn write(&self, changes: &[CaseChange], events: &[Event], done: Done) {
        let with_events = (Done::First, Done::Second, Done::Third);
        let without = (Done::Second, Done::Third, Done::First);
        let (withdrawn_at, cases_at, told_at) = if events.is_empty() { without } else { with_events };
        let mut tables = self.0.lock().unwrap();
        let Tables { events: event_rows, cases, withdrawn, told, .. } = &mut *tables;
        for change in changes.iter().filter(|_| done >= withdrawn_at) {
            let key = |card: &Card| (change.case_no.clone(), card.id(&change.case_no));
            withdrawn.extend(change.withdrawn_cards().map(|card| (key(card), card.clone())));
        }
        for change in changes.iter().filter(|_| done >= told_at) {
            let key = |card: &Card| (change.case_no.clone(), card.id(&change.case_no));
            told.extend(change.issued_cards().map(key));
        }
        for change in changes.iter().filter(|_| done >= cases_at) {
            if cases.get(&change.case_no).is_none_or(|held| held.version <= change.version) {
                cases.insert(change.case_no.clone(), change.clone());
            }
        }
        for event in events.iter().filter(|_| done >= Done::Everything) {
            event_rows.entry(event.case_no.clone()).or_default().insert(event.clone());
        }
    }

    /// The rows are exactly what an assessment of all events says, and the cards that are issued were told.
    fn assert_agrees(&self, as_of: Instant, rules: &RuleBook) {
        let tables = self.0.lock().unwrap();
        for (case_no, events) in &tables.events {
            let expected = domain::assess(events, &rules.rules(), as_of);
            let stored = tables.cases.get(case_no).and_then(|row| row.after.clone());
            let at_rest = |assessment: &Option<Assessment>| {
                let spans = |it: &Assessment| it.spans.iter().map(|span| (span.clock, span.started_at, span.ended_at)).collect();
                let of =
                    |it: &Assessment| (it.status, it.outcome, it.cards.clone(), it.findings.clone(), it.valid_from, spans(it));
                assessment.as_ref().map(of).map(|it: (_, _, _, _, _, Vec<_>)| it)
            };
            assert_eq!(at_rest(&stored), at_rest(&expected), "{case_no}");
        }
        let issued = tables.cases.iter().flat_map(|(case_no, row)| {
            row.after.iter().flat_map(|after| &after.cards).map(|card| (case_no.clone(), card.id(case_no)))
        });
        // Of withdrawals less can be said: of a card told just before two crashes in a row, whose events then
        // came in another batch, nothing is left to withdraw it by.
        for key in issued {
            assert!(tables.told.contains(&key), "{key:?} was never told");
        }
    }
}

impl CaseStore for MemoryStore {
    type Error = Infallible;

    async fn cases(&self, case_nos: &[Text]) -> Result<Vec<StoredCase>, Infallible> {
        let mut tables = self.0.lock().unwrap();
        tables.asked.extend_from_slice(case_nos);
        let stored = case_nos.iter().filter_map(|case_no| {
            let (row, events) = (tables.cases.get(case_no), tables.events.get(case_no).cloned());
            (row.is_some() || events.is_some()).then(|| StoredCase {
                case_no: case_no.clone(),
                events: events.unwrap_or_default(),
                version: row.map_or(0, |row| row.version),
                next_change: row.and_then(|row| row.next_change),
                cards: row.and_then(|row| row.after.clone()).map(|after| after.cards).unwrap_or_default(),
                partition: row.map_or(0, |row| row.partition),
            })
        });
        Ok(stored.collect())
    }

    async fn unsettled(&self, partitions: &[i32]) -> Result<Vec<Text>, Infallible> {
        let tables = self.0.lock().unwrap();
        let moves = |row: &&CaseChange| partitions.contains(&row.partition) && row.next_change.is_some();
        Ok(tables.cases.values().filter(moves).map(|row| row.case_no.clone()).collect())
    }

    async fn withdrawn(&self, case_nos: &[Text]) -> Result<Vec<(Text, Card)>, Infallible> {
        let tables = self.0.lock().unwrap();
        let of_cases = tables.withdrawn.iter().filter(|((case_no, _), _)| case_nos.contains(case_no));
        Ok(of_cases.map(|((case_no, _), card)| (case_no.clone(), card.clone())).collect())
    }

    async fn known(&self, tell: &mut (dyn FnMut(u64) + Send)) -> Result<(), Infallible> {
        self.0.lock().unwrap().cases.keys().for_each(|case_no| tell(KnownCases::fingerprint(case_no)));
        Ok(())
    }
}

fn event(id: &str, occurred_at: Instant, kind: Kind) -> Event {
    Event {
        event_id: id.into(),
        source: "s".into(),
        revision: 1,
        retracted: false,
        digest: 0,
        case_no: "c".into(),
        item: Some("a".into()),
        occurred_at,
        recorded_at: None,
        region: None,
        department: None,
        window: None,
        handler: None,
        role: None,
        place: None,
        kind,
    }
}

fn start() -> Instant {
    Instant::parse("2018-10-15T10:00:00+08:00").unwrap()
}

/// An acceptance with a paper still to come.
fn deferring() -> Acceptance {
    let material = DeferredMaterial { name: "p".into(), due_at: start().plus_ms(20 * DAY_MS) };
    Acceptance { deferred_materials: vec![material], ..Acceptance::default() }
}

fn reports() -> impl Strategy<Value = Vec<Event>> {
    let kinds = prop_oneof![
        Just(Kind::Applied { channel: None }),
        Just(Kind::Accepted(Box::default())),
        Just(Kind::StepStarted { step: "review".into() }),
        Just(Kind::StepCompleted { step: "review".into(), result: None }),
        Just(Kind::SpecialStarted(Box::new(SpecialStart {
            procedure: Procedure::Hearing,
            granted_days: Some(2),
            written_notice: None,
            party: None
        }))),
        Just(Kind::SpecialEnded { procedure: None }),
        Just(Kind::Decided { outcome: Decision::Granted, reasoned: false }),
        Just(Kind::Closed { outcome: Outcome::Granted }),
        // What lives on after a case is closed.
        Just(Kind::Accepted(Box::new(deferring()))),
        Just(Kind::MaterialsSupplied { materials: Vec::new() }),
        Just(Kind::Rated { score: 5 }),
        Just(Kind::RatingRectified),
        Just(Kind::Complained),
        Just(Kind::ComplaintResolved),
    ];
    let report = (0u8..4, 0u8..8, 1u32..4, 0i64..40 * DAY_MS, kinds);
    let report = report.prop_map(|(case, id, revision, after, kind)| Event {
        revision,
        retracted: revision == 3,
        // As on the wire: different reports have different fingerprints.
        digest: RandomState::with_seed(7).hash_one(format!("{after} {kind:?}")) as u32,
        case_no: format!("c{case}").into(),
        ..event(&format!("e{id}"), start().plus_ms(after), kind)
    });
    prop::collection::vec(report, 1..40)
}

fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Fetches, then folds.
fn fold(worker: &mut Worker, events: Vec<(Event, i32)>, now: Instant, store: &MemoryStore) -> Vec<CaseChange> {
    fold_by(&RULES, worker, events, now, store)
}

fn fold_by(
    rules: &RuleBook,
    worker: &mut Worker,
    events: Vec<(Event, i32)>,
    now: Instant,
    store: &MemoryStore,
) -> Vec<CaseChange> {
    events.iter().for_each(|(event, partition)| worker.take(event, *partition));
    run(worker.fetch(store)).unwrap();
    let mut changes = Vec::new();
    while worker.waiting() > 0 {
        worker.fold(2, |_, _| now, rules, |change| changes.push(change));
    }
    changes
}

/// What is due, after what other rules left behind has been read anew.
fn due(rules: &RuleBook, worker: &mut Worker, now: Instant, store: &MemoryStore) -> Vec<CaseChange> {
    run(worker.refresh_due(now, usize::MAX, store)).unwrap();
    worker.due(now, usize::MAX, rules)
}

/// Derives every stored case anew by the later rules and writes what changed.
fn recompute_all(store: &MemoryStore, now: Instant) {
    let names: Vec<Text> = {
        let tables = store.0.lock().unwrap();
        tables.cases.keys().chain(tables.events.keys()).cloned().collect::<BTreeSet<_>>().into_iter().collect()
    };
    for stored in run(store.cases(&names)).unwrap() {
        let row = store.0.lock().unwrap().cases.get(&stored.case_no).and_then(|row| row.after.clone());
        match recompute(&stored, row.as_ref(), now, &LATER_RULES, LATER_GENERATION) {
            Recomputed::Changed(change) | Recomputed::Confirmed(change) => store.write(&[change], &[], Done::Everything),
            Recomputed::AsStored | Recomputed::Ahead => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, rng_seed: RngSeed::Fixed(2010), ..ProptestConfig::default() })]

    /// Any split into batches, with time passing, and with crashes that leave any part of the rows
    /// under way behind.
    #[test]
    fn batches_crashes_and_passing_time_end_in_the_rows_of_one_assessment(
        reports in reports(),
        steps in prop::collection::vec((1usize..6, 0usize..10, 0usize..10, 0i64..6 * DAY_MS), 60),
    ) {
        let store = MemoryStore::default();
        let mut worker = Worker::default();
        let mut now = start();
        let mut rest = &reports[..];
        // Killed on the way, and read again: at any point between what is told, written and committed.
        let killed_at = [Done::Nothing, Done::First, Done::Second, Done::Third, Done::Everything];
        for (size, due_fate, fate, pause) in steps {
            now = now.plus_ms(pause);
            let crash = |worker: &mut Worker| {
                *worker = Worker::default();
                run(worker.take_over(&[0], &store)).unwrap();
            };
            let due = worker.due(now, usize::MAX, &RULES);
            if let Some(done) = killed_at.get(due_fate) {
                store.write(&due, &[], *done);
                crash(&mut worker);
                continue;
            }
            store.write(&due, &[], Done::Everything);
            let batch = &rest[..size.min(rest.len())];
            let with_partition = batch.iter().map(|event| (event.clone(), 0)).collect();
            let changes = fold(&mut worker, with_partition, now, &store);
            if let Some(done) = killed_at.get(fate) {
                store.write(&changes, batch, *done);
                crash(&mut worker);
                continue;
            }
            store.write(&changes, batch, Done::Everything);
            rest = &rest[batch.len()..];
        }
        // What is due comes before every batch, as in the pipeline.
        let due = worker.due(now, usize::MAX, &RULES);
        store.write(&due, &[], Done::Everything);
        let with_partition = rest.iter().map(|event| (event.clone(), 0)).collect();
        let changes = fold(&mut worker, with_partition, now, &store);
        store.write(&changes, rest, Done::Everything);
        let due = worker.due(now, usize::MAX, &RULES);
        store.write(&due, &[], Done::Everything);
        store.assert_agrees(now, &RULES);
    }

    /// The rules change at some moment, the worker is started again with the new ones, and at some moment
    /// everything is derived anew beside it: once more if that was too early, when the worker still had the
    /// old rules. After that the worker takes over what changes by itself only now. Crashes may leave
    /// anything half written all the time.
    #[test]
    fn rules_that_change_and_a_recompute_beside_the_worker_end_in_the_rows_of_the_new_rules(
        reports in reports(),
        steps in prop::collection::vec((1usize..4, 0usize..10, 0usize..10, 0i64..6 * DAY_MS), 20),
        rules_change_at in 0usize..12,
        recomputed_at in 0usize..20,
    ) {
        let store = MemoryStore::default();
        let mut worker = worker_of(3);
        let mut now = start();
        let mut rest = &reports[..];
        let killed_at = [Done::Nothing, Done::First, Done::Second, Done::Third, Done::Everything];
        let mut rules: (&RuleBook, u32) = (&RULES, 3);
        for (step, (size, due_fate, fate, pause)) in steps.into_iter().enumerate() {
            now = now.plus_ms(pause);
            let restart = |worker: &mut Worker, generation: u32| {
                *worker = worker_of(generation);
                run(worker.take_over(&[0], &store)).unwrap();
            };
            if step == rules_change_at {
                rules = (&LATER_RULES, LATER_GENERATION);
                restart(&mut worker, rules.1);
            }
            if step == recomputed_at {
                recompute_all(&store, now);
                run(worker.take_over(&[0], &store)).unwrap();
            }
            let due = due(rules.0, &mut worker, now, &store);
            if let Some(done) = killed_at.get(due_fate) {
                store.write(&due, &[], *done);
                restart(&mut worker, rules.1);
                continue;
            }
            store.write(&due, &[], Done::Everything);
            let batch = &rest[..size.min(rest.len())];
            let with_partition = batch.iter().map(|event| (event.clone(), 0)).collect();
            let changes = fold_by(rules.0, &mut worker, with_partition, now, &store);
            if let Some(done) = killed_at.get(fate) {
                store.write(&changes, batch, *done);
                restart(&mut worker, rules.1);
                continue;
            }
            store.write(&changes, batch, Done::Everything);
            rest = &rest[batch.len()..];
        }
        let overdue = due(rules.0, &mut worker, now, &store);
        store.write(&overdue, &[], Done::Everything);
        let with_partition = rest.iter().map(|event| (event.clone(), 0)).collect();
        let changes = fold_by(rules.0, &mut worker, with_partition, now, &store);
        store.write(&changes, rest, Done::Everything);
        if recomputed_at < rules_change_at {
            recompute_all(&store, now);
            run(worker.take_over(&[0], &store)).unwrap();
        }
        // A while later everything that changes by itself has done so.
        let later = now.plus_ms(90 * DAY_MS);
        let changes = due(rules.0, &mut worker, later, &store);
        store.write(&changes, &[], Done::Everything);
        store.assert_agrees(later, rules.0);
    }
}

#[test]
fn a_card_is_issued_when_its_instant_passes_without_any_event() {
    let store = MemoryStore::default();
    let mut worker = Worker::default();
    let accepted = event("1", start(), Kind::Accepted(Box::default()));
    let changes = fold(&mut worker, vec![(accepted.clone(), 3)], start(), &store);
    store.write(&changes, &[accepted], Done::Everything);
    // Due at close of business on 24 October; the reminder a working day before.
    assert_eq!(worker.next_due(), Some(Instant::parse("2018-10-23T17:00:00.001+08:00").unwrap()));
    assert!(worker.due(worker.next_due().unwrap().plus_ms(-1), 10, &RULES).is_empty());
    let changes = worker.due(worker.next_due().unwrap(), 10, &RULES);
    assert_eq!(changes.iter().flat_map(CaseChange::issued_cards).count(), 1);
    // Another worker takes the partition over and goes on from what is stored.
    store.write(&changes, &[], Done::Everything);
    let mut successor = Worker::default();
    run(successor.take_over(&[3], &store)).unwrap();
    assert_eq!((successor.cases_held(), successor.next_due()), (1, worker.next_due()));
    successor.give_up(&[3]);
    assert_eq!(successor.cases_held(), 0);
}

#[test]
fn a_process_that_comes_too_late_with_an_older_state_leaves_nothing_behind() {
    let store = MemoryStore::default();
    let late = start().plus_ms(30 * DAY_MS);
    let accepted = event("1", start(), Kind::Accepted(Box::default()));
    let decided = event("2", start().plus_ms(DAY_MS), Kind::Decided { outcome: Decision::Refused, reasoned: true });
    // It knows of the acceptance only, so it finds the case overdue; then it stands still.
    let mut zombie = Worker::default();
    let written_late = fold(&mut zombie, vec![(accepted.clone(), 0)], late, &store);
    assert!(written_late.iter().flat_map(CaseChange::issued_cards).count() > 0);
    let mut successor = Worker::default();
    run(successor.take_over(&[0], &store)).unwrap();
    let both = [accepted, decided];
    let changes = fold(&mut successor, both.iter().map(|event| (event.clone(), 0)).collect(), late, &store);
    store.write(&changes, &both, Done::Everything);
    store.write(&written_late, &both[..1], Done::Second);
    let tables = store.0.lock().unwrap();
    assert_eq!(tables.cases["c"].after.as_ref().unwrap().cards, []);
}

#[test]
fn new_rules_win_over_a_later_state_found_by_old_ones() {
    let store = MemoryStore::default();
    let mut old = worker_of(3);
    let accepted = event("1", start(), Kind::Accepted(Box::default()));
    let changes = fold(&mut old, vec![(accepted.clone(), 0)], start(), &store);
    store.write(&changes, &[accepted], Done::Everything);
    let late = Instant::parse("2018-10-25T10:00:00+08:00").unwrap();
    let changes = old.due(late, usize::MAX, &RULES);
    store.write(&changes, &[], Done::Everything);
    store.assert_agrees(late, &RULES);

    recompute_all(&store, late);
    store.assert_agrees(late, &LATER_RULES);
    assert_eq!(store.0.lock().unwrap().withdrawn.len(), 2, "reminder and yellow");
    // Whoever still has the old rules in memory does not get the row back for as long as no event comes.
    let by_old_rules = old.due(Instant::parse("2018-12-01T10:00:00+08:00").unwrap(), usize::MAX, &RULES);
    assert!(!by_old_rules.is_empty());
    store.write(&by_old_rules, &[], Done::Everything);
    store.assert_agrees(late, &LATER_RULES);
}

fn refused(case: usize) -> Event {
    Event { case_no: format!("c{case}").into(), ..event("1", start(), Kind::NotAccepted) }
}

fn rated(case: usize) -> Event {
    Event { event_id: "2".into(), kind: Kind::Rated { score: 1 }, ..refused(case) }
}

#[test]
fn of_the_settled_cases_that_come_back_at_once_none_is_forgotten_before_its_event_is_in() {
    let store = MemoryStore::default();
    // Far more than are kept.
    let cases = 0..20_000;
    let take = |worker: &mut Worker, events: Vec<Event>| {
        let with_partition = events.iter().map(|event| (event.clone(), 0)).collect();
        let changes = fold(worker, with_partition, start(), &store);
        store.write(&changes, &events, Done::Everything);
    };
    take(&mut Worker::default(), cases.clone().map(refused).collect());
    let mut successor = Worker::default();
    run(successor.take_over(&[0], &store)).unwrap();
    take(&mut successor, cases.map(rated).collect());
    assert_eq!(store.0.lock().unwrap().asked.len(), 20_000);
    store.assert_agrees(start(), &RULES);
}

#[test]
fn a_case_that_was_settled_lately_is_not_asked_for_and_one_settled_long_ago_is() {
    let store = MemoryStore::default();
    let mut worker = Worker::default();
    let mut take = |events: Vec<Event>| {
        let with_partition = events.iter().map(|event| (event.clone(), 0)).collect();
        let changes = fold(&mut worker, with_partition, start(), &store);
        store.write(&changes, &events, Done::Everything);
        (worker.cases_held(), std::mem::take(&mut store.0.lock().unwrap().asked))
    };
    take((0..10).map(refused).collect());
    assert_eq!(take(vec![rated(3)]), (0, vec![]), "it is settled, and still there");
    // Far more than are kept.
    take((10..30_000).map(refused).collect());
    take(vec![refused(30_000)]);
    assert_eq!(take(vec![rated(4), rated(30_000)]), (0, vec!["c4".into()]));
    let tables = store.0.lock().unwrap();
    let rating = |case: &str| tables.cases[case].after.as_ref().unwrap().rating;
    assert_eq!((rating("c3"), rating("c4"), rating("c30000")), (Some(1), Some(1), Some(1)));
}
