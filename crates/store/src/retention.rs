//! How long rows are kept, where the rules of an archive set an end to it.
//!
//! Cases stay: a row of a case is what supervision looks back at for years, and takes little. What a case follows from,
//! and to whom its cards were told, may go after a time.

use clickhouse::Client;

use crate::{
    StoreConfig, StoreError,
    client::{client, within},
    migrate::{on_cluster, run},
};

/// After how many days rows are deleted by ClickHouse; never, where there is no number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// Events, from the day they were stored. A case without its events keeps its row, but can be neither derived
    /// anew nor explained.
    pub events_days: Option<u32>,
    /// Whom cards were told to, from the day they were.
    pub notifications_days: Option<u32>,
}

/// An event must outlive its case, whose limits and extensions may take a year.
const FEWEST_DAYS_OF_EVENTS: u32 = 730;
/// A card that is not known to have been told is told again.
const FEWEST_DAYS_OF_NOTIFICATIONS: u32 = 30;

impl Retention {
    /// Checks that nothing is deleted that is still needed.
    ///
    /// # Errors
    /// Says which number is too small, and how small it may be.
    pub fn check(&self) -> Result<(), String> {
        let least = [
            ("events_days", self.events_days, FEWEST_DAYS_OF_EVENTS, "open cases are derived from their events"),
            ("notifications_days", self.notifications_days, FEWEST_DAYS_OF_NOTIFICATIONS, "cards would be told again"),
        ];
        for (name, days, fewest, why) in least {
            if let Some(days) = days.filter(|days| *days < fewest) {
                return Err(format!("{name} = {days}: at least {fewest}, for {why}"));
            }
        }
        Ok(())
    }
}

/// Tells ClickHouse how long rows are kept; the tables for which that is news. It deletes them by itself, when it merges.
///
/// # Errors
/// The server did not answer or refused.
pub async fn retain(config: &StoreConfig, retention: Retention) -> Result<Vec<&'static str>, StoreError> {
    let client = client(config);
    let mut changed = Vec::new();
    for (table, column, days) in
        [("events", "inserted_at", retention.events_days), ("notifications", "toDateTime(at)", retention.notifications_days)]
    {
        let name = if config.cluster.is_some() { format!("{table}_local") } else { table.to_owned() };
        let now = kept_for(&client, config, &name).await?;
        let change = match days {
            _ if now == days => continue,
            Some(days) => format!("MODIFY TTL {column} + toIntervalDay({days})"),
            None => "REMOVE TTL".to_owned(),
        };
        run(&client, config, &format!("ALTER TABLE {}.{name} {} {change}", config.database, on_cluster(config))).await?;
        changed.push(table);
    }
    Ok(changed)
}

/// For how many days a table keeps its rows.
async fn kept_for(client: &Client, config: &StoreConfig, table: &str) -> Result<Option<u32>, StoreError> {
    let sql = "SELECT toUInt32OrZero(extract(engine_full, ' TTL .* \\\\+ toIntervalDay\\\\((\\\\d+)\\\\)')) \
               FROM system.tables WHERE database = ? AND name = ?";
    let query = client.query(sql).bind(&config.database).bind(table);
    let days: u32 = within(config.timeout, "reading how long rows are kept", query.fetch_one()).await?;
    Ok((days > 0).then_some(days))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_still_needed_cannot_be_set_to_be_deleted() {
        assert_eq!(Retention::default().check(), Ok(()));
        assert_eq!(Retention { events_days: Some(3650), notifications_days: Some(365) }.check(), Ok(()));
        let refusal = Retention { events_days: Some(90), ..Retention::default() }.check().unwrap_err();
        assert!(refusal.starts_with("events_days = 90: at least 730"), "{refusal}");
        assert!(Retention { notifications_days: Some(1), ..Retention::default() }.check().is_err());
    }
}
