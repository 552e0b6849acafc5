//! The measurements that run in this program, each in a process of its own.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use anyhow::Context;
use clap::Subcommand;
use engine::{RuleBook, Worker};
use intake::{Intake, Receipt, Signal};
use rdkafka::{
    Message,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
};
use serde_json::json;
use store::{PendingRows, Rows, Writer};
use sundial::{
    clock::now,
    horizon::{Horizon, Read},
    pipeline,
    rules::RuleSources,
};

use crate::{
    measure::{own_cpu, thread_cpu},
    memory_store::MemoryStore,
    rows_file::{self, RowsWriter},
    world::{PATIENCE, TOPIC, store_config},
};

/// What a child does.
#[derive(Subcommand)]
pub enum Child {
    /// Reads the topic and throws it away.
    Drain(Kafka),
    /// Reads the topic, parses and folds it as the pipeline does, and keeps the rows it would insert.
    Fold {
        #[command(flatten)]
        kafka: Kafka,
        #[arg(long)]
        catalog: PathBuf,
        #[arg(long)]
        rows: PathBuf,
    },
    /// Inserts ready-made rows.
    Insert(Store),
    /// Both at once: what the pipeline cannot beat with these rows.
    Limit {
        #[command(flatten)]
        kafka: Kafka,
        #[command(flatten)]
        store: Store,
    },
    /// Holds open cases in memory.
    Open {
        #[arg(long)]
        cases: u64,
        #[arg(long)]
        catalog: PathBuf,
    },
}

#[derive(clap::Args, Clone)]
pub struct Kafka {
    #[arg(long)]
    brokers: String,
    #[arg(long)]
    group: String,
    #[arg(long)]
    events: u64,
}

#[derive(clap::Args, Clone)]
pub struct Store {
    #[arg(long)]
    url: String,
    #[arg(long)]
    database: String,
    #[arg(long)]
    rows: PathBuf,
    /// Batches on their way at once.
    #[arg(long, default_value_t = 2)]
    writers: usize,
}

impl Child {
    pub async fn run(self) -> anyhow::Result<()> {
        let told = match self {
            Child::Drain(kafka) => {
                let section = Section::begin();
                tokio::task::spawn_blocking(move || drain(&kafka)).await??;
                section.end(json!({}))
            }
            Child::Fold { kafka, catalog, rows } => fold(&kafka, &catalog, &rows).await?,
            Child::Insert(store) => {
                let batches = rows_file::read(&store.rows)?;
                let section = Section::begin();
                let events = insert(&store, batches).await?;
                section.end(json!({ "events": events }))
            }
            Child::Limit { kafka, store } => {
                let batches = rows_file::read(&store.rows)?;
                let section = Section::begin();
                let drained = tokio::task::spawn_blocking(move || drain(&kafka));
                let events = insert(&store, batches).await?;
                drained.await??;
                section.end(json!({ "events": events }))
            }
            Child::Open { cases, catalog } => crate::memory::hold_open(cases, &catalog)?,
        };
        println!("{told}");
        Ok(())
    }
}

/// The part of a child's life that is measured.
pub struct Section {
    started: Instant,
    cpu: f64,
}

impl Section {
    pub fn begin() -> Self {
        Self { started: Instant::now(), cpu: own_cpu() }
    }

    pub fn end(self, mut told: serde_json::Value) -> serde_json::Value {
        told["wall_s"] = json!(self.started.elapsed().as_secs_f64());
        told["cpu_s"] = json!(own_cpu() - self.cpu);
        told
    }
}

/// The pipeline's own settings of intake.
fn consumption(kafka: &Kafka) -> intake::Config {
    let mut config = sundial::config::Config::default();
    config.kafka.brokers.clone_from(&kafka.brokers);
    config.kafka.group.clone_from(&kafka.group);
    TOPIC.clone_into(&mut config.kafka.topic);
    config.consumption()
}

/// Reads every message with the client's settings of the pipeline, and nothing around it.
fn drain(kafka: &Kafka) -> anyhow::Result<u64> {
    let consumer: BaseConsumer = consumption(kafka).client_config().create()?;
    consumer.subscribe(&[TOPIC])?;
    let (mut read, mut bytes, started) = (0, 0, Instant::now());
    while read < kafka.events {
        anyhow::ensure!(started.elapsed() < PATIENCE, "waited {PATIENCE:?} for {} messages, {read} came", kafka.events);
        if let Some(message) = consumer.poll(std::time::Duration::from_millis(100)) {
            match message {
                Ok(message) => {
                    bytes += message.payload().map_or(0, <[u8]>::len);
                    read += 1;
                }
                Err(KafkaError::PartitionEOF(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    consumer.unsubscribe();
    Ok(bytes as u64)
}

async fn insert(store: &Store, batches: Vec<(u64, rows_file::Blocks)>) -> anyhow::Result<u64> {
    let writer = Writer::new(&store_config(&store.url, &store.database), Arc::new(()));
    let events = batches.iter().map(|(events, _)| events).sum();
    let queue = Arc::new(Mutex::new(batches.into_iter()));
    let writers = (0..store.writers).map(|_| {
        let (writer, queue) = (writer.clone(), queue.clone());
        tokio::spawn(async move {
            loop {
                let next = queue.lock().ok().and_then(|mut queue| queue.next());
                let Some((_, blocks)) = next else { return anyhow::Ok(()) };
                writer.write_pending(PendingRows::of_encoded(blocks)).await.map_err(|(error, _)| error)?;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await??;
    }
    Ok(events)
}

/// What is told of folding, in CPU seconds of the threads that do it.
#[derive(Default)]
struct Spent {
    parse: f64,
    fold: f64,
    encode: f64,
}

/// Reads the topic through the intake with as many workers as the pipeline has, and does everything the
/// pipeline does but asking and writing ClickHouse.
async fn fold(kafka: &Kafka, catalog: &std::path::Path, rows_path: &std::path::Path) -> anyhow::Result<serde_json::Value> {
    let rules = Arc::new(RuleSources { catalog: Some(catalog.to_owned()), ..RuleSources::default() }.load()?);
    let gather_messages = sundial::config::Config::default().intake.gather_messages;
    let section = Section::begin();
    let (intake, signals) = Intake::start(consumption(kafka), Arc::new(()))?;
    let writer = Arc::new(Mutex::new(Some(RowsWriter::create(rows_path)?)));
    let (read, spent) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(Spent::default())));
    let workers: Vec<_> = signals
        .into_iter()
        .map(|mut signals| {
            let (rules, writer, read, spent) = (rules.clone(), writer.clone(), read.clone(), spent.clone());
            // A thread of its own, so that its CPU time is that of the work.
            std::thread::spawn(move || -> anyhow::Result<()> {
                let runtime = tokio::runtime::Builder::new_current_thread().build()?;
                let (mut folding, mut horizon) = (Folding::default(), Horizon::default());
                while let Some(signal) = signals.blocking_recv() {
                    match signal {
                        Signal::Batch(batch) => folding.gather(batch, &mut horizon)?,
                        Signal::Assigned(partitions) => horizon.assigned(&partitions),
                        Signal::ReadToEnd(partition) => horizon.read_to_end(partition),
                        Signal::Revoked(..) => {}
                    }
                    horizon.catch_up(now());
                    if horizon.behind() > 0 && folding.worker.waiting() < gather_messages {
                        continue;
                    }
                    let events = folding.events.len() as u64;
                    let rows = runtime.block_on(folding.derive(&horizon, &rules));
                    if let Ok(mut writer) = writer.lock() {
                        writer.as_mut().context("the file is open")?.push(events, &rows)?;
                    }
                    folding.receipts.drain(..).for_each(Receipt::acknowledge);
                    read.fetch_add(events, Ordering::Relaxed);
                }
                if let Ok(mut spent) = spent.lock() {
                    spent.parse += folding.spent.parse;
                    spent.fold += folding.spent.fold;
                    spent.encode += folding.spent.encode;
                }
                Ok(())
            })
        })
        .collect();
    let started = Instant::now();
    while read.load(Ordering::Relaxed) < kafka.events {
        anyhow::ensure!(started.elapsed() < PATIENCE, "waited {PATIENCE:?} for {} messages", kafka.events);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let told = section.end(json!({}));
    intake.shutdown().await;
    for worker in workers {
        worker.join().map_err(|_| anyhow::anyhow!("a worker ended"))??;
    }
    if let Some(writer) = writer.lock().ok().and_then(|mut writer| writer.take()) {
        writer.finish()?;
    }
    let spent = spent.lock().map_err(|_| anyhow::anyhow!("a worker ended"))?;
    let mut told = told;
    let events = kafka.events as f64;
    told["parse_events_per_cpu_s"] = json!(events / spent.parse);
    told["fold_events_per_cpu_s"] = json!(events / spent.fold);
    told["parse_and_fold_events_per_cpu_s"] = json!(events / (spent.parse + spent.fold));
    told["encode_events_per_cpu_s"] = json!(events / spent.encode);
    Ok(told)
}

/// A worker of the pipeline without a store, its parts measured.
#[derive(Default)]
struct Folding {
    worker: Worker,
    memory: MemoryStore,
    events: Vec<(domain::Event, i32)>,
    rows: Rows,
    receipts: Vec<Receipt>,
    spent: Spent,
}

impl Folding {
    fn gather(&mut self, batch: intake::Batch, horizon: &mut Horizon) -> anyhow::Result<()> {
        let (started, first) = (thread_cpu(), self.events.len());
        for message in batch.messages() {
            let event = wire::decode_message(message.key, message.payload, &wire::CodeMaps::default());
            self.events.push((event.map_err(|reason| anyhow::anyhow!("{reason}"))?, message.partition));
        }
        let parsed = thread_cpu();
        for ((event, _), message) in self.events[first..].iter().zip(batch.messages()) {
            self.rows.event(event, message.payload.unwrap_or_default(), message.partition, message.offset);
        }
        let encoded = thread_cpu();
        self.events[first..].iter().for_each(|(event, partition)| self.worker.take(event, *partition));
        self.spent.parse += parsed - started;
        self.spent.encode += encoded - parsed;
        self.spent.fold += thread_cpu() - encoded;
        // As the pipeline, which is behind here.
        for ((event, partition), message) in self.events[first..].iter().zip(batch.messages()) {
            let read = Read { written_ms: message.timestamp_ms, tells_of: event.occurred_at, is_history: false };
            horizon.read(*partition, read, now());
        }
        let mut receipt = batch.into_receipt();
        receipt.holds(0);
        self.receipts.push(receipt);
        Ok(())
    }

    async fn derive(&mut self, horizon: &Horizon, rules: &RuleBook) -> Rows {
        let Ok(()) = self.worker.fetch(&self.memory).await;
        self.memory.saw(&self.events);
        self.events.clear();
        let before_fold = thread_cpu();
        let mut changes = Vec::new();
        let as_of = |partition: i32, case: &domain::CaseEvents| horizon.of_case(partition, case, now());
        self.worker.fold(usize::MAX, as_of, rules, |change| changes.push(change));
        let folded = thread_cpu();
        for change in &changes {
            pipeline::put(change, &mut self.rows);
        }
        self.spent.fold += folded - before_fold;
        self.spent.encode += thread_cpu() - folded;
        changes.iter().for_each(|change| self.memory.stored(change));
        std::mem::take(&mut self.rows)
    }
}
