//! How the activities of a log become events.

use std::collections::BTreeMap;

use domain::{Outcome, event::Decision};
use serde::Deserialize;

use super::{
    LogError, NAME, TIME,
    trace::{Attributes, Trace},
};
use crate::{CodeMaps, local_time::LocalTimes};

/// How the activities of a log become events.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    pub(super) source: String,
    pub(super) time_zone: String,
    /// How times are written; the usual ways where it is not given.
    pub(super) time_format: Option<String>,
    /// What a row of a table is.
    #[serde(default)]
    pub(super) layout: Layout,
    /// The type of the objects of an OCEL log that are cases.
    #[serde(default = "case_type")]
    pub(super) case_type: String,
    /// The attribute of an event that names its activity.
    #[serde(default = "concept_name")]
    pub(super) activity_attribute: String,
    /// The attribute of an event that says when it was.
    #[serde(default = "timestamp")]
    pub(super) time_attribute: String,
    /// The attribute of an event that identifies it; its place in the log where it has none.
    pub(super) event_id_attribute: Option<String>,
    /// The attribute of a trace that names its case.
    #[serde(default = "concept_name")]
    pub(super) case_attribute: String,
    /// Put before the name of the trace to make the case number.
    #[serde(default)]
    pub(super) case_prefix: String,
    pub(super) item: Option<String>,
    pub(super) item_attribute: Option<String>,
    pub(super) department: Option<String>,
    pub(super) department_attribute: Option<String>,
    pub(super) region: Option<String>,
    pub(super) region_attribute: Option<String>,
    pub(super) window: Option<String>,
    pub(super) window_attribute: Option<String>,
    pub(super) handler: Option<String>,
    pub(super) handler_attribute: Option<String>,
    pub(super) promised_due_attribute: Option<String>,
    pub(super) statutory_due_attribute: Option<String>,
    pub(super) outcome_attribute: Option<String>,
    /// From the values of `outcome_attribute` to our outcomes.
    #[serde(default)]
    pub(super) outcomes: BTreeMap<String, String>,
    pub(super) activity: Vec<Activity>,
    #[serde(skip)]
    pub(super) times: Option<LocalTimes>,
}

/// What one activity means. One may mean several things: then it is named several times.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Activity {
    /// Its name; `*` stands for anything.
    pub(super) name: String,
    /// Only in this state of its life cycle, such as `complete`.
    pub(super) lifecycle: Option<String>,
    #[serde(default)]
    pub(super) occurrence: Occurrence,
    pub(super) kind: String,
    pub(super) step: Option<String>,
    pub(super) step_attribute: Option<String>,
    pub(super) result: Option<String>,
    pub(super) procedure: Option<String>,
    pub(super) granted_days: Option<u32>,
    pub(super) outcome: Option<String>,
    pub(super) score: Option<u8>,
}

/// What a row of a table is.
#[derive(Debug, Clone, Copy, Deserialize, Default, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Layout {
    /// An event.
    #[default]
    Events,
    /// A case, with a column for the time of each step: every column that an activity is named after is an event.
    Cases,
}

/// Which of the events of one name in a trace are meant.
#[derive(Debug, Clone, Copy, Deserialize, Default, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Occurrence {
    First,
    Last,
    #[default]
    Every,
}

fn concept_name() -> String {
    NAME.to_owned()
}

fn timestamp() -> String {
    TIME.to_owned()
}

fn case_type() -> String {
    "case".to_owned()
}

impl Mapping {
    /// Reads a mapping. What no event could come of is refused here, not once for every event.
    ///
    /// # Errors
    /// Names the line, the zone, or the activity and its field.
    pub fn from_toml(text: &str) -> Result<Self, LogError> {
        let mut mapping: Self = toml::from_str(text)?;
        let times = LocalTimes::new(&mapping.time_zone, mapping.time_format.as_deref());
        mapping.times = Some(times.map_err(|why| LogError::Mapping(format!("time_zone, time_format: {why}")))?);
        if mapping.activity.is_empty() {
            return Err(LogError::Mapping("activity: it names none".to_owned()));
        }
        for (number, activity) in mapping.activity.iter().enumerate() {
            let refused = |why: String| LogError::Mapping(format!("activity {} ({:?}): {why}", number + 1, activity.name));
            let probe = mapping.probe(number).to_string();
            crate::decode(probe.as_bytes(), &CodeMaps::default()).map_err(|reason| refused(reason.to_string()))?;
            if let Some(wrong) = activity.outcomes(&mapping).find(|outcome| !activity.takes(outcome)) {
                return Err(refused(format!("{wrong:?} is no outcome of {:?}", activity.kind)));
            }
        }
        Ok(mapping)
    }

    /// The message an activity makes of an event that has every attribute the mapping asks for.
    fn probe(&self, number: usize) -> serde_json::Value {
        const SOME_TIME: &str = "2018-10-15T10:00:00Z";
        let said = [
            &self.item_attribute,
            &self.department_attribute,
            &self.region_attribute,
            &self.window_attribute,
            &self.handler_attribute,
            &self.event_id_attribute,
            &self.activity[number].step_attribute,
        ];
        let times = [&self.promised_due_attribute, &self.statutory_due_attribute];
        let mut event: Attributes = said.into_iter().flatten().map(|name| (name.clone(), "x".to_owned())).collect();
        event.extend(times.into_iter().flatten().map(|name| (name.clone(), SOME_TIME.to_owned())));
        if let (Some(attribute), Some(value)) = (&self.outcome_attribute, self.outcomes.keys().next()) {
            event.insert(attribute.clone(), value.clone());
        }
        event.insert(self.time_attribute.clone(), SOME_TIME.to_owned());
        let trace = Trace { attributes: Attributes::from([(self.case_attribute.clone(), "x".to_owned())]), events: Vec::new() };
        trace.message(self, &self.activity[number], &event, 0, number)
    }
}

impl Activity {
    pub(super) fn has_outcome(&self) -> bool {
        matches!(self.kind.as_str(), "decided" | "closed")
    }

    fn takes(&self, outcome: &str) -> bool {
        match self.kind.as_str() {
            "decided" => Decision::from_code(outcome).is_some(),
            _ => Outcome::from_code(outcome).is_some(),
        }
    }

    /// Every outcome it may be given.
    fn outcomes<'m>(&'m self, mapping: &'m Mapping) -> impl Iterator<Item = &'m String> {
        let from_log = mapping.outcome_attribute.iter().flat_map(|_| mapping.outcomes.values());
        self.outcome.iter().chain(from_log).filter(|_| self.has_outcome())
    }
}

/// Whether a name fits a pattern in which `*` stands for anything.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(head) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, name, fits) in
            [("a*c", "abc", true), ("a*", "a", true), ("*b*", "abc", true), ("a*c", "abd", false), ("a", "b", false)]
        {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }
}
