//! Why a message cannot be taken.

/// Why a message goes to the dead-letter topic. The text names the field and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// No payload at all.
    #[error("the message has no payload")]
    Empty,
    /// Larger than any step of a case can be.
    #[error("the message has {bytes} bytes, more than {}", crate::MAX_BYTES)]
    TooLarge {
        /// How large it is.
        bytes: usize,
    },
    /// Not UTF-8.
    #[error("the message is not UTF-8 at byte {at}")]
    NotUtf8 {
        /// The first byte that is not.
        at: usize,
    },
    /// Not JSON, or not an object.
    #[error("not a JSON object: {0}")]
    NotJson(String),
    /// A field that must be there is not.
    #[error("the field {0:?} is missing")]
    MissingField(&'static str),
    /// A field has a value it cannot have.
    #[error("the field {field:?} is broken: {why}")]
    BrokenField {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A kind of event that is not known, quoted.
    #[error("unknown kind {0}")]
    UnknownKind(String),
    /// The message's key is not its case number: its case would be spread over partitions.
    #[error("the key of the message is not its case_no")]
    WrongKey,
}

impl Reason {
    /// Every code there is.
    pub const CODES: [&'static str; 8] =
        ["empty", "too_large", "not_utf8", "not_json", "missing_field", "broken_field", "unknown_kind", "wrong_key"];

    /// A short code of a bounded set, for metrics and headers.
    pub fn code(&self) -> &'static str {
        match self {
            Reason::Empty => "empty",
            Reason::TooLarge { .. } => "too_large",
            Reason::NotUtf8 { .. } => "not_utf8",
            Reason::NotJson(_) => "not_json",
            Reason::MissingField(_) => "missing_field",
            Reason::BrokenField { .. } => "broken_field",
            Reason::UnknownKind(_) => "unknown_kind",
            Reason::WrongKey => "wrong_key",
        }
    }
}

/// At most 80 characters of a value, so that no message can blow up a log or a header.
pub(crate) fn excerpt(text: &str) -> String {
    let mut excerpt: String = text.chars().take(80).collect();
    if excerpt.len() < text.len() {
        excerpt.push('…');
    }
    excerpt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_listed() {
        let (text, field) = (String::new(), "kind");
        let all = [
            Reason::Empty,
            Reason::TooLarge { bytes: 1 },
            Reason::NotUtf8 { at: 0 },
            Reason::NotJson(text.clone()),
            Reason::MissingField(field),
            Reason::BrokenField { field, why: text.clone() },
            Reason::UnknownKind(text),
            Reason::WrongKey,
        ];
        assert_eq!(all.map(|reason| reason.code()), Reason::CODES);
    }
}
