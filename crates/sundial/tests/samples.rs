//! The examples in `deploy/sample/sources`, run as an integrator runs them.

#![allow(clippy::expect_used, reason = "a test may panic")]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn sample(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/sample");
    folder.join(name).display().to_string()
}

fn sundial(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sundial")).args(arguments).output().expect("the program runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn check(name: &str) -> String {
    let (map, events) = (sample(&format!("sources/{name}.toml")), sample(&format!("sources/{name}.ndjson")));
    let output = sundial(&["sources", "check", &map, "--events", &events]);
    assert!(output.status.success(), "{}{}", said(&output), String::from_utf8_lossy(&output.stderr));
    said(&output)
}

fn assess(sources: &str, events: &str) -> Vec<serde_json::Value> {
    let catalog = sample("catalog.toml");
    let arguments = ["assess", "--strict", "--catalog", &catalog, "--as-of", "2025-04-30T00:00:00+08:00"];
    let mapped = ["--sources", sources];
    let mapped: &[&str] = if sources.is_empty() { &[] } else { &mapped };
    let output = sundial(&[&arguments[..], mapped, &[events]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    said(&output).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn one_number_means_returned_in_one_province_and_refused_in_the_next() {
    let report = check("two-provinces");
    assert!(report.contains("province-a · 办结结果 outcome\n    1 → returned"), "{report}");
    assert!(report.contains("province-b · 办结结果 outcome\n    1 → refused"), "{report}");
    let cases = assess(&sample("sources/two-provinces.toml"), &sample("sources/two-provinces.ndjson"));
    let outcomes: Vec<_> = cases.iter().map(|case| case["outcome"].as_str()).collect();
    assert_eq!(outcomes, [Some("returned"), Some("refused")]);
    assert!(cases.iter().all(|case| case["department"] == "生态环境局"), "{cases:?}");
}

#[test]
fn chinese_fields_and_local_times_are_a_case_like_any_other() {
    let report = check("local-times");
    assert!(report.contains("办结 → closed"), "{report}");
    let cases = assess(&sample("sources/local-times.toml"), &sample("sources/local-times.ndjson"));
    assert_eq!(cases.len(), 1);
    assert_eq!(cases[0]["accepted_at"], "2025-03-03T09:30:00+08:00");
    assert_eq!(cases[0]["promised"]["late"], false);
    assert_eq!(cases[0]["suspended_days"], 3.0);
}

#[test]
fn a_row_a_case_becomes_events_and_cases() {
    let (table, mapping) = (sample("sources/one-row-a-case.csv"), sample("sources/one-row-a-case.toml"));
    let output = sundial(&["import", "csv", &table, "--mapping", &mapping]);
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && report.starts_with("3 cases, 12 events"), "{report}");
    let folder = tempfile::tempdir().expect("a folder");
    let events: PathBuf = folder.path().join("events.ndjson");
    std::fs::write(&events, &output.stdout).expect("written");
    let cases = assess("", &events.display().to_string());
    let told: Vec<_> =
        cases.iter().map(|case| (case["case_no"].as_str(), case["status"].as_str(), case["outcome"].as_str())).collect();
    assert_eq!(
        told,
        [
            (Some("OLD-2025-001"), Some("closed"), Some("granted")),
            (Some("OLD-2025-002"), Some("closed"), Some("returned")),
            (Some("OLD-2025-003"), Some("open"), None)
        ]
    );

    // What was imported goes out as a log, and comes back the same.
    for form in ["xes", "ocel"] {
        let log = folder.path().join(form);
        let (log, events) = (log.display().to_string(), events.display().to_string());
        let output = sundial(&["export", form, "--events", &events, "--to", &log]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let back = said(&sundial(&["import", form, &log]));
        let sorted = |text: &str| {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(&back), sorted(&std::fs::read_to_string(&events).expect("read")), "{form}");
    }
}

#[test]
fn a_code_that_nobody_knows_is_told_with_its_line() {
    let map = sample("sources/two-provinces.toml");
    let folder = tempfile::tempdir().expect("a folder");
    let events = folder.path().join("events.ndjson").display().to_string();
    let line = |outcome: &str| {
        format!(
            "{{\"event_id\":\"{outcome}\",\"source\":\"province-b\",\"kind\":30,\"case_no\":\"c\",\"occurred_at\":\"2025-03-10T11:00:00+08:00\",\"outcome\":{outcome}}}\n"
        )
    };
    std::fs::write(&events, format!("{}{}{}", line("1"), line("7"), line("7"))).expect("written");
    let output = sundial(&["sources", "check", &map, "--events", &events]);
    let report = said(&output);
    assert_eq!(output.status.code(), Some(2), "{report}");
    assert!(report.contains("7 → 未对应 not mapped  ×2，首见 first at") && report.contains("events.ndjson:2"), "{report}");
}
