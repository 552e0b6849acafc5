//! The shared harness of the end-to-end scenarios: real engines, and the real binary run as its user
//! runs it.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use embedded::{ClickHouse, ClickHouseOptions, Cluster, ClusterOptions, Launcher, ports};
use intake::{
    admin::{TopicSpec, backlog, ensure_topics},
    producer::{Outgoing, Producer},
};

mod feed;
mod letters;
mod proxy;
mod running;
mod scale;
mod story;
mod topics;
mod wall_clock;
mod webhook;

pub use feed::Feed;
pub use letters::{Lying, every_broken_message_is_a_dead_letter, read_topic};
pub use proxy::{Mood, Proxy};
pub use running::Running;
pub use scale::{Scale, seed};
pub use story::Story;
pub use wall_clock::WallClock;
pub use webhook::Webhook;

/// How long anything may take before a scenario says what it waited for. The Kafka client itself may try
/// for minutes before it gives up on a message.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// The engines and a directory for one scenario.
pub struct Hall {
    /// The broker, or brokers.
    pub broker: Cluster,
    /// The store.
    pub clickhouse: ClickHouse,
    /// The second engine of a store that is spread over two.
    second_shard: Option<ClickHouse>,
    /// As what the store was started.
    clickhouse_options: ClickHouseOptions,
    /// Where the scenario keeps its files.
    pub directory: tempfile::TempDir,
    api_port: u16,
    admin_port: u16,
    /// How many processes were started, for the names of their logs.
    started: AtomicU32,
}

/// Partitions of the topic of approval steps.
const PARTITIONS: i32 = 6;
/// The name of the store's cluster, in scenarios with shards.
const CLUSTER: &str = "county";

impl Hall {
    /// Starts the engines, makes the topics and the tables.
    pub async fn open() -> Self {
        Self::with_engines(1, Vec::new()).await
    }

    /// The same with several brokers; every topic has a copy on each.
    pub async fn with_brokers(nodes: u16) -> Self {
        Self::with_engines(nodes, Vec::new()).await
    }

    /// The same with a store of two shards: the tables are spread over two engines.
    pub async fn with_two_shards() -> Self {
        Self::with_engines(1, ports::free_set(2).expect("two free ports")).await
    }

    /// With so many brokers, and a store of one engine, or of one for each port by which they reach each other.
    async fn with_engines(nodes: u16, shard_ports: Vec<u16>) -> Self {
        let directory = tempfile::tempdir().expect("a directory for the scenario");
        let mut broker = ClusterOptions::new(directory.path().join("kafka"), nodes);
        let mut property = |key: &str, value: &str| broker.properties.push((key.to_owned(), value.to_owned()));
        // Events carry their own times, which may be years ago; the broker must not clean them away.
        property("log.retention.ms", "-1");
        if nodes > 1 {
            // What is acknowledged is on two disks at least: the death of one broker loses nothing.
            property("min.insync.replicas", "2");
        }
        let store = |name: &str| {
            let launcher = Launcher::this_test_binary().expect("the path of this test");
            ClickHouseOptions::new(directory.path().join(name), launcher)
        };
        let shard = |number: usize| ClickHouseOptions {
            tcp_port: Some(shard_ports[number]),
            extra_config_xml: Some(cluster_of(&shard_ports)),
            ..store(&format!("clickhouse-{number}"))
        };
        let (clickhouse_options, second) =
            if shard_ports.is_empty() { (store("clickhouse"), None) } else { (shard(0), Some(shard(1))) };
        let start_second = async {
            match second {
                Some(options) => Some(ClickHouse::start(options).await.expect("the second shard starts")),
                None => None,
            }
        };
        let (broker, clickhouse, second_shard) =
            tokio::join!(Cluster::start(broker), ClickHouse::start(clickhouse_options.clone()), start_second);
        let ports = ports::free_set(2).expect("two free ports");
        let hall = Self {
            broker: broker.expect("the broker starts"),
            clickhouse: clickhouse.expect("ClickHouse starts"),
            second_shard,
            clickhouse_options,
            directory,
            api_port: ports[0],
            admin_port: ports[1],
            started: AtomicU32::new(0),
        };
        let topic =
            |name: &str, partitions| TopicSpec { name: name.to_owned(), partitions, replication: i32::from(nodes.min(3)) };
        let topics = [topic("approval.steps", PARTITIONS), topic("approval.steps.dead", 1), topic("supervision.cards", 2)];
        ensure_topics(&hall.broker.bootstrap(), &BTreeMap::new(), &topics).await.expect("the topics are made");
        hall.sundial(&["migrate"]).succeeds();
        if let Some(second) = &hall.second_shard {
            let output = hall.command().env("SUNDIAL__CLICKHOUSE__URL", second.url()).arg("migrate").output();
            Ran { what: "migrate".to_owned(), output: output.expect("sundial runs") }.succeeds();
        }
        hall
    }

    /// The answer of a query of the second shard alone.
    pub async fn query_second_shard(&self, sql: &str) -> String {
        query(self.second_shard.as_ref().expect("a scenario with two shards"), sql).await
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
            .env("SUNDIAL__LOG__FILTER", "info")
            .env("NO_COLOR", "1");
        if self.second_shard.is_some() {
            command.env("SUNDIAL__CLICKHOUSE__CLUSTER", CLUSTER).env("SUNDIAL__CLICKHOUSE__REPLICATED", "false");
        }
        command
    }

    /// Runs a subcommand to its end.
    pub fn sundial(&self, arguments: &[&str]) -> Ran {
        let output = self.command().args(arguments).output().expect("sundial runs");
        Ran { what: arguments.join(" "), output }
    }

    /// Starts `sundial run` with every role, its log in a file of the scenario.
    pub fn run(&self, arguments: &[&str]) -> Running {
        self.start(self.command(), arguments, self.admin_port)
    }

    /// Starts one more process that does nothing but the pipeline, beside those that run.
    pub fn run_beside(&self, arguments: &[&str]) -> Running {
        let admin_port = ports::free().expect("a free port");
        let mut command = self.command();
        command.env("SUNDIAL__API__ADMIN", format!("127.0.0.1:{admin_port}"));
        self.start(command, &[&["--roles", "pipeline"], arguments].concat(), admin_port)
    }

    /// Starts `sundial run` from a command of the scenario's own.
    pub fn run_by(&self, command: Command, arguments: &[&str]) -> Running {
        self.start(command, arguments, self.admin_port)
    }

    fn start(&self, mut command: Command, arguments: &[&str], admin_port: u16) -> Running {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let log_path = self.path(&format!("run-{number}.log"));
        let log = fs::File::create(&log_path).expect("a log");
        command.arg("run").args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        Running::new(command.spawn().expect("sundial starts"), log_path, admin_port)
    }

    /// Starts ClickHouse again, after it was killed, on the same port and directory.
    pub async fn restart_clickhouse(&mut self) {
        self.restart_clickhouse_with(None).await;
    }

    /// The same with more settings of the server, as XML.
    pub async fn restart_clickhouse_with(&mut self, config: Option<&str>) {
        let options = ClickHouseOptions { extra_config_xml: config.map(str::to_owned), ..self.clickhouse_options.clone() };
        self.clickhouse = ClickHouse::start(options).await.expect("ClickHouse starts again");
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

    /// How many messages of the topic the group has not committed.
    pub async fn backlog(&self) -> i64 {
        let (brokers, client) = (self.broker.bootstrap(), BTreeMap::new());
        backlog(&brokers, &client, "sundial", "approval.steps").await.expect("the broker answers")
    }

    /// Waits until the group has committed everything: what is on the topic is stored.
    pub async fn wait_until_stored(&self, running: &mut Running) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            running.is_alive();
            let behind = self.backlog().await;
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

    /// Waits until these processes, each of which has some, have all partitions among them.
    pub async fn wait_for_group(&self, members: &mut [&mut Running]) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut held = Vec::new();
            for member in &mut *members {
                member.is_alive();
                held.push(member.partitions().await);
            }
            if !held.contains(&0) && held.iter().sum::<usize>() == PARTITIONS as usize {
                return;
            }
            assert!(Instant::now() < deadline, "waited {PATIENCE:?} until all partitions are held, held are {held:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
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
        query(&self.clickhouse, sql).await
    }

    /// Stops the engines.
    pub async fn close(self) {
        if let Some(second) = self.second_shard {
            second.stop().await;
        }
        self.clickhouse.stop().await;
        self.broker.stop().await;
    }
}

/// The configuration by which engines know each other as shards.
fn cluster_of(ports: &[u16]) -> String {
    let shard = |port| format!("<shard><replica><host>127.0.0.1</host><port>{port}</port></replica></shard>");
    let shards: String = ports.iter().map(shard).collect();
    format!("<remote_servers><{CLUSTER}>{shards}</{CLUSTER}></remote_servers>")
}

async fn query(clickhouse: &ClickHouse, sql: &str) -> String {
    let request = client().post(format!("{}/?database=sundial", clickhouse.url())).body(sql.to_owned());
    let answer = request.send().await.expect("ClickHouse answers");
    let status = answer.status();
    let body = answer.text().await.expect("a body");
    assert!(status.is_success(), "{sql}: {status}: {body}");
    body.trim_end().to_owned()
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

/// Lines joined into one file's content.
pub fn lines<L: AsRef<[u8]>>(lines: impl IntoIterator<Item = L>) -> Vec<u8> {
    let mut content = Vec::new();
    for line in lines {
        content.write_all(line.as_ref()).expect("writing to memory");
        content.push(b'\n');
    }
    content
}
