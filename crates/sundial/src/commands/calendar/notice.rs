//! A year's holidays as they are published: a notice of the State Council in TOML, or an .ics file.

use std::{collections::BTreeMap, path::Path};

use anyhow::{anyhow, bail};
use icalendar::Component;
use jiff::{Span, civil::Date};
use serde::Deserialize;

use crate::tables::read_text;

/// One day of a notice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NoticeDay {
    pub(super) date: Date,
    pub(super) name: String,
    /// Worked in exchange (调休), or a holiday.
    pub(super) is_worked: bool,
}

/// The days of a year, or of several.
#[derive(Debug, Default)]
pub(super) struct Notice {
    /// By date.
    pub(super) days: Vec<NoticeDay>,
    /// What could not be understood as either, in words.
    pub(super) ignored: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoticeFile {
    holiday: Vec<HolidayEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HolidayEntry {
    name: String,
    from: TomlDate,
    to: Option<TomlDate>,
    #[serde(default)]
    workdays: Vec<TomlDate>,
}

/// A date with or without quotes.
#[derive(Deserialize)]
#[serde(untagged)]
enum TomlDate {
    Date(toml::value::Datetime),
    Text(String),
}

impl TomlDate {
    fn read(&self) -> anyhow::Result<Date> {
        let text = match self {
            TomlDate::Date(date) => date.to_string(),
            TomlDate::Text(text) => text.clone(),
        };
        text.parse().map_err(|_| anyhow!("{text:?}: 应为日期 / expected YYYY-MM-DD"))
    }
}

impl Notice {
    pub(super) fn read(&mut self, file: &Path) -> anyhow::Result<()> {
        let text = read_text(file)?;
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("ics") => self.read_ics(&text)?,
            Some("toml") => self.read_toml(&text)?,
            _ => bail!("应为 .toml 通知或 .ics 日历 / expected a notice in .toml or a calendar in .ics"),
        }
        self.days.sort();
        self.days.dedup();
        Ok(())
    }

    /// The years it is about: a notice for one year may name a day or two of the year before.
    pub(super) fn years(&self) -> Vec<i16> {
        let mut holidays: BTreeMap<i16, usize> = BTreeMap::new();
        for day in self.days.iter().filter(|day| !day.is_worked) {
            *holidays.entry(day.date.year()).or_default() += 1;
        }
        let most = holidays.values().copied().max().unwrap_or(0);
        holidays.into_iter().filter(|(_, days)| days * 2 >= most).map(|(year, _)| year).collect()
    }

    fn read_toml(&mut self, text: &str) -> anyhow::Result<()> {
        let file: NoticeFile = toml::from_str(text)?;
        for entry in file.holiday {
            let from = entry.from.read()?;
            let to = entry.to.as_ref().map_or(Ok(from), TomlDate::read)?;
            if to < from || to > from.saturating_add(Span::new().days(31)) {
                bail!("{}: {from} 至 {to}：不合常理 / from {from} to {to} cannot be", entry.name);
            }
            self.add(from, to, &entry.name, false);
            for workday in &entry.workdays {
                let date = workday.read()?;
                self.add(date, date, &entry.name, true);
            }
        }
        Ok(())
    }

    fn read_ics(&mut self, text: &str) -> anyhow::Result<()> {
        let calendar: icalendar::Calendar = text.parse().map_err(|error| anyhow!("{error}"))?;
        let events: Vec<&icalendar::Event> = calendar.components.iter().filter_map(|it| it.as_event()).collect();
        let marks: Vec<Option<bool>> = events.iter().map(|event| is_worked(event)).collect();
        // A file that marks nothing lists holidays.
        let is_marked = marks.iter().any(Option::is_some);
        for (event, mark) in events.into_iter().zip(marks) {
            let summary = event.get_summary().unwrap_or_default();
            let Some(from) = event.property_value("DTSTART").and_then(ics_date) else {
                self.ignored.push(format!("{summary}：没有开始日期 / it has no first day"));
                continue;
            };
            if event.property_value("RRULE").is_some() {
                self.ignored.push(format!("{from} {summary}：重复规则须写成日期 / it repeats by a rule, write out its days"));
                continue;
            }
            // The end of a whole-day event is the day after it.
            let end = event.property_value("DTEND").and_then(ics_date).and_then(|end| end.yesterday().ok());
            let to = end.filter(|end| *end >= from && *end <= from.saturating_add(Span::new().days(31))).unwrap_or(from);
            match mark.or((!is_marked).then_some(false)) {
                Some(is_worked) => self.add(from, to, &bare_name(summary), is_worked),
                None => self.ignored.push(format!("{from} {summary}：既非放假也非补班 / neither a holiday nor a workday")),
            }
        }
        Ok(())
    }

    fn add(&mut self, from: Date, to: Date, name: &str, is_worked: bool) {
        let dates = from.series(Span::new().days(1)).take_while(|date| *date <= to);
        self.days.extend(dates.map(|date| NoticeDay { date, name: name.to_owned(), is_worked }));
    }
}

/// Whether an event is a day worked in exchange or a holiday, where it says so.
fn is_worked(event: &icalendar::Event) -> Option<bool> {
    match event.property_value("X-APPLE-SPECIAL-DAY") {
        Some("ALTERNATE-WORKDAY") => return Some(true),
        Some("WORK-HOLIDAY") => return Some(false),
        _ => {}
    }
    let summary = event.get_summary().unwrap_or_default();
    let says = |words: &[&str]| words.iter().any(|word| summary.contains(word));
    if says(&["补班", "上班", "（班", "(班", "调班"]) {
        Some(true)
    } else if says(&["休）", "休)", "放假", "假期", "休假"]) {
        Some(false)
    } else {
        None
    }
}

/// The name without what says which of the two it is.
fn bare_name(summary: &str) -> String {
    let cut = summary.find(['（', '(']).map_or(summary, |at| &summary[..at]);
    let words = ["补班", "上班", "调班", "放假", "假期", "休假", "调休"];
    words.iter().fold(cut.to_owned(), |name, word| name.replace(word, "")).trim().to_owned()
}

fn ics_date(text: &str) -> Option<Date> {
    Date::strptime("%Y%m%d", text.get(..8)?).ok()
}
