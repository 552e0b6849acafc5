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

use crate::{
    StoreConfig, StoreError,
    client::client,
    columns,
    compress::Compressor,
    native::{Block, Named},
    rows::Rows,
};

/// The tables rows are written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// Cards that were issued and are unfounded now.
    WithdrawnCards = 0,
    /// One row a case, with everything that follows from its events.
    Cases = 1,
    /// Events as they came.
    Events = 2,
}

impl Table {
    /// All of them, in the order they are written in: a row in `events` means that what follows from it is
    /// stored, and a card that a row of `cases` has no more is among the withdrawn ones. The other way
    /// round, a crash between them would leave events that no case knows of, and cards that are gone.
    pub const ALL: [Table; 3] = [Table::WithdrawnCards, Table::Cases, Table::Events];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Table::Cases => "cases",
            Table::WithdrawnCards => "withdrawn_cards",
            Table::Events => "events",
        }
    }

    /// The columns written, in the order [`Rows`] puts values in.
    pub(crate) const fn columns(self) -> &'static [Named] {
        match self {
            Table::Cases => columns::CASES,
            Table::WithdrawnCards => columns::WITHDRAWN_CARDS,
            Table::Events => columns::EVENTS,
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

    /// Writes all rows, table by table in the order of [`Table::ALL`]. Returns once all of it is
    /// acknowledged. Rows may be written again, whole or in part.
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
        for table in Table::ALL {
            if let Some(block) = &pending.blocks[table as usize] {
                if let Err(error) = self.insert(table, block).await {
                    return Err((error, pending));
                }
                pending.blocks[table as usize] = None;
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
        let columns: Vec<&str> = table.columns().iter().map(|(name, _)| *name).collect();
        let sql = format!("INSERT INTO {} ({}) FORMAT Native", table.name(), columns.join(", "));
        let timeout = Some(self.config.timeout);
        let client = self
            .client
            .clone()
            // The bytes are compressed already: the client passes them on, and the server is told.
            .with_compression(Compression::None)
            .with_setting("decompress", "1")
            // A block holds hardly ever two rows of one key; looking for them costs as much as the rest of an insert.
            .with_setting("optimize_on_insert", "0");
        let mut insert = client.insert_formatted_with(sql).with_timeouts(timeout, timeout);
        insert.send(block.compressed.clone()).await.map_err(StoreError::during(what.clone()))?;
        insert.end().await.map_err(StoreError::during(what))
    }
}

/// Rows on their way, each table's block until it is acknowledged.
pub struct PendingRows {
    blocks: [Option<Encoded>; Table::ALL.len()],
}

struct Encoded {
    compressed: Bytes,
    /// How many bytes the rows take uncompressed.
    encoded: u64,
    rows: u64,
}

impl PendingRows {
    fn new(rows: Rows) -> Self {
        let encoded =
            |block: Block| (block.rows > 0).then(|| Encoded::new(block.rows, |out| block.encode(&mut |bytes| out.write(bytes))));
        Self { blocks: rows.into_blocks().map(encoded) }
    }

    /// Rows that were [encoded](Rows::encoded) before: each table's number of rows and their bytes.
    pub fn of_encoded(blocks: [(u64, Vec<u8>); Table::ALL.len()]) -> Self {
        Self { blocks: blocks.map(|(rows, bytes)| (rows > 0).then(|| Encoded::new(rows, |out| out.write(&bytes)))) }
    }
}

impl Encoded {
    fn new(rows: u64, write: impl FnOnce(&mut Compressor)) -> Self {
        let mut compressor = Compressor::default();
        write(&mut compressor);
        Self { encoded: compressor.written(), compressed: compressor.finish(), rows }
    }
}
