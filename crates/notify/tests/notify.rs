//! Cards to real channels: an HTTP server, a real Alertmanager, and the topic of a real broker.
#![expect(clippy::unwrap_used, reason = "helpers of tests, too, may fail loudly")]

use std::{
    collections::{HashMap, VecDeque},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use embedded::{Broker, BrokerOptions, ports};
use jiff::{SignedDuration, Timestamp};
use notify::{
    Alertmanager, CardMessage, CardState, Channel, Courier, CourierConfig, Interrupted, MemoryLedger, Notifier, NotifierConfig,
    NotifyError, Observer, Outcome, Webhook, text::Zone,
};
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    producer::{FutureProducer, FutureRecord},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_util::sync::CancellationToken;

#[derive(Default)]
struct Counts(Mutex<HashMap<(String, &'static str), u32>>);

impl Observer for Counts {
    fn notified(&self, channel: &str, outcome: Outcome) {
        *self.0.lock().unwrap().entry((channel.to_owned(), outcome.code())).or_default() += 1;
    }

    fn unreadable(&self) {
        *self.0.lock().unwrap().entry((String::new(), "unreadable")).or_default() += 1;
    }
}

impl Counts {
    fn of(&self, channel: &str, outcome: &'static str) -> u32 {
        self.0.lock().unwrap().get(&(channel.to_owned(), outcome)).copied().unwrap_or_default()
    }
}

/// An HTTP server that gives these answers in turn, then 200 for ever, and keeps what it was sent.
struct Server {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn answering(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/cards", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (kept, mut statuses) = (Arc::clone(&requests), VecDeque::from(statuses.to_vec()));
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut bytes = Vec::new();
                while !is_whole(&bytes) {
                    assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "the client went away");
                }
                kept.lock().unwrap().push(String::from_utf8(bytes).unwrap());
                let status = statuses.pop_front().unwrap_or(200);
                let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { url, requests }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some(end) = text.find("\r\n\r\n") else { return false };
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse::<usize>().unwrap();
    request.len() >= end + 4 + length
}

fn card(id: &str, state: CardState, age: SignedDuration) -> CardMessage {
    let crossed_at = Timestamp::now().checked_sub(age).unwrap();
    let at = crossed_at.to_string();
    let message = serde_json::json!({
        "card_id": id, "case_no": "2026-001", "item": "env-eia-report", "department": "环保局", "window": null,
        "clock": "promised", "instance": "", "level": "yellow", "rule": "promised-over", "state": state.code(),
        "crossed_at": at, "due_at": at, "limit_days": 20.0, "promised": { "limit_days": 20.0, "due_at": at },
        "handler": "w07", "reason": "corrected", "version": "42",
    });
    serde_json::from_value(message).unwrap()
}

fn quick() -> CourierConfig {
    let pause = Duration::from_millis(20);
    CourierConfig { retry_for: Duration::from_secs(5), first_pause: pause, longest_pause: pause, ..CourierConfig::default() }
}

struct Post {
    courier: Courier<Arc<MemoryLedger>>,
    ledger: Arc<MemoryLedger>,
    counts: Arc<Counts>,
}

fn post(config: CourierConfig, server: &Server) -> Post {
    let (ledger, counts) = (Arc::new(MemoryLedger::default()), Arc::new(Counts::default()));
    let courier = Courier::new(config, vec![hook(server)], Arc::clone(&ledger), Arc::clone(&counts) as Arc<dyn Observer>);
    Post { courier, ledger, counts }
}

fn hook(server: &Server) -> Arc<dyn Channel> {
    Arc::new(Webhook::new("hook", &server.url, Some("secret"), Zone::default()).unwrap())
}

const NEWS: SignedDuration = SignedDuration::from_mins(5);

#[tokio::test]
async fn a_webhook_that_fails_first_gets_the_card_once_and_never_again() {
    let server = Server::answering(&[503, 429]).await;
    let post = post(quick(), &server);
    let card = card("c1", CardState::Issued, NEWS);
    for _ in 0..3 {
        post.courier.deliver(&card, &CancellationToken::new()).await.unwrap();
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 3, "two refusals and one delivery");
    assert!(
        requests.iter().all(|it| it.contains("idempotency-key: c1:issued\r\n") && it.contains("x-sundial-signature: sha256="))
    );
    let body: Value = serde_json::from_str(requests[2].split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(serde_json::from_value::<CardMessage>(body["card"].clone()).unwrap(), card);
    assert!(body["text"].as_str().unwrap().starts_with("环保局：办件 2026-001"), "{body}");
    assert_eq!(post.ledger.entries().len(), 1);
    assert_eq!((post.counts.of("hook", "sent"), post.counts.of("hook", "failed")), (1, 0));
}

#[tokio::test]
async fn a_refusal_for_good_is_tried_once_and_recorded_as_failed() {
    let server = Server::answering(&[400]).await;
    let post = post(quick(), &server);
    post.courier.deliver(&card("c1", CardState::Issued, NEWS), &CancellationToken::new()).await.unwrap();
    assert_eq!((server.requests().len(), post.counts.of("hook", "failed")), (1, 1));
    assert_eq!(post.ledger.entries()[0].1, Outcome::Failed);
}

#[tokio::test]
async fn a_replay_of_history_floods_nobody() {
    let server = Server::answering(&[]).await;
    let post = post(quick(), &server);
    let old = card("c1", CardState::Issued, SignedDuration::from_hours(25));
    let withdrawal = card("c1", CardState::Withdrawn, NEWS);
    for message in [&old, &withdrawal] {
        post.courier.deliver(message, &CancellationToken::new()).await.unwrap();
    }
    assert_eq!((server.requests().len(), post.counts.of("hook", "skipped")), (0, 2));
}

#[tokio::test]
async fn a_withdrawal_reaches_whoever_was_told_of_the_card_however_old_it_is() {
    let server = Server::answering(&[]).await;
    let post = post(quick(), &server);
    post.courier.deliver(&card("c1", CardState::Issued, NEWS), &CancellationToken::new()).await.unwrap();
    let old = card("c1", CardState::Withdrawn, SignedDuration::from_hours(100));
    post.courier.deliver(&old, &CancellationToken::new()).await.unwrap();
    assert!(server.requests()[1].contains("idempotency-key: c1:withdrawn\r\n"));
    assert_eq!(post.counts.of("hook", "sent"), 2);
}

#[tokio::test]
async fn a_stop_during_retries_leaves_the_card_undone() {
    let server = Server::answering(&[503; 1000]).await;
    let post = post(quick(), &server);
    let stop = CancellationToken::new();
    let stopper = stop.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(200)).await;
        stopper.cancel();
    });
    let delivered = post.courier.deliver(&card("c1", CardState::Issued, NEWS), &stop).await;
    assert_eq!(delivered, Err(Interrupted));
    assert!(post.ledger.entries().is_empty());
}

/// Ends the process with the test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn alerts(base: &str) -> Option<Vec<Value>> {
    reqwest::get(format!("{base}/api/v2/alerts")).await.ok()?.json().await.ok()
}

/// Polls for ten seconds.
async fn wait_for<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..200 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("waited 10 s for {what}");
}

#[tokio::test]
async fn a_real_alertmanager_shows_the_card_and_resolves_it_when_withdrawn() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("alertmanager.yml");
    std::fs::write(&config, "route: { receiver: none }\nreceivers: [{ name: none }]\n").unwrap();
    let port = ports::free().unwrap();
    let program = Command::new("prometheus-alertmanager")
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.path={}", directory.path().display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg("--cluster.listen-address=")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("prometheus-alertmanager: run scripts/setup test");
    let _killed = Killed(program);
    let base = format!("http://127.0.0.1:{port}");
    let channel = Alertmanager::new("alertmanager", &base, Zone::default()).unwrap();
    wait_for("Alertmanager to answer", async || alerts(&base).await).await;

    channel.send(&card("c1", CardState::Issued, NEWS)).await.unwrap();
    let shown = wait_for("the alert", async || alerts(&base).await.filter(|it| !it.is_empty())).await;
    assert_eq!(shown.len(), 1);
    let labels = &shown[0]["labels"];
    assert_eq!((&labels["alertname"], &labels["card_id"]), (&Value::from("SundialCard"), &Value::from("c1")));
    assert_eq!((&labels["level"], &labels["department"]), (&Value::from("yellow"), &Value::from("环保局")));
    assert!(shown[0]["annotations"]["summary"].as_str().unwrap().starts_with("【黄牌 yellow card】"));

    channel.send(&card("c1", CardState::Withdrawn, NEWS)).await.unwrap();
    wait_for("the alert to be resolved", async || alerts(&base).await.filter(Vec::is_empty)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cards_on_the_topic_are_told_once_over_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let broker = Broker::start(BrokerOptions::new(directory.path())).await.unwrap();
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", broker.bootstrap());
    let admin: AdminClient<DefaultClientContext> = client.create().unwrap();
    let topic = NewTopic::new("supervision.cards", 1, TopicReplication::Fixed(1));
    admin.create_topics([&topic], &AdminOptions::new()).await.unwrap();
    let producer: FutureProducer = client.create().unwrap();
    let produce = async |payload: Vec<u8>| {
        let record = FutureRecord::to("supervision.cards").key("2026-001").payload(&payload);
        producer.send(record, Duration::from_secs(10)).await.unwrap();
    };
    let issued = serde_json::to_vec(&card("c1", CardState::Issued, NEWS)).unwrap();
    let withdrawn = serde_json::to_vec(&card("c1", CardState::Withdrawn, NEWS)).unwrap();

    let server = Server::answering(&[]).await;
    let (ledger, counts) = (Arc::new(MemoryLedger::default()), Arc::new(Counts::default()));
    let start = || {
        let config = NotifierConfig { brokers: broker.bootstrap(), courier: quick(), ..NotifierConfig::default() };
        Notifier::start(config, vec![hook(&server)], Arc::clone(&ledger), Arc::clone(&counts) as Arc<dyn Observer>).unwrap()
    };
    let notifier = start();
    for payload in [issued.clone(), b"not a card".to_vec(), issued.clone()] {
        produce(payload).await;
    }
    wait_for("the card and the unreadable message", async || {
        (counts.of("hook", "sent") == 1 && counts.of("", "unreadable") == 1).then_some(())
    })
    .await;
    notifier.stop().await;

    let notifier = start();
    for payload in [issued, withdrawn] {
        produce(payload).await;
    }
    wait_for("the withdrawal", async || (counts.of("hook", "sent") == 2).then_some(())).await;
    notifier.stop().await;
    assert_eq!(server.requests().len(), 2, "one delivery of each change");
    assert_eq!(counts.of("", "unreadable"), 1, "what was handled was committed");
    broker.stop().await;
}

#[tokio::test]
async fn two_channels_of_one_name_are_refused() {
    let server = Server::answering(&[]).await;
    let channels = vec![hook(&server), hook(&server)];
    let started = Notifier::start(NotifierConfig::default(), channels, MemoryLedger::default(), Arc::new(Counts::default()));
    assert!(matches!(started, Err(NotifyError::SameName(name)) if name == "hook"));
}
