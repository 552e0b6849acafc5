//! A project as an officer reads it.

use std::fmt::Write;

use crate::{
    Calendar, Instant, Project,
    explain::{Lang, words},
};

/// What is said of a project, in words; times are local, lines end with a line feed.
pub fn project_text(number: &str, project: &Project, as_of: Instant, calendar: &Calendar, lang: Lang) -> String {
    let time = |at: Instant| words::time(at, calendar.zone());
    let days = words::number;
    let limit = &project.limit;
    let (cases, open) = (project.cases, project.open);
    let (started, until) = (time(project.started_at), time(project.ended_at.unwrap_or(as_of)));
    let due = limit.due_at.map_or_else(|| "—".to_owned(), time);
    let (used, over) = (days(limit.elapsed_days), days(limit.days_over));
    let parallelism = project.parallelism.map_or_else(|| "—".to_owned(), days);
    let (span, sum) = (days(project.span_days), days(project.sum_days));
    let limit_days = days(limit.limit_days);
    let mut text = String::new();
    let _ = match lang {
        Lang::Zh => {
            let ended = if project.ended_at.is_some() { "办结" } else { "截至" };
            let late = if limit.late { format!("超期 {over} 日") } else { "未超期".to_owned() };
            write!(
                text,
                "并联审批项目 {number}　办件 {cases} 件，在办 {open} 件\n\
                 起算 {started}（首件受理）　{ended} {until}\n\
                 时限 {limit_days} 个工作日（《行政许可法》第二十六条、第四十二条）：已用 {used} 日，{late}；到期 {due}\n\
                 跨度 {span} 日，各件合计 {sum} 日，并联度 {parallelism}（合计÷跨度）\n\n关键路径\n"
            )
        }
        Lang::En => {
            let ended = if project.ended_at.is_some() { "ended" } else { "as of" };
            let late = if limit.late { format!("late by {over} d") } else { "not late".to_owned() };
            write!(
                text,
                "Joint approval, project {number}: {cases} cases, {open} open\n\
                 Started {started} (first acceptance), {ended} {until}\n\
                 Limit {limit_days} working days (Administrative Licensing Law, arts. 26, 42): {used} d used, {late}; due {due}\n\
                 Span {span} d, all cases together {sum} d, parallelism {parallelism} (sum over span)\n\nCritical path\n"
            )
        }
    };
    for case in &project.critical_path {
        let (case_no, department) = (&case.case_no, case.department.as_deref().unwrap_or("—"));
        let from = time(case.accepted_at);
        let until = case.ended_at.map_or_else(|| lang.pick("在办", "open").to_owned(), time);
        let (waited, taken) = (days(case.waited_days), days(case.days));
        let _ = match lang {
            Lang::Zh => writeln!(text, "  {case_no}　{department}　{from} 至 {until}　等待 {waited} 日，办理 {taken} 日"),
            Lang::En => writeln!(text, "  {case_no}, {department}: {from} to {until}; waited {waited} d, took {taken} d"),
        };
    }
    text.push_str(lang.pick("\n各部门用时（已扣除特别程序）\n", "\nBy department (net of special procedures)\n"));
    for share in &project.departments {
        let department = share.department.as_deref().unwrap_or("—");
        let part = share.share.map_or_else(|| "—".to_owned(), |share| format!("{}%", days((share * 1000.0).round() / 10.0)));
        let (cases, taken) = (share.cases, days(share.days));
        let _ = match lang {
            Lang::Zh => writeln!(text, "  {department}　{cases} 件　{taken} 日　{part}"),
            Lang::En => writeln!(text, "  {department}: {cases} cases, {taken} d, {part}"),
        };
    }
    text
}
