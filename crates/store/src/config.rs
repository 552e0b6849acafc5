//! How to reach ClickHouse.

use std::{collections::BTreeMap, time::Duration};

/// How to reach ClickHouse.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// `http://…` or `https://…`.
    pub url: String,
    /// The database all tables are in.
    pub database: String,
    /// The user, where not the default one.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<String>,
    /// Settings sent with every query.
    pub settings: BTreeMap<String, String>,
    /// The cluster for `ON CLUSTER` and replicated tables, where there is one.
    pub cluster: Option<String>,
    /// How long one request may take.
    pub timeout: Duration,
    /// How long a write is retried before the caller hears of it.
    pub retry_for: Duration,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            url: "http://127.0.0.1:8123".to_owned(),
            database: "sundial".to_owned(),
            user: None,
            password: None,
            settings: BTreeMap::new(),
            cluster: None,
            timeout: Duration::from_secs(30),
            retry_for: Duration::from_secs(60),
        }
    }
}
