//! What a life is told in: somebody says something, and time passes.

use domain::{Event, Instant, Kind, Text, calendar::DAY_MS, event::Place, event::Role};
use rand::RngExt;

use crate::{county::Habit, life::Life, office::SECOND_MS, random::bell};

/// Share of events that a diligent window enters a day or more too late.
const ENTERED_LATE: f64 = 0.001;
/// The same at a window that makes a habit of it.
const ENTERED_LATE_BY_HABIT: f64 = 0.3;

const MOST_DAYS_LATE: i64 = 6;
/// After any hour of work this is after closing.
const EVENING_MS: i64 = 9 * 3_600_000;

/// Who does something, as what, and where.
#[derive(Debug, Clone)]
pub(crate) struct Actor {
    pub(crate) handler: Text,
    pub(crate) role: Role,
    pub(crate) place: Place,
}

impl Life<'_> {
    /// At the counter of intake.
    pub(crate) fn window_says(&mut self, kind: Kind) {
        self.window_says_at(self.now, kind);
    }

    pub(crate) fn window_says_at(&mut self, at: Instant, kind: Kind) {
        let actor = self.clerk.clone();
        self.says_at(at, kind, actor);
    }

    pub(crate) fn says(&mut self, kind: Kind, actor: Actor) {
        self.says_at(self.now, kind, actor);
    }

    pub(crate) fn says_at(&mut self, at: Instant, kind: Kind, actor: Actor) {
        let is_intake = matches!(kind, Kind::Applied { .. } | Kind::Accepted(_));
        let recorded_at = Some(self.recorded_at(at));
        self.events.push(Event {
            event_id: format!("{}-{:02}", self.case_no, self.events.len() + 1).into(),
            source: self.department.source.clone(),
            revision: 1,
            retracted: false,
            digest: 0,
            case_no: self.case_no.clone(),
            item: is_intake.then(|| self.item.clone()),
            occurred_at: at,
            recorded_at,
            region: Some(self.region.clone()),
            department: Some(self.department.name.clone()),
            window: Some(self.window.clone()),
            handler: Some(actor.handler),
            role: Some(actor.role),
            place: Some(actor.place),
            kind,
        });
    }

    /// The system writes an event down within minutes, unless a person does it days later.
    fn recorded_at(&mut self, at: Instant) -> Instant {
        let is_late = if self.habit == Some(Habit::EntersLate) { ENTERED_LATE_BY_HABIT } else { ENTERED_LATE };
        if self.chance(is_late) {
            let days = self.rng.random_range(2..7);
            if days == MOST_DAYS_LATE {
                // Whoever is so far behind catches up in the evening.
                return at.plus_ms(days * DAY_MS + EVENING_MS);
            }
            return self.office.after(at.plus_ms(days * DAY_MS), self.rng.random_range(60..3600) * SECOND_MS);
        }
        at.plus_ms(self.rng.random_range(1..120) * SECOND_MS)
    }

    pub(crate) fn chance(&mut self, share: f64) -> bool {
        self.rng.random_bool(share)
    }

    pub(crate) fn between(&mut self, least: f64, most: f64) -> f64 {
        self.rng.random_range(least..most)
    }

    /// Log-normally distributed around `median`: most take a little less, a few take very long.
    pub(crate) fn spread(&mut self, median: f64, deviation: f64) -> f64 {
        median * (bell(&mut self.rng) * deviation).exp()
    }

    pub(crate) fn pick<'t, T>(&mut self, list: &'t [T]) -> &'t T {
        &list[self.rng.random_range(0..list.len())]
    }

    pub(crate) fn pass_minutes(&mut self, least: f64, most: f64) {
        let minutes = self.between(least, most);
        self.now = self.office.after(self.now, (minutes * 60_000.0) as i64);
    }

    pub(crate) fn pass_days(&mut self, days: f64) {
        self.now = self.after_days(self.now, days);
    }

    pub(crate) fn after_days(&self, at: Instant, days: f64) -> Instant {
        self.office.after(at, (days * self.office.day_ms() as f64) as i64)
    }

    /// Seconds that pass whether the office is open or not.
    pub(crate) fn pass_seconds(&mut self, seconds: i64) {
        self.now = self.now.plus_ms(seconds * SECOND_MS);
    }
}
