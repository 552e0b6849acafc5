//! Gaming made visible: which closed cases the figures may owe to a trick.

use clickhouse::Row;
use domain::Instant;
use serde::Deserialize;

use crate::{FigureQuery, Narrowing, Reader, StoreError, Suspicion, client::within};

/// Suspicious cases of one group and kind.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct Suspected {
    /// The group; empty where there is none.
    pub group_key: String,
    /// The finding, by its code; empty for any of them, each case once.
    pub kind: String,
    /// How many cases.
    pub found: u64,
}

/// A suspicious case, a row for every kind that it is suspicious by.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct SuspiciousRow {
    /// The case.
    pub case_no: String,
    /// The finding, by its code.
    pub kind: String,
    /// Its department, where it names one.
    pub department: Option<String>,
    /// Its window, where it names one.
    pub window: Option<String>,
    /// Its item, where it names one.
    pub item: Option<String>,
    closed_ms: i64,
}

impl SuspiciousRow {
    /// When it was closed.
    pub fn closed_at(&self) -> Instant {
        Instant::from_ms(self.closed_ms)
    }
}

/// A page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// At most so many.
    pub limit: u32,
    /// After so many.
    pub offset: u32,
}

/// Cases that one window closed within a minute of each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The window.
    pub window: String,
    /// The first closing.
    pub first: Instant,
    /// The last one.
    pub last: Instant,
    /// The cases, by their closing.
    pub case_nos: Vec<String>,
}

#[derive(Row, Deserialize)]
struct BatchRow {
    #[serde(rename = "window_key")]
    window: String,
    first_ms: i64,
    last_ms: i64,
    case_nos: Vec<String>,
}

impl Reader {
    /// Suspicious cases among those closed in the period, by group and kind.
    ///
    /// # Errors
    /// ClickHouse did not answer.
    pub async fn suspected(&self, query: &FigureQuery, only: &Narrowing) -> Result<Vec<Suspected>, StoreError> {
        let sql = include_str!("../queries/gaming.sql");
        // What is looked for is not left out.
        let shown = Narrowing { without_suspicious: false, ..only.clone() };
        within(self.config.timeout, "reading suspicious cases", self.grouped(sql, query, &shown).fetch_all()).await
    }

    /// The suspicious cases that [`suspected`](Self::suspected) counts, by their closing; of one kind, or with an empty
    /// one of any. The grouping of the query does not matter.
    ///
    /// # Errors
    /// ClickHouse did not answer.
    pub async fn suspicious_cases(
        &self,
        query: &FigureQuery,
        only: &Narrowing,
        kind: &str,
        page: Page,
    ) -> Result<Vec<SuspiciousRow>, StoreError> {
        let sql = include_str!("../queries/suspicious_cases.sql");
        let shown = Narrowing { without_suspicious: false, ..only.clone() };
        let prepared = self.grouped(sql, query, &shown).param("kind", kind);
        let prepared = prepared.param("limit", page.limit).param("offset", page.offset);
        within(self.config.timeout, "listing suspicious cases", prepared.fetch_all()).await
    }

    /// Batches of a period, by time (`batch_close`).
    ///
    /// # Errors
    /// ClickHouse did not answer.
    pub async fn batch_closings(&self, query: &FigureQuery, suspicion: &Suspicion) -> Result<Vec<Batch>, StoreError> {
        let sql = include_str!("../queries/batch_closings.sql");
        let only = Narrowing { suspicion: suspicion.clone(), ..Narrowing::default() };
        let rows: Vec<BatchRow> =
            within(self.config.timeout, "reading batches", self.grouped(sql, query, &only).fetch_all()).await?;
        let batch = |row: BatchRow| Batch {
            window: row.window,
            first: Instant::from_ms(row.first_ms),
            last: Instant::from_ms(row.last_ms),
            case_nos: row.case_nos,
        };
        Ok(rows.into_iter().map(batch).collect())
    }
}
