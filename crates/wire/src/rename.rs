//! The fields of a message by other names.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::codes::Table;

/// The fields of a message as they stand there.
pub(crate) struct Pairs<'m>(Vec<(Cow<'m, str>, &'m RawValue)>);

impl Pairs<'_> {
    /// The text of a field.
    pub(crate) fn text(&self, field: &str) -> Option<String> {
        let (_, value) = self.0.iter().find(|(name, _)| name == field)?;
        // Identifiers may be numbers.
        serde_json::from_str(value.get()).ok().or_else(|| value.get().parse::<i64>().ok().map(|number| number.to_string()))
    }
}

/// The message with our names for the fields; what it calls by our name and is mapped from another field gives way.
pub(crate) fn renamed(message: &str, fields: &Table) -> Option<String> {
    let pairs: Pairs<'_> = serde_json::from_str(message).ok()?;
    let mut out = String::with_capacity(message.len() + 64);
    let mut put = |name: &str, value: &RawValue| {
        out.push(if out.is_empty() { '{' } else { ',' });
        out.push_str(&serde_json::Value::from(name).to_string());
        out.push(':');
        out.push_str(value.get());
    };
    let has = |name: &str| pairs.0.iter().any(|(theirs, _)| theirs == name);
    for (name, value) in &pairs.0 {
        let mut is_mapped = false;
        for (ours, _) in fields.iter().filter(|(_, theirs)| theirs.as_str() == name) {
            put(ours, value);
            is_mapped = true;
        }
        let gives_way = fields.get(name.as_ref()).is_some_and(|theirs| has(theirs));
        if !is_mapped && !gives_way {
            put(name, value);
        }
    }
    out.push_str(if out.is_empty() { "{}" } else { "}" });
    Some(out)
}

impl<'de: 'm, 'm> Deserialize<'de> for Pairs<'m> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(Key(name)) = object.next_key()? {
            pairs.push((name, object.next_value()?));
        }
        Ok(Pairs(pairs))
    }
}

/// A key, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Key<'m>(#[serde(borrow)] Cow<'m, str>);
