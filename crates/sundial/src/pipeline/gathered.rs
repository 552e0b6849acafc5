//! Batches that were read and are to be derived and stored together.

use std::time::{Duration, Instant};

use domain::Event;
use intake::{Batch, Message, Receipt};
use store::{PendingRows, Rows};
use wire::{CodeMaps, Reason};

use crate::{
    clock::now,
    horizon::{HISTORY, Horizon, Read},
};

/// Events that were read, the rows of their messages, and what acknowledges them.
///
/// The messages are the larger part. They are compressed as they come, so that many batches may wait here
/// while a worker catches up: the more events are derived together, the fewer states of a case are written.
#[derive(Default)]
pub struct Gathered {
    /// The events, each with its partition, in the order they came.
    events: Vec<(Event, i32)>,
    /// Their rows.
    rows: PendingRows,
    /// Of all batches.
    receipts: Vec<Receipt>,
    /// What the budget is charged with for them.
    charged: usize,
    /// When the first batch came, and the latest.
    since: Option<(Instant, Instant)>,
}

/// How long batches wait for further ones at most.
const LONGEST: Duration = Duration::from_secs(1);
/// How long they wait where none comes: at the end of what there is, or where the budget has no room for more.
const IDLE: Duration = Duration::from_millis(50);

impl Gathered {
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.receipts.is_empty()
    }

    /// How many events wait.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// In how long waiting for more is over; none, where nothing waits.
    pub fn ripe_in(&self) -> Option<Duration> {
        self.since.map(|(first, latest)| LONGEST.saturating_sub(first.elapsed()).min(IDLE.saturating_sub(latest.elapsed())))
    }

    /// Reads a batch. Gives back the messages that cannot be taken, each with the reason: they are to be dead letters
    /// before the batch is [kept](Gathered::keep). `rows` is only the room that is needed meanwhile.
    pub fn read<'b>(
        &mut self,
        batch: &'b Batch,
        codes: &CodeMaps,
        horizon: &mut Horizon,
        rows: &mut Rows,
    ) -> Vec<(Message<'b>, Reason)> {
        let read_at = now();
        let mut refused = Vec::new();
        self.events.reserve(batch.len());
        for message in batch.messages() {
            match wire::decode_message(message.key, message.payload, codes) {
                Ok(event) => {
                    let is_history = message.headers.contains(HISTORY);
                    let read = Read { written_ms: message.timestamp_ms, tells_of: event.occurred_at, is_history };
                    horizon.read(message.partition, read, read_at);
                    rows.event(&event, message.payload.unwrap_or_default(), message.partition, message.offset);
                    self.events.push((event, message.partition));
                }
                Err(reason) => refused.push((message, reason)),
            }
        }
        self.rows.add(rows);
        refused
    }

    /// Lets go of the messages of a batch that was read, and keeps what acknowledges it.
    pub fn keep(&mut self, batch: Batch) {
        let mut receipt = batch.into_receipt();
        let bytes = self.rows.bytes() + size_of_val(&self.events[..]);
        receipt.holds(bytes - self.charged);
        self.charged = bytes;
        self.receipts.push(receipt);
        let now = Instant::now();
        self.since = Some((self.since.map_or(now, |(first, _)| first), now));
    }

    /// The events, their rows, and the receipts, for whoever derives them now. The budget is charged with the rows only
    /// from here on: events become part of their cases.
    pub fn into_parts(mut self) -> (Vec<(Event, i32)>, PendingRows, Vec<Receipt>) {
        let share = self.rows.bytes().div_ceil(self.receipts.len().max(1));
        self.receipts.iter_mut().for_each(|receipt| receipt.holds(share));
        (self.events, self.rows, self.receipts)
    }
}
