//! When is a card issued? Here.
//!
//! A rule names a distance from a clock's due time; the instant at which the clock reaches it is the
//! instant the card is *crossed*. The card is issued once that instant has passed while the clock was
//! still running. A card crossed during the life of a clock stays when the clock ends: it was founded
//! when it was issued. A clock that ended first never gets it.

use uuid::Uuid;

use crate::{
    Instant, Text,
    clock::{Clock, ClockKind},
    event::coded,
    profile::{CardRule, Profile, Threshold},
};

coded! {
    /// How grave a card is.
    Level {
        /// 预警: a clock is about to run out.
        Reminder = "reminder",
        /// 黄牌: it ran out.
        Yellow = "yellow",
        /// 红牌: it ran out badly.
        Red = "red",
    }
}

/// A card that is founded on the events of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// For which clock.
    pub clock: ClockKind,
    /// Which clock of that kind.
    pub instance: Text,
    /// How grave.
    pub level: Level,
    /// The rule it rests on.
    pub rule: Text,
    /// The instant from which on it is issued (exclusive).
    pub crossed_at: Instant,
    /// The due time of its clock.
    pub due_at: Option<Instant>,
    /// The limit of its clock, in days of its unit.
    pub limit_days: f64,
    /// Held until an officer confirms it.
    pub confirm: bool,
    /// Who is responsible: the handler of the step, or of the case.
    pub handler: Option<Text>,
}

/// Sundial's own namespace for card ids.
const CARD_IDS: Uuid = Uuid::from_u128(0x5d1a1c0d_0000_4000_8000_756e6469616c);

impl Card {
    /// The id of this card on a case: the same whoever computes it and however often (UUID version 5
    /// of case, rule, clock instance and level).
    pub fn id(&self, case_no: &str) -> String {
        let name = [case_no, &self.rule, self.clock.code(), &self.instance, self.level.code()].join("\u{1f}");
        Uuid::new_v5(&CARD_IDS, name.as_bytes()).to_string()
    }

    /// Whether it is the same card in another state of the case: what its [id](Card::id) is made of.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.clock, self.level, &self.instance, &self.rule) == (other.clock, other.level, &other.instance, &other.rule)
    }

    /// The order cards are listed in: by the instant crossed.
    pub fn by_crossing(&self, other: &Card) -> std::cmp::Ordering {
        let key = |card: &Self| (card.crossed_at, card.clock, card.level);
        key(self).cmp(&key(other)).then_with(|| (&self.instance, &self.rule).cmp(&(&other.instance, &other.rule)))
    }
}

/// The cards of one clock, crossed or still ahead, as if nothing further happened. A card is issued
/// at `as_of` if it is [crossed](is_issued) by then. `promised` is the clock of the promise, where the
/// case has one: some rules wait for it.
pub fn cards_of<'a>(
    clock: &'a Clock<'_>,
    promised: Option<&'a Clock<'_>>,
    profile: &'a Profile,
) -> impl Iterator<Item = Card> + 'a {
    let rules = profile.rules.iter().filter(|rule| rule.is_for(clock));
    rules.filter_map(move |rule| {
        let mut crossed_at = clock.instant_after(rule.when.used(clock))?;
        if let Some(promised) = promised.filter(|_| rule.after_promise) {
            crossed_at = crossed_at.max(promise_is_missed_at(promised, profile)?);
        }
        let ended_first = clock.ended_at.is_some_and(|ended| ended <= crossed_at);
        (!ended_first).then(|| Card {
            clock: clock.kind,
            instance: clock.instance.clone(),
            level: rule.level,
            rule: rule.id.clone(),
            crossed_at,
            due_at: clock.due(),
            limit_days: clock.limit_days(),
            confirm: rule.confirm,
            handler: clock.handler.clone(),
        })
    })
}

/// Whether a card crossed at `crossed_at` is issued by `as_of`: after it, not at it.
pub fn is_issued(crossed_at: Instant, as_of: Instant) -> bool {
    crossed_at < as_of
}

/// When the promise is missed by more than the span in which its reminder is issued.
fn promise_is_missed_at(promised: &Clock<'_>, profile: &Profile) -> Option<Instant> {
    let reminder = profile.rules.iter().find(|rule| rule.level == Level::Reminder && rule.is_for(promised));
    let span = reminder.map_or(0, |rule| promised.length() - rule.when.used(promised));
    promised.instant_after(promised.length() + span.max(0))
}

impl CardRule {
    fn is_for(&self, clock: &Clock<'_>) -> bool {
        self.clock == clock.kind && self.applies_to(clock.limit_days())
    }

    fn applies_to(&self, limit_days: f64) -> bool {
        self.limit_at_most.is_none_or(|most| limit_days <= most) && self.limit_over.is_none_or(|over| limit_days > over)
    }
}

impl Threshold {
    /// How much of the clock is used when this distance is reached.
    fn used(self, clock: &Clock<'_>) -> i64 {
        let days = |days: f64| (days * clock.day() as f64).round() as i64;
        match self {
            Threshold::Over { days: over } => clock.length() + days(over),
            Threshold::Remaining { share, days: left } => {
                let share = share.map_or(i64::MAX, |share| (share * clock.length() as f64).round() as i64);
                let left = left.map_or(i64::MAX, days);
                (clock.length() - share.min(left)).max(0)
            }
        }
    }
}
