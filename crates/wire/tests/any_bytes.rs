//! No bytes make a reader of logs, tables or code maps panic.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use wire::{
    CodeMaps, Coverage,
    log::{Mapping, Reading, ocel, table, xes},
};

const CODES: &str = "[[source]]\nname = 's'\ntime_zone = 'Asia/Shanghai'\n[source.fields]\nsource = 'a'\nkind = 'b'\noccurred_at = 'c'\n\
                     [source.kinds]\n1 = 'closed'\n";
const MAPPING: &str = "source = 's'\ntime_zone = 'Asia/Shanghai'\nlayout = 'cases'\ncase_attribute = 'a'\nitem = 'x'\n\
                       [[activity]]\nname = '*'\nkind = 'accepted'\n";

fn nearly(tokens: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        6 => prop::sample::select(tokens).prop_map(|token| token.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..8)
    ];
    prop::collection::vec(token, 0..40).prop_map(|tokens| tokens.concat())
}

const XES: &[&str] = &[
    "<log>",
    "</log>",
    "<log/>",
    "<trace>",
    "</trace>",
    "<event>",
    "</event>",
    "<string key=\"concept:name\" value=\"A\"/>",
    "<string key=\"concept:name\" value=\"B\">",
    "</string>",
    "<date key=\"time:timestamp\" value=\"2018-10-15T10:00:00Z\"/>",
    "<string key=\"sundial:kind\" value=\"closed\"/>",
    "&amp;",
    "&x;",
    "<!--",
    "-->",
    "\"",
    "<?xml?>",
];
const OCEL: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"objects\"",
    "\"events\"",
    "\"id\"",
    "\"type\"",
    "\"time\"",
    "\"attributes\"",
    "\"relationships\"",
    "\"objectId\"",
    "\"case\"",
    "\"c\"",
    "{\"objects\":[{\"id\":\"c\",\"type\":\"case\"}],\"events\":[",
    "null",
    "1",
];
const MESSAGE: &[&str] = &[
    "{",
    "}",
    ",",
    ":",
    "\"a\":\"s\"",
    "\"source\":\"s\"",
    "\"b\":1",
    "\"kind\":\"closed\"",
    "\"c\":\"2018-10-15 10:00\"",
    "\"c\":20181015",
    "\"event_id\":\"1\"",
    "\"case_no\":\"c\"",
    "\"outcome\":\"granted\"",
    "\"\\u0061\":\"s\"",
    "null",
    "[]",
];
const TABLE: &[&str] = &["a", "b", ",", "\n", "\"", "\r\n", "2018-10-15", "2018/10/15 10:00", " ", "\u{feff}"];

proptest! {
    #[test]
    fn no_bytes_make_a_message_panic(payload in nearly(MESSAGE)) {
        let codes = CodeMaps::from_toml(CODES).unwrap();
        let _ = wire::decode_message(Some(b"c"), Some(&payload), &codes);
        Coverage::default().add(&payload, &codes, String::new);
    }

    #[test]
    fn no_bytes_make_a_log_panic(log in nearly(XES)) {
        let mapped = Reading::By(Box::new(Mapping::from_toml(MAPPING).unwrap()));
        for reading in [&Reading::Own, &mapped] {
            let _ = xes::import(&log[..], reading, &mut |_| true);
        }
    }

    #[test]
    fn no_bytes_make_a_log_of_objects_panic(log in nearly(OCEL)) {
        let mapped = Reading::By(Box::new(Mapping::from_toml(MAPPING).unwrap()));
        for reading in [&Reading::Own, &mapped] {
            let _ = ocel::import(&log[..], reading, &mut |_| true);
        }
    }

    #[test]
    fn no_text_makes_a_table_panic(table in nearly(TABLE)) {
        let text = String::from_utf8_lossy(&table);
        let _ = table::import(table::rows_of_csv(&text), &Mapping::from_toml(MAPPING).unwrap(), &mut |_| true);
    }

    #[test]
    fn no_text_makes_a_map_panic(text in any::<String>()) {
        let _ = CodeMaps::from_toml(&text);
        let _ = Mapping::from_toml(&text);
    }
}
