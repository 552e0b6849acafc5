//! What supervision says about a case at an instant.

mod assessment;
mod clocks;
mod limit;
mod places;
mod spans;

use crate::{
    Calendar, Card, CaseEvents, Catalog, Clock, ClockKind, Event, Instant, Item, Limit, Outcome, Profile, Text,
    cards::{cards_of, is_issued},
    clock::{Allowance, ClockRules, ClockSpan, SuspensionSpan},
    event::Decision,
    findings::{Circumstances, find},
    timeline::Timeline,
};

pub use assessment::{Assessment, LimitState, SpanState, Status};
pub use limit::{LimitOrigin, LimitSource};
pub use places::WorkPlaces;

/// Everything besides the events that an assessment rests on.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The items, and what belongs to them: who may decide them, bottom lines, intermediaries.
    pub catalog: &'a Catalog,
    /// The working days.
    pub calendar: &'a Calendar,
    /// How time is counted and cards are issued.
    pub profile: &'a Profile,
}

/// Assesses a case: a pure function of the set of its events, the rules and the instant asked for.
/// Events that occur after `as_of` have not happened yet. None where no event stands.
///
/// Days are counted as [`crate::counting`] says; the statute articles are those of 行政许可法.
///
/// ```
/// use domain::{*, event::Acceptance};
/// // Hunan, 2018: accepted Monday 2018-10-15 10:00, promise 7 working days.
/// let catalog = Catalog::from_csv("code,name,department,form,promised_limit\na,甲,局,committed,7 working_days\n").unwrap();
/// let (calendar, profile) = (Calendar::china(), Profile::built_in("hunan-2018").unwrap());
/// let at = |text| Instant::parse(text).unwrap();
/// let accepted = Event {
///     event_id: "1".into(), source: "s".into(), revision: 1, retracted: false, digest: 0,
///     case_no: "c".into(), item: Some("a".into()), occurred_at: at("2018-10-15T10:00:00+08:00"), recorded_at: None,
///     region: None, department: None, window: None, handler: None, role: None, place: None,
///     kind: Kind::Accepted(Box::new(Acceptance::default())),
/// };
/// let case: CaseEvents = [accepted].into_iter().collect();
/// let rules = Rules { catalog: &catalog, calendar: &calendar, profile: &profile };
/// let case_at = |text| assess(&case, &rules, at(text)).unwrap();
/// assert!(case_at("2018-10-19T10:00:00+08:00").cards.is_empty());
/// assert_eq!(case_at("2018-10-19T10:00:01+08:00").cards[0].level, Level::Reminder);
/// assert_eq!(case_at("2018-10-24T10:00:01+08:00").cards[1].level, Level::Yellow);
/// ```
pub fn assess(case: &CaseEvents, rules: &Rules<'_>, as_of: Instant) -> Option<Assessment> {
    let timeline = Timeline::read(case, as_of);
    Some(work_out(&timeline, rules, as_of)?.assessment)
}

/// An assessment and what it was read off, for who has to explain it.
pub(crate) struct Workings<'a> {
    pub(crate) assessment: Assessment,
    /// The version of the item in force.
    pub(crate) item: Option<&'a Item>,
    pub(crate) clocks: Vec<Clock<'a>>,
    /// Where the limit of each clock comes from.
    pub(crate) sources: Vec<LimitSource>,
    pub(crate) clock_rules: ClockRules<'a>,
}

/// Assesses what has happened, and keeps the workings.
pub(crate) fn work_out<'a>(timeline: &'a Timeline<'a>, rules: &'a Rules<'a>, as_of: Instant) -> Option<Workings<'a>> {
    let first = timeline.events.first()?;
    let mut assessor = Assessor::new(timeline, rules, as_of);
    let (assessment, item) = assessor.assess(first.case_no.clone());
    Some(Workings { assessment, item, clocks: assessor.clocks, sources: assessor.sources, clock_rules: assessor.clock_rules })
}

/// One assessment in the making.
struct Assessor<'a> {
    timeline: &'a Timeline<'a>,
    rules: &'a Rules<'a>,
    clock_rules: ClockRules<'a>,
    as_of: Instant,
    suspensions: Vec<SuspensionSpan>,
    clocks: Vec<Clock<'a>>,
    /// Where the limit of each clock comes from.
    sources: Vec<LimitSource>,
    uncovered: Vec<&'a Event>,
    uncovered_year: Option<i16>,
    /// Instants (the last at which the old state holds) at which the state changes by itself.
    turns: Vec<Instant>,
}

impl<'a> Assessor<'a> {
    fn new(timeline: &'a Timeline<'a>, rules: &'a Rules<'a>, as_of: Instant) -> Self {
        Self {
            timeline,
            rules,
            clock_rules: ClockRules::new(rules.calendar, rules.profile),
            as_of,
            suspensions: timeline.suspensions(),
            clocks: Vec::with_capacity(8),
            sources: Vec::with_capacity(8),
            uncovered: Vec::new(),
            uncovered_year: None,
            turns: Vec::with_capacity(8),
        }
    }

    fn assess(&mut self, case_no: Text) -> (Assessment, Option<&'a Item>) {
        let timeline = self.timeline;
        let received_at = timeline.applied.map(|event| event.occurred_at);
        let deemed_accepted = self.run_intake();
        let accepted_event = if deemed_accepted { timeline.applied } else { timeline.accepted };
        let accepted_at = accepted_event.map(|event| event.occurred_at);
        let item_code = timeline.said(|event| event.item.as_ref());
        let item = self.item_in_force(item_code, accepted_at.or(received_at));
        if let Some(started) = accepted_event {
            self.run_case_clocks(started, item);
        }
        self.run_steps(item);
        self.run_specials(item);
        let delivery_due = self.run_delivery(item);
        self.run_deferred();
        self.run_answers();
        let closing = self.closing(delivery_due);
        let (elapsed_days, suspended_days) = self.days_used(accepted_at);
        let status = self.status(accepted_at, closing.map(|(at, _)| at));
        let cards = self.cards();
        let findings = find(&Circumstances {
            timeline,
            rules: self.rules,
            item,
            clocks: &self.clocks,
            as_of: self.as_of,
            deemed_accepted,
            uncovered: &self.uncovered,
        });
        let same_day = accepted_at
            .zip(closing)
            .map(|(accepted, (closed, _))| self.rules.calendar.local_date(accepted) == self.rules.calendar.local_date(closed));
        let text = |said: Option<&Text>| said.cloned();
        let assessment = Assessment {
            case_no,
            item: text(item_code),
            item_known: item.is_some(),
            department: text(
                timeline
                    .said_at_intake(|event| event.department.as_ref())
                    .or(item.map(|item| &item.department))
                    .or_else(|| timeline.said(|event| event.department.as_ref())),
            ),
            window: text(timeline.said(|event| event.window.as_ref())),
            region: text(timeline.said(|event| event.region.as_ref())),
            project: text(timeline.project()),
            green_channel: timeline.is_green_channel(),
            key_project: timeline.is_key_project(),
            form: item.map(|item| item.form).or(timeline.declared_form()),
            status,
            outcome: closing.map(|(_, outcome)| outcome),
            received_at,
            accepted_at,
            decided_at: timeline.decided.map(|(event, _)| event.occurred_at),
            closed_at: closing.map(|(at, _)| at),
            delivered_at: timeline.delivered.map(|event| event.occurred_at),
            elapsed_days,
            suspended_days,
            same_day,
            promised: self.limit_state(ClockKind::Promised),
            statutory: self.limit_state(ClockKind::Statutory),
            places: WorkPlaces::read(timeline, item),
            corrections: timeline.corrections.len() as u32,
            rating: timeline.rated.map(|(_, score)| score),
            cards,
            findings,
            spans: self.spans(),
            valid_from: self.valid_from(),
            next_change: self.next_change(),
            uncovered_year: self.uncovered_year,
        };
        (assessment, item)
    }

    /// The version in force when the case was accepted (received, where it is not yet).
    fn item_in_force(&self, code: Option<&Text>, on: Option<Instant>) -> Option<&'a Item> {
        let on = on.or_else(|| self.timeline.events.first().map(|event| event.occurred_at))?;
        self.rules.catalog.in_force(code?, self.rules.calendar.local_date(on))
    }

    /// When and how the case was closed: by its event, or, where the profile says so, at a decision
    /// once it is delivered or the delivery limit has passed.
    fn closing(&mut self, delivery_due: Option<Instant>) -> Option<(Instant, Outcome)> {
        if let Some((event, outcome)) = self.timeline.closed {
            return Some((event.occurred_at, outcome));
        }
        let (decided, decision) = self.timeline.decided.filter(|_| self.rules.profile.close_at_decision)?;
        let closed = Some((decided.occurred_at, decision.into()));
        // A refusal has no certificate to wait for.
        if decision == Decision::Refused || self.timeline.delivered.is_some() {
            return closed;
        }
        let due = delivery_due?;
        self.turns.push(due);
        closed.filter(|_| self.as_of > due)
    }

    fn status(&mut self, accepted_at: Option<Instant>, closed_at: Option<Instant>) -> Status {
        let timeline = self.timeline;
        if closed_at.is_some() {
            return Status::Closed;
        }
        if timeline.not_accepted.is_some() && timeline.accepted.is_none() {
            return Status::NotAccepted;
        }
        if accepted_at.is_none() {
            return Status::Received;
        }
        if timeline.decided.is_some() {
            return Status::Open;
        }
        let open = self.suspensions.iter().filter(|span| span.until.is_none());
        self.turns.extend(open.clone().filter_map(|span| self.clock_rules.grant_ends(span)));
        if open.clone().any(|span| self.clock_rules.is_in_force(span, self.as_of)) { Status::Suspended } else { Status::Open }
    }

    /// Net working days used by the case, and those left out.
    fn days_used(&mut self, accepted_at: Option<Instant>) -> (Option<f64>, Option<f64>) {
        let Some(started_at) = accepted_at else { return (None, None) };
        let ended_at = self.timeline.case_end().or(self.timeline.not_accepted.map(|event| event.occurred_at));
        if ended_at.is_none() {
            // The days of an open case run until the calendar ends.
            self.turns.push(self.rules.calendar.ends_at().plus_ms(-1));
        }
        let span = ClockSpan { kind: ClockKind::Promised, instance: Text::default(), started_at, ended_at, handler: None };
        let used = Clock::new(span, Allowance::Limit(Limit::working_days(0)), &self.suspensions, &self.clock_rules)
            .and_then(|clock| Ok((clock.elapsed_days(self.as_of)?, clock.suspended_days(self.as_of)?)));
        match used {
            Ok((elapsed, suspended)) => (Some(elapsed), Some(suspended)),
            Err(uncovered) => {
                let evidence = self.timeline.events[self.timeline.events.len() - 1];
                self.flag_uncovered(uncovered.year, evidence);
                (None, None)
            }
        }
    }

    fn limit_state(&self, kind: ClockKind) -> Option<LimitState> {
        let clock = self.clocks.iter().find(|clock| clock.kind == kind)?;
        LimitState::read(clock, self.rules.calendar, self.as_of).ok()
    }

    fn cards(&mut self) -> Vec<Card> {
        let mut cards = Vec::new();
        let promised = self.clocks.iter().find(|clock| clock.kind == ClockKind::Promised);
        let current = self.timeline.steps.iter().rev().find(|step| step.completed.is_none());
        for clock in &self.clocks {
            self.turns.extend(clock.due().filter(|_| clock.ended_at.is_none()));
            for mut card in cards_of(clock, promised, self.rules.profile) {
                self.turns.push(card.crossed_at);
                if is_issued(card.crossed_at, self.as_of) {
                    // The one at work answers first for a clock of the whole case.
                    let at_work = current.and_then(|step| step.started.handler.clone());
                    let is_case_clock = matches!(clock.kind, ClockKind::Promised | ClockKind::Statutory);
                    card.handler = at_work.filter(|_| is_case_clock).or(card.handler);
                    cards.push(card);
                }
            }
        }
        cards.sort_by(Card::by_crossing);
        cards
    }

    /// A turn at `t` shows from the millisecond after it.
    fn valid_from(&self) -> Instant {
        let turns = self.turns.iter().map(|turn| turn.plus_ms(1)).filter(|turn| *turn <= self.as_of);
        let last_event = self.timeline.events.last().map(|event| event.occurred_at);
        turns.chain(last_event).max().unwrap_or_default()
    }

    fn next_change(&self) -> Option<Instant> {
        let turns = self.turns.iter().map(|turn| turn.plus_ms(1)).filter(|turn| *turn > self.as_of);
        turns.chain(self.timeline.next_event_at).min()
    }
}

/// A case whose only standing events are still ahead has no assessment, but a time when it will.
pub fn first_change(case: &CaseEvents) -> Option<Instant> {
    case.standing().map(|event| event.occurred_at).next()
}
