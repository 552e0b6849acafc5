//! What supervision says about a case at an instant.

use crate::{
    Calendar, Card, CaseEvents, Catalog, Clock, ClockKind, Event, Finding, Instant, Item, Limit, Outcome, Profile, Text,
    cards::{cards_of, is_issued},
    clock::{Allowance, ClockRules, ClockSpan, SuspensionSpan},
    event::{Decision, Form, Procedure, coded},
    findings::{Circumstances, find},
    timeline::Timeline,
};

coded! {
    /// How far a case has come.
    Status {
        /// 收件: in, not yet accepted.
        Received = "received",
        /// 在办.
        Open = "open",
        /// 中止: open, and the clock stands still.
        Suspended = "suspended",
        /// 办结.
        Closed = "closed",
        /// 不予受理.
        NotAccepted = "not_accepted",
    }
}

/// Everything besides the events that an assessment rests on.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The items.
    pub catalog: &'a Catalog,
    /// The working days.
    pub calendar: &'a Calendar,
    /// How time is counted and cards are issued.
    pub profile: &'a Profile,
}

/// What supervision says about one case. Days are in the unit of the clock they belong to; those of
/// the case itself are working days.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// The case.
    pub case_no: Text,
    /// Item code, where any event names one.
    pub item: Option<Text>,
    /// Whether the catalogue has the item in force.
    pub item_known: bool,
    /// The department responsible.
    pub department: Option<Text>,
    /// The window of intake.
    pub window: Option<Text>,
    /// GB/T 2260 code.
    pub region: Option<Text>,
    /// Joint approval it belongs to.
    pub project: Option<Text>,
    /// Immediate or committed, by the catalogue, else by the source.
    pub form: Option<Form>,
    /// How far it has come.
    pub status: Status,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// When it was received.
    pub received_at: Option<Instant>,
    /// When it was accepted; the receipt where it is deemed accepted.
    pub accepted_at: Option<Instant>,
    /// When it was decided.
    pub decided_at: Option<Instant>,
    /// When it was closed.
    pub closed_at: Option<Instant>,
    /// When the certificate was handed over.
    pub delivered_at: Option<Instant>,
    /// Net working days used.
    pub elapsed_days: Option<f64>,
    /// Working days left out.
    pub suspended_days: Option<f64>,
    /// Accepted and closed on one local date.
    pub same_day: Option<bool>,
    /// State against the promise.
    pub promised: Option<LimitState>,
    /// State against the law.
    pub statutory: Option<LimitState>,
    /// How many corrections were requested.
    pub corrections: u32,
    /// The last rating, 1 (very satisfied) to 5.
    pub rating: Option<u8>,
    /// Cards issued, by instant.
    pub cards: Vec<Card>,
    /// Findings, by kind.
    pub findings: Vec<Finding>,
    /// Every clock and step, for the record.
    pub spans: Vec<SpanState>,
    /// Since when all of this has been so (but for the days of open clocks, which run).
    pub valid_from: Instant,
    /// When it will next change by itself; none where only a new event can change it.
    pub next_change: Option<Instant>,
    /// The first year a clock needed that the calendar does not cover.
    pub uncovered_year: Option<i16>,
}

/// A clock with a limit, read at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LimitState {
    /// The limit, in days of its unit.
    pub limit_days: f64,
    /// Net days used, in that unit.
    pub elapsed_days: f64,
    /// When it runs out.
    pub due_at: Option<Instant>,
    /// Ended, or still open, past its due time.
    pub late: bool,
    /// Closed before the day it was due.
    pub early: bool,
    /// Days over.
    pub days_over: f64,
    /// (limit − elapsed) / limit, once the clock has ended.
    pub speed_up: Option<f64>,
}

/// One clock or step of a case, read at an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanState {
    /// Which clock.
    pub clock: ClockKind,
    /// Which of its kind.
    pub instance: Text,
    /// When it started.
    pub started_at: Instant,
    /// When it ended.
    pub ended_at: Option<Instant>,
    /// When it runs out; none for a step without a limit.
    pub due_at: Option<Instant>,
    /// Its limit in days of its unit; none without a limit.
    pub limit_days: Option<f64>,
    /// Past its due time.
    pub late: bool,
    /// Department that handled the step.
    pub department: Option<Text>,
    /// Person that handled it.
    pub handler: Option<Text>,
}

/// 行政许可法 art. 32: notice within five days.
const INTAKE: Limit = Limit::working_days(5);
/// Art. 42: twenty days, forty-five where several departments handle it jointly.
const STATUTORY: Limit = Limit::working_days(20);
const STATUTORY_JOINT: Limit = Limit::working_days(45);
/// Art. 42: extended once by at most ten days, fifteen for joint handling.
const EXTENSION_DAYS: u32 = 10;
const EXTENSION_DAYS_JOINT: u32 = 15;
/// Art. 44: ten days to hand the certificate over.
const DELIVERY: Limit = Limit::working_days(10);

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
    let first = timeline.events.first()?;
    Some(Assessor::new(&timeline, rules, as_of).assess(first.case_no.clone()))
}

/// One assessment in the making.
struct Assessor<'a> {
    timeline: &'a Timeline<'a>,
    rules: &'a Rules<'a>,
    clock_rules: ClockRules<'a>,
    as_of: Instant,
    suspensions: Vec<SuspensionSpan>,
    clocks: Vec<Clock<'a>>,
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
            uncovered: Vec::new(),
            uncovered_year: None,
            turns: Vec::with_capacity(8),
        }
    }

    fn assess(mut self, case_no: Text) -> Assessment {
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
        self.run_specials();
        let delivery_due = self.run_delivery(item);
        let closing = self.closing(delivery_due);
        let (elapsed_days, suspended_days) = self.days_used(accepted_at);
        let status = self.status(accepted_at, closing.map(|(at, _)| at));
        let cards = self.cards();
        let circumstances = Circumstances { item, deemed_accepted, uncovered: std::mem::take(&mut self.uncovered) };
        let findings = find(timeline, &circumstances, self.rules.profile);
        let same_day = accepted_at
            .zip(closing)
            .map(|(accepted, (closed, _))| self.rules.calendar.local_date(accepted) == self.rules.calendar.local_date(closed));
        let text = |said: Option<&Text>| said.cloned();
        Assessment {
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
            corrections: timeline.corrections.len() as u32,
            rating: timeline.rated.map(|(_, score)| score),
            cards,
            findings,
            spans: self.spans(),
            valid_from: self.valid_from(),
            next_change: self.next_change(),
            uncovered_year: self.uncovered_year,
        }
    }

    /// The version in force when the case was accepted (received, where it is not yet).
    fn item_in_force(&self, code: Option<&Text>, on: Option<Instant>) -> Option<&'a Item> {
        let on = on.or_else(|| self.timeline.events.first().map(|event| event.occurred_at))?;
        self.rules.catalog.in_force(code?, self.rules.calendar.local_date(on))
    }

    /// Runs the intake clock; whether the case is deemed accepted.
    fn run_intake(&mut self) -> bool {
        let timeline = self.timeline;
        let Some(applied) = timeline.applied else { return false };
        let notices = timeline.accepted.into_iter().chain(timeline.not_accepted);
        let notices = notices.chain(timeline.corrections.iter().map(|correction| correction.requested));
        let notice = notices.map(|event| event.occurred_at).filter(|at| *at >= applied.occurred_at).min();
        let span = ClockSpan {
            kind: ClockKind::Intake,
            instance: Text::default(),
            started_at: applied.occurred_at,
            ended_at: notice,
            handler: applied.handler.clone(),
        };
        let as_of = self.as_of;
        self.start(span, Allowance::Limit(INTAKE), applied, false).is_some_and(|clock| clock.is_late(as_of))
    }

    fn run_case_clocks(&mut self, started: &'a Event, item: Option<&Item>) {
        let timeline = self.timeline;
        let explicit = timeline.acceptance;
        let promised = explicit
            .and_then(|acceptance| acceptance.promised_due_at)
            .map(Allowance::Until)
            .or_else(|| item?.promised_limit.stated().map(Allowance::Limit));
        let joint = timeline.project().is_some();
        let default = if joint { STATUTORY_JOINT } else { STATUTORY };
        let statutory = explicit
            .and_then(|acceptance| acceptance.statutory_due_at)
            .map(Allowance::Until)
            .or_else(|| item?.statutory_limit.or_default(default).map(|limit| Allowance::Limit(self.extended(limit, joint))));
        // A late refusal to accept still ends what the law deemed begun.
        let refused = timeline.not_accepted.filter(|_| timeline.accepted.is_none());
        let ended_at = timeline.case_end().or(refused.map(|event| event.occurred_at));
        for (kind, allowance) in [(ClockKind::Promised, promised), (ClockKind::Statutory, statutory)] {
            let span = ClockSpan {
                kind,
                instance: Text::default(),
                started_at: started.occurred_at,
                ended_at,
                handler: started.handler.clone(),
            };
            if let Some(allowance) = allowance {
                self.start(span, allowance, started, true);
            }
        }
    }

    fn extended(&self, limit: Limit, joint: bool) -> Limit {
        let most = if joint { EXTENSION_DAYS_JOINT } else { EXTENSION_DAYS };
        let days = self.timeline.extension().map_or(0, |extension| extension.granted_days.map_or(most, |days| days.min(most)));
        match limit.unit {
            crate::catalog::Unit::WorkingDays | crate::catalog::Unit::CalendarDays => {
                Limit { amount: limit.amount + days, ..limit }
            }
            // The law extends by days; a limit in another unit has no day to add to.
            _ => limit,
        }
    }

    fn run_steps(&mut self, item: Option<&Item>) {
        for (number, step) in self.timeline.steps.iter().enumerate() {
            let Some(limit) = item.and_then(|item| item.step_limit(step.code)) else { continue };
            let span = ClockSpan {
                kind: ClockKind::Step,
                instance: self.timeline.step_instance(number).clone(),
                started_at: step.started.occurred_at,
                ended_at: step.completed.map(|event| event.occurred_at).or(self.timeline.case_end()),
                handler: step.started.handler.clone(),
            };
            self.start(span, Allowance::Limit(limit), step.started, true);
        }
    }

    fn run_specials(&mut self) {
        for special in &self.timeline.specials {
            let Some(days) = special.granted_days.filter(|_| special.procedure != Procedure::Extension) else { continue };
            let span = ClockSpan {
                kind: ClockKind::Special,
                instance: special.started.event_id.clone(),
                started_at: special.started.occurred_at,
                ended_at: special.ended.map(|event| event.occurred_at).or(self.timeline.case_end()),
                handler: special.started.handler.clone(),
            };
            self.start(span, Allowance::Limit(Limit::working_days(days)), special.started, false);
        }
    }

    /// Runs the delivery clock of a granted case; when it is due.
    fn run_delivery(&mut self, item: Option<&Item>) -> Option<Instant> {
        let (decided, Decision::Granted) = self.timeline.decided? else { return None };
        let limit = match item {
            Some(item) => item.delivery_limit.or_default(DELIVERY)?,
            None => DELIVERY,
        };
        let span = ClockSpan {
            kind: ClockKind::Delivery,
            instance: Text::default(),
            started_at: decided.occurred_at,
            ended_at: self.timeline.delivered.map(|event| event.occurred_at).filter(|at| *at >= decided.occurred_at),
            handler: decided.handler.clone(),
        };
        self.start(span, Allowance::Limit(limit), decided, false)?.due()
    }

    /// Starts a clock, unless the calendar does not reach it: then the case says so.
    fn start(&mut self, span: ClockSpan, allowance: Allowance, evidence: &'a Event, suspendable: bool) -> Option<&Clock<'a>> {
        let suspensions: &[SuspensionSpan] = if suspendable { &self.suspensions } else { &[] };
        match Clock::new(span, allowance, suspensions, &self.clock_rules) {
            Ok(clock) => {
                if clock.is_beyond_calendar() {
                    let (_, last) = self.rules.calendar.covers();
                    self.flag_uncovered(last + 1, evidence);
                }
                self.clocks.push(clock);
                self.clocks.last()
            }
            Err(uncovered) => {
                self.flag_uncovered(uncovered.year, evidence);
                None
            }
        }
    }

    fn flag_uncovered(&mut self, year: i16, evidence: &'a Event) {
        // However far beyond, it is the first year after the calendar that is missing.
        let (_, last) = self.rules.calendar.covers();
        self.uncovered_year.get_or_insert(year.min(last + 1));
        self.uncovered.push(evidence);
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
        // Beyond the calendar the days are those up to its end; the case is flagged.
        let as_of = self.as_of.min(self.rules.calendar.ends_at().plus_ms(-1));
        let elapsed_days = clock.elapsed_days(as_of).ok()?;
        let limit_days = clock.limit_days();
        let calendar = self.rules.calendar;
        let ended_before_due_day =
            clock.ended_at.zip(clock.due()).is_some_and(|(ended, due)| calendar.local_date(ended) < calendar.local_date(due));
        let speed_up = clock.ended_at.filter(|_| limit_days > 0.0).map(|_| (limit_days - elapsed_days) / limit_days);
        Some(LimitState {
            limit_days,
            elapsed_days,
            due_at: clock.due(),
            late: clock.is_late(self.as_of),
            early: ended_before_due_day,
            days_over: clock.days_over(as_of).ok()?,
            speed_up,
        })
    }

    fn cards(&mut self) -> Vec<Card> {
        let mut cards = Vec::new();
        let current = self.timeline.steps.iter().rev().find(|step| step.completed.is_none());
        for clock in &self.clocks {
            self.turns.extend(clock.due().filter(|due| clock.ended_at.is_none_or(|ended| ended > *due)));
            for mut card in cards_of(clock, self.rules.profile) {
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

    fn spans(&self) -> Vec<SpanState> {
        let clocks = self.clocks.iter().map(|clock| SpanState {
            clock: clock.kind,
            instance: clock.instance.clone(),
            started_at: clock.started_at,
            ended_at: clock.ended_at,
            due_at: clock.due(),
            limit_days: Some(clock.limit_days()),
            late: clock.is_late(self.as_of),
            department: None,
            handler: clock.handler.clone(),
        });
        let mut spans: Vec<SpanState> = clocks.filter(|span| span.clock != ClockKind::Step).collect();
        for (number, step) in self.timeline.steps.iter().enumerate() {
            let instance = self.timeline.step_instance(number);
            let clock = self.clocks.iter().find(|clock| clock.kind == ClockKind::Step && clock.instance == *instance);
            spans.push(SpanState {
                clock: ClockKind::Step,
                instance: instance.clone(),
                started_at: step.started.occurred_at,
                ended_at: step.completed.map(|event| event.occurred_at),
                due_at: clock.and_then(Clock::due),
                limit_days: clock.map(Clock::limit_days),
                late: clock.is_some_and(|clock| clock.is_late(self.as_of)),
                department: step.started.department.clone(),
                handler: step.started.handler.clone(),
            });
        }
        spans
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

impl Assessment {
    /// What is left to say of a case whose events were all taken back.
    pub fn nothing(case_no: Text) -> Self {
        Self {
            case_no,
            item: None,
            item_known: false,
            department: None,
            window: None,
            region: None,
            project: None,
            form: None,
            status: Status::Received,
            outcome: None,
            received_at: None,
            accepted_at: None,
            decided_at: None,
            closed_at: None,
            delivered_at: None,
            elapsed_days: None,
            suspended_days: None,
            same_day: None,
            promised: None,
            statutory: None,
            corrections: 0,
            rating: None,
            cards: Vec::new(),
            findings: Vec::new(),
            spans: Vec::new(),
            valid_from: Instant::default(),
            next_change: None,
            uncovered_year: None,
        }
    }

    /// Whether nothing here moves with time any more: its clocks have ended, and no event, card or
    /// closing lies ahead. Only a new event can change it.
    pub fn is_settled(&self) -> bool {
        let ended = matches!(self.status, Status::Closed | Status::NotAccepted);
        ended && self.next_change.is_none() && self.uncovered_year.is_none()
    }
}
