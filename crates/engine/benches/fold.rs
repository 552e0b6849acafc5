//! What is counted by `make bench-instructions`: decoding and folding the events of a county, as a worker does,
//! without a store. Run by itself it folds them once and says how many there were.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program of ours on input of ours")]

use std::hint::black_box;

use domain::{Calendar, Event, Instant, Profile};
use engine::{CaseChange, RuleBook, Worker};
use simulate::{County, Options, Simulation};
use wire::CodeMaps;

/// Enough for cases to open, wait and close; few enough for a machine that is simulated.
const EVENTS: usize = 20_000;
const BATCH: usize = 2_000;
const OPENS: &str = "2026-03-02T00:00:00+08:00";
const CLOSES: &str = "2026-12-31T00:00:00+08:00";

fn main() {
    let county = County::sample();
    let (from, to) = (Instant::parse(OPENS).unwrap(), Instant::parse(CLOSES).unwrap());
    let rules = RuleBook {
        catalog: county.catalog().clone(),
        calendar: Calendar::china(),
        profile: Profile::built_in("default").unwrap(),
    };
    let simulation = Simulation::new(county, Options { seed: 20_180_911, cases_per_day: 200 });
    let zone = rules.calendar.zone().clone();
    let messages: Vec<(Instant, String)> =
        simulation.history(from, to).take(EVENTS).map(|event| (event.occurred_at, wire::encode(&event, &zone))).collect();
    let (mut worker, codes) = (Worker::default(), CodeMaps::default());
    for batch in messages.chunks(BATCH) {
        let as_of = batch.last().map_or(from, |(at, _)| *at);
        let events = counted_decode(batch, &codes);
        black_box(counted_fold(&mut worker, events, as_of, &rules));
    }
    println!("{EVENTS} events, {} cases open at the end", worker.cases_held());
}

/// Named to be found by the counter, which counts in functions of this name only.
#[inline(never)]
fn counted_decode(batch: &[(Instant, String)], codes: &CodeMaps) -> Vec<(Event, i32)> {
    batch.iter().map(|(_, message)| (wire::decode(message.as_bytes(), codes).unwrap(), 0)).collect()
}

/// As above.
#[inline(never)]
fn counted_fold(worker: &mut Worker, events: Vec<(Event, i32)>, as_of: Instant, rules: &RuleBook) -> Vec<CaseChange> {
    let mut changes = Vec::new();
    events.iter().for_each(|(event, partition)| worker.take(event, *partition));
    worker.fold(usize::MAX, |_, _| as_of, rules, |change| changes.push(change));
    changes
}
