//! What the wire takes, refuses and prints.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use domain::{
    Calendar, CaseEvents, Catalog, Event, Instant, Kind, Profile, Rules, Text, assess,
    event::{Acceptance, Decision, DeferredMaterial, Form, Outcome, Place, Procedure, Role, SpecialStart, StepResult},
};
use jiff::tz::TimeZone;
use proptest::{prelude::*, test_runner::RngSeed};
use wire::{AssessmentJson, CodeMaps, Reason, encode};

fn decode(payload: &[u8]) -> Result<Event, Reason> {
    wire::decode(payload, &CodeMaps::default())
}

fn decode_message(key: Option<&[u8]>, payload: Option<&[u8]>) -> Result<Event, Reason> {
    wire::decode_message(key, payload, &CodeMaps::default())
}

fn closed(fields: &str) -> Result<Event, Reason> {
    let base = r#""event_id":"1","source":"s","kind":"closed","case_no":"c","occurred_at":"2018-10-18T16:00:00+08:00""#;
    decode(format!("{{{base},{fields}}}").as_bytes())
}

fn reason_of(payload: &str) -> String {
    decode(payload.as_bytes()).unwrap_err().to_string()
}

#[test]
fn every_refusal_names_its_place() {
    assert_eq!(reason_of(""), "the message has no payload");
    assert!(reason_of("{").starts_with("not a JSON object: EOF while parsing an object at line 1"));
    assert_eq!(reason_of("[]"), "not a JSON object: it starts with '['");
    assert_eq!(reason_of("{}"), r#"the field "kind" is missing"#);
    assert_eq!(reason_of(r#"{"kind":"sneezed"}"#), r#"unknown kind "sneezed""#);
    assert_eq!(closed("\"outcome\":null").unwrap_err().to_string(), r#"the field "outcome" is missing"#);
    let absurd = r#"{"event_id":"1","source":"s","kind":"corrected","case_no":"c","occurred_at":"0001-01-01T00:00:00Z"}"#;
    assert!(reason_of(absurd).starts_with(r#"the field "occurred_at" is broken: "0001-01-01T00:00:00Z" is outside"#));
    let no_item = r#"{"event_id":"1","source":"s","kind":"accepted","case_no":"c","occurred_at":"2018-10-18T16:00:00+08:00"}"#;
    assert_eq!(reason_of(no_item), r#"the field "item" is missing"#);
    let long = closed(&format!(r#""outcome":"granted","item":"{}""#, "x".repeat(65))).unwrap_err();
    assert!(long.to_string().contains("is longer than 64 characters"), "{long}");
    assert_eq!(closed(r#""outcome":"granted","revision":0"#).unwrap_err().code(), "broken_field");
    assert_eq!(decode(b"\xff").unwrap_err(), Reason::NotUtf8 { at: 0 });
    assert_eq!(decode(&vec![b' '; 300 * 1024]).unwrap_err().code(), "too_large");
    let deep = format!(r#"{{"x":{}"#, "[".repeat(100_000));
    assert_eq!(decode(deep.as_bytes()).unwrap_err().code(), "not_json");
}

/// A message of one kind with everything it needs but its own fields.
fn message(kind: &str, fields: &str) -> String {
    let base = r#""event_id":"1","source":"s","case_no":"c","item":"a","occurred_at":"2018-10-18T16:00:00+08:00""#;
    format!(r#"{{{base},"kind":"{kind}"{fields}}}"#)
}

#[test]
fn a_value_of_the_wrong_type_is_refused_by_the_name_of_its_field() {
    for (kind, fields, why) in [
        ("closed", r#","outcome":5"#, r#"the field "outcome" is broken: 5: expected text"#),
        ("closed", r#","outcome":[[1],{}]"#, r#"the field "outcome" is broken: a list: expected text"#),
        ("closed", r#","outcome":"granted","revision":"2""#, r#"the field "revision" is broken: "2": expected whole number"#),
        ("rated", r#","score":4.5"#, r#"the field "score" is broken: 4.5: expected whole number"#),
        ("rated", r#","score":6"#, r#"the field "score" is broken: 6: expected 1 to 5"#),
        ("fee_charged", r#","amount_fen":18446744073709551615"#, "18446744073709551615: expected whole number"),
        ("corrected", r#","retracted":"yes""#, r#"the field "retracted" is broken: "yes": expected true or false"#),
        ("accepted", r#","green_channel":1"#, r#"the field "green_channel" is broken: 1: expected true or false"#),
        ("accepted", r#","deferred_materials":{}"#, r#"the field "deferred_materials" is broken: {}: expected a list"#),
        ("accepted", r#","deferred_materials":[null]"#, "material 1: expected an object with name and due_at"),
        ("accepted", r#","deferred_materials":[{"name":"x"}]"#, "material 1: due_at is missing"),
        ("accepted", r#","deferred_materials":[{"due_at":"2018-10-18T16:00:00+08:00"}]"#, "material 1: name is missing"),
        ("materials_supplied", r#","materials":["x",1]"#, r#"the field "materials" is broken: 1: expected text"#),
        ("materials_supplied", r#","materials":[null]"#, r#"the field "materials" is broken: null: expected text"#),
        ("corrected", r#","recorded_at":1539849600"#, r#"the field "recorded_at" is broken: 1539849600: expected text"#),
    ] {
        let reason = decode(message(kind, fields).as_bytes()).unwrap_err();
        assert!(reason.to_string().contains(why), "{fields}: {reason}");
        assert_eq!(reason.code(), "broken_field", "{fields}");
    }
}

#[test]
fn a_field_of_another_kind_is_ignored_whatever_it_holds() {
    let others =
        r#","outcome":{"a":[1]},"score":"none","materials":"id card","deferred_materials":7,"step":[],"granted_days":null"#;
    for kind in ["applied", "corrected", "correction_requested", "issued", "complained"] {
        let event = decode(message(kind, others).as_bytes()).map_err(|reason| format!("{kind}: {reason}"));
        assert_eq!(event.unwrap().kind.name(), kind);
    }
}

#[test]
fn null_is_as_good_as_not_there() {
    let nulls = r#","region":null,"role":null,"revision":null,"retracted":null,"recorded_at":null,"deferred_materials":null"#;
    let read = |fields| Event { digest: 0, ..decode(message("accepted", fields).as_bytes()).unwrap() };
    assert_eq!(read(nulls), read(""));
}

#[test]
fn only_white_space_is_no_payload() {
    assert_eq!(decode(b" \n\t"), Err(Reason::Empty));
}

#[test]
fn the_key_must_be_the_case_number() {
    let payload = encode(&closed(r#""outcome":"granted""#).unwrap(), &TimeZone::UTC);
    assert!(decode_message(Some(b"c"), Some(payload.as_bytes())).is_ok());
    assert_eq!(decode_message(Some(b"d"), Some(payload.as_bytes())), Err(Reason::WrongKey));
    assert_eq!(decode_message(None, Some(payload.as_bytes())), Err(Reason::WrongKey));
    assert_eq!(decode_message(Some(b"c"), None), Err(Reason::Empty));
}

/// Every kind of domain.md §2.
const KINDS: [&str; 19] = [
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

#[test]
fn what_a_kind_needs_is_asked_for_by_name() {
    for (kind, field) in [
        ("materials_supplied", "materials"),
        ("step_started", "step"),
        ("step_completed", "step"),
        ("special_started", "procedure"),
        ("decided", "outcome"),
        ("closed", "outcome"),
        ("fee_charged", "amount_fen"),
        ("rated", "score"),
    ] {
        assert_eq!(decode(message(kind, "").as_bytes()), Err(Reason::MissingField(field)), "{kind}");
    }
}

#[test]
fn a_retraction_need_not_repeat_what_it_takes_back() {
    assert!(closed(r#""retracted":true,"revision":2"#).unwrap().retracted);
    assert!(closed(r#""retracted":true,"outcome":"fine""#).is_err(), "what it does say must be right");
    for kind in KINDS {
        let taken_back = message(kind, r#","revision":2,"retracted":true"#);
        let event = decode(taken_back.as_bytes()).map_err(|reason| format!("{kind}: {reason}")).unwrap();
        assert_eq!(event.kind.name(), kind);
        // What it leaves out can be told again.
        let again = decode(encode(&event, &TimeZone::UTC).as_bytes()).map_err(|reason| format!("{kind}: {reason}")).unwrap();
        assert_eq!(Event { digest: 0, ..again }, Event { digest: 0, ..event });
    }
    // Not even its item.
    let no_item =
        r#"{"event_id":"1","source":"s","case_no":"c","kind":"accepted","retracted":true,"occurred_at":"2018-10-18T16:00:00Z"}"#;
    assert!(decode(no_item.as_bytes()).is_ok());
    let half = message("accepted", r#","retracted":true,"deferred_materials":[{"due_at":"2018-10-18T16:00:00+08:00"}]"#);
    assert!(reason_of(&half).ends_with("material 1: name is missing"), "{}", reason_of(&half));
}

#[test]
fn the_example_of_the_contract_comes_out_to_the_letter() {
    let catalog =
        Catalog::from_csv("code,name,department,form,promised_limit\na,甲,环境保护局,committed,7 working_days\n").unwrap();
    let (calendar, profile) = (Calendar::china(), Profile::built_in("default").unwrap());
    let rules = Rules { catalog: &catalog, calendar: &calendar, profile: &profile };
    let accepted =
        r#"{"event_id":"2","source":"s","kind":"accepted","case_no":"c","item":"a","occurred_at":"2018-10-15T10:00:00+08:00"}"#;
    let applied =
        r#"{"event_id":"0","source":"s","kind":"applied","case_no":"c","item":"a","occurred_at":"2018-10-15T09:00:00+08:00"}"#;
    let events = [applied, accepted].map(|line| decode(line.as_bytes()).unwrap());
    let case: CaseEvents = events.into_iter().chain([closed(r#""outcome":"granted""#).unwrap()]).collect();
    let assessment = assess(&case, &rules, Instant::parse("2018-12-01T00:00:00Z").unwrap()).unwrap();
    let expected = concat!(
        r#"{"case_no":"c","item":"a","department":"环境保护局","status":"closed","outcome":"granted","#,
        r#""received_at":"2018-10-15T09:00:00+08:00","accepted_at":"2018-10-15T10:00:00+08:00","decided_at":null,"#,
        r#""closed_at":"2018-10-18T16:00:00+08:00","delivered_at":null,"#,
        r#""elapsed_days":3.0,"suspended_days":0.0,"same_day":false,"#,
        r#""promised":{"limit_days":7.0,"due_at":"2018-10-24T17:00:00+08:00","late":false,"days_over":0.0,"speed_up":0.5714},"#,
        r#""statutory":{"limit_days":20.0,"due_at":"2018-11-12T17:00:00+08:00","late":false,"days_over":0.0,"speed_up":0.85},"#,
        r#""cards":[],"findings":[]}"#
    );
    assert_eq!(AssessmentJson::new(&assessment, calendar.zone()).line(), expected);
}

#[test]
fn of_the_reason_of_a_decision_only_is_kept_that_there_is_one() {
    let reasoned = |fields: &str| {
        let event = decode(message("decided", &format!(r#","outcome":"refused"{fields}"#)).as_bytes()).unwrap();
        matches!(event.kind, Kind::Decided { reasoned: true, .. })
    };
    assert!(reasoned(r#","reason":"材料不实""#) && reasoned(r#","reason":12"#));
    assert!(!reasoned("") && !reasoned(r#","reason":null"#) && !reasoned(r#","reason":"  ""#));
}

#[test]
fn the_fast_lanes_and_what_a_finding_is_about_are_told_where_there_are_any() {
    let catalog = "code,name,department,form,mandatory_steps
a,甲,局,committed,review
";
    let (catalog, calendar) = (Catalog::from_csv(catalog).unwrap(), Calendar::china());
    let profile = Profile::built_in("default").unwrap();
    let rules = Rules { catalog: &catalog, calendar: &calendar, profile: &profile };
    let accepted =
        message("accepted", r#","green_channel":true,"key_project":true"#).replace(r#""event_id":"1""#, r#""event_id":"0""#);
    let case: CaseEvents =
        [decode(accepted.as_bytes()).unwrap(), closed(r#""outcome":"granted""#).unwrap()].into_iter().collect();
    let assessment = assess(&case, &rules, Instant::parse("2018-12-01T00:00:00Z").unwrap()).unwrap();
    let line = AssessmentJson::new(&assessment, calendar.zone()).line();
    assert!(line.ends_with(r#""green_channel":true,"key_project":true}"#), "{line}");
    assert!(
        line.contains(r#"{"kind":"missing_mandatory_step","events":[""#) && line.contains(r#"],"detail":"review"}"#),
        "{line}"
    );
}

fn texts() -> impl Strategy<Value = Text> {
    "[a-zA-Z0-9\"\\\\ 环境保护局_-]{1,20}".prop_map(Text::from)
}

fn instants() -> impl Strategy<Value = Instant> {
    (400_000_000_000i64..4_000_000_000_000).prop_map(Instant::from_ms)
}

fn kinds() -> impl Strategy<Value = Kind> {
    let acceptance = (
        prop::option::of(prop::sample::select(Form::ALL)),
        prop::option::of(instants()),
        prop::option::of(texts()),
        any::<(bool, bool)>(),
        prop::collection::vec((texts(), instants()), 0..3),
    );
    let acceptance = acceptance.prop_map(|(form, due, project, (green_channel, key_project), deferred)| {
        Kind::Accepted(Box::new(Acceptance {
            form,
            promised_due_at: due,
            statutory_due_at: due,
            project,
            green_channel,
            key_project,
            deferred_materials: deferred.into_iter().map(|(name, due_at)| DeferredMaterial { name, due_at }).collect(),
        }))
    });
    let special =
        (prop::sample::select(Procedure::ALL), prop::option::of(0u32..3650), any::<Option<bool>>(), prop::option::of(texts()));
    prop_oneof![
        prop::option::of(texts()).prop_map(|channel| Kind::Applied { channel }),
        acceptance,
        Just(Kind::NotAccepted),
        prop::collection::vec(texts(), 0..3).prop_map(|materials| Kind::MaterialsSupplied { materials }),
        (texts(), prop::option::of(prop::sample::select(StepResult::ALL)))
            .prop_map(|(step, result)| Kind::StepCompleted { step, result }),
        special.prop_map(|(procedure, granted_days, written_notice, party)| {
            Kind::SpecialStarted(Box::new(SpecialStart { procedure, granted_days, written_notice, party }))
        }),
        (prop::sample::select(Decision::ALL), any::<bool>()).prop_map(|(outcome, reasoned)| Kind::Decided { outcome, reasoned }),
        prop::sample::select(Outcome::ALL).prop_map(|outcome| Kind::Closed { outcome }),
        (0u64..1 << 60).prop_map(|amount_fen| Kind::FeeCharged { amount_fen }),
        (1u8..=5).prop_map(|score| Kind::Rated { score }),
    ]
}

fn events() -> impl Strategy<Value = Event> {
    let who = (texts(), texts(), 1u32.., any::<bool>(), texts(), prop::option::of(texts()));
    let place = (prop::option::of(prop::sample::select(Role::ALL)), prop::option::of(prop::sample::select(Place::ALL)));
    (who, instants(), prop::option::of(instants()), texts(), place, kinds()).prop_map(
        |((event_id, source, revision, retracted, case_no, window), occurred_at, recorded_at, item, (role, place), kind)| Event {
            event_id,
            source,
            revision,
            retracted,
            digest: 0,
            case_no,
            item: Some(item),
            occurred_at,
            recorded_at,
            region: None,
            department: window.clone(),
            window,
            handler: None,
            role,
            place,
            kind,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(2010), ..ProptestConfig::default() })]

    #[test]
    fn what_is_encoded_is_decoded_again(event in events()) {
        let line = encode(&event, Calendar::china().zone());
        let decoded = decode(line.as_bytes()).map_err(|reason| TestCaseError::fail(format!("{reason}: {line}")))?;
        prop_assert_eq!(Event { digest: 0, ..decoded }, event);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes);
    }

    #[test]
    fn no_broken_message_makes_it_panic(event in events(), at in 0usize..400, byte in any::<u8>()) {
        let mut bytes = encode(&event, &TimeZone::UTC).into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = decode(&bytes);
    }
}
