//! Writing rows, with retries.
//!
//! The client's own `Inserter` has no retry and loses its buffer on an error, so blocks are sent by
//! hand: encoded once, compressed once, and the same bytes sent again until they are acknowledged. Rows that
//! come bit by bit are compressed as they come, and inserted at once.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use clickhouse::{Client, Compression};
use rand::RngExt;

use crate::{StoreConfig, StoreError, client::client, columns, compress::Compressor, native::Named, rows::Rows};

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
        self.write_pending(rows.into()).await
    }

    /// Goes on with rows that could not be written.
    ///
    /// # Errors
    /// As [`Writer::write`].
    pub async fn write_pending(&self, mut pending: PendingRows) -> Result<(), (StoreError, PendingRows)> {
        for table in Table::ALL {
            if let Some(block) = &pending.tables[table as usize] {
                if let Err(error) = self.insert(table, block).await {
                    return Err((error, pending));
                }
                pending.tables[table as usize] = None;
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
                self.observer.bytes_stored(table, block.encoded, block.sent());
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
        for piece in &block.pieces {
            insert.send(piece.clone()).await.map_err(StoreError::during(what.clone()))?;
        }
        insert.end().await.map_err(StoreError::during(what))
    }
}

/// Rows on their way, encoded and compressed, until they are acknowledged.
#[derive(Default)]
pub struct PendingRows {
    tables: [Option<Encoded>; Table::ALL.len()],
}

/// Rows of one table, to be inserted at once.
#[derive(Default)]
struct Encoded {
    /// A compressed block for each time rows were added: the format takes one after another.
    pieces: Vec<Bytes>,
    /// How many bytes the rows take uncompressed.
    encoded: u64,
    rows: u64,
}

impl PendingRows {
    /// Encodes and compresses rows, to be written together with those that are here already. `rows` is empty then, and
    /// keeps its room for the next ones.
    pub fn add(&mut self, rows: &mut Rows) {
        let (blocks, compressor) = rows.parts_mut();
        for (table, block) in self.tables.iter_mut().zip(blocks) {
            if block.rows > 0 {
                block.encode(&mut |bytes| compressor.write(bytes));
                table.get_or_insert_default().add(block.rows, compressor.finish());
                block.clear();
            }
        }
    }

    /// Rows that were [encoded](Rows::encoded) before: each table's number of rows and their bytes.
    pub fn of_encoded(blocks: [(u64, Vec<u8>); Table::ALL.len()]) -> Self {
        let (mut pending, mut compressor) = (Self::default(), Compressor::default());
        for (table, (rows, bytes)) in pending.tables.iter_mut().zip(blocks) {
            if rows > 0 {
                compressor.write(&bytes);
                table.get_or_insert_default().add(rows, compressor.finish());
            }
        }
        pending
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.tables.iter().all(Option::is_none)
    }

    /// How many bytes they take as they are.
    pub fn bytes(&self) -> usize {
        self.tables.iter().flatten().flat_map(|encoded| &encoded.pieces).map(Bytes::len).sum()
    }
}

impl From<Rows> for PendingRows {
    fn from(mut rows: Rows) -> Self {
        let mut pending = Self::default();
        pending.add(&mut rows);
        pending
    }
}

impl Encoded {
    fn add(&mut self, rows: u64, (piece, encoded): (Bytes, u64)) {
        self.encoded += encoded;
        self.rows += rows;
        self.pieces.push(piece);
    }

    /// How many bytes are sent.
    fn sent(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.len() as u64).sum()
    }
}
