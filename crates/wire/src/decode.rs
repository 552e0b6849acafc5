//! From a message to an event.
//!
//! The message is read once into a flat struct that borrows from it; unknown fields are skipped. The
//! fields of the kind are then checked by hand, so that every refusal names its field. A field that
//! belongs to another kind is as unknown as any: whatever is in it is ignored.

use std::{fmt::Display, ops::RangeInclusive};

use domain::{
    CaseEvents, Event, Instant, Kind, Text,
    event::{Acceptance, Decision, DeferredMaterial, Form, Outcome, Place, Procedure, Role, SpecialStart, StepResult},
};
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    codes::{CodeMaps, SourceCodes, Table},
    local_time::{Bare, LocalTimes},
    reason::{Reason, excerpt},
    value::Value,
};

/// No step of a case needs more bytes than this.
pub const MAX_BYTES: usize = 256 * 1024;

const MAX_EVENT_ID: usize = 128;
pub(crate) const MAX_CODE: usize = 64;
pub(crate) const MAX_TEXT: usize = 256;

/// Every field of domain.md §2 that is kept. `reason`, `opinion`, `comment` and `text` are free text
/// and never enter the pipeline beyond the stored message; of the reason of a decision it is kept that there is one.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Message<'m> {
    /// How its source writes times.
    #[serde(skip)]
    times: Option<&'m LocalTimes>,
    #[serde(borrow)]
    event_id: Value<'m>,
    #[serde(borrow)]
    source: Value<'m>,
    #[serde(borrow)]
    revision: Value<'m>,
    #[serde(borrow)]
    retracted: Value<'m>,
    #[serde(borrow)]
    kind: Value<'m>,
    #[serde(borrow)]
    case_no: Value<'m>,
    #[serde(borrow)]
    item: Value<'m>,
    #[serde(borrow)]
    occurred_at: Value<'m>,
    #[serde(borrow)]
    recorded_at: Value<'m>,
    #[serde(borrow)]
    region: Value<'m>,
    #[serde(borrow)]
    department: Value<'m>,
    #[serde(borrow)]
    window: Value<'m>,
    #[serde(borrow)]
    handler: Value<'m>,
    #[serde(borrow)]
    role: Value<'m>,
    #[serde(borrow)]
    place: Value<'m>,
    #[serde(borrow)]
    channel: Value<'m>,
    #[serde(borrow)]
    form: Value<'m>,
    #[serde(borrow)]
    promised_due_at: Value<'m>,
    #[serde(borrow)]
    statutory_due_at: Value<'m>,
    #[serde(borrow)]
    project: Value<'m>,
    #[serde(borrow)]
    green_channel: Value<'m>,
    #[serde(borrow)]
    key_project: Value<'m>,
    #[serde(borrow)]
    deferred_materials: Option<&'m RawValue>,
    #[serde(borrow)]
    materials: Option<&'m RawValue>,
    #[serde(borrow)]
    step: Value<'m>,
    #[serde(borrow)]
    result: Value<'m>,
    #[serde(borrow)]
    procedure: Value<'m>,
    #[serde(borrow)]
    granted_days: Value<'m>,
    #[serde(borrow)]
    written_notice: Value<'m>,
    #[serde(borrow)]
    party: Value<'m>,
    #[serde(borrow)]
    outcome: Value<'m>,
    #[serde(borrow)]
    reason: Value<'m>,
    #[serde(borrow)]
    amount_fen: Value<'m>,
    #[serde(borrow)]
    score: Value<'m>,
}

/// Every kind of event.
pub(crate) const KINDS: [&str; 19] = [
    "applied",
    "accepted",
    "not_accepted",
    "correction_requested",
    "corrected",
    "materials_supplied",
    "step_started",
    "step_completed",
    "special_started",
    "special_ended",
    "decided",
    "closed",
    "issued",
    "delivered",
    "fee_charged",
    "rated",
    "rating_rectified",
    "complained",
    "complaint_resolved",
];

/// The names of all of its fields.
pub(crate) const FIELDS: [&str; 33] = [
    "event_id",
    "source",
    "revision",
    "retracted",
    "kind",
    "case_no",
    "item",
    "occurred_at",
    "recorded_at",
    "region",
    "department",
    "window",
    "handler",
    "role",
    "place",
    "channel",
    "form",
    "promised_due_at",
    "statutory_due_at",
    "project",
    "green_channel",
    "key_project",
    "deferred_materials",
    "materials",
    "step",
    "result",
    "procedure",
    "granted_days",
    "written_notice",
    "party",
    "outcome",
    "amount_fen",
    "score",
];

#[derive(Deserialize, Default)]
#[serde(default)]
struct Material<'m> {
    #[serde(borrow)]
    name: Value<'m>,
    #[serde(borrow)]
    due_at: Value<'m>,
}

/// Reads a message as it stands on the topic: its key must be its case number.
///
/// # Errors
/// Why it belongs on the dead-letter topic.
pub fn decode_message(key: Option<&[u8]>, payload: Option<&[u8]>, codes: &CodeMaps) -> Result<Event, Reason> {
    let event = decode(payload.ok_or(Reason::Empty)?, codes)?;
    if key == Some(event.case_no.as_bytes()) { Ok(event) } else { Err(Reason::WrongKey) }
}

/// Reads one event; `codes` say what the codes of its source mean.
///
/// ```
/// let codes = wire::CodeMaps::default();
/// let event = wire::decode(br#"{"event_id":"1","source":"hall","kind":"closed","case_no":"c-1",
///     "occurred_at":"2018-10-18T16:00:00+08:00","outcome":"granted","anything_else":[1,2]}"#, &codes).unwrap();
/// assert_eq!(event.kind.name(), "closed");
/// let reason = wire::decode(br#"{"event_id":"1","source":"hall","kind":"closed","case_no":"c-1",
///     "occurred_at":"2018-10-18T16:00:00+08:00","outcome":"fine"}"#, &codes).unwrap_err();
/// assert!(reason.to_string().starts_with(r#"the field "outcome" is broken: "fine""#));
/// ```
///
/// # Errors
/// Why it belongs on the dead-letter topic.
pub fn decode(payload: &[u8], codes: &CodeMaps) -> Result<Event, Reason> {
    let digest = || crc32fast::hash(payload);
    with_message(payload, codes, |codes, mut message| {
        if !codes.is_none() {
            message.translate(codes);
        }
        message.event(digest()).map_err(|reason| codes.named(reason))
    })?
}

/// The events of messages that were decoded before, as the store keeps them. One that an earlier version of the
/// format or of the code maps let in, and this one does not, is left out and told of.
pub fn decode_stored<'p>(
    payloads: impl IntoIterator<Item = &'p Vec<u8>>,
    codes: &CodeMaps,
    mut unreadable: impl FnMut(Reason),
) -> CaseEvents {
    let decoded = payloads.into_iter().filter_map(|payload| decode(payload, codes).map_err(&mut unreadable).ok());
    decoded.collect()
}

/// Reads the fields of a message, by our names, and hands them over with what is known of its source.
pub(crate) fn with_message<R>(
    payload: &[u8],
    codes: &CodeMaps,
    then: impl for<'m> FnOnce(&'m SourceCodes, Message<'m>) -> R,
) -> Result<R, Reason> {
    if payload.is_empty() {
        return Err(Reason::Empty);
    }
    if payload.len() > MAX_BYTES {
        return Err(Reason::TooLarge { bytes: payload.len() });
    }
    let text = std::str::from_utf8(payload).map_err(|error| Reason::NotUtf8 { at: error.valid_up_to() })?;
    if text.trim_start().is_empty() {
        return Err(Reason::Empty);
    }
    // A struct may also be read from an array; an event is an object.
    if !text.trim_start().starts_with('{') {
        return Err(Reason::NotJson(format!("it starts with {:?}", text.trim_start().chars().next().unwrap_or(' '))));
    }
    let message = message_of(text)?;
    let codes = codes.of(message.source.text("source").ok().flatten(), text);
    match codes.renamed(text) {
        None => Ok(then(codes, message)),
        Some(renamed) => Ok(then(codes, message_of(&renamed)?)),
    }
}

fn message_of(text: &str) -> Result<Message<'_>, Reason> {
    serde_json::from_str(text).map_err(|error| Reason::NotJson(excerpt(&error.to_string())))
}

/// Whether there is a kind of event of this name.
pub(crate) fn is_kind(name: &str) -> bool {
    KINDS.contains(&name)
}

impl<'m> Message<'m> {
    /// The fields that hold codes, as they stand.
    pub(crate) fn coded(&self) -> [(&'static str, &Value<'m>); 8] {
        [
            ("kind", &self.kind),
            ("outcome", &self.outcome),
            ("procedure", &self.procedure),
            ("department", &self.department),
            ("result", &self.result),
            ("role", &self.role),
            ("place", &self.place),
            ("form", &self.form),
        ]
    }

    /// Its source, where it names one.
    pub(crate) fn source(&self) -> Option<&str> {
        self.source.text("source").ok().flatten()
    }

    /// Puts our codes in the place of the source's own.
    fn translate(&mut self, codes: &'m SourceCodes) {
        let coded: [(&mut Value<'m>, &'m Table); 8] = [
            (&mut self.kind, &codes.kinds),
            (&mut self.outcome, &codes.outcomes),
            (&mut self.procedure, &codes.procedures),
            (&mut self.department, &codes.departments),
            (&mut self.result, &codes.results),
            (&mut self.role, &codes.roles),
            (&mut self.place, &codes.places),
            (&mut self.form, &codes.forms),
        ];
        for (value, table) in coded {
            value.translate(table);
        }
        self.times = codes.times.as_ref();
    }

    fn event(&self, digest: u32) -> Result<Event, Reason> {
        let retracted = self.retracted.bool("retracted")?.unwrap_or(false);
        let kind_name = self.kind.text("kind")?.ok_or(Reason::MissingField("kind"))?;
        let kind = match self.kind_of(kind_name) {
            Ok(kind) => kind,
            // Whoever takes an event back need not say again what it said.
            Err(Reason::MissingField(_)) if retracted => neutral(kind_name)?,
            Err(reason) => return Err(reason),
        };
        let item = optional("item", &self.item, MAX_CODE)?;
        if item.is_none() && !retracted && matches!(kind, Kind::Applied { .. } | Kind::Accepted(_)) {
            return Err(Reason::MissingField("item"));
        }
        Ok(Event {
            event_id: required("event_id", &self.event_id, MAX_EVENT_ID)?,
            source: required("source", &self.source, MAX_CODE)?,
            revision: self.revision()?,
            retracted,
            digest,
            case_no: required("case_no", &self.case_no, MAX_CODE)?,
            item,
            occurred_at: self
                .instant("occurred_at", &self.occurred_at, Bare::Start)?
                .ok_or(Reason::MissingField("occurred_at"))?,
            recorded_at: self.instant("recorded_at", &self.recorded_at, Bare::Start)?,
            region: optional("region", &self.region, MAX_CODE)?,
            department: optional("department", &self.department, MAX_TEXT)?,
            window: optional("window", &self.window, MAX_TEXT)?,
            handler: optional("handler", &self.handler, MAX_TEXT)?,
            role: coded("role", &self.role, Role::from_code)?,
            place: coded("place", &self.place, Place::from_code)?,
            kind,
        })
    }

    fn instant(&self, field: &'static str, value: &Value<'_>, bare: Bare) -> Result<Option<Instant>, Reason> {
        let local = self.times.and_then(|times| match value {
            Value::Text(text) => times.read(text, bare),
            Value::Whole(number) => times.number(*number),
            _ => None,
        });
        let read = |text: &str| Instant::parse(text).map_err(|error| broken(field, error.to_string()));
        match local {
            // Read once more as it would be written, so that no absurd year comes in this way.
            Some(at) => read(&at.display_in(&TimeZone::UTC)).map(Some),
            None => value.text(field)?.map(read).transpose(),
        }
    }

    fn revision(&self) -> Result<u32, Reason> {
        Ok(number("revision", &self.revision, 1..=i64::from(u32::MAX))?.map_or(1, |revision| revision as u32))
    }

    fn kind_of(&self, name: &str) -> Result<Kind, Reason> {
        Ok(match name {
            "applied" => Kind::Applied { channel: optional("channel", &self.channel, MAX_TEXT)? },
            "accepted" => Kind::Accepted(Box::new(self.acceptance()?)),
            "not_accepted" => Kind::NotAccepted,
            "correction_requested" => Kind::CorrectionRequested,
            "corrected" => Kind::Corrected,
            "materials_supplied" => Kind::MaterialsSupplied { materials: self.materials()? },
            "step_started" => Kind::StepStarted { step: required("step", &self.step, MAX_CODE)? },
            "step_completed" => Kind::StepCompleted {
                step: required("step", &self.step, MAX_CODE)?,
                result: coded("result", &self.result, StepResult::from_code)?,
            },
            "special_started" => Kind::SpecialStarted(Box::new(SpecialStart {
                procedure: needed("procedure", &self.procedure, Procedure::from_code)?,
                granted_days: number("granted_days", &self.granted_days, 0..=3650)?.map(|days| days as u32),
                written_notice: self.written_notice.bool("written_notice")?,
                party: optional("party", &self.party, MAX_TEXT)?,
            })),
            "special_ended" => Kind::SpecialEnded { procedure: coded("procedure", &self.procedure, Procedure::from_code)? },
            "decided" => Kind::Decided {
                outcome: needed("outcome", &self.outcome, Decision::from_code)?,
                reasoned: self.reason.says_something(),
            },
            "closed" => Kind::Closed { outcome: needed("outcome", &self.outcome, Outcome::from_code)? },
            "issued" => Kind::Issued,
            "delivered" => Kind::Delivered,
            "fee_charged" => {
                let amount = number("amount_fen", &self.amount_fen, 0..=i64::MAX)?.ok_or(Reason::MissingField("amount_fen"))?;
                Kind::FeeCharged { amount_fen: amount as u64 }
            }
            "rated" => {
                let score = number("score", &self.score, 1..=5)?.ok_or(Reason::MissingField("score"))?;
                Kind::Rated { score: score as u8 }
            }
            "rating_rectified" => Kind::RatingRectified,
            "complained" => Kind::Complained,
            "complaint_resolved" => Kind::ComplaintResolved,
            unknown => return Err(unknown_kind(unknown)),
        })
    }

    fn acceptance(&self) -> Result<Acceptance, Reason> {
        Ok(Acceptance {
            form: coded("form", &self.form, Form::from_code)?,
            promised_due_at: self.instant("promised_due_at", &self.promised_due_at, Bare::End)?,
            statutory_due_at: self.instant("statutory_due_at", &self.statutory_due_at, Bare::End)?,
            project: optional("project", &self.project, MAX_CODE)?,
            green_channel: self.green_channel.bool("green_channel")?.unwrap_or(false),
            key_project: self.key_project.bool("key_project")?.unwrap_or(false),
            deferred_materials: self.deferred_materials()?,
        })
    }

    fn deferred_materials(&self) -> Result<Vec<DeferredMaterial>, Reason> {
        const FIELD: &str = "deferred_materials";
        let materials = list(FIELD, self.deferred_materials)?.unwrap_or_default();
        let read = |(index, material): (usize, &&RawValue)| {
            let which = |why: &dyn Display| broken(FIELD, format!("material {}: {why}", index + 1));
            // A struct may also be read from an array.
            if !material.get().starts_with('{') {
                return Err(which(&"expected an object with name and due_at"));
            }
            let material: Material<'_> = serde_json::from_str(material.get()).map_err(|error| which(&error))?;
            let name = optional(FIELD, &material.name, MAX_TEXT)?;
            let due_at = self.instant(FIELD, &material.due_at, Bare::End)?;
            Ok(DeferredMaterial {
                name: name.ok_or_else(|| which(&"name is missing"))?,
                due_at: due_at.ok_or_else(|| which(&"due_at is missing"))?,
            })
        };
        materials.iter().enumerate().map(read).collect()
    }

    fn materials(&self) -> Result<Vec<Text>, Reason> {
        const FIELD: &str = "materials";
        let materials: Vec<Value<'_>> = list(FIELD, self.materials)?.ok_or(Reason::MissingField(FIELD))?;
        let name = |value: &Value<'_>| optional(FIELD, value, MAX_TEXT)?.ok_or_else(|| broken(FIELD, "null: expected text"));
        materials.iter().map(name).collect()
    }
}

/// A kind without the fields of its own, for an event that is taken back.
fn neutral(name: &str) -> Result<Kind, Reason> {
    Ok(match name {
        "materials_supplied" => Kind::MaterialsSupplied { materials: Vec::new() },
        "step_started" => Kind::StepStarted { step: Text::default() },
        "step_completed" => Kind::StepCompleted { step: Text::default(), result: None },
        "special_started" => Kind::SpecialStarted(Box::new(SpecialStart {
            procedure: Procedure::Other,
            granted_days: None,
            written_notice: None,
            party: None,
        })),
        "decided" => Kind::Decided { outcome: Decision::Refused, reasoned: true },
        "closed" => Kind::Closed { outcome: Outcome::Voided },
        "fee_charged" => Kind::FeeCharged { amount_fen: 0 },
        "rated" => Kind::Rated { score: 3 },
        unknown => return Err(unknown_kind(unknown)),
    })
}

fn unknown_kind(name: &str) -> Reason {
    Reason::UnknownKind(format!("{:?}", excerpt(name)))
}

fn broken(field: &'static str, why: impl Into<String>) -> Reason {
    Reason::BrokenField { field, why: why.into() }
}

fn text(field: &'static str, value: &str, most: usize) -> Result<Text, Reason> {
    if value.is_empty() {
        return Err(broken(field, "it is empty"));
    }
    if value.len() > most && value.chars().count() > most {
        return Err(broken(field, format!("{:?} is longer than {most} characters", excerpt(value))));
    }
    if has_control_characters(value) {
        return Err(broken(field, format!("{:?} has control characters", excerpt(value))));
    }
    Ok(Text::new(value))
}

/// Whether one of the characters is what `char::is_control` says. They are looked at one by one only where a byte could be of a
/// control character: below the space, DEL, or the first byte of U+0080 to U+00BF. That is 3 % of decoding less.
fn has_control_characters(text: &str) -> bool {
    // All bytes, without a way out in between: so many are looked at in one instruction.
    let may_be = text.bytes().fold(false, |may_be, byte| may_be | (byte < b' ') | (byte == 0x7f) | (byte == 0xc2));
    may_be && text.chars().any(char::is_control)
}

fn required(field: &'static str, value: &Value<'_>, most: usize) -> Result<Text, Reason> {
    text(field, value.text(field)?.ok_or(Reason::MissingField(field))?, most)
}

fn optional(field: &'static str, value: &Value<'_>, most: usize) -> Result<Option<Text>, Reason> {
    value.text(field)?.map(|value| text(field, value, most)).transpose()
}

fn coded<T>(field: &'static str, value: &Value<'_>, from_code: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Reason> {
    let known = |code: &str| from_code(code).ok_or_else(|| broken(field, format!("{:?} is not one of its codes", excerpt(code))));
    value.text(field)?.map(known).transpose()
}

fn needed<T>(field: &'static str, value: &Value<'_>, from_code: impl Fn(&str) -> Option<T>) -> Result<T, Reason> {
    coded(field, value, from_code)?.ok_or(Reason::MissingField(field))
}

fn number(field: &'static str, value: &Value<'_>, range: RangeInclusive<i64>) -> Result<Option<i64>, Reason> {
    match value.whole(field)? {
        Some(number) if !range.contains(&number) => {
            Err(broken(field, format!("{number}: expected {} to {}", range.start(), range.end())))
        }
        number => Ok(number),
    }
}

fn list<'m, T: Deserialize<'m>>(field: &'static str, value: Option<&'m RawValue>) -> Result<Option<Vec<T>>, Reason> {
    let Some(value) = value else { return Ok(None) };
    if !value.get().starts_with('[') {
        return Err(broken(field, format!("{}: expected a list", excerpt(value.get()))));
    }
    serde_json::from_str(value.get()).map(Some).map_err(|error| broken(field, excerpt(&error.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_control_characters_are_refused() {
        for character in char::MIN..=char::MAX {
            assert_eq!(has_control_characters(&format!("中{character}a")), character.is_control(), "{character:?}");
        }
    }
}
