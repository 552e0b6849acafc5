//! What became of a case.

use domain::{Assessment, Card, Finding, FindingKind, Instant, Text, assess::SpanState, clock::ClockKind};

/// A case whose rows are to be written: what they say now, and what the last ones said.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseChange {
    /// The case.
    pub case_no: Text,
    /// The partition its latest event came from.
    pub partition: i32,
    /// Grows with the set of events, and for one set with time: the row with the largest version is
    /// the one to believe, whoever wrote it and whenever.
    pub version: u128,
    /// What the rows in the store say.
    pub before: Option<Assessment>,
    /// What they are to say; none where no event stands any more.
    pub after: Option<Assessment>,
}

impl CaseChange {
    /// The version of rows derived from a set of this weight, in the state that holds from
    /// `valid_from` on: 86 bits of weight over 42 bits of milliseconds (enough until 2109).
    pub(crate) fn version_of(weight: u128, valid_from: Instant) -> u128 {
        (weight << 42) | u128::from(valid_from.ms().unsigned_abs())
    }

    /// Cards issued by this change.
    pub fn issued_cards(&self) -> impl Iterator<Item = &Card> {
        self.cards_after().filter(|card| !self.cards_before().any(|before| is_same_card(before, card)))
    }

    /// Cards that were issued and are unfounded now.
    pub fn withdrawn_cards(&self) -> impl Iterator<Item = &Card> {
        self.cards_before().filter(|card| !self.cards_after().any(|after| is_same_card(after, card)))
    }

    /// Clocks and steps that are gone.
    pub fn gone_spans(&self) -> impl Iterator<Item = &SpanState> {
        let after = self.after.as_ref().map_or(&[][..], |after| &after.spans);
        let before = self.before.as_ref().map_or(&[][..], |before| &before.spans);
        before.iter().filter(|span| !after.iter().any(|other| span_key(other) == span_key(span)))
    }

    /// Findings that no longer hold.
    pub fn gone_findings(&self) -> impl Iterator<Item = FindingKind> {
        let kinds = |assessment: &Option<Assessment>| -> Vec<FindingKind> {
            assessment.iter().flat_map(|it| &it.findings).map(|finding: &Finding| finding.kind).collect()
        };
        let after = kinds(&self.after);
        kinds(&self.before).into_iter().filter(move |kind| !after.contains(kind))
    }

    fn cards_before(&self) -> impl Iterator<Item = &Card> {
        self.before.iter().flat_map(|assessment| &assessment.cards)
    }

    fn cards_after(&self) -> impl Iterator<Item = &Card> {
        self.after.iter().flat_map(|assessment| &assessment.cards)
    }
}

/// By what the id of a card is made of.
fn is_same_card(one: &Card, other: &Card) -> bool {
    (one.clock, one.level, &one.instance, &one.rule) == (other.clock, other.level, &other.instance, &other.rule)
}

fn span_key(span: &SpanState) -> (ClockKind, &Text, Instant) {
    (span.clock, &span.instance, span.started_at)
}
