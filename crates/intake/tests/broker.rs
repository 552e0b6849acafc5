//! The intake against the real broker.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use embedded::{Broker, BrokerOptions};
use intake::{
    Batch, Config, DeadLetters, Header, Intake, Observer, Signal,
    admin::{TopicSpec, ensure_topics},
    producer::{Outgoing, Producer},
};
use tokio::{sync::mpsc::UnboundedReceiver, task::JoinHandle, time::timeout};

const PATIENCE: Duration = Duration::from_secs(60);

/// A broker for one scenario.
struct Hall {
    broker: Broker,
    _directory: tempfile::TempDir,
}

impl Hall {
    async fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { broker: Broker::start(BrokerOptions::new(directory.path())).await.unwrap(), _directory: directory }
    }

    async fn topic(&self, name: &str, partitions: i32) {
        let spec = TopicSpec { name: name.to_owned(), partitions, replication: 1 };
        ensure_topics(&self.broker.bootstrap(), &BTreeMap::new(), &[spec]).await.unwrap();
    }

    fn producer(&self) -> Producer {
        Producer::new(&self.broker.bootstrap(), &BTreeMap::new()).unwrap()
    }

    fn produce(&self, topic: &str, numbers: std::ops::Range<u32>) {
        let producer = self.producer();
        for number in numbers {
            let text = number.to_string();
            let message = Outgoing { topic, key: Some(text.as_bytes()), payload: Some(text.as_bytes()), headers: &[] };
            producer.send(message).unwrap();
        }
        producer.flush(PATIENCE).unwrap();
    }

    fn config(&self, topic: &str) -> Config {
        Config {
            brokers: self.broker.bootstrap(),
            group: format!("{topic}-group"),
            topic: topic.to_owned(),
            batch_messages: 100,
            batch_age: Duration::from_millis(50),
            commit_interval: Duration::from_millis(100),
            session_timeout: Duration::from_secs(10),
            ..Config::default()
        }
    }
}

type Seen = Arc<Mutex<BTreeMap<u32, u32>>>;

/// A worker that acknowledges everything and counts what it saw.
fn worker(mut signals: UnboundedReceiver<Signal>, seen: Seen) -> JoinHandle<()> {
    tokio::spawn(async move {
        while let Some(signal) = signals.recv().await {
            let Signal::Batch(batch) = signal else { continue };
            for message in batch.messages() {
                let number = std::str::from_utf8(message.payload.unwrap()).unwrap().parse().unwrap();
                *seen.lock().unwrap().entry(number).or_default() += 1;
            }
            batch.into_receipt().acknowledge();
        }
    })
}

async fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !is_so() {
        assert!(tokio::time::Instant::now() < deadline, "waited {PATIENCE:?} until {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn ends(workers: Vec<JoinHandle<()>>) {
    for worker in workers {
        timeout(PATIENCE, worker).await.expect("a worker ends with its intake").unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_while_members_come_and_go() {
    let hall = Hall::open().await;
    hall.topic("coming", 6).await;
    let seen = Seen::default();
    let count = 30_000;
    let start = |workers| Intake::start(Config { workers, ..hall.config("coming") }, Arc::new(())).unwrap();
    let (first, signals) = start(2);
    let mut workers: Vec<_> = signals.into_iter().map(|it| worker(it, seen.clone())).collect();
    hall.produce("coming", 0..count / 3);
    wait_until("the first member sees something", || !seen.lock().unwrap().is_empty()).await;
    let (second, signals) = start(1);
    workers.extend(signals.into_iter().map(|it| worker(it, seen.clone())));
    hall.produce("coming", count / 3..2 * count / 3);
    first.shutdown().await;
    hall.produce("coming", 2 * count / 3..count);
    wait_until("all messages are seen", || seen.lock().unwrap().len() == count as usize).await;
    second.shutdown().await;
    ends(workers).await;
    let twice = seen.lock().unwrap().values().filter(|times| **times > 1).count();
    assert_eq!(twice, 0, "everything was acknowledged and drained, so nothing is read twice");
    hall.broker.stop().await;
}

#[derive(Default)]
struct Heard {
    committed: Mutex<BTreeMap<i32, i64>>,
    paused: Mutex<BTreeSet<bool>>,
    lag: Mutex<BTreeMap<i32, (i64, f64)>>,
}

impl Observer for Heard {
    fn committed(&self, partition: i32, offset: i64) {
        self.committed.lock().unwrap().insert(partition, offset);
    }

    fn budget(&self, _bytes: usize, _messages: usize, paused: bool) {
        self.paused.lock().unwrap().insert(paused);
    }

    fn lag(&self, partition: i32, messages: i64, seconds: f64) {
        self.lag.lock().unwrap().insert(partition, (messages, seconds));
    }
}

async fn next_batch(signals: &mut UnboundedReceiver<Signal>) -> Batch {
    loop {
        match timeout(PATIENCE, signals.recv()).await.expect("a batch comes").expect("the intake runs") {
            Signal::Batch(batch) => return batch,
            Signal::Assigned(_) | Signal::Revoked(..) => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_acknowledged_is_read_again_from_the_frontier() {
    let hall = Hall::open().await;
    hall.topic("pinned", 1).await;
    hall.produce("pinned", 0..1000);
    let heard = Arc::new(Heard::default());
    let config = Config { drain_timeout: Duration::from_secs(1), ..hall.config("pinned") };
    let (first, mut signals) = Intake::start(config.clone(), heard.clone()).unwrap();
    let mut receipts = Vec::new();
    while receipts.len() < 10 {
        receipts.push(next_batch(&mut signals[0]).await.into_receipt());
    }
    // Out of order, and the fourth never.
    let pinned = receipts.remove(3);
    for receipt in receipts.into_iter().rev() {
        receipt.acknowledge();
    }
    wait_until("the frontier is committed", || !heard.committed.lock().unwrap().is_empty()).await;
    let is_told = || heard.lag.lock().unwrap().get(&0).is_some_and(|(messages, seconds)| *messages == 700 && *seconds > 0.0);
    wait_until("lag is told though nothing flows", is_told).await;
    drop(pinned);
    first.shutdown().await;
    assert_eq!(heard.committed.lock().unwrap()[&0], 300, "three batches of a hundred");
    let seen = Seen::default();
    let (second, signals) = Intake::start(config, Arc::new(())).unwrap();
    let workers = signals.into_iter().map(|it| worker(it, seen.clone())).collect();
    wait_until("the rest is read again", || seen.lock().unwrap().len() == 700).await;
    assert_eq!(seen.lock().unwrap().keys().next(), Some(&300));
    second.shutdown().await;
    ends(workers).await;
    hall.broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn above_the_budget_nothing_more_is_handed_over_until_something_is_acknowledged() {
    let hall = Hall::open().await;
    hall.topic("budget", 2).await;
    hall.produce("budget", 0..5000);
    let heard = Arc::new(Heard::default());
    let config = Config { budget_messages: 500, ..hall.config("budget") };
    let (intake, mut signals) = Intake::start(config, heard.clone()).unwrap();
    let mut held = Vec::new();
    let mut messages = 0;
    let mut take = |held: &mut Vec<_>| {
        while let Ok(signal) = signals[0].try_recv() {
            if let Signal::Batch(batch) = signal {
                messages += batch.len();
                held.push(batch.into_receipt());
            }
        }
        messages
    };
    wait_until("polling is paused", || {
        take(&mut held);
        heard.paused.lock().unwrap().contains(&true)
    })
    .await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let handed_over = take(&mut held);
    // The batch in the making is still handed over.
    assert!((500..=700).contains(&handed_over), "{handed_over} messages were handed over with a budget of 500");
    held.clear_acknowledging();
    let mut messages = handed_over;
    while messages < 5000 {
        let batch = next_batch(&mut signals[0]).await;
        messages += batch.len();
        batch.into_receipt().acknowledge();
    }
    assert_eq!(messages, 5000);
    intake.shutdown().await;
    hall.broker.stop().await;
}

trait ClearAcknowledging {
    fn clear_acknowledging(&mut self);
}

impl ClearAcknowledging for Vec<intake::Receipt> {
    fn clear_acknowledging(&mut self) {
        for receipt in self.drain(..) {
            receipt.acknowledge();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_carries_everything_the_message_had_and_why_it_is_there() {
    let hall = Hall::open().await;
    hall.topic("steps", 3).await;
    hall.topic("steps.dead", 1).await;
    let producer = hall.producer();
    let own = [Header { name: "trace".to_owned(), value: Some(b"t-1".to_vec()) }];
    producer.send(Outgoing { topic: "steps", key: Some(b"c-1"), payload: Some(b"garbage"), headers: &own }).unwrap();
    producer.flush(PATIENCE).unwrap();
    let (intake, mut signals) = Intake::start(hall.config("steps"), Arc::new(())).unwrap();
    let batch = next_batch(&mut signals[0]).await;
    let message = batch.messages().next().unwrap();
    let (partition, offset, timestamp) = (message.partition, message.offset, message.timestamp_ms.unwrap());
    let letters = DeadLetters::new(producer, "steps.dead", "steps");
    letters.send(&message, "not_json", "not a JSON object").await.unwrap();
    batch.into_receipt().acknowledge();
    let (dead, mut signals) = Intake::start(hall.config("steps.dead"), Arc::new(())).unwrap();
    let batch = next_batch(&mut signals[0]).await;
    let letter = batch.messages().next().unwrap();
    assert_eq!((letter.key, letter.payload), (Some(&b"c-1"[..]), Some(&b"garbage"[..])));
    let header = |name: &str| {
        let header = letter.headers.iter().find(|header| header.name == name).unwrap_or_else(|| panic!("header {name}"));
        String::from_utf8(header.value.clone().unwrap()).unwrap()
    };
    assert_eq!(header("trace"), "t-1");
    assert_eq!((header("sundial.code"), header("sundial.reason")), ("not_json".to_owned(), "not a JSON object".to_owned()));
    assert_eq!((header("sundial.topic"), header("sundial.partition")), ("steps".to_owned(), partition.to_string()));
    assert_eq!((header("sundial.offset"), header("sundial.timestamp")), (offset.to_string(), timestamp.to_string()));
    assert!(header("sundial.at").parse::<i64>().unwrap() >= timestamp);
    batch.into_receipt().acknowledge();
    intake.shutdown().await;
    dead.shutdown().await;
    hall.broker.stop().await;
}
