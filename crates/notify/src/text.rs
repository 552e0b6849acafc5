//! What people read: Chinese first, English beside it.

use jiff::{Timestamp, tz::TimeZone};

use crate::{CardMessage, CardState};

/// The zone times are written in, `Asia/Shanghai` by default.
#[derive(Debug, Clone)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone of an IANA name.
    ///
    /// # Errors
    /// There is no such zone.
    pub fn named(name: &str) -> Result<Self, jiff::Error> {
        TimeZone::get(name).map(Self)
    }

    fn write(&self, at: Timestamp) -> String {
        at.to_zoned_datetime(self.0.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }
}

impl Default for Zone {
    /// China keeps one zone, without daylight saving since 1991; where the zone data lack it, its offset serves.
    fn default() -> Self {
        Self::named("Asia/Shanghai").unwrap_or(Self(TimeZone::fixed(jiff::tz::offset(8))))
    }
}

/// The texts of a card.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Texts {
    /// One line, for a subject.
    pub title: String,
    /// Chinese.
    pub text: String,
    /// English.
    pub text_en: String,
}

impl Texts {
    /// The texts of `card`, with times in `zone`.
    pub fn of(card: &CardMessage, zone: &Zone) -> Self {
        let (level, level_en) = level(&card.level);
        let (clock, clock_en) = clock(&card.clock);
        let unknown = "—".to_owned();
        let department = card.department.as_ref().unwrap_or(&unknown);
        let item = card.item.as_ref().unwrap_or(&unknown);
        let handler = card.handler.as_ref().unwrap_or(&unknown);
        let due = card.due_at.map_or(unknown.clone(), |at| zone.write(at));
        let crossed = zone.write(card.crossed_at);
        let (case_no, limit) = (&card.case_no, card.limit_days);
        match card.state {
            CardState::Issued => Self {
                title: format!("【{level} {level_en}】{department} {case_no} {clock} {clock_en}"),
                text: format!(
                    "{department}：办件 {case_no}（事项 {item}）{clock}时限 {limit} 日，应于 {due} 前办结，已于 {crossed} 触发{level}。责任人：{handler}。"
                ),
                text_en: format!(
                    "{department}: case {case_no} (item {item}), {clock_en} limit of {limit} days, due {due}; {level_en} crossed at {crossed}. Responsible: {handler}."
                ),
            },
            CardState::Withdrawn => {
                let reason = card.reason.as_ref().unwrap_or(&unknown);
                Self {
                    title: format!("【撤销{level} {level_en} withdrawn】{department} {case_no} {clock} {clock_en}"),
                    text: format!("{department}：办件 {case_no}（事项 {item}）的{level}已由系统撤销，原因：{reason}。"),
                    text_en: format!("{department}: the {level_en} on case {case_no} (item {item}) was withdrawn: {reason}."),
                }
            }
        }
    }
}

fn level(code: &str) -> (&str, &str) {
    match code {
        "reminder" => ("预警", "reminder"),
        "yellow" => ("黄牌", "yellow card"),
        "red" => ("红牌", "red card"),
        other => (other, other),
    }
}

fn clock(code: &str) -> (&str, &str) {
    match code {
        "intake" => ("受理", "intake"),
        "promised" => ("承诺", "promised"),
        "statutory" => ("法定", "statutory"),
        "step" => ("环节", "step"),
        "special" => ("特别程序", "special procedure"),
        "delivery" => ("送达", "delivery"),
        "deferred" => ("容缺后补", "deferred material"),
        "rectification" => ("差评整改", "rectification"),
        "complaint" => ("投诉处理", "complaint"),
        other => (other, other),
    }
}
