//! A case as the set of its events.

use crate::{Event, Text};

/// The highest revision of every event of one case, retracted ones included: a later, lower revision
/// of a retracted event must not bring it back.
///
/// Kept in one canonical order, so that two sets that are equal are equal byte for byte whatever the
/// order of arrival was.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CaseEvents {
    events: Vec<Event>,
}

impl CaseEvents {
    /// An empty set.
    pub const fn new() -> Self {
        Self { events: Vec::new() }
    }

    /// The set of these events, of which no two are reports of the same one.
    pub fn of_distinct(mut events: Vec<Event>) -> Self {
        events.sort_unstable_by(|one, other| canonical_order(one).cmp(&canonical_order(other)));
        Self { events }
    }

    /// The case number, where there is any event.
    pub fn case_no(&self) -> Option<&Text> {
        self.events.first().map(|event| &event.case_no)
    }

    /// Whether a report would change the set.
    pub fn is_news(&self, event: &Event) -> bool {
        self.held(event).is_none_or(|at| event.supersedes(&self.events[at]))
    }

    fn held(&self, event: &Event) -> Option<usize> {
        self.events.iter().position(|held| held.event_id == event.event_id && held.source == event.source)
    }

    /// Puts one report in. Returns whether the set changed: a duplicate or an outdated revision
    /// changes nothing.
    pub fn insert(&mut self, event: Event) -> bool {
        debug_assert!(self.case_no().is_none_or(|case_no| *case_no == event.case_no));
        if let Some(at) = self.held(&event) {
            if !event.supersedes(&self.events[at]) {
                return false;
            }
            self.events.remove(at);
        }
        let place = self.events.partition_point(|held| canonical_order(held) < canonical_order(&event));
        self.events.insert(place, event);
        true
    }

    /// Every event held, retracted ones included, in canonical order.
    pub fn all(&self) -> &[Event] {
        &self.events
    }

    /// The events that stand, in canonical order: by time, then by the natural course of a case,
    /// then by source and id.
    pub fn standing(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(|event| !event.retracted)
    }

    /// Grows with the set: any event added and any report that supersedes another makes it larger.
    /// Rows derived from a larger set therefore win over rows derived from a smaller one. Takes 64
    /// bits and those of the number of events.
    pub fn weight(&self) -> u128 {
        self.events.iter().map(|event| u128::from(event.version())).sum()
    }
}

fn canonical_order(event: &Event) -> (crate::Instant, u8, &str, &str) {
    (event.occurred_at, event.kind.course(), &event.source, &event.event_id)
}

impl FromIterator<Event> for CaseEvents {
    fn from_iter<I: IntoIterator<Item = Event>>(events: I) -> Self {
        let mut set = Self::new();
        for event in events {
            set.insert(event);
        }
        set
    }
}
