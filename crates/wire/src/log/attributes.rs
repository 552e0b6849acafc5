//! Our fields as attributes of a log, and back.

use serde_json::{Map, Value};

use crate::AssessmentJson;

/// What a field holds, in the words of both forms of log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Time,
    Whole,
    Bool,
    /// JSON, as text: neither form has lists that every program reads.
    List,
}

/// The type of a field of an event.
pub(super) fn type_of(field: &str) -> Type {
    match field {
        "occurred_at" | "recorded_at" | "promised_due_at" | "statutory_due_at" => Type::Time,
        "revision" | "granted_days" | "amount_fen" | "score" => Type::Whole,
        "retracted" | "written_notice" | "green_channel" | "key_project" => Type::Bool,
        "materials" | "deferred_materials" => Type::List,
        _ => Type::Text,
    }
}

/// The value of a field that was written as text. What is not of its type is left to the decoder to refuse.
pub(super) fn value(field: &str, text: &str) -> Value {
    match type_of(field) {
        Type::Text | Type::Time => Value::from(text),
        Type::Whole | Type::Bool | Type::List => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
    }
}

/// The text of a value.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What is known of a case, flat: the numbers of `sundial assess`, cards by level, findings by kind.
pub fn case_attributes(case: &AssessmentJson<'_>) -> Map<String, Value> {
    let mut flat = Map::new();
    let Ok(Value::Object(fields)) = serde_json::to_value(case) else { return flat };
    for (name, value) in fields {
        match value {
            Value::Null => {}
            Value::Array(_) => {}
            Value::Object(inner) => {
                let inner = inner.into_iter().filter(|(_, value)| !value.is_null());
                flat.extend(inner.map(|(key, value)| (format!("{name}_{key}"), value)));
            }
            scalar => {
                flat.insert(name, scalar);
            }
        }
    }
    for level in ["reminder", "yellow", "red"] {
        let cards = case.cards.iter().filter(|card| card.level == level).count();
        flat.insert(format!("cards_{level}"), cards.into());
    }
    if !case.findings.is_empty() {
        let kinds: Vec<&str> = case.findings.iter().map(|finding| finding.kind).collect();
        flat.insert("findings".to_owned(), kinds.join(",").into());
    }
    flat
}

/// The type of an attribute of a case.
pub(super) fn type_of_value(name: &str, value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() || number.is_u64() => "int",
        Value::Number(_) => "float",
        Value::String(_) if name.ends_with("_at") => "date",
        _ => "string",
    }
}

/// The attributes of a case that may be there, with their types; a log of objects names them before the first object.
pub(super) const CASE: [(&str, &str); 27] = [
    ("case_no", "string"),
    ("item", "string"),
    ("department", "string"),
    ("status", "string"),
    ("outcome", "string"),
    ("received_at", "time"),
    ("accepted_at", "time"),
    ("decided_at", "time"),
    ("closed_at", "time"),
    ("delivered_at", "time"),
    ("elapsed_days", "float"),
    ("suspended_days", "float"),
    ("same_day", "boolean"),
    ("promised_limit_days", "float"),
    ("promised_due_at", "time"),
    ("promised_late", "boolean"),
    ("promised_days_over", "float"),
    ("promised_speed_up", "float"),
    ("statutory_limit_days", "float"),
    ("statutory_due_at", "time"),
    ("statutory_late", "boolean"),
    ("statutory_days_over", "float"),
    ("statutory_speed_up", "float"),
    ("cards_reminder", "integer"),
    ("cards_yellow", "integer"),
    ("cards_red", "integer"),
    ("findings", "string"),
];
