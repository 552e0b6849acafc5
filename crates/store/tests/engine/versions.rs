//! Which of two rows is believed, on the real engine, also after merges; and what a recompute is told.

use std::sync::Arc;

use domain::{Assessment, Text};
use store::{Reader, RecomputeScope, Rows, RuleSet, StoreConfig, Writer, migrate};

use crate::fixtures::{Engine, Office, cases, names, now, rows};

async fn write(writer: &Writer, case: &Assessment, version: u128) {
    let mut rows = Rows::new();
    rows.case(case, version, 3);
    assert!(writer.write(rows).await.is_ok());
}

async fn window(reader: &Reader, case: &Assessment) -> String {
    let rows = reader.rows(std::slice::from_ref(&case.case_no)).await.unwrap();
    rows[0].assessment.window.as_deref().unwrap_or_default().to_owned()
}

async fn merge(config: &StoreConfig) {
    let client = clickhouse::Client::default().with_url(&config.url).with_database(&config.database);
    client.query("OPTIMIZE TABLE cases FINAL").execute().await.unwrap();
}

fn some_case(office: &Office) -> Assessment {
    cases(12, 20).iter().filter_map(|case| office.assess(case, now())).find(|it| it.accepted_at.is_some()).unwrap()
}

fn at_window(case: &Assessment, window: &str) -> Assessment {
    Assessment { window: Some(window.into()), ..case.clone() }
}

#[tokio::test]
async fn rows_of_newer_rules_win_whenever_they_are_written_and_merged() {
    let engine = Engine::start().await;
    let config = engine.config();
    migrate(&config).await.unwrap();
    let (reader, writer) = (Reader::new(&config), Writer::new(&config, Arc::new(())));
    let case = some_case(&Office::new());
    // As engine::version makes them: one weight, the newer rules with a state that began earlier.
    let version = |generation: u128, valid_from: u128| (77 << 56) | (generation << 42) | valid_from;
    write(&writer, &at_window(&case, "new rules"), version(2, 1_000)).await;
    write(&writer, &at_window(&case, "old rules"), version(1, 9_000)).await;
    assert_eq!(window(&reader, &case).await, "new rules");
    merge(&config).await;
    assert_eq!(window(&reader, &case).await, "new rules");
    // A process with the old rules in memory, later still; the larger set of events is another matter.
    write(&writer, &at_window(&case, "old rules again"), version(1, 9_500)).await;
    merge(&config).await;
    assert_eq!(window(&reader, &case).await, "new rules");
    write(&writer, &at_window(&case, "one more event"), (78 << 56) | (1 << 42)).await;
    assert_eq!(window(&reader, &case).await, "one more event");
}

/// Why versions alone, without a generation of the rules, would not do.
#[tokio::test]
async fn of_equal_versions_the_last_one_written_stays_also_where_it_was_written_before() {
    let engine = Engine::start().await;
    let config = engine.config();
    migrate(&config).await.unwrap();
    let (reader, writer) = (Reader::new(&config), Writer::new(&config, Arc::new(())));
    let case = some_case(&Office::new());
    for (number, name) in ["one", "two", "three", "four"].into_iter().enumerate() {
        write(&writer, &at_window(&case, name), 5).await;
        assert_eq!(window(&reader, &case).await, name);
        if number % 2 == 1 {
            merge(&config).await;
            assert_eq!(window(&reader, &case).await, name);
        }
    }
    // The server does not take the very block it has seen for a retry.
    write(&writer, &at_window(&case, "two"), 5).await;
    assert_eq!(window(&reader, &case).await, "two");
}

#[tokio::test]
async fn a_recompute_finds_its_cases_and_where_it_stopped() {
    let engine = Engine::start().await;
    let config = engine.config();
    migrate(&config).await.unwrap();
    let (reader, writer) = (Reader::new(&config), Writer::new(&config, Arc::new(())));
    let (office, cases) = (Office::new(), cases(13, 50));
    assert!(writer.write(rows(&office, &cases)).await.is_ok());

    assert!(reader.newest_rule_sets().await.unwrap().is_empty());
    let set = |generation, fingerprint: &str| RuleSet { generation, fingerprint: fingerprint.to_owned() };
    for it in [set(1, "a"), set(2, "b"), set(2, "c"), set(2, "b")] {
        writer.record_rule_set(&it).await.unwrap();
    }
    assert_eq!(reader.newest_rule_sets().await.unwrap(), [set(2, "b"), set(2, "c")]);

    let all = RecomputeScope::default();
    let names = names(&cases);
    assert_eq!(reader.recompute_case_nos(&all, "", 30).await.unwrap(), names[..30]);
    assert_eq!(reader.recompute_case_nos(&all, &names[29], 30).await.unwrap(), names[30..]);
    let assessed: Vec<Assessment> = cases.iter().filter_map(|case| office.assess(case, now())).collect();
    assert_eq!(reader.recompute_count(&all, "").await.unwrap(), assessed.len() as u64);
    let of = |department: &str, item: &str| RecomputeScope { department: department.to_owned(), item: item.to_owned() };
    let police: Vec<&Text> =
        assessed.iter().filter(|it| it.department.as_deref() == Some("公安局")).map(|it| &it.case_no).collect();
    assert!(!police.is_empty() && police.len() < assessed.len());
    let found = reader.recompute_case_nos(&of("公安局", ""), "", 100).await.unwrap();
    assert_eq!(found.iter().collect::<Vec<_>>(), police);
    assert_eq!(reader.recompute_count(&of("公安局", "b"), "").await.unwrap(), police.len() as u64);
    assert_eq!(reader.recomputed_at().await.unwrap().ms(), 0);
    assert_eq!(reader.recompute_cursor(&all, 2).await.unwrap(), None);
    writer.record_recompute(&all, 2, "c00010", false, now()).await.unwrap();
    writer.record_recompute(&all, 2, "c00020", false, now().plus_ms(1)).await.unwrap();
    assert_eq!(reader.recompute_cursor(&all, 2).await.unwrap().as_deref(), Some("c00020"));
    assert_eq!(reader.recompute_cursor(&all, 3).await.unwrap(), None, "other rules begin at the beginning");
    assert_eq!(reader.recompute_cursor(&of("公安局", ""), 2).await.unwrap(), None);
    writer.record_recompute(&all, 2, "c00049", true, now().plus_ms(2)).await.unwrap();
    assert_eq!(reader.recompute_cursor(&all, 2).await.unwrap(), None);
    assert_eq!(reader.recomputed_at().await.unwrap(), now().plus_ms(2));
}
