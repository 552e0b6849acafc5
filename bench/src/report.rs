//! Everything in its order, and what is printed and written of it.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    time::Instant,
};

use anyhow::Context;
use serde_json::{Map, Value, json};
use tokio::process::Command;

use crate::{
    latency,
    measure::{EngineCpu, Measured, MemoryWatch, children_cpu, run},
    memory, messages, peers, queries, restore,
    world::{Options, PATIENCE, World, path_text},
};

/// Runs every measurement that is wanted and tells the results.
pub async fn measure_all(options: &Options) -> anyhow::Result<()> {
    let world = World::open(options).await?;
    let mut report = Report::default();
    let outcome = with_world(&world, &mut report).await;
    world.close().await;
    // What was measured is told, whatever came then.
    let path = options.directory.join("report.json");
    fs::write(&path, serde_json::to_vec_pretty(&report.values)?).with_context(|| path.display().to_string())?;
    println!("\n{}\nwritten to {}", report.table(), path.display());
    outcome
}

async fn with_world(world: &World, report: &mut Report) -> anyhow::Result<()> {
    let options = &world.options;
    messages::fill_topic(world).await?;
    // The first member of the first group waits for the broker to make its own topics.
    run(world, child(&["drain", "--brokers", &world.broker.bootstrap(), "--group", &world.group("first"), "--events", "1"]))
        .await?;
    let rows = world.path("rows.bin");
    if options.wants("fold") || !rows.exists() {
        report.measured("fold", run(world, fold(world, path_text(&rows)?)?).await?);
    }
    if options.wants("drain") {
        report.measured("drain", run(world, child(&["drain"]).with_kafka(world, "drain")).await?);
    }
    if options.wants("insert") {
        report.measured("insert", with_rows(world, "insert", path_text(&rows)?).await?);
    }
    if options.wants("limit") {
        report.measured("limit", with_rows(world, "limit", path_text(&rows)?).await?);
    }
    if options.wants("pipeline") {
        report.measured("pipeline", pipeline(world).await?);
    }
    if options.wants("restore") {
        report.put("restore", restore::measure(world).await?);
    }
    for (name, measured) in peers::measure(world).await? {
        report.peer(&name, measured);
    }
    if options.wants("latency") {
        report.put("latency_ms", latency::measure(world).await?);
    }
    if options.wants("memory") {
        for (cases, measured) in memory::measure(world).await? {
            let bytes = measured.told.get("bytes_per_open_case").cloned().unwrap_or_default();
            report.put("bytes_per_open_case", bytes);
            report.measured(&format!("open_cases_{cases}"), measured);
        }
    }
    if options.wants("queries") {
        queries::measure(world, report).await?;
    }
    Ok(())
}

fn child(arguments: &[&str]) -> Command {
    // The path of this program is known, or nothing would run here.
    let mut command = Command::new(std::env::current_exe().unwrap_or_else(|_| "bench".into()));
    command.arg("child").args(arguments);
    command
}

trait WithKafka {
    fn with_kafka(self, world: &World, group: &str) -> Self;
}

impl WithKafka for Command {
    fn with_kafka(mut self, world: &World, group: &str) -> Self {
        let (brokers, group) = (world.broker.bootstrap(), world.group(group));
        self.args(["--brokers", &brokers, "--group", &group, "--events", &world.options.events.to_string()]);
        self
    }
}

fn fold(world: &World, rows: &str) -> anyhow::Result<Command> {
    let mut command = child(&["fold"]).with_kafka(world, "fold");
    command.args(["--catalog", path_text(&world.catalog)?, "--rows", rows]);
    Ok(command)
}

/// Inserts of ready-made rows, alone or beside a drain, into tables of their own.
async fn with_rows(world: &World, what: &str, rows: &str) -> anyhow::Result<Measured> {
    store::migrate(&world.store(what)).await?;
    let mut command = child(&[what, "--url", &world.clickhouse.url(), "--database", what, "--rows", rows]);
    if what == "limit" {
        command = command.with_kafka(world, what);
    }
    let measured = run(world, command).await?;
    world.sql("default", &format!("DROP DATABASE {what} SYNC")).await?;
    Ok(measured)
}

/// The real binary, from its start until everything on the topic is stored and committed.
async fn pipeline(world: &World) -> anyhow::Result<Measured> {
    store::migrate(&world.store("pipeline")).await?;
    let (engines, children) = (EngineCpu::read(world), children_cpu());
    let group = world.group("pipeline");
    let mut command = world.sundial("pipeline", &group)?;
    command.args(["run", "--roles", "pipeline"]).env("SUNDIAL__API__ADMIN", "127.0.0.1:0");
    let started = Instant::now();
    let mut child = command.kill_on_drop(true).spawn()?;
    let pid = child.id().context("it has just started")?;
    let memory = MemoryWatch::of(pid);
    while world.behind(&group).await? > 0 {
        anyhow::ensure!(child.try_wait()?.is_none(), "the pipeline ended");
        anyhow::ensure!(started.elapsed() < PATIENCE, "waited {PATIENCE:?} until everything was stored");
        // Not oftener: asking costs the broker, and this machine, what is being measured.
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    let wall = started.elapsed().as_secs_f64();
    let peak = memory.peak_mib();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid.cast_signed()), nix::sys::signal::Signal::SIGTERM)?;
    child.wait().await?;
    let events = world.options.events;
    let measured = engines.measured(world, events, wall, children_cpu() - children, peak, HashMap::new());
    let counts = "SELECT toJSONString(map('events', (SELECT count() FROM events FINAL), 'cases', (SELECT count() FROM cases FINAL), \
                  'case_rows', (SELECT count() FROM cases), 'span_rows', (SELECT count() FROM spans)))";
    let told = serde_json::from_str(&world.sql("pipeline", counts).await?)?;
    let measured = Measured { told, ..measured };
    world.sql("default", "SYSTEM FLUSH LOGS").await?;
    for work in [include_str!("work_by_query.sql"), include_str!("work_by_merge.sql")] {
        eprintln!("{}", world.sql("pipeline", work).await?);
    }
    Ok(measured)
}

/// What was measured.
#[derive(Default)]
pub struct Report {
    pub values: Map<String, Value>,
    lines: Vec<(String, Measured)>,
    notes: BTreeMap<String, String>,
}

impl Report {
    pub fn measured(&mut self, name: &str, measured: Measured) {
        eprintln!("{name}: {:.0} events/s, {:.1} s, {:.1} s CPU", measured.events_per_s, measured.wall_s, measured.cpu_s);
        self.values.insert(name.to_owned(), json!(measured));
        self.lines.push((name.to_owned(), measured));
    }

    pub fn peer(&mut self, name: &str, measured: Measured) {
        self.measured(&format!("peer {name}"), measured);
        let value = self.values.remove(&format!("peer {name}")).unwrap_or_default();
        let peers = self.values.entry("peers").or_insert_with(|| json!({}));
        peers[name] = value;
    }

    pub fn put(&mut self, name: &str, value: Value) {
        eprintln!("{name}: {value}");
        self.notes.insert(name.to_owned(), value.to_string());
        self.values.insert(name.to_owned(), value);
    }

    /// As Markdown.
    fn table(&self) -> String {
        let mut table = String::from(
            "| | events/s | of the limit | s | CPU s | ClickHouse CPU s | broker CPU s | peak MiB |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
        );
        let limit = self.lines.iter().find(|(name, _)| name == "limit").map(|(_, measured)| measured.events_per_s);
        for (name, it) in &self.lines {
            let ratio = limit.map_or(String::new(), |limit| format!("{:.3}", it.events_per_s / limit));
            table += &format!(
                "| {name} | {:.0} | {ratio} | {:.1} | {:.1} | {:.1} | {:.1} | {:.0} |\n",
                it.events_per_s, it.wall_s, it.cpu_s, it.clickhouse_cpu_s, it.broker_cpu_s, it.peak_rss_mib
            );
        }
        for (name, it) in &self.lines {
            for (key, value) in &it.told {
                table += &format!("\n{name}: {key} {value}");
            }
        }
        for (name, value) in &self.notes {
            table += &format!("\n{name}: {value}");
        }
        table
    }
}
