//! The life of one case.

use domain::{
    Calendar, Event, Instant, Kind, Text,
    catalog::Unit,
    counting::{Axis, Counting, Scale},
    event::{Acceptance, Decision, DeferredMaterial, Form, Outcome, Place, Procedure, Role, SpecialStart, StepResult},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::county::{County, Offer};

/// Tells the life of a case step by step.
pub(crate) struct Life<'a> {
    county: &'a County,
    calendar: &'a Calendar,
    rng: ChaCha8Rng,
    case_no: Text,
    offer: &'a Offer,
    window: &'a str,
    region: &'a str,
    now: Instant,
    /// The calendar ended before the case did: it stays as it is.
    is_beyond: bool,
    events: Vec<Event>,
}

impl<'a> Life<'a> {
    /// Case number `number` of a seed: always the same life.
    pub(crate) fn new(county: &'a County, calendar: &'a Calendar, seed: u64, number: u64, arrival: Instant) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number);
        // Nearly half of the people come for something that is done on the spot.
        let on_the_spot = rng.random_bool(0.45);
        let form = if on_the_spot { Form::Immediate } else { Form::Committed };
        let mut at = rng.random_range(0..county.offers.len());
        if let Some(steps) =
            (0..county.offers.len()).find(|step| county.offers[(at + step) % county.offers.len()].item.form == form)
        {
            at = (at + steps) % county.offers.len();
        }
        let offer = &county.offers[at];
        let window = &offer.department.windows[rng.random_range(0..offer.department.windows.len())];
        let township = offer.item.delegated_to_townships && rng.random_bool(0.4) && !county.townships.is_empty();
        let region = if township { &county.townships[rng.random_range(0..county.townships.len())].code } else { &county.region };
        Self {
            county,
            calendar,
            case_no: format!("{}-{number:08}", county.region).into(),
            offer,
            window,
            region,
            now: arrival,
            is_beyond: false,
            events: Vec::new(),
            rng,
        }
    }

    /// Lives it to its end.
    pub(crate) fn live(mut self) -> Vec<Event> {
        match self.offer.item.form {
            Form::Immediate => self.live_immediate(),
            Form::Committed => self.live_committed(),
        }
        self.enter();
        self.events
    }

    fn live_immediate(&mut self) {
        self.apply();
        self.pass_minutes(2, 20);
        self.accept();
        self.pass_minutes(3, 40);
        self.decide_and_hand_over();
    }

    fn live_committed(&mut self) {
        self.apply();
        if self.chance(0.02) {
            // Nobody answers, or not before the law has answered for them.
            self.pass_days(6.5);
        } else {
            let days = self.rng.random_range(0.02..1.5);
            self.pass_days(days);
        }
        if self.chance(0.03) {
            return self.window_says(Kind::NotAccepted);
        }
        let corrections = if self.chance(0.10) { 1 + usize::from(self.chance(0.08)) } else { 0 };
        self.accept();
        if self.is_quick_fraud() {
            // Accepted and closed within seconds: the work was done before, outside the system.
            self.pass_ms(20_000);
            return self.close(Outcome::Granted);
        }
        for _ in 0..corrections {
            self.correct();
        }
        self.work();
    }

    /// Review, special procedures, signature, decision: spread over the time the case takes.
    fn work(&mut self) {
        let days = self.days_to_take();
        self.pass_days(days * 0.1);
        let is_skipped = self.chance(0.01);
        if !is_skipped {
            self.section_says(Kind::StepStarted { step: "review".into() });
        }
        self.pass_days(days * 0.4);
        if self.chance(0.12) {
            self.special();
        }
        if !is_skipped {
            self.section_says(Kind::StepCompleted { step: "review".into(), result: Some(StepResult::Passed) });
        }
        if self.chance(0.03) {
            return self.close(Outcome::Withdrawn);
        }
        if self.chance(0.01) {
            return self.close(Outcome::Returned);
        }
        self.pass_days(days * 0.2);
        self.section_says(Kind::StepStarted { step: "sign".into() });
        self.pass_days(days * 0.3);
        self.section_says(Kind::StepCompleted { step: "sign".into(), result: Some(StepResult::Passed) });
        self.decide_and_hand_over();
    }

    /// How many working days the department takes: usually well within the promise, sometimes not.
    fn days_to_take(&mut self) -> f64 {
        let promise = match self.offer.item.promised_limit.stated() {
            Some(limit) if limit.unit == Unit::WorkingDays => f64::from(limit.amount),
            _ => 5.0,
        };
        // Lognormal around half of the promise; the tail is what is late.
        let normal: f64 = (0..12).map(|_| self.rng.random_range(0.0..1.0)).sum::<f64>() - 6.0;
        promise * 0.5 * (normal * 0.4).exp() * self.offer.department.pace
    }

    fn special(&mut self) {
        let procedures =
            [Procedure::ExpertReview, Procedure::Hearing, Procedure::External, Procedure::Testing, Procedure::Extension];
        let procedure = procedures[self.rng.random_range(0..procedures.len())];
        let granted = self.rng.random_range(2..10);
        let start = SpecialStart {
            procedure,
            granted_days: Some(granted),
            written_notice: Some(!self.rng.random_bool(0.1)),
            party: (procedure == Procedure::External).then(|| "agency-3".into()),
        };
        self.section_says(Kind::SpecialStarted(Box::new(start)));
        if procedure == Procedure::Extension {
            return;
        }
        let days = f64::from(granted) * self.rng.random_range(0.5..1.3);
        self.pass_days(days);
        self.section_says(Kind::SpecialEnded { procedure: Some(procedure) });
    }

    fn correct(&mut self) {
        self.pass_minutes(30, 200);
        self.window_says(Kind::CorrectionRequested);
        let days = self.rng.random_range(0.5..4.0);
        self.pass_days(days);
        self.window_says(Kind::Corrected);
    }

    fn apply(&mut self) {
        let channel = if self.chance(0.3) { "online" } else { "counter" };
        self.window_says(Kind::Applied { channel: Some(channel.into()) });
    }

    fn accept(&mut self) {
        let due_at = self.now.plus_ms(10 * domain::calendar::DAY_MS);
        let acceptance = Acceptance {
            form: Some(self.offer.item.form),
            project: self.chance(0.02).then(|| format!("P{:04}", self.rng.random_range(0..200)).into()),
            green_channel: self.chance(0.03),
            key_project: self.chance(0.03),
            deferred_materials: if self.chance(0.02) {
                vec![DeferredMaterial { name: "图纸".into(), due_at }]
            } else {
                Vec::new()
            },
            ..Acceptance::default()
        };
        self.window_says(Kind::Accepted(Box::new(acceptance)));
    }

    fn decide_and_hand_over(&mut self) {
        let refused = self.chance(0.03);
        let outcome = if refused { Decision::Refused } else { Decision::Granted };
        if self.offer.item.window_decides {
            self.window_says(Kind::Decided { outcome });
        } else {
            let chief = self.offer.department.chief_representative.clone();
            self.says(Kind::Decided { outcome }, &chief, Role::ChiefRepresentative, Place::Hall);
        }
        if self.offer.item.fee_fen > 0 {
            let amount_fen = self.offer.item.fee_fen;
            self.window_says(Kind::FeeCharged { amount_fen });
        }
        if !refused {
            self.pass_minutes(5, 60);
            self.window_says(Kind::Issued);
            if self.chance(0.97) {
                let days = self.rng.random_range(0.0..0.6);
                self.pass_days(days);
                self.window_says(Kind::Delivered);
            }
        }
        self.close(outcome.into());
    }

    fn close(&mut self, outcome: Outcome) {
        self.window_says(Kind::Closed { outcome });
        if self.chance(0.35) {
            self.pass_minutes(1, 600);
            let score = if self.chance(0.95) { self.rng.random_range(1..3) } else { self.rng.random_range(3..6) };
            self.window_says(Kind::Rated { score });
            if score >= 4 {
                self.pass_days(2.0);
                self.window_says(Kind::RatingRectified);
            }
        }
        if self.chance(0.002) {
            self.pass_days(1.0);
            self.window_says(Kind::Complained);
            self.pass_days(2.0);
            self.window_says(Kind::ComplaintResolved);
        }
    }

    /// The last window of the last department knows how to look fast.
    fn is_quick_fraud(&mut self) -> bool {
        self.window.ends_with("14号窗口") && self.chance(0.4)
    }

    fn window_says(&mut self, kind: Kind) {
        let staff = &self.offer.department.window_staff;
        let handler = staff[self.case_no.len() % staff.len()].clone();
        self.says(kind, &handler, Role::Window, Place::Hall);
    }

    fn section_says(&mut self, kind: Kind) {
        let staff = &self.offer.department.section_staff;
        let handler = staff[self.rng.random_range(0..staff.len())].clone();
        // Some of the work still circulates outside the hall.
        let place = if self.chance(0.05) { Place::Office } else { Place::Hall };
        self.says(kind, &handler, Role::Section, place);
    }

    fn says(&mut self, kind: Kind, handler: &str, role: Role, place: Place) {
        if self.is_beyond {
            return;
        }
        let is_unknown = matches!(kind, Kind::Applied { .. }) && self.chance(0.001);
        let item = if is_unknown { "no-such-item".into() } else { self.offer.item.code.clone() };
        self.events.push(Event {
            event_id: format!("{}-{:02}", self.case_no, self.events.len()).into(),
            source: self.county.source.as_str().into(),
            revision: 1,
            retracted: false,
            digest: 0,
            case_no: self.case_no.clone(),
            item: matches!(kind, Kind::Applied { .. } | Kind::Accepted(_)).then_some(item),
            occurred_at: self.now,
            recorded_at: None,
            region: Some(self.region.into()),
            department: Some(self.offer.department.name.as_str().into()),
            window: Some(self.window.into()),
            handler: Some(handler.into()),
            role: Some(role),
            place: Some(place),
            kind,
        });
    }

    /// Fills in when the source wrote each event down: usually at once, rarely days later.
    fn enter(&mut self) {
        for number in 0..self.events.len() {
            let late = if self.chance(0.004) { 2 * domain::calendar::DAY_MS } else { 5_000 };
            let event = &mut self.events[number];
            event.recorded_at = Some(event.occurred_at.plus_ms(late));
        }
    }

    fn chance(&mut self, share: f64) -> bool {
        self.rng.random_bool(share)
    }

    fn pass_minutes(&mut self, least: i64, most: i64) {
        let minutes = self.rng.random_range(least..most);
        self.pass_office(minutes * 60_000);
    }

    fn pass_days(&mut self, days: f64) {
        let day = self.calendar.standard_hours().length_ms();
        self.pass_office((days * day as f64) as i64);
    }

    fn pass_ms(&mut self, ms: i64) {
        self.now = self.now.plus_ms(ms);
    }

    /// Lets office hours pass; whole seconds.
    fn pass_office(&mut self, ms: i64) {
        let scale = Scale::new(self.calendar, Axis::OfficeHours, Counting::OfficeHours);
        match scale.position(self.now).and_then(|now| scale.instant(now + ms)) {
            Ok(later) => self.now = Instant::from_ms(later.ms() / 1000 * 1000).max(self.now),
            Err(_) => self.is_beyond = true,
        }
    }
}
