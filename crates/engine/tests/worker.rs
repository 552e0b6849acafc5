//! The worker against a store in memory that keeps the newest version of every row, as
//! `ReplacingMergeTree` does. No server.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    convert::Infallible,
    hash::BuildHasher,
    sync::{LazyLock, Mutex},
};

use domain::{
    Assessment, Calendar, Card, CaseEvents, Catalog, Event, Instant, Kind, Outcome, Profile, Text,
    assess::SpanState,
    calendar::DAY_MS,
    event::{Decision, Procedure, SpecialStart},
};
use engine::{CaseChange, CaseStore, RuleBook, StoredCase, Worker};
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

type Versioned<T> = (u128, T);

#[derive(Default)]
struct Tables {
    events: HashMap<Text, CaseEvents>,
    cases: HashMap<Text, Versioned<(i32, Option<Assessment>)>>,
    /// By card id: the card, while it is issued.
    cards: BTreeMap<(Text, String), Versioned<Option<Card>>>,
    /// By case, clock, instance and start: the span, while there is one.
    spans: BTreeMap<(Text, &'static str, Text, Instant), Versioned<Option<SpanState>>>,
}

/// How far a write got before the crash.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Written {
    Nothing,
    Cases,
    Derived,
    Everything,
}

#[derive(Default)]
struct MemoryStore(Mutex<Tables>);

fn newest<K: Ord, T>(table: &mut BTreeMap<K, Versioned<T>>, key: K, row: Versioned<T>) {
    match table.get(&key) {
        Some((version, _)) if *version > row.0 => {}
        _ => {
            table.insert(key, row);
        }
    }
}

impl MemoryStore {
    /// Writes rows in the order of the store: with events the cases, what hangs on them, the events;
    /// without, what hangs on the cases, then the cases.
    fn write(&self, changes: &[CaseChange], events: &[Event], written: Written) {
        let (cases_at, derived_at) =
            if events.is_empty() { (Written::Derived, Written::Cases) } else { (Written::Cases, Written::Derived) };
        let mut tables = self.0.lock().unwrap();
        let Tables { events: event_rows, cases, cards, spans } = &mut *tables;
        for change in changes.iter().filter(|_| written >= cases_at) {
            if cases.get(&change.case_no).is_none_or(|(held, _)| *held <= change.version) {
                cases.insert(change.case_no.clone(), (change.version, (change.partition, change.after.clone())));
            }
        }
        for change in changes.iter().filter(|_| written >= derived_at) {
            let (case_no, version) = (&change.case_no, change.version);
            let card_key = |card: &Card| (case_no.clone(), card.id(case_no));
            let span_key = |span: &SpanState| (case_no.clone(), span.clock.code(), span.instance.clone(), span.started_at);
            for card in change.after.iter().flat_map(|after| &after.cards) {
                newest(cards, card_key(card), (version, Some(card.clone())));
            }
            for card in change.withdrawn_cards() {
                newest(cards, card_key(card), (version, None));
            }
            for span in change.after.iter().flat_map(|after| &after.spans) {
                newest(spans, span_key(span), (version, Some(span.clone())));
            }
            for span in change.gone_spans() {
                newest(spans, span_key(span), (version, None));
            }
        }
        for event in events.iter().filter(|_| written >= Written::Everything) {
            event_rows.entry(event.case_no.clone()).or_default().insert(event.clone());
        }
    }

    fn stored(&self, wanted: impl Fn(&Text, Option<&(i32, Option<Assessment>)>) -> bool) -> Vec<StoredCase> {
        let tables = self.0.lock().unwrap();
        let row = |case_no: &Text| tables.cases.get(case_no).map(|(_, row)| row);
        let known: BTreeSet<&Text> = tables.events.keys().chain(tables.cases.keys()).collect();
        let wanted = known.into_iter().filter(|case_no| wanted(case_no, row(case_no)));
        wanted
            .map(|case_no| StoredCase {
                case_no: case_no.clone(),
                events: tables.events.get(case_no).cloned().unwrap_or_default(),
                valid_from: row(case_no).and_then(|(_, after)| after.as_ref()).map(|after| after.valid_from),
                version: tables.cases.get(case_no).map_or(0, |(version, _)| *version),
                partition: row(case_no).map_or(0, |(partition, _)| *partition),
            })
            .collect()
    }

    /// The tables hold exactly what an assessment of all events says.
    fn assert_agrees(&self, as_of: Instant) {
        let tables = self.0.lock().unwrap();
        let mut cards = Vec::new();
        let mut spans = Vec::new();
        for (case_no, events) in &tables.events {
            let expected = domain::assess(events, &RULES.rules(), as_of);
            let stored = tables.cases.get(case_no).and_then(|(_, (_, after))| after.clone());
            let at_rest = |assessment: Option<Assessment>| {
                assessment.map(|it| (it.status, it.outcome, it.cards, it.findings, it.valid_from))
            };
            assert_eq!(at_rest(stored), at_rest(expected.clone()), "{case_no}");
            let expected = expected.iter();
            cards.extend(expected.clone().flat_map(|it| &it.cards).map(|card| (case_no.clone(), card.id(case_no))));
            spans.extend(
                expected
                    .flat_map(|it| &it.spans)
                    .map(|it| (case_no.clone(), it.clock.code(), it.instance.clone(), it.started_at)),
            );
        }
        cards.sort();
        spans.sort();
        let issued: Vec<_> = tables.cards.iter().filter(|(_, (_, card))| card.is_some()).map(|(key, _)| key.clone()).collect();
        assert_eq!(issued, cards);
        let there: Vec<_> = tables.spans.iter().filter(|(_, (_, span))| span.is_some()).map(|(key, _)| key.clone()).collect();
        assert_eq!(there, spans);
    }
}

impl CaseStore for MemoryStore {
    type Error = Infallible;

    async fn cases(&self, case_nos: &[Text]) -> Result<Vec<StoredCase>, Infallible> {
        Ok(self.stored(|case_no, _| case_nos.contains(case_no)))
    }

    async fn unsettled(&self, partitions: &[i32]) -> Result<Vec<StoredCase>, Infallible> {
        Ok(self.stored(|_, row| {
            row.is_none_or(|(partition, after)| {
                partitions.contains(partition) && after.as_ref().is_none_or(|after| after.next_change.is_some())
            })
        }))
    }

    async fn rows(&self, case_nos: &[Text]) -> Result<Vec<Assessment>, Infallible> {
        let tables = self.0.lock().unwrap();
        let rows = case_nos.iter().filter_map(|case_no| {
            let (_, (_, assessment)) = tables.cases.get(case_no)?;
            // What hangs on a case that is gone is told too.
            let mut rows = assessment.clone().unwrap_or_else(|| gone(case_no));
            rows.cards =
                tables.cards.iter().filter(|((of, _), _)| of == case_no).filter_map(|(_, (_, card))| card.clone()).collect();
            rows.spans =
                tables.spans.iter().filter(|(key, _)| key.0 == *case_no).filter_map(|(_, (_, span))| span.clone()).collect();
            Some(rows)
        });
        Ok(rows.collect())
    }
}

/// An assessment that says nothing.
fn gone(case_no: &Text) -> Assessment {
    let applied = Event { case_no: case_no.clone(), ..event("x", start(), Kind::NotAccepted) };
    domain::assess(&[applied].into_iter().collect(), &RULES.rules(), start()).unwrap()
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
        Just(Kind::Decided { outcome: Decision::Granted }),
        Just(Kind::Closed { outcome: Outcome::Granted }),
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
    run(worker.fetch(&events, now, store, &RULES)).unwrap();
    worker.fold(events, now, &RULES)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, rng_seed: RngSeed::Fixed(2010), ..ProptestConfig::default() })]

    /// Any split into batches, with time passing, and with crashes that leave any part of the rows
    /// under way behind.
    #[test]
    fn batches_crashes_and_passing_time_end_in_the_rows_of_one_assessment(
        reports in reports(),
        steps in prop::collection::vec((1usize..6, 0usize..8, 0usize..8, 0i64..6 * DAY_MS), 60),
    ) {
        let store = MemoryStore::default();
        let mut worker = Worker::new();
        let mut now = start();
        let mut rest = &reports[..];
        // Killed on the way, and read again: before the rows were written, between them, or after all of
        // them and before the offsets.
        let killed_at = [Written::Nothing, Written::Cases, Written::Derived, Written::Everything];
        for (size, due_fate, fate, pause) in steps {
            now = now.plus_ms(pause);
            let crash = |worker: &mut Worker| {
                *worker = Worker::new();
                run(worker.take_over(&[0], now, &store, &RULES)).unwrap();
            };
            let due = worker.due(now, usize::MAX, &RULES);
            if let Some(written) = killed_at.get(due_fate) {
                store.write(&due, &[], *written);
                crash(&mut worker);
                continue;
            }
            store.write(&due, &[], Written::Everything);
            let batch = &rest[..size.min(rest.len())];
            let with_partition = batch.iter().map(|event| (event.clone(), 0)).collect();
            let changes = fold(&mut worker, with_partition, now, &store);
            if let Some(written) = killed_at.get(fate) {
                store.write(&changes, batch, *written);
                crash(&mut worker);
                continue;
            }
            store.write(&changes, batch, Written::Everything);
            rest = &rest[batch.len()..];
        }
        let with_partition = rest.iter().map(|event| (event.clone(), 0)).collect();
        let changes = fold(&mut worker, with_partition, now, &store);
        store.write(&changes, rest, Written::Everything);
        let due = worker.due(now, usize::MAX, &RULES);
        store.write(&due, &[], Written::Everything);
        store.assert_agrees(now);
    }
}

#[test]
fn a_card_is_issued_when_its_instant_passes_without_any_event() {
    let store = MemoryStore::default();
    let mut worker = Worker::new();
    let accepted = event("1", start(), Kind::Accepted(Box::default()));
    let changes = fold(&mut worker, vec![(accepted.clone(), 3)], start(), &store);
    store.write(&changes, &[accepted], Written::Everything);
    // Due at close of business on 24 October; the reminder a working day before.
    assert_eq!(worker.next_due(), Some(Instant::parse("2018-10-23T17:00:00.001+08:00").unwrap()));
    assert!(worker.due(worker.next_due().unwrap().plus_ms(-1), 10, &RULES).is_empty());
    let changes = worker.due(worker.next_due().unwrap(), 10, &RULES);
    assert_eq!(changes.iter().flat_map(CaseChange::issued_cards).count(), 1);
    // Another worker takes the partition over and goes on from what is stored.
    store.write(&changes, &[], Written::Everything);
    let mut successor = Worker::new();
    run(successor.take_over(&[3], worker.next_due().unwrap().plus_ms(-1), &store, &RULES)).unwrap();
    assert_eq!((successor.cases_held(), successor.next_due()), (1, worker.next_due()));
    successor.give_up(&[3]);
    assert_eq!(successor.cases_held(), 0);
}
