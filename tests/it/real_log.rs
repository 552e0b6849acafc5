//! A real log goes the whole way: import, produce, Kafka, ClickHouse, export.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tests::Hall;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the root").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_travel_permits_of_a_university_come_out_as_assess_says() {
    let log = root().join("../shared/data/permits_2020.xes.gz");
    if !log.exists() {
        println!("skipped: ../shared/data/permits_2020.xes.gz is not here");
        return;
    }
    let mappings = root().join("deploy/mappings");
    let path = |name: &str| mappings.join(name).display().to_string();
    let (mapping, catalog, calendar) = (path("permits-2020.toml"), path("permits-2020.catalog.toml"), path("nl.calendar.toml"));
    let hall = Hall::open().await;
    let imported = hall.sundial(&["import", "xes", &log.display().to_string(), "--mapping", &mapping]);
    let report = imported.stderr();
    assert!(report.contains("1478 cases") && report.contains("1478 × Start trip"), "{report}");
    assert!(!report.contains("could not be read"), "{report}");
    let events = hall.write("permits.ndjson", imported.succeeds());
    let events = events.to_str().expect("a path");

    let (rule_catalog, rule_calendar) = (format!("rules.catalog={catalog}"), format!("rules.calendar={calendar}"));
    let rules = ["--set", &rule_catalog, "--set", &rule_calendar];
    let mut running = hall.run(&rules);
    hall.sundial(&["produce", events]).succeeds();
    hall.wait_until_stored(&mut running).await;

    let as_of = "2020-06-01T00:00:00+02:00";
    let assess = ["assess", "--catalog", &catalog, "--calendar", &calendar, "--as-of", as_of];
    let assessed = hall.sundial(&[&assess[..], &[events]].concat()).succeeds();
    let exported = hall.sundial(&[&rules[..], &["export", "cases", "--as-of", as_of]].concat()).succeeds();
    assert!(exported == assessed, "export and assess differ");
    assert_eq!(assessed.iter().filter(|byte| **byte == b'\n').count(), 1475, "three traces have no event that is covered");
    hall.sundial(&[&rules[..], &["verify"]].concat()).succeeds();

    // The figures over everything closed are those of `assess` at the end of the calendar.
    let figures = hall.sundial(&[&assess[..], &["--figures", events]].concat()).succeeds();
    let figures: Value = serde_json::from_slice(&figures).expect("JSON");
    let (_, body) = hall.get_api("/api/v1/figures").await;
    let answer: Value = serde_json::from_str(&body).expect("JSON");
    for key in
        ["received", "closed", "outcomes", "on_time", "early", "late", "on_time_rate", "same_day", "elapsed_days", "speed_up"]
    {
        assert_eq!(answer["groups"][0]["figures"][key], figures[key], "{key}");
    }
    running.terminate();
    hall.close().await;
}

#[test]
fn every_mapping_reads_its_log_without_loss() {
    for (mapping, log, cases) in [("helpdesk", "helpdesk", 4580), ("roadfines", "roadfines", 231)] {
        let log = root().join(format!("../shared/data/{log}.xes.gz"));
        if !log.exists() {
            println!("skipped: {} is not here", log.display());
            continue;
        }
        let text = std::fs::read_to_string(root().join(format!("deploy/mappings/{mapping}.toml"))).expect("the mapping");
        let mapping = wire::log::Mapping::from_toml(&text).expect("the mapping is valid");
        let file = std::io::BufReader::new(std::fs::File::open(&log).expect("the log"));
        let reader = std::io::BufReader::new(flate2::bufread::MultiGzDecoder::new(file));
        let report =
            wire::log::xes::import(reader, &wire::log::Reading::By(Box::new(mapping)), &mut |_| true).expect("the log is read");
        assert_eq!((report.cases, report.broken_count), (cases, 0), "{report}");
    }
}
