//! How to reach ClickHouse.

use std::{collections::BTreeMap, fmt, time::Duration};

/// How to reach ClickHouse.
#[derive(Clone)]
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
    /// The cluster the tables are spread over, where there is one.
    pub cluster: Option<Cluster>,
    /// How long one request may take.
    pub timeout: Duration,
    /// How long a write is retried before the caller hears of it.
    pub retry_for: Duration,
}

/// A cluster of ClickHouse, as its configuration names it. Cases are spread over its shards by their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// Its name in `remote_servers`.
    pub name: String,
    /// Whether a Keeper is there: then tables are replicated, and made everywhere by `ON CLUSTER`. Without one, each
    /// shard is a single node, and `sundial migrate` is run against every one of them.
    pub replicated: bool,
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

/// The password is left out: what is printed ends in a log.
impl fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreConfig")
            .field("url", &self.url)
            .field("database", &self.database)
            .field("user", &self.user)
            .field("password", &self.password.as_ref().map(|_| "***"))
            .field("settings", &self.settings)
            .field("cluster", &self.cluster)
            .field("timeout", &self.timeout)
            .field("retry_for", &self.retry_for)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_printed() {
        let config = StoreConfig { password: Some("hush".to_owned()), ..StoreConfig::default() };
        assert!(!format!("{config:?}").contains("hush"));
    }
}
