//! A message of the topic, with and without a code map that renames its fields.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use wire::CodeMaps;

static CODES: LazyLock<CodeMaps> = LazyLock::new(|| {
    let text = include_str!("../../deploy/sample/sources/local-times.toml");
    CodeMaps::from_toml(text).expect("the sample is valid")
});

fuzz_target!(|payload: &[u8]| {
    for codes in [&CodeMaps::default(), &*CODES] {
        if let Ok(event) = wire::decode(payload, codes) {
            // What is taken can be said again and is taken again.
            let said = wire::encode(&event, &jiff::tz::TimeZone::UTC);
            wire::decode(said.as_bytes(), &CodeMaps::default()).expect("what was encoded is read");
        }
        let _ = wire::decode_message(Some(b"c"), Some(payload), codes);
    }
});
