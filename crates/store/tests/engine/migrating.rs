//! Migrations.

use store::{migrate, require_current};

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
