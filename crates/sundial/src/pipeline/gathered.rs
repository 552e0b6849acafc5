//! Batches that were read and are to be derived and stored together.

use std::time::{Duration, Instant};

use engine::Worker;
use intake::{Batch, Message, Receipt};
use store::{PendingRows, Rows};
use wire::{CodeMaps, Reason};

use crate::{
    clock::now,
    horizon::{HISTORY, Horizon, Read},
};

/// Messages that were read, as rows, and what acknowledges them. What they tell of waits in the worker.
///
/// Rows are compressed as they come and events packed, so that many batches may wait while a worker catches up: the
/// more events are derived together, the fewer states of a case are derived and written.
#[derive(Default)]
pub struct Gathered {
    rows: PendingRows,
    /// Of all batches.
    receipts: Vec<Receipt>,
    /// What the budget is charged with for them.
    charged: usize,
    /// When the first batch came, and the latest.
    since: Option<(Instant, Instant)>,
}

/// How long batches wait for further ones at most.
const LONGEST: Duration = Duration::from_secs(4);
/// How long they wait where none comes: at the end of what there is, or where the budget has no room for more.
const IDLE: Duration = Duration::from_millis(250);

impl Gathered {
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.receipts.is_empty()
    }

    /// In how long waiting for more is over; none, where nothing waits.
    pub fn ripe_in(&self) -> Option<Duration> {
        self.since.map(|(first, latest)| LONGEST.saturating_sub(first.elapsed()).min(IDLE.saturating_sub(latest.elapsed())))
    }

    /// Reads a batch: the worker takes its events. Gives back the messages that cannot be taken, each with the reason:
    /// they are to be dead letters before the batch is [kept](Gathered::keep). `rows` is only the room that is needed
    /// meanwhile.
    pub fn read<'b>(
        &mut self,
        batch: &'b Batch,
        codes: &CodeMaps,
        horizon: &mut Horizon,
        worker: &mut Worker,
        rows: &mut Rows,
    ) -> Vec<(Message<'b>, Reason)> {
        let read_at = now();
        let mut refused = Vec::new();
        for message in batch.messages() {
            match wire::decode_message(message.key, message.payload, codes) {
                Ok(event) => {
                    let is_history = message.headers.contains(HISTORY);
                    let read = Read { written_ms: message.timestamp_ms, tells_of: event.occurred_at, is_history };
                    horizon.read(message.partition, read, read_at);
                    rows.event(&event, message.payload.unwrap_or_default(), message.partition, message.offset);
                    worker.take(&event, message.partition);
                }
                Err(reason) => refused.push((message, reason)),
            }
        }
        self.rows.add(rows);
        refused
    }

    /// Lets go of the messages of a batch that was read, and keeps what acknowledges it. `waiting` is what all events that
    /// wait take.
    pub fn keep(&mut self, batch: Batch, waiting: usize) {
        let mut receipt = batch.into_receipt();
        let bytes = self.rows.bytes() + waiting;
        receipt.holds(bytes - self.charged);
        self.charged = bytes;
        self.receipts.push(receipt);
        let now = Instant::now();
        self.since = Some((self.since.map_or(now, |(first, _)| first), now));
    }

    /// The rows and the receipts, for whoever derives the events now. The budget is charged with the rows only
    /// from here on: events become part of their cases.
    pub fn into_parts(mut self) -> (PendingRows, Vec<Receipt>) {
        let share = self.rows.bytes().div_ceil(self.receipts.len().max(1));
        self.receipts.iter_mut().for_each(|receipt| receipt.holds(share));
        (self.rows, self.receipts)
    }
}
