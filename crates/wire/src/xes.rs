//! Event logs in XES (IEEE 1849) to events, through a mapping.
//!
//! The log is read as a stream, a trace at a time. Every event made is built as a message and read by
//! the same decoder as everything else, so nothing can come in this way that could not come in by the
//! topic.

mod mapping;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
    io::BufRead,
};

use domain::Event;
use jiff::civil::DateTime;
use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event as Xml},
};
use serde_json::{Map, Value, json};

use mapping::{Activity, Occurrence, matches};

use crate::CodeMaps;

pub use mapping::Mapping;

/// What is wrong with a mapping or a log.
#[derive(Debug, thiserror::Error)]
pub enum XesError {
    /// The mapping is not TOML, or not of this shape; names line and column.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// The mapping names a zone there is not.
    #[error("time_zone: {0}")]
    Zone(#[from] jiff::Error),
    /// The mapping can make no event of an activity; names it and its field.
    #[error("{0}")]
    Mapping(String),
    /// The log is not XML.
    #[error("not XML at byte {at}: {source}")]
    Xml {
        /// Where.
        at: u64,
        /// Why.
        source: quick_xml::Error,
    },
    /// The log ends within a trace.
    #[error("the log ends within trace {0:?}")]
    CutShort(String),
    /// The log ends between two traces: how many are missing nobody knows.
    #[error("the log ends before its end, after {0} traces")]
    Unfinished(u64),
    /// XML, but no event log.
    #[error("not an event log: it has no <log>")]
    NotALog,
}

/// What an import made.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Traces read.
    pub cases: u64,
    /// Events made.
    pub events: u64,
    /// Activities the mapping does not cover, with their numbers.
    pub uncovered: BTreeMap<String, u64>,
    /// What could not be made into an event, with the trace and the reason (the first hundred).
    pub broken: Vec<String>,
    /// How many could not.
    pub broken_count: u64,
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cases, {} events", self.cases, self.events)?;
        for (name, count) in &self.uncovered {
            write!(f, "\nnot covered by the mapping: {count} × {name}")?;
        }
        for broken in &self.broken {
            write!(f, "\n{broken}")?;
        }
        if self.broken_count > 0 {
            write!(f, "\n{} events of the log could not be read", self.broken_count)?;
        }
        Ok(())
    }
}

type Attributes = HashMap<String, String>;

/// Reads a log. Every event goes to `sink`, which says whether to go on.
///
/// # Errors
/// The log is no XML. What cannot be made into an event is in the report.
pub fn import(reader: impl BufRead, mapping: &Mapping, sink: &mut dyn FnMut(Event) -> bool) -> Result<ImportReport, XesError> {
    let mut xml = Reader::from_reader(reader);
    let mut report = ImportReport::default();
    let mut buffer = Vec::new();
    let mut trace: Option<Trace> = None;
    let mut event: Option<Attributes> = None;
    // Attributes may be nested; only those right below a trace or an event are taken.
    let mut nested = 0u32;
    let mut log = Log::NotBegun;
    let mut names = HashSet::new();
    loop {
        buffer.clear();
        let at = xml.buffer_position();
        let xml_error = |source| XesError::Xml { at, source };
        let node = xml.read_event_into(&mut buffer).map_err(xml_error)?;
        match node {
            Xml::Start(tag) => match tag.name().as_ref() {
                "log" => log = Log::Open,
                "trace" => trace = Some(Trace::default()),
                "event" if trace.is_some() => event = Some(Attributes::new()),
                _ => {
                    if nested == 0 {
                        put(&tag, &mut trace, &mut event).map_err(xml_error)?;
                    }
                    nested += u32::from(trace.is_some());
                }
            },
            Xml::Empty(tag) if tag.name().as_ref() == "log" => log = Log::Closed,
            Xml::Empty(tag) if nested == 0 => put(&tag, &mut trace, &mut event).map_err(xml_error)?,
            Xml::End(tag) => match tag.name().as_ref() {
                "log" => log = Log::Closed,
                "event" => {
                    if let (Some(trace), Some(event)) = (&mut trace, event.take()) {
                        trace.events.push(event);
                    }
                }
                "trace" => {
                    if let Some(trace) = trace.take()
                        && !trace.tell(mapping, &mut names, &mut report, sink)
                    {
                        return Ok(report);
                    }
                    nested = 0;
                }
                _ => nested = nested.saturating_sub(1),
            },
            Xml::Eof => break,
            _ => {}
        }
    }
    match (trace, log) {
        (Some(trace), _) => Err(XesError::CutShort(trace.name(mapping).to_owned())),
        (None, Log::NotBegun) => Err(XesError::NotALog),
        (None, Log::Open) => Err(XesError::Unfinished(report.cases)),
        (None, Log::Closed) => Ok(report),
    }
}

/// How far the log has been read.
enum Log {
    NotBegun,
    Open,
    Closed,
}

/// Keeps an attribute of the event or trace being read.
fn put(tag: &BytesStart<'_>, trace: &mut Option<Trace>, event: &mut Option<Attributes>) -> Result<(), quick_xml::Error> {
    let mut key = None;
    let mut value = None;
    for attribute in tag.attributes() {
        let attribute = attribute?;
        let text = attribute.normalized_value(XmlVersion::Implicit1_0)?.into_owned();
        match attribute.key.as_ref() {
            "key" => key = Some(text),
            "value" => value = Some(text),
            _ => {}
        }
    }
    if let (Some(trace), Some(key), Some(value)) = (trace, key, value) {
        event.as_mut().unwrap_or(&mut trace.attributes).insert(key, value);
    }
    Ok(())
}

#[derive(Default)]
struct Trace {
    attributes: Attributes,
    events: Vec<Attributes>,
}

const NAME: &str = "concept:name";
const TIME: &str = "time:timestamp";
const LIFECYCLE: &str = "lifecycle:transition";

impl Trace {
    fn name(&self, mapping: &Mapping) -> &str {
        self.attributes.get(&mapping.case_attribute).map_or("", String::as_str)
    }

    /// Tells the events of the trace; whether to go on.
    fn tell(
        &self,
        mapping: &Mapping,
        names: &mut HashSet<String>,
        report: &mut ImportReport,
        sink: &mut dyn FnMut(Event) -> bool,
    ) -> bool {
        report.cases += 1;
        let case = self.name(mapping);
        // Without a name of its own it would be mixed into another case.
        if case.is_empty() {
            report.broken(self.events.len(), format!("trace {}: it has no {}", report.cases, mapping.case_attribute));
            return true;
        }
        if !names.insert(case.to_owned()) {
            report.broken(self.events.len(), format!("trace {}: an earlier one is called {case:?} too", report.cases));
            return true;
        }
        for (number, event) in self.events.iter().enumerate() {
            let name = event.get(NAME).map_or("", String::as_str);
            let mut is_covered = false;
            for (part, activity) in mapping.activity.iter().enumerate() {
                if !activity.covers(event) {
                    continue;
                }
                is_covered = true;
                if !self.is_meant(number, activity) {
                    continue;
                }
                let message = self.message(mapping, activity, event, number, part);
                match crate::decode(message.to_string().as_bytes(), &CodeMaps::default()) {
                    Ok(event) => {
                        report.events += 1;
                        if !sink(event) {
                            return false;
                        }
                    }
                    Err(reason) => report.broken(1, format!("trace {case:?}, event {}, {name:?}: {reason}", number + 1)),
                }
            }
            if !is_covered {
                *report.uncovered.entry(name.to_owned()).or_default() += 1;
            }
        }
        true
    }

    fn is_meant(&self, number: usize, activity: &Activity) -> bool {
        match activity.occurrence {
            Occurrence::Every => true,
            Occurrence::First => !self.events[..number].iter().any(|event| activity.covers(event)),
            Occurrence::Last => !self.events[number + 1..].iter().any(|event| activity.covers(event)),
        }
    }

    fn message(&self, mapping: &Mapping, activity: &Activity, event: &Attributes, number: usize, part: usize) -> Value {
        let case_no = format!("{}{}", mapping.case_prefix, self.name(mapping));
        let mut message = Map::new();
        let mut add = |key: &str, value: Option<String>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                message.insert(key.to_owned(), json!(value));
            }
        };
        // The number keeps events of one instant in the order of the log.
        add("event_id", Some(format!("{case_no}/{number:05}.{part:02}")));
        add("source", Some(mapping.source.clone()));
        add("kind", Some(activity.kind.clone()));
        add("case_no", Some(case_no));
        let said = |constant: &Option<String>, attribute: &Option<String>| {
            let attribute = attribute.as_ref().and_then(|name| event.get(name).or_else(|| self.attributes.get(name)));
            attribute.cloned().or_else(|| constant.clone())
        };
        add("item", said(&mapping.item, &mapping.item_attribute));
        add("department", said(&mapping.department, &mapping.department_attribute));
        add("region", said(&mapping.region, &mapping.region_attribute));
        add("window", said(&mapping.window, &mapping.window_attribute));
        add("handler", said(&mapping.handler, &mapping.handler_attribute));
        add("occurred_at", event.get(TIME).map(|time| with_offset(time, mapping)));
        add("step", activity.step.clone());
        add("result", activity.result.clone());
        add("procedure", activity.procedure.clone());
        let outcome = said(&None, &mapping.outcome_attribute).and_then(|value| mapping.outcomes.get(&value).cloned());
        add("outcome", outcome.filter(|_| activity.has_outcome()).or_else(|| activity.outcome.clone()));
        if activity.kind == "accepted" {
            let due = |attribute: &Option<String>| said(&None, attribute).map(|time| with_offset(&time, mapping));
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
    fn covers(&self, event: &Attributes) -> bool {
        let is_named = event.get(NAME).is_some_and(|name| matches(&self.name, name));
        let in_state = |wanted: &String| event.get(LIFECYCLE).is_some_and(|state| state.eq_ignore_ascii_case(wanted));
        is_named && self.lifecycle.as_ref().is_none_or(in_state)
    }
}

impl ImportReport {
    fn broken(&mut self, events: usize, what: String) {
        self.broken_count += events as u64;
        if self.broken.len() < 100 {
            self.broken.push(what);
        }
    }
}

/// A time of the log; one without an offset is local time of the mapping's zone.
fn with_offset(time: &str, mapping: &Mapping) -> String {
    let local = time.parse::<DateTime>().ok().filter(|_| !has_offset(time));
    match (local, &mapping.zone) {
        (Some(local), Some(zone)) => match zone.to_timestamp(local) {
            Ok(at) => domain::Instant::from_ms(at.as_millisecond()).display_in(zone),
            Err(_) => time.to_owned(),
        },
        _ => time.to_owned(),
    }
}

fn has_offset(time: &str) -> bool {
    let clock = time.split_once('T').map_or("", |(_, clock)| clock);
    clock.contains(['+', '-', 'Z', 'z'])
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    const MAPPING: &str = r#"
        source = "log"
        time_zone = "Europe/Rome"
        item = "fine"
        handler_attribute = "org:resource"
        [[activity]]
        name = "Create*"
        occurrence = "first"
        kind = "accepted"
        [[activity]]
        name = "Pay"
        occurrence = "last"
        kind = "closed"
        outcome = "granted"
    "#;

    fn log(events: &str) -> String {
        format!(r#"<log><string key="origin" value="x"/><trace><string key="concept:name" value="A1"/>{events}</trace></log>"#)
    }

    fn event(name: &str, time: &str) -> String {
        format!(
            r#"<event><string key="concept:name" value="{name}"><string key="concept:name" value="nested"/></string>
               <string key="org:resource" value="r&amp;d"/><date key="time:timestamp" value="{time}"/></event>"#
        )
    }

    #[test]
    fn a_log_becomes_events_and_what_is_not_covered_is_counted() {
        let mapping = Mapping::from_toml(MAPPING).unwrap();
        let text = log(&[
            event("Create Fine", "2006-07-24T00:00:00"),
            event("Sneeze", "2006-07-25T00:00:00"),
            event("Pay", "2006-08-01T10:00:00+00:00"),
            event("Pay", "2006-08-02T10:00:00.000+02:00"),
        ]
        .concat());
        let mut events = Vec::new();
        let report = import(text.as_bytes(), &mapping, &mut |event| {
            events.push(event);
            true
        })
        .unwrap();
        assert_eq!((report.cases, report.events, report.broken_count), (1, 2, 0), "{report}");
        assert_eq!(report.uncovered, BTreeMap::from([("Sneeze".to_owned(), 1)]));
        let zone = TimeZone::get("Europe/Rome").unwrap();
        assert_eq!(events[0].occurred_at.display_in(&zone), "2006-07-24T00:00:00+02:00");
        assert_eq!((events[0].handler.as_deref(), events[1].event_id.as_str()), (Some("r&d"), "A1/00003.01"));
        assert_eq!(events[1].occurred_at.display_in(&zone), "2006-08-02T10:00:00+02:00");
    }

    #[test]
    fn a_log_that_breaks_off_says_in_which_trace() {
        let mapping = Mapping::from_toml(MAPPING).unwrap();
        let error = import(&b"<log><trace><string key=\"concept:name\" value=\"A1\"/>"[..], &mapping, &mut |_| true).unwrap_err();
        assert_eq!(error.to_string(), "the log ends within trace \"A1\"");
    }

    fn import_all(text: &str) -> Result<(ImportReport, Vec<Event>), XesError> {
        let mut events = Vec::new();
        let report = import(text.as_bytes(), &Mapping::from_toml(MAPPING).unwrap(), &mut |event| {
            events.push(event);
            true
        })?;
        Ok((report, events))
    }

    #[test]
    fn a_log_that_breaks_off_between_traces_is_not_taken_for_whole() {
        let whole = log(&event("Pay", "2006-08-01T10:00:00+00:00"));
        assert!(import_all(&whole).is_ok());
        let cut = whole.strip_suffix("</log>").unwrap();
        assert_eq!(import_all(cut).unwrap_err().to_string(), "the log ends before its end, after 1 traces");
    }

    #[test]
    fn what_is_no_log_is_refused() {
        for text in ["", "words", "<html></html>"] {
            assert!(matches!(import_all(text), Err(XesError::NotALog)), "{text:?}");
        }
        assert_eq!(import_all("<log/>").unwrap().0, ImportReport::default());
    }

    #[test]
    fn an_attribute_that_cannot_be_read_is_told_with_its_place() {
        let text = log(&event("Pay &nothing; more", "2006-08-01T10:00:00+00:00"));
        let error = import_all(&text).unwrap_err();
        assert!(error.to_string().starts_with("not XML at byte ") && error.to_string().contains("nothing"), "{error}");
    }

    #[test]
    fn two_traces_of_one_name_are_not_mixed() {
        let pay = event("Pay", "2006-08-01T10:00:00+00:00");
        let named = format!(r#"<trace><string key="concept:name" value="A1"/>{pay}</trace>"#);
        let (report, events) = import_all(&format!("<log>{named}{named}<trace>{pay}{pay}</trace></log>")).unwrap();
        assert_eq!((report.cases, report.events, report.broken_count, events.len()), (3, 1, 3, 1), "{report}");
        assert_eq!(report.broken, ["trace 2: an earlier one is called \"A1\" too", "trace 3: it has no concept:name"]);
    }

    #[test]
    fn a_mapping_that_can_make_no_event_names_its_activity() {
        let base = "source = \"log\"\ntime_zone = \"Europe/Rome\"\nitem = \"fine\"\n";
        let activity = |fields: &str| Mapping::from_toml(&format!("{base}[[activity]]\nname = \"Pay\"\n{fields}"));
        for (fields, why) in [
            ("kind = \"sneezed\"", r#"activity 1 ("Pay"): unknown kind "sneezed""#),
            ("kind = \"closed\"", r#"activity 1 ("Pay"): the field "outcome" is missing"#),
            ("kind = \"step_started\"", r#"activity 1 ("Pay"): the field "step" is missing"#),
            ("kind = \"decided\"\noutcome = \"voided\"", r#"activity 1 ("Pay"): the field "outcome" is broken: "voided" is not"#),
            ("kind = \"special_started\"\nprocedure = \"tea\"", r#"activity 1 ("Pay"): the field "procedure" is broken: "tea""#),
            ("kind = \"closed\"\noutcom = \"granted\"", "TOML parse error at line 7"),
        ] {
            let error = activity(fields).unwrap_err().to_string();
            assert!(error.starts_with(why), "{fields}: {error}");
        }
        assert!(activity("kind = \"closed\"\noutcome = \"granted\"").is_ok());
        let from_log = |outcome: &str| {
            let head = format!("outcome_attribute = \"end\"\noutcomes = {{ a = \"granted\", b = \"{outcome}\" }}\n");
            Mapping::from_toml(&format!("{base}{head}[[activity]]\nname = \"Pay\"\nkind = \"closed\""))
        };
        assert!(from_log("voided").is_ok());
        assert_eq!(from_log("vanished").unwrap_err().to_string(), r#"activity 1 ("Pay"): "vanished" is no outcome of "closed""#);
        let no_item = MAPPING.replace("item = \"fine\"", "");
        let error = Mapping::from_toml(&no_item).unwrap_err().to_string();
        assert_eq!(error, r#"activity 1 ("Create*"): the field "item" is missing"#);
    }

    #[test]
    fn a_case_may_be_named_by_another_attribute() {
        let mapping = Mapping::from_toml(&format!("case_attribute = \"id\"\ncase_prefix = \"fine-\"\n{MAPPING}")).unwrap();
        let pay = event("Pay", "2006-08-01T10:00:00+00:00");
        let text = format!(r#"<log><trace><int key="id" value="7"/>{pay}</trace></log>"#);
        let mut cases = Vec::new();
        import(text.as_bytes(), &mapping, &mut |event| {
            cases.push(event.case_no);
            true
        })
        .unwrap();
        assert_eq!(cases, ["fine-7"]);
    }

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, name, fits) in
            [("a*c", "abc", true), ("a*", "a", true), ("*b*", "abc", true), ("a*c", "abd", false), ("a", "b", false)]
        {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }
}
