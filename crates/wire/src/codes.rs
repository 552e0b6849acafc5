//! Code maps: what a source's own codes mean.
//!
//! Code lists differ from source to source: 办结结果 `1` means "returned" in one province and "refused" in the
//! next. So every source may have a map of its own, and a message is translated before it is read. A code that
//! is not in the map is read as one of ours, so that a source may mix both.
//!
//! A source may also name the fields otherwise (`fields`: ours = theirs) and write local times without an offset
//! (`time_zone`, `time_format`).

use std::{collections::BTreeMap, ops::Range};

use domain::event::{Decision, Form, Outcome, Place, Procedure, Role, StepResult};
use serde::Deserialize;
use toml::Spanned;

use crate::{
    decode::{FIELDS, MAX_CODE, MAX_TEXT, is_kind},
    local_time::LocalTimes,
    reason::{Reason, excerpt},
    rename::{self, Pairs},
};

/// From a source's codes to ours.
pub(crate) type Table = BTreeMap<String, String>;

/// The code maps of all sources that have one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CodeMaps {
    by_source: BTreeMap<String, SourceCodes>,
}

/// The code map of one source.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SourceCodes {
    /// The source; empty where it has no map.
    pub(crate) name: String,
    /// What it calls our fields: ours, theirs.
    pub(crate) fields: Table,
    pub(crate) times: Option<LocalTimes>,
    pub(crate) kinds: Table,
    pub(crate) outcomes: Table,
    pub(crate) procedures: Table,
    pub(crate) departments: Table,
    pub(crate) results: Table,
    pub(crate) roles: Table,
    pub(crate) places: Table,
    pub(crate) forms: Table,
}

/// The map of a source without one.
static NO_CODES: SourceCodes = SourceCodes {
    name: String::new(),
    fields: Table::new(),
    times: None,
    kinds: Table::new(),
    outcomes: Table::new(),
    procedures: Table::new(),
    departments: Table::new(),
    results: Table::new(),
    roles: Table::new(),
    places: Table::new(),
    forms: Table::new(),
};

/// What is wrong with a file of code maps.
#[derive(Debug, thiserror::Error)]
pub enum CodeMapError {
    /// No TOML, or not of this form.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// An entry that can mean nothing.
    #[error("line {line}: {place}: {why}")]
    Entry {
        /// Where it stands.
        line: usize,
        /// Which source, table and code.
        place: String,
        /// What is wrong with it.
        why: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    source: Vec<SourceEntry>,
}

type Entries = BTreeMap<String, Spanned<String>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceEntry {
    name: Spanned<String>,
    /// The zone of times without an offset.
    time_zone: Option<Spanned<String>>,
    /// How its times are written; the usual ways where it is not given.
    time_format: Option<Spanned<String>>,
    #[serde(default)]
    fields: Entries,
    #[serde(default)]
    kinds: Entries,
    #[serde(default)]
    outcomes: Entries,
    #[serde(default)]
    procedures: Entries,
    #[serde(default)]
    departments: Entries,
    #[serde(default)]
    results: Entries,
    #[serde(default)]
    roles: Entries,
    #[serde(default)]
    places: Entries,
    #[serde(default)]
    forms: Entries,
}

impl CodeMaps {
    /// Reads a file of code maps. What our side does not know is refused here, not once for every message.
    ///
    /// ```
    /// let codes = wire::CodeMaps::from_toml("
    ///     [[source]]
    ///     name = 'province'
    ///     outcomes = { 1 = 'returned', 2 = 'granted' }
    /// ").unwrap();
    /// let closed = br#"{"event_id":"1","source":"province","kind":"closed","case_no":"c","outcome":1,
    ///     "occurred_at":"2018-10-18T16:00:00+08:00"}"#;
    /// assert!(wire::decode(closed, &codes).is_ok());
    /// assert!(wire::decode(closed, &wire::CodeMaps::default()).is_err());
    /// ```
    ///
    /// # Errors
    /// Names the line, the source, the table and the code.
    pub fn from_toml(text: &str) -> Result<Self, CodeMapError> {
        let file: File = toml::from_str(text)?;
        let mut by_source = BTreeMap::new();
        for entry in file.source {
            let name = entry.name.get_ref().clone();
            let refused = |why: &str| Err(refusal(text, &entry.name.span(), format!("source {name:?}"), why.to_owned()));
            if !is_text(&name, MAX_CODE) {
                return refused("a source is named by 1 to 64 characters");
            }
            if by_source.contains_key(&name) {
                return refused("it has a map already");
            }
            by_source.insert(name, entry.check(text)?);
        }
        Ok(Self { by_source })
    }

    /// The map of the source of a message, an empty one where it has none.
    pub(crate) fn of(&self, source: Option<&str>, message: &str) -> &SourceCodes {
        // Nothing is compared where nobody has a map.
        if self.by_source.is_empty() {
            return &NO_CODES;
        }
        let known = match source {
            Some(source) => self.by_source.get(source),
            None => self.named_otherwise(message),
        };
        known.unwrap_or(&NO_CODES)
    }

    /// The source of a message that has no `source`, but names one in the field that this source calls so.
    fn named_otherwise(&self, message: &str) -> Option<&SourceCodes> {
        let mut candidates = self.by_source.values().filter(|codes| codes.fields.contains_key("source")).peekable();
        candidates.peek()?;
        let pairs: Pairs<'_> = serde_json::from_str(message).ok()?;
        candidates.find(|codes| codes.fields.get("source").and_then(|field| pairs.text(field)).as_deref() == Some(&codes.name))
    }

    /// Whether no source has a map.
    pub fn is_empty(&self) -> bool {
        self.by_source.is_empty()
    }

    /// The sources that have a map.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.by_source.keys().map(String::as_str)
    }
}

impl SourceEntry {
    fn check(self, text: &str) -> Result<SourceCodes, CodeMapError> {
        let name = self.name.into_inner();
        let times = match (&self.time_zone, &self.time_format) {
            (None, None) => None,
            (None, Some(format)) => {
                let place = format!("source {name:?}: time_format");
                return Err(refusal(text, &format.span(), place, "it takes a time_zone".to_owned()));
            }
            (Some(zone), format) => {
                let times = LocalTimes::new(zone.get_ref(), format.as_ref().map(|format| format.get_ref().as_str()));
                let place = || format!("source {name:?}: time_zone, time_format");
                Some(times.map_err(|why| refusal(text, &zone.span(), place(), why))?)
            }
        };
        for (ours, theirs) in &self.fields {
            let why = match FIELDS.contains(&ours.as_str()) {
                false => format!("no field of an event: there are {}", FIELDS.join(", ")),
                true if theirs.get_ref().is_empty() => "a field has a name".to_owned(),
                true => continue,
            };
            return Err(refusal(text, &theirs.span(), format!("source {name:?}: fields.{ours}"), why));
        }
        let table = |table: &str, entries: Entries, is_ours: &dyn Fn(&str) -> bool, what: &str| {
            let check = |(code, ours): (String, Spanned<String>)| {
                if is_ours(ours.get_ref()) {
                    return Ok((code, ours.into_inner()));
                }
                let place = format!("source {name:?}: {table}.{code:?}");
                Err(refusal(text, &ours.span(), place, format!("{:?} is {what}", excerpt(ours.get_ref()))))
            };
            entries.into_iter().map(check).collect::<Result<Table, _>>()
        };
        Ok(SourceCodes {
            kinds: table("kinds", self.kinds, &is_kind, "no kind of event")?,
            outcomes: table("outcomes", self.outcomes, &|ours| is_ours("outcome", ours), &none_of(Outcome::ALL, |it| it.code()))?,
            procedures: table(
                "procedures",
                self.procedures,
                &|ours| Procedure::from_code(ours).is_some(),
                &none_of(Procedure::ALL, |it| it.code()),
            )?,
            departments: table(
                "departments",
                self.departments,
                &|ours| is_text(ours, MAX_TEXT),
                "no name: 1 to 256 characters, none of them a control character",
            )?,
            results: table(
                "results",
                self.results,
                &|ours| StepResult::from_code(ours).is_some(),
                &none_of(StepResult::ALL, |it| it.code()),
            )?,
            roles: table("roles", self.roles, &|ours| Role::from_code(ours).is_some(), &none_of(Role::ALL, |it| it.code()))?,
            places: table("places", self.places, &|ours| Place::from_code(ours).is_some(), &none_of(Place::ALL, |it| it.code()))?,
            fields: self.fields.into_iter().map(|(ours, theirs)| (ours, theirs.into_inner())).collect(),
            times,
            forms: table("forms", self.forms, &|ours| Form::from_code(ours).is_some(), &none_of(Form::ALL, |it| it.code()))?,
            name,
        })
    }
}

impl SourceCodes {
    /// Whether the source has no codes of its own.
    pub(crate) fn is_none(&self) -> bool {
        self.name.is_empty()
    }

    /// The message with our names of the fields.
    pub(crate) fn renamed(&self, message: &str) -> Option<String> {
        if self.fields.is_empty() { None } else { rename::renamed(message, &self.fields) }
    }

    /// The table for a field with codes.
    pub(crate) fn table(&self, field: &str) -> &Table {
        match field {
            "kind" => &self.kinds,
            "outcome" => &self.outcomes,
            "procedure" => &self.procedures,
            "department" => &self.departments,
            "result" => &self.results,
            "role" => &self.roles,
            "place" => &self.places,
            _ => &self.forms,
        }
    }

    /// Names the source in what is said of a code it has; whoever mends the map has to know which.
    pub(crate) fn named(&self, reason: Reason) -> Reason {
        if self.is_none() {
            return reason;
        }
        let name = &self.name;
        match reason {
            Reason::BrokenField { field, why } => Reason::BrokenField { field, why: format!("{why} (source {name:?})") },
            Reason::UnknownKind(kind) => Reason::UnknownKind(format!("{kind} (source {name:?})")),
            other => other,
        }
    }
}

/// Whether a code of a field is one of ours; departments have names, so any may be.
pub(crate) fn is_ours(field: &str, code: &str) -> bool {
    match field {
        "kind" => is_kind(code),
        "outcome" => Outcome::from_code(code).is_some() || Decision::from_code(code).is_some(),
        "procedure" => Procedure::from_code(code).is_some(),
        "result" => StepResult::from_code(code).is_some(),
        "role" => Role::from_code(code).is_some(),
        "place" => Place::from_code(code).is_some(),
        "form" => Form::from_code(code).is_some(),
        _ => true,
    }
}

fn none_of<T: Copy>(all: &[T], code: impl Fn(T) -> &'static str) -> String {
    let codes: Vec<&str> = all.iter().map(|it| code(*it)).collect();
    format!("none of ours: {}", codes.join(", "))
}

fn is_text(text: &str, most: usize) -> bool {
    !text.is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control)
}

fn refusal(text: &str, span: &Range<usize>, place: String, why: String) -> CodeMapError {
    let line = text.get(..span.start).unwrap_or_default().matches('\n').count() + 1;
    CodeMapError::Entry { line, place, why }
}
