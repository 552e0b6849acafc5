//! What rankings and the scorecards of intermediaries rest on.

use clickhouse::Row;
use domain::{intermediaries::PartyRecord, ranking::Cell};
use serde::Deserialize;

use crate::{FigureQuery, Narrowing, Reader, StoreError, client::within};

/// The rate that units are ranked by. More is better in all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// 按时办结率, over decided cases with a promise.
    OnTime,
    /// 提前办结率, over the same.
    Early,
    /// 当日办结率, over decided cases.
    SameDay,
    /// 满意率, over ratings of decided cases.
    Satisfaction,
}

impl Measure {
    /// The names, for messages.
    pub const NAMES: [&str; 4] = ["on_time", "early", "same_day", "satisfaction"];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Measure::OnTime => "on_time",
            Measure::Early => "early",
            Measure::SameDay => "same_day",
            Measure::Satisfaction => "satisfaction",
        }
    }

    /// The measure of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "on_time" => Measure::OnTime,
            "early" => Measure::Early,
            "same_day" => Measure::SameDay,
            "satisfaction" => Measure::Satisfaction,
            _ => return None,
        })
    }
}

#[derive(Row, Deserialize)]
struct CellRow {
    group_key: String,
    item_key: String,
    decided: u64,
    promised: u64,
    on_time: u64,
    early: u64,
    same_day: u64,
    ratings: u64,
    satisfied: u64,
}

#[derive(Row, Deserialize)]
struct PartyRow {
    party_key: String,
    cases: u64,
    works: u64,
    open: u64,
    on_time: u64,
    late: u64,
    days_used: f64,
    days_allowed: f64,
}

impl Reader {
    /// Cases by unit and item, for [`domain::ranking::rank`]. Cases that name no unit are left out: nobody can be
    /// ranked for them.
    ///
    /// # Errors
    /// ClickHouse did not answer.
    pub async fn ranking_cells(&self, query: &FigureQuery, only: &Narrowing, by: Measure) -> Result<Vec<Cell>, StoreError> {
        let prepared = self.grouped(include_str!("../queries/ranking.sql"), query, only);
        let rows: Vec<CellRow> = within(self.config.timeout, "reading what rankings rest on", prepared.fetch_all()).await?;
        let cell = |row: CellRow| {
            let (successes, cases) = match by {
                Measure::OnTime => (row.on_time, row.promised),
                Measure::Early => (row.early, row.promised),
                Measure::SameDay => (row.same_day, row.decided),
                Measure::Satisfaction => (row.satisfied, row.ratings),
            };
            Cell { unit: row.group_key.into(), item: row.item_key.into(), successes, cases }
        };
        Ok(rows.into_iter().filter(|row| !row.group_key.is_empty()).map(cell).collect())
    }

    /// What is on record of every intermediary, by name; the grouping of the query does not matter.
    ///
    /// # Errors
    /// ClickHouse did not answer.
    pub async fn parties(&self, query: &FigureQuery, only: &Narrowing) -> Result<Vec<PartyRecord>, StoreError> {
        let prepared = self.grouped(include_str!("../queries/parties.sql"), query, only);
        let rows: Vec<PartyRow> = within(self.config.timeout, "reading intermediaries", prepared.fetch_all()).await?;
        let record = |row: PartyRow| PartyRecord {
            party: row.party_key.into(),
            cases: row.cases,
            works: row.works,
            open: row.open,
            on_time: row.on_time,
            late: row.late,
            days_used: row.days_used,
            days_allowed: row.days_allowed,
        };
        Ok(rows.into_iter().map(record).collect())
    }
}
