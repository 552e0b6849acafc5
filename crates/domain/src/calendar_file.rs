//! Calendars from TOML.

use jiff::{
    civil::{Date, Weekday},
    tz::TimeZone,
};
use serde::Deserialize;

use crate::calendar::{Calendar, CalendarParts, NamedDay, OfficeHours};

/// What is wrong with a calendar file.
#[derive(Debug, thiserror::Error)]
pub enum CalendarError {
    /// Not TOML, or not of this shape; names line and column.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// A field with a value it cannot have.
    #[error("{field}: {value:?}: {why}")]
    Field {
        /// Which field.
        field: &'static str,
        /// Its value.
        value: String,
        /// What is expected.
        why: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarFile {
    name: String,
    time_zone: String,
    covers: [i16; 2],
    #[serde(default = "saturday_and_sunday")]
    weekend: Vec<String>,
    #[serde(default)]
    holidays: Vec<String>,
    #[serde(default)]
    workdays: Vec<String>,
    office_hours: Vec<String>,
    #[serde(default)]
    office_hours_of: std::collections::BTreeMap<String, Vec<String>>,
}

fn saturday_and_sunday() -> Vec<String> {
    vec!["saturday".to_owned(), "sunday".to_owned()]
}

impl Calendar {
    /// Reads a calendar.
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
    /// ```
    ///
    /// # Errors
    /// Names the line (of a mistake in the TOML) or the field and its value.
    pub fn from_toml(text: &str) -> Result<Self, CalendarError> {
        let file: CalendarFile = toml::from_str(text)?;
        let [first_year, last_year] = file.covers;
        if first_year > last_year || first_year < 1980 || last_year > 2099 {
            return Err(wrong("covers", format!("{:?}", file.covers), "expected [first, last] between 1980 and 2099"));
        }
        let zone =
            TimeZone::get(&file.time_zone).map_err(|error| wrong("time_zone", file.time_zone.clone(), error.to_string()))?;
        let weekday_hours = file
            .office_hours_of
            .iter()
            .map(|(day, hours)| Ok((weekday("office_hours_of", day)?, office_hours(hours)?)))
            .collect::<Result<Vec<_>, CalendarError>>()?;
        let parts = CalendarParts {
            name: file.name.into(),
            zone,
            first_year,
            last_year,
            weekend: file.weekend.iter().map(|day| weekday("weekend", day)).collect::<Result<_, _>>()?,
            holidays: named_days("holidays", &file.holidays, file.covers)?,
            workdays: named_days("workdays", &file.workdays, file.covers)?,
            standard_hours: office_hours(&file.office_hours)?,
            weekday_hours,
        };
        Calendar::build(parts).map_err(|error| wrong("covers", format!("{:?}", file.covers), error.to_string()))
    }
}

fn wrong(field: &'static str, value: impl Into<String>, why: impl Into<String>) -> CalendarError {
    CalendarError::Field { field, value: value.into(), why: why.into() }
}

fn weekday(field: &'static str, name: &str) -> Result<Weekday, CalendarError> {
    Ok(match name {
        "monday" => Weekday::Monday,
        "tuesday" => Weekday::Tuesday,
        "wednesday" => Weekday::Wednesday,
        "thursday" => Weekday::Thursday,
        "friday" => Weekday::Friday,
        "saturday" => Weekday::Saturday,
        "sunday" => Weekday::Sunday,
        _ => return Err(wrong(field, name, "expected monday … sunday")),
    })
}

/// `DATE`, or `FIRST..LAST`, then a space and the name, which may be left out.
fn named_days(field: &'static str, entries: &[String], covers: [i16; 2]) -> Result<Vec<NamedDay>, CalendarError> {
    let mut days = Vec::new();
    for entry in entries {
        let (span, name) = entry.split_once(' ').unwrap_or((entry, ""));
        let (first, last) = span.split_once("..").unwrap_or((span, span));
        let date =
            |text: &str| text.parse::<Date>().map_err(|_| wrong(field, entry, "expected YYYY-MM-DD or FIRST..LAST, then a name"));
        let (first, last) = (date(first)?, date(last)?);
        if last < first {
            return Err(wrong(field, entry, "the last day is before the first"));
        }
        if first.year() < covers[0] || last.year() > covers[1] {
            return Err(wrong(field, entry, format!("outside the covered years {} to {}", covers[0], covers[1])));
        }
        let span = first.series(jiff::Span::new().days(1)).take_while(|date| *date <= last);
        days.extend(span.map(|date| NamedDay { date, name: name.trim().into() }));
    }
    days.sort_by_key(|day| day.date);
    if let Some(twice) = days.windows(2).find(|pair| pair[0].date == pair[1].date) {
        return Err(wrong(field, twice[0].date.to_string(), "named twice"));
    }
    Ok(days)
}

fn office_hours(periods: &[String]) -> Result<OfficeHours, CalendarError> {
    let mut parsed: Vec<(i64, i64)> = Vec::new();
    for period in periods {
        let expected = || wrong("office_hours", period, "expected HH:MM-HH:MM, in order, not overlapping");
        let (open, close) = period.split_once('-').ok_or_else(expected)?;
        let open = time_of_day(open).ok_or_else(expected)?;
        let close = time_of_day(close).ok_or_else(expected)?;
        if open >= close || parsed.last().is_some_and(|(_, before)| *before > open) {
            return Err(expected());
        }
        parsed.push((open, close));
    }
    if parsed.is_empty() {
        return Err(wrong("office_hours", "[]", "an office needs hours"));
    }
    Ok(OfficeHours::new(parsed))
}

/// `HH:MM` in milliseconds after midnight; `24:00` is the end of the day.
fn time_of_day(text: &str) -> Option<i64> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let within = (0..24).contains(&hours) && (0..60).contains(&minutes);
    (within || (hours, minutes) == (24, 0)).then_some((hours * 60 + minutes) * 60_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_names_its_field_and_value() {
        let text = r#"
            name = "x"
            time_zone = "Asia/Shanghai"
            covers = [2020, 2020]
            holidays = ["2020-13-01 nowhere"]
            office_hours = ["09:00-17:00"]
        "#;
        let error = Calendar::from_toml(text).unwrap_err().to_string();
        assert!(error.starts_with(r#"holidays: "2020-13-01 nowhere""#), "{error}");
    }
}
