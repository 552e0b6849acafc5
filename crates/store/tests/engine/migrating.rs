//! Migrations.

use store::{CopyEvery, Retention, copy_every, migrate, require_current, retain};

use crate::fixtures::Engine;

#[tokio::test]
async fn migrations_are_applied_once_and_refused_when_newer_or_changed() {
    let engine = Engine::start().await;
    let config = engine.config();
    let missing = require_current(&config).await.unwrap_err().to_string();
    assert!(missing.ends_with("run `sundial migrate`"), "{missing}");
    assert_eq!(migrate(&config).await.unwrap(), [1, 2]);
    assert_eq!(migrate(&config).await.unwrap(), [0u32; 0]);
    require_current(&config).await.unwrap();
    let client = clickhouse::Client::default().with_url(&config.url).with_database(&config.database);
    client.query("INSERT INTO migrations (version, name, checksum) VALUES (99, 'later', '')").execute().await.unwrap();
    let newer = require_current(&config).await.unwrap_err().to_string();
    assert!(newer.contains("use a newer binary"), "{newer}");
    assert!(migrate(&config).await.is_err());
    client.query("TRUNCATE TABLE migrations").execute().await.unwrap();
    client.query("INSERT INTO migrations (version, name, checksum) VALUES (1, 'tables', 'other')").execute().await.unwrap();
    let changed = migrate(&config).await.unwrap_err().to_string();
    assert!(changed.contains("its text was changed"), "{changed}");
}

#[tokio::test]
async fn rows_are_kept_for_as_long_as_is_set_and_for_ever_where_nothing_is() {
    let engine = Engine::start().await;
    let config = engine.config();
    migrate(&config).await.unwrap();
    assert_eq!(retain(&config, Retention::default()).await.unwrap(), [""; 0]);
    let client = clickhouse::Client::default().with_url(&config.url).with_database(&config.database);
    for (event, days_ago) in [("old", 1000), ("new", 10)] {
        let sql = "INSERT INTO events (case_no, event_id, inserted_at) VALUES ('c', ?, now() - toIntervalDay(?))";
        client.query(sql).bind(event).bind(days_ago).execute().await.unwrap();
    }
    let two_years = Retention { events_days: Some(730), notifications_days: Some(365) };
    assert_eq!(retain(&config, two_years).await.unwrap(), ["events", "notifications"]);
    assert_eq!(retain(&config, two_years).await.unwrap(), [""; 0], "it is told once");
    client.query("OPTIMIZE TABLE events FINAL").execute().await.unwrap();
    let left: Vec<String> = client.query("SELECT event_id FROM events FINAL").fetch_all().await.unwrap();
    assert_eq!(left, ["new"]);
    assert_eq!(retain(&config, Retention { events_days: None, ..two_years }).await.unwrap(), ["events"]);
    let ever: String = client
        .query("SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = 'events'")
        .fetch_one()
        .await
        .unwrap();
    assert!(!ever.contains("TTL"), "{ever}");
}

#[tokio::test]
async fn cases_are_copied_as_often_as_is_set() {
    let engine = Engine::start().await;
    let config = engine.config();
    migrate(&config).await.unwrap();
    let minutes = |minutes| CopyEvery::minutes(minutes).unwrap();
    assert!(!copy_every(&config, minutes(60)).await.unwrap(), "it is so from the beginning");
    for other in [45, 120, 1440, 2880, 10_080, 60] {
        assert!(copy_every(&config, minutes(other)).await.unwrap());
        assert!(!copy_every(&config, minutes(other)).await.unwrap(), "it is told once");
    }
}
