//! Something to say about a place of a file that a person keeps.

use std::fmt;

/// Something to say about a place of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// `row 3`, or `line 12`; empty where it is about the whole.
    pub place: String,
    /// The column or key; empty where it is about the whole row.
    pub column: String,
    /// What is to be said.
    pub what: String,
}

impl Remark {
    pub(crate) fn new(place: impl Into<String>, column: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), column: column.into(), what: what.into() }
    }

    /// About a place of a text, by its line.
    pub(crate) fn at(text: &str, at: usize, column: impl Into<String>, what: impl Into<String>) -> Self {
        Self::new(format!("line {}", line_of(text, at)), column, what)
    }

    /// About a text that is not TOML, or not of the form expected.
    pub(crate) fn of_toml(text: &str, error: &toml::de::Error) -> Self {
        Self::at(text, error.span().map_or(0, |span| span.start), "", error.message())
    }
}

pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or_default().matches('\n').count() + 1
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = [self.place.as_str(), self.column.as_str()].into_iter().filter(|part| !part.is_empty());
        let place: Vec<&str> = place.collect();
        match place.is_empty() {
            true => f.write_str(&self.what),
            false => write!(f, "{}: {}", place.join(", "), self.what),
        }
    }
}

/// Several of them, one a line.
pub(crate) fn fmt_lines(remarks: &[Remark], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (number, remark) in remarks.iter().enumerate() {
        write!(f, "{}{remark}", if number == 0 { "" } else { "\n" })?;
    }
    Ok(())
}
