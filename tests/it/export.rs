//! What is exported from the store as an event log reads back as the events that are in it.

use std::collections::BTreeMap;

use domain::{Calendar, CaseEvents, Event, Text};
use tests::{Hall, Story};
use wire::CodeMaps;

fn read(message: &[u8]) -> Event {
    wire::decode(message, &CodeMaps::default()).expect("an event")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_as_xes_or_ocel_reads_back_as_the_events_that_stand() {
    let hall = Hall::open().await;
    // With duplicates, corrections, retractions and messages that are broken.
    let story = Story::of_quarter(&hall, 11, 6, "2025-03-01..2025-03-20", "cn");
    let mut running = hall.run(&story.rules());
    hall.send(&story.messages);
    hall.wait_until_stored(&mut running).await;

    let mut cases: BTreeMap<Text, CaseEvents> = BTreeMap::new();
    for message in story.messages.iter().filter(|message| !message.broken) {
        let event = read(&message.payload);
        cases.entry(event.case_no.clone()).or_default().insert(event);
    }
    let calendar = Calendar::china();
    let line = |event: &Event| wire::encode(event, calendar.zone());
    let mut expected: Vec<String> = cases.values().flat_map(CaseEvents::standing).map(line).collect();
    expected.sort();
    assert!(expected.len() > 100, "{} events", expected.len());

    let standing = cases.values().filter(|case| case.standing().next().is_some()).count();
    for form in ["xes", "ocel"] {
        let log = hall.path(&format!("log.{form}"));
        let log = log.to_str().expect("a path");
        hall.sundial(&[&story.rules()[..], &["export", form, "--to", log]].concat()).succeeds();
        let imported = hall.sundial(&["import", form, log]);
        let report = imported.stderr();
        assert!(report.contains(&format!("{standing} cases")) && !report.contains("could not be read"), "{report}");
        let imported = imported.succeeds();
        let messages = imported.split(|byte| *byte == b'\n').filter(|message| !message.is_empty());
        let mut found: Vec<String> = messages.map(|message| line(&read(message))).collect();
        found.sort();
        assert_eq!(found.len(), expected.len(), "{form}: events");
        let differs = found.iter().zip(&expected).find(|(found, expected)| found != expected);
        assert_eq!(differs, None, "{form}: an event that reads back otherwise, and what it was");
    }
    running.terminate();
    hall.close().await;
}
