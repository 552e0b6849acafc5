//! One client, with what every request shares.

use std::{future::Future, time::Duration};

use clickhouse::{Client, Compression};

use crate::{StoreConfig, StoreError};

pub(crate) fn client(config: &StoreConfig) -> Client {
    let mut client = Client::default()
        .with_url(&config.url)
        .with_database(&config.database)
        .with_compression(Compression::Lz4)
        // Lists of case numbers are long.
        .with_setting("max_query_size", "268435456");
    if let Some(user) = &config.user {
        client = client.with_user(user);
    }
    if let Some(password) = &config.password {
        client = client.with_password(password);
    }
    if config.cluster.is_some() {
        client = client
            // An insert is acknowledged once it is on its shards, not when it lies before them.
            .with_setting("distributed_foreground_insert", "1")
            // A list of case numbers is asked only of those that may have them.
            .with_setting("optimize_skip_unused_shards", "1")
            .with_setting("distributed_product_mode", "global");
    }
    for (name, value) in &config.settings {
        client = client.with_setting(name, value);
    }
    client
}

/// Bounds a request in time.
pub(crate) async fn within<T>(
    timeout: Duration,
    what: &str,
    request: impl Future<Output = Result<T, clickhouse::error::Error>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(timeout, request).await {
        Ok(answer) => answer.map_err(StoreError::during(what)),
        Err(_) => Err(StoreError::TimedOut { what: what.to_owned(), seconds: timeout.as_secs() }),
    }
}
