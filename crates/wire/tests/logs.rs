//! Logs written here read back the same, and another program's reader understands them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufReader, Cursor},
    path::{Path, PathBuf},
    sync::LazyLock,
};

use domain::{Calendar, CaseEvents, Catalog, Event, Instant, Profile, Rules, Text, assess};
use flate2::bufread::MultiGzDecoder;
use jiff::tz::TimeZone;
use process_mining::{
    Importable, OCEL,
    core::event_data::case_centric::xes::{XESImportOptions, import_xes_slice},
};
use wire::{
    AssessmentJson, CodeMaps,
    log::{
        Mapping, Reading, case_attributes,
        ocel::{self, OcelWriter},
        xes::{self, XesWriter},
    },
};

type Cases = BTreeMap<Text, CaseEvents>;

fn lines(cases: &Cases) -> Vec<String> {
    let standing = cases.values().flat_map(CaseEvents::standing);
    let mut lines: Vec<String> = standing.map(|event| wire::encode(event, &TimeZone::UTC)).collect();
    lines.sort();
    lines
}

fn cases(events: Vec<Event>) -> Cases {
    let mut cases = Cases::new();
    for event in events {
        cases.entry(event.case_no.clone()).or_default().insert(event);
    }
    cases
}

/// Every kind of event with every field it may have.
fn one_of_each() -> Cases {
    let own = [
        ("applied", r#""channel":"window""#),
        (
            "accepted",
            r#""form":"committed","promised_due_at":"2018-10-24T17:00:00+08:00","statutory_due_at":"2018-11-12T17:00:00+08:00",
            "project":"P<1>","green_channel":true,"key_project":true,
            "deferred_materials":[{"name":"图纸 \"A\" & B","due_at":"2018-10-20T17:00:00+08:00"}]"#,
        ),
        ("not_accepted", r#""reason":"x""#),
        ("correction_requested", ""),
        ("corrected", ""),
        ("materials_supplied", r#""materials":["图纸 \"A\" & B","b"]"#),
        ("step_started", r#""step":"review""#),
        ("step_completed", r#""step":"review","result":"passed""#),
        ("special_started", r#""procedure":"hearing","granted_days":3,"written_notice":false,"party":"某公司""#),
        ("special_ended", r#""procedure":"hearing""#),
        ("decided", r#""outcome":"granted""#),
        ("closed", r#""outcome":"forwarded""#),
        ("issued", ""),
        ("delivered", ""),
        ("fee_charged", r#""amount_fen":9007199254740993"#),
        ("rated", r#""score":2"#),
        ("rating_rectified", ""),
        ("complained", ""),
        ("complaint_resolved", ""),
    ];
    let common = r#""source":"s","case_no":"c<&>1","item":"007","region":"430000","department":"环境保护局","window":"01","handler":"1e3",
        "role":"window","place":"hall","revision":2,"recorded_at":"2018-10-15T10:00:00.123+08:00""#;
    let events = own.iter().enumerate().map(|(number, (kind, fields))| {
        let comma = if fields.is_empty() { "" } else { "," };
        let text = format!(
            r#"{{"event_id":"e{number}","kind":"{kind}","occurred_at":"2018-10-15T10:00:{number:02}.5+08:00",{common}{comma}{fields}}}"#
        );
        wire::decode(text.as_bytes(), &CodeMaps::default()).unwrap()
    });
    cases(events.collect())
}

fn known(case: &CaseEvents) -> serde_json::Map<String, serde_json::Value> {
    static RULES: LazyLock<(Catalog, Calendar, Profile)> =
        LazyLock::new(|| (Catalog::default(), Calendar::china(), Profile::built_in("default").unwrap()));
    let (catalog, calendar, profile) = &*RULES;
    let assessment = assess(case, &Rules { catalog, calendar, profile }, as_of()).unwrap();
    case_attributes(&AssessmentJson::new(&assessment, calendar.zone()))
}

fn as_of() -> Instant {
    Instant::parse("2019-01-01T00:00:00Z").unwrap()
}

fn to_xes(cases: &Cases) -> Vec<u8> {
    let mut log = XesWriter::new(Vec::new(), TimeZone::get("Asia/Shanghai").unwrap()).unwrap();
    for (case_no, case) in cases {
        log.trace(case_no, &known(case), case.standing()).unwrap();
    }
    log.finish().unwrap()
}

fn to_ocel(cases: &Cases) -> Vec<u8> {
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    let mut log = OcelWriter::new(Vec::new(), Cursor::new(Vec::new()), zone, as_of()).unwrap();
    for (case_no, case) in cases {
        log.trace(case_no, &known(case), case.standing()).unwrap();
    }
    log.finish().unwrap()
}

/// Both forms, read back by us and by a reader that knows nothing of us.
fn goes_round(cases: &Cases) {
    let events: usize = cases.values().map(|case| case.standing().count()).sum();
    let (xes_log, ocel_log) = (to_xes(cases), to_ocel(cases));

    let mut back = Vec::new();
    let report = xes::import(&xes_log[..], &Reading::Own, &mut |event| {
        back.push(event);
        true
    });
    let report = report.unwrap();
    assert_eq!((report.cases as usize, report.events as usize, report.broken_count), (cases.len(), events, 0), "{report}");
    assert_eq!(lines(&self::cases(back)), lines(cases));

    let mut back = Vec::new();
    let report = ocel::import(&ocel_log[..], &Reading::Own, &mut |event| {
        back.push(event);
        true
    });
    let report = report.unwrap();
    assert_eq!((report.cases as usize, report.events as usize, report.broken_count), (cases.len(), events, 0), "{report}");
    assert_eq!(lines(&self::cases(back)), lines(cases));

    let theirs = import_xes_slice(&xes_log, false, XESImportOptions::default()).unwrap();
    assert_eq!(theirs.traces.len(), cases.len());
    assert_eq!(theirs.traces.iter().map(|trace| trace.events.len()).sum::<usize>(), events);
    let theirs = OCEL::import_from_reader(Cursor::new(&ocel_log), "json").unwrap();
    assert_eq!(theirs.events.len(), events);
    assert_eq!(theirs.objects.iter().filter(|object| object.object_type == "case").count(), cases.len());
}

#[test]
fn every_field_of_every_kind_goes_round() {
    goes_round(&one_of_each());
    goes_round(&Cases::new());
}

#[test]
fn a_foreign_log_of_objects_is_read_through_a_mapping() {
    let log = r#"{"objectTypes":[],"eventTypes":[],
        "objects":[{"id":"permit-1","type":"permit","attributes":[{"name":"kind","time":"1970-01-01T00:00:00Z","value":"travel"},
                      {"name":"kind","time":"2020-01-02T00:00:00Z","value":"trip"}]},
                   {"id":"person-1","type":"person","attributes":[]}],
        "events":[{"id":"e1","type":"Submit","time":"2020-01-01T10:00:00Z","attributes":[{"name":"who","value":"x1"}],
                   "relationships":[{"objectId":"permit-1","qualifier":"of"},{"objectId":"person-1","qualifier":"by"}]},
                  {"id":"e2","type":"Hire","time":"2020-01-01T11:00:00Z","relationships":[{"objectId":"person-1","qualifier":"of"}]}]}"#;
    let mapping = r#"
        source = "ocel"
        time_zone = "UTC"
        case_type = "permit"
        event_id_attribute = "ocel:id"
        item_attribute = "kind"
        handler_attribute = "who"
        [[activity]]
        name = "Submit"
        kind = "accepted"
    "#;
    let mut events = Vec::new();
    let reading = Reading::By(Box::new(Mapping::from_toml(mapping).unwrap()));
    let report = ocel::import(log.as_bytes(), &reading, &mut |event| {
        events.push(event);
        true
    });
    let report = report.unwrap();
    assert_eq!((report.cases, report.events, report.broken_count), (1, 1, 1), "{report}");
    assert_eq!((events[0].event_id.as_str(), events[0].case_no.as_str()), ("e1.00", "permit-1"));
    assert_eq!((events[0].item.as_deref(), events[0].handler.as_deref()), (Some("trip"), Some("x1")));
    assert!(ocel::import(&b"{\"objects\":[]}"[..], &reading, &mut |_| true).is_err());
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn real_logs_go_round() {
    for name in ["permits-2020", "helpdesk", "roadfines"] {
        let log = root().join(format!("../shared/data/{}.xes.gz", name.replace('-', "_")));
        if !log.exists() {
            println!("skipped: {} is not here", log.display());
            continue;
        }
        let mapping = std::fs::read_to_string(root().join(format!("deploy/mappings/{name}.toml"))).unwrap();
        let reading = Reading::By(Box::new(Mapping::from_toml(&mapping).unwrap()));
        let reader = BufReader::new(MultiGzDecoder::new(BufReader::new(File::open(&log).unwrap())));
        let mut events = Vec::new();
        let report = xes::import(reader, &reading, &mut |event: Event| {
            events.push(event);
            true
        });
        assert_eq!(report.unwrap().broken_count, 0, "{name}");
        // A cut is enough: what differs between cases differs within these.
        let cases: Cases = cases(events).into_iter().take(300).collect();
        assert!(cases.len() > 200, "{name}");
        goes_round(&cases);
    }
}
