//! The real engines: that they come up, keep what they were given, and go when they should.
#![expect(clippy::unwrap_used, reason = "helpers of tests, too, may fail loudly")]

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use embedded::{Broker, BrokerOptions, ClickHouse, ClickHouseOptions, Cluster, ClusterOptions, Error, Launcher, ports};
use nix::{sys::signal, unistd::Pid};

embedded::clickhouse_child_test!();

fn clickhouse_in(directory: &Path) -> ClickHouseOptions {
    ClickHouseOptions::new(directory, Launcher::this_test_binary().unwrap())
}

/// The answer's status line and body.
fn query(port: u16, sql: &str) -> (String, String) {
    let mut stream = TcpStream::connect(ports::local(port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = "POST /?wait_end_of_query=1 HTTP/1.0\r\nHost: localhost\r\n";
    write!(stream, "{head}Content-Length: {}\r\n\r\n{sql}", sql.len()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.trim_end().to_owned())
}

fn rows(port: u16, sql: &str) -> String {
    let (status, body) = query(port, sql);
    assert!(status.contains(" 200 "), "{sql}: {status}: {body}");
    body
}

fn is_alive(pid: u32) -> bool {
    signal::kill(Pid::from_raw(pid.cast_signed()), None).is_ok()
}

fn connects(port: u16) -> bool {
    TcpStream::connect_timeout(&ports::local(port), Duration::from_secs(1)).is_ok()
}

#[tokio::test]
async fn clickhouse_answers_and_stops_cleanly_and_comes_back_on_its_port_with_its_rows() {
    let directory = tempfile::tempdir().unwrap();
    let server = ClickHouse::start(clickhouse_in(directory.path())).await.unwrap();
    let (port, pid) = (server.http_port(), server.pid());
    assert_eq!(server.url(), format!("http://127.0.0.1:{port}"));
    assert_eq!(rows(port, "SELECT 1"), "1");
    assert_eq!(rows(port, "SELECT timezone()"), "UTC");
    rows(port, "CREATE TABLE t (n UInt32) ENGINE = MergeTree ORDER BY n");
    rows(port, "INSERT INTO t SELECT number FROM numbers(1000)");
    server.stop().await;
    assert!(!is_alive(pid));

    let server = ClickHouse::start(clickhouse_in(directory.path())).await.unwrap();
    assert_eq!(server.http_port(), port);
    assert_eq!(rows(port, "SELECT count() FROM t"), "1000");
    server.stop().await;
}

#[tokio::test]
async fn clickhouse_keeps_acknowledged_rows_when_it_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let server = ClickHouse::start(clickhouse_in(directory.path())).await.unwrap();
    let port = server.http_port();
    rows(port, "CREATE TABLE t (n UInt32) ENGINE = MergeTree ORDER BY n");
    rows(port, "INSERT INTO t SELECT number FROM numbers(100000)");
    server.kill().await;
    assert!(!connects(port));

    let server = ClickHouse::start(clickhouse_in(directory.path())).await.unwrap();
    assert_eq!(server.http_port(), port);
    assert_eq!(rows(port, "SELECT count(), sum(n) FROM t"), "100000\t4999950000");
    server.stop().await;
}

#[tokio::test]
async fn clickhouse_stops_although_a_client_keeps_its_connection() {
    let directory = tempfile::tempdir().unwrap();
    let server = ClickHouse::start(clickhouse_in(directory.path())).await.unwrap();
    let mut client = TcpStream::connect(ports::local(server.http_port())).unwrap();
    client.write_all(b"GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = [0; 12];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    let pid = server.pid();
    // How long that may take is bounded by `stop` itself, not by a clock here.
    server.stop().await;
    assert!(!is_alive(pid));
}

#[tokio::test]
async fn a_paused_clickhouse_answers_only_after_it_is_resumed() {
    let directory = tempfile::tempdir().unwrap();
    let server = ClickHouse::start(clickhouse_in(directory.path())).await.unwrap();
    let port = server.http_port();
    assert!(server.pause());
    let asked = tokio::task::spawn_blocking(move || rows(port, "SELECT 1"));
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(!asked.is_finished());
    assert!(server.resume());
    assert_eq!(asked.await.unwrap(), "1");
    server.stop().await;
}

#[tokio::test]
async fn clickhouse_takes_more_users_and_settings_and_bounds_its_memory() {
    let directory = tempfile::tempdir().unwrap();
    let mut options = clickhouse_in(directory.path());
    options.memory_limit_mb = 700;
    options.extra_config_xml = Some("<max_concurrent_queries>77</max_concurrent_queries>".to_owned());
    options.extra_users_xml =
        Some("<users><viewer><password>pw</password><profile>readonly</profile></viewer></users>".to_owned());
    let server = ClickHouse::start(options).await.unwrap();
    let port = server.http_port();
    assert_eq!(rows(port, "SELECT name FROM system.users ORDER BY name"), "default\nviewer");
    let settings = "SELECT value FROM system.server_settings WHERE name IN ('max_concurrent_queries', 'max_server_memory_usage') \
                    ORDER BY name";
    assert_eq!(rows(port, settings), format!("77\n{}", 700 * 1024 * 1024));
    server.stop().await;
}

#[tokio::test]
async fn two_clickhouses_reach_each_other_over_their_native_ports() {
    let (left, right) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut servers = Vec::new();
    for directory in [&left, &right] {
        let mut options = clickhouse_in(directory.path());
        options.tcp_port = Some(ports::free().unwrap());
        servers.push(ClickHouse::start(options).await.unwrap());
    }
    rows(servers[1].http_port(), "CREATE TABLE t (n UInt32) ENGINE = MergeTree ORDER BY n");
    rows(servers[1].http_port(), "INSERT INTO t VALUES (41), (1)");
    let remote = format!("SELECT sum(n) FROM remote('127.0.0.1:{}', default, t)", servers[1].tcp_port().unwrap());
    assert_eq!(rows(servers[0].http_port(), &remote), "42");
    for server in servers {
        server.stop().await;
    }
}

#[tokio::test]
async fn a_second_clickhouse_on_the_same_directory_is_refused_with_the_reason() {
    let directory = tempfile::tempdir().unwrap();
    let server = ClickHouse::start(clickhouse_in(directory.path())).await.unwrap();
    let error = ClickHouse::start(clickhouse_in(directory.path())).await.unwrap_err();
    assert!(matches!(error, Error::Ended { .. }), "{error}");
    assert!(error.to_string().contains("(CANNOT_OPEN_FILE)") || error.to_string().contains("Code: 76"), "{error}");
    assert_eq!(rows(server.http_port(), "SELECT 1"), "1", "the first one must not be hurt");
    server.stop().await;
}

#[tokio::test]
async fn a_taken_port_and_a_missing_library_say_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind(ports::local(0)).unwrap();
    let mut options = clickhouse_in(directory.path());
    options.http_port = Some(listener.local_addr().unwrap().port());
    let error = ClickHouse::start(options).await.unwrap_err().to_string();
    assert!(error.contains("is taken by another program"), "{error}");

    let mut options = clickhouse_in(directory.path());
    options.cache = Some(embedded::Cache::at(directory.path()));
    let error = ClickHouse::start(options).await.unwrap_err().to_string();
    assert!(error.contains("libchdb.so not found under") && error.contains("run scripts/setup"), "{error}");
}

#[tokio::test]
async fn kafka_serves_and_comes_back_on_its_port_after_a_stop_and_after_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let broker = Broker::start(BrokerOptions::new(directory.path())).await.unwrap();
    let (bootstrap, port, pid) = (broker.bootstrap(), broker.port(), broker.pid());
    assert_eq!(bootstrap, format!("127.0.0.1:{port}"));
    assert!(connects(port));
    let id = std::fs::read_to_string(directory.path().join("node-1/storage/meta.properties")).unwrap();
    broker.stop().await;
    assert!(!is_alive(pid) && !connects(port));

    let broker = Broker::start(BrokerOptions::new(directory.path())).await.unwrap();
    assert_eq!(broker.bootstrap(), bootstrap);
    broker.kill().await;
    assert!(!connects(port));

    let broker = Broker::start(BrokerOptions::new(directory.path())).await.unwrap();
    assert_eq!(broker.bootstrap(), bootstrap);
    let after = std::fs::read_to_string(directory.path().join("node-1/storage/meta.properties")).unwrap();
    assert_eq!(after, id, "the storage must not be formatted again");
    assert!(broker.pause() && broker.resume());
    broker.stop().await;
}

#[tokio::test]
async fn a_broker_that_cannot_start_tells_why() {
    let directory = tempfile::tempdir().unwrap();
    let mut options = BrokerOptions::new(directory.path());
    options.properties.push(("num.io.threads".to_owned(), "none".to_owned()));
    let error = Broker::start(options).await.unwrap_err().to_string();
    assert!(error.contains("num.io.threads") && error.contains("waiting for"), "{error}");
}

#[tokio::test]
async fn a_remembered_kafka_port_that_is_taken_is_named_with_the_file_that_keeps_it() {
    let directory = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind(ports::local(0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::fs::write(directory.path().join("ports"), format!("{port}\n{}\n", ports::free().unwrap())).unwrap();
    let error = Broker::start(BrokerOptions::new(directory.path())).await.unwrap_err().to_string();
    assert!(error.contains(&format!("port {port} of Kafka is taken")) && error.contains("kept in"), "{error}");
}

#[tokio::test]
async fn three_brokers_form_a_cluster_and_go_on_when_one_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let mut cluster = Cluster::start(ClusterOptions::new(directory.path(), 3)).await.unwrap();
    assert_eq!(cluster.bootstrap().split(',').count(), 3);
    assert!(cluster.kill_node(2).await);
    assert_eq!(cluster.running(), [1, 3]);
    cluster.restart_node(2).await.unwrap();
    assert_eq!(cluster.running(), [1, 2, 3]);
    cluster.stop().await;
}

const HOLDER: &str = "EMBEDDED_TEST_HOLD_ENGINES";

/// The parent of the test below: in an ordinary run it returns at once.
#[tokio::test]
async fn a_parent_that_holds_engines_until_it_is_killed() {
    let Some(directory) = std::env::var_os(HOLDER) else { return };
    let directory = Path::new(&directory);
    let server = ClickHouse::start(clickhouse_in(&directory.join("clickhouse"))).await.unwrap();
    let broker = Broker::start(BrokerOptions::new(directory.join("kafka"))).await.unwrap();
    std::fs::write(directory.join("pids.unfinished"), format!("{} {}", server.pid(), broker.pid())).unwrap();
    std::fs::rename(directory.join("pids.unfinished"), directory.join("pids")).unwrap();
    tokio::time::sleep(Duration::from_secs(120)).await;
}

#[test]
fn no_engine_outlives_a_parent_that_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["a_parent_that_holds_engines_until_it_is_killed", "--exact", "--nocapture"])
        .env(HOLDER, directory.path())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(90);
    let pids: Vec<u32> = loop {
        if let Ok(text) = std::fs::read_to_string(directory.path().join("pids")) {
            break text.split(' ').map(|pid| pid.parse().unwrap()).collect();
        }
        assert!(Instant::now() < deadline && parent.try_wait().unwrap().is_none(), "the parent did not get ready");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(pids.iter().all(|&pid| is_alive(pid)));
    parent.kill().unwrap();
    parent.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while pids.iter().any(|&pid| is_running(pid)) {
        assert!(Instant::now() < deadline, "an engine outlived its parent: {pids:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Like [`is_alive`], but an orphan that nobody has reaped yet does not count.
fn is_running(pid: u32) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    state.is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z'))
}

#[test]
fn an_engine_outlives_the_thread_that_started_it() {
    let directory = tempfile::tempdir().unwrap();
    let options = clickhouse_in(directory.path());
    let start = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(ClickHouse::start(options)).unwrap()
    };
    let server = std::thread::spawn(start).join().unwrap();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(rows(server.http_port(), "SELECT 1"), "1");
}
