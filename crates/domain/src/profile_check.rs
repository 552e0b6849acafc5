//! What a profile will do, told by an example, and what in it is probably not meant.
//!
//! The example is not explained by other code than what judges cases: it *is* a case, assessed. So what is told here
//! and what happens cannot differ.

use crate::{
    Assessment, Calendar, CaseEvents, Catalog, Event, FindingKind, Instant, Kind, Level, Profile, Rules, assess,
    clock::ClockKind,
    counting::Suspension,
    event::{Procedure, SpecialStart},
    findings::Severity,
    profile::Threshold,
};

/// The example: a promise of so many working days.
pub const PROMISED_DAYS: u32 = 7;
/// And so many by law.
pub const STATUTORY_DAYS: u32 = 20;
/// Working days granted to the special procedure of the second example.
pub const GRANTED_DAYS: u32 = 3;
/// Working days it takes.
pub const TAKEN_DAYS: u32 = 5;

/// An example case that is never closed, as it stands when everything that time alone does has been done.
#[derive(Debug, Clone)]
pub struct Story {
    /// When it was accepted.
    pub accepted_at: Instant,
    /// When a special procedure began and ended, where it had one.
    pub special: Option<(Instant, Instant)>,
    /// The case.
    pub case: Assessment,
}

/// Something in a profile that is probably not meant, in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// A case accepted at an instant and left alone; with `is_suspended`, a hearing of [`GRANTED_DAYS`] granted days that
/// begins two days later and takes [`TAKEN_DAYS`]. None where the calendar does not reach.
pub fn story(profile: &Profile, calendar: &Calendar, accepted_at: Instant, is_suspended: bool) -> Option<Story> {
    const DAY_MS: i64 = crate::calendar::DAY_MS;
    let catalog = Catalog::from_csv(&format!(
        "code,name,department,form,statutory_limit,promised_limit\n\
         x,示例,示例,committed,{STATUTORY_DAYS} working_days,{PROMISED_DAYS} working_days\n"
    ));
    let special = is_suspended.then(|| {
        let start = accepted_at.plus_ms(2 * DAY_MS);
        let first = calendar.day_of(start).ok()?;
        let last = calendar.nth_working(i64::from(calendar.working_through(first)) + i64::from(TAKEN_DAYS) - 1).ok()?;
        let end = calendar.start(last).plus_ms(start.ms() - calendar.start(first).ms());
        Some((start, end))
    });
    let special = match special {
        Some(None) => return None,
        Some(found) => found,
        None => None,
    };
    let mut events: CaseEvents = [event("1", accepted_at, Kind::Accepted(Box::default()))].into_iter().collect();
    if let Some((start, end)) = special {
        let hearing = SpecialStart {
            procedure: Procedure::Hearing,
            granted_days: Some(GRANTED_DAYS),
            written_notice: Some(true),
            party: None,
        };
        events.insert(event("2", start, Kind::SpecialStarted(Box::new(hearing))));
        events.insert(event("3", end, Kind::SpecialEnded { procedure: Some(Procedure::Hearing) }));
    }
    let long_after = accepted_at.plus_ms(120 * DAY_MS).min(calendar.ends_at().plus_ms(-1));
    let catalog = catalog.ok()?;
    let case = assess(&events, &Rules { catalog: &catalog, calendar, profile }, long_after)?;
    case.promised.and_then(|limit| limit.due_at)?;
    Some(Story { accepted_at, special, case })
}

fn event(id: &str, at: Instant, kind: Kind) -> Event {
    Event {
        event_id: id.into(),
        source: "example".into(),
        revision: 1,
        retracted: false,
        digest: 0,
        case_no: "example".into(),
        item: Some("x".into()),
        occurred_at: at,
        recorded_at: None,
        region: None,
        department: None,
        window: None,
        handler: None,
        role: None,
        place: None,
        kind,
    }
}

impl Story {
    /// When the first card of a level is issued for the promise or the statutory limit.
    pub fn first(&self, level: Level) -> Option<Instant> {
        let of_the_case = |clock| matches!(clock, ClockKind::Promised | ClockKind::Statutory);
        let cards = self.case.cards.iter().filter(|card| card.level == level && of_the_case(card.clock));
        cards.map(|card| card.crossed_at).min()
    }
}

/// What in a profile is probably not meant; `example` is the case that is left alone.
pub fn doubts(profile: &Profile, example: &Story) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    let mut doubt = |zh: &str, en: &str| doubts.push(Doubt { zh: zh.to_owned(), en: en.to_owned() });
    let reminder = example.first(Level::Reminder);
    let (yellow, red) = (example.first(Level::Yellow), example.first(Level::Red));
    match reminder {
        None => doubt("示例办件没有预警：超期前无人得知", "the example gets no reminder: nobody knows before it is late"),
        Some(at) if at <= example.accepted_at.plus_ms(crate::calendar::DAY_MS) => {
            doubt("受理当日即预警，等于没有", "the reminder comes on the day of acceptance, which is none")
        }
        Some(_) => {}
    }
    match (yellow, red) {
        (None, None) => doubt("示例办件永远不发黄牌、红牌", "the example never gets a yellow or a red card"),
        (None, Some(_)) => doubt("示例办件不发黄牌，直接红牌", "the example gets no yellow card before the red one"),
        _ => {}
    }
    if let (Some(reminder), Some(card)) = (reminder, yellow.into_iter().chain(red).min())
        && reminder >= card
    {
        doubt("预警不早于牌", "the reminder does not come before the card");
    }
    if let (Some(yellow), Some(red)) = (yellow, red)
        && red < yellow
    {
        doubt("红牌早于黄牌", "the red card comes before the yellow one");
    }
    let due = example.case.promised.and_then(|limit| limit.due_at);
    if let (Some(yellow), Some(due)) = (yellow.into_iter().chain(red).min(), due)
        && yellow < due
    {
        doubt("未到承诺期限即发牌", "a card is issued before the promise has run out");
    }
    match profile.suspension {
        Suspension::Actual => doubt(
            "停时按实际天数扣除、不设上限：特别程序不结束，时钟就一直停着",
            "suspensions leave out the time taken, without bound: a procedure that never ends stops the clock for ever",
        ),
        Suspension::Granted => doubt(
            "停时按批准天数扣除：提前结束的特别程序仍扣满批准天数",
            "suspensions leave out the days granted: a procedure that ends early still leaves out all of them",
        ),
        Suspension::Capped => {}
    }
    about_rules(profile, &mut doubt);
    for kind in [FindingKind::DeemedAccepted, FindingKind::SecondCorrection, FindingKind::UnknownItem] {
        if profile.severity(kind) == Severity::Off {
            doubt(&format!("异常 {} 已关闭", kind.code()), &format!("the finding {} is switched off", kind.code()));
        }
    }
    doubts
}

fn about_rules(profile: &Profile, doubt: &mut impl FnMut(&str, &str)) {
    for rule in &profile.rules {
        let id = &rule.id;
        if let Threshold::Over { days } = rule.when
            && days > 30.0
        {
            doubt(
                &format!("规则 {id}：超期 {days} 天以后才发牌"),
                &format!("the rule {id} waits until {days} days over the limit"),
            );
        }
    }
    if !profile.rules.is_empty() && profile.rules.iter().all(|rule| rule.confirm) {
        doubt("所有牌都须人工确认：无人确认就一张也不发", "every card waits for confirmation: without an officer none is issued");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(profile: &Profile, is_suspended: bool) -> Story {
        let accepted_at = Instant::parse("2018-10-15T10:00:00+08:00").unwrap();
        story(profile, &Calendar::china(), accepted_at, is_suspended).unwrap()
    }

    fn at(text: &str) -> Option<Instant> {
        Some(Instant::parse(text).unwrap())
    }

    #[test]
    fn the_example_of_hunan_is_told_as_it_is_known() {
        let hunan = Profile::built_in("hunan-2018").unwrap();
        let story = example(&hunan, false);
        assert_eq!(story.first(Level::Reminder), at("2018-10-19T10:00:00+08:00"));
        assert_eq!(story.first(Level::Yellow), at("2018-10-24T10:00:00+08:00"));
        assert_eq!(story.first(Level::Red), at("2018-11-12T10:00:00+08:00"));
        let suspended = example(&hunan, true);
        assert_eq!(suspended.first(Level::Yellow), at("2018-10-29T10:00:00+08:00"), "by the days granted, not by those taken");
    }

    #[test]
    fn the_hearing_of_the_example_begins_two_days_later_and_takes_five_working_days() {
        let profile = Profile::built_in("default").unwrap();
        let hearing = |accepted_at: &str| story(&profile, &Calendar::china(), at(accepted_at).unwrap(), true).unwrap().special;
        let from_to = |from: &str, to: &str| at(from).zip(at(to));
        assert_eq!(hearing("2018-10-15T10:00:00+08:00"), from_to("2018-10-17T10:00:00+08:00", "2018-10-24T10:00:00+08:00"));
        // It may begin on a Saturday.
        assert_eq!(hearing("2018-10-18T10:00:00+08:00"), from_to("2018-10-20T10:00:00+08:00", "2018-10-26T10:00:00+08:00"));
        assert_eq!(example(&profile, false).special, None);
    }

    #[test]
    fn the_example_is_told_also_near_the_end_of_the_calendar_and_not_past_it() {
        let profile = Profile::built_in("default").unwrap();
        let told = |accepted_at: &str| story(&profile, &Calendar::china(), at(accepted_at).unwrap(), false);
        let near = told("2026-11-02T10:00:00+08:00").unwrap();
        assert_eq!(near.case.findings, [], "nothing of it lies beyond");
        assert!(near.first(Level::Red).is_some());
        assert!(told("2026-12-28T10:00:00+08:00").is_none());
    }

    #[test]
    fn the_default_profile_raises_no_doubt() {
        let profile = Profile::built_in("default").unwrap();
        assert_eq!(doubts(&profile, &example(&profile, false)), []);
    }

    #[test]
    fn doubtful_settings_are_told() {
        let told = |text: &str| {
            let profile = Profile::from_toml(text).unwrap();
            let doubts = doubts(&profile, &example(&profile, false));
            doubts.into_iter().map(|doubt| doubt.en).collect::<Vec<_>>().join("\n")
        };
        let bare = told("name = 'x'\nsuspension = 'actual'");
        assert!(bare.contains("no reminder") && bare.contains("never gets") && bare.contains("for ever"), "{bare}");
        let card = |fields: &str| format!("name = 'x'\nextends = 'default'\n[[card]]\nclock = 'promised'\n{fields}");
        assert!(told(&card("level = 'yellow'\nremaining_days = 2")).contains("before the promise has run out"));
        assert!(told(&card("level = 'reminder'\nremaining_days = 9")).contains("on the day of acceptance"));
        let twice = "[[card]]\nclock = 'promised'\nlevel = 'yellow'\nid = 'much'\nover_days = 40";
        let twice = told(&card(&format!("level = 'yellow'\nover_days = 0\n{twice}")));
        assert!(twice.contains("40 days over"), "{twice}");
        let cards = |first: &str, second: &str| {
            told(&format!("name = 'x'\n[[card]]\nclock = 'promised'\n{first}\n[[card]]\nclock = 'promised'\n{second}\n"))
        };
        let reminded = "level = 'reminder'\nremaining_days = 1";
        assert!(!cards(reminded, "level = 'yellow'\nover_days = 0").contains("never gets"));
        assert!(cards(reminded, "level = 'red'\nover_days = 0").contains("no yellow card before the red one"));
        let too_late = cards("level = 'reminder'\nremaining_days = 0", "level = 'yellow'\nover_days = 0");
        assert!(too_late.contains("the reminder does not come before the card"), "{too_late}");
        let upside_down = cards("level = 'yellow'\nover_days = 2", "level = 'red'\nover_days = 1");
        assert!(upside_down.contains("the red card comes before the yellow one"), "{upside_down}");
        let together = cards("level = 'yellow'\nover_days = 1", "level = 'red'\nover_days = 1");
        assert!(!together.contains("comes before") && !together.contains("before the promise has run out"), "{together}");
        let held =
            |second: &str| cards(&format!("{reminded}\nconfirm = true"), &format!("level = 'red'\nover_days = 0\n{second}"));
        assert!(held("confirm = true").contains("every card waits") && !held("").contains("every card waits"));
        let waits = |days: u32| cards(reminded, &format!("level = 'red'\nover_days = {days}")).contains("days over the limit");
        assert!(!waits(30) && waits(31));
        let off = told("name = 'x'\nextends = 'default'\n[findings]\ndeemed_accepted = 'off'");
        assert!(off.contains("deemed_accepted"), "{off}");
    }
}
