//! Clocks, steps and special procedures for the record.

use crate::{
    Clock, ClockKind, Event, Text,
    assess::{Assessor, SpanState},
    event::Procedure,
};

impl Assessor<'_> {
    /// Every clock, and every step and special procedure whether or not a clock runs for it.
    pub(super) fn spans(&self) -> Vec<SpanState> {
        let mut spans = Vec::with_capacity(self.clocks.len() + self.timeline.steps.len());
        let has_span_of_its_own = |kind: ClockKind| matches!(kind, ClockKind::Step | ClockKind::Special);
        spans.extend(self.clocks.iter().filter(|clock| !has_span_of_its_own(clock.kind)).map(|clock| SpanState {
            clock: clock.kind,
            instance: clock.instance.clone(),
            started_at: clock.started_at,
            ended_at: clock.ended_at,
            due_at: clock.due(),
            limit_days: Some(clock.limit_days()),
            elapsed_days: days_used(clock),
            late: clock.is_late(self.as_of),
            department: None,
            handler: clock.handler.clone(),
            party: None,
        }));
        for special in &self.timeline.specials {
            // An extension is a moment, not a time somebody takes.
            if special.start.procedure != Procedure::Extension {
                let span = self.span(ClockKind::Special, &special.started.event_id, special.started, special.ended);
                // What nobody ended goes no further than the case.
                let ended_at = span.ended_at.or(self.timeline.case_end());
                spans.push(SpanState { ended_at, party: special.start.party.clone(), ..span });
            }
        }
        for (number, step) in self.timeline.steps.iter().enumerate() {
            spans.push(self.span(ClockKind::Step, self.timeline.step_instance(number), step.started, step.completed));
        }
        spans
    }

    fn span(&self, kind: ClockKind, instance: &Text, started: &Event, ended: Option<&Event>) -> SpanState {
        let clock = self.clocks.iter().find(|clock| clock.kind == kind && clock.instance == *instance);
        SpanState {
            clock: kind,
            instance: instance.clone(),
            started_at: started.occurred_at,
            ended_at: ended.map(|event| event.occurred_at),
            due_at: clock.and_then(Clock::due),
            limit_days: clock.map(Clock::limit_days),
            elapsed_days: clock.and_then(days_used),
            late: clock.is_some_and(|clock| clock.is_late(self.as_of)),
            department: started.department.clone(),
            handler: started.handler.clone(),
            party: None,
        }
    }
}

/// Net days used by a clock that has ended: those of a running one would change with every glance.
fn days_used(clock: &Clock<'_>) -> Option<f64> {
    clock.elapsed_days(clock.ended_at?).ok()
}
