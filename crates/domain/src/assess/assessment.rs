//! What is said of a case: the outcome of [`assess`](super::assess).

use crate::{
    Calendar, Card, Clock, ClockKind, Finding, Instant, Outcome, Text, Uncovered,
    assess::WorkPlaces,
    event::{Form, coded},
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
    /// 绿色通道, as the acceptance says.
    pub green_channel: bool,
    /// 重点项目, as the acceptance says.
    pub key_project: bool,
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
    /// Where the work was done.
    pub places: WorkPlaces,
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

impl LimitState {
    /// Reads a clock at an instant. Beyond the calendar the days are those up to its end; whose clock it is says
    /// so itself.
    pub(crate) fn read(clock: &Clock<'_>, calendar: &Calendar, as_of: Instant) -> Result<Self, Uncovered> {
        let covered = as_of.min(calendar.ends_at().plus_ms(-1));
        let elapsed_days = clock.elapsed_days(covered)?;
        let limit_days = clock.limit_days();
        let ended_before_due_day =
            clock.ended_at.zip(clock.due()).is_some_and(|(ended, due)| calendar.local_date(ended) < calendar.local_date(due));
        Ok(Self {
            limit_days,
            elapsed_days,
            due_at: clock.due(),
            late: clock.is_late(as_of),
            early: ended_before_due_day,
            days_over: clock.days_over(covered)?,
            speed_up: clock.ended_at.filter(|_| limit_days > 0.0).map(|_| (limit_days - elapsed_days) / limit_days),
        })
    }
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
    /// When it runs out; none for a step or a special procedure without a limit.
    pub due_at: Option<Instant>,
    /// Its limit in days of its unit; none without a limit.
    pub limit_days: Option<f64>,
    /// Net days used, in the unit of its limit, once it has ended; none without a limit.
    pub elapsed_days: Option<f64>,
    /// Past its due time.
    pub late: bool,
    /// Department that handled the step.
    pub department: Option<Text>,
    /// Person that handled it.
    pub handler: Option<Text>,
    /// The intermediary whose work it is: its time is supervised on its own.
    pub party: Option<Text>,
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
            green_channel: false,
            key_project: false,
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
            places: WorkPlaces::default(),
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
