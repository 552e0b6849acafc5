//! Messages nobody can read, of every sort there is.

use domain::Event;
use jiff::tz::TimeZone;
use rand::{Rng, RngExt};

use crate::faults::Message;

/// What is wrong with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Empty,
    NotJson,
    NotAnObject,
    CutOff,
    TrailingGarbage,
    ByteOrderMark,
    LoneSurrogate,
    NotUtf8,
    TooLarge,
    DeeplyNested,
    MissingField,
    FieldTwice,
    WrongType,
    HugeNumber,
    UnknownKind,
    UnknownCode,
    AbsurdYear,
    FarFuture,
    NoSuchDay,
    NoOffset,
    OverlongId,
    EmptyId,
    ControlCharacter,
    RevisionZero,
    NoKey,
    WrongKey,
}

impl Sort {
    pub(crate) const ALL: [Sort; 26] = [
        Sort::Empty,
        Sort::NotJson,
        Sort::NotAnObject,
        Sort::CutOff,
        Sort::TrailingGarbage,
        Sort::ByteOrderMark,
        Sort::LoneSurrogate,
        Sort::NotUtf8,
        Sort::TooLarge,
        Sort::DeeplyNested,
        Sort::MissingField,
        Sort::FieldTwice,
        Sort::WrongType,
        Sort::HugeNumber,
        Sort::UnknownKind,
        Sort::UnknownCode,
        Sort::AbsurdYear,
        Sort::FarFuture,
        Sort::NoSuchDay,
        Sort::NoOffset,
        Sort::OverlongId,
        Sort::EmptyId,
        Sort::ControlCharacter,
        Sort::RevisionZero,
        Sort::NoKey,
        Sort::WrongKey,
    ];

    pub(crate) fn any(rng: &mut impl Rng) -> Self {
        Self::ALL[rng.random_range(0..Self::ALL.len())]
    }

    /// An event spoiled in this way.
    pub(crate) fn spoil(self, event: &Event, zone: &TimeZone) -> Message {
        let good = wire::encode(event, zone);
        let with = |field: &str, value: &str| with_field(&good, field, value).into_bytes();
        let key = match self {
            Sort::NoKey => None,
            Sort::WrongKey => Some(b"another-case".to_vec()),
            _ => Some(event.case_no.as_bytes().to_vec()),
        };
        let payload = match self {
            Sort::Empty => Vec::new(),
            Sort::NotJson => b"<event/>".to_vec(),
            Sort::NotAnObject => format!("[{good}]").into_bytes(),
            Sort::CutOff => good.as_bytes()[..good.len() / 2].to_vec(),
            Sort::TrailingGarbage => format!("{good}{good}").into_bytes(),
            Sort::ByteOrderMark => format!("\u{feff}{good}").into_bytes(),
            Sort::LoneSurrogate => with("handler", "\"w\\ud800\""),
            Sort::NotUtf8 => {
                good.replacen('{', "{\"x\":\"?\",", 1).into_bytes().iter().map(|b| if *b == b'?' { 0xff } else { *b }).collect()
            }
            // Near the megabyte that a broker takes with its default settings.
            Sort::TooLarge => with("padding", &format!("\"{}\"", "x".repeat(900_000))),
            Sort::DeeplyNested => with("source", &format!("{}{}", "[".repeat(5_000), "]".repeat(5_000))),
            Sort::MissingField => good.replacen("\"event_id\":", "\"event_key\":", 1).into_bytes(),
            Sort::FieldTwice => good.replacen('{', "{\"case_no\":\"twice\",", 1).into_bytes(),
            Sort::WrongType => with("case_no", "7"),
            Sort::HugeNumber => with("revision", "1e999"),
            Sort::UnknownKind => with("kind", "\"sneezed\""),
            Sort::UnknownCode => with("role", "\"cat\""),
            Sort::AbsurdYear => with("occurred_at", "\"0025-03-03T09:00:00+08:00\""),
            Sort::FarFuture => with("occurred_at", "\"9999-03-03T09:00:00+08:00\""),
            Sort::NoSuchDay => with("occurred_at", "\"2025-02-30T09:00:00+08:00\""),
            Sort::NoOffset => with("occurred_at", "\"2025-03-03 09:00:00\""),
            Sort::OverlongId => with("event_id", &format!("\"{}\"", "9".repeat(200))),
            Sort::EmptyId => with("event_id", "\"\""),
            Sort::ControlCharacter => with("handler", "\"w\\u0000\""),
            Sort::RevisionZero => with("revision", "0"),
            Sort::NoKey | Sort::WrongKey => good.into_bytes(),
        };
        Message { key, payload, broken: true, event: None }
    }
}

/// A message with another value (as JSON) for a field, put in where it has none. Reads what
/// [`wire::encode`] wrote of a simulated event: texts without quotes and backslashes.
fn with_field(good: &str, field: &str, value: &str) -> String {
    let name = format!("\"{field}\":");
    let Some((before, rest)) = good.split_once(&name) else {
        return good.replacen('{', &format!("{{{name}{value},"), 1);
    };
    let end = match rest.strip_prefix('"') {
        Some(text) => text.find('"').map_or(rest.len(), |quote| quote + 2),
        None => rest.find([',', '}']).unwrap_or(rest.len()),
    };
    format!("{before}{name}{value}{}", &rest[end..])
}
