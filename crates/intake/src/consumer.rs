//! The poll thread.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc as blocking,
    },
    thread::JoinHandle,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rdkafka::{
    ClientContext, Message as _, Offset, Statistics, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance as KafkaRebalance},
    error::{KafkaError, RDKafkaErrorCode},
    message::{BorrowedMessage, Headers},
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::{
    Config, Error,
    batch::{Batch, Content, Header, Message},
    client_config,
    observer::{Observer, Rebalance},
    tracker::Tracker,
};

/// What a worker hears, in this order.
#[derive(Debug)]
pub enum Signal {
    /// These partitions are its own from now on.
    Assigned(Vec<i32>),
    /// Messages of its partitions.
    Batch(Batch),
    /// These partitions go to someone else: finish what was handed over, forget them, then say so.
    Revoked(Vec<i32>, Released),
}

/// Tells the poll thread that a worker has let go of its partitions. Dropping it does.
#[derive(Debug)]
pub struct Released(#[allow(dead_code, reason = "its drop is what counts")] blocking::Sender<()>);

/// The running intake. Cheap to clone.
#[derive(Clone)]
pub struct Intake {
    shared: Arc<Shared>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

struct Shared {
    config: Config,
    tracker: Arc<Tracker>,
    observer: Arc<dyn Observer>,
    state: Mutex<PollState>,
    stop: AtomicBool,
    failure: Mutex<Option<Error>>,
}

/// What the poll thread and its callbacks share; nobody else touches it, so it is never waited for.
struct PollState {
    workers: Vec<WorkerLine>,
    paused: bool,
    in_trouble: bool,
}

/// A worker's batch in the making, and the way to the worker.
struct WorkerLine {
    content: Content,
    begun: Option<Instant>,
    signals: UnboundedSender<Signal>,
}

impl Intake {
    /// Joins the group and begins to poll. Gives one receiver a worker; they end when the intake does.
    ///
    /// # Errors
    /// The configuration is refused by the client.
    pub fn start(config: Config, observer: Arc<dyn Observer>) -> Result<(Self, Vec<UnboundedReceiver<Signal>>), Error> {
        let (lines, receivers): (Vec<_>, Vec<_>) = (0..config.workers.max(1))
            .map(|_| {
                let (signals, receiver) = unbounded_channel();
                (WorkerLine { content: Content::default(), begun: None, signals }, receiver)
            })
            .unzip();
        let shared = Arc::new(Shared {
            tracker: Tracker::new(Arc::clone(&observer)),
            observer,
            state: Mutex::new(PollState { workers: lines, paused: false, in_trouble: false }),
            stop: AtomicBool::new(false),
            failure: Mutex::new(None),
            config,
        });
        let consumer = shared.consumer()?;
        let poll = Arc::clone(&shared);
        let thread =
            std::thread::Builder::new().name("intake".to_owned()).spawn(move || poll.run(&consumer)).map_err(Error::Thread)?;
        Ok((Self { shared, thread: Arc::new(Mutex::new(Some(thread))) }, receivers))
    }

    /// Stops polling, lets outstanding batches be acknowledged for at most the drain timeout, commits,
    /// leaves the group. The receivers end.
    pub async fn shutdown(&self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        let thread = lock(&self.thread).take();
        if let Some(thread) = thread {
            // The thread ends by itself within the drain timeout and a commit.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }

    /// Why the intake ended by itself, once its receivers have ended.
    pub fn failure(&self) -> Option<Error> {
        lock(&self.shared.failure).take()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn consumer(self: &Arc<Self>) -> Result<BaseConsumer<Context>, Error> {
        let config = &self.config;
        let mut client = client_config(&config.brokers, &config.client);
        client
            .set("group.id", &config.group)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", config.session_timeout.as_millis().to_string())
            // librdkafka's own queue is outside the budget, so it is kept small.
            .set("queued.max.messages.kbytes", "65536")
            .set("fetch.message.max.bytes", "4194304")
            .set("statistics.interval.ms", "1000");
        if let Some(instance) = &config.instance {
            client.set("group.instance.id", instance);
        }
        let consumer: BaseConsumer<Context> =
            client.create_with_context(Context { shared: Arc::clone(self) }).map_err(Error::during("making the consumer"))?;
        consumer.subscribe(&[&config.topic]).map_err(Error::during(format!("subscribing to {}", config.topic)))?;
        Ok(consumer)
    }

    fn run(&self, consumer: &BaseConsumer<Context>) {
        let mut last_commit = Instant::now();
        while !self.stop.load(Ordering::Relaxed) {
            match consumer.poll(self.patience()) {
                None => {}
                Some(Ok(message)) => self.take(&message),
                Some(Err(error)) if is_fatal(&error) => {
                    tracing::error!(%error, "the consumer cannot go on");
                    *lock(&self.failure) = Some(Error::during("consuming")(error));
                    break;
                }
                Some(Err(error)) => self.report_trouble(&error),
            }
            self.hand_over_ripe();
            self.keep_budget(consumer);
            if last_commit.elapsed() >= self.config.commit_interval {
                self.commit(consumer, None);
                last_commit = Instant::now();
            }
        }
        self.drain(consumer);
        lock(&self.state).workers.clear();
    }

    /// How long a poll may wait: until the oldest batch is ripe, and not long otherwise, for stopping
    /// and committing wait with it.
    fn patience(&self) -> Duration {
        let state = lock(&self.state);
        let oldest = state.workers.iter().filter_map(|line| line.begun).min();
        let ripe_in = oldest.map(|begun| self.config.batch_age.saturating_sub(begun.elapsed()));
        ripe_in.unwrap_or(Duration::from_millis(100)).min(Duration::from_millis(100))
    }

    fn take(&self, message: &BorrowedMessage<'_>) {
        let headers = match message.headers() {
            None => Vec::new(),
            Some(headers) => headers
                .iter()
                .map(|header| Header { name: header.key.to_owned(), value: header.value.map(<[u8]>::to_vec) })
                .collect(),
        };
        let mut state = lock(&self.state);
        state.in_trouble = false;
        let workers = state.workers.len();
        let line = &mut state.workers[message.partition() as usize % workers];
        line.begun.get_or_insert_with(Instant::now);
        line.content.push(Message {
            partition: message.partition(),
            offset: message.offset(),
            timestamp_ms: message.timestamp().to_millis(),
            key: message.key(),
            payload: message.payload(),
            headers: &headers,
        });
        if line.content.len() >= self.config.batch_messages || line.content.bytes() >= self.config.batch_bytes {
            self.hand_over(line);
        }
    }

    fn hand_over_ripe(&self) {
        let mut state = lock(&self.state);
        for line in &mut state.workers {
            if line.begun.is_some_and(|begun| begun.elapsed() >= self.config.batch_age) {
                self.hand_over(line);
            }
        }
    }

    fn hand_over(&self, line: &mut WorkerLine) {
        line.begun = None;
        let content = std::mem::take(&mut line.content);
        if content.len() == 0 {
            return;
        }
        let (messages, bytes) = (content.len(), content.bytes());
        let receipt = self.tracker.hand_over(&content.extents(), bytes, messages);
        self.observer.polled(messages as u64, bytes as u64);
        // A worker that has ended acknowledges nothing more; the frontier stays.
        let _ = line.signals.send(Signal::Batch(Batch::new(content, receipt)));
    }

    fn keep_budget(&self, consumer: &BaseConsumer<Context>) {
        let (bytes, messages) = self.tracker.used();
        let (most_bytes, most_messages) = (self.config.budget_bytes, self.config.budget_messages);
        let was_paused = lock(&self.state).paused;
        let is_above = bytes >= most_bytes || messages >= most_messages;
        // Resumed a good deal below the mark, so that it does not flutter.
        let is_below = bytes < most_bytes / 2 && messages < most_messages / 2;
        if !was_paused && is_above {
            self.set_paused(consumer, true);
        } else if was_paused && is_below {
            self.set_paused(consumer, false);
        }
    }

    fn set_paused(&self, consumer: &BaseConsumer<Context>, paused: bool) {
        let result = consumer.assignment().and_then(|assignment| match paused {
            true => consumer.pause(&assignment),
            false => consumer.resume(&assignment),
        });
        match result {
            Ok(()) => lock(&self.state).paused = paused,
            Err(error) => self.report_trouble(&error),
        }
        let (bytes, messages) = self.tracker.used();
        self.observer.budget(bytes, messages, paused);
    }

    fn commit(&self, consumer: &BaseConsumer<Context>, partitions: Option<&[i32]>) {
        let offsets = self.tracker.committable(partitions);
        if offsets.is_empty() {
            return;
        }
        let mut list = TopicPartitionList::new();
        for (partition, offset) in &offsets {
            // Refused only for offsets that are none.
            let _ = list.add_partition_offset(&self.config.topic, *partition, Offset::Offset(*offset));
        }
        // Asynchronous commits report nothing back; see the client's documentation of callbacks.
        match consumer.commit(&list, CommitMode::Sync) {
            Ok(()) => self.tracker.committed(&offsets),
            Err(error) => self.report_trouble(&error),
        }
    }

    /// Waits for outstanding batches while polling goes on paused, then commits.
    fn drain(&self, consumer: &BaseConsumer<Context>) {
        self.set_paused(consumer, true);
        for line in &mut lock(&self.state).workers {
            line.content = Content::default();
        }
        let deadline = Instant::now() + self.config.drain_timeout;
        while !self.tracker.is_drained(None) && Instant::now() < deadline {
            if let Some(Err(error)) = consumer.poll(Duration::from_millis(20)) {
                self.report_trouble(&error);
            }
        }
        if !self.tracker.is_drained(None) {
            tracing::warn!("batches are outstanding at the end; they will be read again");
        }
        self.commit(consumer, None);
    }

    /// One warning an episode: a broker that is away is away many times a second.
    fn report_trouble(&self, error: &KafkaError) {
        self.observer.client_error(kind_of(error));
        let mut state = lock(&self.state);
        if !std::mem::replace(&mut state.in_trouble, true) {
            tracing::warn!(%error, "Kafka is in trouble; polling goes on");
        }
    }

    fn assigned(&self, consumer: &BaseConsumer<Context>, list: &TopicPartitionList) {
        let partitions = numbers(list);
        if partitions.is_empty() {
            return;
        }
        tracing::info!(?partitions, "assigned");
        self.tracker.assign(&partitions);
        self.observer.rebalanced(Rebalance::Assigned, partitions.len());
        let state = lock(&self.state);
        for (number, line) in state.workers.iter().enumerate() {
            let own = of_worker(&partitions, number, state.workers.len());
            if !own.is_empty() {
                let _ = line.signals.send(Signal::Assigned(own));
            }
        }
        let paused = state.paused;
        drop(state);
        if paused && let Err(error) = consumer.pause(list) {
            self.report_trouble(&error);
        }
    }

    fn revoked(&self, consumer: &BaseConsumer<Context>, list: &TopicPartitionList) {
        let partitions = numbers(list);
        if partitions.is_empty() {
            return;
        }
        let lost = consumer.assignment_lost();
        tracing::info!(?partitions, lost, "revoked");
        self.observer.rebalanced(if lost { Rebalance::Lost } else { Rebalance::Revoked }, partitions.len());
        let (released, all_released) = blocking::channel();
        let mut state = lock(&self.state);
        let workers = state.workers.len();
        for (number, line) in state.workers.iter_mut().enumerate() {
            let own = of_worker(&partitions, number, workers);
            if !own.is_empty() {
                line.content.drop_partitions(&own);
                let _ = line.signals.send(Signal::Revoked(own, Released(released.clone())));
            }
        }
        drop(state);
        drop(released);
        if lost {
            // Someone else has them already; what we would commit is not ours any more.
            self.tracker.forget(&partitions);
            return;
        }
        // Nobody sends: the channel ends when the last worker has let go.
        let _ = all_released.recv_timeout(self.config.drain_timeout);
        if !self.tracker.is_drained(Some(&partitions)) {
            tracing::warn!(?partitions, "not drained in time; the next owner reads again");
        }
        self.commit(consumer, Some(&partitions));
        self.tracker.forget(&partitions);
    }
}

fn numbers(list: &TopicPartitionList) -> Vec<i32> {
    list.elements().iter().map(|element| element.partition()).collect()
}

fn of_worker(partitions: &[i32], worker: usize, workers: usize) -> Vec<i32> {
    partitions.iter().copied().filter(|partition| *partition as usize % workers == worker).collect()
}

/// Errors after which polling is in vain.
fn is_fatal(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::Fatal
                | RDKafkaErrorCode::TopicAuthorizationFailed
                | RDKafkaErrorCode::GroupAuthorizationFailed
                | RDKafkaErrorCode::ClusterAuthorizationFailed
                | RDKafkaErrorCode::SaslAuthenticationFailed
                | RDKafkaErrorCode::FencedInstanceId
        )
    )
}

/// A bounded set of names, for metrics.
fn kind_of(error: &KafkaError) -> &'static str {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::BrokerTransportFailure) => "broker_transport",
        Some(RDKafkaErrorCode::AllBrokersDown) => "all_brokers_down",
        Some(RDKafkaErrorCode::UnknownTopic | RDKafkaErrorCode::UnknownTopicOrPartition) => "unknown_topic",
        Some(RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SaslAuthenticationFailed) => "authentication",
        Some(RDKafkaErrorCode::OperationTimedOut | RDKafkaErrorCode::RequestTimedOut) => "timed_out",
        Some(RDKafkaErrorCode::IllegalGeneration | RDKafkaErrorCode::UnknownMemberId) => "group",
        _ => "other",
    }
}

/// Hears what librdkafka has to say; its calls come from within `poll`, in the poll thread.
struct Context {
    shared: Arc<Shared>,
}

impl ClientContext for Context {
    fn error(&self, error: KafkaError, _reason: &str) {
        self.shared.report_trouble(&error);
    }

    fn stats(&self, statistics: Statistics) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis() as i64);
        let topic = statistics.topics.get(&self.shared.config.topic);
        for (number, partition) in topic.iter().flat_map(|topic| &topic.partitions) {
            if *number >= 0 {
                self.shared.tracker.observe_lag(*number, partition.hi_offset, partition.committed_offset, now);
            }
        }
        let (bytes, messages) = self.shared.tracker.used();
        self.shared.observer.budget(bytes, messages, lock(&self.shared.state).paused);
    }
}

impl ConsumerContext for Context {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &KafkaRebalance<'_>) {
        if let KafkaRebalance::Revoke(list) = rebalance {
            self.shared.revoked(consumer, list);
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &KafkaRebalance<'_>) {
        if let KafkaRebalance::Assign(list) = rebalance {
            self.shared.assigned(consumer, list);
        }
    }
}
