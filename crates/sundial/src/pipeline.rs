//! The main job: batches in, rows and cards out, then the receipt.
//!
//! ```text
//! Signal::Batch ─▶ decode ─▶ fold ─▶ cases ─▶ cards topic ─▶ events ─▶ receipt
//!                     └─▶ dead letters
//! ```
//!
//! A worker stores one batch before it folds the next: what is derived next rests on what is stored,
//! and a crash leaves at most one batch half written, which its versions show. Several workers keep
//! the store busy meanwhile.
//!
//! A receipt is acknowledged only after everything of its batch is stored, so a failure pins the
//! frontier. Whatever fails is tried again until it succeeds or the process is told to end; then the
//! next owner of the partition reads the batch again.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc, time::Duration};

use domain::{Assessment, Event, Instant, Text};
use engine::{CaseChange, KnownCases, RuleBook, Worker};
use futures_util::future::join_all;
use intake::{
    Batch, DeadLetters, Message, Receipt, Signal,
    producer::{Outgoing, Producer},
};
use notify::{CardMessage, CardState};
use store::{Rows, Writer};
use tokio::sync::{mpsc::UnboundedReceiver, watch};
use wire::Reason;

use crate::{
    cases::StoredCases,
    clock::now,
    horizon::{HISTORY, Horizon, Read},
    metrics::Metrics,
};

/// How many cases one passing instant may change at once.
const DUE_AT_ONCE: usize = 10_000;
/// Pause before something that failed for good is tried again, in case an operator mended it.
const MENDING: Duration = Duration::from_secs(5);
/// The longest a worker sleeps before it looks at the wall clock again. That may be set forward meanwhile,
/// by a time server or after a machine was suspended, and a sleep does not hear of it.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// Why the system withdraws a card.
pub const UNFOUNDED: &str = "no longer founded on the events of the case";
/// Why it does so where the row was derived by other rules.
pub const RULES_CHANGED: &str = "no longer founded since the rules changed";
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
    /// Turns true when the process is told to end.
    pub stopping: watch::Receiver<bool>,
}

/// Works until the signals end.
pub async fn work(mut signals: UnboundedReceiver<Signal>, parts: Parts) {
    let mut worker = Worker::new(parts.known.clone(), parts.generation);
    let mut horizon = Horizon::default();
    let mut told = [0; 3];
    let mut owned: BTreeSet<i32> = BTreeSet::new();
    let mut recomputed_at = Instant::default();
    let mut looks = tokio::time::interval(RECOMPUTE_LOOKS);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        // Before every signal: under load there is always another one, and a card must not wait for it.
        horizon.catch_up(now());
        let mut due = Derived::default();
        parts.derive_due(&mut worker, horizon.of_all(now()), &mut due).await;
        parts.store(due, None).await;
        let holds = [worker.cases_held(), worker.deadlines_queued(), horizon.behind()].map(|count| count as i64);
        parts.metrics.worker_holds(holds[0] - told[0], holds[1] - told[1], holds[2] - told[2]);
        told = holds;
        // While it is behind, what is due waits for messages or for the end of a history, not for its time.
        let due = if horizon.behind() > 0 { horizon.next() } else { worker.next_due() };
        let due = due.map(|at| Duration::from_millis((at.ms() - now().ms()).max(0) as u64).min(LONGEST_SLEEP));
        tokio::select! {
            signal = signals.recv() => match signal {
                None => break,
                Some(Signal::Assigned(partitions)) => {
                    horizon.assigned(&partitions);
                    parts.take_over(&mut worker, &partitions).await;
                    owned.extend(partitions);
                }
                // The intake has ended and waits for nothing more: what still lies here is read again.
                Some(Signal::Batch(_)) if parts.is_stopping() => break,
                Some(Signal::Batch(batch)) => parts.take_batch(&mut worker, &mut horizon, batch).await,
                Some(Signal::ReadToEnd(partition)) => horizon.read_to_end(partition),
                Some(Signal::Revoked(partitions, released)) => {
                    worker.give_up(&partitions);
                    owned.retain(|partition| !partitions.contains(partition));
                    horizon.revoked(&partitions);
                    drop(released);
                }
            },
            _ = looks.tick() => parts.look_for_recompute(&mut worker, &owned, &mut recomputed_at).await,
            () = tokio::time::sleep(due.unwrap_or_default()), if due.is_some() => {}
        }
    }
}

impl Parts {
    fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    async fn take_over(&self, worker: &mut Worker, partitions: &[i32]) {
        let started = std::time::Instant::now();
        while let Err(error) = worker.take_over(partitions, &self.store).await {
            if !self.try_again("open cases could not be read", &error).await {
                return;
            }
        }
        tracing::info!(?partitions, cases = worker.cases_held(), seconds = started.elapsed().as_secs_f64(), "took over");
    }

    /// Where a recompute has ended since it was last looked, takes over what changes by itself only now.
    async fn look_for_recompute(&self, worker: &mut Worker, owned: &BTreeSet<i32>, last: &mut Instant) {
        let ended = match self.store.reader.recomputed_at().await {
            Ok(ended) => ended,
            Err(error) => return tracing::warn!(%error, "whether a recompute has ended could not be asked"),
        };
        if ended > *last && !owned.is_empty() {
            let partitions: Vec<i32> = owned.iter().copied().collect();
            self.take_over(worker, &partitions).await;
        }
        *last = ended;
    }

    /// Derives what the passing of time has changed.
    async fn derive_due(&self, worker: &mut Worker, as_of: Instant, derived: &mut Derived) {
        while let Err(error) = worker.refresh_due(as_of, DUE_AT_ONCE, &self.store).await {
            if !self.try_again("cases could not be read", &error).await {
                return;
            }
        }
        for change in worker.due(as_of, DUE_AT_ONCE, &self.rules) {
            put(&change, &mut derived.rows);
            derived.due_cards.extend(told_cards(&change));
        }
    }

    async fn take_batch(&self, worker: &mut Worker, horizon: &mut Horizon, batch: Batch) {
        let read_at = now();
        let mut derived = Derived::default();
        let mut events: Vec<(Event, i32)> = Vec::with_capacity(batch.len());
        let mut refused: Vec<(Message<'_>, Reason)> = Vec::new();
        for message in batch.messages() {
            match wire::decode_message(message.key, message.payload, &self.store.codes) {
                Ok(event) => {
                    let is_history = message.headers.contains(HISTORY);
                    let read = Read { written_ms: message.timestamp_ms, tells_of: event.occurred_at, is_history };
                    horizon.read(message.partition, read, read_at);
                    let payload = message.payload.unwrap_or_default();
                    derived.rows.event(&event, payload, message.partition, message.offset);
                    events.push((event, message.partition));
                }
                Err(reason) => refused.push((message, reason)),
            }
        }
        let letters = refused.iter().map(|(message, reason)| self.refuse(message, reason));
        if !join_all(letters).await.into_iter().all(|is_sent| is_sent) {
            return;
        }
        // The messages are among the rows now: they need not lie here twice.
        let receipt = batch.into_receipt();
        while let Err(error) = worker.fetch(&events, &self.store).await {
            if !self.try_again("cases could not be read", &error).await {
                return;
            }
        }
        self.metrics.folded(events.len());
        worker.fold(
            events,
            |partition, case| horizon.of_case(partition, case, now()),
            &self.rules,
            |change| {
                put(&change, &mut derived.rows);
                derived.cards.extend(told_cards(&change));
            },
        );
        // Time has passed with the batch; stored together, it is one insert instead of two.
        self.derive_due(worker, horizon.of_all(now()), &mut derived).await;
        self.store(derived, Some(receipt)).await;
    }

    /// Sends a message to the dead-letter topic; whether it is there.
    async fn refuse(&self, message: &Message<'_>, reason: &Reason) -> bool {
        let words = reason.to_string();
        let is_sent =
            self.sent("a dead letter could not be sent", || self.dead_letters.send(message, reason.code(), &words)).await;
        if is_sent {
            self.metrics.dead_letter(reason.code());
        }
        is_sent
    }

    /// Stores what changed and tells the cards; then, and only then, acknowledges the batch.
    ///
    /// With events: the cases, their cards, the events. A crash on the way leaves cases that do not agree
    /// with their events, whose cards are then told again ([`CaseChange::untold`]); told twice does no harm,
    /// each card has its id. Where time alone has passed nothing could show that, so its cards are told first,
    /// and told again once the time is found to have passed again.
    async fn store(&self, derived: Derived, receipt: Option<Receipt>) {
        if derived.rows.is_empty() && receipt.is_none() {
            return;
        }
        let (events, cases) = derived.rows.split_events();
        let is_stored = self.tell(&derived.due_cards).await
            && self.write(cases).await
            && self.tell(&derived.cards).await
            && self.write(events).await;
        if is_stored {
            if let Some(receipt) = receipt {
                receipt.acknowledge();
            }
            self.metrics.progressed(now());
        }
    }

    /// Whether the rows are stored (else the process is ending).
    async fn write(&self, rows: Rows) -> bool {
        if rows.is_empty() {
            return true;
        }
        let mut result = self.writer.write(rows).await;
        loop {
            match result {
                Ok(()) => return true,
                Err((error, pending)) => {
                    if !self.try_again("rows could not be written", &error).await {
                        return false;
                    }
                    result = self.writer.write_pending(pending).await;
                }
            }
        }
    }

    /// Sends the cards that were issued or withdrawn to their topic; whether all are there.
    async fn tell(&self, cards: &[ToldCard]) -> bool {
        if cards.is_empty() {
            return true;
        }
        let messages: Vec<Outgoing<'_>> = cards
            .iter()
            .map(|card| Outgoing {
                topic: &self.cards_topic,
                key: Some(card.case_no.as_bytes()),
                payload: Some(&card.payload),
                headers: &[],
            })
            .collect();
        let are_sent = self.sent("cards could not be sent", || self.cards.send_all_and_wait(&messages)).await;
        cards.iter().for_each(|card| self.metrics.card(&card.level, card.state.code()));
        are_sent
    }

    /// Sends until the broker has it; false when the process is ending. A broker that hangs would not
    /// answer for minutes, and the end must not wait for it.
    async fn sent<F: Future<Output = Result<(), intake::Error>>>(&self, what: &str, send: impl Fn() -> F) -> bool {
        let mut stopping = self.stopping.clone();
        loop {
            let outcome = tokio::select! {
                outcome = send() => outcome,
                _ = stopping.wait_for(|stopping| *stopping) => return false,
            };
            match outcome {
                Ok(()) => return true,
                Err(error) if !self.try_again(what, &error).await => return false,
                Err(_) => {}
            }
        }
    }

    /// Waits a little after a failure; false when the process is ending. Nothing is skipped meanwhile:
    /// the frontier is pinned, and lag shows it.
    async fn try_again(&self, what: &str, error: &(dyn std::error::Error + Send + Sync)) -> bool {
        if self.is_stopping() {
            return false;
        }
        tracing::error!(%error, "{what}; trying again");
        let mut stopping = self.stopping.clone();
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => false,
            () = tokio::time::sleep(MENDING) => true,
        }
    }
}

/// What is to be stored and told.
#[derive(Default)]
struct Derived {
    rows: Rows,
    /// Cards of cases that got events.
    cards: Vec<ToldCard>,
    /// Cards of cases of which time alone has passed.
    due_cards: Vec<ToldCard>,
}

/// A card as it is told.
struct ToldCard {
    case_no: Text,
    level: String,
    state: CardState,
    payload: Vec<u8>,
}

fn told_cards(change: &CaseChange) -> impl Iterator<Item = ToldCard> {
    card_messages(change).into_iter().map(|message| ToldCard {
        case_no: change.case_no.clone(),
        payload: serde_json::to_vec(&message).unwrap_or_default(),
        level: message.level,
        state: message.state,
    })
}

/// Puts everything a change means into rows.
pub fn put(change: &CaseChange, rows: &mut Rows) {
    match &change.after {
        Some(after) => rows.case(after, change.version, change.partition),
        None => rows.deleted_case(&change.case_no, change.version, change.partition, change.next_change),
    }
    let context = context(change);
    change.withdrawn_cards().for_each(|card| rows.withdrawn_card(&context, card, change.version, why_withdrawn(change)));
}

fn why_withdrawn(change: &CaseChange) -> &'static str {
    if change.rules_changed { RULES_CHANGED } else { UNFOUNDED }
}

/// What is told of the cards of a change.
pub fn card_messages(change: &CaseChange) -> Vec<CardMessage> {
    let case = context(change);
    let issued = change.issued_cards().map(|card| CardMessage::issued(&case, card, change.version));
    let withdrawn =
        change.withdrawn_cards().map(|card| CardMessage::withdrawn(&case, card, change.version, why_withdrawn(change)));
    issued.chain(withdrawn).collect()
}

/// The case its cards are told with.
fn context(change: &CaseChange) -> Cow<'_, Assessment> {
    match &change.after {
        Some(after) => Cow::Borrowed(after),
        None => Cow::Owned(Assessment::nothing(change.case_no.clone())),
    }
}
