//! Event logs of objects in OCEL 2.0 (the JSON form).

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, BufRead, Read, Seek, SeekFrom, Write},
};

use domain::{Event, Instant};
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    ImportReport, LogError, NAME, OWN, Reading,
    attributes::{self, CASE, Type, text, type_of},
    trace::{Attributes, Sink, Teller, Trace},
};
use crate::decode::{FIELDS, KINDS};

#[derive(Deserialize)]
struct Log {
    objects: Vec<Object>,
    events: Vec<LogEvent>,
}

#[derive(Deserialize)]
struct Object {
    id: String,
    #[serde(rename = "type")]
    object_type: String,
    #[serde(default)]
    attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
struct LogEvent {
    id: String,
    #[serde(rename = "type")]
    event_type: String,
    time: String,
    #[serde(default)]
    attributes: Vec<Attribute>,
    #[serde(default)]
    relationships: Vec<Relationship>,
}

#[derive(Deserialize)]
struct Attribute {
    name: String,
    value: Value,
    /// Since when an object has it.
    time: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Relationship {
    object_id: String,
}

/// Reads a log: a case is an object of one type (`case_type` of the mapping), its events are those related to it. An
/// event has the attributes `concept:name` (its type), `time:timestamp` and `ocel:id` beside its own, a case
/// `concept:name` (the id of the object). Every event goes to `sink`, which says whether to go on.
///
/// # Errors
/// The log is no JSON of this form. What cannot be made into an event is in the report.
pub fn import(reader: impl BufRead, reading: &Reading, sink: Sink<'_>) -> Result<ImportReport, LogError> {
    let log: Log = serde_json::from_reader(reader)?;
    let case_type = match reading {
        Reading::Own => "case",
        Reading::By(mapping) => &mapping.case_type,
    };
    let mut traces: BTreeMap<&str, Trace> = BTreeMap::new();
    for object in log.objects.iter().filter(|object| object.object_type == case_type) {
        // The value an attribute has last; times of one form compare as text.
        let mut given: Vec<&Attribute> = object.attributes.iter().collect();
        given.sort_by(|a, b| a.time.cmp(&b.time));
        let mut attributes: Attributes = given.into_iter().map(|it| (it.name.clone(), text(&it.value))).collect();
        attributes.insert(NAME.to_owned(), object.id.clone());
        traces.insert(&object.id, Trace { attributes, events: Vec::new() });
    }
    let mut teller = Teller::new(reading, sink);
    for event in &log.events {
        let attributes = event_attributes(event, reading);
        let cases: BTreeSet<&str> = event.relationships.iter().map(|it| it.object_id.as_str()).collect();
        let mut is_of_a_case = false;
        for case in cases {
            if let Some(trace) = traces.get_mut(case) {
                trace.events.push(attributes.clone());
                is_of_a_case = true;
            }
        }
        if !is_of_a_case {
            teller.report.broken(1, format!("event {:?}: it belongs to no object of the type {case_type:?}", event.id));
        }
    }
    for trace in traces.values() {
        if !teller.tell(trace) {
            break;
        }
    }
    Ok(teller.report)
}

fn event_attributes(event: &LogEvent, reading: &Reading) -> Attributes {
    let own = |name: &str| match reading {
        Reading::Own => format!("{OWN}{name}"),
        Reading::By(_) => name.to_owned(),
    };
    let mut attributes: Attributes = event.attributes.iter().map(|it| (own(&it.name), text(&it.value))).collect();
    let (name_key, time_key) = match reading {
        Reading::Own => (NAME, super::TIME),
        Reading::By(mapping) => (mapping.activity_attribute.as_str(), mapping.time_attribute.as_str()),
    };
    attributes.insert(name_key.to_owned(), event.event_type.clone());
    attributes.insert(time_key.to_owned(), event.time.clone());
    attributes.insert("ocel:id".to_owned(), event.id.clone());
    attributes
}

/// The objects an event is about beside its case: their type and the field that names them.
const PARTIES: [&str; 5] = ["item", "department", "window", "handler", "project"];

/// Writes a log. Objects come after the events in the file, and cases are told before all events are known, so objects
/// wait in `scratch` (a temporary file).
pub struct OcelWriter<W: Write, S: Read + Write + Seek> {
    out: W,
    scratch: S,
    zone: TimeZone,
    as_of: String,
    parties: BTreeSet<(&'static str, String)>,
    events: u64,
    objects: u64,
}

impl<W: Write, S: Read + Write + Seek> OcelWriter<W, S> {
    /// Begins a log; what is known of a case is known as of `as_of`.
    ///
    /// # Errors
    /// It could not be written.
    pub fn new(mut out: W, scratch: S, zone: TimeZone, as_of: Instant) -> io::Result<Self> {
        let fields: Vec<Value> = FIELDS.iter().map(|field| json!({"name": field, "type": ocel_type(field)})).collect();
        let kinds = KINDS.iter().map(|kind| json!({"name": kind, "attributes": fields}));
        let case: Vec<Value> = CASE.iter().map(|(name, kind)| json!({"name": name, "type": kind})).collect();
        let parties = PARTIES.iter().map(|party| json!({"name": party, "attributes": []}));
        let object_types: Vec<Value> = std::iter::once(json!({"name": "case", "attributes": case})).chain(parties).collect();
        let event_types: Vec<Value> = kinds.collect();
        let (object_types, event_types) = (Value::from(object_types), Value::from(event_types));
        write!(out, "{{\"objectTypes\":{object_types},\n\"eventTypes\":{event_types},\n\"events\":[")?;
        let as_of = as_of.display_in(&zone);
        Ok(Self { out, scratch, zone, as_of, parties: BTreeSet::new(), events: 0, objects: 0 })
    }

    /// Writes a case: what is known of it, and its events.
    ///
    /// # Errors
    /// It could not be written.
    pub fn trace<'e>(
        &mut self,
        case_no: &str,
        case: &Map<String, Value>,
        events: impl IntoIterator<Item = &'e Event>,
    ) -> io::Result<()> {
        let attributes: Vec<Value> =
            case.iter().map(|(name, value)| json!({"name": name, "time": self.as_of, "value": value})).collect();
        self.object(&json!({"id": object_id("case", case_no), "type": "case", "attributes": attributes, "relationships": []}))?;
        for event in events {
            self.event(case_no, event)?;
        }
        Ok(())
    }

    /// Ends the log.
    ///
    /// # Errors
    /// It could not be written.
    pub fn finish(mut self) -> io::Result<W> {
        for (kind, name) in std::mem::take(&mut self.parties) {
            let id = object_id(kind, &name);
            self.object(&json!({"id": id, "type": kind, "attributes": [], "relationships": []}))?;
        }
        self.out.write_all(b"],\n\"objects\":[")?;
        self.scratch.seek(SeekFrom::Start(0))?;
        io::copy(&mut self.scratch, &mut self.out)?;
        self.out.write_all(b"]}\n")?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn event(&mut self, case_no: &str, event: &Event) -> io::Result<()> {
        let Ok(Value::Object(fields)) = serde_json::from_str(&crate::encode(event, &self.zone)) else { return Ok(()) };
        let mut related = vec![json!({"objectId": object_id("case", case_no), "qualifier": "case"})];
        for party in PARTIES {
            if let Some(name) = fields.get(party).map(text) {
                related.push(json!({"objectId": object_id(party, &name), "qualifier": party}));
                self.parties.insert((party, name));
            }
        }
        let attribute = |(name, value): (&String, &Value)| match type_of(name) {
            Type::List => json!({"name": name, "value": text(value)}),
            _ => json!({"name": name, "value": value}),
        };
        let attributes: Vec<Value> = fields.iter().map(attribute).collect();
        let line = json!({
            "id": format!("{}/{}", event.source, event.event_id),
            "type": event.kind.name(),
            "time": event.occurred_at.display_in(&self.zone),
            "attributes": attributes,
            "relationships": related,
        });
        let before = if self.events == 0 { "\n" } else { ",\n" };
        self.events += 1;
        write!(self.out, "{before}{line}")
    }

    fn object(&mut self, object: &Value) -> io::Result<()> {
        let before = if self.objects == 0 { "\n" } else { ",\n" };
        self.objects += 1;
        write!(self.scratch, "{before}{object}")
    }
}

/// Ids are unique over all types of objects.
fn object_id(kind: &str, name: &str) -> String {
    format!("{kind}:{name}")
}

fn ocel_type(field: &str) -> &'static str {
    match attributes::type_of(field) {
        Type::Text | Type::List => "string",
        Type::Time => "time",
        Type::Whole => "integer",
        Type::Bool => "boolean",
    }
}
