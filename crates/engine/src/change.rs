//! What became of a case.

use domain::{Assessment, Card, Instant, Text};

/// A case whose row is to be written: what it says now, and which cards the last one had.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseChange {
    /// The case.
    pub case_no: Text,
    /// The partition its latest event came from.
    pub partition: i32,
    /// Grows with the set of events, for one set with the generation of the rules, and then with time: the
    /// row with the largest version is the one to believe, whoever wrote it and whenever. See
    /// [`version`](crate::version).
    pub version: u128,
    /// The row in the store was derived by other rules than these.
    pub rules_changed: bool,
    /// The cards of the row in the store.
    pub cards_before: Vec<Card>,
    /// Whether a crash may have come before they were told.
    pub untold: bool,
    /// When the case will change by itself.
    pub next_change: Option<Instant>,
    /// What the row is to say; none where no event stands, or all that do lie ahead.
    pub after: Option<Assessment>,
}

impl CaseChange {
    /// Cards issued by this change, and those of which nobody may have been told yet.
    pub fn issued_cards(&self) -> impl Iterator<Item = &Card> {
        let is_told = |card: &Card| !self.untold && self.cards_before.iter().any(|before| before.is_same(card));
        self.cards_after().iter().filter(move |card| !is_told(card))
    }

    /// Cards that were issued and are unfounded now.
    pub fn withdrawn_cards(&self) -> impl Iterator<Item = &Card> {
        self.cards_before.iter().filter(|card| !self.cards_after().iter().any(|after| after.is_same(card)))
    }

    fn cards_after(&self) -> &[Card] {
        self.after.as_ref().map_or(&[], |after| &after.cards)
    }
}
