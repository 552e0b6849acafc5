//! An assessment as `sundial assess` prints it (domain.md §11).

use domain::{Assessment, Instant, LimitState};
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::{rounded, rounded_option};

/// The JSON object of one case. Fields in the order of the contract; what does not apply is null;
/// times in the calendar's zone; numbers to four decimals.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are those of domain::Assessment")]
pub struct AssessmentJson<'a> {
    pub case_no: &'a str,
    pub item: Option<&'a str>,
    pub department: Option<&'a str>,
    pub status: &'static str,
    pub outcome: Option<&'static str>,
    pub received_at: Option<String>,
    pub accepted_at: Option<String>,
    pub decided_at: Option<String>,
    pub closed_at: Option<String>,
    pub delivered_at: Option<String>,
    #[serde(serialize_with = "rounded_option")]
    pub elapsed_days: Option<f64>,
    #[serde(serialize_with = "rounded_option")]
    pub suspended_days: Option<f64>,
    pub same_day: Option<bool>,
    pub promised: Option<LimitJson>,
    pub statutory: Option<LimitJson>,
    pub cards: Vec<CardJson<'a>>,
    pub findings: Vec<FindingJson<'a>>,
    /// The flags of the fast lanes, only where they are set: the contract has no such fields.
    #[serde(skip_serializing_if = "is_unset")]
    pub green_channel: bool,
    #[serde(skip_serializing_if = "is_unset")]
    pub key_project: bool,
}

/// State against one limit.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are those of domain::LimitState")]
pub struct LimitJson {
    #[serde(serialize_with = "rounded")]
    pub limit_days: f64,
    pub due_at: Option<String>,
    pub late: bool,
    #[serde(serialize_with = "rounded")]
    pub days_over: f64,
    #[serde(serialize_with = "rounded_option")]
    pub speed_up: Option<f64>,
}

/// A card issued.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are those of domain::Card")]
pub struct CardJson<'a> {
    pub clock: &'static str,
    pub instance: &'a str,
    pub level: &'static str,
    pub rule: &'a str,
    pub crossed_at: String,
}

/// A finding with its evidence.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are those of domain::Finding")]
pub struct FindingJson<'a> {
    pub kind: &'static str,
    pub events: Vec<&'a str>,
    /// Only where a kind may be found of several things: the condition, the material, the steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<&'a str>,
}

impl LimitJson {
    pub(crate) fn new(state: &LimitState, zone: &TimeZone) -> Self {
        Self {
            limit_days: state.limit_days,
            due_at: state.due_at.map(|at| at.display_in(zone)),
            late: state.late,
            days_over: state.days_over,
            speed_up: state.speed_up,
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_unset(flag: &bool) -> bool {
    !flag
}

impl<'a> AssessmentJson<'a> {
    /// The JSON object of a case.
    pub fn new(case: &'a Assessment, zone: &TimeZone) -> Self {
        let time = |at: Option<Instant>| at.map(|at| at.display_in(zone));
        let limit = |state: Option<LimitState>| state.map(|state| LimitJson::new(&state, zone));
        let cards = case.cards.iter().map(|card| CardJson {
            clock: card.clock.code(),
            instance: &card.instance,
            level: card.level.code(),
            rule: &card.rule,
            crossed_at: card.crossed_at.display_in(zone),
        });
        let findings = case.findings.iter().map(|finding| FindingJson {
            kind: finding.kind.code(),
            events: finding.events.iter().map(|event| event.as_str()).collect(),
            detail: finding.detail.as_deref(),
        });
        Self {
            case_no: &case.case_no,
            item: case.item.as_deref(),
            department: case.department.as_deref(),
            status: case.status.code(),
            outcome: case.outcome.map(|outcome| outcome.code()),
            received_at: time(case.received_at),
            accepted_at: time(case.accepted_at),
            decided_at: time(case.decided_at),
            closed_at: time(case.closed_at),
            delivered_at: time(case.delivered_at),
            elapsed_days: case.elapsed_days,
            suspended_days: case.suspended_days,
            same_day: case.same_day,
            promised: limit(case.promised),
            statutory: limit(case.statutory),
            cards: cards.collect(),
            findings: findings.collect(),
            green_channel: case.green_channel,
            key_project: case.key_project,
        }
    }

    /// One line of JSON.
    pub fn line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}
