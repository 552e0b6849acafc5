//! Which clocks run for a case: each with its start, its limit and its end (domain.md §4).

use crate::{
    Clock, ClockKind, Event, Instant, Item, Limit, Text,
    assess::{Assessor, LimitOrigin, LimitSource},
    catalog::Unit,
    clock::{Allowance, ClockSpan, SuspensionSpan},
    event::{Decision, Procedure},
    timeline::{Answered, Special},
};

/// 行政许可法 art. 32: notice within five days.
const INTAKE: Limit = Limit::working_days(5);
/// Art. 42: extended once by at most ten days, fifteen for joint handling.
const EXTENSION_DAYS: u32 = 10;
const EXTENSION_DAYS_JOINT: u32 = 15;
/// Art. 44: ten days to hand the certificate over.
const DELIVERY: Limit = Limit::working_days(10);
/// What is usual for bad ratings (差评): fifteen days to look into it and to tell the applicant.
const RECTIFICATION: Limit = Limit::working_days(15);
/// Complaints: five days, our choice where the office has promised nothing else.
const COMPLAINT: Limit = Limit::working_days(5);

impl<'a> Assessor<'a> {
    /// Runs the intake clock; whether the case is deemed accepted.
    pub(super) fn run_intake(&mut self) -> bool {
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
        self.start(span, Allowance::Limit(INTAKE), applied, LimitSource::of(LimitOrigin::LawIntake))
            .is_some_and(|clock| clock.is_late(as_of))
    }

    pub(super) fn run_case_clocks(&mut self, started: &'a Event, item: Option<&Item>) {
        let timeline = self.timeline;
        let explicit = timeline.acceptance;
        let reported = |due: Option<Instant>| Some((Allowance::Until(due?), LimitSource::of(LimitOrigin::ReportedDue)));
        let valid_from = item.map(|item| item.valid_from);
        let named = |origin| LimitSource::of(origin).since(valid_from);
        let promised = reported(explicit.and_then(|acceptance| acceptance.promised_due_at))
            .or_else(|| Some((Allowance::Limit(item?.promised_limit.stated()?), named(LimitOrigin::CatalogPromise))));
        let joint = timeline.project().is_some();
        let statutory = reported(explicit.and_then(|acceptance| acceptance.statutory_due_at)).or_else(|| {
            let (default, law) = if joint {
                (Limit::STATUTORY_JOINT, LimitOrigin::LawJoint)
            } else {
                (Limit::STATUTORY, LimitOrigin::LawDecision)
            };
            let stated = item?.statutory_limit;
            let limit = stated.or_default(default)?;
            let source = if stated.stated().is_some() { named(LimitOrigin::CatalogStatutory) } else { LimitSource::of(law) };
            let extended_by = self.extension_days(limit, joint);
            let extended = Limit { amount: limit.amount + extended_by, ..limit };
            Some((Allowance::Limit(extended), LimitSource { extended_by, ..source }))
        });
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
            if let Some((allowance, source)) = allowance {
                self.start(span, allowance, started, source.suspendable());
            }
        }
    }

    /// The days by which the limit was extended.
    fn extension_days(&self, limit: Limit, joint: bool) -> u32 {
        let most = if joint { EXTENSION_DAYS_JOINT } else { EXTENSION_DAYS };
        match limit.unit {
            Unit::WorkingDays | Unit::CalendarDays => {
                self.timeline.extension().map_or(0, |extension| extension.start.granted_days.map_or(most, |days| days.min(most)))
            }
            // The law extends by days; a limit in another unit has no day to add to.
            _ => 0,
        }
    }

    pub(super) fn run_steps(&mut self, item: Option<&Item>) {
        for (number, step) in self.timeline.steps.iter().enumerate() {
            let Some(limit) = item.and_then(|item| item.step_limit(step.code)) else { continue };
            let span = ClockSpan {
                kind: ClockKind::Step,
                instance: self.timeline.step_instance(number).clone(),
                started_at: step.started.occurred_at,
                ended_at: step.completed.map(|event| event.occurred_at).or(self.timeline.case_end()),
                handler: step.started.handler.clone(),
            };
            let source = LimitSource::of(LimitOrigin::CatalogStep).since(item.map(|item| item.valid_from));
            self.start(span, Allowance::Limit(limit), step.started, source.suspendable());
        }
    }

    pub(super) fn run_specials(&mut self, item: Option<&Item>) {
        for special in &self.timeline.specials {
            let Some(limit) = self.special_limit(special, item) else { continue };
            let span = ClockSpan {
                kind: ClockKind::Special,
                instance: special.started.event_id.clone(),
                started_at: special.started.occurred_at,
                ended_at: special.ended.map(|event| event.occurred_at).or(self.timeline.case_end()),
                handler: special.started.handler.clone(),
            };
            let is_granted = special.start.granted_days.is_some();
            let origin = if is_granted { LimitOrigin::Granted } else { LimitOrigin::PartyPublished };
            self.start(span, Allowance::Limit(limit), special.started, LimitSource::of(origin));
        }
    }

    /// What a special procedure may take: the days granted; for the work of an intermediary without a
    /// grant, the limit that is published for it. The published limit bounds the intermediary's own clock
    /// only: the department's stands still for as long as the work really takes.
    fn special_limit(&self, special: &Special<'_>, item: Option<&Item>) -> Option<Limit> {
        let start = special.start;
        match start.procedure {
            Procedure::Extension => None,
            Procedure::External if start.granted_days.is_none() => {
                let on = self.rules.calendar.local_date(special.started.occurred_at);
                self.rules.catalog.party_limit(start.party.as_deref(), item.map(|item| item.code.as_str()), on)
            }
            _ => start.granted_days.map(Limit::working_days),
        }
    }

    /// Runs the delivery clock of a granted case; when it is due.
    pub(super) fn run_delivery(&mut self, item: Option<&Item>) -> Option<Instant> {
        let (decided, Decision::Granted) = self.timeline.decided? else { return None };
        let stated = item.and_then(|item| Some((item.delivery_limit.stated()?, item.valid_from)));
        let (limit, source) = match (stated, item) {
            (Some((limit, from)), _) => (limit, LimitSource::of(LimitOrigin::CatalogDelivery).since(Some(from))),
            (None, item) => {
                let limit = item.map_or(Some(DELIVERY), |item| item.delivery_limit.or_default(DELIVERY))?;
                (limit, LimitSource::of(LimitOrigin::LawDelivery))
            }
        };
        let span = ClockSpan {
            kind: ClockKind::Delivery,
            instance: Text::default(),
            started_at: decided.occurred_at,
            ended_at: self.timeline.delivered.map(|event| event.occurred_at).filter(|at| *at >= decided.occurred_at),
            handler: decided.handler.clone(),
        };
        self.start(span, Allowance::Limit(limit), decided, source)?.due()
    }

    /// Runs a clock for every deferred material: up to the day it was promised for, until it is handed
    /// in or nothing is owed any more.
    pub(super) fn run_deferred(&mut self) {
        let timeline = self.timeline;
        let Some((accepted, acceptance)) = timeline.accepted.zip(timeline.acceptance) else { return };
        for (number, material) in acceptance.deferred_materials.iter().enumerate() {
            let supplied_at = timeline.supply_of(&material.name).map(|event| event.occurred_at);
            let span = ClockSpan {
                kind: ClockKind::Deferred,
                instance: timeline.material_instance(number),
                started_at: accepted.occurred_at,
                ended_at: supplied_at.into_iter().chain(timeline.given_up_at()).min().map(|at| at.max(accepted.occurred_at)),
                handler: accepted.handler.clone(),
            };
            self.start(span, Allowance::Until(material.due_at), accepted, LimitSource::of(LimitOrigin::DeferredUntil));
        }
    }

    /// Runs the clocks of what citizens say: they live on after the case is closed.
    pub(super) fn run_answers(&mut self) {
        let timeline = self.timeline;
        for rating in &timeline.bad_ratings {
            self.run_answer(ClockKind::Rectification, RECTIFICATION, rating);
        }
        for complaint in &timeline.complaints {
            self.run_answer(ClockKind::Complaint, COMPLAINT, complaint);
        }
    }

    fn run_answer(&mut self, kind: ClockKind, limit: Limit, answered: &Answered<'a>) {
        let span = ClockSpan {
            kind,
            instance: answered.asked.event_id.clone(),
            started_at: answered.asked.occurred_at,
            ended_at: answered.answered.map(|event| event.occurred_at),
            handler: answered.asked.handler.clone(),
        };
        let usage = if kind == ClockKind::Complaint { LimitOrigin::ComplaintUsage } else { LimitOrigin::RatingUsage };
        self.start(span, Allowance::Limit(limit), answered.asked, LimitSource::of(usage));
    }

    /// Starts a clock, unless the calendar does not reach it: then the case says so.
    fn start(&mut self, span: ClockSpan, allowance: Allowance, evidence: &'a Event, source: LimitSource) -> Option<&Clock<'a>> {
        let suspensions: &[SuspensionSpan] = if source.can_be_suspended { &self.suspensions } else { &[] };
        match Clock::new(span, allowance, suspensions, &self.clock_rules) {
            Ok(clock) => {
                if clock.is_beyond_calendar() {
                    let (_, last) = self.rules.calendar.covers();
                    self.flag_uncovered(last + 1, evidence);
                }
                self.clocks.push(clock);
                self.sources.push(source);
                self.clocks.last()
            }
            Err(uncovered) => {
                self.flag_uncovered(uncovered.year, evidence);
                None
            }
        }
    }

    pub(super) fn flag_uncovered(&mut self, year: i16, evidence: &'a Event) {
        // However far beyond, it is the first year after the calendar that is missing.
        let (_, last) = self.rules.calendar.covers();
        self.uncovered_year.get_or_insert(year.min(last + 1));
        self.uncovered.push(evidence);
    }
}
