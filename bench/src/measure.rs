//! How a child process is measured: its time, its CPU with that of its own children, its memory, and what
//! it made the engines do.

use std::{
    collections::HashMap,
    fs,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context;
use nix::sys::resource::{Usage, UsageWho, getrusage};
use serde::Serialize;
use serde_json::Value;

use crate::world::World;

/// One measurement.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    pub events_per_s: f64,
    pub events: u64,
    pub wall_s: f64,
    /// CPU of the process measured.
    pub cpu_s: f64,
    /// CPU of ClickHouse meanwhile.
    pub clickhouse_cpu_s: f64,
    /// CPU of the broker meanwhile.
    pub broker_cpu_s: f64,
    pub peak_rss_mib: f64,
    /// What the child told of itself.
    #[serde(flatten)]
    pub told: HashMap<String, Value>,
}

/// The CPU of the engines so far.
#[derive(Clone, Copy)]
pub struct EngineCpu {
    clickhouse: f64,
    broker: f64,
}

impl EngineCpu {
    pub fn read(world: &World) -> Self {
        Self { clickhouse: cpu_of(world.clickhouse.process().pid()), broker: cpu_of(world.broker.pid()) }
    }
}

/// Watches the memory of a process and all below it until dropped.
pub struct MemoryWatch {
    peak: Arc<AtomicU64>,
    done: Arc<AtomicBool>,
}

impl MemoryWatch {
    pub fn of(pid: u32) -> Self {
        let (peak, done) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (peak_there, done_there) = (peak.clone(), done.clone());
        std::thread::spawn(move || {
            while !done_there.load(Ordering::Relaxed) {
                peak_there.fetch_max(tree_rss_kib(pid), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        Self { peak, done }
    }

    pub fn peak_mib(&self) -> f64 {
        self.peak.load(Ordering::Relaxed) as f64 / 1024.0
    }
}

impl Drop for MemoryWatch {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
    }
}

/// Runs a child to its end. What it prints last on standard output is what it tells of itself; `wall_s`,
/// `cpu_s` and `events` there beat what is seen from outside, for a child knows when its work began.
pub async fn run(world: &World, mut command: tokio::process::Command) -> anyhow::Result<Measured> {
    let (engines, children, started) = (EngineCpu::read(world), children_cpu(), Instant::now());
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    let memory = MemoryWatch::of(child.id().unwrap_or(0));
    let output = child.wait_with_output().await?;
    let wall = started.elapsed().as_secs_f64();
    anyhow::ensure!(output.status.success(), "{:?} ended: {}", command.as_std().get_program(), output.status);
    let printed = String::from_utf8_lossy(&output.stdout);
    let mut told: HashMap<String, Value> = match printed.lines().last().filter(|line| line.starts_with('{')) {
        Some(line) => serde_json::from_str(line).context(line.to_owned())?,
        None => HashMap::new(),
    };
    let mut number = |name: &str, otherwise: f64| told.remove(name).and_then(|value| value.as_f64()).unwrap_or(otherwise);
    let wall_s = number("wall_s", wall);
    let events = number("events", world.options.events as f64);
    let cpu_s = number("cpu_s", children_cpu() - children);
    Ok(engines.measured(world, events as u64, wall_s, cpu_s, memory.peak_mib(), told))
}

impl EngineCpu {
    /// Ends a measurement that began when this was read.
    pub fn measured(
        self,
        world: &World,
        events: u64,
        wall_s: f64,
        cpu_s: f64,
        peak_rss_mib: f64,
        told: HashMap<String, Value>,
    ) -> Measured {
        let now = Self::read(world);
        Measured {
            events_per_s: events as f64 / wall_s,
            events,
            wall_s,
            cpu_s,
            clickhouse_cpu_s: now.clickhouse - self.clickhouse,
            broker_cpu_s: now.broker - self.broker,
            peak_rss_mib,
            told,
        }
    }
}

/// CPU seconds of all children that have ended, and theirs.
pub fn children_cpu() -> f64 {
    cpu(getrusage(UsageWho::RUSAGE_CHILDREN))
}

/// CPU seconds of this process.
pub fn own_cpu() -> f64 {
    cpu(getrusage(UsageWho::RUSAGE_SELF))
}

/// CPU seconds of this thread.
pub fn thread_cpu() -> f64 {
    cpu(getrusage(UsageWho::RUSAGE_THREAD))
}

fn cpu(usage: nix::Result<Usage>) -> f64 {
    usage.map_or(0.0, |usage| {
        let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
        seconds(usage.user_time()) + seconds(usage.system_time())
    })
}

/// CPU seconds of a running process.
pub fn cpu_of(pid: u32) -> f64 {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name of the program stands in brackets and may hold blanks.
    let fields: Vec<f64> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().map(|field| field.parse().unwrap_or(0.0)).collect();
    (fields.get(11).unwrap_or(&0.0) + fields.get(12).unwrap_or(&0.0)) / TICKS_PER_SECOND
}

/// The resident memory of a process and all below it.
pub fn tree_rss_kib(root: u32) -> u64 {
    let mut parents: HashMap<u32, (u32, u64)> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let status = fs::read_to_string(entry.path().join("status")).unwrap_or_default();
        let field = |name: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
        };
        parents.insert(pid, (field("PPid:") as u32, field("VmRSS:")));
    }
    let is_below = |mut pid: u32| {
        while pid != root {
            match parents.get(&pid) {
                Some((parent, _)) if *parent != 0 => pid = *parent,
                _ => return false,
            }
        }
        true
    };
    parents.iter().filter(|(pid, _)| is_below(**pid)).map(|(_, (_, rss))| rss).sum()
}
