//! Lists of cases and cards, and the office's gauges.

use clickhouse::Row;
use serde::{Deserialize, Serialize};

use crate::{Reader, StoreError, client::within};

/// Which cases are asked for; an empty text asks for all.
#[derive(Debug, Clone, Default)]
pub struct CaseQuery {
    /// Case numbers that begin so.
    pub case_no: String,
    /// Of this department.
    pub department: String,
    /// Of this item.
    pub item: String,
    /// In this status.
    pub status: String,
    /// Only open ones past their promise.
    pub overdue: bool,
    /// At most so many.
    pub limit: u32,
    /// After so many.
    pub offset: u32,
}

/// A case in a list. Instants are milliseconds since 1970.
#[derive(Debug, Clone, Row, Deserialize)]
#[allow(missing_docs, reason = "the fields are those of domain::Assessment")]
pub struct CaseSummary {
    pub case_no: String,
    pub item: Option<String>,
    pub department: Option<String>,
    pub window: Option<String>,
    pub region: Option<String>,
    pub status: String,
    pub outcome: Option<String>,
    pub received_at: Option<i64>,
    pub accepted_at: Option<i64>,
    pub closed_at: Option<i64>,
    pub promised_due_at: Option<i64>,
    pub statutory_due_at: Option<i64>,
    pub promised_late: u8,
    pub elapsed_days: Option<f64>,
    pub cards_reminder: u16,
    pub cards_yellow: u16,
    pub cards_red: u16,
}

/// Which cards are asked for; an empty text asks for all.
#[derive(Debug, Clone, Default)]
pub struct CardQuery {
    /// `issued` or `withdrawn`.
    pub state: String,
    /// `reminder`, `yellow` or `red`.
    pub level: String,
    /// Of this department.
    pub department: String,
    /// At most so many.
    pub limit: u32,
    /// After so many.
    pub offset: u32,
}

/// A card in a list. Instants are milliseconds since 1970.
#[derive(Debug, Clone, Row, Deserialize)]
#[allow(missing_docs, reason = "the fields are those of domain::Card")]
pub struct CardRow {
    pub card_id: String,
    pub case_no: String,
    pub state: String,
    pub reason: String,
    pub clock: String,
    pub instance: String,
    pub level: String,
    pub rule: String,
    pub crossed_at: i64,
    pub due_at: Option<i64>,
    pub limit_days: f64,
    pub handler: Option<String>,
    pub item: Option<String>,
    pub department: Option<String>,
    pub window: Option<String>,
}

/// The gauges of one department: open and overdue now, cards so far, and the cases decided in the
/// current month.
#[derive(Debug, Clone, Row, Serialize, Deserialize)]
#[allow(missing_docs, reason = "named as in the query")]
pub struct Gauges {
    pub department: String,
    pub open: u64,
    pub open_overdue: u64,
    pub reminder: u64,
    pub yellow: u64,
    pub red: u64,
    pub on_time: u64,
    pub late: u64,
    pub promised_saved: f64,
    pub promised_limits: f64,
    pub statutory_saved: f64,
    pub statutory_limits: f64,
}

impl Reader {
    /// A page of cases, by case number.
    ///
    /// # Errors
    /// ClickHouse did not answer.
    pub async fn cases(&self, query: &CaseQuery) -> Result<Vec<CaseSummary>, StoreError> {
        let rows = self
            .client
            .query(include_str!("../queries/cases.sql"))
            .bind(&query.case_no)
            .bind(&query.case_no)
            .bind(&query.department)
            .bind(&query.department)
            .bind(&query.item)
            .bind(&query.item)
            .bind(&query.status)
            .bind(&query.status)
            .bind(query.overdue)
            .bind(query.limit)
            .bind(query.offset);
        within(self.config.timeout, "listing cases", rows.fetch_all()).await
    }

    /// A page of cards, the newest first.
    ///
    /// # Errors
    /// ClickHouse did not answer.
    pub async fn cards(&self, query: &CardQuery) -> Result<Vec<CardRow>, StoreError> {
        let rows = self
            .client
            .query(include_str!("../queries/cards.sql"))
            .bind(&query.state)
            .bind(&query.state)
            .bind(&query.level)
            .bind(&query.level)
            .bind(&query.department)
            .bind(&query.department)
            .bind(query.limit)
            .bind(query.offset);
        within(self.config.timeout, "listing cards", rows.fetch_all()).await
    }

    /// The gauges of every department; `zone` says where months begin.
    ///
    /// # Errors
    /// ClickHouse did not answer.
    pub async fn gauges(&self, zone: &str) -> Result<Vec<Gauges>, StoreError> {
        let rows = self.client.query(include_str!("../queries/gauges.sql")).bind(zone);
        within(self.config.timeout, "reading the gauges", rows.fetch_all()).await
    }
}
