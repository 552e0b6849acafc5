//! The JSON on the topic to and from the domain. The only crate that knows the message format.
//!
//! ```text
//! message ─▶ decode_message ─▶ domain::Event      or a Reason, for the dead-letter topic
//!             ▲ CodeMaps: what each source's own codes mean
//! domain::Event ─▶ encode ─▶ message
//! Assessment, Figures ─▶ the JSON of `sundial assess`
//! Explanation, Project ─▶ the JSON of `sundial explain` and `sundial project`
//! ```

mod assessment;
mod codes;
mod coverage;
mod decode;
mod encode;
mod explanation;
mod figures;
mod local_time;
mod project;
mod reason;
mod rename;
mod value;

pub mod log;

pub use assessment::AssessmentJson;
pub use codes::{CodeMapError, CodeMaps};
pub use coverage::{Coverage, Meaning, Seen};
pub use decode::{MAX_BYTES, decode, decode_message, decode_stored};
pub use encode::encode;
pub use explanation::ExplanationJson;
pub use figures::FiguresJson;
pub use project::ProjectJson;
pub use reason::Reason;

use serde::Serializer;

/// Rounds to four decimals, as every number shown to a person is.
pub fn round4(value: f64) -> f64 {
    let rounded = (value * 10_000.0).round() / 10_000.0;
    // Minus zero reads as a mistake.
    if rounded == 0.0 { 0.0 } else { rounded }
}

fn rounded<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(round4(*value))
}

fn rounded_option<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.serialize_f64(round4(*value)),
        None => serializer.serialize_none(),
    }
}
