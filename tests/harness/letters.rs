//! What lies on the dead-letter topic.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use intake::{Header, Intake, Signal};

use crate::{Hall, PATIENCE};

/// Where a message stood on its topic.
pub type Place = (i32, i64);

/// A dead letter.
#[derive(Debug, Clone, PartialEq)]
pub struct Letter {
    /// The key of the message.
    pub key: Option<Vec<u8>>,
    /// Its payload.
    pub payload: Option<Vec<u8>>,
    /// Its own headers, in their order, and after them what was added.
    pub headers: Vec<Header>,
}

impl Letter {
    /// The text of a header that was added; panics where there is none.
    pub fn says(&self, name: &str) -> String {
        let added = self.headers.iter().rev().find(|header| header.name == format!("sundial.{name}"));
        let value = added.and_then(|header| header.value.clone());
        let value = value.unwrap_or_else(|| panic!("there is no header sundial.{name}: {:?}", self.headers));
        String::from_utf8(value).expect("a header that was added is text")
    }

    fn place(&self) -> Place {
        let number = |name| self.says(name).parse().expect("a number");
        (number("partition") as i32, number("offset"))
    }
}

/// Every dead letter, by the place its message had: a message may be there twice, when the pipeline
/// was killed before it could commit, but each names where it came from. Waits until so many different
/// ones are there.
pub async fn dead_letters(hall: &Hall, expected: usize) -> BTreeMap<Place, Letter> {
    let config = intake::Config {
        brokers: hall.broker.bootstrap(),
        group: "letters".to_owned(),
        topic: "approval.steps.dead".to_owned(),
        ..intake::Config::default()
    };
    let (intake, mut signals) = Intake::start(config, Arc::new(())).expect("the topic is consumed");
    let mut letters = BTreeMap::new();
    // All of them have been there since before; a second of silence is the end.
    let mut silence = if expected == 0 { Duration::from_secs(5) } else { PATIENCE };
    while let Ok(Some(signal)) = tokio::time::timeout(silence, signals[0].recv()).await {
        let Signal::Batch(batch) = signal else { continue };
        for message in batch.messages() {
            let letter = Letter {
                key: message.key.map(<[u8]>::to_vec),
                payload: message.payload.map(<[u8]>::to_vec),
                headers: message.headers.iter().collect(),
            };
            assert_eq!(letter.says("topic"), "approval.steps");
            for name in ["code", "reason", "at", "timestamp"] {
                assert!(!letter.says(name).is_empty(), "an empty header sundial.{name}");
            }
            letters.insert(letter.place(), letter);
        }
        batch.into_receipt().acknowledge();
        if letters.len() >= expected {
            silence = Duration::from_secs(1);
        }
    }
    intake.shutdown().await;
    letters
}
