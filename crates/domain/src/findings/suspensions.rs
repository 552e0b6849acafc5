//! How the clock is stopped.

use crate::{
    ClockKind, Event,
    event::Procedure,
    findings::{Circumstances, Evidence},
    timeline::Special,
};

impl<'a> Circumstances<'a> {
    /// Special procedures that stop the clock: an extension (art. 42) does not.
    fn suspending(&self) -> impl Iterator<Item = &'a Special<'a>> + Clone {
        self.timeline.specials.iter().filter(|special| special.start.procedure != Procedure::Extension)
    }

    /// What stopped the clock when little of the limit was left, or nothing: procedures and corrections. The
    /// limit is the promise, else that of the law.
    pub(super) fn suspensions_near_due(&self) -> Evidence<'a> {
        let clock = |kind| self.clocks.iter().find(|clock| clock.kind == kind);
        let Some(clock) = clock(ClockKind::Promised).or_else(|| clock(ClockKind::Statutory)) else { return Vec::new() };
        let near = self.rules.profile.thresholds.suspension_near_due_share * clock.length() as f64;
        let is_near_due = |event: &&Event| {
            let at = event.occurred_at;
            let is_running = clock.started_at <= at && clock.ended_at.is_none_or(|ended| at < ended);
            is_running && clock.remaining(at).is_ok_and(|remaining| remaining as f64 <= near)
        };
        let corrections = self.timeline.corrections.iter().map(|correction| correction.requested);
        self.suspending().map(|special| special.started).chain(corrections).filter(is_near_due).collect()
    }

    /// The same procedure, of the same intermediary, begun as often as the profile will not have it.
    pub(super) fn repeated_suspensions(&self) -> Evidence<'a> {
        let times = self.rules.profile.thresholds.repeated_suspension_times as usize;
        if self.timeline.specials.len() < times {
            return Vec::new();
        }
        let key = |special: &Special<'a>| (special.start.procedure, special.start.party.as_ref());
        let is_repeated = |special: &&Special<'a>| self.suspending().filter(|other| key(other) == key(special)).count() >= times;
        self.suspending().filter(is_repeated).map(|special| special.started).collect()
    }

    /// Only what says so itself: a source that does not report notices is not held against anybody.
    pub(super) fn suspensions_without_written_notice(&self) -> Evidence<'a> {
        let untold = self.suspending().filter(|special| special.start.written_notice == Some(false));
        untold.map(|special| special.started).collect()
    }
}
