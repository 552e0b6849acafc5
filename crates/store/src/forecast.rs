//! What forecasts rest on: closed cases, and the open ones.

use clickhouse::Row;
use domain::{
    Instant,
    forecast::{OpenState, Past},
};
use serde::Deserialize;

use crate::{FigureQuery, Narrowing, Reader, StoreError, client::within};

#[derive(Row, Deserialize)]
struct PastRow {
    month: String,
    item_key: String,
    department_key: String,
    days: f64,
    limit_in_days: f64,
    late: u8,
    cases: u64,
}

#[derive(Row, Deserialize)]
struct OpenRow {
    case_no: String,
    item_key: String,
    department_key: String,
    suspended: u8,
    used_days: f64,
    left_days: f64,
    due_at: Option<i64>,
    valid_from: i64,
}

impl Reader {
    /// How long the cases closed in the period took; the grouping of the query does not matter.
    ///
    /// # Errors
    /// ClickHouse did not answer.
    pub async fn forecast_history(&self, query: &FigureQuery, only: &Narrowing) -> Result<Vec<Past>, StoreError> {
        let prepared = self.grouped(include_str!("../queries/forecast_history.sql"), query, only);
        let rows: Vec<PastRow> = within(self.config.timeout, "reading the history of forecasts", prepared.fetch_all()).await?;
        let past = |row: PastRow| Past {
            month: row.month.into(),
            item: row.item_key.into(),
            department: row.department_key.into(),
            days: row.days,
            limit_days: row.limit_in_days,
            late: row.late != 0,
            cases: row.cases,
        };
        Ok(rows.into_iter().map(past).collect())
    }

    /// The open cases with a promise; of the query only the condition matters.
    ///
    /// # Errors
    /// ClickHouse did not answer.
    pub async fn forecast_open(&self, query: &FigureQuery, only: &Narrowing) -> Result<Vec<OpenState>, StoreError> {
        let prepared = self.grouped(include_str!("../queries/forecast_open.sql"), query, only);
        let rows: Vec<OpenRow> = within(self.config.timeout, "reading open cases", prepared.fetch_all()).await?;
        let open = |row: OpenRow| OpenState {
            case_no: row.case_no.into(),
            item: row.item_key.into(),
            department: row.department_key.into(),
            suspended: row.suspended != 0,
            used_days: row.used_days,
            left_days: row.left_days,
            due_at: row.due_at.map(Instant::from_ms),
            valid_from: Instant::from_ms(row.valid_from),
        };
        Ok(rows.into_iter().map(open).collect())
    }
}
