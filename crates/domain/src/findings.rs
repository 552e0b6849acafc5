//! Findings: anomalies besides time, each with the events that show it.

use crate::{Event, Instant, Item, Kind, Text, calendar::DAY_MS, event::coded, profile::Profile, timeline::Timeline};

coded! {
    /// What was found.
    FindingKind {
        /// The item is not in the catalogue, or not in force on that day.
        UnknownItem = "unknown_item",
        /// A clock needs a year that the calendar does not cover.
        CalendarNotCovered = "calendar_not_covered",
        /// Events that cannot have happened in this order.
        ImpossibleOrder = "impossible_order",
        /// 一次性告知 broken: correction was requested more than once (行政许可法 art. 32).
        SecondCorrection = "second_correction",
        /// Five working days passed without notice: deemed accepted from the receipt (art. 32).
        DeemedAccepted = "deemed_accepted",
        /// Written down more than a day after it happened.
        LateEntry = "late_entry",
        /// Decided without a step that must be on record.
        MissingMandatoryStep = "missing_mandatory_step",
    }
}
coded! {
    /// How grave a finding is under a profile.
    Severity {
        /// Not looked for.
        Off = "off",
        /// Shown.
        Info = "info",
        /// As a reminder.
        Reminder = "reminder",
        /// As a yellow card.
        Yellow = "yellow",
        /// As a red card.
        Red = "red",
    }
}

/// A finding on a case, with its evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was found.
    pub kind: FindingKind,
    /// How grave it is.
    pub severity: Severity,
    /// The ids of the events that show it, in order.
    pub events: Vec<Text>,
}

/// What the findings are read from, beside the events.
pub(crate) struct Circumstances<'a> {
    pub(crate) item: Option<&'a Item>,
    /// Intake ran out without notice.
    pub(crate) deemed_accepted: bool,
    /// Events whose clocks the calendar does not reach.
    pub(crate) uncovered: Vec<&'a Event>,
}

/// All findings of a case, in the order of their kinds.
pub(crate) fn find(timeline: &Timeline<'_>, circumstances: &Circumstances<'_>, profile: &Profile) -> Vec<Finding> {
    let evidence = |kind: FindingKind| -> Vec<&Event> {
        match kind {
            FindingKind::UnknownItem if circumstances.item.is_none() => intake_events(timeline),
            FindingKind::CalendarNotCovered => circumstances.uncovered.clone(),
            FindingKind::ImpossibleOrder => impossible_order(timeline),
            FindingKind::SecondCorrection if timeline.corrections.len() > 1 => {
                timeline.corrections.iter().map(|correction| correction.requested).collect()
            }
            FindingKind::DeemedAccepted if circumstances.deemed_accepted => timeline.applied.into_iter().collect(),
            FindingKind::LateEntry => timeline.events.iter().copied().filter(|event| is_late_entry(event)).collect(),
            FindingKind::MissingMandatoryStep => decision_without_step(timeline, circumstances.item),
            FindingKind::UnknownItem | FindingKind::SecondCorrection | FindingKind::DeemedAccepted => Vec::new(),
        }
    };
    let kinds = FindingKind::ALL.iter().copied().filter(|kind| profile.severity(*kind) != Severity::Off);
    kinds
        .map(|kind| (kind, evidence(kind)))
        .filter(|(_, events)| !events.is_empty())
        .map(|(kind, mut events)| {
            events.sort_by(|a, b| {
                (a.occurred_at, a.kind.course(), &a.event_id).cmp(&(b.occurred_at, b.kind.course(), &b.event_id))
            });
            let mut events: Vec<Text> = events.into_iter().map(|event| event.event_id.clone()).collect();
            events.dedup();
            Finding { kind, severity: profile.severity(kind), events }
        })
        .collect()
}

/// The events that name the item; any event where none does, so that there is always evidence.
fn intake_events<'e>(timeline: &Timeline<'e>) -> Vec<&'e Event> {
    let naming: Vec<&Event> = timeline.accepted.into_iter().chain(timeline.applied).collect();
    if naming.is_empty() { timeline.events.first().copied().into_iter().collect() } else { naming }
}

fn is_late_entry(event: &Event) -> bool {
    event.recorded_at.is_some_and(|recorded| recorded.ms() - event.occurred_at.ms() > DAY_MS)
}

/// Events that end something that was never begun, precede what they rest on, or follow the end.
fn impossible_order<'e>(timeline: &Timeline<'e>) -> Vec<&'e Event> {
    let mut events = timeline.unopened.clone();
    let at = |event: Option<&Event>| event.map(|event| event.occurred_at);
    let before = |event: Option<&'e Event>, needed: Option<Instant>| {
        event.filter(|event| needed.is_some_and(|needed| event.occurred_at < needed))
    };
    let decided = timeline.decided.map(|(event, _)| event);
    let closed = timeline.closed.map(|(event, _)| event);
    events.extend(before(timeline.accepted, at(timeline.applied)));
    events.extend(before(timeline.not_accepted, at(timeline.applied)));
    events.extend(before(decided, at(timeline.accepted)));
    events.extend(before(closed, at(timeline.accepted).max(at(decided))));
    events.extend(before(timeline.delivered, at(decided).or(at(closed))));
    // A decision rests on an acceptance; leaving before it needs none.
    let rests_on_acceptance = |event: &&Event| match event.kind {
        Kind::Decided { .. } => true,
        Kind::Closed { outcome } => outcome.is_decision(),
        _ => false,
    };
    if timeline.accepted.is_none() {
        events.extend(decided.into_iter().chain(closed).filter(rests_on_acceptance));
    }
    if let Some(closed) = closed {
        let works_on = |event: &&&Event| event.occurred_at > closed.occurred_at && is_work(&event.kind);
        events.extend(timeline.events.iter().filter(works_on));
    }
    events
}

/// Work that cannot go on once a case is closed.
fn is_work(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Applied { .. }
            | Kind::Accepted(_)
            | Kind::NotAccepted
            | Kind::CorrectionRequested
            | Kind::Corrected
            | Kind::StepStarted { .. }
            | Kind::StepCompleted { .. }
            | Kind::SpecialStarted(_)
            | Kind::SpecialEnded { .. }
            | Kind::Decided { .. }
    )
}

fn decision_without_step<'e>(timeline: &Timeline<'e>, item: Option<&Item>) -> Vec<&'e Event> {
    let by_decision = timeline.decided.map(|(event, _)| event);
    let by_closing = timeline.closed.filter(|(_, outcome)| outcome.is_decision()).map(|(event, _)| event);
    let (Some(item), Some(decision)) = (item, by_decision.or(by_closing)) else { return Vec::new() };
    let is_on_record = |step: &Text| {
        timeline.events.iter().any(|event| {
            event.occurred_at <= decision.occurred_at
                && matches!(&event.kind, Kind::StepCompleted { step: done, .. } if done == step)
        })
    };
    if item.mandatory_steps.iter().all(is_on_record) { Vec::new() } else { vec![decision] }
}
