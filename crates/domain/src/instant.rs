//! A point in time, to the millisecond.

use std::fmt;

use jiff::{Timestamp, fmt::temporal::DateTimeParser, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z. Finer fractions in a source are cut off.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Instant(i64);

/// Why a text is not an [`Instant`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InstantError {
    /// Not RFC 3339 with an offset.
    #[error("{0:?} is not an RFC 3339 date-time with an offset, such as 2018-10-15T10:00:00+08:00")]
    NotRfc3339(String),
    /// Outside the years a report can honestly come from.
    #[error("{0:?} is outside the years {FIRST_YEAR} to {LAST_YEAR}")]
    Absurd(String),
}

const FIRST_YEAR: i16 = 1980;
const LAST_YEAR: i16 = 2099;
/// 1980-01-01T00:00:00Z and 2100-01-01T00:00:00Z.
const BOUNDS_MS: std::ops::Range<i64> = 315_532_800_000..4_102_444_800_000;

impl Instant {
    /// The instant `ms` milliseconds after the Unix epoch.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// The instant `ms` milliseconds later (earlier when negative), held at the ends of the range.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Reads RFC 3339 with an offset (`Z` or `±hh:mm`) and refuses years outside 1980–2099.
    ///
    /// # Errors
    /// A text that is not RFC 3339, has no offset, or names an absurd year.
    ///
    /// ```
    /// use domain::Instant;
    /// let t: Instant = Instant::parse("2018-10-15T10:00:00+08:00").unwrap();
    /// assert_eq!(t.ms(), 1_539_568_800_000);
    /// assert!(Instant::parse("2018-10-15 10:00").is_err());
    /// assert!(Instant::parse("0018-10-15T10:00:00Z").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, InstantError> {
        static PARSER: DateTimeParser = DateTimeParser::new();
        let not_rfc3339 = || InstantError::NotRfc3339(excerpt(text));
        // The parser also takes RFC 9557 zone annotations, which the event format does not have.
        if text.len() > 40 || text.ends_with(']') {
            return Err(not_rfc3339());
        }
        let timestamp = PARSER.parse_timestamp(text).map_err(|_| not_rfc3339())?;
        let ms = timestamp.as_millisecond();
        if BOUNDS_MS.contains(&ms) { Ok(Self(ms)) } else { Err(InstantError::Absurd(excerpt(text))) }
    }

    /// The RFC 3339 text of this instant in `zone`; milliseconds are printed only where there are any.
    pub fn display_in(self, zone: &TimeZone) -> String {
        let Ok(timestamp) = Timestamp::from_millisecond(self.0) else {
            return format!("{} ms", self.0);
        };
        let offset = zone.to_offset(timestamp);
        let local = offset.to_datetime(timestamp);
        let seconds = offset.seconds();
        let (sign, seconds) = if seconds < 0 { ('-', -seconds) } else { ('+', seconds) };
        let fraction = match local.millisecond() {
            0 => String::new(),
            ms => format!(".{ms:03}"),
        };
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{fraction}{sign}{:02}:{:02}",
            local.year(),
            local.month(),
            local.day(),
            local.hour(),
            local.minute(),
            local.second(),
            seconds / 3600,
            seconds / 60 % 60,
        )
    }
}

/// At most 40 characters of a text, so that no message can blow up a log.
fn excerpt(text: &str) -> String {
    text.chars().take(40).collect()
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.display_in(&TimeZone::UTC))
    }
}
