//! The life of one case, up to its decision. How it ends is told in `ending`.

use domain::{
    Event, Instant, Kind, Text,
    catalog::Condition,
    event::{Acceptance, DeferredMaterial, Form, Outcome, Place, Procedure, Role, SpecialStart, StepResult},
};
use jiff::civil::Date;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::{
    acts::Actor,
    county::{County, Department, Habit, Version},
    office::OfficeTime,
    random::{Purpose, rng},
};

// Shares, chosen so that a half-year looks like those of a county's monthly bulletins.

/// Cases that are decided on the spot.
const IMMEDIATE: f64 = 0.45;
/// Cases of delegated items that are handed in at a township's counter.
const AT_TOWNSHIP: f64 = 0.4;
/// Applications handed in online.
const ONLINE: f64 = 0.3;
/// An item code that no catalogue has (any more).
const UNKNOWN_ITEM: f64 = 0.001;
/// Something is missing; then the applicant is asked again; or asked only after acceptance.
const CORRECTION: f64 = 0.09;
const SECOND_CORRECTION: f64 = 0.08;
const CORRECTION_AFTER_ACCEPTANCE: f64 = 0.015;
/// Nobody answers within five days.
const UNANSWERED: f64 = 0.006;
const NOT_ACCEPTED: f64 = 0.025;
const GREEN_CHANNEL: f64 = 0.03;
/// Each condition that the green channel may not leave out.
const CONDITION_FORGOTTEN: f64 = 0.06;
const KEY_PROJECT: f64 = 0.03;
/// Of the cases of departments that take part in joint approvals.
const JOINT: f64 = 0.04;
const DEFERRED_MATERIAL: f64 = 0.03;
/// The source computes its own due time.
const EXPLICIT_DUE: f64 = 0.02;
const SPECIAL: f64 = 0.12;
const STEP_SKIPPED: f64 = 0.006;
const STEP_RETURNED: f64 = 0.02;
const STEP_OFF_HALL: f64 = 0.05;
/// Cases of a window that closes at once, or suspends near the due time, in which it does.
const HABITUAL: f64 = 0.5;

/// Of the promise, how much a case takes in the middle, and how widely that is spread.
const USUAL_SHARE: f64 = 0.54;
const SPREAD: f64 = 0.42;
/// How much slower a month with a backlog is.
const BACKLOG: f64 = 1.8;

/// Ways out before a decision, each with its share.
const LEFT_EARLY: [(Outcome, f64); 4] =
    [(Outcome::Withdrawn, 0.020), (Outcome::Returned, 0.008), (Outcome::Forwarded, 0.004), (Outcome::Voided, 0.002)];

/// Tells the life of a case step by step.
pub(crate) struct Life<'a> {
    pub(crate) county: &'a County,
    pub(crate) office: &'a OfficeTime,
    pub(crate) rng: ChaCha8Rng,
    pub(crate) number: u64,
    pub(crate) case_no: Text,
    pub(crate) version: &'a Version,
    /// The item code as the source reports it.
    pub(crate) item: Text,
    pub(crate) department: &'a Department,
    pub(crate) window: Text,
    pub(crate) habit: Option<Habit>,
    pub(crate) region: Text,
    pub(crate) clerk: Actor,
    pub(crate) arrived_on: Date,
    pub(crate) now: Instant,
    pub(crate) events: Vec<Event>,
    /// Fast lanes: of the usual time.
    haste: f64,
}

impl<'a> Life<'a> {
    /// Case `number` of a seed: always the same life.
    pub(crate) fn new(county: &'a County, office: &'a OfficeTime, seed: u64, number: u64, arrival: Instant) -> Self {
        let mut rng = rng(seed, Purpose::Life, number);
        let offers = if rng.random_bool(IMMEDIATE) { &county.immediate } else { &county.committed };
        let offer = offers.at(rng.random_range(0.0..1.0));
        let arrived_on = office.local_date(arrival);
        let version = offer.version(arrived_on);
        let department = &county.departments[offer.department];
        let window = &department.windows[rng.random_range(0..department.windows.len())];
        let staff = &department.window_staff[rng.random_range(0..department.window_staff.len())];
        let clerk = Actor { handler: staff.clone(), role: Role::Window, place: Place::Hall };
        let is_unknown = rng.random_bool(UNKNOWN_ITEM);
        let code = &version.item.code;
        let mut life = Self {
            county,
            office,
            number,
            case_no: format!("{}-{number}", county.region).into(),
            version,
            item: if is_unknown { format!("{code}-old").into() } else { code.clone() },
            department,
            window: window.name.clone(),
            habit: window.habit,
            region: county.region.clone(),
            clerk,
            arrived_on,
            now: arrival,
            events: Vec::with_capacity(16),
            haste: 1.0,
            rng,
        };
        if version.item.delegated_to_townships && !county.townships.is_empty() && life.chance(AT_TOWNSHIP) {
            life.move_to_township();
        }
        life
    }

    fn move_to_township(&mut self) {
        let county = self.county;
        let township = self.pick(&county.townships);
        self.region = township.code.clone();
        self.window = format!("{}便民服务中心", township.name).into();
        self.habit = None;
        self.clerk = Actor { handler: township.staff.clone(), role: Role::Window, place: Place::Township };
    }

    /// Lives it to its end; events in the order of time.
    pub(crate) fn live(mut self) -> Vec<Event> {
        match self.version.item.form {
            Form::Immediate => self.live_immediate(),
            Form::Committed => self.live_committed(),
        }
        // Ratings, deliveries and deferred papers come while other things go on.
        self.events.sort_by_key(|event| event.occurred_at);
        self.events
    }

    fn live_immediate(&mut self) {
        self.apply();
        self.pass_minutes(1.0, 12.0);
        self.accept();
        self.pass_minutes(2.0, 25.0);
        self.decide_and_end();
    }

    fn live_committed(&mut self) {
        self.apply();
        if !self.be_heard() {
            return;
        }
        self.accept();
        if self.habit == Some(Habit::ClosesAtOnce) && self.chance(HABITUAL) {
            let seconds = self.rng.random_range(4..30);
            self.pass_seconds(seconds);
            return self.close_at_once();
        }
        if self.chance(CORRECTION_AFTER_ACCEPTANCE) {
            self.pass_minutes(30.0, 300.0);
            self.correct();
        }
        if let Some(outcome) = self.work() {
            return self.close(outcome);
        }
        self.decide_and_end();
    }

    fn apply(&mut self) {
        let online = self.chance(ONLINE);
        let channel = Some(if online { "online" } else { "counter" }.into());
        let place = if online { Place::Online } else { self.clerk.place };
        let actor = Actor { place, ..self.clerk.clone() };
        self.says(Kind::Applied { channel }, actor);
    }

    /// From the application to the point where it can be accepted; whether it gets there.
    fn be_heard(&mut self) -> bool {
        if self.chance(CORRECTION) {
            self.pass_minutes(20.0, 600.0);
            self.correct();
            if self.chance(SECOND_CORRECTION) {
                self.pass_minutes(20.0, 300.0);
                self.correct();
            }
            self.pass_minutes(10.0, 200.0);
        } else if self.chance(UNANSWERED) {
            let days = self.between(5.5, 9.0);
            self.pass_days(days);
        } else {
            let days = self.between(0.01, 1.2);
            self.pass_days(days);
        }
        if self.chance(NOT_ACCEPTED) {
            self.window_says(Kind::NotAccepted);
            return false;
        }
        true
    }

    fn correct(&mut self) {
        self.window_says(Kind::CorrectionRequested);
        let days = self.spread(2.0, 0.8);
        self.pass_days(days);
        self.window_says(Kind::Corrected);
    }

    fn accept(&mut self) {
        let acceptance = self.acceptance();
        if acceptance.green_channel {
            self.haste *= 0.6;
        }
        if acceptance.key_project {
            self.haste *= 0.75;
        }
        let deferred = acceptance.deferred_materials.clone();
        let is_green = acceptance.green_channel;
        self.window_says(Kind::Accepted(Box::new(acceptance)));
        if is_green {
            self.meet_the_bottom_line();
        }
        for material in deferred {
            self.supply(material);
        }
    }

    fn acceptance(&mut self) -> Acceptance {
        let is_committed = self.version.item.form == Form::Committed;
        let mut acceptance = Acceptance { form: Some(self.version.item.form), ..Acceptance::default() };
        if !is_committed {
            return acceptance;
        }
        acceptance.green_channel = self.chance(GREEN_CHANNEL);
        acceptance.key_project = self.chance(KEY_PROJECT);
        if self.department.joint && self.chance(JOINT) {
            // A handful of projects a month, so that several departments meet in one.
            let project = self.rng.random_range(1..5);
            let month = self.arrived_on;
            acceptance.project = Some(format!("P{}{:02}-{project:02}", month.year(), month.month()).into());
        }
        if self.chance(DEFERRED_MATERIAL) {
            let name = *self.pick(&["施工图", "验资证明", "租赁合同", "体检证明"]);
            let days = f64::from(self.rng.random_range(5..16));
            acceptance.deferred_materials.push(DeferredMaterial { name: name.into(), due_at: self.after_days(self.now, days) });
        }
        if self.version.item.promised_limit.stated().is_some() && self.chance(EXPLICIT_DUE) {
            acceptance.promised_due_at = Some(self.after_days(self.now, self.version.promise_days));
        }
        acceptance
    }

    /// What the green channel may not leave out is handed in at once, or forgotten.
    fn meet_the_bottom_line(&mut self) {
        let lines = self.county.catalog.bottom_lines().iter().filter(|line| line.items.contains(&self.version.item.code));
        let conditions: Vec<&Condition> = lines.flat_map(|line| &line.conditions).collect();
        let there = conditions.into_iter().filter(|_| !self.chance(CONDITION_FORGOTTEN));
        let materials: Vec<Text> = there.filter_map(|condition| condition.materials.first().cloned()).collect();
        if !materials.is_empty() {
            self.window_says(Kind::MaterialsSupplied { materials });
        }
    }

    /// A deferred paper comes in time, late, or never.
    fn supply(&mut self, material: DeferredMaterial) {
        let at = if self.chance(0.85) {
            let days = self.between(0.5, 4.5);
            self.after_days(self.now, days)
        } else if self.chance(0.6) {
            let days = self.between(1.0, 10.0);
            self.after_days(material.due_at, days)
        } else {
            return;
        };
        self.window_says_at(at, Kind::MaterialsSupplied { materials: vec![material.name] });
    }

    /// The steps of the work, spread over the time the case takes; how it ended if not by a decision.
    fn work(&mut self) -> Option<Outcome> {
        let version = self.version;
        let days = self.days_to_take();
        let leaves = self.leaves_early();
        let suspends = self.habit == Some(Habit::SuspendsNearDue) && self.chance(HABITUAL);
        let special_in = self.chance(SPECIAL).then(|| self.rng.random_range(0..version.steps.len().max(1)));
        let skipped = self.chance(STEP_SKIPPED).then(|| self.rng.random_range(0..version.steps.len().max(1)));
        if version.steps.is_empty() {
            self.pass_days(days);
        }
        for (number, step) in version.steps.iter().enumerate() {
            let is_last = number + 1 == version.steps.len();
            if let Some(outcome) = leaves.filter(|_| is_last) {
                return Some(outcome);
            }
            if suspends && is_last {
                self.suspend_near_due();
            }
            let days = days * step.share;
            if skipped == Some(number) {
                self.pass_days(days);
                continue;
            }
            self.step(&step.code, days, special_in == Some(number));
        }
        leaves
    }

    fn step(&mut self, step: &Text, days: f64, with_special: bool) {
        let actor = self.section();
        self.pass_days(days * 0.2);
        self.says(Kind::StepStarted { step: step.clone() }, actor.clone());
        if with_special {
            self.pass_days(days * 0.2);
            self.special(&actor);
        }
        let completed = |result| Kind::StepCompleted { step: step.clone(), result: Some(result) };
        if self.chance(STEP_RETURNED) {
            self.pass_days(days * 0.3);
            self.says(completed(StepResult::Returned), actor.clone());
            self.pass_minutes(5.0, 60.0);
            self.says(Kind::StepStarted { step: step.clone() }, actor.clone());
        }
        self.pass_days(days * 0.8);
        self.says(completed(StepResult::Passed), actor);
    }

    /// Somebody of the section; some of the work still circulates outside the hall.
    pub(crate) fn section(&mut self) -> Actor {
        let department = self.department;
        let handler = self.pick(&department.section_staff).clone();
        let is_outside = !self.version.item.hall || self.chance(STEP_OFF_HALL);
        Actor { handler, role: Role::Section, place: if is_outside { Place::Office } else { Place::Hall } }
    }

    /// How many working days the department takes: usually well within the promise, sometimes not.
    fn days_to_take(&mut self) -> f64 {
        let backlog = if self.department.backlog_month == Some(self.arrived_on.month()) { BACKLOG } else { 1.0 };
        let share = self.spread(USUAL_SHARE, SPREAD);
        // Whoever is urged by cards finishes in the end.
        let share = (share * self.department.pace * backlog * self.haste).min(2.5);
        self.version.promise_days * share
    }

    fn leaves_early(&mut self) -> Option<Outcome> {
        let mut share = self.between(0.0, 1.0);
        LEFT_EARLY.into_iter().find_map(|(outcome, of_all)| {
            share -= of_all;
            (share < 0.0).then_some(outcome)
        })
    }

    fn special(&mut self, actor: &Actor) {
        let procedure = *self.pick(&[
            Procedure::External,
            Procedure::External,
            Procedure::ExpertReview,
            Procedure::Hearing,
            Procedure::Inspection,
            Procedure::Testing,
            Procedure::Publicity,
            Procedure::Extension,
        ]);
        let granted = self.rng.random_range(2..11);
        let agency = self.pick(&self.county.agencies).clone();
        self.start_special(procedure, granted, actor, Some(agency).filter(|_| procedure == Procedure::External));
        // An extension lengthens the limit and has no end of its own.
        if procedure != Procedure::Extension {
            let days = f64::from(granted) * self.between(0.4, 1.15);
            self.pass_days(days);
            self.says(Kind::SpecialEnded { procedure: Some(procedure) }, actor.clone());
        }
    }

    fn start_special(&mut self, procedure: Procedure, granted: u32, actor: &Actor, party: Option<Text>) {
        let written_notice = Some(!self.chance(0.06));
        let start = SpecialStart { procedure, granted_days: Some(granted), written_notice, party };
        self.says(Kind::SpecialStarted(Box::new(start)), actor.clone());
    }

    /// Nothing has to be waited for, but the clock is about to run out.
    fn suspend_near_due(&mut self) {
        let used = self.version.promise_days * self.between(0.88, 0.97);
        let accepted = self.events.iter().find(|event| matches!(event.kind, Kind::Accepted(_))).map(|event| event.occurred_at);
        self.now = self.after_days(accepted.unwrap_or(self.now), used).max(self.now);
        let actor = self.section();
        let granted = self.rng.random_range(10..21);
        let days = self.between(3.0, 10.0);
        // Some stop the clock once more.
        let times = if granted % 3 == 0 { 2 } else { 1 };
        for _ in 0..times {
            let start = SpecialStart {
                procedure: Procedure::Other,
                granted_days: Some(granted),
                written_notice: Some(false),
                party: None,
            };
            self.says(Kind::SpecialStarted(Box::new(start)), actor.clone());
            self.pass_days(days / f64::from(times));
            self.says(Kind::SpecialEnded { procedure: Some(Procedure::Other) }, actor.clone());
        }
    }
}
