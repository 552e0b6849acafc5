//! A year at a glance.

use std::fmt::Write;

use domain::{
    Calendar,
    calendar::{DayKind, Uncovered},
};
use jiff::{Span, civil::Date};

/// A line a month: its working days, its holidays and adjusted workdays by name.
pub(super) fn year(calendar: &Calendar, year: i16) -> Result<String, Uncovered> {
    let total = calendar.working_days_in(year)?;
    let mut text = format!("{year} 年工作日历 {name} / calendar {name}\n", name = calendar.name());
    text.push_str("  月  工作日  放假（休）、调休上班（班）、停办（停）\n  month, working days, holidays (休), adjusted workdays (班), closed (停)\n");
    for number in 1..=12 {
        let days = days_of(calendar, year, number)?;
        let worked = days.iter().filter(|(_, kind)| kind.counts()).count();
        text.push_str(format!("{number:>4}  {worked:>6}  {}", spans(&days).join(" · ")).trim_end());
        text.push('\n');
    }
    let _ = writeln!(text, "合计  {total:>6}  个工作日 / working days in all");
    Ok(text)
}

/// A month as weeks, its special days marked, then by name.
pub(super) fn month(calendar: &Calendar, year: i16, number: i8) -> Result<String, Uncovered> {
    let days = days_of(calendar, year, number)?;
    let worked = days.iter().filter(|(_, kind)| kind.counts()).count();
    let mut text = format!("{year} 年 {number} 月：{worked} 个工作日 / {year}-{number:02}: {worked} working days\n");
    text.push_str("   一   二   三   四   五   六   日   (Mon … Sun)\n");
    let before = days.first().map_or(0, |(date, _)| date.weekday().to_monday_zero_offset());
    text.push_str(&"     ".repeat(before as usize));
    for (date, kind) in &days {
        // A mark is as wide as two digits.
        let _ = match mark(*kind) {
            Some(mark) => write!(text, "{:>3}{mark}", date.day()),
            None if kind.counts() => write!(text, "{:>3}  ", date.day()),
            None => write!(text, "{:>3}· ", date.day()),
        };
        if date.weekday() == jiff::civil::Weekday::Sunday {
            text.push('\n');
        }
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    for span in spans(&days) {
        let _ = writeln!(text, "{span}");
    }
    Ok(text)
}

type Day<'c> = (Date, DayKind<'c>);

fn days_of(calendar: &Calendar, year: i16, month: i8) -> Result<Vec<Day<'_>>, Uncovered> {
    let first = Date::new(year, month, 1).unwrap_or(Date::MIN);
    let dates = first.series(Span::new().days(1)).take_while(|date| date.month() == month && date.year() == first.year());
    dates.map(|date| Ok((date, calendar.on(date)?))).collect()
}

fn mark(kind: DayKind<'_>) -> Option<&'static str> {
    match kind {
        DayKind::Holiday(_) => Some("休"),
        DayKind::AdjustedWorkday(_) => Some("班"),
        DayKind::Closed(_) => Some("停"),
        DayKind::Workday | DayKind::Weekend => None,
    }
}

/// `休 1–3 元旦`: days of one kind and name that follow each other.
fn spans(days: &[Day<'_>]) -> Vec<String> {
    let runs = days.chunk_by(|(_, one), (_, next)| one == next);
    let named = runs.filter_map(|run| {
        let (first, kind) = run[0];
        let last = run[run.len() - 1].0;
        let name = match kind {
            DayKind::Holiday(name) | DayKind::AdjustedWorkday(name) | DayKind::Closed(name) => name,
            DayKind::Workday | DayKind::Weekend => "",
        };
        let span = if first == last { first.day().to_string() } else { format!("{}–{}", first.day(), last.day()) };
        mark(kind).map(|mark| format!("{mark} {span} {name}").trim_end().to_owned())
    });
    named.collect()
}
