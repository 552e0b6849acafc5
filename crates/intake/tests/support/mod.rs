//! What the scenarios share.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use intake::{
    Batch, Config, Observer, Receipt, Signal,
    admin::{TopicSpec, ensure_topics},
    producer::{Outgoing, Producer},
};
use tokio::{sync::mpsc::UnboundedReceiver, task::JoinHandle, time::timeout};

pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Makes a topic.
pub(crate) async fn topic(bootstrap: &str, name: &str, partitions: i32) {
    let spec = TopicSpec { name: name.to_owned(), partitions, replication: 1 };
    ensure_topics(bootstrap, &BTreeMap::new(), &[spec]).await.unwrap();
}

pub(crate) fn producer(bootstrap: &str) -> Producer {
    Producer::new(bootstrap, &BTreeMap::new()).unwrap()
}

/// Sends numbers, each as key and payload.
pub(crate) fn produce(bootstrap: &str, topic: &str, numbers: std::ops::Range<u32>) {
    let producer = producer(bootstrap);
    for number in numbers {
        let text = number.to_string();
        let message = Outgoing { topic, key: Some(text.as_bytes()), payload: Some(text.as_bytes()), headers: &[] };
        producer.send(message).unwrap();
    }
    producer.flush(PATIENCE).unwrap();
}

/// Small batches, quickly, in a group of the topic's name.
pub(crate) fn config(bootstrap: &str, topic: &str) -> Config {
    Config {
        brokers: bootstrap.to_owned(),
        group: format!("{topic}-group"),
        topic: topic.to_owned(),
        batch_messages: 100,
        batch_age: Duration::from_millis(50),
        commit_interval: Duration::from_millis(100),
        drain_timeout: Duration::from_secs(9),
        session_timeout: Duration::from_secs(10),
        ..Config::default()
    }
}

/// How often each number was seen.
pub(crate) type Seen = Arc<Mutex<BTreeMap<u32, u32>>>;

pub(crate) fn numbers(batch: &Batch) -> impl Iterator<Item = u32> {
    batch.messages().map(|message| std::str::from_utf8(message.payload.unwrap()).unwrap().parse().unwrap())
}

pub(crate) fn note(batch: &Batch, seen: &Seen) {
    let mut seen = seen.lock().unwrap();
    numbers(batch).for_each(|number| *seen.entry(number).or_default() += 1);
}

/// A worker that acknowledges everything and counts what it saw.
pub(crate) fn worker(mut signals: UnboundedReceiver<Signal>, seen: Seen) -> JoinHandle<()> {
    tokio::spawn(async move {
        while let Some(signal) = signals.recv().await {
            let Signal::Batch(batch) = signal else { continue };
            note(&batch, &seen);
            batch.into_receipt().acknowledge();
        }
    })
}

pub(crate) async fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !is_so() {
        assert!(tokio::time::Instant::now() < deadline, "waited {PATIENCE:?} until {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub(crate) async fn wait_until_seen(seen: &Seen, count: usize) {
    wait_until(&format!("{count} messages are seen"), || seen.lock().unwrap().len() >= count).await;
    assert_eq!(seen.lock().unwrap().len(), count);
}

pub(crate) fn seen_twice(seen: &Seen) -> Vec<u32> {
    seen.lock().unwrap().iter().filter(|(_, times)| **times > 1).map(|(number, _)| *number).collect()
}

pub(crate) async fn ends(workers: Vec<JoinHandle<()>>) {
    for worker in workers {
        let ended = timeout(PATIENCE, worker).await;
        ended.unwrap_or_else(|_| panic!("waited {PATIENCE:?} for a worker to end with its intake")).unwrap();
    }
}

pub(crate) async fn next_signal(signals: &mut UnboundedReceiver<Signal>) -> Signal {
    let signal = timeout(PATIENCE, signals.recv()).await;
    signal.unwrap_or_else(|_| panic!("waited {PATIENCE:?} for a signal")).unwrap()
}

pub(crate) async fn next_batch(signals: &mut UnboundedReceiver<Signal>) -> Batch {
    loop {
        if let Signal::Batch(batch) = next_signal(signals).await {
            return batch;
        }
    }
}

/// Receives until nothing comes for a while; what came is held.
pub(crate) async fn hold_all(signals: &mut UnboundedReceiver<Signal>, seen: &Seen, held: &mut Vec<Receipt>) {
    while let Ok(Some(signal)) = timeout(Duration::from_millis(700), signals.recv()).await {
        if let Signal::Batch(batch) = signal {
            note(&batch, seen);
            held.push(batch.into_receipt());
        }
    }
}

/// Remembers what it heard.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) committed: Mutex<BTreeMap<i32, i64>>,
    pub(crate) paused: Mutex<bool>,
    pub(crate) lag: Mutex<BTreeMap<i32, (i64, f64)>>,
    pub(crate) worst_lag: Mutex<i64>,
    pub(crate) most_messages: Mutex<usize>,
    pub(crate) errors: Mutex<BTreeSet<&'static str>>,
}

impl Heard {
    pub(crate) fn is_paused(&self) -> bool {
        *self.paused.lock().unwrap()
    }
}

impl Observer for Heard {
    fn committed(&self, partition: i32, offset: i64) {
        self.committed.lock().unwrap().insert(partition, offset);
    }

    fn budget(&self, _bytes: usize, messages: usize, paused: bool) {
        *self.paused.lock().unwrap() = paused;
        let mut most = self.most_messages.lock().unwrap();
        *most = (*most).max(messages);
    }

    fn lag(&self, partition: i32, messages: i64, seconds: f64) {
        self.lag.lock().unwrap().insert(partition, (messages, seconds));
        let mut worst = self.worst_lag.lock().unwrap();
        *worst = (*worst).max(messages);
    }

    fn forgotten(&self, partition: i32) {
        self.lag.lock().unwrap().remove(&partition);
    }

    fn client_error(&self, kind: &'static str) {
        self.errors.lock().unwrap().insert(kind);
    }
}
