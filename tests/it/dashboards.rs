//! Dashboards, queries and alerts fit each other, and every query runs on the real engines.
//! Needs `embedded::clickhouse_child_test!()` at the root of the test binary.

use std::{collections::BTreeSet, fs, path::PathBuf, process::Command};

use embedded::{ClickHouse, ClickHouseOptions, Launcher};
use serde_json::Value;

/// What `/metrics` serves, histograms without their suffixes.
const METRICS: &[&str] = &[
    "sundial_intake_messages_total",
    "sundial_intake_bytes_total",
    "sundial_intake_lag_messages",
    "sundial_intake_topic_partitions",
    "sundial_intake_lag_seconds",
    "sundial_intake_frontier_offset",
    "sundial_intake_committed_offset",
    "sundial_intake_budget_bytes",
    "sundial_intake_budget_messages",
    "sundial_intake_paused",
    "sundial_intake_rebalances_total",
    "sundial_intake_client_errors_total",
    "sundial_dead_letters_total",
    "sundial_engine_events_total",
    "sundial_engine_cases_in_memory",
    "sundial_engine_deadlines",
    "sundial_engine_partitions_behind",
    "sundial_engine_cards_total",
    "sundial_engine_last_progress_timestamp_seconds",
    "sundial_store_insert_duration_seconds",
    "sundial_store_rows_total",
    "sundial_store_inserts_in_flight",
    "sundial_notify_sent_total",
    "sundial_office_open_cases",
    "sundial_office_open_overdue_cases",
    "sundial_office_cards",
    "sundial_office_on_time_ratio",
    "sundial_office_speed_up_ratio",
    "sundial_calendar_covered_until_timestamp_seconds",
    "sundial_catalog_items",
    "sundial_build_info",
];

fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().find(|it| it.join("docker-compose.yml").exists()).expect("the root of the repository").to_owned()
}

fn dashboards() -> Vec<(String, Value)> {
    let files = fs::read_dir(root().join("dashboards")).unwrap().map(|it| it.unwrap().path());
    let json = files.filter(|path| path.extension().is_some_and(|it| it == "json"));
    let parsed: Vec<_> = json
        .map(|path| (path.display().to_string(), serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap()))
        .collect();
    assert!(parsed.len() >= 3, "found only {} dashboards", parsed.len());
    parsed
}

/// Every string under `key`, wherever it is.
fn strings_at<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                match inner {
                    Value::String(text) if name == key => found.push(text),
                    _ => strings_at(inner, key, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|it| strings_at(it, key, found)),
        _ => {}
    }
}

fn in_dashboards(key: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for (_, dashboard) in dashboards() {
        let mut found = Vec::new();
        strings_at(&dashboard, key, &mut found);
        all.extend(found.into_iter().map(str::to_owned));
    }
    assert!(!all.is_empty(), "no {key} in any dashboard");
    all
}

fn panel_files() -> Vec<(String, String)> {
    let files = fs::read_dir(root().join("crates/store/queries/panels")).unwrap().map(|it| it.unwrap().path());
    let mut read: Vec<_> =
        files.map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap())).collect();
    read.sort();
    read
}

fn sundial_names(promql: &str) -> Vec<&str> {
    promql.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| word.starts_with("sundial_")).collect()
}

fn assert_known_metrics(promql: &str) {
    for name in sundial_names(promql) {
        let family = ["_bucket", "_count", "_sum"].iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
        assert!(METRICS.contains(&name) || METRICS.contains(&family), "no such metric: {name} in {promql}");
    }
}

#[test]
fn every_query_of_a_panel_is_a_file_and_every_file_is_shown() {
    let in_panels = in_dashboards("rawSql");
    let in_files: BTreeSet<String> = panel_files().into_iter().map(|(_, sql)| sql).collect();
    assert_eq!(in_panels, in_files);
}

#[test]
fn panels_name_the_provisioned_datasources() {
    let provisioned = fs::read_to_string(root().join("dashboards/provisioning/datasources/sundial.yml")).unwrap();
    for (file, dashboard) in dashboards() {
        for panel in dashboard["panels"].as_array().unwrap() {
            let uid = panel["datasource"]["uid"].as_str().unwrap();
            assert!(provisioned.contains(&format!("uid: {uid}\n")), "{file}: {uid} is not provisioned");
            assert!(!panel["targets"].as_array().unwrap().is_empty(), "{file}: {} asks nothing", panel["title"]);
        }
    }
}

#[test]
fn promtool_reads_every_expression_and_knows_every_metric() {
    let expressions = in_dashboards("expr");
    let rules: Vec<Value> = expressions
        .iter()
        .enumerate()
        .map(|(n, expr)| serde_json::json!({ "record": format!("panel_{n}"), "expr": expr }))
        .collect();
    // JSON is YAML too.
    let groups = serde_json::json!({ "groups": [{ "name": "panels", "rules": rules }] });
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("panels.rules.yml");
    fs::write(&file, groups.to_string()).unwrap();
    let checked =
        Command::new("promtool").args(["check", "rules"]).arg(&file).output().expect("promtool: run scripts/setup test");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    expressions.iter().for_each(|it| assert_known_metrics(it));
}

#[test]
fn every_alert_has_a_runbook_and_a_test_and_knows_its_metrics() {
    let deploy = root().join("deploy/prometheus");
    let rules = fs::read_to_string(deploy.join("sundial.rules.yml")).unwrap();
    assert_known_metrics(&rules);
    let tests: String =
        fs::read_dir(deploy.join("tests")).unwrap().map(|it| fs::read_to_string(it.unwrap().path()).unwrap()).collect();
    let alerts: BTreeSet<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() >= 6, "{alerts:?}");
    for alert in alerts {
        assert!(rules.contains(&format!("runbook_url: docs/runbooks/{alert}.md")), "{alert} names no runbook");
        let runbook = fs::read_to_string(root().join(format!("docs/runbooks/{alert}.md")))
            .unwrap_or_else(|_| panic!("no runbook of {alert}"));
        for part in ["## Meaning", "## Impact", "## Diagnosis", "## Mitigation"] {
            assert!(runbook.contains(part), "the runbook of {alert} has no {part}");
        }
        let fires = tests.split("alertname: ").any(|it| it.starts_with(&format!("{alert}\n")) && it.contains("exp_labels"));
        let is_silent =
            tests.split("alertname: ").any(|it| it.starts_with(&format!("{alert}\n")) && it.contains("exp_alerts: []"));
        assert!(fires && is_silent, "{alert}: tested firing {fires}, silent {is_silent}");
    }
}

async fn ask(url: &str, sql: &str) -> String {
    // Some other test may have installed a provider already.
    let answer = client().post(format!("{url}/?database=sundial")).body(sql.to_owned()).send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert!(status.is_success(), "{sql}\n{text}");
    text
}

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().timeout(std::time::Duration::from_secs(30)).build().unwrap()
}

/// As Grafana puts it: the macros of the plugin, the variable quoted.
fn as_grafana_asks(sql: &str) -> String {
    let filled = sql
        .replace("$__fromTime", "toDateTime(1767225600)")
        .replace("$__toTime", "toDateTime(1769904000)")
        .replace("${department:singlequote}", "'规划局','—'")
        .replace("${unit:raw}", "department")
        .replace("${suspicious:singlequote}", "'instant_close','suspension_near_due','late_entry','batch_close'")
        .replace("${batch_at_least:raw}", "5")
        .replace("${min_volume:raw}", "30");
    assert!(!filled.contains('$'), "a macro is left in {filled}");
    filled
}

#[tokio::test]
async fn every_panel_runs_on_clickhouse_and_counts_as_the_figures_do() {
    let directory = tempfile::tempdir().unwrap();
    let options = ClickHouseOptions::new(directory.path(), Launcher::this_test_binary().unwrap());
    let server = ClickHouse::start(options).await.unwrap();
    let config = store::StoreConfig { url: server.url(), ..store::StoreConfig::default() };
    store::migrate(&config).await.unwrap();
    let url = server.url();
    // January 2026. In time on the day; late; left by the applicant; open past the promise; of another
    // department; a newer version of the first row.
    ask(
        &url,
        "INSERT INTO cases (case_no, version, department, status, outcome, received_at, accepted_at, closed_at, same_day, elapsed_days, \
         promised_limit_days, promised_elapsed_days, promised_due_at, promised_late, promised_speed_up, valid_from) VALUES \
         ('A', 1, '规划局', 'open', NULL, '2026-01-05 01:00:00', '2026-01-05 01:00:00', NULL, NULL, 0, 10, 0, '2026-01-19 09:00:00', 0, NULL, '2026-01-05 01:00:00'), \
         ('A', 2, '规划局', 'closed', 'granted', '2026-01-05 01:00:00', '2026-01-05 01:00:00', '2026-01-05 02:00:00', 1, 1, 10, 1, '2026-01-19 09:00:00', 0, 0.9, '2026-01-05 02:00:00'), \
         ('B', 1, '规划局', 'closed', 'refused', '2026-01-05 01:00:00', '2026-01-05 01:00:00', '2026-01-28 02:00:00', 0, 13, 10, 13, '2026-01-19 09:00:00', 1, -0.3, '2026-01-28 02:00:00'), \
         ('C', 1, '规划局', 'closed', 'withdrawn', '2026-01-05 01:00:00', '2026-01-05 01:00:00', '2026-01-06 02:00:00', 0, 1, 10, 1, '2026-01-19 09:00:00', 0, NULL, '2026-01-06 02:00:00'), \
         ('D', 1, NULL, 'open', NULL, '2026-01-05 01:00:00', '2026-01-05 01:00:00', NULL, NULL, 5, 5, 5, '2026-01-12 09:00:00', 0, NULL, '2026-01-05 01:00:00'), \
         ('E', 1, '环保局', 'open', NULL, '2026-01-05 01:00:00', '2026-01-05 01:00:00', NULL, NULL, 5, 5, 5, '2026-01-12 09:00:00', 0, NULL, '2026-01-05 01:00:00')",
    )
    .await;
    // B has a yellow card and a finding; a red card was withdrawn.
    ask(
        &url,
        "INSERT INTO cases SELECT * REPLACE (2 AS version, [('late_entry', 'info', ['e1'], NULL)] AS findings, \
         [('b1', 'promised', '', 'yellow', 'rule', toDateTime64('2026-01-19 09:00:00', 3, 'UTC'), NULL, 10, 0, NULL)] AS cards) \
         FROM cases WHERE case_no = 'B'",
    )
    .await;
    ask(
        &url,
        "INSERT INTO withdrawn_cards (case_no, card_id, version, reason, level, crossed_at, department) VALUES \
         ('B', 'b2', 2, 'unfounded', 'red', '2026-01-19 09:00:00', '规划局')",
    )
    .await;
    let mut answers = std::collections::BTreeMap::new();
    for (name, sql) in panel_files() {
        answers.insert(name, ask(&url, &as_grafana_asks(&sql)).await);
    }
    server.stop().await;
    assert_eq!(answers["counts"], "4\t3\t1\t1\n");
    // On time 1 of 2, same day 1 of 2, within seven days 1 of 2, saved (10 − 1) + (10 − 13) of 20 days; no statutory limit.
    assert_eq!(answers["rates"], "0.5\t0.5\t0.5\t0.3\t\\N\n");
    assert_eq!(answers["departments"], "—\n环保局\n规划局\n");
    assert_eq!(
        answers["by_department"],
        "—\t1\t0\t1\t1\t0\t\\N\t\\N\t\\N\t\\N\t\\N\n规划局\t3\t3\t0\t0\t1\t0.5\t0.5\t7\t0.3\t\\N\n"
    );
    assert_eq!(answers["cards_by_level"], "2026-01-19 00:00:00\t0\t1\t0\n");
    assert_eq!(answers["findings_by_kind"], "late_entry\t1\n");
    assert_eq!(
        answers["received_and_closed"],
        "2026-01-05 00:00:00\t4\t1\n2026-01-06 00:00:00\t0\t1\n2026-01-28 00:00:00\t0\t1\n"
    );
    let late: Vec<&str> = answers["late_cases"].lines().map(|line| line.split('\t').next().unwrap()).collect();
    assert_eq!(late, ["D", "B"]);
}

/// Three hundred cases closed in January 2026 of three departments, with every way to be suspicious, to leave the hall and
/// to be late, and works of three parties. Whatever is left over of a number says what a case is like.
const A_BUSY_MONTH: &str = "INSERT INTO cases (case_no, version, department, window, item, region, status, outcome, received_at, accepted_at, \
     closed_at, same_day, elapsed_days, promised_limit_days, promised_elapsed_days, promised_due_at, promised_late, promised_speed_up, \
     hall_item, acts_placed, acts_in_hall, decided_in_hall, findings, spans, valid_from) \
     SELECT concat('N', toString(number)), 1, ['规划局', '环保局', ''][number % 7 % 3 + 1] AS d, if(number % 11 = 0, NULL, concat('w', toString(number % 5))), \
     concat('i', toString(number % 4)), '330999', 'closed', if(number % 10 = 0, 'withdrawn', 'granted'), at - 90000, at - 86400, \
     toDateTime64('2026-01-05 01:00:00', 3, 'UTC') + if(number < 40, number * 2, number * 3607) AS at, number % 3 = 0, number % 6 + 1, 10, number % 6 + 1, \
     at, number % 9 = 0 OR number % 4 = 3 AND number % 5 = 0, (10 - (number % 6 + 1)) / 10, number % 8 > 0, 3, if(number % 12 = 0, 0, 2), \
     if(number % 13 = 0, NULL, number % 5 > 0), \
     arrayFilter(finding -> finding.1 != '', [(if(number % 17 = 0, 'late_entry', ''), 'reminder', ['e1'], NULL), \
       (if(number % 19 = 0, 'off_hall_step', ''), 'yellow', ['e1', 'e2'], NULL), (if(number % 23 = 0, 'unauthorised_decision', ''), 'yellow', ['e3'], NULL), \
       (if(number % 29 = 0, 'instant_close', ''), 'yellow', ['e4'], NULL)]), \
     if(number % 6 = 0, [('special', '', at - 80000, at - if(number % 7 % 4 = 2 OR number % 24 = 0, 4000, 8000), at - 6000, 5, 3, 0, NULL, NULL, concat('party', toString(number % 7 % 4)))], []), at \
     FROM numbers(300)";

#[tokio::test]
async fn the_panels_of_hall_and_conduct_say_what_the_store_and_the_formulas_say() {
    let directory = tempfile::tempdir().unwrap();
    let options = ClickHouseOptions::new(directory.path(), Launcher::this_test_binary().unwrap());
    let server = ClickHouse::start(options).await.unwrap();
    let config = store::StoreConfig { url: server.url(), ..store::StoreConfig::default() };
    store::migrate(&config).await.unwrap();
    ask(&server.url(), A_BUSY_MONTH).await;
    let panels: std::collections::BTreeMap<String, String> = panel_files().into_iter().collect();
    let mut answers = std::collections::BTreeMap::new();
    for name in ["hall", "hall_by_unit", "gaming", "suspicious_cases", "business_by_region", "ranking", "intermediaries"] {
        let sql = as_grafana_asks(&panels[name]).replace("'规划局','—'", "'规划局','环保局','—'");
        let rows: Vec<Vec<String>> =
            ask(&server.url(), &sql).await.lines().map(|line| line.split('\t').map(as_shown).collect()).collect();
        answers.insert(name, rows);
    }

    let reader = store::Reader::new(&config);
    let at = |text| domain::Instant::parse(text).unwrap();
    let query = |group_by| store::FigureQuery {
        from: at("2026-01-01T00:00:00Z"),
        to: at("2026-02-01T00:00:00Z"),
        group_by,
        zone: "Asia/Shanghai".to_owned(),
    };
    let (all, by_department) = (query(store::GroupBy::Nothing), query(store::GroupBy::Department));
    let only = store::Narrowing::default();
    let others = store::Narrowing { without_suspicious: true, ..only.clone() };
    let row = |name: &str, key: &str| {
        let found = answers[name].iter().find(|row| row[0] == key || row[1] == key);
        found.unwrap_or_else(|| panic!("{name} has no {key}: {:?}", answers[name])).clone()
    };
    let dash = |key: &str| if key.is_empty() { "—".to_owned() } else { key.to_owned() };

    let hall = reader.hall(&all, &only).await.unwrap().remove(0);
    assert!(hall.left_hall > 0 && hall.passed_through > 0 && hall.unauthorised > 0, "{hall:?}");
    assert_eq!(answers["hall"][0], [hall.window_decision_rate(), hall.pass_through_rate(), hall.left_hall_rate()].map(rate));
    for it in reader.hall(&by_department, &only).await.unwrap() {
        let counts = [it.closed, it.decisions].map(|it| it.to_string());
        let rates = [it.window_decision_rate(), it.pass_through_rate(), it.left_hall_rate()].map(rate);
        let found = row("hall_by_unit", &dash(&it.group_key));
        assert_eq!((&found[1..3], [&found[3], &found[6], &found[8]]), (&counts[..], [&rates[0], &rates[1], &rates[2]]));
        assert_eq!(found[9], it.off_hall_steps.to_string());
    }

    let suspected = reader.suspected(&by_department, &only).await.unwrap();
    let found_of = |key: &str, kind: &str| {
        let found = suspected.iter().find(|it| it.group_key == key && it.kind == kind).map_or(0, |it| it.found);
        found.to_string()
    };
    let without = reader.figures_only(&by_department, &others).await.unwrap();
    for it in reader.figures_only(&by_department, &only).await.unwrap() {
        let other = without.iter().find(|other| other.key == it.key).unwrap();
        let mut expected = vec![dash(&it.key), it.figures.closed.to_string()];
        let kinds = ["", "instant_close", "suspension_near_due", "late_entry", "batch_close"];
        expected.extend(kinds.map(|kind| found_of(&it.key, kind)));
        for of in [
            |it: &domain::Figures| it.on_time_rate,
            |it: &domain::Figures| it.same_day_rate,
            |it: &domain::Figures| it.promised_speed_up.weighted,
            |it: &domain::Figures| it.statutory_speed_up.weighted,
        ] {
            expected.extend([rate(of(&it.figures)), rate(of(&other.figures))]);
        }
        assert_eq!(row("gaming", &dash(&it.key)), expected);
    }
    assert!(suspected.iter().any(|it| it.kind == "batch_close"), "{suspected:?}");
    let in_all: u64 = suspected.iter().filter(|it| it.kind.is_empty()).map(|it| it.found).sum();
    assert_eq!(answers["suspicious_cases"].len() as u64, in_all.min(200));
    assert_eq!(answers["business_by_region"], [["330999", "300", "300", "2"]]);

    let cells = reader.ranking_cells(&by_department, &only, store::Measure::OnTime).await.unwrap();
    let ranking = domain::ranking::rank(&cells, 30, 1.96);
    assert_eq!(answers["ranking"].len(), ranking.ranked.len());
    for it in &ranking.ranked {
        let rates = [it.rate, it.adjusted, it.interval.low, it.interval.high, it.county].map(|it| rate(Some(it)));
        let found = row("ranking", &it.unit);
        assert_eq!((&found[0], &found[3..]), (&it.rank.unwrap().to_string(), &rates[..]), "{}", it.unit);
    }

    let parties = reader.parties(&all, &only).await.unwrap();
    assert!(parties.len() > 2, "{parties:?}");
    let mut proposed = 0;
    for record in parties {
        let card = domain::intermediaries::Scorecard::of(record, &domain::settings::PartySettings::default(), 1.96);
        let found = row("intermediaries", &card.record.party);
        let stars = card.stars.map_or_else(|| "\\N".to_owned(), |stars| stars.to_string());
        let interval = card.interval.unwrap();
        let rates = [card.on_time_share, Some(interval.low), Some(interval.high), card.time_share].map(rate);
        assert_eq!((&found[1], &found[6..10], found[10].is_empty()), (&stars, &rates[..], !card.blacklist), "{found:?}");
        proposed += usize::from(card.blacklist);
    }
    assert_eq!(proposed, 1);
    server.stop().await;
}

/// A number of an answer with six decimals, so that the last bits of two sums do not matter; anything else as it is.
fn as_shown(text: &str) -> String {
    match text.parse::<f64>() {
        Ok(number) if text.contains('.') => rate(Some(number)),
        _ => text.to_owned(),
    }
}

fn rate(number: Option<f64>) -> String {
    match number {
        Some(number) => {
            let text = format!("{number:.6}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        None => "\\N".to_owned(),
    }
}
