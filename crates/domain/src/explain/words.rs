//! The words of explanations: 中文, and English beside it.

use jiff::civil::{Date, Weekday};

use crate::{
    ClockKind, FindingKind, Instant, Level, Status,
    assess::LimitOrigin,
    counting::{Counting, SuspendedDays, Suspension},
    event::Procedure,
    explain::Lang,
    findings::Severity,
};

impl Lang {
    /// The text of this language.
    pub(super) const fn pick<'t>(self, zh: &'t str, en: &'t str) -> &'t str {
        match self {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }
}

/// To four decimals, without what says nothing.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// The same; what is too little to be shown is not said to be nothing.
pub(super) fn at_least_something(value: f64, lang: Lang) -> String {
    match number(value).as_str() {
        "0" if value > 0.0 => lang.pick("不足 0.0001", "less than 0.0001").to_owned(),
        shown => shown.to_owned(),
    }
}

/// Local time, seconds only where there are any.
pub(super) fn time(at: Instant, zone: &jiff::tz::TimeZone) -> String {
    let Ok(timestamp) = jiff::Timestamp::from_millisecond(at.ms()) else { return format!("{at:?}") };
    let format = if at.ms() % 60_000 == 0 { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M:%S" };
    zone.to_datetime(timestamp).strftime(format).to_string()
}

/// `2018-10-15 周一`, or `2018-10-16…10-19 周二至周五`.
pub(super) fn dates(first: Date, last: Date, lang: Lang) -> String {
    let day = |date: Date| weekday(date.weekday(), lang);
    if first == last {
        return format!("{first} {}", day(first));
    }
    let end = if first.year() == last.year() { last.strftime("%m-%d").to_string() } else { last.to_string() };
    format!("{first}…{end} {}{}{}", day(first), lang.pick("至", "–"), day(last))
}

fn weekday(day: Weekday, lang: Lang) -> &'static str {
    let (zh, en) = match day {
        Weekday::Monday => ("周一", "Mon"),
        Weekday::Tuesday => ("周二", "Tue"),
        Weekday::Wednesday => ("周三", "Wed"),
        Weekday::Thursday => ("周四", "Thu"),
        Weekday::Friday => ("周五", "Fri"),
        Weekday::Saturday => ("周六", "Sat"),
        Weekday::Sunday => ("周日", "Sun"),
    };
    lang.pick(zh, en)
}

pub(super) fn clock(kind: ClockKind, lang: Lang) -> &'static str {
    let (zh, en) = match kind {
        ClockKind::Intake => ("受理时限", "Intake"),
        ClockKind::Promised => ("承诺时限", "Promised limit"),
        ClockKind::Statutory => ("法定时限", "Statutory limit"),
        ClockKind::Step => ("环节时限", "Step"),
        ClockKind::Special => ("特别程序", "Special procedure"),
        ClockKind::Delivery => ("送达时限", "Delivery"),
        ClockKind::Deferred => ("容缺后补", "Deferred material"),
        ClockKind::Rectification => ("差评整改", "Rectification"),
        ClockKind::Complaint => ("投诉处理", "Complaint"),
    };
    lang.pick(zh, en)
}

pub(super) fn status(status: Status, lang: Lang) -> &'static str {
    let (zh, en) = match status {
        Status::Received => ("收件", "received"),
        Status::Open => ("在办", "open"),
        Status::Suspended => ("中止", "suspended"),
        Status::Closed => ("办结", "closed"),
        Status::NotAccepted => ("不予受理", "not accepted"),
    };
    lang.pick(zh, en)
}

pub(super) fn level(level: Level, lang: Lang) -> &'static str {
    let (zh, en) = match level {
        Level::Reminder => ("预警", "reminder"),
        Level::Yellow => ("黄牌", "yellow card"),
        Level::Red => ("红牌", "red card"),
    };
    lang.pick(zh, en)
}

pub(super) fn severity(severity: Severity, lang: Lang) -> &'static str {
    let (zh, en) = match severity {
        Severity::Off => ("不查", "off"),
        Severity::Info => ("提示", "info"),
        Severity::Reminder => ("预警", "reminder"),
        Severity::Yellow => ("黄牌", "yellow"),
        Severity::Red => ("红牌", "red"),
    };
    lang.pick(zh, en)
}

/// What names a limit.
pub(super) fn origin(origin: LimitOrigin, lang: Lang) -> &'static str {
    let (zh, en) = match origin {
        LimitOrigin::CatalogPromise => ("事项目录的承诺时限", "promise of the catalogue"),
        LimitOrigin::CatalogStatutory => ("事项目录的法定时限", "statutory limit of the catalogue"),
        LimitOrigin::CatalogStep => ("事项目录的环节时限", "step limit of the catalogue"),
        LimitOrigin::CatalogDelivery => ("事项目录的送达时限", "delivery limit of the catalogue"),
        LimitOrigin::ReportedDue => ("来源系统报送的到期时间", "due time reported by the source"),
        LimitOrigin::LawIntake => ("《行政许可法》第三十二条", "Administrative Licensing Law, art. 32"),
        LimitOrigin::LawDecision => {
            ("目录未定，依《行政许可法》第四十二条", "not in the catalogue: Administrative Licensing Law, art. 42")
        }
        LimitOrigin::LawJoint => (
            "目录未定，依《行政许可法》第四十二条联合办理",
            "not in the catalogue: Administrative Licensing Law, art. 42, joint handling",
        ),
        LimitOrigin::LawDelivery => {
            ("目录未定，依《行政许可法》第四十四条", "not in the catalogue: Administrative Licensing Law, art. 44")
        }
        LimitOrigin::Granted => ("批准的特别程序天数", "days granted to the procedure"),
        LimitOrigin::PartyPublished => ("中介机构公布的时限", "limit published by the intermediary"),
        LimitOrigin::DeferredUntil => ("承诺补交的日期", "day for which it was promised"),
        LimitOrigin::RatingUsage => ("差评整改通行时限", "usual limit for bad ratings"),
        LimitOrigin::ComplaintUsage => ("本系统的投诉处理时限", "Sundial's limit for complaints"),
    };
    lang.pick(zh, en)
}

pub(super) fn procedure(procedure: Procedure, lang: Lang) -> &'static str {
    let (zh, en) = match procedure {
        Procedure::Hearing => ("听证", "hearing"),
        Procedure::Tender => ("招标", "tender"),
        Procedure::Auction => ("拍卖", "auction"),
        Procedure::Inspection => ("检验", "inspection"),
        Procedure::Testing => ("检测", "testing"),
        Procedure::Quarantine => ("检疫", "quarantine"),
        Procedure::Appraisal => ("鉴定", "appraisal"),
        Procedure::ExpertReview => ("专家评审", "expert review"),
        Procedure::Publicity => ("公示", "publicity"),
        Procedure::Extension => ("延期", "extension"),
        Procedure::External => ("中介或外部门办理", "external work"),
        Procedure::Other => ("其他特别程序", "other special procedure"),
    };
    lang.pick(zh, en)
}

pub(super) fn counting(counting: Counting, lang: Lang) -> &'static str {
    let (zh, en) = match counting {
        Counting::ExcludeFirstDay => ("按日计算，开始当日不计", "by days, the starting day not counted"),
        Counting::IncludeFirstDay => ("按日计算，开始当日计入", "by days, the starting day counted"),
        Counting::ToTheSecond => ("精确到秒，每个工作日计24小时", "to the second, a working day is 24 hours"),
        Counting::OfficeHours => ("只计办公时间", "office hours only"),
    };
    lang.pick(zh, en)
}

pub(super) fn suspension(suspension: Suspension, lang: Lang) -> &'static str {
    let (zh, en) = match suspension {
        Suspension::Actual => ("特别程序按实际天数扣除", "suspensions leave out the time taken"),
        Suspension::Granted => ("特别程序按批准天数扣除", "suspensions leave out the days granted"),
        Suspension::Capped => {
            ("特别程序按实际扣除，以批准天数为限", "suspensions leave out the time taken, up to the days granted")
        }
    };
    lang.pick(zh, en)
}

pub(super) fn suspended_days(days: SuspendedDays, lang: Lang) -> &'static str {
    let (zh, en) = match days {
        SuspendedDays::AfterFirst => ("，自开始次日扣至结束当日", ", from the day after it began through the day it ended"),
        SuspendedDays::Between => ("，开始和结束当日均不扣除", ", neither the day it began nor the day it ended"),
    };
    lang.pick(zh, en)
}

/// The unit a limit counts in.
pub(super) fn days_unit(working: bool, lang: Lang) -> &'static str {
    if working { lang.pick("个工作日", "working days") } else { lang.pick("个自然日", "calendar days") }
}

pub(super) fn finding(kind: FindingKind, lang: Lang) -> &'static str {
    let (zh, en) = match kind {
        FindingKind::UnknownItem => ("事项不在目录中", "the item is not in the catalogue"),
        FindingKind::CalendarNotCovered => ("日历未覆盖所需年份", "the calendar does not cover a year that is needed"),
        FindingKind::ImpossibleOrder => ("事件先后不可能", "events in an impossible order"),
        FindingKind::SecondCorrection => ("多次要求补正（违反一次性告知）", "correction requested more than once"),
        FindingKind::DeemedAccepted => ("逾期未告知，视为受理", "no notice in time: deemed accepted"),
        FindingKind::LateEntry => ("补录超过期限", "written down late"),
        FindingKind::MissingMandatoryStep => ("缺少必经环节", "a mandatory step is missing"),
        FindingKind::OffHallStep => ("体外循环：进驻事项在大厅外办理", "a hall item handled outside the hall"),
        FindingKind::UnauthorisedDecision => ("无授权决定", "decided without authority"),
        FindingKind::SuspensionNearDue => ("临近到期才中止", "suspended just before it was due"),
        FindingKind::RepeatedSuspension => ("同一特别程序反复启动", "the same procedure suspended it again"),
        FindingKind::SuspensionWithoutWrittenNotice => ("中止未书面告知", "suspended without written notice"),
        FindingKind::InstantClose => ("承诺件瞬间办结", "a committed item closed within seconds"),
        FindingKind::BatchClose => ("批量办结", "many cases closed at once"),
        FindingKind::FeeMismatch => ("收费与目录不符", "the fee is not that of the catalogue"),
        FindingKind::OutOfHoursEntry => ("非工作时间录入", "entered out of hours"),
        FindingKind::RefusedWithoutReason => ("不予许可未说明理由", "refused without a reason"),
        FindingKind::Undelivered => ("逾期未送达", "not delivered in time"),
        FindingKind::DeferredOverdue => ("容缺材料逾期未补", "a deferred material is overdue"),
        FindingKind::UnrectifiedRating => ("差评逾期未整改", "a bad rating not rectified in time"),
        FindingKind::BottomLineUnmet => ("绿色通道底线条件未满足", "a bottom line of the green channel is unmet"),
    };
    lang.pick(zh, en)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What would read alike could not be told apart by who reads it.
    fn are_all_different<T: Copy>(all: &[T], word: impl Fn(T, Lang) -> &'static str) {
        let mut words: Vec<&str> = [Lang::Zh, Lang::En].iter().flat_map(|lang| all.iter().map(|it| word(*it, *lang))).collect();
        words.sort_unstable();
        let count = words.len();
        words.dedup();
        assert!(words.len() == count && words.iter().all(|word| !word.is_empty()), "{words:?}");
    }

    #[test]
    fn every_code_has_a_word_of_its_own_in_both_languages() {
        are_all_different(ClockKind::ALL, clock);
        are_all_different(Status::ALL, status);
        are_all_different(Level::ALL, level);
        are_all_different(Severity::ALL, severity);
        are_all_different(LimitOrigin::ALL, origin);
        are_all_different(Procedure::ALL, procedure);
        are_all_different(Counting::ALL, counting);
        are_all_different(Suspension::ALL, suspension);
        are_all_different(SuspendedDays::ALL, suspended_days);
        are_all_different(FindingKind::ALL, finding);
        are_all_different(&[true, false], days_unit);
        let monday = Date::constant(2018, 10, 15);
        let week: Vec<Weekday> = monday.series(jiff::Span::new().days(1)).take(7).map(Date::weekday).collect();
        are_all_different(&week, weekday);
    }

    #[test]
    fn numbers_say_four_decimals_and_no_more_than_they_need() {
        let told = [7.0, 0.5, 1.0 / 3.0, 100.0, 0.0, -0.00001, -1.5, 2.00004].map(number);
        assert_eq!(told, ["7", "0.5", "0.3333", "100", "0", "0", "-1.5", "2"]);
        let least = [0.0, 0.00001, 0.0001].map(|value| at_least_something(value, Lang::En));
        assert_eq!(least, ["0", "less than 0.0001", "0.0001"]);
    }

    #[test]
    fn times_and_dates_say_no_more_than_they_need() {
        let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
        let told = |text: &str| time(Instant::parse(text).unwrap(), &zone);
        assert_eq!(told("2018-10-15T10:05:00+08:00"), "2018-10-15 10:05");
        assert_eq!(told("2018-10-15T10:05:01+08:00"), "2018-10-15 10:05:01");
        let span = |first: &str, last: &str| dates(first.parse().unwrap(), last.parse().unwrap(), Lang::En);
        assert_eq!(span("2018-10-15", "2018-10-15"), "2018-10-15 Mon");
        assert_eq!(span("2018-10-15", "2018-10-19"), "2018-10-15…10-19 Mon–Fri");
        assert_eq!(span("2018-12-31", "2019-01-01"), "2018-12-31…2019-01-01 Mon–Tue");
    }
}
