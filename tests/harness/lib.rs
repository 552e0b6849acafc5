//! The shared harness of the end-to-end scenarios: real engines, and the real binary run as its user
//! runs it.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use embedded::{Broker, BrokerOptions, ClickHouse, ClickHouseOptions, Launcher, ports};
use intake::{
    admin::{TopicSpec, backlog, ensure_topics},
    producer::{Outgoing, Producer},
};

/// How long anything may take before a scenario says what it waited for.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The engines and a directory for one scenario.
pub struct Hall {
    /// The broker.
    pub broker: Broker,
    /// The store.
    pub clickhouse: ClickHouse,
    /// Where the scenario keeps its files.
    pub directory: tempfile::TempDir,
    api_port: u16,
    admin_port: u16,
}

/// Partitions of the topic of approval steps.
const PARTITIONS: i32 = 6;

impl Hall {
    /// Starts the engines, makes the topics and the tables.
    pub async fn open() -> Self {
        let directory = tempfile::tempdir().expect("a directory for the scenario");
        // Events carry their own times, which may be years ago; the broker must not clean them away.
        let mut broker = BrokerOptions::new(directory.path().join("kafka"));
        broker.properties.push(("log.retention.ms".to_owned(), "-1".to_owned()));
        let clickhouse = ClickHouseOptions::new(
            directory.path().join("clickhouse"),
            Launcher::this_test_binary().expect("the path of this test"),
        );
        let (broker, clickhouse) = tokio::join!(Broker::start(broker), ClickHouse::start(clickhouse));
        let ports = ports::free_set(2).expect("two free ports");
        let hall = Self {
            broker: broker.expect("the broker starts"),
            clickhouse: clickhouse.expect("ClickHouse starts"),
            directory,
            api_port: ports[0],
            admin_port: ports[1],
        };
        let topic = |name: &str, partitions| TopicSpec { name: name.to_owned(), partitions, replication: 1 };
        let topics = [topic("approval.steps", PARTITIONS), topic("approval.steps.dead", 1), topic("supervision.cards", 2)];
        ensure_topics(&hall.broker.bootstrap(), &BTreeMap::new(), &topics).await.expect("the topics are made");
        hall.sundial(&["migrate"]).succeeds();
        hall
    }

    /// A file of the scenario.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file of the scenario.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).expect("the file is written");
        path
    }

    /// The binary, set up for these engines.
    pub fn command(&self) -> Command {
        let mut command = Command::new(binary());
        command
            .env("SUNDIAL__KAFKA__BROKERS", self.broker.bootstrap())
            .env("SUNDIAL__CLICKHOUSE__URL", self.clickhouse.url())
            .env("SUNDIAL__API__LISTEN", format!("127.0.0.1:{}", self.api_port))
            .env("SUNDIAL__API__ADMIN", format!("127.0.0.1:{}", self.admin_port))
            // The partitions of a killed process are free again after this; draining must be over before.
            .env("SUNDIAL__INTAKE__SESSION_TIMEOUT_S", "6")
            .env("SUNDIAL__INTAKE__DRAIN_TIMEOUT_S", "5")
            .env("SUNDIAL__LOG__FILTER", "info");
        command
    }

    /// Runs a subcommand to its end.
    pub fn sundial(&self, arguments: &[&str]) -> Ran {
        let output = self.command().args(arguments).output().expect("sundial runs");
        Ran { what: arguments.join(" "), output }
    }

    /// Starts `sundial run`, its log in a file of the scenario.
    pub fn run(&self, arguments: &[&str]) -> Running {
        let log = fs::File::options().create(true).append(true).open(self.path("run.log")).expect("a log");
        let mut command = self.command();
        command.arg("run").args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        Running { child: command.spawn().expect("sundial starts"), log: self.path("run.log") }
    }

    /// A producer for the broker.
    pub fn producer(&self) -> Producer {
        Producer::new(&self.broker.bootstrap(), &BTreeMap::new()).expect("a producer")
    }

    /// Sends messages with their keys to the topic of approval steps.
    pub fn produce<'m>(&self, messages: impl IntoIterator<Item = (Option<&'m [u8]>, &'m [u8])>) {
        let producer = self.producer();
        for (key, payload) in messages {
            let message = Outgoing { topic: "approval.steps", key, payload: Some(payload), headers: &[] };
            producer.send(message).expect("the message is taken");
        }
        producer.flush(PATIENCE).expect("the broker takes all messages");
    }

    /// Waits until the group has committed everything: what is on the topic is stored.
    pub async fn wait_until_stored(&self, running: &mut Running) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            running.is_alive();
            let (brokers, client) = (self.broker.bootstrap(), BTreeMap::new());
            let behind = backlog(&brokers, &client, "sundial", "approval.steps").await.expect("the broker answers");
            if behind == 0 {
                return;
            }
            running.is_alive();
            assert!(
                Instant::now() < deadline,
                "waited {PATIENCE:?} until all is stored, {behind} are not\n{}",
                running.log_tail()
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// A page of the admin server; none while it does not answer.
    pub async fn get_admin(&self, path: &str) -> Option<String> {
        get(self.admin_port, path).await.map(|(_, body)| body)
    }

    /// Status and body of a page of the API.
    pub async fn get_api(&self, path: &str) -> (u16, String) {
        get(self.api_port, path).await.expect("the API answers")
    }

    /// The answer of a query of the store, as tab-separated text.
    pub async fn query(&self, sql: &str) -> String {
        let request = client().post(format!("{}/?database=sundial", self.clickhouse.url())).body(sql.to_owned());
        let answer = request.send().await.expect("ClickHouse answers");
        let status = answer.status();
        let body = answer.text().await.expect("a body");
        assert!(status.is_success(), "{sql}: {status}: {body}");
        body.trim_end().to_owned()
    }

    /// Stops the engines.
    pub async fn close(self) {
        self.clickhouse.stop().await;
        self.broker.stop().await;
    }
}

fn client() -> reqwest::Client {
    // Installed once; a second call finds it there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

async fn get(port: u16, path: &str) -> Option<(u16, String)> {
    let answer = client().get(format!("http://127.0.0.1:{port}{path}")).send().await.ok()?;
    Some((answer.status().as_u16(), answer.text().await.ok()?))
}

/// The values of the metrics whose lines begin so.
pub fn values(metrics: &str, prefix: &str) -> Vec<f64> {
    let lines = metrics.lines().filter(|line| line.starts_with(prefix));
    lines.filter_map(|line| line.rsplit_once(' ')?.1.parse().ok()).collect()
}

/// The binary beside this test's own directory.
fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let binary = test.parent().and_then(Path::parent).expect("the target directory").join("sundial");
    assert!(binary.exists(), "{} is not there: run `cargo build -p sundial` (or `make test`)", binary.display());
    binary
}

/// A subcommand that has ended.
pub struct Ran {
    what: String,
    /// What it printed, and how it ended.
    pub output: Output,
}

impl Ran {
    /// It ended well; what it printed on standard output.
    pub fn succeeds(self) -> Vec<u8> {
        let stderr = String::from_utf8_lossy(&self.output.stderr).into_owned();
        let stdout = String::from_utf8_lossy(&self.output.stdout).into_owned();
        assert!(self.output.status.success(), "sundial {}: {}\n{stdout}\n{stderr}", self.what, self.output.status);
        self.output.stdout
    }

    /// What it printed on standard error.
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }
}

/// `sundial run`, running.
pub struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    /// Panics with the log's end if it has ended.
    pub fn is_alive(&mut self) {
        if let Ok(Some(status)) = self.child.try_wait() {
            panic!("sundial run ended: {status}\n{}", self.log_tail());
        }
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// SIGTERM; it ends well within ten seconds and a little.
    pub fn terminate(mut self) {
        // A minimal Debian has no program for it.
        let pid = nix::unistd::Pid::from_raw(self.child.id().cast_signed());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("it can be told to end");
        let deadline = Instant::now() + Duration::from_secs(15);
        loop {
            if let Some(status) = self.child.try_wait().expect("its status") {
                assert!(status.success(), "{status}\n{}", self.log_tail());
                return;
            }
            assert!(Instant::now() < deadline, "waited 15 s for the end after SIGTERM\n{}", self.log_tail());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn log_tail(&self) -> String {
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

/// Lines joined into one file's content.
pub fn lines<L: AsRef<[u8]>>(lines: impl IntoIterator<Item = L>) -> Vec<u8> {
    let mut content = Vec::new();
    for line in lines {
        content.write_all(line.as_ref()).expect("writing to memory");
        content.push(b'\n');
    }
    content
}
