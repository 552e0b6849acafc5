//! The four ways of counting, as positions on an axis of time that counts.
//!
//! Every way of counting is a non-decreasing function from instants to *positions*, a start rule and
//! an inverse. Elapsed time is a difference of positions, a suspension an interval of positions, a
//! due time the inverse of a position. That is why elapsed, remaining and due time cannot disagree.
//!
//! | way | position at `t` | a day is |
//! | --- | --- | --- |
//! | days (`exclude_first_day`, `include_first_day`) | whole days closed before `t`, and of the day in progress the share of its office hours that has passed | [`DAY_MS`] |
//! | `to_the_second` | milliseconds of working days before `t` | 24 hours |
//! | `office_hours` | milliseconds of office hours before `t` | the standard office hours |
//!
//! Sources: Civil Code (民法典) arts. 201 (the starting day is not counted), 202 (months end on the
//! corresponding day), 203 (a period ends at close of business; one that ends on a holiday ends on
//! the next working day); 行政许可法 art. 82 (limits are counted in working days).

use crate::{
    Calendar, Instant, Uncovered,
    calendar::{DAY_MS, DayNo},
    event::coded,
};

coded! {
    /// How limits are counted.
    Counting {
        /// The starting day is not counted (Civil Code art. 201); the default.
        ExcludeFirstDay = "exclude_first_day",
        /// The starting day is day 1 if it is a working day.
        IncludeFirstDay = "include_first_day",
        /// Every working day counts its 24 hours, every other day nothing.
        ToTheSecond = "to_the_second",
        /// Only office hours of working days count.
        OfficeHours = "office_hours",
    }
}
coded! {
    /// How much of a suspension is not counted (行政许可法 art. 45).
    Suspension {
        /// The time taken.
        Actual = "actual",
        /// The days granted, whatever was taken.
        Granted = "granted",
        /// The lesser of the two: what exceeds the grant counts again; the default.
        Capped = "capped",
    }
}
coded! {
    /// Which days of a suspension from day P to day R are suspended, where days are counted.
    SuspendedDays {
        /// Those after P up to and including R; the default.
        AfterFirst = "after_first",
        /// Those between, P and R both excluded.
        Between = "between",
    }
}

/// What of the time counts for a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// Working days, each ending at its close of business.
    WorkingDays,
    /// All days, each ending at close of business.
    CalendarDays,
    /// The seconds of working days.
    WorkingSeconds,
    /// All seconds.
    AllSeconds,
    /// The office hours of working days.
    OfficeHours,
}

/// A way of counting on a calendar.
#[derive(Debug, Clone, Copy)]
pub struct Scale<'c> {
    calendar: &'c Calendar,
    axis: Axis,
    start_day_counts: bool,
}

/// A position on an [`Axis`]. Only differences mean anything.
pub type Position = i64;

impl<'c> Scale<'c> {
    /// The scale for an axis; `counting` says whether the starting day counts.
    pub fn new(calendar: &'c Calendar, axis: Axis, counting: Counting) -> Self {
        Self { calendar, axis, start_day_counts: counting == Counting::IncludeFirstDay }
    }

    /// What counts.
    pub fn axis(&self) -> Axis {
        self.axis
    }

    /// The length of one day on this axis.
    pub fn day(&self) -> i64 {
        match self.axis {
            Axis::OfficeHours => self.calendar.standard_hours().length_ms(),
            _ => DAY_MS,
        }
    }

    /// Whether whole days are counted, not the time within them.
    pub(crate) fn counts_whole_days(&self) -> bool {
        matches!(self.axis, Axis::WorkingDays | Axis::CalendarDays)
    }

    /// The position of an instant.
    ///
    /// # Errors
    /// The calendar does not cover it.
    pub fn position(&self, at: Instant) -> Result<Position, Uncovered> {
        match self.axis {
            Axis::WorkingDays | Axis::CalendarDays => {
                let day = self.calendar.day_of(at)?;
                let whole = self.days_before(day) * DAY_MS;
                if !self.counts(day) {
                    return Ok(whole);
                }
                let passed = self.calendar.office_passed(day, at);
                Ok(whole + passed * DAY_MS / self.calendar.hours_of(day).length_ms())
            }
            Axis::WorkingSeconds => self.calendar.counted_before(at),
            Axis::AllSeconds => self.calendar.day_of(at).map(|_| at.ms()),
            Axis::OfficeHours => self.calendar.office_before(at),
        }
    }

    /// The position from which a clock that starts at `at` counts.
    ///
    /// # Errors
    /// The calendar does not cover it.
    pub fn start_position(&self, at: Instant) -> Result<Position, Uncovered> {
        if !self.counts_whole_days() {
            return self.position(at);
        }
        let day = self.calendar.day_of(at)?;
        Ok(DAY_MS * if self.start_day_counts { self.days_before(day) } else { self.days_through(day) })
    }

    /// The position by which the days begun up to `at` are used up: where days are counted, the day
    /// in progress is charged whole, as every office counts it ("accepted Monday, closed Thursday:
    /// three days"); elsewhere the position itself.
    ///
    /// # Errors
    /// The calendar does not cover it.
    pub fn charged_position(&self, at: Instant) -> Result<Position, Uncovered> {
        if self.counts_whole_days() { Ok(self.days_through(self.calendar.day_of(at)?) * DAY_MS) } else { self.position(at) }
    }

    /// The first instant at which `position` is reached.
    ///
    /// # Errors
    /// That instant is not covered.
    pub fn instant(&self, position: Position) -> Result<Instant, Uncovered> {
        match self.axis {
            Axis::WorkingDays | Axis::CalendarDays => {
                // The whole days end at the close of the day before the one in progress.
                let (whole, rest) = ((position - 1).div_euclid(DAY_MS), (position - 1).rem_euclid(DAY_MS) + 1);
                let day = self.nth_day(whole)?;
                let length = self.calendar.hours_of(day).length_ms();
                let passed = (rest * length + DAY_MS - 1) / DAY_MS;
                Ok(self.calendar.office_instant(day, passed))
            }
            Axis::WorkingSeconds => self.calendar.counted_instant(position),
            Axis::AllSeconds => {
                let at = Instant::from_ms(position);
                if at == self.calendar.ends_at() { Ok(at) } else { self.calendar.day_of(at).map(|_| at) }
            }
            Axis::OfficeHours => self.calendar.office_instant_at(position),
        }
    }

    /// The close of business on the next working day where `due` falls on a day off (Civil Code
    /// art. 203). Only limits of calendar days, months and years need it.
    ///
    /// # Errors
    /// The next working day is not covered.
    pub fn rolled(&self, due: Instant) -> Result<Instant, Uncovered> {
        // Asked first: what counts seconds may be due at the very end of the calendar, which is in no day of it.
        if self.axis != Axis::CalendarDays {
            return Ok(due);
        }
        let day = self.calendar.day_of(due)?;
        if self.calendar.is_working(day) {
            return Ok(due);
        }
        Ok(self.calendar.close(self.calendar.working_from(day)?))
    }

    /// The positions of a suspension from `from` to `until`.
    ///
    /// # Errors
    /// The calendar does not cover one of them.
    pub fn suspended(&self, from: Instant, until: Instant, days: SuspendedDays) -> Result<(Position, Position), Uncovered> {
        if !self.counts_whole_days() {
            return Ok((self.position(from)?, self.position(until)?));
        }
        let last = self.calendar.day_of(until)?;
        let end = match days {
            SuspendedDays::AfterFirst => self.days_through(last),
            SuspendedDays::Between => self.days_before(last),
        };
        Ok((self.suspension_start(from)?, end * DAY_MS))
    }

    /// The position at which a suspension from `from` begins.
    ///
    /// # Errors
    /// The calendar does not cover it.
    pub fn suspension_start(&self, from: Instant) -> Result<Position, Uncovered> {
        if self.counts_whole_days() { Ok(self.days_through(self.calendar.day_of(from)?) * DAY_MS) } else { self.position(from) }
    }

    /// Whether days off count as well.
    pub(crate) fn counts_days_off(&self) -> bool {
        matches!(self.axis, Axis::CalendarDays | Axis::AllSeconds)
    }

    /// Whether a day counts on this axis.
    pub(crate) fn counts(&self, day: DayNo) -> bool {
        self.counts_days_off() || self.calendar.is_working(day)
    }

    fn days_before(&self, day: DayNo) -> i64 {
        match self.axis {
            Axis::CalendarDays => i64::from(day.0),
            _ => i64::from(self.calendar.working_before(day)),
        }
    }

    fn days_through(&self, day: DayNo) -> i64 {
        self.days_before(day) + i64::from(self.counts(day))
    }

    fn nth_day(&self, n: i64) -> Result<DayNo, Uncovered> {
        match self.axis {
            Axis::CalendarDays => self.calendar.nth_day(n),
            _ => self.calendar.nth_working(n),
        }
    }
}
