//! Where the work of a case was done ("two concentrations, two in-places", 两集中两到位).

use crate::{Event, Item, Kind, Text, event::Place, timeline::Timeline};

/// Where the substantive acts of a case were done: completed steps, and the decision. A step done outside by its
/// nature (`outside_steps`), such as a site visit, is none of them. What reports no place is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WorkPlaces {
    /// The item in force was one of the hall (进驻).
    pub hall_item: bool,
    /// Substantive acts that report a place.
    pub acts_placed: u32,
    /// Those of them done in the hall or one of its branches.
    pub acts_in_hall: u32,
    /// Whether the decision was taken in the hall or one of its branches; none where it reports no place.
    pub decided_in_hall: Option<bool>,
}

impl WorkPlaces {
    pub(super) fn read(timeline: &Timeline<'_>, item: Option<&Item>) -> Self {
        let decision = timeline.decision().map(|(event, _)| event);
        let belongs_outside = |step: &Text| item.is_some_and(|item| item.outside_steps.contains(step));
        let is_substantive = |event: &&&Event| matches!(&event.kind, Kind::StepCompleted { step, .. } if !belongs_outside(step));
        let acts = timeline.events.iter().filter(is_substantive).copied().chain(decision);
        let places: Vec<Place> = acts.filter_map(|event| event.place).collect();
        Self {
            hall_item: item.is_some_and(|item| item.hall),
            acts_placed: places.len() as u32,
            acts_in_hall: places.iter().filter(|place| place.is_hall()).count() as u32,
            decided_in_hall: decision.and_then(|event| event.place).map(Place::is_hall),
        }
    }
}
