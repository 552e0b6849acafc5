//! From an event to a message.

use domain::{Event, Instant, Kind, Text};
use jiff::tz::TimeZone;
use serde::Serialize;

/// Stands for a reason that was given: its text is not part of an event ("see the decision").
const REASON_GIVEN: &str = "见决定书";

/// The message of an event: one JSON object with the fields in the order of domain.md §2, those that
/// are absent left out, times in `zone`.
pub fn encode(event: &Event, zone: &TimeZone) -> String {
    let time = |at: Instant| at.display_in(zone);
    let mut message = Message {
        event_id: &event.event_id,
        source: &event.source,
        revision: (event.revision != 1).then_some(event.revision),
        retracted: event.retracted.then_some(true),
        kind: event.kind.name(),
        case_no: &event.case_no,
        item: event.item.as_ref(),
        occurred_at: time(event.occurred_at),
        recorded_at: event.recorded_at.map(time),
        region: event.region.as_ref(),
        department: event.department.as_ref(),
        window: event.window.as_ref(),
        handler: event.handler.as_ref(),
        role: event.role.map(|role| role.code()),
        place: event.place.map(|place| place.code()),
        ..Message::default()
    };
    match &event.kind {
        Kind::Applied { channel } => message.channel = channel.as_ref(),
        Kind::Accepted(acceptance) => {
            message.form = acceptance.form.map(|form| form.code());
            message.promised_due_at = acceptance.promised_due_at.map(time);
            message.statutory_due_at = acceptance.statutory_due_at.map(time);
            message.project = acceptance.project.as_ref();
            message.green_channel = acceptance.green_channel.then_some(true);
            message.key_project = acceptance.key_project.then_some(true);
            let deferred = acceptance.deferred_materials.iter();
            message.deferred_materials = deferred.map(|it| Material { name: &it.name, due_at: time(it.due_at) }).collect();
        }
        Kind::MaterialsSupplied { materials } => message.materials = Some(materials),
        Kind::StepStarted { step } => message.step = named(step),
        Kind::StepCompleted { step, result } => {
            message.step = named(step);
            message.result = result.map(|result| result.code());
        }
        Kind::SpecialStarted(special) => {
            message.procedure = Some(special.procedure.code());
            message.granted_days = special.granted_days;
            message.written_notice = special.written_notice;
            message.party = special.party.as_ref();
        }
        Kind::SpecialEnded { procedure } => message.procedure = procedure.map(|procedure| procedure.code()),
        Kind::Decided { outcome, reasoned } => {
            message.outcome = Some(outcome.code());
            message.reason = reasoned.then_some(REASON_GIVEN);
        }
        Kind::Closed { outcome } => message.outcome = Some(outcome.code()),
        Kind::FeeCharged { amount_fen } => message.amount_fen = Some(*amount_fen),
        Kind::Rated { score } => message.score = Some(*score),
        Kind::NotAccepted
        | Kind::CorrectionRequested
        | Kind::Corrected
        | Kind::Issued
        | Kind::Delivered
        | Kind::RatingRectified
        | Kind::Complained
        | Kind::ComplaintResolved => {}
    }
    serde_json::to_string(&message).unwrap_or_default()
}

/// A retraction need not name its step; an empty name is none.
fn named(step: &Text) -> Option<&Text> {
    (!step.is_empty()).then_some(step)
}

#[derive(Serialize, Default)]
struct Message<'e> {
    event_id: &'e str,
    source: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retracted: Option<bool>,
    kind: &'static str,
    case_no: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<&'e Text>,
    occurred_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'e Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    department: Option<&'e Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<&'e Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handler: Option<&'e Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'e Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    form: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    promised_due_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    statutory_due_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<&'e Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    green_channel: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_project: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    deferred_materials: Vec<Material<'e>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    materials: Option<&'e [Text]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<&'e Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    procedure: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    granted_days: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    written_notice: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    party: Option<&'e Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_fen: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<u8>,
}

#[derive(Serialize)]
struct Material<'e> {
    name: &'e str,
    due_at: String,
}
