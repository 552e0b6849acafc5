//! What the codes of a source mean.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use domain::{
    Event, Kind, Outcome,
    event::{Form, Place, Procedure, Role, StepResult},
};
use wire::{CodeMaps, Reason, decode};

const SOURCES: &str = r#"
[[source]]
name = "province"
[source.kinds]
"03" = "accepted"
"09" = "closed"
"05" = "step_completed"
"06" = "special_started"
[source.outcomes]
1 = "returned"
2 = "granted"
[source.procedures]
"听证" = "hearing"
[source.departments]
"4311" = "环境保护局"
[source.results]
0 = "passed"
[source.roles]
"首席" = "chief_representative"
[source.places]
H = "hall"
[source.forms]
1 = "immediate"

[[source]]
name = "city"
outcomes = { 1 = "refused" }
"#;

fn message(source: &str, kind: &str, fields: &str) -> Result<Event, Reason> {
    let base = r#""event_id":"1","case_no":"c","item":"a","occurred_at":"2018-10-18T16:00:00+08:00""#;
    let payload = format!(r#"{{{base},"source":"{source}","kind":"{kind}"{fields}}}"#);
    decode(payload.as_bytes(), &CodeMaps::from_toml(SOURCES).unwrap())
}

#[test]
fn every_coded_field_is_read_by_the_map_of_its_source() {
    let closed = message("province", "09", r#","outcome":"1","department":"4311","role":"首席","place":"H""#).unwrap();
    assert_eq!(closed.kind, Kind::Closed { outcome: Outcome::Returned });
    assert_eq!(closed.department.as_deref(), Some("环境保护局"));
    assert_eq!((closed.role, closed.place), (Some(Role::ChiefRepresentative), Some(Place::Hall)));
    let Kind::Accepted(acceptance) = message("province", "03", r#","form":"1""#).unwrap().kind else { panic!("not accepted") };
    assert_eq!(acceptance.form, Some(Form::Immediate));
    let step = message("province", "05", r#","step":"review","result":"0""#).unwrap().kind;
    assert_eq!(step, Kind::StepCompleted { step: "review".into(), result: Some(StepResult::Passed) });
    let Kind::SpecialStarted(special) = message("province", "06", r#","procedure":"听证""#).unwrap().kind else {
        panic!("not started")
    };
    assert_eq!(special.procedure, Procedure::Hearing);
}

#[test]
fn one_code_means_what_its_own_source_says() {
    assert_eq!(message("city", "closed", r#","outcome":"1""#).unwrap().kind, Kind::Closed { outcome: Outcome::Refused });
    assert!(message("village", "closed", r#","outcome":"1""#).is_err(), "a source without a map has our codes");
}

#[test]
fn a_code_may_be_a_number_where_the_map_has_it() {
    let closed = message("province", "09", r#","outcome":2,"department":4311"#).unwrap();
    assert_eq!(closed.kind, Kind::Closed { outcome: Outcome::Granted });
    assert_eq!(closed.department.as_deref(), Some("环境保护局"));
}

#[test]
fn a_code_that_is_not_in_the_map_is_one_of_ours() {
    let closed = message("province", "closed", r#","outcome":"withdrawn","department":"公安局""#).unwrap();
    assert_eq!(closed.kind, Kind::Closed { outcome: Outcome::Withdrawn });
    assert_eq!(closed.department.as_deref(), Some("公安局"));
}

#[test]
fn an_unknown_code_names_the_source() {
    let reason = |source, kind, fields| message(source, kind, fields).unwrap_err();
    let unknown = reason("province", "09", r#","outcome":"7""#);
    let expected = r#"the field "outcome" is broken: "7" is not one of its codes (source "province")"#;
    assert_eq!((unknown.to_string().as_str(), unknown.code()), (expected, "broken_field"));
    let number = reason("province", "09", r#","outcome":7"#).to_string();
    assert_eq!(number, r#"the field "outcome" is broken: 7: expected text (source "province")"#);
    let kind = reason("province", "77", "");
    assert_eq!((kind.to_string().as_str(), kind.code()), (r#"unknown kind "77" (source "province")"#, "unknown_kind"));
    assert_eq!(reason("village", "77", "").to_string(), r#"unknown kind "77""#);
}

#[test]
fn a_bad_file_is_refused_with_the_place_of_the_mistake() {
    let refusal = |text: &str| CodeMaps::from_toml(text).unwrap_err().to_string();
    let target = refusal("[[source]]\nname = 'p'\n[source.outcomes]\n1 = 'grantd'\n");
    assert!(target.starts_with(r#"line 4: source "p": outcomes."1": "grantd" is none of ours: granted, refused, "#), "{target}");
    let kind = refusal("[[source]]\nname = 'p'\nkinds = { 1 = 'sneezed' }\n");
    assert_eq!(kind, r#"line 3: source "p": kinds."1": "sneezed" is no kind of event"#);
    let department = refusal("[[source]]\nname = 'p'\ndepartments = { 1 = '' }\n");
    assert!(department.starts_with(r#"line 3: source "p": departments."1": "" is no name"#), "{department}");
    let table = refusal("[[source]]\nname = 'p'\n[source.outcome]\n1 = 'granted'\n");
    assert!(table.contains("line 3") && table.contains("unknown field `outcome`"), "{table}");
    let number = refusal("[[source]]\nname = 'p'\noutcomes = { 1 = 2 }\n");
    assert!(number.contains("line 3"), "{number}");
    assert_eq!(refusal("[[source]]\nname = 'p'\n[[source]]\nname = 'p'\n"), r#"line 4: source "p": it has a map already"#);
    assert!(refusal("[[source]]\nname = ''\n").contains("named by 1 to 64 characters"));
    assert!(refusal("[[source]]\n").contains("name"));
}

#[test]
fn the_shipped_example_is_valid() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/sample/sources.toml");
    let codes = CodeMaps::from_toml(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(codes.sources().count(), 2);
    let every_kind = r#"{"event_id":"1","source":"province-gateway","kind":"ACCEPT","case_no":"c","item":"a",
        "occurred_at":"2018-10-18T16:00:00+08:00"}"#;
    assert_eq!(decode(every_kind.as_bytes(), &codes).unwrap().kind.name(), "accepted");
}

const LOCAL: &str = r#"
[[source]]
name = "县局"
time_zone = "Asia/Shanghai"
[source.fields]
source = "来源"
event_id = "流水号"
case_no = "办件编号"
item = "事项编码"
kind = "环节"
occurred_at = "办理时间"
promised_due_at = "承诺办结日"
department = "部门"
[source.kinds]
"受理" = "accepted"

[[source]]
name = "clock"
time_zone = "Asia/Shanghai"
time_format = "epoch_ms"
"#;

#[test]
fn fields_by_other_names_and_local_times_are_read() {
    let codes = CodeMaps::from_toml(LOCAL).unwrap();
    let payload = r#"{"来源":"县局","流水号":"7","办件编号":"c-1","事项编码":"a","环节":"受理","办理时间":"2018-10-15 10:00:00",
        "承诺办结日":"2018/10/24","部门":"环保局","kind":"closed","附加":[1]}"#;
    let event = decode(payload.as_bytes(), &codes).unwrap();
    assert_eq!((event.source.as_str(), event.event_id.as_str(), event.case_no.as_str()), ("县局", "7", "c-1"));
    assert_eq!(event.occurred_at.ms(), 1_539_568_800_000);
    let Kind::Accepted(acceptance) = &event.kind else { panic!("their field wins over one of our name") };
    assert_eq!(acceptance.promised_due_at.map(domain::Instant::ms), Some(1_540_396_799_000), "the end of that day");
    assert!(decode(payload.as_bytes(), &CodeMaps::default()).is_err());
    let other = payload.replace("县局", "市局");
    assert!(decode(other.as_bytes(), &codes).is_err(), "the map is of one source");
    let with_offset = payload.replace("2018-10-15 10:00:00", "2018-10-15T02:00:00Z");
    assert_eq!(decode(with_offset.as_bytes(), &codes).unwrap().occurred_at, event.occurred_at);
    let absurd = payload.replace("2018-10-15 10:00:00", "0018-10-15 10:00:00");
    assert!(decode(absurd.as_bytes(), &codes).unwrap_err().to_string().contains("occurred_at"));
}

#[test]
fn times_may_be_numbers_where_the_map_says_so() {
    let codes = CodeMaps::from_toml(LOCAL).unwrap();
    let payload = r#"{"source":"clock","event_id":"1","kind":"corrected","case_no":"c","occurred_at":1539568800000}"#;
    assert_eq!(decode(payload.as_bytes(), &codes).unwrap().occurred_at.ms(), 1_539_568_800_000);
    assert!(decode(payload.replace("clock", "other").as_bytes(), &codes).is_err());
}

#[test]
fn a_map_of_fields_or_times_that_cannot_be_names_its_place() {
    let refusal = |text: &str| CodeMaps::from_toml(text).unwrap_err().to_string();
    let field = refusal("[[source]]\nname = 'p'\n[source.fields]\ncaseno = 'x'\n");
    assert!(field.starts_with(r#"line 4: source "p": fields.caseno: no field of an event"#), "{field}");
    let zone = refusal("[[source]]\nname = 'p'\ntime_zone = 'Asia/Nowhere'\n");
    assert!(zone.starts_with(r#"line 3: source "p": time_zone"#), "{zone}");
    assert!(refusal("[[source]]\nname = 'p'\ntime_format = '%Y'\n").contains("it takes a time_zone"));
}

#[test]
fn a_report_tells_every_code_what_it_is_read_as_and_where_it_was_first() {
    let codes = CodeMaps::from_toml(SOURCES).unwrap();
    let mut coverage = wire::Coverage::default();
    let lines = [
        r#"{"event_id":"1","source":"province","kind":"09","case_no":"c","occurred_at":"2018-10-18T16:00:00+08:00","outcome":1}"#,
        r#"{"event_id":"2","source":"province","kind":"09","case_no":"c","occurred_at":"2018-10-18T16:00:00+08:00","outcome":"9"}"#,
        r#"{"event_id":"3","source":"city","kind":"closed","case_no":"c","occurred_at":"2018-10-18T16:00:00+08:00","outcome":"1"}"#,
        "{",
    ];
    for (number, line) in (1..).zip(lines) {
        coverage.add(line.as_bytes(), &codes, || format!("line {number}"));
    }
    let seen = |source: &str, field, code: &str| coverage.codes[&(source.to_owned(), field, code.to_owned())].clone();
    assert_eq!(seen("province", "kind", "09").count, 2);
    assert_eq!(seen("province", "outcome", "1").meaning, wire::Meaning::Mapped("returned".to_owned()));
    assert_eq!(seen("city", "outcome", "1").meaning, wire::Meaning::Mapped("refused".to_owned()));
    let unknown = seen("province", "outcome", "9");
    assert_eq!((unknown.meaning, unknown.first.as_str()), (wire::Meaning::Unknown, "line 2"));
    assert_eq!((coverage.messages, coverage.refused.len(), coverage.is_complete()), (4, 2, false));
}
