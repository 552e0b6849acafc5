//! A calendar month.

use domain::Instant;
use jiff::{civil::Date, tz::TimeZone};

use crate::ReportError;

/// A calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    first: Date,
}

impl Month {
    /// Reads `2026-10`.
    ///
    /// # Errors
    /// It is not a month.
    pub fn parse(text: &str) -> Result<Self, ReportError> {
        let wrong = || ReportError::NotAMonth(text.to_owned());
        if text.len() != 7 {
            return Err(wrong());
        }
        let first = format!("{text}-01").parse().map_err(|_| wrong())?;
        Ok(Self { first })
    }

    /// The month of an instant in a zone.
    pub fn of(at: Instant, zone: &TimeZone) -> Self {
        let date = jiff::Timestamp::from_millisecond(at.ms()).map_or(Date::MIN, |at| zone.to_datetime(at).date());
        Self { first: date.first_of_month() }
    }

    /// The month `months` later.
    #[must_use]
    pub fn plus(self, months: i32) -> Self {
        Self { first: self.first.saturating_add(jiff::Span::new().months(months)) }
    }

    /// Its first instant in a zone.
    pub fn start(self, zone: &TimeZone) -> Instant {
        let at = zone.to_timestamp(self.first.into()).map_or(0, |at| at.as_millisecond());
        Instant::from_ms(at)
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.first.year(), self.first.month())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_read_and_counted_over_the_year() {
        let month = Month::parse("2026-01").unwrap();
        assert_eq!((month.plus(-1).to_string(), month.plus(-12).to_string()), ("2025-12".to_owned(), "2025-01".to_owned()));
        for wrong in ["2026", "2026-13", "2026-1", "26-01-01"] {
            assert!(Month::parse(wrong).is_err(), "{wrong}");
        }
    }
}
