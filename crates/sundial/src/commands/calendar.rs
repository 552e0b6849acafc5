//! `sundial calendar`: which days count, checked, shown and brought up to date.

mod notice;
mod show;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context, anyhow, bail};
use clap::{Args, Subcommand};
use domain::{
    Calendar,
    calendar::DayKind,
    calendar_file::{self, CalendarError},
};
use jiff::civil::Date;
use toml_edit::{Array, DocumentMut, Value};

use crate::{
    rules,
    tables::{read_text, write_at_once},
};
use notice::{Notice, NoticeDay};

#[derive(Subcommand)]
pub enum CalendarCommand {
    /// Tell every mistake in calendars, and what is probably not meant.
    Check(CheckArgs),
    /// Show a year: holidays, adjusted workdays, working days by month.
    Show(ShowArgs),
    /// Put a year's holidays into a calendar: a State Council notice as TOML, or an .ics file.
    Import(ImportArgs),
}

#[derive(Args)]
pub struct CheckArgs {
    /// Calendars (.toml).
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// End with status 2 also where there are doubts only.
    #[arg(long)]
    strict: bool,
}

#[derive(Args)]
pub struct ShowArgs {
    /// Which year.
    #[arg(value_name = "YEAR")]
    year: i16,
    /// The calendar: `cn` or a .toml file.
    #[arg(long, value_name = "NAME|FILE", default_value = "cn")]
    calendar: String,
    /// One month of it, day by day.
    #[arg(long, value_name = "1-12", value_parser = clap::value_parser!(i8).range(1..=12))]
    month: Option<i8>,
}

#[derive(Args)]
pub struct ImportArgs {
    /// Notices (.toml: [[holiday]] with name, from, to, workdays) or calendars (.ics).
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The calendar they go into; one that extends `cn` is begun where it is not there. Standard output by default.
    #[arg(long, value_name = "CALENDAR")]
    to: Option<PathBuf>,
    /// The name of a calendar that is begun.
    #[arg(long, default_value = "ours")]
    name: String,
}

pub fn run(command: &CalendarCommand) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    match command {
        CalendarCommand::Check(args) => check(args, &mut out),
        CalendarCommand::Show(args) => {
            let calendar = rules::calendar(&args.calendar)?;
            let shown = match args.month {
                Some(month) => show::month(&calendar, args.year, month)?,
                None => show::year(&calendar, args.year)?,
            };
            out.write_all(shown.as_bytes())?;
            Ok(ExitCode::SUCCESS)
        }
        CalendarCommand::Import(args) => import(args, &mut out, &mut io::stderr().lock()),
    }
}

fn check(args: &CheckArgs, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let (mut errors, mut doubtful) = (0, 0);
    for file in &args.files {
        let name = file.display();
        let (calendar, doubts) = calendar_file::check(&read_text(file)?);
        for doubt in &doubts {
            writeln!(out, "{name}: 存疑 doubtful: {doubt}")?;
        }
        doubtful += doubts.len();
        match calendar {
            Ok(calendar) => {
                let (first, last) = calendar.covers();
                writeln!(
                    out,
                    "{name}: 日历 {} 可用，覆盖 {first} 至 {last} 年 / can be used, covers {first} to {last}",
                    calendar.name()
                )?;
            }
            Err(CalendarError(mistakes)) => {
                for mistake in &mistakes {
                    writeln!(out, "{name}: {mistake}")?;
                }
                writeln!(out, "{name}: {} 处错误 / {} mistakes", mistakes.len(), mistakes.len())?;
                errors += mistakes.len();
            }
        }
    }
    Ok(match (errors, doubtful) {
        (1.., _) => ExitCode::FAILURE,
        (0, 1..) if args.strict => ExitCode::from(2),
        _ => ExitCode::SUCCESS,
    })
}

fn import(args: &ImportArgs, out: &mut impl Write, notes: &mut impl Write) -> anyhow::Result<ExitCode> {
    let mut notice = Notice::default();
    for file in &args.files {
        notice.read(file).with_context(|| file.display().to_string())?;
    }
    let begun = format!("name = {}\nextends = \"cn\"\nholidays = []\nworkdays = []\n", Value::from(args.name.as_str()));
    let text = match &args.to {
        Some(path) if path.exists() => read_text(path)?,
        _ => begun,
    };
    let before =
        Calendar::from_toml(&text).with_context(|| args.to.as_ref().map_or_else(String::new, |it| it.display().to_string()))?;
    let merged = merge(&text, &before, &notice)?;
    let (after, doubts) = calendar_file::check(&merged.text);
    let after = after.context("合并后的日历有误，未写入 / the calendar would be wrong, nothing was written")?;
    for ignored in notice.ignored.iter().chain(&merged.beyond) {
        writeln!(notes, "未采用 left out: {ignored}")?;
    }
    for doubt in doubts {
        writeln!(notes, "存疑 doubtful: {doubt}")?;
    }
    let changed = notice.days.iter().filter(|day| before.on(day.date).ok() != after.on(day.date).ok()).count();
    writeln!(notes, "{changed} 天有变 / {changed} days changed")?;
    for year in notice.years() {
        if let Ok(days) = after.working_days_in(year) {
            writeln!(notes, "{year} 年：{days} 个工作日 / {days} working days")?;
        }
    }
    match &args.to {
        Some(path) => {
            write_at_once(path, merged.text.as_bytes())?;
            let path = path.display();
            writeln!(
                notes,
                "已写入 {path}。请重启服务，然后运行 sundial recompute（docs/changing-the-rules.md）/ written; restart the service, then \
                 run `sundial recompute`"
            )?;
        }
        None => out.write_all(merged.text.as_bytes())?,
    }
    Ok(ExitCode::SUCCESS)
}

struct Merged {
    text: String,
    /// Days of the notice in years that stay uncovered.
    beyond: Vec<String>,
}

/// A calendar with the days of a notice put in that it does not have yet; everything else stays as its keeper wrote it.
fn merge(text: &str, before: &Calendar, notice: &Notice) -> anyhow::Result<Merged> {
    let mut document: DocumentMut = text.parse()?;
    let (first, covered) = before.covers();
    let mut last = covered;
    for year in notice.years().into_iter().filter(|year| *year > covered) {
        if year > last + 1 {
            bail!("缺少 {} 年：不能跳过年份 / {year} cannot be put in without {}", last + 1, last + 1);
        }
        last = year;
    }
    if last != covered {
        document["covers"] = toml_edit::value(Array::from_iter([i64::from(first), i64::from(last)]));
    }
    let (news, beyond): (Vec<&NoticeDay>, Vec<&NoticeDay>) = notice
        .days
        .iter()
        .filter(|day| before.on(day.date).ok() != Some(kind_of(day)))
        .partition(|day| (first..=last).contains(&day.date.year()));
    for (key, is_worked) in [("holidays", false), ("workdays", true)] {
        let days: Vec<&NoticeDay> = news.iter().copied().filter(|day| day.is_worked == is_worked).collect();
        if days.is_empty() {
            continue;
        }
        let entries = document.entry(key).or_insert(toml_edit::value(Array::new()));
        let entries = entries.as_array_mut().ok_or_else(|| anyhow!("{key}: 应为列表 / expected a list"))?;
        // A comment after the last entry belongs to what follows it.
        let mut comment = entries.trailing().as_str().unwrap_or_default().trim_end().to_owned();
        for entry in entries_of(&days) {
            let mut entry = Value::from(entry);
            entry.decor_mut().set_prefix(format!("{}\n  ", std::mem::take(&mut comment)));
            entries.push_formatted(entry);
        }
        entries.set_trailing("\n");
        entries.set_trailing_comma(true);
    }
    let told = |day: &NoticeDay| format!("{} {}：该年未覆盖 / its year is not covered", day.date, day.name);
    Ok(Merged { text: document.to_string(), beyond: beyond.into_iter().map(told).collect() })
}

fn kind_of(day: &NoticeDay) -> DayKind<'_> {
    if day.is_worked { DayKind::AdjustedWorkday(&day.name) } else { DayKind::Holiday(&day.name) }
}

/// `FIRST..LAST NAME` for days of one name that follow each other.
fn entries_of(days: &[&NoticeDay]) -> Vec<String> {
    let follows = |a: &&NoticeDay, b: &&NoticeDay| a.name == b.name && a.date.tomorrow().ok() == Some(b.date);
    let entry = |span: &[&NoticeDay]| {
        let (first, last): (Date, Date) = (span[0].date, span[span.len() - 1].date);
        let span_text = if first == last { first.to_string() } else { format!("{first}..{last}") };
        format!("{span_text} {}", span[0].name).trim_end().to_owned()
    };
    days.chunk_by(follows).map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTICE: &str = r#"
        # 国务院办公厅关于某年部分节假日安排的通知
        [[holiday]]
        name = "元旦"
        from = 2027-01-01
        to = 2027-01-03
        workdays = [2027-01-09]
        [[holiday]]
        name = "春节"
        from = 2027-02-05
        to = 2027-02-11
        workdays = [2027-01-31, 2027-02-13]
    "#;

    fn args(folder: &std::path::Path, files: &[(&str, &str)]) -> ImportArgs {
        let files = files.iter().map(|(name, text)| {
            std::fs::write(folder.join(name), text).unwrap();
            folder.join(name)
        });
        ImportArgs { files: files.collect(), to: Some(folder.join("calendar.toml")), name: "ours".to_owned() }
    }

    #[test]
    fn a_notice_goes_into_a_calendar_once_however_often_it_is_imported() {
        let folder = tempfile::tempdir().unwrap();
        let args = args(folder.path(), &[("2027.toml", NOTICE)]);
        let mut notes = Vec::new();
        import(&args, &mut Vec::new(), &mut notes).unwrap();
        let to = args.to.as_ref().unwrap();
        let text = std::fs::read_to_string(to).unwrap();
        let calendar = Calendar::from_toml(&text).unwrap();
        assert_eq!(calendar.covers(), (2004, 2027));
        assert_eq!(calendar.on("2027-02-05".parse().unwrap()), Ok(DayKind::Holiday("春节")));
        assert_eq!(calendar.on("2027-02-13".parse().unwrap()), Ok(DayKind::AdjustedWorkday("春节")));
        assert!(text.contains("\"2027-02-05..2027-02-11 春节\""), "{text}");
        let notes = String::from_utf8(notes).unwrap();
        assert!(notes.contains("13 天有变") && notes.contains("sundial recompute"), "{notes}");
        import(&args, &mut Vec::new(), &mut Vec::new()).unwrap();
        assert_eq!(std::fs::read_to_string(to).unwrap(), text);
    }

    #[test]
    fn comments_of_a_kept_calendar_stay() {
        let folder = tempfile::tempdir().unwrap();
        let args = args(folder.path(), &[("2027.toml", NOTICE)]);
        let kept = "name = \"county\" # ours\nextends = \"cn\"\nholidays = [\n  \"2026-11-10 县庆\", # local\n]\n";
        std::fs::write(args.to.as_ref().unwrap(), kept).unwrap();
        import(&args, &mut Vec::new(), &mut Vec::new()).unwrap();
        let text = std::fs::read_to_string(args.to.as_ref().unwrap()).unwrap();
        assert!(text.contains("# ours") && text.contains("# local") && text.contains("2027-01-01..2027-01-03 元旦"), "{text}");
        assert!(Calendar::from_toml(&text).is_ok());
    }

    #[test]
    fn a_year_is_not_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let later = NOTICE.replace("2027", "2029");
        let error = import(&args(folder.path(), &[("2029.toml", &later)]), &mut Vec::new(), &mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains("without 2027"), "{error}");
    }

    const ICS: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n\
        BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20270101\r\nDTEND;VALUE=DATE:20270104\r\nSUMMARY:元旦（休）\r\nEND:VEVENT\r\n\
        BEGIN:VEVENT\r\nUID:2\r\nDTSTART;VALUE=DATE:20270109\r\nSUMMARY:元旦 补班\r\nEND:VEVENT\r\n\
        BEGIN:VEVENT\r\nUID:3\r\nDTSTART;VALUE=DATE:20270205\r\nSUMMARY:春节\r\nX-APPLE-SPECIAL-DAY:WORK-HOLIDAY\r\nEND:VEVENT\r\n\
        BEGIN:VEVENT\r\nUID:4\r\nDTSTART;VALUE=DATE:20270214\r\nSUMMARY:情人节\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

    #[test]
    fn an_ics_file_tells_holidays_from_workdays_and_from_what_is_neither() {
        let folder = tempfile::tempdir().unwrap();
        let args = args(folder.path(), &[("2027.ics", ICS)]);
        let mut notes = Vec::new();
        import(&args, &mut Vec::new(), &mut notes).unwrap();
        let calendar = Calendar::from_toml(&std::fs::read_to_string(args.to.as_ref().unwrap()).unwrap()).unwrap();
        let on = |date: &str| calendar.on(date.parse().unwrap()).unwrap();
        assert_eq!((on("2027-01-03"), on("2027-01-04")), (DayKind::Holiday("元旦"), DayKind::Workday));
        assert_eq!(on("2027-01-09"), DayKind::AdjustedWorkday("元旦"));
        assert_eq!((on("2027-02-05"), on("2027-02-14")), (DayKind::Holiday("春节"), DayKind::Weekend));
        assert!(String::from_utf8(notes).unwrap().contains("情人节"));
    }

    #[test]
    fn a_year_is_shown_with_holidays_by_name_and_the_sum_of_its_working_days() {
        let china = Calendar::china();
        let shown = show::year(&china, 2026).unwrap();
        assert!(shown.contains("248"), "{shown}");
        assert!(shown.contains("休 15–23 春节") && shown.contains("班 14 春节"), "{shown}");
        let may = show::month(&china, 2026, 5).unwrap();
        assert!(may.contains("1休") && may.contains("9班") && may.contains("劳动节"), "{may}");
        assert!(show::year(&china, 2031).unwrap_err().to_string().contains("2031"));
    }
}
