//! The main job: batches in, rows and cards out, then the receipts.
//!
//! ```text
//! Signal::Batch ─▶ read ─▶ gathered ─▶ fold ─▶ cases ─▶ cards topic ─▶ events ─▶ receipts
//!                    └─▶ dead letters
//! ```
//!
//! A worker that keeps up derives and stores every batch by itself. One that is behind gathers many batches first: of
//! a case whose events come close together fewer states are derived and written. While that is stored it reads on, but it
//! derives nothing before it is: what is derived next rests on what is stored, and a crash leaves at most one store half
//! written, which its versions show.
//!
//! Receipts are acknowledged only after everything of their batches is stored, so a failure pins the
//! frontier. Whatever fails is tried again until it succeeds or the process is told to end; then the
//! next owner of the partition reads the batches again.

mod gathered;
mod storing;
mod told;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use domain::Instant;
use engine::{CaseChange, KnownCases, RuleBook, Worker};
use futures_util::future::join_all;
use intake::{Batch, DeadLetters, Receipt, Signal, producer::Producer};
use store::{PendingRows, Rows, Writer};
use tokio::{
    sync::{mpsc::UnboundedReceiver, watch},
    task::JoinHandle,
};

pub use self::told::{card_messages, put};
use self::{
    gathered::Gathered,
    told::{ToldCard, told_cards},
};
use crate::{cases::StoredCases, clock::now, horizon::Horizon, metrics::Metrics};

/// How many cases are derived in one go: it takes some milliseconds.
const FOLDED_AT_ONCE: usize = 2_000;
/// How many cases one passing instant may change at once.
const DUE_AT_ONCE: usize = 10_000;
/// The longest a worker sleeps before it looks at the wall clock again. That may be set forward meanwhile,
/// by a time server or after a machine was suspended, and a sleep does not hear of it.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// How often it is looked whether a recompute has ended.
const RECOMPUTE_LOOKS: Duration = Duration::from_secs(15);

/// What every worker works with.
#[derive(Clone)]
pub struct Parts {
    pub rules: Arc<RuleBook>,
    /// Which generation they are.
    pub generation: u32,
    pub known: Arc<KnownCases>,
    pub store: StoredCases,
    pub writer: Writer,
    pub dead_letters: DeadLetters,
    pub cards: Producer,
    pub cards_topic: String,
    pub metrics: Arc<Metrics>,
    /// So many messages a worker that is behind gathers before it derives.
    pub gather_messages: usize,
    /// Turns true when the process is told to end.
    pub stopping: watch::Receiver<bool>,
}

/// Works until the signals end.
pub async fn work(mut signals: UnboundedReceiver<Signal>, parts: Parts) {
    let mut line = Line::new(parts);
    while line.go_on(&mut signals).await {}
    line.stored().await;
}

/// What is to be stored and told.
#[derive(Default)]
struct Derived {
    /// Rows of cases, and of cards that were withdrawn.
    cases: PendingRows,
    /// Cards of cases that got events.
    cards: Vec<ToldCard>,
    /// Cards of cases of which time alone has passed.
    due_cards: Vec<ToldCard>,
    /// What it follows from: the rows of the messages, and what acknowledges them.
    events: PendingRows,
    receipts: Vec<Receipt>,
}

/// So many rows of cases are encoded at once: what is not encoded yet takes ten times as much.
const ROWS_AT_ONCE: u64 = 16_000;

impl Derived {
    /// Takes what became of a case, by way of the room for rows.
    fn case(&mut self, change: &CaseChange, rows: &mut Rows) {
        put(change, rows);
        if rows.len() >= ROWS_AT_ONCE {
            self.cases.add(rows);
        }
    }
}

/// One worker, with what it has read and what it is storing.
struct Line {
    parts: Parts,
    worker: Worker,
    horizon: Horizon,
    gathered: Gathered,
    /// Rows that are being made: empty in between, but for the room that is kept.
    rows: Rows,
    /// What was derived last, on its way to the store.
    storing: Option<JoinHandle<()>>,
    owned: BTreeSet<i32>,
    recomputed_at: Instant,
    looks: tokio::time::Interval,
    /// What the metrics were told last.
    told: [i64; 3],
}

impl Line {
    fn new(parts: Parts) -> Self {
        let mut looks = tokio::time::interval(RECOMPUTE_LOOKS);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        Self {
            worker: Worker::new(parts.known.clone(), parts.generation),
            parts,
            horizon: Horizon::default(),
            gathered: Gathered::default(),
            rows: Rows::new(),
            storing: None,
            owned: BTreeSet::new(),
            recomputed_at: Instant::default(),
            looks,
            told: [0; 3],
        }
    }

    /// One turn: derives and stores what is to be, then waits for what comes next. False when there is nothing more.
    async fn go_on(&mut self, signals: &mut UnboundedReceiver<Signal>) -> bool {
        // The intake has ended and waits for nothing more: what still lies here is read again.
        if self.parts.is_stopping() {
            return false;
        }
        // Before every signal: under load there is always another one, and a card must not wait for it.
        self.horizon.catch_up(now());
        if self.storing.is_none() && self.is_to_derive() {
            self.derive().await;
        }
        self.tell_metrics();
        let sleep = self.sleep();
        tokio::select! {
            () = stored(&mut self.storing), if self.storing.is_some() => {}
            signal = signals.recv(), if self.storing.is_none() || !self.is_full() => match signal {
                None => return false,
                Some(Signal::Batch(batch)) => self.gather(batch).await,
                Some(Signal::ReadToEnd(partition)) => self.horizon.read_to_end(partition),
                Some(Signal::Assigned(partitions)) => {
                    self.horizon.assigned(&partitions);
                    self.take_over(&partitions).await;
                    self.owned.extend(partitions);
                }
                Some(Signal::Revoked(partitions, released)) => {
                    self.finish().await;
                    self.worker.give_up(&partitions);
                    self.owned.retain(|partition| !partitions.contains(partition));
                    self.horizon.revoked(&partitions);
                    drop(released);
                }
            },
            _ = self.looks.tick() => self.look_for_recompute().await,
            () = tokio::time::sleep(sleep.unwrap_or_default()), if sleep.is_some() && self.storing.is_none() => {}
        }
        true
    }

    fn tell_metrics(&mut self) {
        let holds = [self.worker.cases_held(), self.worker.deadlines_queued(), self.horizon.behind()].map(|count| count as i64);
        let [cases, deadlines, behind] = std::array::from_fn(|at| holds[at] - self.told[at]);
        self.parts.metrics.worker_holds(cases, deadlines, behind);
        self.told = holds;
    }

    /// Whether so much is gathered that it is derived before anything more is read.
    fn is_full(&self) -> bool {
        self.worker.waiting() >= self.parts.gather_messages
    }

    /// Whether what was gathered is to be derived now, or what is due, where nothing was.
    fn is_to_derive(&self) -> bool {
        let is_ripe = self.gathered.ripe_in().is_none_or(|left| left.is_zero());
        self.horizon.behind() == 0 || self.is_full() || is_ripe
    }

    /// How long there is nothing to do, if no signal comes; for ever, where nothing lies ahead.
    fn sleep(&self) -> Option<Duration> {
        // While it is behind, what is due waits for messages or for the end of a history, not for its time.
        let due = if self.horizon.behind() > 0 { self.horizon.next() } else { self.worker.next_due() };
        let due = due.map(|at| Duration::from_millis((at.ms() - now().ms()).max(0) as u64).min(LONGEST_SLEEP));
        due.into_iter().chain(self.gathered.ripe_in()).min()
    }

    /// Reads a batch; what cannot be taken becomes a dead letter first.
    async fn gather(&mut self, batch: Batch) {
        let refused = self.gathered.read(&batch, &self.parts.store.codes, &mut self.horizon, &mut self.worker, &mut self.rows);
        let letters = refused.iter().map(|(message, reason)| self.parts.refuse(message, reason));
        if join_all(letters).await.into_iter().all(|is_sent| is_sent) {
            self.gathered.keep(batch, self.worker.waiting_bytes());
        }
    }

    /// Derives what was gathered and what is due, and begins to store it.
    async fn derive(&mut self) {
        let (rows, receipts) = std::mem::take(&mut self.gathered).into_parts();
        let mut derived = Derived { events: rows, receipts, ..Derived::default() };
        while let Err(error) = self.worker.fetch(&self.parts.store).await {
            if !self.parts.try_again("cases could not be read", &error).await {
                return;
            }
        }
        self.parts.metrics.folded(self.worker.waiting());
        while self.worker.waiting() > 0 {
            self.worker.fold(
                FOLDED_AT_ONCE,
                |partition, case| self.horizon.of_case(partition, case, now()),
                &self.parts.rules,
                |change| {
                    derived.case(&change, &mut self.rows);
                    derived.cards.extend(told_cards(&change));
                },
            );
            // Questions and probes are answered in between.
            tokio::task::yield_now().await;
        }
        // Time has passed with the batches; stored together, it is one insert instead of two.
        self.derive_due(&mut derived).await;
        derived.cases.add(&mut self.rows);
        if !derived.cases.is_empty() || !derived.receipts.is_empty() {
            let parts = self.parts.clone();
            self.storing = Some(tokio::spawn(async move { parts.store(derived).await }));
        }
    }

    /// Derives what the passing of time has changed.
    async fn derive_due(&mut self, derived: &mut Derived) {
        let as_of = self.horizon.of_all(now());
        while let Err(error) = self.worker.refresh_due(as_of, DUE_AT_ONCE, &self.parts.store).await {
            if !self.parts.try_again("cases could not be read", &error).await {
                return;
            }
        }
        for change in self.worker.due(as_of, DUE_AT_ONCE, &self.parts.rules) {
            derived.case(&change, &mut self.rows);
            derived.due_cards.extend(told_cards(&change));
        }
    }

    /// Waits until what was derived is stored.
    async fn stored(&mut self) {
        if self.storing.is_some() {
            stored(&mut self.storing).await;
        }
    }

    /// Stores everything that was read.
    async fn finish(&mut self) {
        self.stored().await;
        if !self.gathered.is_empty() {
            self.derive().await;
            self.stored().await;
        }
    }

    async fn take_over(&mut self, partitions: &[i32]) {
        // A case that is on its way would be read as it was before.
        self.stored().await;
        let started = std::time::Instant::now();
        while let Err(error) = self.worker.take_over(partitions, &self.parts.store).await {
            if !self.parts.try_again("open cases could not be read", &error).await {
                return;
            }
        }
        let seconds = started.elapsed().as_secs_f64();
        tracing::info!(?partitions, cases = self.worker.cases_held(), seconds, "took over");
    }

    /// Where a recompute has ended since it was last looked, takes over what changes by itself only now.
    async fn look_for_recompute(&mut self) {
        let ended = match self.parts.store.reader.recomputed_at().await {
            Ok(ended) => ended,
            Err(error) => return tracing::warn!(%error, "whether a recompute has ended could not be asked"),
        };
        if ended > self.recomputed_at && !self.owned.is_empty() {
            let partitions: Vec<i32> = self.owned.iter().copied().collect();
            self.take_over(&partitions).await;
        }
        self.recomputed_at = ended;
    }
}

/// Waits for the store that is on its way. It may be given up in between, and waited for again.
async fn stored(storing: &mut Option<JoinHandle<()>>) {
    if let Some(handle) = storing {
        let outcome = handle.await;
        *storing = None;
        if let Err(error) = outcome
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
    }
}
