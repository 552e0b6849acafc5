//! Writing rows, with retries.
//!
//! The client's own `Inserter` has no retry and loses its buffer on an error, so blocks are sent by
//! hand: encoded once, compressed once, and the same bytes sent again until they are acknowledged.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use clickhouse::{Client, Compression};
use rand::RngExt;

use crate::{StoreConfig, StoreError, client::client, compress::compressed, rows::Rows};

/// The tables rows are written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// One row a case.
    Cases = 0,
    /// Clocks and steps.
    Spans = 1,
    /// Findings with their evidence.
    Findings = 2,
    /// Cards, issued and withdrawn.
    Cards = 3,
    /// Events as they came.
    Events = 4,
}

impl Table {
    /// All of them, in the order of their numbers.
    pub const ALL: [Table; 5] = [Table::Cases, Table::Spans, Table::Findings, Table::Cards, Table::Events];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Table::Cases => "cases",
            Table::Spans => "spans",
            Table::Findings => "findings",
            Table::Cards => "cards",
            Table::Events => "events",
        }
    }

    /// The columns written, in the order [`Rows`] encodes them.
    const fn columns(self) -> &'static str {
        match self {
            Table::Cases => {
                "case_no, version, is_deleted, partition, item, item_known, department, window, region, project, form, \
                 status, outcome, received_at, accepted_at, decided_at, closed_at, delivered_at, elapsed_days, \
                 suspended_days, same_day, promised_limit_days, promised_elapsed_days, promised_due_at, promised_late, \
                 promised_early, promised_days_over, promised_speed_up, statutory_limit_days, statutory_elapsed_days, \
                 statutory_due_at, statutory_late, statutory_early, statutory_days_over, statutory_speed_up, corrections, \
                 rating, cards_reminder, cards_yellow, cards_red, valid_from, next_change, uncovered_year, settled"
            }
            Table::Spans => {
                "case_no, clock, instance, started_at, version, is_deleted, ended_at, due_at, limit_days, late, \
                 department, handler"
            }
            Table::Findings => "case_no, kind, version, is_deleted, severity, events, item, department, window, at",
            Table::Cards => {
                "case_no, card_id, version, state, reason, clock, instance, level, rule, crossed_at, due_at, limit_days, \
                 promised_limit_days, promised_due_at, statutory_limit_days, statutory_due_at, confirm, handler, item, \
                 department, window, region"
            }
            Table::Events => {
                "case_no, source, event_id, version, kind, occurred_at, recorded_at, department, handler, retracted, \
                 payload, partition, offset"
            }
        }
    }
}

/// What happens while writing, for metrics.
pub trait Observer: Send + Sync {
    /// An insert begins.
    fn insert_started(&self, _table: Table) {}
    /// An insert ended: `ok`, `retried` (it failed and will be sent again) or `failed`.
    fn insert_ended(&self, _table: Table, _outcome: &'static str, _took: Duration, _rows: u64) {}
    /// A block is acknowledged: its size as rows and as sent.
    fn bytes_stored(&self, _table: Table, _encoded: u64, _sent: u64) {}
}

impl Observer for () {}

/// Writes rows. Cheap to clone.
#[derive(Clone)]
pub struct Writer {
    pub(crate) client: Client,
    pub(crate) config: StoreConfig,
    observer: Arc<dyn Observer>,
}

impl Writer {
    /// A writer for a database.
    pub fn new(config: &StoreConfig, observer: Arc<dyn Observer>) -> Self {
        Self { client: client(config), config: config.clone(), observer }
    }

    /// Writes all rows, in an order by which a crash on the way can be seen afterwards: with events the
    /// cases, what hangs on them, the events; without, what hangs on the cases, then the cases. Returns
    /// once all of it is acknowledged. Rows may be written again, whole or in part.
    ///
    /// # Errors
    /// A permanent error at once, a passing one when [`StoreConfig::retry_for`] is over. The blocks are
    /// given back, to be written again.
    pub async fn write(&self, rows: Rows) -> Result<(), (StoreError, PendingRows)> {
        self.write_pending(PendingRows::new(rows)).await
    }

    /// Goes on with rows that could not be written.
    ///
    /// # Errors
    /// As [`Writer::write`].
    pub async fn write_pending(&self, mut pending: PendingRows) -> Result<(), (StoreError, PendingRows)> {
        for stage in pending.order() {
            let inserts: Vec<_> = stage
                .iter()
                .filter_map(|table| Some((*table, pending.blocks[*table as usize].clone()?)))
                .map(|(table, block)| {
                    let writer = self.clone();
                    (table, tokio::spawn(async move { writer.insert(table, &block).await }))
                })
                .collect();
            let mut failure = None;
            for (table, insert) in inserts {
                match insert.await {
                    Ok(Ok(())) => pending.blocks[table as usize] = None,
                    Ok(Err(error)) => failure = Some(error),
                    Err(panicked) => {
                        failure = Some(StoreError::Schema(format!("the insert into {} ended: {panicked}", table.name())))
                    }
                }
            }
            if let Some(error) = failure {
                return Err((error, pending));
            }
        }
        Ok(())
    }

    async fn insert(&self, table: Table, block: &Encoded) -> Result<(), StoreError> {
        let started = Instant::now();
        let mut pause = Duration::from_millis(50);
        loop {
            let attempt = Instant::now();
            self.observer.insert_started(table);
            let result = self.send(table, block).await;
            let may_retry = |error: &StoreError| error.is_retryable() && started.elapsed() < self.config.retry_for;
            let outcome = match &result {
                Ok(()) => "ok",
                Err(error) if may_retry(error) => "retried",
                Err(_) => "failed",
            };
            self.observer.insert_ended(table, outcome, attempt.elapsed(), block.rows);
            if outcome == "ok" {
                self.observer.bytes_stored(table, block.encoded, block.compressed.len() as u64);
            }
            match result {
                Err(error) if outcome == "retried" => {
                    tracing::warn!(table = table.name(), %error, "insert failed, sent again");
                    let jitter = rand::rng().random_range(0.5..1.5);
                    tokio::time::sleep(pause.mul_f64(jitter)).await;
                    pause = (pause * 2).min(Duration::from_secs(5));
                }
                result => return result,
            }
        }
    }

    async fn send(&self, table: Table, block: &Encoded) -> Result<(), StoreError> {
        let what = format!("insert of {} rows into {}", block.rows, table.name());
        let sql = format!("INSERT INTO {} ({}) FORMAT RowBinary", table.name(), table.columns());
        let timeout = Some(self.config.timeout);
        // The bytes are compressed already: the client passes them on, and the server is told.
        let client = self.client.clone().with_compression(Compression::None).with_setting("decompress", "1");
        let mut insert = client.insert_formatted_with(sql).with_timeouts(timeout, timeout);
        insert.send(block.compressed.clone()).await.map_err(StoreError::during(what.clone()))?;
        insert.end().await.map_err(StoreError::during(what))
    }
}

/// Rows on their way, each table's block until it is acknowledged.
pub struct PendingRows {
    blocks: [Option<Arc<Encoded>>; Table::ALL.len()],
    /// Whether there were events among them to begin with.
    has_events: bool,
}

struct Encoded {
    compressed: Bytes,
    /// How many bytes the rows take uncompressed.
    encoded: u64,
    rows: u64,
}

impl PendingRows {
    /// In which order the tables are written, so that a crash on the way can be seen afterwards.
    ///
    /// With events: the cases first, whose version then tells of events that are not there yet; the
    /// events last. Without (time has passed): the cases last, which then still say that their time has
    /// not come.
    fn order(&self) -> [&'static [Table]; 3] {
        const DERIVED: &[Table] = &[Table::Spans, Table::Findings, Table::Cards];
        if self.has_events { [&[Table::Cases], DERIVED, &[Table::Events]] } else { [DERIVED, &[Table::Cases], &[]] }
    }

    fn new(rows: Rows) -> Self {
        Self {
            has_events: rows.has_events(),
            blocks: rows.into_blocks().map(|block| {
                (block.rows > 0).then(|| {
                    Arc::new(Encoded {
                        compressed: compressed(&block.bytes),
                        encoded: block.bytes.len() as u64,
                        rows: block.rows,
                    })
                })
            }),
        }
    }
}
