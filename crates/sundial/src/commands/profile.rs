//! `sundial profile check`: what a card profile will do, in words.

use std::{
    fmt::Write as _,
    io::{self, Write},
    process::ExitCode,
};

use anyhow::{Context, anyhow, bail};
use clap::{Args, Subcommand};
use domain::{
    Calendar, Instant, Level, Profile,
    counting::{Counting, Suspension},
    profile_check::{Doubt, GRANTED_DAYS, PROMISED_DAYS, STATUTORY_DAYS, Story, TAKEN_DAYS, doubts, story},
};
use jiff::civil::{Date, Weekday};

use crate::rules;

#[derive(Subcommand)]
pub enum ProfileCommand {
    /// Say what a profile will do to an example case, and what in it is probably not meant.
    Check(CheckArgs),
}

#[derive(Args)]
pub struct CheckArgs {
    /// The profile: a built-in one or a .toml file.
    #[arg(value_name = "NAME|FILE")]
    profile: String,
    /// The calendar: `cn` or a .toml file.
    #[arg(long, value_name = "NAME|FILE", default_value = "cn")]
    calendar: String,
    /// The Monday on which the example is accepted, at ten in the morning.
    #[arg(long, value_name = "YYYY-MM-DD", default_value = "2018-10-15")]
    accepted: Date,
    /// End with status 2 where there are doubts.
    #[arg(long)]
    strict: bool,
}

pub fn run(command: &ProfileCommand) -> anyhow::Result<ExitCode> {
    let ProfileCommand::Check(args) = command;
    let (text, doubts) = check(args)?;
    io::stdout().lock().write_all(text.as_bytes())?;
    Ok(if args.strict && doubts > 0 { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

fn check(args: &CheckArgs) -> anyhow::Result<(String, usize)> {
    let (profile, calendar) = (rules::profile(&args.profile)?, rules::calendar(&args.calendar)?);
    if args.accepted.weekday() != Weekday::Monday {
        bail!("{} 不是星期一 / is no Monday", args.accepted);
    }
    let ten = calendar.zone().to_timestamp(args.accepted.at(10, 0, 0, 0)).context("--accepted")?;
    let accepted_at = Instant::from_ms(ten.as_millisecond());
    let tell = |is_suspended| {
        let (first, last) = calendar.covers();
        story(&profile, &calendar, accepted_at, is_suspended).ok_or_else(|| {
            anyhow!("日历只覆盖 {first} 至 {last} 年，请用 --accepted / the calendar covers {first} to {last} only: --accepted names a Monday in it")
        })
    };
    let (plain, suspended) = (tell(false)?, tell(true)?);
    let doubts = doubts(&profile, &plain);
    Ok((told(&profile, &calendar, &plain, &suspended, &doubts), doubts.len()))
}

fn told(profile: &Profile, calendar: &Calendar, plain: &Story, suspended: &Story, doubts: &[Doubt]) -> String {
    let mut text = String::new();
    let time = |at: Option<Instant>| at.map_or_else(|| "—".to_owned(), |at| day_and_time(at, calendar));
    let (zh, en) = counting_in_words(profile.counting);
    let _ =
        writeln!(text, "规则 {} 版本 {} / profile {} version {}", profile.name, profile.version, profile.name, profile.version);
    let _ = writeln!(text, "计时：{zh} / {en}");
    let (zh, en) = suspension_in_words(profile.suspension);
    let _ = writeln!(text, "停时：{zh} / {en}");
    let _ = writeln!(
        text,
        "\n示例：承诺 {PROMISED_DAYS} 个工作日、法定 {STATUTORY_DAYS} 个工作日，{} 受理，一直未办结\n\
         An example: {PROMISED_DAYS} working days promised, {STATUTORY_DAYS} by law, accepted then and never closed",
        time(Some(plain.accepted_at))
    );
    dates(&mut text, plain, &time);
    if let Some((start, end)) = suspended.special {
        let _ = writeln!(
            text,
            "\n同一办件，{} 起听证，批准 {GRANTED_DAYS} 个工作日，{} 结束（实际 {TAKEN_DAYS} 个工作日），扣除 {} 天\n\
             The same with a hearing of {GRANTED_DAYS} granted days that takes {TAKEN_DAYS}: {} days are left out",
            time(Some(start)),
            time(Some(end)),
            suspended.case.suspended_days.unwrap_or_default(),
            suspended.case.suspended_days.unwrap_or_default(),
        );
        dates(&mut text, suspended, &time);
    }
    text.push('\n');
    for doubt in doubts {
        let _ = writeln!(text, "存疑：{} / doubtful: {}", doubt.zh, doubt.en);
    }
    let _ = writeln!(text, "{} 处存疑 / doubts: {}", doubts.len(), doubts.len());
    text
}

fn dates(text: &mut String, story: &Story, time: &impl Fn(Option<Instant>) -> String) {
    let due = |limit: Option<domain::LimitState>| time(limit.and_then(|limit| limit.due_at));
    for (name, at) in [
        ("预警 reminder       ", time(story.first(Level::Reminder))),
        ("承诺到期 promise due", due(story.case.promised)),
        ("黄牌 yellow         ", time(story.first(Level::Yellow))),
        ("法定到期 by law     ", due(story.case.statutory)),
        ("红牌 red            ", time(story.first(Level::Red))),
    ] {
        let _ = writeln!(text, "  {name}  {at}");
    }
}

fn day_and_time(at: Instant, calendar: &Calendar) -> String {
    let weekday = match calendar.local_date(at).weekday() {
        Weekday::Monday => "周一 Mon",
        Weekday::Tuesday => "周二 Tue",
        Weekday::Wednesday => "周三 Wed",
        Weekday::Thursday => "周四 Thu",
        Weekday::Friday => "周五 Fri",
        Weekday::Saturday => "周六 Sat",
        Weekday::Sunday => "周日 Sun",
    };
    let written = at.display_in(calendar.zone());
    let (date, clock) = written.split_once('T').unwrap_or((&written, ""));
    format!("{date} {} {weekday}", clock.get(..5).unwrap_or(clock))
}

fn counting_in_words(counting: Counting) -> (&'static str, &'static str) {
    match counting {
        Counting::ExcludeFirstDay => {
            ("受理当日不计，到期日下班时届满", "the day of acceptance is not counted; due at the close of business")
        }
        Counting::IncludeFirstDay => ("受理当日计为第一天", "the day of acceptance is day 1"),
        Counting::ToTheSecond => ("工作日按 24 小时连续计，精确到秒", "every working day counts its 24 hours, to the second"),
        Counting::OfficeHours => ("只计工作日的办公时间", "only office hours of working days count"),
    }
}

fn suspension_in_words(suspension: Suspension) -> (&'static str, &'static str) {
    match suspension {
        Suspension::Actual => ("按实际用时扣除", "the time taken is left out"),
        Suspension::Granted => ("按批准天数扣除", "the days granted are left out, whatever was taken"),
        Suspension::Capped => ("按实际用时扣除，以批准天数为限", "the time taken is left out, up to the days granted"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(profile: &str, accepted: &str) -> CheckArgs {
        CheckArgs { profile: profile.to_owned(), calendar: "cn".to_owned(), accepted: accepted.parse().unwrap(), strict: false }
    }

    #[test]
    fn a_profile_is_told_by_what_happens_to_an_example() {
        let (text, doubts) = check(&args("hunan-2018", "2018-10-15")).unwrap();
        for told in ["2018-10-19 10:00 周五", "2018-10-24 10:00 周三", "2018-10-29 10:00 周一", "1 处存疑"] {
            assert!(text.contains(told), "{told}:\n{text}");
        }
        assert_eq!(doubts, 1, "days granted are left out also where they were not taken");
        assert!(check(&args("default", "2018-10-15")).unwrap().0.contains("0 处存疑"));
    }

    #[test]
    fn a_day_that_cannot_be_an_example_is_refused() {
        assert!(check(&args("default", "2018-10-16")).unwrap_err().to_string().contains("no Monday"));
        assert!(check(&args("default", "2031-03-03")).unwrap_err().to_string().contains("2004 to 2026"));
    }
}
