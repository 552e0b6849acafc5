//! Working days and office hours of one region, as prefix sums.
//!
//! Everything a clock asks is answered in constant or logarithmic time from tables built once: the
//! start of every local day, the working days before it, and the counted and office milliseconds
//! before it. No day is ever walked.

use jiff::{
    civil::{Date, Weekday},
    tz::TimeZone,
};

use crate::{Instant, Text};

/// Milliseconds of a day of 24 hours.
pub const DAY_MS: i64 = 86_400_000;

/// An instant the calendar does not answer for. Never guessed around: the clock that needs it has
/// no due time, and the case says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the calendar covers {first} to {last}, not {year}")]
pub struct Uncovered {
    /// The year asked for (the nearest one outside, where an offset led out).
    pub year: i16,
    /// First year covered.
    pub first: i16,
    /// Last year covered.
    pub last: i16,
}

/// A day of the calendar, by its number from the first covered day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DayNo(pub(crate) u32);

/// Office hours of one weekday: periods of local time in milliseconds after midnight, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct OfficeHours {
    periods: Vec<(i64, i64)>,
    length: i64,
}

impl OfficeHours {
    /// Periods must be in order and not overlap; checked where they are read.
    pub(crate) fn new(periods: Vec<(i64, i64)>) -> Self {
        let length = periods.iter().map(|(open, close)| close - open).sum();
        Self { periods, length }
    }

    /// Opening, in milliseconds after midnight.
    fn open_ms(&self) -> i64 {
        self.periods.first().map_or(0, |(open, _)| *open)
    }

    /// Office milliseconds of a whole day.
    pub fn length_ms(&self) -> i64 {
        self.length
    }

    /// Close of business, in milliseconds after midnight.
    pub fn close_ms(&self) -> i64 {
        self.periods.last().map_or(DAY_MS, |(_, close)| *close)
    }

    /// Office milliseconds passed at `local` milliseconds after midnight.
    fn passed(&self, local: i64) -> i64 {
        self.periods.iter().map(|(open, close)| (local.min(*close) - open).max(0)).sum()
    }

    /// The first time of day, in milliseconds after midnight, at which `passed` have passed.
    fn time_at(&self, passed: i64) -> i64 {
        let mut left = passed;
        for (open, close) in &self.periods {
            if left <= close - open {
                return open + left;
            }
            left -= close - open;
        }
        self.close_ms()
    }
}

/// Why a day counts or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayKind<'a> {
    /// An ordinary working day.
    Workday,
    /// A weekend day.
    Weekend,
    /// A holiday, with its name.
    Holiday(&'a str),
    /// A weekend day worked in exchange for a holiday (调休).
    AdjustedWorkday(&'a str),
    /// A day that would be worked, but the offices of the region are closed.
    Closed(&'a str),
}

/// A named day that differs from its weekday.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NamedDay {
    pub(crate) date: Date,
    pub(crate) name: Text,
}

/// What a calendar is made of.
#[derive(Debug, Clone)]
pub(crate) struct CalendarParts {
    pub(crate) name: Text,
    pub(crate) zone: TimeZone,
    pub(crate) first_year: i16,
    pub(crate) last_year: i16,
    pub(crate) weekend: Vec<Weekday>,
    pub(crate) holidays: Vec<NamedDay>,
    pub(crate) workdays: Vec<NamedDay>,
    pub(crate) closures: Vec<NamedDay>,
    pub(crate) standard_hours: OfficeHours,
    pub(crate) weekday_hours: Vec<(Weekday, OfficeHours)>,
}

/// The calendar of one region.
#[derive(Debug, Clone)]
pub struct Calendar {
    parts: CalendarParts,
    first_date: Date,
    days: Vec<Day>,
    /// Numbers of the working days, in order.
    working: Vec<u32>,
}

/// One covered day. The sentinel after the last one carries the totals.
#[derive(Debug, Clone, Copy)]
struct Day {
    start: i64,
    working_before: u32,
    /// Milliseconds of working days before this one.
    counted_before: i64,
    /// Office milliseconds before this one.
    office_before: i64,
    /// Index into the distinct office hours.
    hours: u8,
    working: bool,
}

impl Calendar {
    /// The calendar of China, 2004–2026: State-Council holidays with adjusted workdays.
    #[allow(clippy::expect_used, reason = "the text is compiled in and read by a test")]
    pub fn china() -> Self {
        Self::from_toml(include_str!("../data/calendar-cn.toml")).expect("the built-in calendar is valid")
    }

    pub(crate) fn build(parts: CalendarParts) -> Result<Self, jiff::Error> {
        let first_date = Date::new(parts.first_year, 1, 1)?;
        let end_date = Date::new(parts.last_year + 1, 1, 1)?;
        let count = (end_date - first_date).get_days();
        let mut calendar = Self { first_date, days: Vec::with_capacity(count as usize + 1), working: Vec::new(), parts };
        let (mut counted, mut office) = (0, 0);
        for (number, date) in first_date.series(jiff::Span::new().days(1)).take(count as usize + 1).enumerate() {
            let start = calendar.parts.zone.to_timestamp(date.into())?.as_millisecond();
            if let Some(before) = calendar.days.last().copied()
                && before.working
            {
                counted += start - before.start;
                office += calendar.hours(before.hours).length_ms();
            }
            let working = (number as i32) < count && calendar.kind_of(date).counts();
            let day = Day {
                start,
                working_before: calendar.working.len() as u32,
                counted_before: counted,
                office_before: office,
                hours: calendar.hours_index(date),
                working,
            };
            if working {
                calendar.working.push(number as u32);
            }
            calendar.days.push(day);
        }
        Ok(calendar)
    }

    /// Its name, printed beside figures.
    pub fn name(&self) -> &str {
        &self.parts.name
    }

    /// The time zone all local dates are in.
    pub fn zone(&self) -> &TimeZone {
        &self.parts.zone
    }

    /// First and last year covered.
    pub fn covers(&self) -> (i16, i16) {
        (self.parts.first_year, self.parts.last_year)
    }

    /// The standard office hours: those of a weekday without hours of its own.
    pub fn standard_hours(&self) -> &OfficeHours {
        &self.parts.standard_hours
    }

    /// The first instant after the coverage.
    pub fn ends_at(&self) -> Instant {
        Instant::from_ms(self.sentinel().start)
    }

    /// The local day of an instant.
    ///
    /// # Errors
    /// The instant is outside the years covered.
    pub fn day_of(&self, at: Instant) -> Result<DayNo, Uncovered> {
        let first = self.days[0].start;
        if at.ms() < first || at.ms() >= self.sentinel().start {
            return Err(self.uncovered_at(at));
        }
        // Days have 23 to 25 hours, so the quotient is off by one at the most.
        let mut number = ((at.ms() - first) / DAY_MS) as usize;
        if self.days[number].start > at.ms() {
            number -= 1;
        } else if self.days.get(number + 1).is_some_and(|next| next.start <= at.ms()) {
            number += 1;
        }
        Ok(DayNo(number as u32))
    }

    /// The date of a day.
    pub fn date(&self, day: DayNo) -> Date {
        self.first_date.saturating_add(jiff::Span::new().days(i64::from(day.0)))
    }

    /// The local date of an instant, also outside the coverage: zones need no holidays.
    pub fn local_date(&self, at: Instant) -> Date {
        match self.day_of(at) {
            Ok(day) => self.date(day),
            Err(_) => self.zone_date(at),
        }
    }

    /// The day of a date.
    ///
    /// # Errors
    /// The date is outside the years covered.
    pub fn day_on(&self, date: Date) -> Result<DayNo, Uncovered> {
        let (first, last) = self.covers();
        if date.year() < first || date.year() > last {
            return Err(self.uncovered(date.year()));
        }
        Ok(DayNo((date - self.first_date).get_days() as u32))
    }

    /// Whether a day is worked.
    pub fn is_working(&self, day: DayNo) -> bool {
        self.days[day.0 as usize].working
    }

    /// Why a day counts or does not.
    pub fn kind(&self, day: DayNo) -> DayKind<'_> {
        self.kind_of(self.date(day))
    }

    /// What a date is: working, weekend, a holiday by its name, worked in exchange for one, or closed.
    ///
    /// ```
    /// use domain::calendar::{Calendar, DayKind};
    /// let calendar = Calendar::china();
    /// assert_eq!(calendar.on("2018-10-01".parse().unwrap()), Ok(DayKind::Holiday("国庆节")));
    /// assert_eq!(calendar.on("2018-09-29".parse().unwrap()), Ok(DayKind::AdjustedWorkday("国庆节")));
    /// assert!(calendar.on("1999-01-01".parse().unwrap()).is_err());
    /// ```
    ///
    /// # Errors
    /// The date is outside the years covered.
    pub fn on(&self, date: Date) -> Result<DayKind<'_>, Uncovered> {
        Ok(self.kind(self.day_on(date)?))
    }

    /// Working days of a year.
    ///
    /// # Errors
    /// The year is not covered.
    pub fn working_days_in(&self, year: i16) -> Result<u32, Uncovered> {
        let (first, last) = (Date::new(year, 1, 1), Date::new(year, 12, 31));
        match (first, last) {
            (Ok(first), Ok(last)) => self.working_days_between(first, last),
            _ => Err(self.uncovered(year)),
        }
    }

    /// Working days from one date to another, both counted.
    ///
    /// # Errors
    /// Either is not covered.
    pub fn working_days_between(&self, first: Date, last: Date) -> Result<u32, Uncovered> {
        let (first, last) = (self.day_on(first)?, self.day_on(last)?);
        Ok(self.working_through(last).saturating_sub(self.working_before(first)))
    }

    /// The days of the week that are no working days.
    pub fn weekend(&self) -> &[Weekday] {
        &self.parts.weekend
    }

    pub(crate) fn into_parts(self) -> CalendarParts {
        self.parts
    }

    /// Working days after the local day of one instant, up to that of a later one; none where it is not later.
    ///
    /// # Errors
    /// One of them is outside the years covered.
    pub fn working_days_since(&self, from: Instant, to: Instant) -> Result<u32, Uncovered> {
        let (first, last) = (self.day_of(from)?, self.day_of(to)?);
        Ok(self.working_through(last).saturating_sub(self.working_through(first)))
    }

    pub(crate) fn working_before(&self, day: DayNo) -> u32 {
        self.days[day.0 as usize].working_before
    }

    pub(crate) fn working_through(&self, day: DayNo) -> u32 {
        self.working_before(day) + u32::from(self.is_working(day))
    }

    /// The working day number `n`, from 0.
    pub(crate) fn nth_working(&self, n: i64) -> Result<DayNo, Uncovered> {
        usize::try_from(n)
            .ok()
            .and_then(|n| self.working.get(n))
            .map(|number| DayNo(*number))
            .ok_or_else(|| self.uncovered_beyond(n))
    }

    /// The first working day from `day` on.
    pub(crate) fn working_from(&self, day: DayNo) -> Result<DayNo, Uncovered> {
        self.nth_working(i64::from(self.working_before(day)))
    }

    /// The day number `n` from the first covered one.
    pub(crate) fn nth_day(&self, n: i64) -> Result<DayNo, Uncovered> {
        match u32::try_from(n) {
            Ok(number) if (number as usize) < self.days.len() - 1 => Ok(DayNo(number)),
            _ => Err(self.uncovered_beyond(n)),
        }
    }

    pub(crate) fn start(&self, day: DayNo) -> Instant {
        Instant::from_ms(self.days[day.0 as usize].start)
    }

    /// Close of business of a day (of the standard hours where the day is not worked).
    pub(crate) fn close(&self, day: DayNo) -> Instant {
        self.at_time(day, self.hours_of(day).close_ms())
    }

    /// Office milliseconds passed on `day` at an instant of that day.
    pub(crate) fn office_passed(&self, day: DayNo, at: Instant) -> i64 {
        self.hours_of(day).passed(self.time_of_day(day, at))
    }

    /// Local time of an instant of `day`, in milliseconds after midnight; after a change of the clocks, which
    /// happens at night, exact again.
    fn time_of_day(&self, day: DayNo, at: Instant) -> i64 {
        at.ms() - self.start(day).ms() + DAY_MS - self.length(day)
    }

    /// Whether nobody is at work: on a day that is not worked, or more than `tolerance_ms` before the opening
    /// or after the close. False where that cannot be told: for a time that is a mere date (midnight), and
    /// outside the years covered.
    pub(crate) fn is_out_of_hours(&self, at: Instant, tolerance_ms: i64) -> bool {
        let Ok(day) = self.day_of(at) else { return false };
        let (time, hours) = (self.time_of_day(day, at), self.hours_of(day));
        let open = hours.open_ms() - tolerance_ms..=hours.close_ms() + tolerance_ms;
        let somebody_is_at_work = self.is_working(day) && open.contains(&time);
        !somebody_is_at_work && !self.is_midnight(at)
    }

    /// Whether an instant is the beginning of a local day: sources that know only the date report that.
    pub(crate) fn is_midnight(&self, at: Instant) -> bool {
        self.day_of(at).is_ok_and(|day| self.start(day) == at)
    }

    /// The first instant of `day` at which `passed` office milliseconds have passed.
    pub(crate) fn office_instant(&self, day: DayNo, passed: i64) -> Instant {
        self.at_time(day, self.hours_of(day).time_at(passed))
    }

    pub(crate) fn hours_of(&self, day: DayNo) -> &OfficeHours {
        self.hours(self.days[day.0 as usize].hours)
    }

    /// Counted milliseconds (24 hours of every working day) before an instant.
    pub(crate) fn counted_before(&self, at: Instant) -> Result<i64, Uncovered> {
        let day = self.days[self.day_of(at)?.0 as usize];
        Ok(day.counted_before + if day.working { at.ms() - day.start } else { 0 })
    }

    /// The first instant before which `counted` milliseconds were counted.
    pub(crate) fn counted_instant(&self, counted: i64) -> Result<Instant, Uncovered> {
        let (day, rest) = self.working_day_at(counted, |day| day.counted_before)?;
        Ok(self.start(day).plus_ms(rest))
    }

    /// Office milliseconds before an instant.
    pub(crate) fn office_before(&self, at: Instant) -> Result<i64, Uncovered> {
        let number = self.day_of(at)?;
        let day = self.days[number.0 as usize];
        Ok(day.office_before + if day.working { self.office_passed(number, at) } else { 0 })
    }

    /// The first instant before which `office` milliseconds of office hours lie.
    pub(crate) fn office_instant_at(&self, office: i64) -> Result<Instant, Uncovered> {
        let (day, rest) = self.working_day_at(office, |day| day.office_before)?;
        Ok(self.office_instant(day, rest))
    }

    pub(crate) fn uncovered(&self, year: i16) -> Uncovered {
        let (first, last) = self.covers();
        Uncovered { year, first, last }
    }

    /// The working day in which a prefix sum reaches `sum`, and how much of it lies in that day.
    fn working_day_at(&self, sum: i64, prefix: impl Fn(&Day) -> i64) -> Result<(DayNo, i64), Uncovered> {
        let after = self.working.partition_point(|number| prefix(&self.days[*number as usize]) < sum);
        if sum < 0 || sum > prefix(self.sentinel()) {
            return Err(self.uncovered_beyond(sum));
        }
        let number = self.working[after.saturating_sub(1)];
        Ok((DayNo(number), sum - prefix(&self.days[number as usize])))
    }

    /// Local milliseconds after midnight as an instant. Where the clocks change, they do so in the
    /// night, before the offices open.
    fn at_time(&self, day: DayNo, local: i64) -> Instant {
        self.start(day).plus_ms(local + self.length(day) - DAY_MS)
    }

    fn length(&self, day: DayNo) -> i64 {
        self.days[day.0 as usize + 1].start - self.days[day.0 as usize].start
    }

    fn sentinel(&self) -> &Day {
        &self.days[self.days.len() - 1]
    }

    fn zone_date(&self, at: Instant) -> Date {
        jiff::Timestamp::from_millisecond(at.ms()).map_or(Date::MAX, |at| self.parts.zone.to_datetime(at).date())
    }

    fn uncovered_at(&self, at: Instant) -> Uncovered {
        self.uncovered(self.zone_date(at).year())
    }

    fn uncovered_beyond(&self, n: i64) -> Uncovered {
        let (first, last) = self.covers();
        self.uncovered(if n < 0 { first - 1 } else { last + 1 })
    }

    fn hours(&self, index: u8) -> &OfficeHours {
        match index {
            0 => &self.parts.standard_hours,
            n => &self.parts.weekday_hours[usize::from(n) - 1].1,
        }
    }

    fn hours_index(&self, date: Date) -> u8 {
        let own = self.parts.weekday_hours.iter().position(|(weekday, _)| *weekday == date.weekday());
        own.map_or(0, |index| index as u8 + 1)
    }

    fn kind_of(&self, date: Date) -> DayKind<'_> {
        let kind = self.kind_unless_closed(date);
        match self.parts.closures.binary_search_by_key(&date, |day| day.date) {
            Ok(at) if kind.counts() => DayKind::Closed(&self.parts.closures[at].name),
            _ => kind,
        }
    }

    fn kind_unless_closed(&self, date: Date) -> DayKind<'_> {
        let find = |days: &[NamedDay]| days.binary_search_by_key(&date, |day| day.date).ok();
        if let Some(at) = find(&self.parts.workdays) {
            DayKind::AdjustedWorkday(&self.parts.workdays[at].name)
        } else if let Some(at) = find(&self.parts.holidays) {
            DayKind::Holiday(&self.parts.holidays[at].name)
        } else if self.parts.weekend.contains(&date.weekday()) {
            DayKind::Weekend
        } else {
            DayKind::Workday
        }
    }
}

impl DayKind<'_> {
    /// Whether a day of this kind is worked.
    pub const fn counts(&self) -> bool {
        matches!(self, DayKind::Workday | DayKind::AdjustedWorkday(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// domain.md §3, counted from the notices of the State Council.
    const WORKING_DAYS_2015_TO_2026: [u32; 12] = [249, 250, 249, 250, 250, 249, 250, 249, 249, 251, 248, 248];

    #[test]
    fn china_has_the_known_number_of_working_days_each_year() {
        let china = Calendar::china();
        let counted: Vec<u32> = (2015..=2026).map(|year| china.working_days_in(year).unwrap()).collect();
        assert_eq!(counted, WORKING_DAYS_2015_TO_2026);
    }

    #[test]
    fn a_year_beyond_the_coverage_is_an_error_that_names_it() {
        let china = Calendar::china();
        let error = china.working_days_in(2027).unwrap_err();
        assert_eq!(error.to_string(), "the calendar covers 2004 to 2026, not 2027");
        assert!(china.day_of(Instant::parse("2027-01-01T00:00:00+08:00").unwrap()).is_err());
        assert!(china.day_of(Instant::parse("2026-12-31T23:59:59+08:00").unwrap()).is_ok());
    }

    /// [`Uncovered::year`]: the nearest one outside, where an offset led out.
    #[test]
    fn what_lies_before_the_first_day_or_after_the_last_names_the_year_next_to_the_coverage() {
        let china = Calendar::china();
        let days = 23 * 365 + 6;
        assert_eq!(china.nth_day(0).map(|day| china.date(day)), Ok(Date::constant(2004, 1, 1)));
        assert_eq!(china.nth_day(days - 1).map(|day| china.date(day)), Ok(Date::constant(2026, 12, 31)));
        let year = |error: Uncovered| error.year;
        assert_eq!([-1, days, i64::MAX].map(|n| china.nth_day(n).map_err(year)), [Err(2003), Err(2027), Err(2027)]);
        assert_eq!([-1, 100_000].map(|n| china.nth_working(n).map_err(year)), [Err(2003), Err(2027)]);
        assert_eq!([-1, i64::MAX].map(|sum| china.counted_instant(sum).map_err(year)), [Err(2003), Err(2027)]);
        assert_eq!([-1, i64::MAX].map(|sum| china.office_instant_at(sum).map_err(year)), [Err(2003), Err(2027)]);
    }

    #[test]
    fn nothing_has_counted_before_the_first_working_day_and_all_has_by_the_end() {
        let china = Calendar::china();
        let at = |text: &str| Instant::parse(text);
        // 2004-01-01 is a holiday, a Thursday; 2026-12-31 is worked.
        assert_eq!(china.counted_instant(0).ok(), at("2004-01-02T00:00:00+08:00").ok());
        assert_eq!(china.office_instant_at(0).ok(), at("2004-01-02T09:00:00+08:00").ok());
        let (counted, office) = (china.sentinel().counted_before, china.sentinel().office_before);
        assert_eq!(china.counted_instant(counted), Ok(china.ends_at()));
        assert_eq!(china.office_instant_at(office).ok(), at("2026-12-31T17:00:00+08:00").ok());
        assert!(china.counted_instant(counted + 1).is_err() && china.office_instant_at(office + 1).is_err());
        assert_eq!(office / china.standard_hours().length_ms(), counted / DAY_MS);
    }

    #[test]
    fn an_adjusted_workday_counts_and_says_why() {
        let china = Calendar::china();
        let day = china.day_on(Date::constant(2015, 1, 4)).unwrap();
        assert_eq!(china.kind(day), DayKind::AdjustedWorkday("元旦"));
        assert!(china.is_working(day));
    }

    #[test]
    fn prefix_sums_and_their_inverses_agree() {
        let china = Calendar::china();
        for text in ["2018-10-15T10:00:00+08:00", "2018-10-20T10:00:00+08:00", "2018-10-21T23:59:59+08:00"] {
            let at = Instant::parse(text).unwrap();
            let counted = china.counted_before(at).unwrap();
            let back = china.counted_instant(counted).unwrap();
            assert!(back <= at && china.counted_before(back).unwrap() == counted, "{text}");
            let office = china.office_before(at).unwrap();
            let back = china.office_instant_at(office).unwrap();
            assert!(back <= at && china.office_before(back).unwrap() == office, "{text}");
        }
    }
}
