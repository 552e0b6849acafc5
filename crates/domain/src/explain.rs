//! Why supervision says what it says of a case: every clock day by day, every card with its rule, every finding with
//! its evidence.
//!
//! An explanation is read off the very clocks [`assess`](crate::assess()) works with, so its numbers are those of the
//! assessment: the last count of a clock is its elapsed days, and the days still ahead end at its due time.

mod days;
mod project;
mod text;
mod words;

use jiff::civil::Date;

use crate::{
    Assessment, Calendar, Card, CaseEvents, Clock, ClockKind, FindingKind, Instant, Level, Rules, Text,
    assess::{LimitSource, Workings, work_out},
    cards::{cards_of, is_issued},
    event::{Procedure, coded},
    findings::Severity,
    profile::{CardRule, Profile, Threshold},
    timeline::Timeline,
};

pub use days::{Day, DayReason, DayRun, runs};
pub use project::project_text;
pub use text::explanation_text;

coded! {
    /// In which language a text is written.
    Lang {
        /// 中文.
        Zh = "zh",
        /// English.
        En = "en",
    }
}

impl FindingKind {
    /// What it is called, for people.
    pub fn name(self, lang: Lang) -> &'static str {
        words::finding(self, lang)
    }
}

/// Why supervision says what it says of one case at one instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// When it is explained as of.
    pub as_of: Instant,
    /// What is explained.
    pub assessment: Assessment,
    /// The version of the catalogue's item that is in force, where there is one.
    pub item: Option<ItemVersion>,
    /// How time was counted.
    pub variant: Variant,
    /// The times that are not counted, by their beginning.
    pub suspensions: Vec<SuspensionExplained>,
    /// Every clock that ran or runs.
    pub clocks: Vec<ClockExplained>,
    /// The cards issued, and then those that a running clock will issue if nothing happens.
    pub cards: Vec<CardExplained>,
    /// What was found.
    pub findings: Vec<FindingExplained>,
}

/// The version of an item that a case is measured by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemVersion {
    /// Item code.
    pub code: Text,
    /// Its name.
    pub name: Text,
    /// First day of this version.
    pub valid_from: Date,
}

/// How time was counted: the variant printed beside every figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// Name of the profile.
    pub profile: Text,
    /// Its version.
    pub version: u32,
    /// How limits are counted.
    pub counting: crate::counting::Counting,
    /// How much of a suspension is left out.
    pub suspension: crate::counting::Suspension,
    /// Which days of it.
    pub suspended_days: crate::counting::SuspendedDays,
    /// Name of the calendar.
    pub calendar: Text,
}

/// A time that is not counted, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuspensionExplained {
    /// The special procedure; none for a correction.
    pub procedure: Option<Procedure>,
    /// The intermediary, where it is one's work.
    pub party: Option<Text>,
    /// The event that began it.
    pub event_id: Text,
    /// When it began.
    pub from: Instant,
    /// When it ended, if it did.
    pub until: Option<Instant>,
    /// Working days granted to it.
    pub granted_days: Option<u32>,
}

/// One clock, day by day.
#[derive(Debug, Clone, PartialEq)]
pub struct ClockExplained {
    /// Which clock.
    pub clock: ClockKind,
    /// Which of its kind.
    pub instance: Text,
    /// When it started.
    pub started_at: Instant,
    /// When it ended, if it did.
    pub ended_at: Option<Instant>,
    /// When it runs out.
    pub due_at: Option<Instant>,
    /// The limit in days of its unit.
    pub limit_days: f64,
    /// Where the limit comes from.
    pub source: LimitSource,
    /// Days by which a limit of calendar days, months or years is longer because its last day was a day off (Civil Code
    /// art. 203).
    pub rolled_days: f64,
    /// Whether its days are working days; else calendar days.
    pub working_days: bool,
    /// Whether whole days are counted, each to its close of business; else the time within them.
    pub whole_days: bool,
    /// The days up to its end or the instant asked for.
    pub days: Vec<Day>,
    /// While it runs, the days from there to its due time, if nothing happens.
    pub ahead: Vec<Day>,
    /// Net days used.
    pub elapsed_days: f64,
    /// Days left out.
    pub suspended_days: f64,
    /// Past its due time.
    pub late: bool,
    /// Days over.
    pub days_over: f64,
    /// The calendar ends before the clock does, or before the instant asked for.
    pub beyond_calendar: bool,
}

/// A card, and the rule it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct CardExplained {
    /// The card.
    pub card: Card,
    /// Whether it has been issued; else it is ahead.
    pub issued: bool,
    /// The rule's distance from the due time, where the profile still has the rule.
    pub when: Option<Threshold>,
    /// The rule waits until the promise is missed by more than its reminder span.
    pub after_promise: bool,
}

/// A finding, and the events that show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingExplained {
    /// What was found.
    pub kind: FindingKind,
    /// How grave it is under the profile.
    pub severity: Severity,
    /// What exactly.
    pub detail: Option<Text>,
    /// The events that show it.
    pub evidence: Vec<Evidence>,
}

/// An event that shows a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Its id.
    pub event_id: Text,
    /// Its kind, as on the topic.
    pub kind: &'static str,
    /// When it happened.
    pub occurred_at: Instant,
    /// When it was written down, where the source says so.
    pub recorded_at: Option<Instant>,
    /// Who acted.
    pub handler: Option<Text>,
}

/// Explains a case: a pure function of what [`assess`](crate::assess()) takes. None where no event stands.
pub fn explain(case: &CaseEvents, rules: &Rules<'_>, as_of: Instant) -> Option<Explanation> {
    let timeline = Timeline::read(case, as_of);
    let workings = work_out(&timeline, rules, as_of)?;
    let suspensions = suspensions(&timeline);
    let clocks = workings.clocks.iter().zip(&workings.sources).filter_map(|(clock, source)| {
        // What the calendar does not reach is told by the finding `calendar_not_covered`.
        clock_explained(clock, *source, &workings, rules.calendar, &timeline, as_of).ok()
    });
    let Profile { name, version, counting, suspension, suspended_days, .. } = rules.profile;
    Some(Explanation {
        as_of,
        item: workings.item.map(|item| ItemVersion {
            code: item.code.clone(),
            name: item.name.clone(),
            valid_from: item.valid_from,
        }),
        variant: Variant {
            profile: name.clone(),
            version: *version,
            counting: *counting,
            suspension: *suspension,
            suspended_days: *suspended_days,
            calendar: rules.calendar.name().into(),
        },
        clocks: clocks.collect(),
        cards: cards(&workings, rules.profile, as_of),
        findings: findings(&workings.assessment, &timeline),
        suspensions,
        assessment: workings.assessment,
    })
}

/// In the order of [`Timeline::suspensions`], so that one number names both.
fn suspensions(timeline: &Timeline<'_>) -> Vec<SuspensionExplained> {
    let spans = timeline.suspensions();
    let specials = timeline.specials.iter().filter(|special| special.start.procedure != Procedure::Extension);
    let specials = specials.map(|it| (Some(it.start.procedure), it.start.party.clone(), it.started.event_id.clone()));
    let corrections = timeline.corrections.iter().map(|it| (None, None, it.requested.event_id.clone()));
    let grounds = specials.chain(corrections);
    let explained = spans.iter().zip(grounds).map(|(span, (procedure, party, event_id))| SuspensionExplained {
        procedure,
        party,
        event_id,
        from: span.from,
        until: span.until,
        granted_days: span.granted_days,
    });
    explained.collect()
}

fn clock_explained(
    clock: &Clock<'_>,
    source: LimitSource,
    workings: &Workings<'_>,
    calendar: &Calendar,
    timeline: &Timeline<'_>,
    as_of: Instant,
) -> Result<ClockExplained, crate::Uncovered> {
    let last_covered = calendar.ends_at().plus_ms(-1);
    let covered = as_of.min(last_covered);
    let until = clock.read_at(covered);
    let suspensions = if source.can_be_suspended { timeline.suspensions() } else { Vec::new() };
    let reader = days::DayReader::new(clock, calendar, &workings.clock_rules, &suspensions)?;
    let is_running = clock.ended_at.is_none_or(|ended| ended > as_of);
    let ahead = match clock.due().filter(|due| is_running && *due > until) {
        Some(due) => reader.read(until, due.min(last_covered), days::Part::Rest)?,
        None => Vec::new(),
    };
    let beyond_now = clock.read_at(as_of) > last_covered;
    Ok(ClockExplained {
        clock: clock.kind,
        instance: clock.instance.clone(),
        started_at: clock.started_at,
        ended_at: clock.ended_at,
        due_at: clock.due(),
        limit_days: clock.limit_days(),
        source,
        rolled_days: rolled_days(clock, source),
        working_days: !clock.scale().counts_days_off(),
        whole_days: clock.scale().counts_whole_days(),
        days: reader.read(clock.started_at, until, days::Part::First)?,
        ahead,
        elapsed_days: clock.elapsed_days(covered)?,
        suspended_days: clock.suspended_days(covered)?,
        late: clock.is_late(as_of),
        days_over: clock.days_over(covered)?,
        beyond_calendar: clock.is_beyond_calendar() || beyond_now,
    })
}

/// A due time that was reported is where it was reported; only a computed one rolls.
fn rolled_days(clock: &Clock<'_>, source: LimitSource) -> f64 {
    use crate::assess::LimitOrigin::{DeferredUntil, ReportedDue};
    let is_computed = !matches!(source.origin, ReportedDue | DeferredUntil);
    if is_computed { clock.days(clock.length()) - clock.limit_days() } else { 0.0 }
}

fn cards(workings: &Workings<'_>, profile: &Profile, as_of: Instant) -> Vec<CardExplained> {
    let promised = workings.clocks.iter().find(|clock| clock.kind == ClockKind::Promised);
    let running = workings.clocks.iter().filter(|clock| clock.ended_at.is_none());
    let ahead = running.flat_map(|clock| cards_of(clock, promised, profile));
    let mut ahead: Vec<Card> = ahead.filter(|card| !is_issued(card.crossed_at, as_of)).collect();
    ahead.sort_by(Card::by_crossing);
    let explained = |card: Card, issued: bool| {
        let rule: Option<&CardRule> = profile.rules.iter().find(|rule| rule.id == card.rule);
        CardExplained {
            issued,
            when: rule.map(|rule| rule.when),
            after_promise: rule.is_some_and(|rule| rule.after_promise),
            card,
        }
    };
    let issued = workings.assessment.cards.iter().map(|card| explained(card.clone(), true));
    issued.chain(ahead.into_iter().map(|card| explained(card, false))).collect()
}

fn findings(assessment: &Assessment, timeline: &Timeline<'_>) -> Vec<FindingExplained> {
    let evidence = |id: &Text| {
        let event = timeline.events.iter().find(|event| event.event_id == *id)?;
        Some(Evidence {
            event_id: id.clone(),
            kind: event.kind.name(),
            occurred_at: event.occurred_at,
            recorded_at: event.recorded_at,
            handler: event.handler.clone(),
        })
    };
    let explained = assessment.findings.iter().map(|finding| FindingExplained {
        kind: finding.kind,
        severity: finding.severity,
        detail: finding.detail.clone(),
        evidence: finding.events.iter().filter_map(evidence).collect(),
    });
    explained.collect()
}

impl Explanation {
    /// The cards of a level that have been issued.
    pub fn issued(&self, level: Level) -> impl Iterator<Item = &CardExplained> {
        self.cards.iter().filter(move |it| it.issued && it.card.level == level)
    }
}
