//! An explanation as an officer reads it.

use std::fmt::Write;

use jiff::tz::TimeZone;

use crate::{
    Calendar, ClockKind, Text,
    assess::LimitOrigin,
    counting::Counting,
    explain::{
        CardExplained, ClockExplained, DayReason, DayRun, Explanation, FindingExplained, Lang, SuspensionExplained, runs, words,
    },
    profile::Threshold,
};

/// The explanation in words; times are local, lines end with a line feed.
pub fn explanation_text(explanation: &Explanation, calendar: &Calendar, lang: Lang) -> String {
    let writer = Writer { it: explanation, zone: calendar.zone(), lang };
    let mut text = writer.head();
    for clock in &explanation.clocks {
        text.push('\n');
        text.push_str(&writer.clock(clock));
    }
    writer.section(&mut text, lang.pick("牌", "Cards"), explanation.cards.iter().map(|it| writer.card(it)));
    writer.section(&mut text, lang.pick("异常", "Findings"), explanation.findings.iter().map(|it| writer.finding(it)));
    text
}

struct Writer<'a> {
    it: &'a Explanation,
    zone: &'a TimeZone,
    lang: Lang,
}

impl Writer<'_> {
    fn pick<'t>(&self, zh: &'t str, en: &'t str) -> &'t str {
        self.lang.pick(zh, en)
    }

    fn time(&self, at: crate::Instant) -> String {
        words::time(at, self.zone)
    }

    fn section(&self, text: &mut String, title: &str, entries: impl Iterator<Item = String>) {
        let entries: Vec<String> = entries.collect();
        let none = self.pick("无", "none");
        let _ = if entries.is_empty() {
            writeln!(text, "\n{title}{}{none}", self.pick("：", ": "))
        } else {
            writeln!(text, "\n{title}\n{}", entries.join("\n"))
        };
    }

    fn head(&self) -> String {
        let (case, variant) = (&self.it.assessment, &self.it.variant);
        let unknown = Text::from("—");
        let item = match &self.it.item {
            Some(item) => match self.lang {
                Lang::Zh => format!("{}（{}，目录版本自 {} 起）", item.name, item.code, item.valid_from),
                Lang::En => format!("{} ({}, version of {})", item.name, item.code, item.valid_from),
            },
            None => case.item.clone().unwrap_or_else(|| unknown.clone()).into(),
        };
        let department = case.department.as_ref().unwrap_or(&unknown);
        let status = words::status(case.status, self.lang);
        let (as_of, case_no) = (self.time(self.it.as_of), &case.case_no);
        let counting = words::counting(variant.counting, self.lang);
        let suspension = words::suspension(variant.suspension, self.lang);
        // Which days are suspended is asked only where whole days are counted.
        let by_days = matches!(variant.counting, Counting::ExcludeFirstDay | Counting::IncludeFirstDay);
        let which = if by_days { words::suspended_days(variant.suspended_days, self.lang) } else { "" };
        let (profile, version, calendar) = (&variant.profile, variant.version, &variant.calendar);
        match self.lang {
            Lang::Zh => format!(
                "办件 {case_no}　{item}\n部门 {department}　状态 {status}　截至 {as_of}\n\
                 口径 {profile} 第 {version} 版：{counting}；{suspension}{which}；日历 {calendar}\n"
            ),
            Lang::En => format!(
                "Case {case_no}, {item}\nDepartment {department}, {status}, as of {as_of}\n\
                 Counted by {profile}, version {version}: {counting}; {suspension}{which}; calendar {calendar}\n"
            ),
        }
    }

    fn clock(&self, clock: &ClockExplained) -> String {
        let mut text = self.clock_name(clock.clock, &clock.instance);
        let _ = writeln!(text, "{}{}", self.pick("：", ": "), self.limit(clock));
        let _ = writeln!(text, "  {} {}", self.pick("起算", "started"), self.time(clock.started_at));
        for run in runs(&clock.days) {
            let _ = writeln!(text, "  {}", self.days(&run, clock));
        }
        let _ = writeln!(text, "  {}", self.state(clock));
        for run in runs(&clock.ahead) {
            let _ = writeln!(text, "  {}{}", self.pick("（预计）", "(ahead) "), self.days(&run, clock));
        }
        let _ = writeln!(text, "  {}", self.due(clock));
        text
    }

    /// Which clock: of a special procedure its name and the event that began it, of others what tells them apart.
    fn clock_name(&self, kind: ClockKind, instance: &str) -> String {
        let name = words::clock(kind, self.lang);
        if instance.is_empty() {
            return name.to_owned();
        }
        let begun = self.it.suspensions.iter().find(|it| kind == ClockKind::Special && it.event_id == instance);
        match begun.and_then(|it| it.procedure).map(|procedure| words::procedure(procedure, self.lang)) {
            Some(procedure) => format!("{name}{}{procedure} {instance}", self.pick("·", ", ")),
            None => format!("{name}{}{instance}", self.pick("·", ", ")),
        }
    }

    /// The limit and where it comes from.
    fn limit(&self, clock: &ClockExplained) -> String {
        let (days, unit) = (words::number(clock.limit_days), words::days_unit(clock.working_days, self.lang));
        let mut source = words::origin(clock.source.origin, self.lang).to_owned();
        if let Some(date) = clock.source.valid_from {
            let _ = match self.lang {
                Lang::Zh => write!(source, "，{date} 起的版本"),
                Lang::En => write!(source, ", version of {date}"),
            };
        }
        if clock.source.extended_by > 0 {
            let days = clock.source.extended_by;
            let _ = match self.lang {
                Lang::Zh => write!(source, "；含依第四十二条延长的 {days} 日"),
                Lang::En => write!(source, "; {days} days of them by extension (art. 42)"),
            };
        }
        match self.lang {
            Lang::Zh => format!("{days} {unit}（{source}）"),
            Lang::En => format!("{days} {unit} ({source})"),
        }
    }

    fn days(&self, run: &DayRun, clock: &ClockExplained) -> String {
        let day = &run.day;
        let mut text = words::dates(day.date, run.last, self.lang);
        text.push_str(self.pick("　", "  "));
        let suspended = || day.grounds.iter().filter_map(|number| self.it.suspensions.get(*number)).map(|it| self.ground(it));
        match day.reason {
            DayReason::Counted => {
                let _ = write!(text, "{} {}", self.pick("计", "counted"), words::number(day.counted * run.days as f64));
                text.push_str(self.pick(" 日", " d"));
                if day.adjusted {
                    let exchanged_for = day.holiday.as_deref().unwrap_or_default();
                    let _ = match self.lang {
                        Lang::Zh => write!(text, "（{exchanged_for}调休上班）"),
                        Lang::En if exchanged_for.is_empty() => write!(text, " (adjusted workday)"),
                        Lang::En => write!(text, " (adjusted workday, {exchanged_for})"),
                    };
                }
                if day.suspended > 0.0 {
                    let grounds = suspended().collect::<Vec<_>>().join(self.pick("、", ", "));
                    let left_out = words::number(day.suspended * run.days as f64);
                    let _ = match self.lang {
                        Lang::Zh => write!(text, "，另有 {left_out} 日不计：{grounds}"),
                        Lang::En => write!(text, "; {left_out} d not counted: {grounds}"),
                    };
                }
                let _ = write!(text, "{} {}", self.pick("，累计", ", in all"), words::number(day.count));
            }
            DayReason::StartDay => text.push_str(self.pick("开始当日，不计", "starting day, not counted")),
            DayReason::Weekend => text.push_str(self.pick("周末，不计", "weekend, not counted")),
            DayReason::Holiday => {
                let holiday = day.holiday.as_deref().unwrap_or(self.pick("节假日", "holiday"));
                let _ = write!(text, "{holiday}{}", self.pick("，不计", ", not counted"));
            }
            DayReason::Suspended => {
                let grounds = suspended().collect::<Vec<_>>().join(self.pick("、", ", "));
                let _ = write!(text, "{}{grounds}", self.pick("中止，不计：", "suspended, not counted: "));
            }
            DayReason::OutsideHours => {
                let nothing = if clock.whole_days {
                    ("不计", "not counted")
                } else {
                    ("办公时间外，不计", "outside the hours, not counted")
                };
                text.push_str(self.pick(nothing.0, nothing.1));
            }
        }
        text
    }

    /// The ground of a suspension.
    fn ground(&self, it: &SuspensionExplained) -> String {
        let Some(procedure) = it.procedure else { return self.pick("补正", "correction").to_owned() };
        let mut text = words::procedure(procedure, self.lang).to_owned();
        if let Some(party) = &it.party {
            let _ = write!(text, "{}{party}", self.pick("·", " by "));
        }
        if let Some(days) = it.granted_days {
            let _ = match self.lang {
                Lang::Zh => write!(text, "（批准 {days} 日）"),
                Lang::En => write!(text, " ({days} days granted)"),
            };
        }
        text
    }

    /// How much was used, and whether it is late.
    fn state(&self, clock: &ClockExplained) -> String {
        let mut text = match clock.ended_at.filter(|ended| *ended <= self.it.as_of) {
            Some(ended) => format!("{} {}", self.pick("终止", "ended"), self.time(ended)),
            None => format!("{} {}", self.pick("截至", "by"), self.time(self.it.as_of)),
        };
        let used = words::number(clock.elapsed_days);
        let _ = match self.lang {
            Lang::Zh => write!(text, "：已用 {used} 日"),
            Lang::En => write!(text, ": {used} d used"),
        };
        if clock.suspended_days > 0.0 {
            let left_out = words::number(clock.suspended_days);
            let _ = match self.lang {
                Lang::Zh => write!(text, "，扣除 {left_out} 日"),
                Lang::En => write!(text, ", {left_out} d left out"),
            };
        }
        let over = words::at_least_something(clock.days_over, self.lang);
        let _ = match (clock.late, self.lang) {
            (true, Lang::Zh) => write!(text, "，超期 {over} 日"),
            (true, Lang::En) => write!(text, ", late by {over} d"),
            (false, Lang::Zh) => write!(text, "，未超期"),
            (false, Lang::En) => write!(text, ", not late"),
        };
        text
    }

    /// When it runs out, and how that was found.
    fn due(&self, clock: &ClockExplained) -> String {
        let Some(due) = clock.due_at else {
            let why = if clock.beyond_calendar {
                ("到期：日历未覆盖，不作推测", "due: beyond the calendar, nothing is guessed")
            } else {
                ("到期：中止尚未结束且无批准天数，暂无法确定", "due: cannot be told while a suspension without a grant is open")
            };
            return self.pick(why.0, why.1).to_owned();
        };
        let mut text = format!("{} {}", self.pick("到期", "due"), self.time(due));
        let is_reported = matches!(clock.source.origin, LimitOrigin::ReportedDue | LimitOrigin::DeferredUntil);
        if clock.whole_days && !is_reported {
            text.push_str(self.pick("（末日下班时）", " (close of business on the last day)"));
        }
        if clock.rolled_days > 0.0 {
            text.push_str(self.pick(
                "；末日为休息日，顺延至下一工作日（《民法典》第二百零三条）",
                "; the last day is a day off: the next working day (Civil Code art. 203)",
            ));
        }
        text
    }

    fn card(&self, it: &CardExplained) -> String {
        let card = &it.card;
        let (level, clock) = (words::level(card.level, self.lang), self.clock_name(card.clock, &card.instance));
        let when = it.when.map_or_else(String::new, |when| self.threshold(when, it.after_promise));
        let crossed = self.time(card.crossed_at);
        let (rule, version) = (&card.rule, self.it.variant.version);
        match (self.lang, it.issued) {
            (Lang::Zh, true) => format!("  【{level}】{clock}：{when}，{crossed} 触发（规则 {rule}，第 {version} 版）"),
            (Lang::Zh, false) => {
                format!("  〔{level}〕{clock}：{when}，如无进展将于 {crossed} 之后发出（规则 {rule}，第 {version} 版）")
            }
            (Lang::En, true) => {
                format!("  {level}, {clock}: {when}, crossed {crossed} (rule {rule}, version {version})")
            }
            (Lang::En, false) => {
                format!("  ahead: {level}, {clock}: {when}, after {crossed} if nothing happens (rule {rule}, version {version})")
            }
        }
    }

    /// The distance from the due time at which a rule issues its card.
    fn threshold(&self, when: Threshold, after_promise: bool) -> String {
        let percent = |share: f64| words::number(share * 100.0);
        let mut text = match (when, self.lang) {
            (Threshold::Over { days: 0.0 }, Lang::Zh) => "超过到期时间".to_owned(),
            (Threshold::Over { days: 0.0 }, Lang::En) => "past the due time".to_owned(),
            (Threshold::Over { days }, Lang::Zh) => format!("超期 {} 日以上", words::number(days)),
            (Threshold::Over { days }, Lang::En) => format!("more than {} d over", words::number(days)),
            (Threshold::Remaining { share: Some(share), days: Some(days) }, Lang::Zh) => {
                format!("剩余不足时限的 {}% 或 {} 日（以较晚者为准）", percent(share), words::number(days))
            }
            (Threshold::Remaining { share: Some(share), days: Some(days) }, Lang::En) => {
                format!("less than {}% of the limit or {} d left, whichever is later", percent(share), words::number(days))
            }
            (Threshold::Remaining { share: Some(share), days: None }, Lang::Zh) => format!("剩余不足时限的 {}%", percent(share)),
            (Threshold::Remaining { share: Some(share), days: None }, Lang::En) => {
                format!("less than {}% of the limit left", percent(share))
            }
            (Threshold::Remaining { days, .. }, Lang::Zh) => format!("剩余不足 {} 日", words::number(days.unwrap_or_default())),
            (Threshold::Remaining { days, .. }, Lang::En) => {
                format!("less than {} d left", words::number(days.unwrap_or_default()))
            }
        };
        if after_promise {
            text.push_str(self.pick("，且承诺已超期达预警天数", ", and the promise missed by more than its reminder span"));
        }
        text
    }

    fn finding(&self, it: &FindingExplained) -> String {
        let mut text = format!("  {}", words::finding(it.kind, self.lang));
        let severity = words::severity(it.severity, self.lang);
        let code = it.kind.code();
        let _ = match self.lang {
            Lang::Zh => write!(text, "（{code}，{severity}）"),
            Lang::En => write!(text, " ({code}, {severity})"),
        };
        if let Some(detail) = &it.detail {
            let _ = write!(text, "{}{detail}", self.pick("：", ": "));
        }
        for event in &it.evidence {
            let (id, kind, at) = (&event.event_id, event.kind, self.time(event.occurred_at));
            let _ = write!(text, "\n    {} {id}  {kind}  {at}", self.pick("证据", "evidence"));
            if let Some(recorded) = event.recorded_at {
                let _ = write!(text, "  {} {}", self.pick("录入", "recorded"), self.time(recorded));
            }
            if let Some(handler) = &event.handler {
                let _ = write!(text, "  {} {handler}", self.pick("经办", "by"));
            }
        }
        text
    }
}
