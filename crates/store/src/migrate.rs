//! The schema: numbered migrations, each applied once and never changed afterwards.

use clickhouse::{Client, Row};
use serde::Deserialize;

use crate::{
    StoreConfig, StoreError,
    client::{client, within},
};

struct Migration {
    version: u32,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: [Migration; 2] = [
    Migration { version: 1, name: "tables", sql: include_str!("../migrations/0001_tables.sql") },
    Migration { version: 2, name: "recompute", sql: include_str!("../migrations/0002_recompute.sql") },
];

/// The version of the schema this binary works with.
pub const LATEST: u32 = MIGRATIONS[MIGRATIONS.len() - 1].version;

#[derive(Row, Deserialize)]
struct Applied {
    version: u32,
    name: String,
    checksum: String,
}

/// Brings the database to [`LATEST`]; returns the versions applied now. May be run again, and by
/// several processes after each other.
///
/// # Errors
/// ClickHouse refuses; the database is newer than this binary; an applied migration has changed.
pub async fn migrate(config: &StoreConfig) -> Result<Vec<u32>, StoreError> {
    let anywhere = client(&StoreConfig { database: "default".to_owned(), ..config.clone() });
    let database = identifier(&config.database)?;
    run(&anywhere, config, &format!("CREATE DATABASE IF NOT EXISTS {database} {}", on_cluster(config))).await?;
    let client = client(config);
    let ledger = format!(
        "CREATE TABLE IF NOT EXISTS {database}.migrations {} (version UInt32, name String, checksum String, \
         applied_at DateTime DEFAULT now(), binary_version String) ENGINE = {}MergeTree{} ORDER BY version",
        on_cluster(config),
        replicated(config),
        if config.cluster.is_some() { REPLICA_ONLY } else { "" },
    );
    run(&client, config, &ledger).await?;
    let applied = applied(&client, config).await?;
    check(&applied, config)?;
    let mut now_applied = Vec::new();
    for migration in MIGRATIONS.iter().filter(|migration| applied.iter().all(|it| it.version != migration.version)) {
        for statement in statements(&rendered(migration.sql, config)) {
            run(&client, config, statement).await?;
        }
        let record = client
            .query("INSERT INTO migrations (version, name, checksum, binary_version) VALUES (?, ?, ?, ?)")
            .bind(migration.version)
            .bind(migration.name)
            .bind(checksum(migration.sql))
            .bind(env!("CARGO_PKG_VERSION"));
        within(config.timeout, "recording a migration", record.execute()).await?;
        tracing::info!(version = migration.version, name = migration.name, "migration applied");
        now_applied.push(migration.version);
    }
    Ok(now_applied)
}

/// Checks that the database is exactly at [`LATEST`].
///
/// # Errors
/// It is older, newer, or not as this binary would have made it; says what to do.
pub async fn require_current(config: &StoreConfig) -> Result<(), StoreError> {
    let applied = applied(&client(config), config).await.map_err(|error| match error.code() {
        // No such database or table.
        Some(60 | 81) => StoreError::Schema(format!("the database {:?} has no schema: run `sundial migrate`", config.database)),
        _ => error,
    })?;
    check(&applied, config)?;
    let newest = applied.iter().map(|it| it.version).max().unwrap_or(0);
    if newest < LATEST {
        return Err(StoreError::Schema(format!(
            "the database {:?} is at schema {newest}, this binary needs {LATEST}: run `sundial migrate`",
            config.database
        )));
    }
    Ok(())
}

fn check(applied: &[Applied], config: &StoreConfig) -> Result<(), StoreError> {
    for it in applied {
        let Some(known) = MIGRATIONS.iter().find(|migration| migration.version == it.version) else {
            return Err(StoreError::Schema(format!(
                "the database {:?} is at schema {} ({}), this binary knows {LATEST}: use a newer binary",
                config.database, it.version, it.name
            )));
        };
        if checksum(known.sql) != it.checksum {
            return Err(StoreError::Schema(format!(
                "migration {} ({}) of the database {:?} is not the one this binary knows: its text was changed after it was applied",
                it.version, it.name, config.database
            )));
        }
    }
    Ok(())
}

async fn applied(client: &Client, config: &StoreConfig) -> Result<Vec<Applied>, StoreError> {
    let query = client.query("SELECT ?fields FROM migrations ORDER BY version");
    within(config.timeout, "reading the migrations", query.fetch_all()).await
}

async fn run(client: &Client, config: &StoreConfig, statement: &str) -> Result<(), StoreError> {
    // A statement is sent as it is: its question marks are not placeholders.
    let first_line = statement.lines().next().unwrap_or_default().trim();
    within(config.timeout, first_line, client.query_raw(statement).execute()).await
}

const REPLICA: &str = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}', ";
const REPLICA_ONLY: &str = "('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')";

/// The text of a migration for a configuration: on one node as it is, on a cluster with `ON CLUSTER`
/// and replicated engines.
fn rendered(sql: &str, config: &StoreConfig) -> String {
    let cluster = config.cluster.is_some();
    sql.replace("{database}", &config.database)
        .replace("{on_cluster}", &on_cluster(config))
        .replace("{engine}", replicated(config))
        .replace("{replica_only}", if cluster { REPLICA_ONLY } else { "" })
        .replace("{replica}", if cluster { REPLICA } else { "" })
}

fn on_cluster(config: &StoreConfig) -> String {
    config.cluster.as_ref().map(|cluster| format!("ON CLUSTER '{cluster}'")).unwrap_or_default()
}

fn replicated(config: &StoreConfig) -> &'static str {
    if config.cluster.is_some() { "Replicated" } else { "" }
}

fn statements(sql: &str) -> impl Iterator<Item = &str> {
    sql.split(";\n").map(without_comment).filter(|statement| !statement.is_empty())
}

fn without_comment(statement: &str) -> &str {
    let mut rest = statement.trim();
    while rest.starts_with("--") {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
    }
    rest
}

fn identifier(name: &str) -> Result<&str, StoreError> {
    let is_plain = !name.is_empty() && name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_');
    if is_plain {
        Ok(name)
    } else {
        Err(StoreError::Schema(format!("{name:?} is no name for a database: letters, digits and _ only")))
    }
}

fn checksum(sql: &str) -> String {
    format!("{:08x}", crc32fast::hash(sql.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_cluster_every_table_is_replicated_and_made_everywhere() {
        let config = StoreConfig { cluster: Some("county".to_owned()), ..StoreConfig::default() };
        let text = rendered(MIGRATIONS[0].sql, &config);
        assert!(statements(&text).all(|it| it.contains("ON CLUSTER 'county'")), "{text}");
        let (tables, views): (Vec<&str>, Vec<&str>) = statements(&text).partition(|it| it.contains("CREATE TABLE"));
        assert_eq!((tables.len(), views.len()), (5, 3));
        assert!(tables.iter().all(|it| it.contains("ENGINE = Replicated")), "{text}");
        assert!(text.contains(
            "ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', version, is_deleted)"
        ));
    }

    #[test]
    fn on_one_node_nothing_is_replicated() {
        let text = rendered(MIGRATIONS[0].sql, &StoreConfig::default());
        assert!(!text.contains("Replicated") && !text.contains("CLUSTER") && !text.contains('{'), "{text}");
    }
}
