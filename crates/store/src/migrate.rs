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
        if is_replicated(config) { REPLICA_EVERYWHERE } else { "" },
    );
    run(&client, config, &ledger).await?;
    let applied = applied(&client, config).await?;
    check(&applied, config)?;
    let mut now_applied = Vec::new();
    for migration in MIGRATIONS.iter().filter(|migration| applied.iter().all(|it| it.version != migration.version)) {
        for statement in rendered(migration.sql, config) {
            run(&client, config, &statement).await?;
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

pub(crate) async fn run(client: &Client, config: &StoreConfig, statement: &str) -> Result<(), StoreError> {
    // A statement is sent as it is: its question marks are not placeholders.
    let first_line = statement.lines().next().unwrap_or_default().trim();
    within(config.timeout, first_line, client.query_raw(statement).execute()).await
}

const REPLICA: &str = "('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', ";
const REPLICA_ONLY: &str = "('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')";
/// For what every node must know, whatever its shard.
const REPLICA_EVERYWHERE: &str = "('/clickhouse/tables/{database}/{table}', '{shard}-{replica}')";

/// The statements of a migration for a configuration: on one node as they are; on a cluster every table is one of
/// each shard, `…_local`, and one over all of them that bears its name; replicated, where there is a Keeper. So is a
/// view that is marked `{local}`; a table that is marked so is of its shard only.
fn rendered(sql: &str, config: &StoreConfig) -> Vec<String> {
    let mut rendered = Vec::new();
    for statement in statements(sql) {
        let Some(cluster) = &config.cluster else {
            rendered.push(filled_in(statement, config));
            continue;
        };
        let (table, view) = (made_by(statement, "TABLE"), made_by(statement, "VIEW").and_then(|it| it.strip_suffix(LOCAL)));
        let over_all = |name: &str, like: &str, key: &str| {
            format!(
                "CREATE TABLE {{database}}.{name} {{on_cluster}}{like} \
                 ENGINE = Distributed('{}', '{{database}}', '{name}_local', cityHash64({key}))",
                cluster.name
            )
        };
        match (table.filter(|it| !it.ends_with(LOCAL)), view) {
            (Some(table), _) => {
                let local = statement.replacen(&format!("{{database}}.{table}"), &format!("{{database}}.{table}_local"), 1);
                let over_all = over_all(table, &format!(" AS {{database}}.{table}_local"), first_of_order(statement));
                rendered.extend([filled_in(&local, config), filled_in(&over_all, config)]);
            }
            // The columns of a view are asked for when the table over it is made.
            (_, Some(view)) => {
                let over_all = over_all(view, "", KEY_OF_VIEWS);
                rendered.extend([filled_in(statement, config), filled_in(&over_all, config)]);
            }
            _ => rendered.push(filled_in(statement, config)),
        }
    }
    rendered
}

/// Marks what each shard has for itself, in the text of a migration.
const LOCAL: &str = "{local}";
/// What the rows of a view of each shard are spread by.
const KEY_OF_VIEWS: &str = "case_no";

/// The name of what a statement makes, if it is of that kind.
fn made_by<'a>(statement: &'a str, kind: &str) -> Option<&'a str> {
    statement.strip_prefix(&format!("CREATE {kind} {{database}}."))?.split_whitespace().next()
}

/// What rows are spread by: the first column of their order, which is the case or the card they belong to.
fn first_of_order(statement: &str) -> &str {
    let (_, order) = statement.split_once("ORDER BY ").unwrap_or_default();
    order.trim_start_matches('(').split(|it: char| !it.is_alphanumeric() && it != '_').next().unwrap_or_default()
}

fn filled_in(statement: &str, config: &StoreConfig) -> String {
    let if_replicated = |text: &'static str| if is_replicated(config) { text } else { "" };
    statement
        .replace("{database}", &config.database)
        .replace(LOCAL, if config.cluster.is_some() { "_local" } else { "" })
        .replace("{on_cluster}", &on_cluster(config))
        .replace("{engine}", replicated(config))
        .replace("{replica_only}", if_replicated(REPLICA_ONLY))
        // Its own text has placeholders of the server, of which one is named like ours.
        .replace("({replica}", if is_replicated(config) { REPLICA } else { "(" })
}

fn is_replicated(config: &StoreConfig) -> bool {
    config.cluster.as_ref().is_some_and(|cluster| cluster.replicated)
}

pub(crate) fn on_cluster(config: &StoreConfig) -> String {
    let cluster = config.cluster.as_ref().filter(|cluster| cluster.replicated);
    cluster.map(|cluster| format!("ON CLUSTER '{}'", cluster.name)).unwrap_or_default()
}

fn replicated(config: &StoreConfig) -> &'static str {
    if is_replicated(config) { "Replicated" } else { "" }
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
    use crate::Cluster;

    fn on(cluster: Option<Cluster>) -> String {
        let config = StoreConfig { cluster, ..StoreConfig::default() };
        MIGRATIONS.iter().flat_map(|migration| rendered(migration.sql, &config)).collect::<Vec<_>>().join(";\n")
    }

    #[test]
    fn on_a_cluster_with_a_keeper_every_table_is_replicated_and_made_everywhere() {
        let text = on(Some(Cluster { name: "county".to_owned(), replicated: true }));
        assert!(text.split(";\n").all(|it| it.contains("ON CLUSTER 'county'")), "{text}");
        let (tables, views): (Vec<&str>, Vec<&str>) = text.split(";\n").partition(|it| it.contains("CREATE TABLE"));
        let (over_all, local): (Vec<&str>, Vec<&str>) = tables.iter().partition(|it| it.contains("ENGINE = Distributed"));
        assert_eq!((local.len(), over_all.len(), views.len()), (8, 8, 12));
        assert!(local.iter().all(|it| it.contains("_local ")), "{text}");
        let each_for_itself: Vec<&&str> = local.iter().filter(|it| !it.contains("ENGINE = Replicated")).collect();
        assert_eq!(each_for_itself.len(), 1, "{text}");
        assert!(each_for_itself[0].contains("CREATE TABLE sundial.cases_copy_local ON CLUSTER 'county'"), "{text}");
        assert!(text.contains(
            "ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', version, is_deleted)"
        ));
        assert!(text.contains(
            "CREATE TABLE sundial.events ON CLUSTER 'county' AS sundial.events_local \
             ENGINE = Distributed('county', 'sundial', 'events_local', cityHash64(case_no))"
        ));
    }

    #[test]
    fn on_shards_without_a_keeper_nothing_is_replicated_and_every_row_of_a_case_is_on_one_of_them() {
        let text = on(Some(Cluster { name: "county".to_owned(), replicated: false }));
        assert!(!text.contains("Replicated") && !text.contains("ON CLUSTER"), "{text}");
        for table in ["events", "cases", "withdrawn_cards", "cases_now"] {
            assert!(text.contains(&format!("Distributed('county', 'sundial', '{table}_local', cityHash64(case_no))")), "{text}");
        }
    }

    #[test]
    fn every_shard_copies_its_own_cases_and_all_are_asked_for_them_as_they_are_now() {
        let text = on(Some(Cluster { name: "county".to_owned(), replicated: true }));
        let made = |what: &str| text.split(";\n").find(|it| it.contains(what)).unwrap_or_else(|| panic!("no {what}: {text}"));
        for local in ["TABLE sundial.cases_copy_local ", "VIEW sundial.cases_copying ", "VIEW sundial.cases_now_local "] {
            let others =
                made(local).replace("sundial.cases_local", "").replace("sundial.cases_copy_local", "").replace(local, "");
            assert!(!others.contains("sundial."), "{others}");
        }
        assert!(made("VIEW sundial.open_cases ").contains("FROM sundial.cases_now\n"), "{text}");
    }

    #[test]
    fn on_one_node_nothing_is_replicated_or_spread() {
        let text = on(None);
        // What is in braces still are the parameters of views.
        let text = text
            .replace("{since_ms:Int64}", "")
            .replace("{until_ms:Int64}", "")
            .replace("{zone:String}", "")
            .replace("{batch_at_least:UInt32}", "");
        assert!(!["Replicated", "CLUSTER", "Distributed", "_local", "{"].iter().any(|it| text.contains(it)), "{text}");
    }
}
