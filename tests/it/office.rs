//! What people see: the API, the metrics, the cards and the monthly export of a county at work.

use domain::{Calendar, Instant};
use intake::{Header, producer::Outgoing};
use serde_json::Value;
use simulate::{County, Options, Simulation};
use tests::{Hall, Webhook, lines, values};

#[tokio::test(flavor = "multi_thread")]
async fn a_county_at_work_shows_the_same_figures_everywhere() {
    let hall = Hall::open().await;
    let catalog = hall.write("catalog.toml", County::sample_catalog());
    let set = format!("rules.catalog={}", catalog.display());
    let mut running = hall.run(&["--set", &set]);
    let simulation = Simulation::new(County::sample(), Options { seed: 5, cases_per_day: 30 });
    let at = |text| Instant::parse(text).expect("an instant");
    let zone = Calendar::china().zone().clone();
    let events: Vec<_> = simulation.history(at("2025-03-01T00:00:00+08:00"), at("2025-05-01T00:00:00+08:00")).collect();
    let messages: Vec<(String, String)> =
        events.iter().map(|event| (event.case_no.to_string(), wire::encode(event, &zone))).collect();
    let file = hall.write("events.ndjson", lines(messages.iter().map(|(_, payload)| payload)));
    hall.sundial(&["produce", file.to_str().expect("a path")]).succeeds();
    hall.wait_until_stored(&mut running).await;

    // The API's figures are those of `assess` on the same events.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock").as_millis() as i64;
    let now = Instant::from_ms(now).display_in(&zone);
    let catalog = catalog.to_str().expect("a path");
    let file = file.to_str().expect("a path");
    let assessed = hall.sundial(&["assess", "--figures", "--catalog", catalog, "--as-of", &now, file]).succeeds();
    let assessed: Value = serde_json::from_slice(&assessed).expect("JSON");
    let (status, body) = hall.get_api("/api/v1/figures").await;
    assert_eq!(status, 200, "{body}");
    let answer: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(answer["groups"][0]["figures"], assessed);
    assert!(answer["variant"].as_str().expect("the variant").contains("exclude_first_day"));

    // By department and month they add up.
    for group_by in ["department", "month", "window", "item", "region"] {
        let (_, body) = hall.get_api(&format!("/api/v1/figures?group_by={group_by}")).await;
        let answer: Value = serde_json::from_str(&body).expect("JSON");
        let groups = answer["groups"].as_array().expect("groups");
        let sum: u64 = groups.iter().filter_map(|group| group["figures"]["closed"].as_u64()).sum();
        assert_eq!(Some(sum), assessed["closed"].as_u64(), "{group_by}");
    }

    the_office_is_told_what_lies_behind_its_figures(&hall, &assessed).await;

    // A card leads to its case, and the case tells it too.
    let (_, body) = hall.get_api("/api/v1/cards?level=yellow&limit=1").await;
    let cards: Value = serde_json::from_str(&body).expect("JSON");
    let case_no = cards[0]["case_no"].as_str().expect("a case");
    let (status, body) = hall.get_api(&format!("/api/v1/cases/{case_no}")).await;
    assert_eq!(status, 200);
    let case: Value = serde_json::from_str(&body).expect("JSON");
    let told = case["assessment"]["cards"].as_array().expect("cards").iter().any(|card| card["rule"] == cards[0]["rule"]);
    assert!(
        told && !case["events"].as_array().expect("events").is_empty() && !case["spans"].as_array().expect("spans").is_empty()
    );

    // The gauges are those of the store.
    let metrics = hall.get_admin("/metrics").await.expect("metrics");
    assert_eq!(values(&metrics, "sundial_engine_events_total"), [events.len() as f64]);
    assert_eq!(hall.get_admin("/readyz").await.expect("an answer"), "ready\n");

    // The monthly export has a line a unit, in every form.
    let (status, csv) = hall.get_api("/api/v1/exports/monthly/2025-04.csv").await;
    assert_eq!(status, 200, "{csv}");
    let (_, json) = hall.get_api("/api/v1/exports/monthly/2025-04.json").await;
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(csv.lines().count(), 2 + json["departments"].as_array().expect("departments").len());
    assert!(json["county"]["closed"].as_u64() > json["departments"][0]["figures"]["closed"].as_u64());
    the_month_tells_what_the_routes_tell(&hall, &json).await;

    // Mistakes are told as problem details that name the place.
    for (path, status, word) in [
        ("/api/v1/cases/nobody", 404, "nobody"),
        ("/api/v1/cases?status=fine", 400, "status=fine"),
        ("/api/v1/figures?group_by=mood", 400, "group_by=mood"),
        ("/api/v1/exports/monthly/2025-13.csv", 400, "2025-13"),
        ("/api/v1/exports/monthly/2025-04.mood.csv", 404, "mood"),
        ("/api/v1/suspicious?kind=fine", 400, "kind=fine"),
        ("/api/v2", 404, "no such resource"),
    ] {
        let (found, body) = hall.get_api(path).await;
        let problem: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!((found, problem["status"].as_u64()), (status, Some(u64::from(status))), "{path}: {body}");
        assert!(problem["detail"].as_str().expect("a detail").contains(word), "{path}: {body}");
    }
    running.terminate();
    hall.close().await;
}

/// The hall, coverage, gaming, rankings, intermediaries and forecasts rest on the cases that the figures count.
async fn the_office_is_told_what_lies_behind_its_figures(hall: &Hall, assessed: &Value) {
    let answer = async |path: &str| -> Value {
        let (status, body) = hall.get_api(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).expect("JSON")
    };
    let sum =
        |list: &Value, field: &str| list.as_array().expect("a list").iter().filter_map(|it| it[field].as_u64()).sum::<u64>();
    let (closed, received) = (assessed["closed"].as_u64().expect("closed"), assessed["received"].as_u64().expect("received"));

    let work = answer("/api/v1/hall?group_by=window").await;
    assert_eq!(sum(&work["groups"], "closed"), closed);
    assert_eq!(sum(&work["groups"], "off_hall_steps") > 0, assessed["findings"]["off_hall_step"].as_u64() > Some(0));
    assert!(work["catalog"][0]["hall_share"].as_f64().expect("进驻率") > 0.0);

    let coverage = answer("/api/v1/coverage?regions=999999999").await;
    assert_eq!((sum(&coverage["departments"], "received"), sum(&coverage["regions"], "closed")), (received, closed));
    assert_eq!(coverage["regions_without"], serde_json::json!(["999999999"]));
    // Asked for none, the seven of the catalogue are meant: on one day not all of them have business.
    let coverage = answer("/api/v1/coverage?from=2025-03-01&to=2025-03-02").await;
    let len = |field: &str| coverage[field].as_array().expect("a list").len();
    assert!(len("regions_without") > 0 && len("regions") + len("regions_without") == 7, "{coverage}");

    let gaming = answer("/api/v1/gaming").await;
    let group = &gaming["groups"][0];
    let suspicious = group["suspicious"].as_u64().expect("a count");
    assert_eq!(group["with"]["on_time_rate"], assessed["on_time_rate"]);
    assert_eq!(group["without"]["closed"].as_u64(), Some(closed - suspicious));

    let ranking = answer("/api/v1/ranking?of=window&by=on_time&min_volume=20").await;
    assert_eq!(ranking["overall"], assessed["on_time_rate"]);
    let lower: Vec<f64> =
        ranking["ranked"].as_array().expect("units").iter().filter_map(|it| it["interval"]["low"].as_f64()).collect();
    assert!(lower.len() > 3 && lower.is_sorted_by(|a, b| a >= b), "{ranking}");

    let parties = answer("/api/v1/parties").await;
    assert!(parties["parties"].as_array().expect("parties").iter().all(|it| it["works"].as_u64() >= it["cases"].as_u64()));

    // Whatever is open since then has missed its promise by now.
    let forecast = answer("/api/v1/forecast?limit=1000").await;
    let cases = forecast["cases"].as_array().expect("cases");
    assert!(cases.iter().all(|it| it["basis"] != "missed" || it["probability"] == 1.0), "{forecast}");
    assert_eq!(sum(&forecast["calibration"], "forecasts") > 0, forecast["history_cases"].as_u64() > Some(0));
    assert_eq!(hall.get_api("/api/v1/ranking?by=mood").await.0, 400);
}

/// Every member of the monthly export is the answer of its route, and the tables have the same rows.
async fn the_month_tells_what_the_routes_tell(hall: &Hall, json: &Value) {
    const APRIL: &str = "from=2025-04-01&to=2025-05-01";
    let get = async |path: String| -> String {
        let (status, body) = hall.get_api(&path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    };
    let answer = async |path: &str, query: &str| -> Value {
        serde_json::from_str(&get(format!("/api/v1/{path}?{APRIL}{query}")).await).expect("JSON")
    };
    let table = async |name: &str| get(format!("/api/v1/exports/monthly/2025-04.{name}.csv")).await;
    let rows = |csv: &str| csv.lines().count() - 1;
    let len = |list: &Value| list.as_array().expect("a list").len();

    for (member, path, query) in [
        (&json["coverage"], "coverage", ""),
        (&json["ranking"]["departments"], "ranking", ""),
        (&json["ranking"]["windows"], "ranking", "&of=window"),
        (&json["parties"], "parties", ""),
        (&json["gaming"]["cases"], "suspicious", "&limit=1000"),
    ] {
        assert_eq!(*member, answer(path, query).await, "{path}{query}");
    }
    // These have the county beside the departments.
    for path in ["hall", "gaming"] {
        for (field, expected) in answer(path, "&group_by=department").await.as_object().expect("an object") {
            assert_eq!(json[path][field], *expected, "{path}: {field}");
        }
        assert_eq!(json[path]["county"], answer(path, "").await["groups"][0], "{path}");
        assert_eq!(rows(&table(path).await), 1 + len(&json[path]["groups"]), "{path}");
    }
    for (member, narrowed) in [("key_projects", "&key_project=true"), ("green_channel", "&green_channel=true")] {
        assert_eq!(json[member]["county"], answer("figures", narrowed).await["groups"][0]["figures"], "{member}");
        assert_eq!(rows(&table(member).await), 1 + len(&json[member]["departments"]), "{member}");
        let closed = |scope: &Value| scope["county"]["closed"].as_u64();
        assert!(closed(&json[member]) > Some(0) && closed(&json[member]) < closed(json), "{member}");
    }
    // Forecasts are those of the moment, so the cases are the same and the times are not.
    let forecast: Value = serde_json::from_str(&get("/api/v1/forecast?limit=1000".to_owned()).await).expect("JSON");
    let cases = |forecast: &Value| -> Vec<Value> {
        forecast["cases"].as_array().expect("cases").iter().map(|it| it["case_no"].clone()).collect()
    };
    assert_eq!(cases(&json["forecast"]), cases(&forecast));
    assert_eq!(rows(&table("forecast").await), cases(&forecast).len());

    // What is counted is listed.
    let suspicious = table("suspicious").await;
    let kinds = json["gaming"]["county"]["kinds"].as_object().expect("kinds");
    assert!(!kinds.is_empty(), "{}", json["gaming"]);
    for (kind, found) in kinds {
        let listed = json["gaming"]["cases"].as_array().expect("cases").iter().filter(|it| it["kind"] == kind.as_str()).count();
        assert_eq!(found.as_u64(), Some(listed as u64), "{kind}");
    }
    for other in ["units", "coverage", "padded", "departments", "windows", "parties", "calibration"] {
        assert!(table(other).await.contains(','), "{other}");
    }
    assert_eq!(json["gaming"]["cases_in_all"].as_u64(), Some(rows(&suspicious) as u64));
    let (status, xlsx) = hall.get_api("/api/v1/exports/monthly/2025-04.xlsx").await;
    assert!(status == 200 && xlsx.starts_with("PK"), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_event_withdraws_a_card_and_it_stays_visible() {
    let hall = Hall::open().await;
    let catalog =
        hall.write("catalog.csv", "code,name,department,form,promised_limit\na,甲,环境保护局,committed,7 working_days\n");
    let set = format!("rules.catalog={}", catalog.display());
    let mut running = hall.run(&["--set", &set]);
    let event = |id: u32, kind: &str, when: &str, more: &str| {
        format!(
            r#"{{"event_id":"{id}","source":"s","kind":"{kind}","case_no":"c","item":"a","occurred_at":"{when}T10:00:00+08:00"{more}}}"#
        )
    };
    let accepted = event(1, "accepted", "2018-10-15", "");
    hall.produce([(Some(&b"c"[..]), accepted.as_bytes())]);
    hall.wait_until_stored(&mut running).await;
    // What is stored is derived as of what was read, and by the clock only once the topic is known to be read to its end.
    wait_for_issued_cards(&hall, "['red','reminder','yellow']").await;

    let closed = event(2, "closed", "2018-10-18", r#","outcome":"granted""#);
    hall.produce([(Some(&b"c"[..]), closed.as_bytes())]);
    hall.wait_until_stored(&mut running).await;
    assert_eq!(hall.query("SELECT count() FROM cards FINAL WHERE state = 'issued'").await, "0");
    let (_, body) = hall.get_api("/api/v1/cards?state=withdrawn").await;
    let cards: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(cards.as_array().expect("cards").len(), 3);
    assert_eq!(cards[0]["reason"], "no longer founded on the events of the case");

    // The case leaves with its last event.
    let taken_back = |payload: &str| payload.replacen('{', r#"{"revision":2,"retracted":true,"#, 1);
    let (one, two) = (taken_back(&accepted), taken_back(&closed));
    hall.produce([(Some(&b"c"[..]), one.as_bytes()), (Some(&b"c"[..]), two.as_bytes())]);
    hall.wait_until_stored(&mut running).await;
    assert_eq!(hall.get_api("/api/v1/cases/c").await.0, 404);
    assert_eq!(hall.query("SELECT count() FROM cases FINAL").await, "0");
    let ran = hall.sundial(&["--set", &set, "verify"]);
    assert!(ran.output.status.success(), "{}", String::from_utf8_lossy(&ran.output.stdout));
    running.terminate();
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_written_to_a_running_pipeline_issues_no_card_that_it_takes_back() {
    let hall = Hall::open().await;
    let catalog =
        hall.write("catalog.csv", "code,name,department,form,promised_limit\na,甲,环境保护局,committed,7 working_days\n");
    let mut running = hall.run(&["--set", &format!("rules.catalog={}", catalog.display())]);
    hall.wait_for_group(&mut [&mut running]).await;
    let event = |case: &str, kind: &str, when: &str, more: &str| {
        format!(
            r#"{{"event_id":"{case}-{kind}","source":"s","kind":"{kind}","case_no":"{case}","item":"a","occurred_at":"{when}T10:00:00+08:00"{more}}}"#
        )
    };
    // One case after the other, as logs and registers have them; only one of them is closed, and in time.
    let accepted = ["open", "closed"].map(|case| event(case, "accepted", "2018-10-15", ""));
    let file = hall.write("history.ndjson", lines(&accepted));
    hall.sundial(&["produce", "--history", file.to_str().expect("a path")]).succeeds();
    hall.wait_until_stored(&mut running).await;
    assert_eq!(hall.query("SELECT count() FROM cases FINAL WHERE status = 'open'").await, "2");
    let closed = event("closed", "closed", "2018-10-18", r#","outcome":"granted""#);
    let (key, payload, headers) =
        (Some(&b"closed"[..]), Some(closed.as_bytes()), [Header { name: "sundial.history".to_owned(), value: None }]);
    let message = Outgoing { topic: "approval.steps", key, payload, headers: &headers };
    hall.producer().send_and_wait(message).await.expect("the broker takes it");
    hall.wait_until_stored(&mut running).await;

    // Some time after its last message it is over, and the other case gets its cards.
    wait_for_issued_cards(&hall, "['red','reminder','yellow']").await;
    assert_eq!(hall.query("SELECT DISTINCT case_no FROM cards FINAL").await, "open");
    assert_eq!(hall.query("SELECT count() FROM withdrawn_cards FINAL").await, "0");
    running.terminate();
    hall.close().await;
}

async fn wait_for_issued_cards(hall: &Hall, expected: &str) {
    let deadline = std::time::Instant::now() + tests::PATIENCE;
    loop {
        let levels = hall.query("SELECT arraySort(groupArray(level)) FROM cards FINAL WHERE state = 'issued'").await;
        if levels == expected {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "waited for the cards {expected}, issued are {levels}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_told_once_also_when_its_events_come_again_after_a_crash() {
    let hall = Hall::open().await;
    let webhook = Webhook::open().await;
    let catalog =
        hall.write("catalog.csv", "code,name,department,form,promised_limit\na,甲,环境保护局,committed,7 working_days\n");
    let sets = [
        format!("rules.catalog={}", catalog.display()),
        format!("notify.webhook={}", webhook.url),
        "notify.max_age_hours=200000".to_owned(),
    ];
    let arguments: Vec<&str> = sets.iter().flat_map(|set| ["--set", set.as_str()]).collect();
    let accepted =
        br#"{"event_id":"1","source":"s","kind":"accepted","case_no":"c","item":"a","occurred_at":"2018-10-15T10:00:00+08:00"}"#;
    let mut running = hall.run(&arguments);
    hall.produce([(Some(&b"c"[..]), &accepted[..])]);
    hall.wait_until_stored(&mut running).await;
    webhook.wait_for(3, |_| true).await;
    running.kill();
    let mut running = hall.run(&arguments);
    hall.produce([(Some(&b"c"[..]), &accepted[..])]);
    hall.wait_until_stored(&mut running).await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    running.terminate();
    let mut told: Vec<String> = webhook.told().into_iter().map(|message| message.key).collect();
    told.sort();
    let times = told.len();
    told.dedup();
    assert_eq!((times, told.len()), (3, 3), "reminder, yellow and red, once each: {told:?}");
    hall.close().await;
}
