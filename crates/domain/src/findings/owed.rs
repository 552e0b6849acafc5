//! What is owed by a certain time: a certificate, a paper, an answer, the conditions of the green channel.

use crate::{
    ClockKind, Event, Instant, Kind, Outcome, Text,
    catalog::Condition,
    event::StepResult,
    findings::{Circumstances, Evidence},
};

impl<'a> Circumstances<'a> {
    /// Granted, and not handed over when the delivery clock ran out. Gone once it is delivered: the card stays.
    pub(super) fn undelivered(&self) -> Evidence<'a> {
        let is_overdue = self.late_clocks(ClockKind::Delivery).any(|clock| clock.ended_at.is_none());
        self.timeline.decided.map(|(event, _)| event).filter(|_| is_overdue).into_iter().collect()
    }

    /// Bad ratings that nobody has answered when their clock ran out. Gone once they are: the card stays.
    pub(super) fn unrectified_ratings(&self) -> Evidence<'a> {
        if self.timeline.bad_ratings.is_empty() {
            return Vec::new();
        }
        let overdue = || self.late_clocks(ClockKind::Rectification).filter(|clock| clock.ended_at.is_none());
        let ratings = self.timeline.bad_ratings.iter().map(|rating| rating.asked);
        ratings.filter(|rating| overdue().any(|clock| clock.instance == rating.event_id)).collect()
    }

    /// Deferred materials that were not there on their day, each with what handed it in since.
    pub(super) fn deferred_overdue(&self, mut report: impl FnMut(Text, Evidence<'a>)) {
        let Some((accepted, acceptance)) = self.timeline.accepted.zip(self.timeline.acceptance) else { return };
        for (number, material) in acceptance.deferred_materials.iter().enumerate() {
            let instance = self.timeline.material_instance(number);
            if self.late_clocks(ClockKind::Deferred).any(|clock| clock.instance == instance) {
                let evidence = std::iter::once(accepted).chain(self.timeline.supply_of(&material.name));
                report(instance, evidence.collect());
            }
        }
    }

    /// Green-channel cases that were granted without a condition of the item's bottom line: told one by one.
    pub(super) fn bottom_line_unmet(&self, mut report: impl FnMut(Text, Evidence<'a>)) {
        let (Some(accepted), Some(item), true) = (self.timeline.accepted, self.item, self.timeline.is_green_channel()) else {
            return;
        };
        let Some((decision, Outcome::Granted)) = self.timeline.decision() else { return };
        let lines = self.rules.catalog.bottom_lines().iter().filter(|line| line.items.contains(&item.code));
        for condition in lines.flat_map(|line| &line.conditions) {
            if !self.is_met(condition, decision.occurred_at) {
                report(condition.code.clone(), vec![accepted, decision]);
            }
        }
    }

    /// Whether a condition is on record as met by the decision. A paper deferred and still owed is not.
    fn is_met(&self, condition: &Condition, decided_at: Instant) -> bool {
        let meets = |event: &&Event| match &event.kind {
            Kind::StepCompleted { step, result } => {
                *result != Some(StepResult::Returned) && (*step == condition.code || condition.steps.contains(step))
            }
            // No names are all that were deferred.
            Kind::MaterialsSupplied { materials } if materials.is_empty() => self.defers_any_of(&condition.materials),
            Kind::MaterialsSupplied { materials } => materials.iter().any(|name| condition.materials.contains(name)),
            _ => false,
        };
        self.timeline.events.iter().copied().filter(|event| event.occurred_at <= decided_at).any(|event| meets(&event))
    }

    fn defers_any_of(&self, names: &[Text]) -> bool {
        let acceptance = self.timeline.acceptance;
        acceptance.is_some_and(|it| it.deferred_materials.iter().any(|material| names.contains(&material.name)))
    }
}
