//! The JSON on the topic `supervision.cards`.

use std::fmt;

use domain::{Assessment, Card, ClockKind, Instant, LimitState};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One change of one card: issued, or withdrawn by the system. Times are RFC 3339 in UTC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CardMessage {
    /// The deterministic id of the card; the same in every message about it.
    pub card_id: String,
    /// The case it is about.
    pub case_no: String,
    /// Item code.
    #[serde(default)]
    pub item: Option<String>,
    /// The department responsible.
    #[serde(default)]
    pub department: Option<String>,
    /// The window responsible.
    #[serde(default)]
    pub window: Option<String>,
    /// The clock that ran out: `promised`, `statutory`, `step`, ….
    pub clock: String,
    /// Which clock of that kind; empty where there is one only.
    #[serde(default)]
    pub instance: String,
    /// `reminder`, `yellow` or `red`.
    pub level: String,
    /// The rule of the profile it rests on.
    pub rule: String,
    /// Issued or withdrawn.
    pub state: CardState,
    /// The instant from which on the card is issued.
    pub crossed_at: Timestamp,
    /// The due time of its clock.
    #[serde(default)]
    pub due_at: Option<Timestamp>,
    /// The limit of its clock, in days of its unit.
    pub limit_days: f64,
    /// The promised limit of the case, whatever the clock of the card.
    #[serde(default)]
    pub promised: Option<LimitDue>,
    /// The statutory limit of the case, whatever the clock of the card.
    #[serde(default)]
    pub statutory: Option<LimitDue>,
    /// Days past the due time when the message was made; none where the clock has no such count.
    #[serde(default)]
    pub days_over: Option<f64>,
    /// The step, for a card on a step's clock.
    #[serde(default)]
    pub step: Option<String>,
    /// Who was responsible.
    #[serde(default)]
    pub handler: Option<String>,
    /// Why it was withdrawn.
    #[serde(default)]
    pub reason: Option<String>,
    /// The version of the case the message rests on, in decimal; a greater one is newer.
    pub version: String,
}

/// A limit of a case and when it is due.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LimitDue {
    /// In days of its unit.
    pub limit_days: f64,
    /// When it is due.
    #[serde(default)]
    pub due_at: Option<Timestamp>,
}

/// What happened to a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CardState {
    /// 发牌.
    Issued,
    /// 系统撤销: a late or corrected event made it unfounded.
    Withdrawn,
}

impl CardState {
    /// As written in JSON and in the ledger.
    pub const fn code(self) -> &'static str {
        match self {
            CardState::Issued => "issued",
            CardState::Withdrawn => "withdrawn",
        }
    }
}

impl fmt::Display for CardState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl CardMessage {
    /// The message that `card` of `case` was issued. `version` is the version of the case's row.
    pub fn issued(case: &Assessment, card: &Card, version: u128) -> Self {
        let of_clock = match card.clock {
            ClockKind::Promised => case.promised,
            ClockKind::Statutory => case.statutory,
            _ => None,
        };
        let owned = |text: &Option<domain::Text>| text.as_ref().map(ToString::to_string);
        Self {
            card_id: card.id(&case.case_no),
            case_no: case.case_no.to_string(),
            item: owned(&case.item),
            department: owned(&case.department),
            window: owned(&case.window),
            clock: card.clock.code().to_owned(),
            instance: card.instance.to_string(),
            level: card.level.code().to_owned(),
            rule: card.rule.to_string(),
            state: CardState::Issued,
            crossed_at: timestamp(card.crossed_at),
            due_at: card.due_at.map(timestamp),
            limit_days: card.limit_days,
            promised: case.promised.map(limit_due),
            statutory: case.statutory.map(limit_due),
            days_over: of_clock.map(|state| state.days_over),
            step: (card.clock == ClockKind::Step).then(|| card.instance.to_string()),
            handler: owned(&card.handler),
            reason: None,
            version: version.to_string(),
        }
    }

    /// The message that `card` was withdrawn because of `reason`.
    pub fn withdrawn(case: &Assessment, card: &Card, version: u128, reason: &str) -> Self {
        Self { state: CardState::Withdrawn, reason: Some(reason.to_owned()), ..Self::issued(case, card, version) }
    }

    /// The same for every attempt to tell a channel of this change.
    pub fn idempotency_key(&self) -> String {
        format!("{}:{}", self.card_id, self.state)
    }
}

fn limit_due(state: LimitState) -> LimitDue {
    LimitDue { limit_days: state.limit_days, due_at: state.due_at.map(timestamp) }
}

/// An instant of the domain lies between 1980 and 2099, or at the ends of its range.
fn timestamp(at: Instant) -> Timestamp {
    Timestamp::from_millisecond(at.ms()).unwrap_or(if at.ms() < 0 { Timestamp::MIN } else { Timestamp::MAX })
}
