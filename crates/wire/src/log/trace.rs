//! A case of a log, and the events it makes.

use std::collections::{HashMap, HashSet};

use domain::Event;
use serde_json::{Map, Value, json};

use super::{
    ImportReport, LIFECYCLE, OWN, Reading, attributes,
    mapping::{Activity, Mapping, Occurrence, matches},
};
use crate::{CodeMaps, Reason, local_time::Bare};

/// Attributes by name, as text.
pub(super) type Attributes = HashMap<String, String>;

/// Takes events; says whether to go on.
pub(super) type Sink<'s> = &'s mut dyn FnMut(Event) -> bool;

/// The events of one case.
#[derive(Debug, Default)]
pub(super) struct Trace {
    pub(super) attributes: Attributes,
    pub(super) events: Vec<Attributes>,
}

/// Tells the events of one trace after another, and keeps the report.
pub(super) struct Teller<'s> {
    pub(super) reading: &'s Reading,
    pub(super) report: ImportReport,
    pub(super) sink: Sink<'s>,
    names: HashSet<String>,
}

impl<'s> Teller<'s> {
    pub(super) fn new(reading: &'s Reading, sink: Sink<'s>) -> Self {
        Self { reading, report: ImportReport::default(), sink, names: HashSet::new() }
    }

    /// Tells the events of a trace; whether to go on.
    pub(super) fn tell(&mut self, trace: &Trace) -> bool {
        self.report.cases += 1;
        let case = trace.name(self.reading);
        // Without a name of its own it would be mixed into another case.
        if case.is_empty() {
            let what = format!("trace {}: it has no {}", self.report.cases, self.reading.case_attribute());
            self.report.broken(trace.count(), what);
            return true;
        }
        if !self.names.insert(case.to_owned()) {
            let what = format!("trace {}: an earlier one is called {case:?} too", self.report.cases);
            self.report.broken(trace.count(), what);
            return true;
        }
        match self.reading {
            Reading::Own => self.tell_own(case, trace),
            Reading::By(mapping) => self.tell_mapped(case, trace, mapping),
        }
    }

    fn tell_own(&mut self, case: &str, trace: &Trace) -> bool {
        for (number, event) in trace.events.iter().enumerate() {
            let fields = event.iter().filter_map(|(name, text)| Some((name.strip_prefix(OWN)?, text)));
            let message: Map<String, Value> =
                fields.map(|(name, text)| (name.to_owned(), attributes::value(name, text))).collect();
            let place = || format!("trace {case:?}, event {}", number + 1);
            if !self.take(&Value::Object(message), place) {
                return false;
            }
        }
        true
    }

    fn tell_mapped(&mut self, case: &str, trace: &Trace, mapping: &Mapping) -> bool {
        for (number, event) in trace.events.iter().enumerate() {
            // Its number is kept for what may happen yet.
            if event.is_empty() {
                continue;
            }
            let name = event.get(&mapping.activity_attribute).map_or("", String::as_str);
            let mut is_covered = false;
            for (part, activity) in mapping.activity.iter().enumerate() {
                if !activity.covers(event, mapping) {
                    continue;
                }
                is_covered = true;
                if !trace.is_meant(number, activity, mapping) {
                    continue;
                }
                let message = trace.message(mapping, activity, event, number, part);
                if !self.take(&message, || format!("trace {case:?}, event {}, {name:?}", number + 1)) {
                    return false;
                }
            }
            if !is_covered {
                *self.report.uncovered.entry(name.to_owned()).or_default() += 1;
            }
        }
        true
    }

    fn take(&mut self, message: &Value, place: impl Fn() -> String) -> bool {
        let decoded: Result<Event, Reason> = crate::decode(message.to_string().as_bytes(), &CodeMaps::default());
        match decoded {
            Ok(event) => {
                self.report.events += 1;
                (self.sink)(event)
            }
            Err(reason) => {
                self.report.broken(1, format!("{}: {reason}", place()));
                true
            }
        }
    }
}

impl Trace {
    pub(super) fn name(&self, reading: &Reading) -> &str {
        self.attributes.get(reading.case_attribute()).map_or("", String::as_str)
    }

    fn count(&self) -> usize {
        self.events.iter().filter(|event| !event.is_empty()).count()
    }

    fn is_meant(&self, number: usize, activity: &Activity, mapping: &Mapping) -> bool {
        match activity.occurrence {
            Occurrence::Every => true,
            Occurrence::First => !self.events[..number].iter().any(|event| activity.covers(event, mapping)),
            Occurrence::Last => !self.events[number + 1..].iter().any(|event| activity.covers(event, mapping)),
        }
    }

    /// The message an activity makes of an event.
    pub(super) fn message(
        &self,
        mapping: &Mapping,
        activity: &Activity,
        event: &Attributes,
        number: usize,
        part: usize,
    ) -> Value {
        let name = self.attributes.get(&mapping.case_attribute).map_or("", String::as_str);
        let case_no = format!("{}{name}", mapping.case_prefix);
        let mut message = Map::new();
        let mut add = |key: &str, value: Option<String>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                message.insert(key.to_owned(), json!(value));
            }
        };
        let said = |constant: &Option<String>, attribute: &Option<String>| {
            let attribute = attribute.as_ref().and_then(|name| event.get(name).or_else(|| self.attributes.get(name)));
            attribute.filter(|text| !text.is_empty()).cloned().or_else(|| constant.clone())
        };
        let event_id = match said(&None, &mapping.event_id_attribute) {
            Some(id) => format!("{id}.{part:02}"),
            // The number keeps events of one instant in the order of the log.
            None => format!("{case_no}/{number:05}.{part:02}"),
        };
        add("event_id", Some(event_id));
        add("source", Some(mapping.source.clone()));
        add("kind", Some(activity.kind.clone()));
        add("case_no", Some(case_no));
        add("item", said(&mapping.item, &mapping.item_attribute));
        add("department", said(&mapping.department, &mapping.department_attribute));
        add("region", said(&mapping.region, &mapping.region_attribute));
        add("window", said(&mapping.window, &mapping.window_attribute));
        add("handler", said(&mapping.handler, &mapping.handler_attribute));
        let occurred_at = event.get(&mapping.time_attribute);
        add("occurred_at", occurred_at.map(|time| with_offset(time, mapping, Bare::Start)));
        add("step", said(&activity.step, &activity.step_attribute));
        add("result", activity.result.clone());
        add("procedure", activity.procedure.clone());
        let outcome = said(&None, &mapping.outcome_attribute).and_then(|value| mapping.outcomes.get(&value).cloned());
        add("outcome", outcome.filter(|_| activity.has_outcome()).or_else(|| activity.outcome.clone()));
        if activity.kind == "accepted" {
            let due = |attribute: &Option<String>| said(&None, attribute).map(|time| with_offset(&time, mapping, Bare::End));
            add("promised_due_at", due(&mapping.promised_due_attribute));
            add("statutory_due_at", due(&mapping.statutory_due_attribute));
        }
        if let Some(days) = activity.granted_days {
            message.insert("granted_days".to_owned(), json!(days));
        }
        if let Some(score) = activity.score {
            message.insert("score".to_owned(), json!(score));
        }
        Value::Object(message)
    }
}

impl Activity {
    pub(super) fn is_called(&self, name: &str) -> bool {
        matches(&self.name, name)
    }

    fn covers(&self, event: &Attributes, mapping: &Mapping) -> bool {
        let is_named = event.get(&mapping.activity_attribute).is_some_and(|name| self.is_called(name));
        let in_state = |wanted: &String| event.get(LIFECYCLE).is_some_and(|state| state.eq_ignore_ascii_case(wanted));
        is_named && self.lifecycle.as_ref().is_none_or(in_state)
    }
}

/// A time of the log; one without an offset is local time of the mapping's zone.
fn with_offset(time: &str, mapping: &Mapping, bare: Bare) -> String {
    let local = mapping.times.as_ref().and_then(|times| times.written(time, bare));
    local.unwrap_or_else(|| time.to_owned())
}
