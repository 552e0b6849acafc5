//! Clocks: a start, a limit, suspensions, a due time and an end.

use crate::{
    Calendar, Instant, Text, Uncovered,
    calendar::DAY_MS,
    catalog::{Limit, Unit},
    counting::{Axis, Counting, Position, Scale, SuspendedDays, Suspension},
    event::coded,
    profile::Profile,
};

coded! {
    /// The clocks of domain.md §4.
    ClockKind {
        /// 受理: five working days to accept, refuse or ask for correction (行政许可法 art. 32).
        Intake = "intake",
        /// 承诺: the limit the department publicly promises.
        Promised = "promised",
        /// 法定: the limit the law allows (arts. 42, 44).
        Statutory = "statutory",
        /// 环节: one stage of a case.
        Step = "step",
        /// 特别程序: the days granted to a special procedure (art. 45).
        Special = "special",
        /// 送达: ten working days to hand the certificate over (art. 44).
        Delivery = "delivery",
        /// 容缺: a deferred material's own date.
        Deferred = "deferred",
        /// 差评整改.
        Rectification = "rectification",
        /// 投诉.
        Complaint = "complaint",
    }
}

/// A time that is not counted, as it was reported.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SuspensionSpan {
    /// When it began.
    pub from: Instant,
    /// When it ended, if it did.
    pub until: Option<Instant>,
    /// Working days granted to it.
    pub granted_days: Option<u32>,
}

/// How far a limit reaches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Allowance {
    /// So much time, by the rules.
    Limit(Limit),
    /// Up to an instant that the source names; beats the computed one.
    Until(Instant),
}

/// One running or ended clock of a case, with everything needed to read it at any instant.
#[derive(Debug, Clone)]
pub struct Clock<'c> {
    /// Which clock.
    pub kind: ClockKind,
    /// Tells two clocks of one kind apart: the step code, or the event that started it.
    pub instance: Text,
    /// When it started.
    pub started_at: Instant,
    /// When it ended, if it did.
    pub ended_at: Option<Instant>,
    /// Who has to keep it: the handler of the step, where there is one.
    pub handler: Option<Text>,
    scale: Scale<'c>,
    start: Position,
    /// Length of the limit on the axis.
    length: i64,
    /// Disjoint, in order.
    suspended: Suspended,
    limit_days: f64,
    due_at: Option<Instant>,
}

/// Disjoint intervals of positions, in order; an open end is [`OPEN`].
type Suspended = Vec<(Position, Position)>;
const OPEN: Position = Position::MAX;

/// The rules a clock is built by.
#[derive(Debug, Clone, Copy)]
pub struct ClockRules<'c> {
    /// Which days and hours count.
    pub calendar: &'c Calendar,
    /// How limits are counted.
    pub counting: Counting,
    /// How much of a suspension is left out.
    pub suspension: Suspension,
    /// Which days of it.
    pub suspended_days: SuspendedDays,
}

impl<'c> ClockRules<'c> {
    /// The rules of a profile on a calendar.
    pub fn new(calendar: &'c Calendar, profile: &Profile) -> Self {
        Self { calendar, counting: profile.counting, suspension: profile.suspension, suspended_days: profile.suspended_days }
    }

    /// The scale on which the days of a case are counted.
    pub fn working_days(&self) -> Scale<'c> {
        self.scale(Unit::WorkingDays)
    }

    fn scale(&self, unit: Unit) -> Scale<'c> {
        let axis = match (unit, self.counting) {
            (Unit::WorkingHours, _) | (Unit::WorkingDays, Counting::OfficeHours) => Axis::OfficeHours,
            (Unit::WorkingDays, Counting::ToTheSecond) => Axis::WorkingSeconds,
            (Unit::WorkingDays, _) => Axis::WorkingDays,
            (_, Counting::ToTheSecond) => Axis::AllSeconds,
            (_, _) => Axis::CalendarDays,
        };
        Scale::new(self.calendar, axis, self.counting)
    }

    /// When the grant of a suspension is used up, where it has one and that bounds it.
    pub(crate) fn grant_ends(&self, span: &SuspensionSpan) -> Option<Instant> {
        if self.suspension == Suspension::Actual {
            return None;
        }
        let scale = self.working_days();
        let from = scale.suspension_start(span.from).ok()?;
        scale.instant(from + i64::from(span.granted_days?) * scale.day()).ok()
    }

    /// Whether a suspension is in force at an instant: begun, not ended, its grant not used up.
    pub(crate) fn is_in_force(&self, span: &SuspensionSpan, at: Instant) -> bool {
        span.from <= at && span.until.is_none() && self.grant_ends(span).is_none_or(|end| at <= end)
    }

    /// The suspensions on a scale: clipped by the grant as the rules say, overlaps joined.
    pub(crate) fn suspended(&self, scale: &Scale<'_>, spans: &[SuspensionSpan]) -> Result<Suspended, Uncovered> {
        let mut intervals = Suspended::with_capacity(spans.len());
        for span in spans {
            let from = scale.suspension_start(span.from)?;
            let taken = match span.until {
                Some(until) => scale.suspended(span.from, until, self.suspended_days)?.1,
                None => OPEN,
            };
            let granted = span.granted_days.map(|days| from + i64::from(days) * scale.day());
            let until = match (self.suspension, granted) {
                (Suspension::Actual, _) | (_, None) => taken,
                (Suspension::Granted, Some(granted)) => granted,
                (Suspension::Capped, Some(granted)) => taken.min(granted),
            };
            if until > from {
                intervals.push((from, until));
            }
        }
        intervals.sort_unstable();
        intervals.dedup_by(|next, held| {
            let joins = next.0 <= held.1;
            if joins {
                held.1 = held.1.max(next.1);
            }
            joins
        });
        Ok(intervals)
    }
}

/// What a clock is about, before its limit is laid on the calendar.
#[derive(Debug, Clone)]
pub struct ClockSpan {
    /// Which clock.
    pub kind: ClockKind,
    /// Tells two clocks of one kind apart.
    pub instance: Text,
    /// When it started.
    pub started_at: Instant,
    /// When it ended, if it did.
    pub ended_at: Option<Instant>,
    /// Who has to keep it.
    pub handler: Option<Text>,
}

impl<'c> Clock<'c> {
    /// Lays a limit on the calendar.
    ///
    /// # Errors
    /// The start or a suspension is not covered by the calendar. A due time that is not covered is no
    /// error here: the clock then has none, see [`Clock::due`].
    pub fn new(
        span: ClockSpan,
        allowance: Allowance,
        suspensions: &[SuspensionSpan],
        rules: &ClockRules<'c>,
    ) -> Result<Self, Uncovered> {
        let unit = match allowance {
            Allowance::Limit(limit) => limit.unit,
            Allowance::Until(_) => Unit::WorkingDays,
        };
        let scale = rules.scale(unit);
        let start = scale.start_position(span.started_at)?;
        let suspended = rules.suspended(&scale, suspensions)?;
        let mut clock = Self {
            kind: span.kind,
            instance: span.instance,
            started_at: span.started_at,
            ended_at: span.ended_at,
            handler: span.handler,
            length: 0,
            limit_days: 0.0,
            due_at: None,
            scale,
            start,
            suspended,
        };
        match allowance {
            Allowance::Limit(limit) => clock.lay_limit(limit, rules)?,
            Allowance::Until(due) => clock.lay_explicit_due(due)?,
        }
        Ok(clock)
    }

    fn lay_limit(&mut self, limit: Limit, rules: &ClockRules<'_>) -> Result<(), Uncovered> {
        self.length = match limit.unit {
            Unit::WorkingHours => i64::from(limit.amount) * 3_600_000,
            Unit::WorkingDays | Unit::CalendarDays => i64::from(limit.amount) * self.scale.day(),
            Unit::Months | Unit::Years => {
                let months = limit.amount * if limit.unit == Unit::Years { 12 } else { 1 };
                let first = rules.calendar.local_date(self.started_at);
                let last = first.saturating_add(jiff::Span::new().months(months.min(12_000)));
                i64::from((last - first).get_days()) * DAY_MS
            }
        };
        self.limit_days = self.days(self.length);
        self.due_at = self.roll_to_a_working_day().ok().flatten();
        Ok(())
    }

    /// The due time of the limit. A period of calendar days that would end on a day off is longer by
    /// the days up to the next working day (Civil Code art. 203); those may be suspended in turn.
    fn roll_to_a_working_day(&mut self) -> Result<Option<Instant>, Uncovered> {
        while let Some(reached) = self.position_after(self.length) {
            let due = self.scale.instant(reached)?;
            let rolled = self.scale.rolled(due)?;
            if rolled == due {
                return Ok(Some(due.max(self.started_at)));
            }
            // At least a day, for the working day it rolls to may be suspended itself.
            self.length = self.net(self.scale.position(rolled)?).max(self.length + DAY_MS);
        }
        Ok(None)
    }

    fn lay_explicit_due(&mut self, due: Instant) -> Result<(), Uncovered> {
        let reached = self.scale.position(due)?;
        self.length = (reached - self.start).max(0);
        let charged = self.scale.charged_position(due)?.max(self.start);
        self.limit_days = self.days(charged - self.start);
        self.due_at = match self.position_after(self.length) {
            Some(end) if end == self.start + self.length => Some(due),
            Some(moved) => self.scale.instant(moved).ok(),
            None => None,
        };
        Ok(())
    }

    /// The limit in days of its own unit (working days, calendar days, or office hours by the length
    /// of a standard day), without any extension by a day off at its end.
    pub fn limit_days(&self) -> f64 {
        self.limit_days
    }

    /// The first instant at which nothing remains, if nothing further is reported. None while a
    /// suspension without an end or a grant is open, and where the calendar does not reach.
    pub fn due(&self) -> Option<Instant> {
        self.due_at
    }

    /// Whether the due time lies beyond the calendar.
    pub fn is_beyond_calendar(&self) -> bool {
        self.due_at.is_none() && self.position_after(self.length).is_some()
    }

    /// Net time used at an instant, exactly, on the clock's axis; a day is [`Clock::day`].
    ///
    /// # Errors
    /// The instant is not covered.
    pub fn elapsed(&self, at: Instant) -> Result<i64, Uncovered> {
        Ok(self.net(self.scale.position(self.read_at(at))?))
    }

    /// What remains of the limit at an instant: negative when overdue. `elapsed + remaining` is the
    /// limit at every instant.
    ///
    /// # Errors
    /// The instant is not covered.
    pub fn remaining(&self, at: Instant) -> Result<i64, Uncovered> {
        Ok(self.length - self.elapsed(at)?)
    }

    /// The length of the limit on the clock's axis.
    pub fn length(&self) -> i64 {
        self.length
    }

    /// The length of a day on the clock's axis.
    pub fn day(&self) -> i64 {
        self.scale.day()
    }

    /// Net days used at an instant as an office counts them: where days are counted, the day in
    /// progress is charged whole.
    ///
    /// # Errors
    /// The instant is not covered.
    pub fn elapsed_days(&self, at: Instant) -> Result<f64, Uncovered> {
        let charged = self.scale.charged_position(self.read_at(at))?;
        Ok(self.days(self.net(charged)))
    }

    /// Days left out of the count up to an instant.
    ///
    /// # Errors
    /// The instant is not covered.
    pub fn suspended_days(&self, at: Instant) -> Result<f64, Uncovered> {
        let charged = self.scale.charged_position(self.read_at(at))?;
        Ok(self.days(suspended_between(&self.suspended, self.start, charged)))
    }

    /// Whether the clock ran out before it ended, or before `at` if it has not ended.
    pub fn is_late(&self, at: Instant) -> bool {
        self.due_at.is_some_and(|due| self.read_at(at) > due)
    }

    /// Days over the limit at an instant. A clock that is late is over by a day at least where days
    /// are counted: one minute past closing time is a day.
    ///
    /// # Errors
    /// The instant is not covered.
    pub fn days_over(&self, at: Instant) -> Result<f64, Uncovered> {
        if !self.is_late(at) {
            return Ok(0.0);
        }
        let over = self.elapsed_days(at)? - self.days(self.length);
        let whole_days = matches!(self.scale.axis(), Axis::WorkingDays | Axis::CalendarDays);
        Ok(if whole_days { over.max(1.0).floor() } else { over.max(0.0) })
    }

    /// The instant at which `used` has been used, none where it never will be or is not covered.
    pub(crate) fn instant_after(&self, used: i64) -> Option<Instant> {
        if used == self.length {
            return self.due_at;
        }
        let reached = self.position_after(used.max(0))?;
        self.scale.instant(reached).ok().map(|at| at.max(self.started_at))
    }

    /// The instant at which the clock is read when it is asked for at `at`: no later than its end, no earlier than its
    /// start.
    pub(crate) fn read_at(&self, at: Instant) -> Instant {
        self.ended_at.map_or(at, |ended| ended.min(at)).max(self.started_at)
    }

    /// What counts for this clock.
    pub(crate) fn scale(&self) -> &Scale<'c> {
        &self.scale
    }

    /// The position from which it counts.
    pub(crate) fn start_position(&self) -> Position {
        self.start
    }

    /// Net time used up to a position.
    pub(crate) fn net(&self, position: Position) -> i64 {
        (position - self.start).max(0) - suspended_between(&self.suspended, self.start, position)
    }

    /// The position at which `used` has been used: suspensions on the way push it back.
    fn position_after(&self, used: i64) -> Option<Position> {
        let mut reached = self.start + used;
        for (from, until) in &self.suspended {
            let from = (*from).max(self.start);
            if from >= reached {
                break;
            }
            if *until == OPEN {
                return None;
            }
            reached += (until - from).max(0);
        }
        Some(reached)
    }

    /// A length of its axis in days.
    pub(crate) fn days(&self, length: i64) -> f64 {
        length as f64 / self.scale.day() as f64
    }
}

fn suspended_between(suspended: &Suspended, start: Position, end: Position) -> i64 {
    suspended.iter().map(|(from, until)| (end.min(*until) - start.max(*from)).max(0)).sum()
}
