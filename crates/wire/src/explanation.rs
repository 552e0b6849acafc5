//! An explanation as `sundial explain` and the API tell it.

use domain::{
    Explanation, Instant,
    explain::{CardExplained, ClockExplained, Day, DayRun, FindingExplained, SuspensionExplained, runs},
    profile::Threshold,
};
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::{AssessmentJson, rounded, rounded_option};

/// The JSON object of an explanation. What does not apply is null; times in the calendar's zone; numbers to four
/// decimals; days in a row of which the same is to be said are one entry.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are those of domain::Explanation")]
pub struct ExplanationJson<'a> {
    pub as_of: String,
    pub assessment: AssessmentJson<'a>,
    pub item: Option<ItemJson<'a>>,
    pub variant: VariantJson<'a>,
    pub suspensions: Vec<SuspensionJson<'a>>,
    pub clocks: Vec<ClockJson<'a>>,
    pub cards: Vec<CardRuleJson<'a>>,
    pub findings: Vec<FindingEvidenceJson<'a>>,
}

/// The version of the catalogue's item.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are those of domain::explain::ItemVersion")]
pub struct ItemJson<'a> {
    pub code: &'a str,
    pub name: &'a str,
    pub valid_from: String,
}

/// How time was counted.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are those of domain::explain::Variant")]
pub struct VariantJson<'a> {
    pub profile: &'a str,
    pub version: u32,
    pub counting: &'static str,
    pub suspension: &'static str,
    pub suspended_days: &'static str,
    pub calendar: &'a str,
}

/// A time that is not counted.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are those of domain::explain::SuspensionExplained")]
pub struct SuspensionJson<'a> {
    /// `special` or `correction`.
    pub ground: &'static str,
    pub procedure: Option<&'static str>,
    pub party: Option<&'a str>,
    pub event: &'a str,
    pub from: String,
    pub until: Option<String>,
    pub granted_days: Option<u32>,
}

/// One clock, day by day.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are those of domain::explain::ClockExplained")]
pub struct ClockJson<'a> {
    pub clock: &'static str,
    pub instance: &'a str,
    pub started_at: String,
    pub ended_at: Option<String>,
    pub due_at: Option<String>,
    #[serde(serialize_with = "rounded")]
    pub limit_days: f64,
    pub limit_source: SourceJson,
    /// `working_days` or `calendar_days`.
    pub unit: &'static str,
    #[serde(serialize_with = "rounded")]
    pub rolled_days: f64,
    pub days: Vec<DaysJson>,
    pub ahead: Vec<DaysJson>,
    #[serde(serialize_with = "rounded")]
    pub elapsed_days: f64,
    #[serde(serialize_with = "rounded")]
    pub suspended_days: f64,
    pub late: bool,
    #[serde(serialize_with = "rounded")]
    pub days_over: f64,
    pub beyond_calendar: bool,
}

/// Where a limit comes from.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are those of domain::assess::LimitSource")]
pub struct SourceJson {
    pub origin: &'static str,
    pub valid_from: Option<String>,
    pub extended_by: u32,
}

/// Days in a row of which the same is to be said.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are those of domain::explain::DayRun")]
pub struct DaysJson {
    pub from: String,
    pub to: String,
    pub days: usize,
    pub reason: &'static str,
    pub holiday: Option<String>,
    pub adjusted_workday: bool,
    /// Of each of them.
    #[serde(serialize_with = "rounded")]
    pub counted_each: f64,
    #[serde(serialize_with = "rounded")]
    pub suspended_each: f64,
    /// Numbers of the suspensions above.
    pub suspensions: Vec<usize>,
    /// At the end of the last.
    #[serde(serialize_with = "rounded")]
    pub count: f64,
}

/// A card with its rule.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are those of domain::explain::CardExplained")]
pub struct CardRuleJson<'a> {
    pub clock: &'static str,
    pub instance: &'a str,
    pub level: &'static str,
    pub issued: bool,
    pub rule: &'a str,
    pub profile_version: u32,
    pub crossed_at: String,
    pub due_at: Option<String>,
    /// More than so many days over; else less than the following remained.
    #[serde(serialize_with = "rounded_option")]
    pub over_days: Option<f64>,
    #[serde(serialize_with = "rounded_option")]
    pub remaining_share: Option<f64>,
    #[serde(serialize_with = "rounded_option")]
    pub remaining_days: Option<f64>,
    pub after_promise: bool,
    pub handler: Option<&'a str>,
}

/// A finding with the events that show it.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are those of domain::explain::FindingExplained")]
pub struct FindingEvidenceJson<'a> {
    pub kind: &'static str,
    pub severity: &'static str,
    pub detail: Option<&'a str>,
    pub evidence: Vec<EvidenceJson<'a>>,
}

/// An event that shows a finding.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are those of domain::explain::Evidence")]
pub struct EvidenceJson<'a> {
    pub event_id: &'a str,
    pub kind: &'static str,
    pub occurred_at: String,
    pub recorded_at: Option<String>,
    pub handler: Option<&'a str>,
}

impl<'a> ExplanationJson<'a> {
    /// The JSON object of an explanation.
    pub fn new(it: &'a Explanation, zone: &TimeZone) -> Self {
        let variant = &it.variant;
        Self {
            as_of: it.as_of.display_in(zone),
            assessment: AssessmentJson::new(&it.assessment, zone),
            item: it.item.as_ref().map(|item| ItemJson {
                code: &item.code,
                name: &item.name,
                valid_from: item.valid_from.to_string(),
            }),
            variant: VariantJson {
                profile: &variant.profile,
                version: variant.version,
                counting: variant.counting.code(),
                suspension: variant.suspension.code(),
                suspended_days: variant.suspended_days.code(),
                calendar: &variant.calendar,
            },
            suspensions: it.suspensions.iter().map(|suspension| SuspensionJson::new(suspension, zone)).collect(),
            clocks: it.clocks.iter().map(|clock| ClockJson::new(clock, zone)).collect(),
            cards: it.cards.iter().map(|card| CardRuleJson::new(card, variant.version, zone)).collect(),
            findings: it.findings.iter().map(|finding| FindingEvidenceJson::new(finding, zone)).collect(),
        }
    }

    /// The object as text.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn time(at: Option<Instant>, zone: &TimeZone) -> Option<String> {
    at.map(|at| at.display_in(zone))
}

impl<'a> SuspensionJson<'a> {
    fn new(it: &'a SuspensionExplained, zone: &TimeZone) -> Self {
        Self {
            ground: if it.procedure.is_some() { "special" } else { "correction" },
            procedure: it.procedure.map(|procedure| procedure.code()),
            party: it.party.as_deref(),
            event: &it.event_id,
            from: it.from.display_in(zone),
            until: time(it.until, zone),
            granted_days: it.granted_days,
        }
    }
}

impl<'a> ClockJson<'a> {
    fn new(it: &'a ClockExplained, zone: &TimeZone) -> Self {
        Self {
            clock: it.clock.code(),
            instance: &it.instance,
            started_at: it.started_at.display_in(zone),
            ended_at: time(it.ended_at, zone),
            due_at: time(it.due_at, zone),
            limit_days: it.limit_days,
            limit_source: SourceJson {
                origin: it.source.origin.code(),
                valid_from: it.source.valid_from.map(|date| date.to_string()),
                extended_by: it.source.extended_by,
            },
            unit: if it.working_days { "working_days" } else { "calendar_days" },
            rolled_days: it.rolled_days,
            days: in_a_row(&it.days),
            ahead: in_a_row(&it.ahead),
            elapsed_days: it.elapsed_days,
            suspended_days: it.suspended_days,
            late: it.late,
            days_over: it.days_over,
            beyond_calendar: it.beyond_calendar,
        }
    }
}

fn in_a_row(days: &[Day]) -> Vec<DaysJson> {
    let json = |run: DayRun| DaysJson {
        from: run.day.date.to_string(),
        to: run.last.to_string(),
        days: run.days,
        reason: run.day.reason.code(),
        holiday: run.day.holiday.map(Into::into),
        adjusted_workday: run.day.adjusted,
        counted_each: run.day.counted,
        suspended_each: run.day.suspended,
        suspensions: run.day.grounds,
        count: run.day.count,
    };
    runs(days).into_iter().map(json).collect()
}

impl<'a> CardRuleJson<'a> {
    fn new(it: &'a CardExplained, profile_version: u32, zone: &TimeZone) -> Self {
        let (over_days, remaining_share, remaining_days) = match it.when {
            Some(Threshold::Over { days }) => (Some(days), None, None),
            Some(Threshold::Remaining { share, days }) => (None, share, days),
            None => (None, None, None),
        };
        Self {
            clock: it.card.clock.code(),
            instance: &it.card.instance,
            level: it.card.level.code(),
            issued: it.issued,
            rule: &it.card.rule,
            profile_version,
            crossed_at: it.card.crossed_at.display_in(zone),
            due_at: time(it.card.due_at, zone),
            over_days,
            remaining_share,
            remaining_days,
            after_promise: it.after_promise,
            handler: it.card.handler.as_deref(),
        }
    }
}

impl<'a> FindingEvidenceJson<'a> {
    fn new(it: &'a FindingExplained, zone: &TimeZone) -> Self {
        let evidence = it.evidence.iter().map(|event| EvidenceJson {
            event_id: &event.event_id,
            kind: event.kind,
            occurred_at: event.occurred_at.display_in(zone),
            recorded_at: time(event.recorded_at, zone),
            handler: event.handler.as_deref(),
        });
        Self { kind: it.kind.code(), severity: it.severity.code(), detail: it.detail.as_deref(), evidence: evidence.collect() }
    }
}
