//! What happened in a case, read off its standing events up to an instant.

use crate::{
    CaseEvents, Event, Instant, Kind, Outcome, Text,
    clock::SuspensionSpan,
    event::{Acceptance, Decision, Form, Procedure, SpecialStart},
};

/// Scores from which on a rating asks for rectification: dissatisfied, very dissatisfied (差评).
const BAD_SCORE: u8 = 4;

/// The course of a case up to an instant. Events still ahead have not happened.
#[derive(Debug, Default)]
pub(crate) struct Timeline<'e> {
    pub(crate) events: Vec<&'e Event>,
    /// The first event still ahead.
    pub(crate) next_event_at: Option<Instant>,
    pub(crate) applied: Option<&'e Event>,
    pub(crate) accepted: Option<&'e Event>,
    pub(crate) acceptance: Option<&'e Acceptance>,
    pub(crate) not_accepted: Option<&'e Event>,
    pub(crate) corrections: Vec<Correction<'e>>,
    pub(crate) steps: Vec<Step<'e>>,
    pub(crate) specials: Vec<Special<'e>>,
    pub(crate) decided: Option<(&'e Event, Decision)>,
    pub(crate) closed: Option<(&'e Event, Outcome)>,
    pub(crate) delivered: Option<&'e Event>,
    pub(crate) rated: Option<(&'e Event, u8)>,
    /// Deferred materials handed in, with the event; no names are all of them.
    pub(crate) supplied: Vec<(&'e Event, &'e [Text])>,
    /// Bad ratings, and what was done about each.
    pub(crate) bad_ratings: Vec<Answered<'e>>,
    /// Complaints, and how each was resolved.
    pub(crate) complaints: Vec<Answered<'e>>,
    /// Events that end something that was not open.
    pub(crate) unopened: Vec<&'e Event>,
}

/// A request for correction, and its answer.
#[derive(Debug)]
pub(crate) struct Correction<'e> {
    pub(crate) requested: &'e Event,
    pub(crate) corrected: Option<&'e Event>,
}

/// A step, and its completion.
#[derive(Debug)]
pub(crate) struct Step<'e> {
    pub(crate) code: &'e Text,
    pub(crate) started: &'e Event,
    pub(crate) completed: Option<&'e Event>,
}

/// What asks for an answer, and the answer.
#[derive(Debug)]
pub(crate) struct Answered<'e> {
    pub(crate) asked: &'e Event,
    pub(crate) answered: Option<&'e Event>,
}

/// A special procedure, and its end.
#[derive(Debug)]
pub(crate) struct Special<'e> {
    pub(crate) start: &'e SpecialStart,
    pub(crate) started: &'e Event,
    pub(crate) ended: Option<&'e Event>,
}

impl<'e> Timeline<'e> {
    /// Reads the events that have happened by `as_of`.
    pub(crate) fn read(case: &'e CaseEvents, as_of: Instant) -> Self {
        let mut timeline = Self::default();
        for event in case.standing() {
            if event.occurred_at > as_of {
                timeline.next_event_at = Some(event.occurred_at);
                break;
            }
            timeline.events.push(event);
            timeline.take(event);
        }
        timeline
    }

    fn take(&mut self, event: &'e Event) {
        match &event.kind {
            Kind::Applied { .. } => first(&mut self.applied, event),
            Kind::Accepted(acceptance) => {
                if self.accepted.is_none() {
                    self.acceptance = Some(acceptance);
                }
                first(&mut self.accepted, event);
            }
            Kind::NotAccepted => first(&mut self.not_accepted, event),
            Kind::CorrectionRequested => self.corrections.push(Correction { requested: event, corrected: None }),
            Kind::Corrected => {
                let open = self.corrections.iter_mut().filter(|it| it.corrected.is_none());
                self.unopened.extend(end_first(open, event, |it, event| it.corrected = Some(event)));
            }
            Kind::StepStarted { step } => self.steps.push(Step { code: step, started: event, completed: None }),
            Kind::StepCompleted { step, .. } => {
                let open = self.steps.iter_mut().filter(|it| it.completed.is_none() && it.code == step);
                self.unopened.extend(end_first(open, event, |it, event| it.completed = Some(event)));
            }
            Kind::SpecialStarted(special) => self.specials.push(Special { start: special, started: event, ended: None }),
            Kind::SpecialEnded { procedure } => {
                let is_meant =
                    |it: &&mut Special<'e>| it.ended.is_none() && procedure.is_none_or(|meant| meant == it.start.procedure);
                let open = self.specials.iter_mut().filter(is_meant);
                self.unopened.extend(end_first(open, event, |it, event| it.ended = Some(event)));
            }
            Kind::Decided { outcome, .. } => {
                self.decided.get_or_insert((event, *outcome));
            }
            Kind::Closed { outcome } => {
                self.closed.get_or_insert((event, *outcome));
            }
            Kind::Delivered => first(&mut self.delivered, event),
            Kind::Rated { score } => {
                self.rated = Some((event, *score));
                if *score >= BAD_SCORE {
                    self.bad_ratings.push(Answered { asked: event, answered: None });
                }
            }
            // A rating may have been corrected since to one that asked for nothing.
            Kind::RatingRectified => {
                let unasked = answer(&mut self.bad_ratings, event);
                self.unopened.extend(unasked.filter(|_| self.rated.is_none()));
            }
            Kind::Complained => self.complaints.push(Answered { asked: event, answered: None }),
            Kind::ComplaintResolved => self.unopened.extend(answer(&mut self.complaints, event)),
            Kind::MaterialsSupplied { materials } => self.supplied.push((event, materials)),
            Kind::Issued | Kind::FeeCharged { .. } => {}
        }
    }

    /// The events that say whose case it is, the weightiest first: the acceptance, the application.
    fn leading(&self) -> impl Iterator<Item = &'e Event> + '_ {
        self.accepted.into_iter().chain(self.applied).chain(self.events.iter().copied())
    }

    /// What the first leading event that says anything says.
    pub(crate) fn said<T: ?Sized>(&self, field: impl Fn(&'e Event) -> Option<&'e T>) -> Option<&'e T> {
        self.leading().find_map(field)
    }

    /// What the acceptance or the application says.
    pub(crate) fn said_at_intake<T: ?Sized>(&self, field: impl Fn(&'e Event) -> Option<&'e T>) -> Option<&'e T> {
        self.accepted.into_iter().chain(self.applied).find_map(field)
    }

    pub(crate) fn declared_form(&self) -> Option<Form> {
        self.acceptance.and_then(|acceptance| acceptance.form)
    }

    /// 绿色通道.
    pub(crate) fn is_green_channel(&self) -> bool {
        self.acceptance.is_some_and(|acceptance| acceptance.green_channel)
    }

    /// 重点项目.
    pub(crate) fn is_key_project(&self) -> bool {
        self.acceptance.is_some_and(|acceptance| acceptance.key_project)
    }

    /// What decided the case: the decision, else a closing that is one.
    pub(crate) fn decision(&self) -> Option<(&'e Event, Outcome)> {
        let closed = self.closed.filter(|(_, outcome)| outcome.is_decision());
        self.decided.map(|(event, decision)| (event, decision.into())).or(closed)
    }

    /// The first event that hands in a deferred material, by its name or with all of them.
    pub(crate) fn supply_of(&self, material: &str) -> Option<&'e Event> {
        let hands_in = |names: &[Text]| names.is_empty() || names.iter().any(|name| name == material);
        self.supplied.iter().find(|(_, names)| hands_in(names)).map(|(event, _)| *event)
    }

    /// What tells deferred material `number` from the others: its name, numbered where it is repeated.
    pub(crate) fn material_instance(&self, number: usize) -> Text {
        let materials = self.acceptance.map_or(&[][..], |acceptance| &acceptance.deferred_materials);
        let name = &materials[number].name;
        match materials[..number].iter().filter(|earlier| earlier.name == *name).count() {
            0 => name.clone(),
            earlier => format!("{name}#{}", earlier + 1).into(),
        }
    }

    /// When the case ended in a way that leaves nothing to be handed in: refused, or given up.
    pub(crate) fn given_up_at(&self) -> Option<Instant> {
        let refused = self.decided.filter(|(_, decision)| *decision == Decision::Refused).map(|(event, _)| event);
        let is_given_up = |outcome: Outcome| !matches!(outcome, Outcome::Granted | Outcome::Forwarded);
        let closed = self.closed.filter(|(_, outcome)| is_given_up(*outcome)).map(|(event, _)| event);
        refused.into_iter().chain(closed).map(|event| event.occurred_at).min()
    }

    pub(crate) fn project(&self) -> Option<&'e Text> {
        self.acceptance.and_then(|acceptance| acceptance.project.as_ref())
    }

    /// What tells step `number` from the others: its code; the event that started it where the same
    /// step was gone through before.
    pub(crate) fn step_instance(&self, number: usize) -> &'e Text {
        let step = &self.steps[number];
        let is_repeated = self.steps[..number].iter().any(|earlier| earlier.code == step.code);
        if is_repeated { &step.started.event_id } else { step.code }
    }

    /// When the case clocks end: at the decision or the closing, whichever came first.
    pub(crate) fn case_end(&self) -> Option<Instant> {
        let decided = self.decided.map(|(event, _)| event.occurred_at);
        let closed = self.closed.map(|(event, _)| event.occurred_at);
        decided.into_iter().chain(closed).min()
    }

    /// Times that are not counted (行政许可法 art. 45): special procedures, except an extension, which
    /// lengthens the limit instead; and corrections waiting for the applicant.
    pub(crate) fn suspensions(&self) -> Vec<SuspensionSpan> {
        let specials = self.specials.iter().filter(|special| special.start.procedure != Procedure::Extension);
        let specials = specials.map(|special| SuspensionSpan {
            from: special.started.occurred_at,
            until: special.ended.map(|event| event.occurred_at),
            granted_days: special.start.granted_days,
        });
        let corrections = self.corrections.iter().map(|correction| SuspensionSpan {
            from: correction.requested.occurred_at,
            until: correction.corrected.map(|event| event.occurred_at),
            granted_days: None,
        });
        specials.chain(corrections).collect()
    }

    /// The extension of the statutory limit, where one was ordered; the law allows one (art. 42).
    pub(crate) fn extension(&self) -> Option<&Special<'e>> {
        self.specials.iter().find(|special| special.start.procedure == Procedure::Extension)
    }
}

fn first<'e>(held: &mut Option<&'e Event>, event: &'e Event) {
    held.get_or_insert(event);
}

/// Lets `event` answer the first that is not; gives it back where none waits.
fn answer<'e>(asked: &mut [Answered<'e>], event: &'e Event) -> Option<&'e Event> {
    end_first(asked.iter_mut().filter(|it| it.answered.is_none()), event, |it, event| it.answered = Some(event))
}

/// Lets `event` end the first open thing; gives it back where nothing is open.
fn end_first<'e, 't, T: 't>(
    mut open: impl Iterator<Item = &'t mut T>,
    event: &'e Event,
    end: impl FnOnce(&mut T, &'e Event),
) -> Option<&'e Event> {
    match open.next() {
        Some(opened) => {
            end(opened, event);
            None
        }
        None => Some(event),
    }
}
