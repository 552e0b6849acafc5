//! Event logs in XES (IEEE 1849), read as a stream, a trace at a time, and written.

use std::io::{self, BufRead, Write};

use domain::Event;
use jiff::tz::TimeZone;
use quick_xml::{
    Reader, Writer, XmlVersion,
    events::{BytesDecl, BytesEnd, BytesStart, Event as Xml},
};
use serde_json::{Map, Value};

use super::{
    ImportReport, LIFECYCLE, LogError, NAME, OWN, Reading, TIME,
    attributes::{self, Type, text, type_of},
    trace::{Attributes, Sink, Teller, Trace},
};

/// Reads a log. Every event goes to `sink`, which says whether to go on.
///
/// # Errors
/// The log is no XML. What cannot be made into an event is in the report.
pub fn import(reader: impl BufRead, reading: &Reading, sink: Sink<'_>) -> Result<ImportReport, LogError> {
    let mut xml = Reader::from_reader(reader);
    let mut teller = Teller::new(reading, sink);
    let mut buffer = Vec::new();
    let mut trace: Option<Trace> = None;
    let mut event: Option<Attributes> = None;
    // Attributes may be nested; only those right below a trace or an event are taken.
    let mut nested = 0u32;
    let mut log = Log::NotBegun;
    loop {
        buffer.clear();
        let at = xml.buffer_position();
        let xml_error = |source| LogError::Xml { at, source };
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
                        && !teller.tell(&trace)
                    {
                        return Ok(teller.report);
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
        (Some(trace), _) => Err(LogError::CutShort(trace.name(reading).to_owned())),
        (None, Log::NotBegun) => Err(LogError::NotALog),
        (None, Log::Open) => Err(LogError::Unfinished(teller.report.cases)),
        (None, Log::Closed) => Ok(teller.report),
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

/// Writes a log: a trace a case with its attributes, every field of every event.
pub struct XesWriter<W: Write> {
    xml: Writer<W>,
    zone: TimeZone,
}

/// The extensions of the standard used, and our own.
const EXTENSIONS: [(&str, &str, &str); 5] = [
    ("Concept", "concept", "http://www.xes-standard.org/concept.xesext"),
    ("Time", "time", "http://www.xes-standard.org/time.xesext"),
    ("Lifecycle", "lifecycle", "http://www.xes-standard.org/lifecycle.xesext"),
    ("Organizational", "org", "http://www.xes-standard.org/org.xesext"),
    ("Sundial", "sundial", "urn:sundial:event"),
];

impl<W: Write> XesWriter<W> {
    /// Begins a log; times are written in `zone`.
    ///
    /// # Errors
    /// It could not be written.
    pub fn new(out: W, zone: TimeZone) -> io::Result<Self> {
        let mut xml = Writer::new_with_indent(out, b' ', 1);
        xml.write_event(Xml::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let mut log = BytesStart::new("log");
        for (key, value) in [("xes.version", "1849-2016"), ("xes.features", ""), ("xmlns", "http://www.xes-standard.org/")] {
            log.push_attribute((key, value));
        }
        xml.write_event(Xml::Start(log))?;
        for (name, prefix, uri) in EXTENSIONS {
            let extension = xml.create_element("extension");
            extension.with_attributes([("name", name), ("prefix", prefix), ("uri", uri)]).write_empty()?;
        }
        let mut writer = Self { xml, zone };
        writer.global("trace", &[("string", NAME, "")])?;
        writer.global(
            "event",
            &[("string", NAME, ""), ("date", TIME, "1970-01-01T00:00:00Z"), ("string", LIFECYCLE, "complete")],
        )?;
        let classifier = writer.xml.create_element("classifier");
        classifier.with_attributes([("name", "Activity"), ("keys", "concept:name lifecycle:transition")]).write_empty()?;
        Ok(writer)
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
        self.xml.write_event(Xml::Start(BytesStart::new("trace")))?;
        self.attribute("string", NAME, case_no)?;
        for (name, value) in case.iter().filter(|(name, _)| *name != "case_no") {
            self.attribute(attributes::type_of_value(name, value), &format!("{OWN}{name}"), &text(value))?;
        }
        for event in events {
            self.event(event)?;
        }
        self.xml.write_event(Xml::End(BytesEnd::new("trace")))
    }

    /// Ends the log.
    ///
    /// # Errors
    /// It could not be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.xml.write_event(Xml::End(BytesEnd::new("log")))?;
        let mut out = self.xml.into_inner();
        out.write_all(b"\n")?;
        out.flush()?;
        Ok(out)
    }

    fn event(&mut self, event: &Event) -> io::Result<()> {
        let Ok(Value::Object(fields)) = serde_json::from_str(&crate::encode(event, &self.zone)) else { return Ok(()) };
        self.xml.write_event(Xml::Start(BytesStart::new("event")))?;
        let text_of = |field: &str| fields.get(field).map(text);
        let kind = event.kind.name();
        let transition = if matches!(kind, "step_started" | "special_started") { "start" } else { "complete" };
        // What programs for logs look at; the start and the end of a step are one activity.
        let activity = match kind {
            "step_started" | "step_completed" => text_of("step"),
            "special_started" | "special_ended" => Some(text_of("procedure").unwrap_or_else(|| "special".to_owned())),
            _ => None,
        };
        self.attribute("string", NAME, activity.as_deref().unwrap_or(kind))?;
        self.attribute("string", LIFECYCLE, transition)?;
        for (field, key, kind) in [
            ("occurred_at", TIME, "date"),
            ("handler", "org:resource", "string"),
            ("role", "org:role", "string"),
            ("department", "org:group", "string"),
        ] {
            if let Some(text) = text_of(field) {
                self.attribute(kind, key, &text)?;
            }
        }
        for (field, value) in &fields {
            let kind = match type_of(field) {
                Type::Time => "date",
                Type::Whole => "int",
                Type::Bool => "boolean",
                Type::Text | Type::List => "string",
            };
            self.attribute(kind, &format!("{OWN}{field}"), &text(value))?;
        }
        self.xml.write_event(Xml::End(BytesEnd::new("event")))
    }

    fn global(&mut self, scope: &str, attributes: &[(&str, &str, &str)]) -> io::Result<()> {
        let mut global = BytesStart::new("global");
        global.push_attribute(("scope", scope));
        self.xml.write_event(Xml::Start(global))?;
        for (kind, key, value) in attributes {
            self.attribute(kind, key, value)?;
        }
        self.xml.write_event(Xml::End(BytesEnd::new("global")))
    }

    fn attribute(&mut self, kind: &str, key: &str, value: &str) -> io::Result<()> {
        self.xml.create_element(kind).with_attributes([("key", key), ("value", value)]).write_empty()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use std::collections::BTreeMap;

    use super::{super::Mapping, *};

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
        let report = import(text.as_bytes(), &Reading::By(Box::new(mapping)), &mut |event| {
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
        let error =
            import(&b"<log><trace><string key=\"concept:name\" value=\"A1\"/>"[..], &Reading::By(Box::new(mapping)), &mut |_| {
                true
            })
            .unwrap_err();
        assert_eq!(error.to_string(), "the log ends within trace \"A1\"");
    }

    fn import_all(text: &str) -> Result<(ImportReport, Vec<Event>), LogError> {
        let mut events = Vec::new();
        let report = import(text.as_bytes(), &Reading::By(Box::new(Mapping::from_toml(MAPPING).unwrap())), &mut |event| {
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
            assert!(matches!(import_all(text), Err(LogError::NotALog)), "{text:?}");
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
        import(text.as_bytes(), &Reading::By(Box::new(mapping)), &mut |event| {
            cases.push(event.case_no);
            true
        })
        .unwrap();
        assert_eq!(cases, ["fine-7"]);
    }
}
