//! A value of a message as it stands there.
//!
//! Which type a field must have is only known with the kind of the event. So a value of the wrong type
//! is kept as what it is, and refused by name if the kind has that field, ignored if it has not.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::reason::{Reason, excerpt};

/// The value of a field that is no list; null is as good as not there.
#[derive(Default)]
pub(crate) enum Value<'m> {
    #[default]
    Absent,
    /// Borrowed from the message where it has no escapes.
    Text(Cow<'m, str>),
    Whole(i64),
    Bool(bool),
    /// Anything no field is made of, in words.
    Other(Cow<'static, str>),
}

impl<'m> Value<'m> {
    /// Takes what the table has for this code; a code may be written as a number.
    pub(crate) fn translate(&mut self, table: &'m BTreeMap<String, String>) {
        let ours = match self {
            _ if table.is_empty() => None,
            Value::Text(code) => table.get(code.as_ref()),
            Value::Whole(code) => table.get(&code.to_string()),
            _ => None,
        };
        if let Some(ours) = ours {
            *self = Value::Text(Cow::Borrowed(ours));
        }
    }
}

impl Value<'_> {
    /// A code as it stands there, a number in digits.
    pub(crate) fn code(&self) -> Option<String> {
        match self {
            Value::Text(text) => Some(text.to_string()),
            Value::Whole(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// The text; `None` where it is absent.
    pub(crate) fn text(&self, field: &'static str) -> Result<Option<&str>, Reason> {
        match self {
            Value::Text(text) => Ok(Some(text)),
            Value::Absent => Ok(None),
            other => Err(other.is_no(field, "text")),
        }
    }

    /// Whether it is there and not blank, whatever it is: for free text, which is not read.
    pub(crate) fn says_something(&self) -> bool {
        match self {
            Value::Text(text) => !text.trim().is_empty(),
            Value::Absent => false,
            Value::Whole(_) | Value::Bool(_) | Value::Other(_) => true,
        }
    }

    /// The whole number; `None` where it is absent.
    pub(crate) fn whole(&self, field: &'static str) -> Result<Option<i64>, Reason> {
        match self {
            Value::Whole(number) => Ok(Some(*number)),
            Value::Absent => Ok(None),
            other => Err(other.is_no(field, "whole number")),
        }
    }

    /// Yes or no; `None` where it is absent.
    pub(crate) fn bool(&self, field: &'static str) -> Result<Option<bool>, Reason> {
        match self {
            Value::Bool(value) => Ok(Some(*value)),
            Value::Absent => Ok(None),
            other => Err(other.is_no(field, "true or false")),
        }
    }

    #[cold]
    fn is_no(&self, field: &'static str, wanted: &str) -> Reason {
        let what = match self {
            Value::Absent => "null".to_owned(),
            Value::Text(text) => format!("{:?}", excerpt(text)),
            Value::Whole(number) => number.to_string(),
            Value::Bool(value) => value.to_string(),
            Value::Other(what) => what.to_string(),
        };
        Reason::BrokenField { field, why: format!("{what}: expected {wanted}") }
    }
}

impl<'de: 'm, 'm> Deserialize<'de> for Value<'m> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Value::Whole(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or_else(|_| Value::Other(Cow::Owned(number.to_string())), Value::Whole))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Value::Other(Cow::Owned(format!("{number:?}"))))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Value::Absent)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other(Cow::Borrowed("a list")))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Other(Cow::Borrowed("an object")))
    }
}
