//! How often ClickHouse copies the cases (`cases_copy`, see the first migration).
//!
//! Figures are right and of now whatever the age of the copy. An older one leaves more that is newer to be looked up by
//! every question; a younger one costs more, for every case is copied each time.

use clickhouse::Client;

use crate::{
    StoreConfig, StoreError,
    client::{client, within},
    migrate::{on_cluster, run},
};

/// Minutes between two copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyEvery(u32);

/// Five minutes are left for inserts on their way: a shorter time would hardly make anything newer.
const FEWEST_MINUTES: u32 = 10;
/// What was stored in two weeks is as much as is worth looking up.
const MOST_MINUTES: u32 = 7 * 24 * 60;

impl CopyEvery {
    /// So many minutes.
    ///
    /// # Errors
    /// Says how few and how many there may be.
    pub fn minutes(minutes: u32) -> Result<Self, String> {
        match minutes {
            FEWEST_MINUTES..=MOST_MINUTES => Ok(Self(minutes)),
            _ => Err(format!("found {minutes}, expected {FEWEST_MINUTES} to {MOST_MINUTES} minutes")),
        }
    }
}

/// Tells ClickHouse how often to copy; whether that is news to it.
///
/// # Errors
/// The server did not answer or refused.
pub async fn copy_every(config: &StoreConfig, every: CopyEvery) -> Result<bool, StoreError> {
    let client = client(config);
    if copied_every(&client, config).await? == every.0 {
        return Ok(false);
    }
    let change = format!("MODIFY REFRESH EVERY {} MINUTE", every.0);
    run(&client, config, &format!("ALTER TABLE {}.cases_copying {} {change}", config.database, on_cluster(config))).await?;
    Ok(true)
}

/// How many minutes lie between two copies by now. ClickHouse tells them in the largest unit that fits.
async fn copied_every(client: &Client, config: &StoreConfig) -> Result<u32, StoreError> {
    let sql = "WITH extractGroups(create_table_query, 'REFRESH EVERY (\\\\d+) ([A-Z]+)') AS told \
               SELECT toUInt32OrZero(told[1]) * transform(told[2], ['MINUTE', 'HOUR', 'DAY', 'WEEK'], [1, 60, 1440, 10080], 0)::UInt32 \
               FROM system.tables WHERE database = ? AND name = 'cases_copying'";
    let query = client.query(sql).bind(&config.database);
    within(config.timeout, "reading how often cases are copied", query.fetch_one::<u64>()).await.map(|it| it as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_made_not_oftener_than_pays_and_not_seldomer_than_every_week() {
        assert!(CopyEvery::minutes(60).is_ok());
        let refusal = CopyEvery::minutes(0).unwrap_err();
        assert_eq!(refusal, "found 0, expected 10 to 10080 minutes");
        assert!(CopyEvery::minutes(20_000).is_err());
    }
}
