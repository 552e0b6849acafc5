//! The poll thread.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc as blocking,
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rdkafka::{
    Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer},
    error::{KafkaError, KafkaResult},
    message::{BorrowedMessage, Headers},
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::{
    Config, Error,
    batch::{Batch, Content, Incoming},
    consumer::{Released, Signal},
    context::{Context, is_fatal, kind_of},
    hopeless::{GRACE, Hopeless, Overdue},
    observer::{Observer, Rebalance},
    tracker::{Settled, Tracker},
    trouble::Trouble,
};

/// The longest a poll waits: stopping, committing and resuming wait with it.
const LONGEST_POLL: Duration = Duration::from_millis(100);
/// Messages polled before budget, age and commits are looked at again.
const BURST_MESSAGES: usize = 1_000;
/// Bytes polled before that.
const BURST_BYTES: usize = 1 << 20;
/// How often first and next offsets of partitions are asked for while polling is paused: the client learns of them only by fetching.
const WATERMARK_INTERVAL: Duration = Duration::from_secs(5);
/// How long the broker may take for that, all partitions together.
const WATERMARK_PATIENCE: Duration = Duration::from_secs(1);
/// How long the broker may take to tell its topics.
const METADATA_PATIENCE: Duration = Duration::from_secs(5);

/// What the poll thread, its callbacks and the handle share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) tracker: Arc<Tracker>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) state: Mutex<PollState>,
    /// Turns true when polling shall end.
    pub(crate) stop: AtomicBool,
    /// Why polling ended, or is about to, by itself.
    pub(crate) failure: Mutex<Option<Error>>,
}

/// What the poll thread shares with the callbacks that run in it; nobody else touches it, so it is never waited for.
pub(crate) struct PollState {
    workers: Vec<WorkerLine>,
    pub(crate) paused: bool,
    pub(crate) trouble: Trouble,
    pub(crate) hopeless: Hopeless,
    /// What the client last said about an error, in words.
    pub(crate) reason: String,
    /// First and next offsets of partitions, asked for during a pause.
    pub(crate) watermarks: HashMap<i32, (i64, i64)>,
}

/// A worker's batch in the making, and the way to the worker.
struct WorkerLine {
    content: Content,
    begun: Option<Instant>,
    /// Partitions read to their end since the last batch.
    ended: Vec<i32>,
    signals: UnboundedSender<Signal>,
}

impl PollState {
    fn line_of(&mut self, partition: i32) -> &mut WorkerLine {
        let workers = self.workers.len();
        &mut self.workers[partition as usize % workers]
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Now, in ms since 1970.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis() as i64)
}

/// A consumer that has joined the group, or is about to.
pub(crate) fn consumer(shared: &Arc<Shared>) -> Result<BaseConsumer<Context>, Error> {
    let config = &shared.config;
    let context = Context { shared: Arc::clone(shared) };
    let consumer: BaseConsumer<Context> =
        config.client_config().create_with_context(context).map_err(Error::during("making the consumer"))?;
    consumer.subscribe(&[&config.topic]).map_err(Error::during(format!("subscribing to {}", config.topic)))?;
    Ok(consumer)
}

/// Lets the receivers end however the poll thread does.
struct Ending<'s>(&'s Shared);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            lock(&self.0.failure).get_or_insert(Error::Panicked);
        }
        lock(&self.0.state).workers.clear();
    }
}

impl Shared {
    pub(crate) fn new(config: Config, observer: Arc<dyn Observer>) -> (Arc<Self>, Vec<UnboundedReceiver<Signal>>) {
        let (workers, receivers) = (0..config.workers)
            .map(|_| {
                let (signals, receiver) = unbounded_channel();
                (WorkerLine { content: Content::default(), begun: None, ended: Vec::new(), signals }, receiver)
            })
            .unzip();
        let state = PollState {
            workers,
            paused: false,
            trouble: Trouble::default(),
            hopeless: Hopeless::default(),
            reason: String::new(),
            watermarks: HashMap::new(),
        };
        let shared = Self {
            tracker: Tracker::new(Arc::clone(&observer)),
            observer,
            state: Mutex::new(state),
            stop: AtomicBool::new(false),
            failure: Mutex::new(None),
            config,
        };
        (Arc::new(shared), receivers)
    }

    /// The poll thread, from the first poll until we have left the group.
    pub(crate) fn run(&self, consumer: BaseConsumer<Context>) {
        let _ending = Ending(self);
        let mut last_commit = Instant::now();
        let mut last_watermarks = Instant::now();
        while !self.is_to_end() {
            if let Err(error) = self.burst(&consumer) {
                let reason =
                    consumer.client().fatal_error().map_or_else(|| lock(&self.state).reason.clone(), |(_, reason)| reason);
                tracing::error!(%error, reason, "the consumer cannot go on");
                lock(&self.failure).get_or_insert(Error::during("consuming")(error));
                break;
            }
            if let Some(error) = self.given_up(&consumer) {
                tracing::error!(%error, "waiting is in vain");
                lock(&self.failure).get_or_insert(error);
                break;
            }
            self.hand_over_ripe();
            self.keep_budget(&consumer);
            if last_commit.elapsed() >= self.config.commit_interval {
                self.commit(&consumer, None);
                last_commit = Instant::now();
            }
            if last_watermarks.elapsed() >= WATERMARK_INTERVAL && lock(&self.state).paused {
                self.ask_for_watermarks(&consumer);
                last_watermarks = Instant::now();
            }
        }
        self.drain(&consumer);
        lock(&self.state).workers.clear();
        // Dropping it leaves the group; revocations that come of it are heard, and find everything committed.
        drop(consumer);
    }

    fn is_to_end(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || lock(&self.failure).is_some()
    }

    /// Polls until nothing is there, the budget is used up, or enough came to look after the rest.
    fn burst(&self, consumer: &BaseConsumer<Context>) -> KafkaResult<()> {
        let mut patience = self.patience();
        let (used_bytes, used_messages) = self.used();
        let most_messages = self.config.budget_messages.saturating_sub(used_messages).clamp(1, BURST_MESSAGES);
        let most_bytes = self.config.budget_bytes.saturating_sub(used_bytes).min(BURST_BYTES);
        let mut bytes = 0;
        for _ in 0..most_messages {
            match consumer.poll(patience) {
                None => break,
                Some(Ok(message)) => {
                    bytes += message.payload_len() + message.key_len();
                    self.take(&message);
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => self.read_to_end(partition),
                Some(Err(error)) if is_fatal(&error) => return Err(error),
                Some(Err(error)) => self.report_trouble(&error),
            }
            if bytes >= most_bytes {
                break;
            }
            patience = Duration::ZERO;
        }
        Ok(())
    }

    /// Why waiting is in vain, if it is.
    fn given_up(&self, consumer: &BaseConsumer<Context>) -> Option<Error> {
        let overdue = lock(&self.state).hopeless.overdue(Instant::now())?;
        let seconds = GRACE.as_secs();
        let error = match overdue {
            Overdue::RefusedLogin(error, reason) => {
                return Some(Error::during(format!("logging in, refused for {seconds} s: {reason}"))(error));
            }
            Overdue::UnknownTopic(error) => error,
        };
        let topic = &self.config.topic;
        // All topics, because a broker that makes topics by itself makes the one that is asked for.
        match consumer.fetch_metadata(None, METADATA_PATIENCE) {
            Ok(metadata) if metadata.topics().iter().any(|it| it.name() == topic) => None,
            Ok(_) => Some(Error::during(format!("consuming {topic}, which is not there after {seconds} s"))(error)),
            Err(not_now) => {
                self.report_trouble(&not_now);
                lock(&self.state).hopeless.error(&error, "", Instant::now());
                None
            }
        }
    }

    /// How long a poll may wait: until the oldest batch is ripe, and not long otherwise.
    fn patience(&self) -> Duration {
        let state = lock(&self.state);
        let oldest = state.workers.iter().filter_map(|line| line.begun).min();
        let ripe_in = oldest.map(|begun| self.config.batch_age.saturating_sub(begun.elapsed()));
        ripe_in.unwrap_or(LONGEST_POLL).min(LONGEST_POLL)
    }

    fn take(&self, message: &BorrowedMessage<'_>) {
        let mut state = lock(&self.state);
        if let Some(took) = state.trouble.message(Instant::now) {
            tracing::info!(seconds = took.as_secs(), "Kafka is well again");
        }
        let line = state.line_of(message.partition());
        line.begun.get_or_insert_with(Instant::now);
        let incoming = Incoming {
            partition: message.partition(),
            offset: message.offset(),
            timestamp_ms: message.timestamp().to_millis(),
            key: message.key(),
            payload: message.payload(),
        };
        let headers = message.headers();
        let headers = headers.iter().flat_map(|headers| headers.iter()).map(|header| (header.key, header.value));
        line.content.push(&incoming, headers);
        if line.content.len() >= self.config.batch_messages || line.content.bytes() >= self.config.batch_bytes {
            self.hand_over(line);
        }
    }

    /// Tells the worker of it, after the messages that came before.
    fn read_to_end(&self, partition: i32) {
        let mut state = lock(&self.state);
        let line = state.line_of(partition);
        if !line.ended.contains(&partition) {
            line.ended.push(partition);
        }
        if line.content.len() == 0 {
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
        let mut signals = Vec::new();
        if line.content.len() > 0 {
            let content = line.content.close();
            let (messages, bytes) = (content.len(), content.bytes());
            let receipt = self.tracker.hand_over(&content.extents(now_ms()), bytes, messages);
            self.observer.polled(messages as u64, bytes as u64);
            signals.push(Signal::Batch(Batch::new(content, receipt)));
        }
        signals.extend(line.ended.drain(..).map(Signal::ReadToEnd));
        if signals.into_iter().any(|signal| line.signals.send(signal).is_err()) {
            lock(&self.failure).get_or_insert(Error::WorkerGone);
        }
    }

    /// Bytes and messages polled that no worker has let go of yet.
    pub(crate) fn used(&self) -> (usize, usize) {
        let (bytes, messages) = self.tracker.used();
        let state = lock(&self.state);
        let in_making = state.workers.iter().map(|line| &line.content);
        in_making.fold((bytes, messages), |(bytes, messages), it| (bytes + it.bytes(), messages + it.len()))
    }

    fn keep_budget(&self, consumer: &BaseConsumer<Context>) {
        let (bytes, messages) = self.used();
        let (most_bytes, most_messages) = (self.config.budget_bytes, self.config.budget_messages);
        let was_paused = lock(&self.state).paused;
        let is_above = bytes >= most_bytes || messages >= most_messages;
        // Resumed a good deal below the mark, so that it does not flutter.
        let is_below = bytes <= most_bytes / 2 && messages <= most_messages / 2;
        if !was_paused && is_above {
            self.set_paused(consumer, true);
        } else if was_paused && is_below {
            self.set_paused(consumer, false);
        }
    }

    fn set_paused(&self, consumer: &BaseConsumer<Context>, paused: bool) {
        let result = consumer.assignment().and_then(|assignment| pause_or_resume(consumer, &assignment, paused));
        match result {
            Ok(()) => {
                let mut state = lock(&self.state);
                state.paused = paused;
                state.watermarks.clear();
            }
            Err(error) => self.report_trouble(&error),
        }
        let (bytes, messages) = self.used();
        let paused = lock(&self.state).paused;
        self.observer.budget(bytes, messages, paused);
    }

    /// Asks where our partitions end, so that lag grows also while nothing is fetched.
    fn ask_for_watermarks(&self, consumer: &BaseConsumer<Context>) {
        let Ok(assignment) = consumer.assignment() else { return };
        let deadline = Instant::now() + WATERMARK_PATIENCE;
        for partition in numbers(&assignment) {
            let left = deadline.saturating_duration_since(Instant::now());
            match consumer.fetch_watermarks(&self.config.topic, partition, left) {
                Ok(watermarks) => {
                    lock(&self.state).watermarks.insert(partition, watermarks);
                }
                Err(error) => return self.report_trouble(&error),
            }
        }
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
        let settled = loop {
            // Short waits, for in between the group must hear from us; messages are paused, so none is lost here that
            // the next owner would not read again.
            let settled = self.tracker.wait_until_settled(None, Duration::from_millis(20));
            if settled != Settled::NotInTime || Instant::now() >= deadline {
                break settled;
            }
            match consumer.poll(Duration::ZERO) {
                None | Some(Ok(_) | Err(KafkaError::PartitionEOF(_))) => {}
                Some(Err(error)) => self.report_trouble(&error),
            }
        };
        if settled != Settled::Done {
            tracing::warn!(?settled, "batches are outstanding at the end; they will be read again");
        }
        self.commit(consumer, None);
    }

    pub(crate) fn report_trouble(&self, error: &KafkaError) {
        self.observer.client_error(kind_of(error));
        let mut state = lock(&self.state);
        let PollState { trouble, hopeless, reason, .. } = &mut *state;
        hopeless.error(error, reason, Instant::now());
        if trouble.error(Instant::now()) {
            tracing::warn!(%error, reason, "Kafka is in trouble; polling goes on");
        }
    }

    pub(crate) fn assigned(&self, consumer: &BaseConsumer<Context>, list: &TopicPartitionList) {
        let partitions = numbers(list);
        if partitions.is_empty() {
            return;
        }
        tracing::info!(?partitions, "assigned");
        self.tracker.assign(&partitions, now_ms());
        self.observer.rebalanced(Rebalance::Assigned, partitions.len());
        let state = lock(&self.state);
        for (number, line) in state.workers.iter().enumerate() {
            let own = of_worker(&partitions, number, state.workers.len());
            if !own.is_empty() && line.signals.send(Signal::Assigned(own)).is_err() {
                lock(&self.failure).get_or_insert(Error::WorkerGone);
            }
        }
        let paused = state.paused;
        drop(state);
        // Resumed too: to the client a pause belongs to the partition, not to its assignment, and one that went during a
        // pause may come back after it.
        if let Err(error) = pause_or_resume(consumer, list, paused) {
            self.report_trouble(&error);
        }
    }

    pub(crate) fn revoked(&self, consumer: &BaseConsumer<Context>, list: &TopicPartitionList) {
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
        // At the end the workers have been waited for already, and nobody hears a signal any more.
        let patience = if workers == 0 { Duration::ZERO } else { self.config.drain_timeout };
        let deadline = Instant::now() + patience;
        for (number, line) in state.workers.iter_mut().enumerate() {
            let own = of_worker(&partitions, number, workers);
            if !own.is_empty() {
                line.content.drop_partitions(&own);
                line.ended.retain(|partition| !own.contains(partition));
                // A worker that is gone has let go.
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
        let _ = all_released.recv_timeout(patience);
        let left = deadline.saturating_duration_since(Instant::now());
        let settled = self.tracker.wait_until_settled(Some(&partitions), left);
        if settled != Settled::Done {
            tracing::warn!(?partitions, ?settled, "not everything was stored in time; the next owner reads it again");
        }
        self.commit(consumer, Some(&partitions));
        self.tracker.forget(&partitions);
    }
}

fn pause_or_resume(consumer: &BaseConsumer<Context>, list: &TopicPartitionList, pause: bool) -> KafkaResult<()> {
    if pause { consumer.pause(list) } else { consumer.resume(list) }
}

fn numbers(list: &TopicPartitionList) -> Vec<i32> {
    list.elements().iter().map(|element| element.partition()).collect()
}

fn of_worker(partitions: &[i32], worker: usize, workers: usize) -> Vec<i32> {
    partitions.iter().copied().filter(|partition| *partition as usize % workers == worker).collect()
}
