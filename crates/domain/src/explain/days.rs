//! The days of a clock: which counted, which did not, and why.

use jiff::civil::Date;

use crate::{
    Calendar, Clock, Instant, Text, Uncovered,
    calendar::{DayKind, DayNo},
    clock::{ClockRules, SuspensionSpan},
    counting::Position,
    event::coded,
};

coded! {
    /// What became of a day.
    DayReason {
        /// It counted, whole or in part.
        Counted = "counted",
        /// The starting day is not counted (Civil Code art. 201).
        StartDay = "start_day",
        /// A weekend day.
        Weekend = "weekend",
        /// A public holiday, or a day on which the offices of the region are closed.
        Holiday = "holiday",
        /// A special procedure or a correction was under way.
        Suspended = "suspended",
        /// The clock ran on it outside the office hours only.
        OutsideHours = "outside_hours",
    }
}

/// One local day of a clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Day {
    /// Which.
    pub date: Date,
    /// What became of it.
    pub reason: DayReason,
    /// The name of the holiday or closure, or of the one it is worked in exchange for.
    pub holiday: Option<Text>,
    /// A weekend day worked in exchange for a holiday (调休).
    pub adjusted: bool,
    /// Days it counts, up to 1.
    pub counted: f64,
    /// Days of it left out by suspensions.
    pub suspended: f64,
    /// Those suspensions, by their number in [`Explanation::suspensions`](super::Explanation::suspensions).
    pub grounds: Vec<usize>,
    /// Net days used at its end.
    pub count: f64,
}

/// Days in a row of which the same is to be said.
#[derive(Debug, Clone, PartialEq)]
pub struct DayRun {
    /// The first of them; its `count` is that at the end of the last.
    pub day: Day,
    /// The date of the last.
    pub last: Date,
    /// How many.
    pub days: usize,
}

/// Joins days in a row of which the same is to be said: so is a holiday one line, and a week of counted days.
pub fn runs(days: &[Day]) -> Vec<DayRun> {
    let mut runs: Vec<DayRun> = Vec::new();
    for day in days {
        match runs.last_mut().filter(|run| run.day.says_the_same_as(day)) {
            Some(run) => {
                run.last = day.date;
                run.days += 1;
                run.day.count = day.count;
            }
            None => runs.push(DayRun { day: day.clone(), last: day.date, days: 1 }),
        }
    }
    runs
}

impl Day {
    fn says_the_same_as(&self, other: &Self) -> bool {
        let said = |day: &Self| (day.reason, day.adjusted, day.counted, day.suspended);
        said(self) == said(other) && self.holiday == other.holiday && self.grounds == other.grounds
    }
}

/// Which part of the days of a clock is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// From the start of the clock.
    First,
    /// What follows on a part that was read before.
    Rest,
}

/// Reads the days of one clock.
pub(super) struct DayReader<'a> {
    clock: &'a Clock<'a>,
    calendar: &'a Calendar,
    /// The positions that each suspension leaves out, by its number.
    left_out: Vec<Vec<(Position, Position)>>,
}

impl<'a> DayReader<'a> {
    pub(super) fn new(
        clock: &'a Clock<'a>,
        calendar: &'a Calendar,
        rules: &ClockRules<'_>,
        suspensions: &[SuspensionSpan],
    ) -> Result<Self, Uncovered> {
        let one_by_one = suspensions.iter().map(|span| rules.suspended(clock.scale(), std::slice::from_ref(span)));
        Ok(Self { clock, calendar, left_out: one_by_one.collect::<Result<_, _>>()? })
    }

    /// The days from `from` to `until`, both covered by the calendar.
    pub(super) fn read(&self, from: Instant, until: Instant, part: Part) -> Result<Vec<Day>, Uncovered> {
        let (first, last) = (self.calendar.day_of(from)?, self.calendar.day_of(until)?);
        let mut reached = match part {
            Part::First => self.clock.start_position(),
            Part::Rest => self.clock.scale().charged_position(from)?,
        };
        let mut days = Vec::with_capacity((last.0 - first.0 + 1) as usize);
        for number in first.0..=last.0 {
            let day = DayNo(number);
            let end = self.position_at_end(day, last, until)?.max(reached);
            // Where whole days are counted, the day in progress belongs to the part before.
            let is_told_already = part == Part::Rest && day == first && self.clock.scale().counts_whole_days();
            if !is_told_already {
                days.push(self.day(day, reached, end, part == Part::First && day == first));
            }
            reached = end;
        }
        Ok(days)
    }

    /// How far the clock is at the end of a day, or at `until` on the last.
    fn position_at_end(&self, day: DayNo, last: DayNo, until: Instant) -> Result<Position, Uncovered> {
        let scale = self.clock.scale();
        if day == last {
            return scale.charged_position(until);
        }
        if scale.counts_whole_days() {
            return scale.charged_position(self.calendar.start(day));
        }
        scale.position(self.calendar.start(DayNo(day.0 + 1)))
    }

    fn day(&self, day: DayNo, from: Position, until: Position, is_start: bool) -> Day {
        let clock = self.clock;
        let passed = until - from;
        let used = clock.net(until) - clock.net(from);
        let kind = day_kind(self.calendar, day);
        let overlaps = |intervals: &[(Position, Position)]| intervals.iter().any(|(start, end)| *start < until && *end > from);
        let suspended = passed - used;
        let grounds = if suspended > 0 {
            let numbered = self.left_out.iter().enumerate().filter(|(_, intervals)| overlaps(intervals));
            numbered.map(|(number, _)| number).collect()
        } else {
            Vec::new()
        };
        let reason = if used > 0 {
            DayReason::Counted
        } else if suspended > 0 {
            DayReason::Suspended
        } else if !clock.scale().counts(day) {
            if matches!(kind, DayKind::Holiday(_) | DayKind::Closed(_)) { DayReason::Holiday } else { DayReason::Weekend }
        } else if is_start && clock.scale().counts_whole_days() {
            DayReason::StartDay
        } else {
            DayReason::OutsideHours
        };
        let named = |name: &str| (!name.is_empty()).then(|| Text::from(name));
        Day {
            date: self.calendar.date(day),
            reason,
            holiday: match kind {
                DayKind::Holiday(name) | DayKind::AdjustedWorkday(name) | DayKind::Closed(name) => named(name),
                DayKind::Workday | DayKind::Weekend => None,
            },
            adjusted: matches!(kind, DayKind::AdjustedWorkday(_)),
            counted: clock.days(used),
            suspended: clock.days(suspended),
            grounds,
            count: clock.days(clock.net(until)),
        }
    }
}

/// What kind of day it is. The one place where explanations ask the calendar for it.
fn day_kind(calendar: &Calendar, day: DayNo) -> DayKind<'_> {
    calendar.kind(day)
}
