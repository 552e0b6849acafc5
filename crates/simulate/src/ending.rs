//! How a case ends: decision, certificate, closing, and what people say afterwards.

use domain::{
    Instant, Kind, Outcome,
    event::{Decision, Form, Place, Role, StepResult},
};
use jiff::{ToSpan, civil::Weekday};
use rand::RngExt;

use crate::{acts::Actor, county::Habit, life::Life, office::SECOND_MS};

const REFUSED: f64 = 0.025;
/// Of the refusals.
const REFUSED_WITHOUT_REASON: f64 = 0.08;
/// Committed cases that a leader decides in his office.
const DECIDED_BY_LEADER: f64 = 0.06;
const WRONG_FEE: f64 = 0.01;
/// Granted cases whose certificate is fetched within a day; the rest later, some too late, few never.
const DELIVERED_AT_ONCE: f64 = 0.8;
const DELIVERED_LATE: f64 = 0.02;
const NEVER_DELIVERED: f64 = 0.01;
/// Sources that report the decision and forget the closing.
const NEVER_CLOSED: f64 = 0.01;
/// An opinion filed after the case was closed.
const FILED_AFTERWARDS: f64 = 0.002;
const RATED: f64 = 0.4;
/// Of those who rate: the score, and the share up to and including it.
const SCORES: [(u8, f64); 5] = [(1, 0.74), (2, 0.94), (3, 0.975), (4, 0.99), (5, 1.0)];
const RECTIFIED: f64 = 0.85;
const COMPLAINED: f64 = 0.003;

impl Life<'_> {
    pub(crate) fn decide_and_end(&mut self) {
        let decision = if self.chance(REFUSED) { Decision::Refused } else { Decision::Granted };
        let actor = self.decider();
        let reasoned = decision == Decision::Refused && !self.chance(REFUSED_WITHOUT_REASON);
        self.says(Kind::Decided { outcome: decision, reasoned }, actor);
        self.charge_fee();
        let mut is_handed_over = decision == Decision::Refused;
        if decision == Decision::Granted {
            match self.version.item.form {
                Form::Immediate => self.pass_minutes(1.0, 10.0),
                Form::Committed => self.pass_minutes(5.0, 240.0),
            }
            self.window_says(Kind::Issued);
            is_handed_over = self.deliver();
        }
        if is_handed_over || !self.chance(NEVER_CLOSED) {
            self.close(decision.into());
        }
    }

    /// Everything was done before, outside the system.
    pub(crate) fn close_at_once(&mut self) {
        self.window_says(Kind::Decided { outcome: Decision::Granted, reasoned: false });
        self.pass_seconds(1);
        self.close(Outcome::Granted);
    }

    fn decider(&mut self) -> Actor {
        let department = self.department;
        if self.version.item.window_decides {
            return self.clerk.clone();
        }
        if self.chance(DECIDED_BY_LEADER) || !self.version.item.hall {
            return Actor { handler: department.leader.clone(), role: Role::Leader, place: Place::Office };
        }
        Actor { handler: department.chief_representative.clone(), role: Role::ChiefRepresentative, place: Place::Hall }
    }

    fn charge_fee(&mut self) {
        let fee = self.version.item.fee_fen.unwrap_or(0);
        if fee > 0 {
            let amount_fen = if self.chance(WRONG_FEE) { fee * 2 } else { fee };
            self.window_says(Kind::FeeCharged { amount_fen });
        }
    }

    /// Hands the certificate over; whether that happens before the case is closed.
    fn deliver(&mut self) -> bool {
        if self.version.item.form == Form::Immediate {
            self.pass_minutes(0.5, 5.0);
        } else if self.chance(DELIVERED_AT_ONCE) {
            let days = self.between(0.0, 0.5);
            self.pass_days(days);
        } else if self.chance(NEVER_DELIVERED) {
            return false;
        } else {
            // By post, or whenever the applicant comes by.
            let days = if self.chance(DELIVERED_LATE / (1.0 - DELIVERED_AT_ONCE)) {
                self.between(11.0, 25.0)
            } else {
                self.between(1.0, 6.0)
            };
            self.window_says_at(self.after_days(self.now, days), Kind::Delivered);
            return false;
        }
        self.window_says(Kind::Delivered);
        true
    }

    pub(crate) fn close(&mut self, outcome: Outcome) {
        if self.habit == Some(Habit::ClosesInBatches) {
            self.wait_for_the_batch();
        } else if self.version.item.form == Form::Committed {
            self.pass_seconds_in_office(30);
        }
        self.window_says(Kind::Closed { outcome });
        if self.chance(FILED_AFTERWARDS) {
            self.file_afterwards();
        }
        if self.chance(RATED) {
            self.rate();
        }
        if self.chance(COMPLAINED) {
            self.complain();
        }
    }

    fn pass_seconds_in_office(&mut self, most: i64) {
        let seconds = self.rng.random_range(1..most);
        self.now = self.office.after(self.now, seconds * SECOND_MS);
    }

    /// On a Friday at half past four everything of the week is closed within one minute.
    fn wait_for_the_batch(&mut self) {
        const HALF_PAST_FOUR: i64 = 6 * 3_600_000;
        let offset = (self.number % 50) as i64 * SECOND_MS;
        let today = self.office.local_date(self.now);
        let fridays = today.series(1.day()).take(30).filter(|date| date.weekday() == Weekday::Friday);
        let closings = fridays.filter_map(|friday| self.office.on_day(friday, HALF_PAST_FOUR + offset));
        if let Some(at) = closings.into_iter().find(|at| *at >= self.now) {
            self.now = at;
        }
    }

    fn file_afterwards(&mut self) {
        let Some(step) = self.version.steps.last() else { return };
        let days = self.between(0.2, 3.0);
        let at = self.after_days(self.now, days);
        let actor = self.section();
        self.says_at(at, Kind::StepCompleted { step: step.code.clone(), result: Some(StepResult::Other) }, actor);
    }

    fn rate(&mut self) {
        let share = self.between(0.0, 1.0);
        let score = SCORES.into_iter().find(|(_, up_to)| share < *up_to).map_or(1, |(score, _)| score);
        let minutes = self.spread(8.0, 1.5);
        let at = self.whole_second_after(minutes);
        self.window_says_at(at, Kind::Rated { score });
        if score >= 4 && self.chance(RECTIFIED) {
            let days = self.spread(6.0, 0.7);
            self.window_says_at(self.after_days(at, days), Kind::RatingRectified);
        }
    }

    fn complain(&mut self) {
        let days = self.between(0.5, 15.0);
        let at = self.after_days(self.now, days);
        self.window_says_at(at, Kind::Complained);
        let days = self.spread(2.5, 0.6);
        self.window_says_at(self.after_days(at, days), Kind::ComplaintResolved);
    }

    /// People rate at any hour.
    fn whole_second_after(&self, minutes: f64) -> Instant {
        self.now.plus_ms((minutes * 60.0) as i64 * SECOND_MS)
    }
}
