//! The parts that subcommands are made of, each built from the configuration.

use std::time::Duration;

use intake::producer::Producer;
use store::StoreConfig;

use crate::config::{self, Config};

impl Config {
    /// How to reach ClickHouse.
    pub fn store(&self) -> StoreConfig {
        let it = &self.clickhouse;
        StoreConfig {
            url: it.url.clone(),
            database: it.database.clone(),
            user: it.user.clone(),
            password: it.password.clone(),
            settings: it.settings.clone(),
            cluster: it.cluster.clone().map(|name| store::Cluster { name, replicated: it.replicated }),
            timeout: Duration::from_secs(it.timeout_s),
            ..StoreConfig::default()
        }
    }

    /// How long rows are kept.
    ///
    /// # Errors
    /// What is still needed would be deleted.
    pub fn retention(&self) -> anyhow::Result<store::Retention> {
        let config::Retention { events_days, notifications_days } = self.clickhouse.retention;
        let retention = store::Retention { events_days, notifications_days };
        retention.check().map_err(|refusal| anyhow::anyhow!("clickhouse.retention.{refusal}"))?;
        Ok(retention)
    }

    /// How often cases are copied.
    ///
    /// # Errors
    /// So often, or so seldom, makes no sense.
    pub fn copy_every(&self) -> anyhow::Result<store::CopyEvery> {
        let every = store::CopyEvery::minutes(self.clickhouse.copy_minutes);
        every.map_err(|refusal| anyhow::anyhow!("clickhouse.copy_minutes: {refusal}"))
    }

    /// How the topic of approval steps is consumed.
    pub fn consumption(&self) -> intake::Config {
        let it = &self.intake;
        intake::Config {
            brokers: self.kafka.brokers.clone(),
            group: self.kafka.group.clone(),
            topic: self.kafka.topic.clone(),
            workers: it.workers,
            client: self.kafka.client.clone(),
            instance: self.kafka.instance.clone(),
            budget_bytes: it.budget_mib << 20,
            budget_messages: it.budget_messages,
            batch_messages: it.batch_messages,
            batch_bytes: it.batch_mib << 20,
            batch_age: Duration::from_millis(it.batch_age_ms),
            drain_timeout: Duration::from_secs(it.drain_timeout_s),
            session_timeout: Duration::from_secs(it.session_timeout_s),
            commit_interval: Duration::from_secs(1),
        }
    }

    /// A producer for the brokers.
    pub fn producer(&self) -> Result<Producer, intake::Error> {
        Producer::new(&self.kafka.brokers, &self.kafka.client)
    }
}
