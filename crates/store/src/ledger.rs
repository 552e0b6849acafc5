//! What was told to whom, as the notifier remembers it.

use clickhouse::Row;
use domain::Instant;
use serde::{Deserialize, Serialize};

use crate::{Reader, StoreError, Writer, client::within};

#[derive(Row, Serialize, Deserialize)]
struct Line {
    card_id: String,
    channel: String,
    state: String,
    outcome: String,
    at: i64,
}

impl Reader {
    /// How telling a channel of this change of a card ended, if it did.
    ///
    /// # Errors
    /// ClickHouse did not answer.
    pub async fn notified(&self, card_id: &str, channel: &str, state: &str) -> Result<Option<String>, StoreError> {
        #[derive(Row, Deserialize)]
        struct Outcome {
            outcome: String,
        }
        let sql = include_str!("../queries/notification_outcome.sql");
        let query = self.client.query(sql).bind(card_id).bind(channel).bind(state);
        let found: Option<Outcome> = within(self.config.timeout, "reading a notification", query.fetch_optional()).await?;
        Ok(found.map(|it| it.outcome))
    }
}

impl Writer {
    /// Writes down how telling a channel of this change of a card ended; kept when this returns. The
    /// latest wins.
    ///
    /// # Errors
    /// ClickHouse did not answer; may be called again.
    pub async fn record_notification(
        &self,
        card_id: &str,
        channel: &str,
        state: &str,
        outcome: &str,
        at: Instant,
    ) -> Result<(), StoreError> {
        let line = Line {
            card_id: card_id.to_owned(),
            channel: channel.to_owned(),
            state: state.to_owned(),
            outcome: outcome.to_owned(),
            at: at.ms(),
        };
        let record = async {
            // Lines come one by one: the server gathers them into one part, and answers when they are in it.
            let insert = self.client.insert::<Line>("notifications").await?;
            let mut insert = insert.with_setting("async_insert", "1").with_setting("wait_for_async_insert", "1");
            insert.write(&line).await?;
            insert.end().await
        };
        within(self.config.timeout, "recording a notification", record).await
    }
}
