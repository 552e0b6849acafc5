//! What the code maps make of real messages: which codes a source uses, how often, and what they are read as.

use std::collections::BTreeMap;

use crate::{
    CodeMaps,
    codes::is_ours,
    decode::{decode, with_message},
    reason::excerpt,
};

/// What a code is read as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// What the map says.
    Mapped(String),
    /// It is one of ours.
    Ours,
    /// Nobody knows: the message goes to the dead letters.
    Unknown,
}

/// One code of one field of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// How often.
    pub count: u64,
    /// Where first, as the caller names places.
    pub first: String,
    /// What it is read as.
    pub meaning: Meaning,
}

/// What was seen in messages.
#[derive(Debug, Default)]
pub struct Coverage {
    /// By source, field and code; the source is empty where a message names none.
    pub codes: BTreeMap<(String, &'static str, String), Seen>,
    /// Messages that are refused, by source and reason in words: how many, and where first.
    pub refused: BTreeMap<(String, String), (u64, String)>,
    /// Messages looked at.
    pub messages: u64,
}

impl Coverage {
    /// Looks at one message; `place` is called where it is to be named.
    pub fn add(&mut self, payload: &[u8], codes: &CodeMaps, place: impl Fn() -> String) {
        self.messages += 1;
        let looked = with_message(payload, codes, |known, message| {
            let source = message.source().unwrap_or_default().to_owned();
            let found = message.coded().into_iter().filter_map(|(field, value)| {
                let code = value.code()?;
                let meaning = match known.table(field).get(&code) {
                    Some(ours) => Meaning::Mapped(ours.clone()),
                    None if is_ours(field, &code) => Meaning::Ours,
                    None => Meaning::Unknown,
                };
                Some((field, excerpt(&code), meaning))
            });
            (source, found.collect::<Vec<_>>())
        });
        let (source, found) = looked.unwrap_or_default();
        for (field, code, meaning) in found {
            let key = (source.clone(), field, code);
            self.codes.entry(key).or_insert_with(|| Seen { count: 0, first: place(), meaning }).count += 1;
        }
        if let Err(reason) = decode(payload, codes) {
            self.refused.entry((source, reason.to_string())).or_insert_with(|| (0, place())).0 += 1;
        }
    }

    /// Whether every code is known and every message can be read.
    pub fn is_complete(&self) -> bool {
        self.refused.is_empty() && self.codes.values().all(|seen| seen.meaning != Meaning::Unknown)
    }
}
