//! What a change of a case means: its rows, and what is told of its cards.

use std::borrow::Cow;

use domain::{Assessment, Text};
use engine::CaseChange;
use notify::{CardMessage, CardState};
use store::Rows;

/// Why the system withdraws a card.
const UNFOUNDED: &str = "no longer founded on the events of the case";
/// Why it does so where the row was derived by other rules.
const RULES_CHANGED: &str = "no longer founded since the rules changed";

/// A card as it is told.
pub(super) struct ToldCard {
    pub(super) case_no: Text,
    pub(super) level: String,
    pub(super) state: CardState,
    pub(super) payload: Vec<u8>,
}

pub(super) fn told_cards(change: &CaseChange) -> impl Iterator<Item = ToldCard> {
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
