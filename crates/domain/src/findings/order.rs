//! What cannot have happened in this order, and what should have happened before.

use crate::{
    Event, Instant, Kind, Text,
    findings::{Circumstances, Evidence},
    timeline::Timeline,
};

/// Events that end something that was never begun, precede what they rest on, or follow the end.
pub(super) fn impossible_order<'e>(timeline: &Timeline<'e>) -> Evidence<'e> {
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

impl<'a> Circumstances<'a> {
    /// The decision, and the steps that are not on record as completed before it.
    pub(super) fn missing_mandatory_steps(&self) -> (Evidence<'a>, Option<Text>) {
        let (Some(item), Some((decision, _))) = (self.item, self.timeline.decision()) else { return (Vec::new(), None) };
        let is_on_record = |step: &&Text| {
            self.timeline.events.iter().any(|event| {
                event.occurred_at <= decision.occurred_at
                    && matches!(&event.kind, Kind::StepCompleted { step: done, .. } if done == *step)
            })
        };
        let mut missing = item.mandatory_steps.iter().filter(|step| !is_on_record(step));
        let Some(first) = missing.next() else { return (Vec::new(), None) };
        let detail = missing.fold(first.clone(), |list, step| format!("{list}; {step}").into());
        (vec![decision], Some(detail))
    }
}
