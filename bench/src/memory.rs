//! What an open case takes in memory.

use std::path::Path;

use domain::Instant;
use engine::Worker;
use serde_json::{Value, json};
use simulate::{County, Options, Simulation};
use sundial::rules::RuleSources;

use crate::{
    measure::{Measured, run, tree_rss_kib},
    world::{SEED, World, path_text},
};

/// Measures open cases in memory, each number of them in a process of its own.
pub async fn measure(world: &World) -> anyhow::Result<Vec<(u64, Measured)>> {
    let mut measured = Vec::new();
    for cases in &world.options.open_cases {
        let mut command = tokio::process::Command::new(std::env::current_exe()?);
        command.args(["child", "open", "--cases", &cases.to_string(), "--catalog", path_text(&world.catalog)?]);
        measured.push((*cases, run(world, command).await?));
    }
    Ok(measured)
}

/// Folds the first halves of so many cases' lives, so that they stay open, and tells what they take.
pub fn hold_open(cases: u64, catalog: &Path) -> anyhow::Result<Value> {
    let rules = RuleSources { catalog: Some(catalog.to_owned()), ..RuleSources::default() }.load()?;
    let simulation = Simulation::new(County::sample(), Options { seed: SEED, cases_per_day: 10_000 });
    let (from, to) = (Instant::parse("2026-03-02T00:00:00+08:00")?, Instant::parse("2026-12-31T00:00:00+08:00")?);
    let mut worker = Worker::default();
    let before = tree_rss_kib(std::process::id());
    let mut events = 0u64;
    for (number, arrival) in simulation.arrivals(from, to) {
        let life = simulation.case(number, arrival);
        let half = life.len().div_ceil(2);
        events += half as u64;
        life.iter().take(half).for_each(|event| worker.take(event, 0));
        if worker.waiting() >= 20_000 {
            worker.fold(usize::MAX, |_, _| arrival, &rules, |_| {});
            if worker.cases_held() as u64 >= cases {
                break;
            }
        }
    }
    let held = worker.cases_held();
    let bytes = (tree_rss_kib(std::process::id()) - before) * 1024;
    Ok(json!({
        "events": events,
        "open_cases": held,
        "events_per_open_case": events as f64 / held as f64,
        "bytes_per_open_case": bytes as f64 / held as f64,
    }))
}
