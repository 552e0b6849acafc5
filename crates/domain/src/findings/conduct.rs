//! How the office acts: where, when, by whom, for how much.

use crate::{
    Event, Instant, Kind,
    event::{Decision, Form, Place, Role},
    findings::{Circumstances, Evidence},
};

const SECOND_MS: f64 = 1000.0;
const MINUTE_MS: f64 = 60_000.0;
const HOUR_MS: f64 = 3_600_000.0;

/// What an office does with a case: neither what citizens say, nor what is found or done at another place by
/// its nature, such as a hearing or an inspection.
fn is_act_of_office(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Accepted(_)
            | Kind::NotAccepted
            | Kind::CorrectionRequested
            | Kind::StepStarted { .. }
            | Kind::StepCompleted { .. }
            | Kind::Decided { .. }
            | Kind::Closed { .. }
    )
}

impl<'a> Circumstances<'a> {
    fn events(&self) -> impl Iterator<Item = &'a Event> {
        self.timeline.events.iter().copied()
    }

    pub(super) fn late_entries(&self) -> Evidence<'a> {
        let allowed = (self.rules.profile.thresholds.late_entry_hours * HOUR_MS) as i64;
        let is_late = |event: &&Event| event.recorded_at.is_some_and(|recorded| recorded.ms() - event.occurred_at.ms() > allowed);
        self.events().filter(is_late).collect()
    }

    /// Acts on a hall item in the department's own office. A township's counter, the network and a terminal are
    /// branches of the hall.
    pub(super) fn off_hall_steps(&self) -> Evidence<'a> {
        let Some(item) = self.item.filter(|item| item.hall) else { return Vec::new() };
        let belongs_outside = |kind: &Kind| match kind {
            Kind::StepStarted { step } | Kind::StepCompleted { step, .. } => item.outside_steps.contains(step),
            _ => false,
        };
        let is_off_hall =
            |event: &&Event| event.place == Some(Place::Office) && is_act_of_office(&event.kind) && !belongs_outside(&event.kind);
        self.events().filter(is_off_hall).collect()
    }

    /// Where the item is decided at the window and there is an authorisation table, the handler must be in it on
    /// the day. Otherwise the role tells, where it is reported: what the window decides is not for a section, and
    /// what it does not decide is not for the window's staff. Leaders may always, and so may the system, which
    /// acts by the rules it was given.
    pub(super) fn unauthorised_decision(&self) -> Evidence<'a> {
        let (Some(item), Some((decision, _))) = (self.item, self.timeline.decision()) else { return Vec::new() };
        let table = self.rules.catalog.authorisations();
        let is_authorised = match &decision.handler {
            _ if decision.role == Some(Role::System) => true,
            Some(handler) if item.window_decides && !table.is_empty() => {
                table.allow(handler, item, decision.role, self.rules.calendar.local_date(decision.occurred_at))
            }
            _ => match decision.role {
                Some(Role::Section) => !item.window_decides,
                Some(Role::Window) => item.window_decides,
                Some(Role::ChiefRepresentative | Role::Leader | Role::System) | None => true,
            },
        };
        if is_authorised { Vec::new() } else { vec![decision] }
    }

    /// A committed item that was decided as soon as it was accepted. Sources that know only the date say nothing
    /// about seconds.
    pub(super) fn instant_close(&self) -> Evidence<'a> {
        let (Some(accepted), Some((decision, _))) = (self.timeline.accepted, self.timeline.decision()) else {
            return Vec::new();
        };
        let form = self.item.map(|item| item.form).or(self.timeline.declared_form());
        let taken = decision.occurred_at.ms() - accepted.occurred_at.ms();
        let at_most = (self.rules.profile.thresholds.instant_close_seconds * SECOND_MS) as i64;
        let is_instant = form == Some(Form::Committed)
            && (0..=at_most).contains(&taken)
            && !self.rules.calendar.is_midnight(accepted.occurred_at);
        if is_instant { vec![accepted, decision] } else { Vec::new() }
    }

    /// What was charged in all, where anything was, against what the catalogue says, where it says anything.
    pub(super) fn fee_mismatch(&self) -> Evidence<'a> {
        let Some(fee) = self.item.and_then(|item| item.fee_fen) else { return Vec::new() };
        let charge = |event: &Event| match event.kind {
            Kind::FeeCharged { amount_fen } => Some(amount_fen),
            _ => None,
        };
        let mut charges = self.events().filter_map(charge).peekable();
        if charges.peek().is_none() || charges.fold(0, u64::saturating_add) == fee {
            return Vec::new();
        }
        self.events().filter(|event| charge(event).is_some()).collect()
    }

    /// Acts entered at night or on a day off: by the time of entry, else by that of the act. What is done online or
    /// by the system knows no hours.
    pub(super) fn out_of_hours_entries(&self) -> Evidence<'a> {
        let tolerance = (self.rules.profile.thresholds.out_of_hours_minutes * MINUTE_MS) as i64;
        let is_by_people =
            |event: &Event| event.role != Some(Role::System) && !matches!(event.place, Some(Place::Online | Place::SelfService));
        let entered_at = |event: &Event| -> Instant { event.recorded_at.unwrap_or(event.occurred_at) };
        let is_out_of_hours = |event: &&Event| {
            is_act_of_office(&event.kind)
                && is_by_people(event)
                && self.rules.calendar.is_out_of_hours(entered_at(event), tolerance)
        };
        self.events().filter(is_out_of_hours).collect()
    }

    /// Only decisions can give a reason: a source that reports nothing but closings is not held against anybody.
    pub(super) fn refused_without_reason(&self) -> Evidence<'a> {
        let without_reason = |event: &&Event| matches!(event.kind, Kind::Decided { outcome: Decision::Refused, reasoned: false });
        self.timeline.decided.map(|(event, _)| event).filter(without_reason).into_iter().collect()
    }
}
