//! Storing what was derived, telling its cards, and trying again.

use std::time::Duration;

use intake::{Message, Receipt, producer::Outgoing};
use store::PendingRows;
use wire::Reason;

use super::{Derived, Parts, ToldCard};
use crate::clock::now;

/// Pause before something that failed for good is tried again, in case an operator mended it.
const MENDING: Duration = Duration::from_secs(5);

impl Parts {
    pub(super) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Sends a message to the dead-letter topic; whether it is there.
    pub(super) async fn refuse(&self, message: &Message<'_>, reason: &Reason) -> bool {
        let words = reason.to_string();
        let is_sent =
            self.sent("a dead letter could not be sent", || self.dead_letters.send(message, reason.code(), &words)).await;
        if is_sent {
            self.metrics.dead_letter(reason.code());
        }
        is_sent
    }

    /// Stores what changed and tells the cards; then, and only then, acknowledges the batches.
    ///
    /// With events: the cases, their cards, the events. A crash on the way leaves cases that do not agree
    /// with their events, whose cards are then told again ([`CaseChange::untold`](engine::CaseChange::untold)); told twice does no harm,
    /// each card has its id. Where time alone has passed nothing could show that, so its cards are told first,
    /// and told again once the time is found to have passed again.
    pub(super) async fn store(&self, derived: Derived) {
        let is_stored = self.tell(&derived.due_cards).await
            && self.write(derived.cases).await
            && self.tell(&derived.cards).await
            && self.write(derived.events).await;
        if is_stored {
            derived.receipts.into_iter().for_each(Receipt::acknowledge);
            self.metrics.progressed(now());
        }
    }

    /// Whether the rows are stored (else the process is ending).
    async fn write(&self, mut rows: PendingRows) -> bool {
        while let Err((error, pending)) = self.writer.write_pending(rows).await {
            if !self.try_again("rows could not be written", &error).await {
                return false;
            }
            rows = pending;
        }
        true
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
    pub(super) async fn try_again(&self, what: &str, error: &(dyn std::error::Error + Send + Sync)) -> bool {
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
