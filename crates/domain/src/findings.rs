//! Findings: anomalies besides time, each with the events that show it.

mod conduct;
mod order;
mod owed;
mod suspensions;

use crate::{Clock, ClockKind, Event, Instant, Item, Rules, Text, event::coded, timeline::Timeline};

coded! {
    /// What was found.
    FindingKind {
        /// The item is not in the catalogue, or not in force on that day.
        UnknownItem = "unknown_item",
        /// A clock needs a year that the calendar does not cover.
        CalendarNotCovered = "calendar_not_covered",
        /// Events that cannot have happened in this order.
        ImpossibleOrder = "impossible_order",
        /// 一次性告知 broken: correction was requested more than once (行政许可法 art. 32).
        SecondCorrection = "second_correction",
        /// Five working days passed without notice: deemed accepted from the receipt (art. 32).
        DeemedAccepted = "deemed_accepted",
        /// Written down more than a day after it happened.
        LateEntry = "late_entry",
        /// Decided without a step that must be on record.
        MissingMandatoryStep = "missing_mandatory_step",
        /// 体外循环: a hall item handled outside the hall.
        OffHallStep = "off_hall_step",
        /// Decided by somebody without authority for the item.
        UnauthorisedDecision = "unauthorised_decision",
        /// The clock was stopped just before it ran out.
        SuspensionNearDue = "suspension_near_due",
        /// The same procedure stopped the clock again.
        RepeatedSuspension = "repeated_suspension",
        /// The applicant was not told in writing (art. 45).
        SuspensionWithoutWrittenNotice = "suspension_without_written_notice",
        /// A committed item accepted and decided within seconds: it was done before, outside the system.
        InstantClose = "instant_close",
        /// One window closes many cases within a minute. Never found here, for one case cannot tell: it is a
        /// query over cases. It has a severity in profiles like any other kind.
        BatchClose = "batch_close",
        /// Charged is not what the catalogue says.
        FeeMismatch = "fee_mismatch",
        /// Entered when nobody is at work.
        OutOfHoursEntry = "out_of_hours_entry",
        /// Refused without saying why (art. 38).
        RefusedWithoutReason = "refused_without_reason",
        /// Granted, and not handed over in time (art. 44).
        Undelivered = "undelivered",
        /// 容缺后补: a deferred material was not handed in by its day. Stays when it comes late.
        DeferredOverdue = "deferred_overdue",
        /// 差评整改: nothing was done about a bad rating in time.
        UnrectifiedRating = "unrectified_rating",
        /// 绿色通道: decided without a condition that the green channel may not leave out.
        BottomLineUnmet = "bottom_line_unmet",
    }
}
coded! {
    /// How grave a finding is under a profile.
    Severity {
        /// Not looked for.
        Off = "off",
        /// Shown.
        Info = "info",
        /// As a reminder.
        Reminder = "reminder",
        /// As a yellow card.
        Yellow = "yellow",
        /// As a red card.
        Red = "red",
    }
}

/// A finding on a case, with its evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was found.
    pub kind: FindingKind,
    /// How grave it is.
    pub severity: Severity,
    /// The ids of the events that show it, in order.
    pub events: Vec<Text>,
    /// What exactly, where a kind may be found of several things: the condition, the material, the steps.
    pub detail: Option<Text>,
}

/// What the findings are read from.
pub(crate) struct Circumstances<'a> {
    pub(crate) timeline: &'a Timeline<'a>,
    pub(crate) rules: &'a Rules<'a>,
    pub(crate) item: Option<&'a Item>,
    pub(crate) clocks: &'a [Clock<'a>],
    pub(crate) as_of: Instant,
    /// Intake ran out without notice.
    pub(crate) deemed_accepted: bool,
    /// Events whose clocks the calendar does not reach.
    pub(crate) uncovered: &'a [&'a Event],
}

/// The events that show something; none where nothing was found.
type Evidence<'a> = Vec<&'a Event>;

/// All findings of a case, in the order of their kinds.
pub(crate) fn find(case: &Circumstances<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for kind in FindingKind::ALL.iter().copied() {
        let severity = case.rules.profile.severity(kind);
        if severity == Severity::Off {
            continue;
        }
        let mut report = |evidence: Evidence<'_>, detail: Option<Text>| {
            if !evidence.is_empty() {
                findings.push(Finding { kind, severity, events: ids(evidence), detail });
            }
        };
        match kind {
            FindingKind::MissingMandatoryStep => {
                let (evidence, missing) = case.missing_mandatory_steps();
                report(evidence, missing);
            }
            FindingKind::DeferredOverdue => case.deferred_overdue(|material, evidence| report(evidence, Some(material))),
            FindingKind::BottomLineUnmet => case.bottom_line_unmet(|condition, evidence| report(evidence, Some(condition))),
            _ => report(case.evidence(kind), None),
        }
    }
    findings
}

fn ids(mut events: Evidence<'_>) -> Vec<Text> {
    events.sort_by(|a, b| (a.occurred_at, a.kind.course(), &a.event_id).cmp(&(b.occurred_at, b.kind.course(), &b.event_id)));
    let mut ids: Vec<Text> = events.into_iter().map(|event| event.event_id.clone()).collect();
    ids.dedup();
    ids
}

impl<'a> Circumstances<'a> {
    /// The evidence of a kind that is found once in a case at most.
    fn evidence(&self, kind: FindingKind) -> Evidence<'a> {
        let timeline = self.timeline;
        match kind {
            FindingKind::UnknownItem if self.item.is_none() => intake_events(timeline),
            FindingKind::CalendarNotCovered => self.uncovered.to_vec(),
            FindingKind::ImpossibleOrder => order::impossible_order(timeline),
            FindingKind::SecondCorrection if timeline.corrections.len() > 1 => {
                timeline.corrections.iter().map(|correction| correction.requested).collect()
            }
            FindingKind::DeemedAccepted if self.deemed_accepted => timeline.applied.into_iter().collect(),
            FindingKind::LateEntry => self.late_entries(),
            FindingKind::OffHallStep => self.off_hall_steps(),
            FindingKind::UnauthorisedDecision => self.unauthorised_decision(),
            FindingKind::SuspensionNearDue => self.suspensions_near_due(),
            FindingKind::RepeatedSuspension => self.repeated_suspensions(),
            FindingKind::SuspensionWithoutWrittenNotice => self.suspensions_without_written_notice(),
            FindingKind::InstantClose => self.instant_close(),
            FindingKind::FeeMismatch => self.fee_mismatch(),
            FindingKind::OutOfHoursEntry => self.out_of_hours_entries(),
            FindingKind::RefusedWithoutReason => self.refused_without_reason(),
            FindingKind::Undelivered => self.undelivered(),
            FindingKind::UnrectifiedRating => self.unrectified_ratings(),
            FindingKind::UnknownItem | FindingKind::SecondCorrection | FindingKind::DeemedAccepted => Vec::new(),
            // Found above, or not in one case.
            FindingKind::MissingMandatoryStep
            | FindingKind::DeferredOverdue
            | FindingKind::BottomLineUnmet
            | FindingKind::BatchClose => Vec::new(),
        }
    }

    /// The clocks of a kind that ran out, ended since or not.
    fn late_clocks(&self, kind: ClockKind) -> impl Iterator<Item = &'a Clock<'a>> {
        let as_of = self.as_of;
        self.clocks.iter().filter(move |clock| clock.kind == kind && clock.is_late(as_of))
    }
}

/// The events that name the item; any event where none does, so that there is always evidence.
fn intake_events<'e>(timeline: &Timeline<'e>) -> Evidence<'e> {
    let naming: Vec<&Event> = timeline.accepted.into_iter().chain(timeline.applied).collect();
    if naming.is_empty() { timeline.events.first().copied().into_iter().collect() } else { naming }
}
