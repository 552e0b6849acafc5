//! Event logs of other systems to events, and events to logs for other programs.
//!
//! ```text
//! XES, OCEL 2.0, tables ─▶ traces ─▶ a mapping ─▶ messages ─▶ the decoder ─▶ events
//! events, assessments ─▶ XES, OCEL 2.0
//! ```
//!
//! Whatever the form of a log, it is read as traces: the events of a case, each with attributes by name. Every event
//! made of them is built as a message and read by the same decoder as everything else, so nothing can come in this way
//! that could not come in by the topic. A log that was written here holds every field of its events and takes no mapping.

mod attributes;
mod mapping;
pub mod ocel;
pub mod table;
mod trace;
pub mod xes;

use std::{collections::BTreeMap, fmt};

pub use attributes::case_attributes;
pub use mapping::Mapping;

/// What is wrong with a mapping or a log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The mapping is not TOML, or not of this shape; names line and column.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
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
    /// The log is no JSON of OCEL 2.0; names line and column.
    #[error("not OCEL 2.0: {0}")]
    Ocel(#[from] serde_json::Error),
    /// A table without a column it needs.
    #[error("row {row}: {why}")]
    Table {
        /// Which row.
        row: u64,
        /// What is wrong with it.
        why: String,
    },
}

/// How the events of a log are to be read.
#[derive(Debug, Clone)]
pub enum Reading {
    /// It was written here.
    Own,
    /// By what a mapping says.
    By(Box<Mapping>),
}

impl Reading {
    /// The attribute that names the case of a trace.
    fn case_attribute(&self) -> &str {
        match self {
            Reading::Own => NAME,
            Reading::By(mapping) => &mapping.case_attribute,
        }
    }
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

impl ImportReport {
    fn broken(&mut self, events: usize, what: String) {
        self.broken_count += events as u64;
        if self.broken.len() < 100 {
            self.broken.push(what);
        }
    }
}

/// The attribute of a trace or an event that names it.
const NAME: &str = "concept:name";
const TIME: &str = "time:timestamp";
const LIFECYCLE: &str = "lifecycle:transition";
/// Before the names of our fields in a log that has attributes of others beside them.
const OWN: &str = "sundial:";
