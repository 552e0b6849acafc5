//! A source reports in codes of its own: its messages are dead letters until its codes are configured,
//! and then they come back.

use intake::{Header, producer::Outgoing};
use serde_json::Value;
use tests::{Hall, PATIENCE, lines};

const SOURCES: &str = r#"
[[source]]
name = "province"
kinds = { ACCEPT = "accepted", FINISH = "closed", STEP = "step_started" }
outcomes = { 1 = "returned", 2 = "granted" }
departments = { "4311" = "环境保护局" }
"#;

fn event(source: &str, id: &str, case: &str, kind: &str, when: &str, more: &str) -> String {
    format!(
        r#"{{"event_id":"{id}","source":"{source}","kind":"{kind}","case_no":"{case}","item":"a","occurred_at":"{when}T10:00:00+08:00"{more}}}"#
    )
}

/// The letters `list` tells, as JSON.
fn listed(hall: &Hall, filter: &[&str]) -> Vec<Value> {
    let printed = hall.sundial(&[&["dead-letters", "list", "--format", "ndjson"], filter].concat()).succeeds();
    let text = String::from_utf8(printed).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn printed(hall: &Hall, arguments: &[&str]) -> String {
    String::from_utf8(hall.sundial(arguments).succeeds()).expect("UTF-8")
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_of_foreign_codes_heal_their_cases_once_the_codes_are_configured() {
    let hall = Hall::open().await;
    let catalog =
        hall.write("catalog.csv", "code,name,department,form,promised_limit\na,甲,环境保护局,committed,7 working_days\n");
    let sources = hall.write("sources.toml", SOURCES);
    let (catalog, sources) = (catalog.display().to_string(), sources.display().to_string());
    let (with_catalog, with_sources) = (format!("rules.catalog={catalog}"), format!("rules.sources={sources}"));
    let without = ["--set", with_catalog.as_str()];
    let with = ["--set", &with_catalog, "--set", &with_sources];

    // Of each case one event is in our codes, the others are in those of the province.
    let mut events = Vec::new();
    for number in 0..20 {
        let case = format!("c-{number:02}");
        let closing = if number % 2 == 0 { r#","outcome":"1""# } else { r#","outcome":2"# };
        let department = r#","department":"4311""#;
        events.push((case.clone(), event("hall", &format!("{number}-1"), &case, "applied", "2018-10-12", "")));
        events.push((case.clone(), event("province", &format!("{number}-2"), &case, "ACCEPT", "2018-10-15", department)));
        events.push((case.clone(), event("province", &format!("{number}-3"), &case, "FINISH", "2018-10-26", closing)));
    }
    let unmapped = event("province", "x", "c-00", "GUESS", "2018-10-16", "");
    let not_json = &b"{\"source\":\"province\", cut off"[..];
    let mut running = hall.run(&without);
    hall.produce(events.iter().map(|(case, payload)| (Some(case.as_bytes()), payload.as_bytes())));
    hall.produce([(Some(&b"c-00"[..]), unmapped.as_bytes()), (Some(&b"c-01"[..]), not_json), (None, &b"\xff\xfe"[..])]);
    let traced = event("province", "y", "c-02", "STEP", "2018-10-16", r#","step":"review""#);
    let headers = [Header { name: "trace".to_owned(), value: Some(b"t-7".to_vec()) }];
    let producer = hall.producer();
    let message = Outgoing { topic: "approval.steps", key: Some(b"c-02"), payload: Some(traced.as_bytes()), headers: &headers };
    producer.send(message).expect("the message is taken");
    producer.flush(PATIENCE).expect("the broker takes it");
    hall.wait_until_stored(&mut running).await;

    // What list and show print.
    let all = listed(&hall, &[]);
    assert_eq!(all.len(), 44);
    assert_eq!(listed(&hall, &["--reason", "unknown_kind"]).len(), 42);
    assert_eq!(listed(&hall, &["--source", "province"]).len(), 42, "where the payload can be read");
    assert_eq!(listed(&hall, &["--case", "c-02"]).len(), 3);
    assert_eq!(listed(&hall, &["--limit", "5"]).len(), 5);
    assert_eq!(listed(&hall, &["--until", "2018-01-01T00:00:00Z"]).len(), 0);
    assert_eq!(listed(&hall, &["--since", "2018-01-01T00:00:00Z"]).len(), 44);
    let of_case = &listed(&hall, &["--case", "c-02"])[2];
    let (partition, offset) = (of_case["partition"].to_string(), of_case["offset"].to_string());
    assert_eq!(listed(&hall, &["--partition", &partition, "--offset", &offset]), std::slice::from_ref(of_case));
    assert_eq!((&of_case["code"], &of_case["key"]), (&Value::from("unknown_kind"), &Value::from("c-02")));
    assert_eq!(of_case["reason"], r#"unknown kind "STEP""#);
    let table = printed(&hall, &["dead-letters", "list"]);
    assert!(table.contains(r#"unknown kind "STEP""#) && table.contains(&format!("{partition}:{offset}")), "{table}");
    assert!(table.ends_with("44 letters (not_json 1, not_utf8 1, unknown_kind 42)\n"), "{table}");
    let place = format!("{partition}:{offset}");
    let shown = printed(&hall, &["dead-letters", "show", &place]);
    for part in ["unknown_kind: unknown kind \"STEP\"", "it still cannot be read", "key       c-02", "trace: t-7", &traced] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains("sundial.code"), "only the original's headers: {shown}");
    let bytes = &listed(&hall, &["--reason", "not_utf8"])[0];
    let shown = printed(&hall, &["dead-letters", "show", &format!("{}:{}", bytes["partition"], bytes["offset"])]);
    assert!(shown.contains("not UTF-8, in hex\nff fe\n"), "{shown}");
    assert!(!hall.sundial(&["dead-letters", "show", "0:99999"]).output.status.success());

    // Nothing can be read yet, and every letter is sent only on an explicit wish.
    let careless = hall.sundial(&["dead-letters", "replay"]);
    assert!(!careless.output.status.success() && careless.stderr().contains("--all-letters"), "{}", careless.stderr());
    let nothing = printed(&hall, &["dead-letters", "replay", "--all-letters"]);
    assert!(nothing.starts_with("0 letters sent") && nothing.contains("left alone: 44 that still cannot be read"), "{nothing}");
    running.terminate();

    // The codes are configured, the pipeline is restarted, the letters go back.
    let mut running = hall.run(&with);
    let dry = printed(&hall, &[&with[..], &["dead-letters", "replay", "--dry-run"]].concat());
    assert!(dry.starts_with("41 letters would be sent"), "{dry}");
    let show = printed(&hall, &[&with[..], &["dead-letters", "show", &place]].concat());
    assert!(show.contains("now       it can be read"), "{show}");
    let replay = [&with[..], &["dead-letters", "replay", "--source", "province"]].concat();
    let replayed = printed(&hall, &replay);
    assert!(replayed.starts_with("41 letters sent to approval.steps and acknowledged"), "{replayed}");
    assert!(
        replayed.contains(r#"unknown_kind 1); the first, "#) && replayed.contains(r#""GUESS" (source "province")"#),
        "{replayed}"
    );
    hall.wait_until_stored(&mut running).await;
    // Once more changes nothing.
    hall.sundial(&replay).succeeds();
    hall.wait_until_stored(&mut running).await;

    events.push(("c-02".to_owned(), traced));
    let file = hall.write("events.ndjson", lines(events.iter().map(|(_, payload)| payload)));
    let as_of = "2018-12-01T00:00:00+08:00";
    let assess = ["assess", "--strict", "--catalog", &catalog, "--sources", &sources, "--as-of", as_of];
    let assessed = hall.sundial(&[&assess[..], &[file.to_str().expect("a path")]].concat()).succeeds();
    let exported = hall.sundial(&[&with[..], &["export", "cases", "--as-of", as_of]].concat()).succeeds();
    assert_eq!(String::from_utf8_lossy(&exported), String::from_utf8_lossy(&assessed));
    assert_eq!(String::from_utf8_lossy(&assessed).matches(r#""outcome":"returned""#).count(), 10);
    hall.sundial(&[&with[..], &["verify"]].concat()).succeeds();
    let (status, body) = hall.get_api("/api/v1/cases/c-02").await;
    let case: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((status, case["events"].as_array().expect("events").len()), (200, 4), "{body}");
    assert_eq!(case["assessment"]["outcome"], "returned");

    // What is sent although it cannot be read is a letter again, at a new place, with its headers.
    let forced = printed(&hall, &[&with[..], &["dead-letters", "replay", "--reason", "not_json", "--all"]].concat());
    assert!(forced.starts_with("1 letters sent") && forced.contains("among them: 1 that still cannot be read"), "{forced}");
    hall.wait_until_stored(&mut running).await;
    assert_eq!(listed(&hall, &["--reason", "not_json"]).len(), 2);
    running.terminate();
    hall.close().await;
}
