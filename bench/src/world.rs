//! The engines, the topic and where everything lies.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use clap::Args;
use embedded::{Broker, BrokerOptions, ClickHouse, ClickHouseOptions, Launcher};
use simulate::County;
use store::StoreConfig;

/// What is measured, and on how much.
#[derive(Args, Clone)]
pub struct Options {
    /// Events on the topic.
    #[arg(long, default_value_t = 5_000_000)]
    pub events: u64,
    /// Only these measurements; all by default.
    #[arg(long, value_delimiter = ',')]
    pub only: Vec<String>,
    /// Where the engines' data and the report go. The topic is made once and used again.
    #[arg(long, default_value = "target/bench")]
    pub directory: PathBuf,
    /// Seconds of steady load for the latencies.
    #[arg(long, default_value_t = 60)]
    pub latency_seconds: u64,
    /// Cases for the queries and the monthly export, the larger last.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000_000, 10_000_000])]
    pub query_cases: Vec<u64>,
    /// Open cases for the memory of the pipeline.
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 100_000, 1_000_000])]
    pub open_cases: Vec<u64>,
}

impl Options {
    /// Whether a measurement is wanted.
    pub fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| name.starts_with(only.as_str()))
    }
}

/// The topic's partitions.
pub const PARTITIONS: i32 = 8;
/// The topic.
pub const TOPIC: &str = "approval.steps";
/// How long one measurement may take before it fails.
pub const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// Of the simulated county.
pub const SEED: u64 = 20_180_911;

/// What ClickHouse did is asked of itself.
const LOGS: &str = "<query_log><database>system</database><table>query_log</table></query_log>\
                    <part_log><database>system</database><table>part_log</table></part_log>";

/// The running engines.
pub struct World {
    pub options: Options,
    pub broker: Broker,
    pub clickhouse: ClickHouse,
    pub catalog: PathBuf,
    /// Tells the consumer groups of this run from those of others on the same topic, who have read it already.
    run: i64,
}

impl World {
    pub async fn open(options: &Options) -> anyhow::Result<Self> {
        let directory = &options.directory;
        std::fs::create_dir_all(directory).with_context(|| directory.display().to_string())?;
        let mut broker = BrokerOptions::new(directory.join(format!("kafka-{}", options.events)));
        broker.test_mode = false;
        broker.heap_mb = 1024;
        broker.properties.push(("log.retention.ms".to_owned(), "-1".to_owned()));
        let data = directory.join("clickhouse");
        if data.exists() {
            std::fs::remove_dir_all(&data).with_context(|| data.display().to_string())?;
        }
        let mut clickhouse = ClickHouseOptions::new(data, Launcher::this_program(["embedded-clickhouse"])?);
        clickhouse.memory_limit_mb = 8192;
        clickhouse.extra_config_xml = Some(LOGS.to_owned());
        let (broker, clickhouse) = tokio::join!(Broker::start(broker), ClickHouse::start(clickhouse));
        let catalog = directory.join("catalog.toml");
        std::fs::write(&catalog, County::sample_catalog()).with_context(|| catalog.display().to_string())?;
        Ok(Self { options: options.clone(), broker: broker?, clickhouse: clickhouse?, catalog, run: sundial::clock::now().ms() })
    }

    pub async fn close(self) {
        tokio::join!(self.clickhouse.stop(), self.broker.stop());
    }

    /// A database of its own for a measurement.
    pub fn store(&self, database: &str) -> StoreConfig {
        store_config(&self.clickhouse.url(), database)
    }

    /// A consumer group of this run.
    pub fn group(&self, name: &str) -> String {
        format!("{name}-{}", self.run)
    }

    /// A file of the bench.
    pub fn path(&self, name: &str) -> PathBuf {
        self.options.directory.join(name)
    }

    /// The binary that is measured: the one beside this.
    pub fn sundial(&self, database: &str, group: &str) -> anyhow::Result<tokio::process::Command> {
        let this = std::env::current_exe()?;
        let binary = this.parent().map(|directory| directory.join("sundial")).filter(|binary| binary.exists());
        let binary = binary.context("no sundial beside this program: run `make bench`")?;
        let mut command = tokio::process::Command::new(binary);
        command
            .env("SUNDIAL__KAFKA__BROKERS", self.broker.bootstrap())
            .env("SUNDIAL__KAFKA__TOPIC", TOPIC)
            .env("SUNDIAL__KAFKA__GROUP", group)
            .env("SUNDIAL__CLICKHOUSE__URL", self.clickhouse.url())
            .env("SUNDIAL__CLICKHOUSE__DATABASE", database)
            .env("SUNDIAL__RULES__CATALOG", path_text(&self.catalog)?)
            .env("SUNDIAL__LOG__FILTER", "warn");
        Ok(command)
    }

    /// Runs one statement on ClickHouse; its answer as text.
    pub async fn sql(&self, database: &str, statement: &str) -> anyhow::Result<String> {
        let url = format!("{}/?database={database}", self.clickhouse.url());
        let answer = reqwest::Client::new().post(url).body(statement.to_owned()).send().await?;
        let status = answer.status();
        let body = answer.text().await?;
        anyhow::ensure!(status.is_success(), "{statement}: {body}");
        Ok(body.trim_end().to_owned())
    }

    /// How many messages of a topic a group has not read.
    pub async fn behind(&self, group: &str) -> anyhow::Result<i64> {
        Ok(intake::admin::backlog(&self.broker.bootstrap(), &BTreeMap::new(), group, TOPIC).await?)
    }
}

pub fn path_text(path: &Path) -> anyhow::Result<&str> {
    path.to_str().with_context(|| format!("{} is not text", path.display()))
}

pub fn store_config(url: &str, database: &str) -> StoreConfig {
    StoreConfig { url: url.to_owned(), database: database.to_owned(), ..StoreConfig::default() }
}
