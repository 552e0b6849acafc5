//! Office time: when people are at work.

use domain::{
    Calendar, Instant, Uncovered,
    counting::{Axis, Counting, Scale},
};
use jiff::{civil::Date, tz::TimeZone};

/// After the last year of the calendar of China the county goes on working, Monday to Friday at the
/// same hours. That is a guess about people, for a simulation; supervision itself never makes it.
const AFTERWARDS: &str = r#"
name = "afterwards"
time_zone = "Asia/Shanghai"
covers = [2027, 2060]
weekend = ["saturday", "sunday"]
holidays = []
workdays = []
office_hours = ["09:00-12:00", "13:30-17:00"]
"#;

/// Milliseconds of a second: everything happens on one.
pub(crate) const SECOND_MS: i64 = 1000;

#[derive(Debug, Clone)]
pub(crate) struct OfficeTime {
    known: Calendar,
    afterwards: Calendar,
    day_ms: i64,
}

impl OfficeTime {
    #[allow(clippy::expect_used, reason = "the text is compiled in and read by every test")]
    pub(crate) fn china() -> Self {
        let known = Calendar::china();
        let afterwards = Calendar::from_toml(AFTERWARDS).expect("the calendar is valid");
        Self { day_ms: known.standard_hours().length_ms(), known, afterwards }
    }

    /// Office milliseconds of a day.
    pub(crate) fn day_ms(&self) -> i64 {
        self.day_ms
    }

    pub(crate) fn zone(&self) -> &TimeZone {
        self.known.zone()
    }

    pub(crate) fn local_date(&self, at: Instant) -> Date {
        self.known.local_date(at)
    }

    /// The instant at which `passed` office milliseconds of a day have passed; none where the day is not worked.
    pub(crate) fn on_day(&self, date: Date, passed: i64) -> Option<Instant> {
        let calendar = self.calendar(date);
        if !calendar.is_working(calendar.day_on(date).ok()?) {
            return None;
        }
        let midnight = self.zone().to_timestamp(date.into()).ok()?.as_millisecond();
        let scale = office(calendar);
        // At the very opening the first instant with so much passed is yesterday's closing.
        let position = scale.position(Instant::from_ms(midnight)).ok()? + passed.max(1);
        scale.instant(position).ok().map(whole_second)
    }

    /// Whether the office has hours on this date at all.
    pub(crate) fn is_answered_for(&self, date: Date) -> bool {
        self.calendar(date).day_on(date).is_ok()
    }

    /// The instant after `ms` office milliseconds; the clock stops where even the guess ends.
    pub(crate) fn after(&self, at: Instant, ms: i64) -> Instant {
        self.try_after(at, ms.max(0)).map_or(at, whole_second).max(at)
    }

    fn try_after(&self, at: Instant, ms: i64) -> Result<Instant, Uncovered> {
        let end = self.known.ends_at();
        let afterwards = office(&self.afterwards);
        if at >= end {
            return afterwards.instant(afterwards.position(at)? + ms);
        }
        let known = office(&self.known);
        let reached = known.position(at)? + ms;
        let last = known.position(end.plus_ms(-1))?;
        if reached <= last { known.instant(reached) } else { afterwards.instant(reached - last) }
    }

    fn calendar(&self, date: Date) -> &Calendar {
        if date.year() > self.known.covers().1 { &self.afterwards } else { &self.known }
    }
}

fn office(calendar: &Calendar) -> Scale<'_> {
    Scale::new(calendar, Axis::OfficeHours, Counting::OfficeHours)
}

fn whole_second(at: Instant) -> Instant {
    Instant::from_ms(at.ms().div_euclid(SECOND_MS) * SECOND_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    #[test]
    fn office_time_passes_in_office_hours_only_and_goes_on_after_the_calendar() {
        let office = OfficeTime::china();
        assert_eq!(office.day_ms(), 13 * HOUR / 2);
        // Over lunch; over a night; over the National Day holiday of 2025 (1 to 8 October).
        assert_eq!(office.after(at("2025-09-30T11:30:00+08:00"), HOUR), at("2025-09-30T14:00:00+08:00"));
        assert_eq!(office.after(at("2025-09-29T16:30:00+08:00"), HOUR), at("2025-09-30T09:30:00+08:00"));
        assert_eq!(office.after(at("2025-09-30T16:30:00+08:00"), HOUR), at("2025-10-09T09:30:00+08:00"));
        // 2026-12-31 is a Thursday, the last day the calendar of China answers for.
        assert_eq!(office.after(at("2026-12-31T16:30:00+08:00"), HOUR), at("2027-01-01T09:30:00+08:00"));
        assert_eq!(office.after(at("2027-03-05T16:30:00+08:00"), HOUR), at("2027-03-08T09:30:00+08:00"));
    }

    #[test]
    fn a_day_off_has_no_office_time() {
        let office = OfficeTime::china();
        let on = |date: &str, passed| office.on_day(date.parse().unwrap(), passed);
        assert_eq!(on("2025-10-01", 0), None);
        assert_eq!(on("2025-10-09", 0), Some(at("2025-10-09T09:00:00+08:00")));
        // A Saturday worked in exchange for the holiday.
        assert_eq!(on("2025-10-11", 4 * HOUR), Some(at("2025-10-11T14:30:00+08:00")));
        assert!(office.is_answered_for("2040-01-01".parse().unwrap()));
        assert!(!office.is_answered_for("1999-01-01".parse().unwrap()));
    }
}
