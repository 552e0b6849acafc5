//! Calendars from TOML, every mistake at once.

use std::{collections::BTreeMap, fmt, ops::Range};

use jiff::{
    civil::{Date, Weekday},
    tz::TimeZone,
};
use serde::Deserialize;
use toml::Spanned;

use crate::{
    calendar::{Calendar, CalendarParts, DayKind, NamedDay, OfficeHours},
    remark::{Remark, fmt_lines},
};

/// What is wrong with a calendar file: every mistake, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarError(pub Vec<Remark>);

impl fmt::Display for CalendarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_lines(&self.0, f)
    }
}

impl std::error::Error for CalendarError {}

type Entries = Vec<Spanned<String>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarFile {
    name: String,
    /// A built-in calendar whose days hold where this file says nothing of them.
    extends: Option<Spanned<String>>,
    time_zone: Option<Spanned<String>>,
    covers: Option<Spanned<[i16; 2]>>,
    weekend: Option<Entries>,
    #[serde(default)]
    holidays: Entries,
    #[serde(default)]
    workdays: Entries,
    /// Days on which the offices of the region are closed, whatever day it is.
    #[serde(default)]
    closures: Entries,
    office_hours: Option<Spanned<Entries>>,
    #[serde(default)]
    office_hours_of: BTreeMap<Spanned<String>, Spanned<Entries>>,
}

impl Calendar {
    /// Reads a calendar. One that `extends` a built-in calendar says what is otherwise in its region: days and years of
    /// its own, closures, office hours.
    ///
    /// ```
    /// let calendar = domain::Calendar::from_toml(r#"
    ///     name = "nl"
    ///     time_zone = "Europe/Amsterdam"
    ///     covers = [2010, 2012]
    ///     weekend = ["saturday", "sunday"]
    ///     holidays = ["2011-04-25 Easter Monday", "2011-12-25..2011-12-26 Christmas"]
    ///     workdays = []
    ///     office_hours = ["09:00-12:00", "13:30-17:00"]
    ///     office_hours_of.friday = ["09:00-12:00"]
    /// "#).unwrap();
    /// assert_eq!(calendar.working_days_in(2011).unwrap(), 260 - 2);
    ///
    /// let county = domain::Calendar::from_toml(r#"
    ///     name = "our county"
    ///     extends = "cn"
    ///     holidays = ["2026-11-10 自治县成立纪念日"]
    ///     closures = ["2026-03-05..2026-03-06 大厅搬迁"]
    /// "#).unwrap();
    /// assert_eq!(county.working_days_in(2026).unwrap(), 248 - 3);
    /// ```
    ///
    /// # Errors
    /// Every mistake, each with its line and key.
    pub fn from_toml(text: &str) -> Result<Self, CalendarError> {
        check(text).0
    }
}

/// Reads a calendar, and tells besides what it says and probably does not mean.
pub fn check(text: &str) -> (Result<Calendar, CalendarError>, Vec<Remark>) {
    let file: CalendarFile = match toml::from_str(text) {
        Ok(file) => file,
        Err(error) => return (Err(CalendarError(vec![Remark::of_toml(text, &error)])), Vec::new()),
    };
    let mut read = Reading { text, errors: Vec::new() };
    let parts = read.parts(&file);
    if !read.errors.is_empty() {
        return (Err(CalendarError(read.errors)), Vec::new());
    }
    match Calendar::build(parts) {
        Ok(calendar) => {
            let doubts = doubts(text, &file, &calendar);
            (Ok(calendar), doubts)
        }
        Err(error) => (Err(CalendarError(vec![Remark::new("", "covers", error.to_string())])), Vec::new()),
    }
}

/// Reads the values of a file, and keeps what is wrong with them.
struct Reading<'t> {
    text: &'t str,
    errors: Vec<Remark>,
}

impl Reading<'_> {
    fn wrong(&mut self, span: &Range<usize>, field: &str, why: impl Into<String>) {
        self.errors.push(Remark::at(self.text, span.start, field, why));
    }

    fn missing(&mut self, field: &str) {
        self.errors.push(Remark::new("", field, "缺少此键 / the key is missing (or `extends`)"));
    }

    fn parts(&mut self, file: &CalendarFile) -> CalendarParts {
        let base = file.extends.as_ref().and_then(|name| match name.get_ref().as_str() {
            "cn" => Some(Calendar::china().into_parts()),
            other => {
                self.wrong(&name.span(), "extends", format!("{other:?}: 内置日历只有 cn / the only built-in calendar is cn"));
                None
            }
        });
        let (first_year, last_year) = self.covers(file, base.as_ref());
        let covers = [first_year, last_year];
        let zone = self.zone(file, base.as_ref());
        let standard_hours = match (&file.office_hours, &base) {
            (Some(hours), _) => self.office_hours("office_hours", hours),
            (None, Some(base)) => base.standard_hours.clone(),
            (None, None) => {
                self.missing("office_hours");
                OfficeHours::new(Vec::new())
            }
        };
        let mut weekday_hours = Vec::new();
        for (day, hours) in &file.office_hours_of {
            let hours = self.office_hours("office_hours_of", hours);
            weekday_hours.extend(self.weekday("office_hours_of", day).map(|day| (day, hours)));
        }
        let weekend = match (&file.weekend, &base) {
            (Some(days), _) => days.iter().filter_map(|day| self.weekday("weekend", day)).collect(),
            (None, Some(base)) => base.weekend.clone(),
            (None, None) => vec![Weekday::Saturday, Weekday::Sunday],
        };
        let mut holidays = self.named_days("holidays", &file.holidays, covers);
        let mut workdays = self.named_days("workdays", &file.workdays, covers);
        let closures = self.named_days("closures", &file.closures, covers);
        if let Some(both) = holidays.iter().find(|day| is_named(&workdays, day.date)) {
            let what = format!("{}: 既是节假日又是调休上班日 / both a holiday and a workday", both.date);
            self.errors.push(Remark::new("", "workdays", what));
        }
        if let Some(base) = base {
            let own: Vec<Date> = holidays.iter().chain(&workdays).map(|day| day.date).collect();
            let holds = |day: &NamedDay| (first_year..=last_year).contains(&day.date.year()) && !own.contains(&day.date);
            holidays.extend(base.holidays.into_iter().filter(holds));
            workdays.extend(base.workdays.into_iter().filter(holds));
            holidays.sort_by_key(|day| day.date);
            workdays.sort_by_key(|day| day.date);
        }
        let name = file.name.as_str().into();
        CalendarParts { name, zone, first_year, last_year, weekend, holidays, workdays, closures, standard_hours, weekday_hours }
    }

    fn covers(&mut self, file: &CalendarFile, base: Option<&CalendarParts>) -> (i16, i16) {
        let Some(covers) = &file.covers else {
            if base.is_none() {
                self.missing("covers");
            }
            return base.map_or((1980, 2099), |base| (base.first_year, base.last_year));
        };
        let [first, last] = *covers.get_ref();
        if first > last || first < 1980 || last > 2099 {
            let what = format!("[{first}, {last}]: 应为 [首年, 末年] / expected [first, last] between 1980 and 2099");
            self.wrong(&covers.span(), "covers", what);
            return (1980, 2099);
        }
        (first, last)
    }

    fn zone(&mut self, file: &CalendarFile, base: Option<&CalendarParts>) -> TimeZone {
        match (&file.time_zone, base) {
            (Some(name), _) => TimeZone::get(name.get_ref()).unwrap_or_else(|error| {
                self.wrong(&name.span(), "time_zone", error.to_string());
                TimeZone::UTC
            }),
            (None, Some(base)) => base.zone.clone(),
            (None, None) => {
                self.missing("time_zone");
                TimeZone::UTC
            }
        }
    }

    fn weekday(&mut self, field: &str, name: &Spanned<String>) -> Option<Weekday> {
        Some(match name.get_ref().as_str() {
            "monday" => Weekday::Monday,
            "tuesday" => Weekday::Tuesday,
            "wednesday" => Weekday::Wednesday,
            "thursday" => Weekday::Thursday,
            "friday" => Weekday::Friday,
            "saturday" => Weekday::Saturday,
            "sunday" => Weekday::Sunday,
            other => {
                self.wrong(&name.span(), field, format!("{other:?}: 应为星期 / expected monday … sunday"));
                return None;
            }
        })
    }

    fn named_days(&mut self, field: &str, entries: &Entries, covers: [i16; 2]) -> Vec<NamedDay> {
        let mut days: Vec<NamedDay> = Vec::new();
        for entry in entries {
            let text = entry.get_ref();
            let refused = match span_of(text) {
                None => "应为 YYYY-MM-DD 或 首日..末日，再加名称 / expected YYYY-MM-DD or FIRST..LAST, then a name".to_owned(),
                Some((first, last, _)) if last < first => "末日早于首日 / the last day is before the first".to_owned(),
                Some((first, last, _)) if first.year() < covers[0] || last.year() > covers[1] => {
                    format!("超出覆盖年份 / outside the covered years {} to {}", covers[0], covers[1])
                }
                Some((first, last, name)) => {
                    let span = first.series(jiff::Span::new().days(1)).take_while(|date| *date <= last);
                    days.extend(span.map(|date| NamedDay { date, name: name.into() }));
                    continue;
                }
            };
            self.wrong(&entry.span(), field, format!("{text:?}: {refused}"));
        }
        days.sort_by_key(|day| day.date);
        for twice in days.windows(2).filter(|pair| pair[0].date == pair[1].date) {
            let what = format!("{}: 重复（{}、{}）/ named twice", twice[0].date, twice[0].name, twice[1].name);
            self.errors.push(Remark::new("", field, what));
        }
        days
    }

    fn office_hours(&mut self, field: &str, periods: &Spanned<Entries>) -> OfficeHours {
        let mut parsed: Vec<(i64, i64)> = Vec::new();
        for period in periods.get_ref() {
            match period_of(period.get_ref()) {
                Some((open, close)) if parsed.last().is_none_or(|(_, before)| *before <= open) => parsed.push((open, close)),
                _ => {
                    let what = format!(
                        "{:?}: 应为 HH:MM-HH:MM，先后有序 / expected HH:MM-HH:MM, in order, not overlapping",
                        period.get_ref()
                    );
                    self.wrong(&period.span(), field, what);
                }
            }
        }
        if periods.get_ref().is_empty() {
            self.wrong(&periods.span(), field, "没有办公时间 / an office needs hours");
        }
        OfficeHours::new(parsed)
    }
}

/// `DATE`, or `FIRST..LAST`, then a space and the name, which may be left out.
fn span_of(entry: &str) -> Option<(Date, Date, &str)> {
    let (span, name) = entry.split_once(' ').unwrap_or((entry, ""));
    let (first, last) = span.split_once("..").unwrap_or((span, span));
    Some((first.parse().ok()?, last.parse().ok()?, name.trim()))
}

fn period_of(text: &str) -> Option<(i64, i64)> {
    let (open, close) = text.split_once('-')?;
    let (open, close) = (time_of_day(open)?, time_of_day(close)?);
    (open < close).then_some((open, close))
}

/// `HH:MM` in milliseconds after midnight; `24:00` is the end of the day.
fn time_of_day(text: &str) -> Option<i64> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let within = (0..24).contains(&hours) && (0..60).contains(&minutes);
    (within || (hours, minutes) == (24, 0)).then_some((hours * 60 + minutes) * 60_000)
}

fn is_named(days: &[NamedDay], date: Date) -> bool {
    days.binary_search_by_key(&date, |day| day.date).is_ok()
}

/// A year of offices has about so many working days.
const PLAUSIBLE: std::ops::RangeInclusive<u32> = 240..=262;

/// What a calendar says and probably does not mean.
fn doubts(text: &str, file: &CalendarFile, calendar: &Calendar) -> Vec<Remark> {
    let mut doubts = Vec::new();
    for (field, entries) in [("holidays", &file.holidays), ("workdays", &file.workdays), ("closures", &file.closures)] {
        for entry in entries {
            let Some((first, last, name)) = span_of(entry.get_ref()) else { continue };
            let mut doubt = |what: &str| {
                doubts.push(Remark::at(text, entry.span().start, field, format!("{:?}: {what}", entry.get_ref())));
            };
            if name.is_empty() {
                doubt("没有名称 / it has no name");
            }
            let days = || first.series(jiff::Span::new().days(1)).take_while(|date| *date <= last);
            let is_weekend = |date: Date| calendar.weekend().contains(&date.weekday());
            if field == "workdays" && days().any(|date| !is_weekend(date)) {
                doubt("本来就是工作日 / worked anyway, it is no weekend");
            }
            if field == "closures" && days().all(|date| !matches!(calendar.on(date), Ok(DayKind::Closed(_)))) {
                doubt("本来就不上班 / not worked anyway");
            }
        }
    }
    let (first, last) = calendar.covers();
    for year in first..=last {
        let january = Date::constant(year, 1, 1);
        let days = january.series(jiff::Span::new().days(1)).take_while(|date| date.year() == year);
        let holidays = days.filter(|date| matches!(calendar.on(*date), Ok(DayKind::Holiday(_)))).count();
        if holidays == 0 {
            let what = format!("{year} 年没有任何节假日 / {year} is covered and has no holiday at all");
            doubts.push(Remark::new("", "covers", what));
        } else if let Ok(days) = calendar.working_days_in(year)
            && !PLAUSIBLE.contains(&days)
        {
            let what = format!("{year} 年有 {days} 个工作日，不合常理 / {year} has {days} working days, which is hardly so");
            doubts.push(Remark::new("", "covers", what));
        }
    }
    doubts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_names_its_line_field_and_value() {
        let text = r#"
            name = "x"
            time_zone = "Asia/Nowhere"
            covers = [2020, 2020]
            holidays = [
                "2020-13-01 nowhere",
                "2021-01-01 元旦",
                "2020-01-02..2020-01-01 back",
            ]
            office_hours = ["09:00-17:00", "16:00-18:00"]
        "#;
        let error = Calendar::from_toml(text).unwrap_err();
        let told: Vec<String> = error.0.iter().map(|it| format!("{} {}", it.place, it.column)).collect();
        assert_eq!(told, ["line 3 time_zone", "line 10 office_hours", "line 6 holidays", "line 7 holidays", "line 8 holidays"]);
        assert!(error.to_string().contains(r#"line 6, holidays: "2020-13-01 nowhere""#), "{error}");
        let unknown = Calendar::from_toml("name = 'x'\nholiday = []").unwrap_err();
        assert_eq!(unknown.0[0].place, "line 2");
        let bare = Calendar::from_toml("name = 'x'").unwrap_err();
        assert_eq!(bare.0.len(), 3, "{bare}");
    }

    #[test]
    fn a_region_says_what_is_otherwise_there_and_the_rest_holds() {
        let text = r#"
            name = "county"
            extends = "cn"
            covers = [2004, 2027]
            holidays = ["2026-02-24 春节", "2027-01-01 元旦"]
            workdays = ["2026-02-23 春节"]
            closures = ["2026-02-14 搬迁", "2026-03-07 周末"]
            office_hours_of.friday = ["09:00-12:00"]
        "#;
        let (calendar, doubts) = check(text);
        let calendar = calendar.unwrap();
        let on = |date: &str| calendar.on(date.parse().unwrap());
        assert_eq!(on("2026-02-23"), Ok(DayKind::AdjustedWorkday("春节")), "a holiday of the built-in calendar");
        assert_eq!(on("2026-02-24"), Ok(DayKind::Holiday("春节")));
        assert_eq!(on("2026-02-14"), Ok(DayKind::Closed("搬迁")), "an adjusted workday, and closed");
        assert_eq!(on("2026-03-07"), Ok(DayKind::Weekend));
        assert_eq!(on("2026-10-01"), Ok(DayKind::Holiday("国庆节")));
        assert!(on("2028-01-01").is_err());
        let told: Vec<String> = doubts.iter().map(|it| format!("{} {}", it.place, it.column)).collect();
        assert_eq!(told, ["line 6 workdays", "line 7 closures"], "{doubts:?}");
    }

    #[test]
    fn a_year_that_was_forgotten_is_doubtful() {
        let (_, doubts) = check("name = 'x'\nextends = 'cn'\ncovers = [2020, 2027]\n");
        assert_eq!(doubts.len(), 1);
        assert!(doubts[0].to_string().starts_with("covers: 2027 年没有任何节假日"), "{}", doubts[0]);
    }

    #[test]
    fn no_day_is_both_a_holiday_and_worked() {
        let error = Calendar::from_toml("name='x'\nextends='cn'\nholidays=['2026-03-02']\nworkdays=['2026-03-02']").unwrap_err();
        assert!(error.to_string().starts_with("workdays: 2026-03-02"), "{error}");
    }

    #[test]
    fn the_built_in_calendar_raises_no_doubt() {
        let (calendar, doubts) = check(include_str!("../data/calendar-cn.toml"));
        assert!(calendar.is_ok());
        assert_eq!(doubts, []);
    }
}
