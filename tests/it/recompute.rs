//! The rules change, and all rows are derived anew while the pipeline goes on.

use std::{collections::BTreeMap, ops::ControlFlow, process::Stdio};

use domain::{Calendar, Instant};
use serde_json::Value;
use simulate::{County, Options, Simulation};
use tests::{Hall, PATIENCE, lines};

/// The sample catalogue with other promises: every second one half as long, the others twice as long.
fn other_promises() -> String {
    let mut number = 0;
    let change = |line: &str| {
        let Some(days) = line.strip_prefix("promised_limit = \"").and_then(|it| it.strip_suffix(" working_days\"")) else {
            return line.to_owned();
        };
        number += 1;
        let days: u32 = days.parse().expect("a number of days");
        let days = if number % 2 == 0 { days.div_ceil(2) } else { days * 2 };
        format!("promised_limit = \"{days} working_days\"")
    };
    County::sample_catalog().lines().map(change).collect::<Vec<_>>().join("\n")
}

/// What is in every table that a recompute writes.
async fn contents(hall: &Hall) -> Vec<String> {
    let mut contents = Vec::new();
    for table in ["cases", "withdrawn_cards", "rule_sets", "recomputes"] {
        contents.push(hall.query(&format!("SELECT count(), sum(cityHash64(*)) FROM {table}")).await);
    }
    contents
}

/// The messages on the topic of cards.
fn cards_told(hall: &Hall) -> Vec<Value> {
    let mut told = Vec::new();
    intake::read_letters(&hall.broker.bootstrap(), &BTreeMap::new(), "looker", "supervision.cards", |message| {
        let payload = message.payload.expect("a payload");
        told.push(serde_json::from_slice(&payload).expect("JSON"));
        ControlFlow::Continue(())
    })
    .expect("the topic is read");
    told
}

/// Cards that are issued are those the rows of their cases count: none was left behind.
async fn assert_no_card_is_left_behind(hall: &Hall) {
    let counted = hall.query("SELECT sum(cards_reminder) + sum(cards_yellow) + sum(cards_red) FROM cases FINAL").await;
    assert_eq!(hall.query("SELECT count() FROM cards WHERE state = 'issued'").await, counted);
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("UTF-8")
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_rules_changed_every_row_is_what_the_new_rules_say() {
    let hall = Hall::open().await;
    let simulation = Simulation::new(County::sample(), Options { seed: 11, cases_per_day: 20 });
    let at = |text| Instant::parse(text).expect("an instant");
    let zone = Calendar::china().zone().clone();
    let history = simulation.history(at("2025-03-01T00:00:00+08:00"), at("2025-05-01T00:00:00+08:00"));
    let messages: Vec<(String, String)> = history.map(|event| (event.case_no.to_string(), wire::encode(&event, &zone))).collect();
    let file = hall.write("events.ndjson", lines(messages.iter().map(|(_, payload)| payload)));
    let file = file.to_str().expect("a path");
    let catalogs = [hall.write("old.toml", County::sample_catalog()), hall.write("new.toml", other_promises())];
    let catalogs = catalogs.map(|path| path.display().to_string());
    let sets = catalogs.clone().map(|catalog| format!("rules.catalog={catalog}"));
    let [old, new] = [["--set", sets[0].as_str()], ["--set", sets[1].as_str()]];
    let with = |rules: &[&'static str], set: &str| -> Vec<String> {
        ["--set", set].iter().chain(rules).map(|it| (*it).to_owned()).collect()
    };
    let sundial = |rules: &[&'static str], set: &str| {
        let arguments = with(rules, set);
        text(hall.sundial(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).succeeds())
    };
    let as_of = "2026-11-20T12:00:00+08:00";
    let assert_rows_are_those_of = |number: usize| {
        sundial(&["verify"], &sets[number]);
        let assess = ["assess", "--strict", "--catalog", &catalogs[number], "--as-of", as_of, file];
        let assessed = hall.sundial(&assess).succeeds();
        let exported = sundial(&["export", "cases", "--as-of", as_of], &sets[number]);
        assert!(exported.as_bytes() == assessed, "export and assess differ");
    };
    let produce = |part: &[(String, String)]| {
        hall.produce(part.iter().map(|(case, payload)| (Some(case.as_bytes()), payload.as_bytes())));
    };

    // Most of the history by the old rules.
    let (first, rest) = messages.split_at(messages.len() * 4 / 5);
    let mut running = hall.run(&old);
    produce(first);
    hall.wait_until_stored(&mut running).await;

    // Looking changes nothing.
    let before = contents(&hall).await;
    let dry = sundial(&["recompute", "--dry-run", "--list"], &sets[1]);
    assert_eq!(contents(&hall).await, before);
    let changing = dry.lines().filter(|line| line.contains(" due ") && line.contains(" → ")).count();
    assert!(changing > 100 && dry.contains("would change") && dry.contains("withdrawn reminder ("), "{dry}");
    assert!(dry.ends_with("nothing was changed\n"), "{dry}");
    let of_one = sundial(&["recompute", "--dry-run", "--department", "公安局"], &sets[1]);
    assert_ne!(of_one.lines().next(), dry.lines().find(|line| line.contains("derived anew")));

    // The pipeline is restarted with the new rules; while it takes the rest, everything is derived anew, at
    // first by a run that is killed on the way.
    running.terminate();
    let mut running = hall.run(&new);
    let mut slow = hall.command();
    slow.args(with(&["recompute", "--cases-per-second", "100"], &sets[1])).stdout(Stdio::null()).stderr(Stdio::null());
    let mut slow = slow.spawn().expect("it starts");
    produce(&rest[..rest.len() / 2]);
    let deadline = std::time::Instant::now() + PATIENCE;
    while hall.query("SELECT count() FROM recomputes FINAL WHERE after != ''").await == "0" {
        assert!(std::time::Instant::now() < deadline, "waited until the recompute got somewhere");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    slow.kill().expect("it can be killed");
    slow.wait().expect("it ends");
    produce(&rest[rest.len() / 2..]);
    let resumed = sundial(&["recompute"], &sets[1]);
    assert!(resumed.starts_with("going on after case ") && !resumed.contains(" 0 changed"), "{resumed}");
    hall.wait_until_stored(&mut running).await;
    assert_rows_are_those_of(1);
    assert_no_card_is_left_behind(&hall).await;
    hall.query("OPTIMIZE TABLE cases FINAL").await;
    assert_rows_are_those_of(1);
    // By whom a case of the old rules was derived does not matter, but all are of the new ones now.
    assert_eq!(hall.query("SELECT DISTINCT bitAnd(bitShiftRight(version, 42), 16383) FROM cases FINAL").await, "2");
    let again = sundial(&["recompute"], &sets[1]);
    assert!(again.contains("derived anew: 0 changed"), "{again}");

    // Whoever was told of a card is told that the rules took it back, and why.
    const WHY: &str = "no longer founded since the rules changed";
    let withdrawn = hall.query(&format!("SELECT count() FROM cards WHERE state = 'withdrawn' AND reason = '{WHY}'")).await;
    let told = cards_told(&hall);
    let told_withdrawn: std::collections::BTreeSet<&str> =
        told.iter().filter(|it| it["reason"] == WHY).filter_map(|it| it["card_id"].as_str()).collect();
    assert!(told_withdrawn.len() > 10 && told_withdrawn.len() >= withdrawn.parse().expect("a number"), "{withdrawn}");

    // Back to the old rules, and nobody hears of it.
    running.terminate();
    let quiet = sundial(&["recompute", "--quiet"], &sets[0]);
    assert!(!quiet.contains(" 0 changed"), "{quiet}");
    assert_eq!(cards_told(&hall).len(), told.len());
    assert_rows_are_those_of(0);
    assert_no_card_is_left_behind(&hall).await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recompute_waits_for_what_is_on_the_topic_and_issues_no_card_against_it() {
    let hall = Hall::open().await;
    let catalog = |name: &str, limit: &str| {
        let rows = format!("code,name,department,form,promised_limit,statutory_limit\na,甲,局,committed,{limit},{limit}\n");
        format!("rules.catalog={}", hall.write(name, rows).display())
    };
    // By the old rules the case is due beyond the calendar, by the new ones it would be long overdue.
    let (old, new) = (catalog("old.csv", "50 years"), catalog("new.csv", "7 working_days"));
    let event = |kind: &str, when: &str, more: &str| {
        format!(
            r#"{{"event_id":"{kind}","source":"s","kind":"{kind}","case_no":"c","item":"a","occurred_at":"{when}T10:00:00+08:00"{more}}}"#
        )
    };
    let produce = |payload: String| hall.produce([(Some(&b"c"[..]), payload.as_bytes())]);
    let mut running = hall.run(&["--set", &old]);
    produce(event("accepted", "2018-10-15", ""));
    hall.wait_until_stored(&mut running).await;
    assert_eq!(hall.query("SELECT status, length(cards) FROM cases FINAL").await, "open\t0");
    running.terminate();

    produce(event("closed", "2018-10-18", r#","outcome":"granted""#));
    let mut recompute = hall.command();
    recompute.args(["--set", &new, "recompute"]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut recompute = recompute.spawn().expect("it starts");
    let mut running = hall.run(&["--set", &new]);
    hall.wait_until_stored(&mut running).await;
    let deadline = std::time::Instant::now() + PATIENCE;
    let ended = loop {
        if let Some(status) = recompute.try_wait().expect("it can be asked") {
            break status;
        }
        assert!(std::time::Instant::now() < deadline, "waited for the end of the recompute");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert!(ended.success(), "{ended}");
    running.terminate();
    assert_eq!(hall.query("SELECT status, length(cards), promised_late FROM cases FINAL").await, "closed\t0\t0");
    assert_eq!(hall.query("SELECT count() FROM withdrawn_cards").await, "0");
    hall.close().await;
}
