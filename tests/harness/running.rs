//! A process of `sundial run`: what it says, and how it is ended.

use std::{
    fs,
    path::PathBuf,
    process::Child,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{PATIENCE, get, values};

/// The most memory a process may ever have taken, in KiB. Of this the budget of what is read and not
/// stored is 64 MiB; the rest are the queues of the Kafka client, blocks on their way to the store,
/// the cases held, and the program itself without optimisation.
const MOST_MEMORY_KIB: u64 = 384 * 1024;

/// `sundial run`, running.
pub struct Running {
    child: Child,
    log: PathBuf,
    admin_port: u16,
}

impl Running {
    pub(crate) fn new(child: Child, log: PathBuf, admin_port: u16) -> Self {
        Self { child, log, admin_port }
    }

    /// Panics with the log's end if it has ended.
    pub fn is_alive(&mut self) {
        if let Ok(Some(status)) = self.child.try_wait() {
            panic!("sundial run ended: {status}\n{}", self.log_tail());
        }
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.is_within_memory();
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// SIGTERM; it ends well within ten seconds.
    pub fn terminate(self) {
        self.ends_within(Duration::from_secs(10));
    }

    /// SIGTERM; how many messages it had read in its life, which it says at its end.
    pub fn terminate_and_count(self) -> u64 {
        let log = self.log.clone();
        self.terminate();
        let log = fs::read_to_string(log).expect("its log");
        let count = log.lines().rev().find_map(|line| line.split_once("ended messages=")?.1.trim().parse().ok());
        count.unwrap_or_else(|| panic!("it does not say how many messages it read:\n{log}"))
    }

    fn ends_within(mut self, limit: Duration) {
        self.is_alive();
        self.is_within_memory();
        self.signal(Signal::SIGTERM);
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait().expect("its status") {
                assert!(status.success(), "{status}\n{}", self.log_tail());
                return;
            }
            assert!(Instant::now() < deadline, "waited {limit:?} for the end after SIGTERM\n{}", self.log_tail());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// SIGSTOP: it is there and does nothing, as on a machine that hangs.
    pub fn pause(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// SIGCONT.
    pub fn resume(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        // A minimal Debian has no program for it.
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).expect("the process is there");
    }

    /// Its metrics; none while it does not answer.
    pub async fn metrics(&self) -> Option<String> {
        get(self.admin_port, "/metrics").await.map(|(_, body)| body)
    }

    /// The sum of the metrics whose lines begin so; 0 while it does not answer.
    pub async fn metric(&self, prefix: &str) -> f64 {
        self.metrics().await.map_or(0.0, |metrics| values(&metrics, prefix).iter().sum())
    }

    /// Waits until the sum of the metrics whose lines begin so is as wanted.
    pub async fn wait_for_metric(&mut self, prefix: &str, wanted: impl Fn(f64) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.is_alive();
            let sum = self.metric(prefix).await;
            if wanted(sum) {
                return;
            }
            assert!(Instant::now() < deadline, "waited {PATIENCE:?} for {prefix}, which is {sum}\n{}", self.log_tail());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until it has partitions to work on.
    pub async fn wait_for_partitions(&mut self) {
        self.wait_for_metric(r#"sundial_intake_rebalances_total{kind="assigned"}"#, |times| times >= 1.0).await;
    }

    /// How many partitions it says it works on.
    pub async fn partitions(&self) -> usize {
        self.metrics().await.map_or(0, |metrics| values(&metrics, "sundial_intake_lag_messages{").len())
    }

    /// Its memory was inside its bounds all its life.
    pub fn is_within_memory(&self) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("the process is there");
        let field = |name: &str| -> Option<u64> {
            status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
        };
        // A process that has ended and was not waited for has none.
        let (Some(most), Some(now)) = (field("VmHWM:"), field("VmRSS:")) else { return };
        println!("memory of process {}: {} MiB at most, {} MiB now", self.child.id(), most / 1024, now / 1024);
        assert!(most <= MOST_MEMORY_KIB, "the process took {most} KiB, more than {MOST_MEMORY_KIB}\n{}", self.log_tail());
    }

    /// The end of its log.
    pub fn log_tail(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Already ended where the scenario went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
