//! Two concentrations, two in-places: what was really done in the hall, and who had business at all.

use clickhouse::Row;
use serde::Deserialize;

use crate::{FigureQuery, Narrowing, Reader, StoreError, client::within};

/// Work in the hall of one group of cases closed in a period.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct HallFigures {
    /// The group; empty where there is none.
    pub group_key: String,
    /// Cases closed.
    pub closed: u64,
    /// Of items of the hall.
    pub hall_cases: u64,
    /// Cases with a decision.
    pub decisions: u64,
    /// Decisions that report where they were taken.
    pub decisions_placed: u64,
    /// Taken in the hall, or a branch of it, and by nobody without authority.
    pub decided_in_hall_by_authorised: u64,
    /// Taken by somebody without authority, wherever.
    pub unauthorised: u64,
    /// Cases with a window and with a substantive act that reports a place.
    pub window_cases: u64,
    /// Of them those whose every substantive act was done elsewhere.
    pub passed_through: u64,
    /// Cases of hall items with an act in the department's own office.
    pub left_hall: u64,
    /// Such acts.
    pub off_hall_steps: u64,
    /// Corrections asked for.
    pub corrections_asked: u64,
    /// Trips of the applicants, at most: to apply, for every correction and deferred material, for the result.
    pub trips: u64,
}

impl HallFigures {
    /// 窗口实办率: decisions really taken in the hall by those authorised / decisions. None where no decision reports
    /// a place: such a source does not say.
    pub fn window_decision_rate(&self) -> Option<f64> {
        (self.decisions_placed > 0).then(|| self.decided_in_hall_by_authorised as f64 / self.decisions as f64)
    }

    /// 收发室率: cases only passed through / the window's cases with a known place.
    pub fn pass_through_rate(&self) -> Option<f64> {
        (self.window_cases > 0).then(|| self.passed_through as f64 / self.window_cases as f64)
    }

    /// 件均补正次数: corrections / cases closed.
    pub fn corrections_per_case(&self) -> Option<f64> {
        (self.closed > 0).then(|| self.corrections_asked as f64 / self.closed as f64)
    }

    /// 件均跑腿次数: trips / cases closed, at most.
    pub fn trips_per_case(&self) -> Option<f64> {
        (self.closed > 0).then(|| self.trips as f64 / self.closed as f64)
    }

    /// 体外循环率: cases that left the hall / cases of hall items.
    pub fn left_hall_rate(&self) -> Option<f64> {
        (self.hall_cases > 0).then(|| self.left_hall as f64 / self.hall_cases as f64)
    }
}

/// Business of a department in a region.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct Coverage {
    /// The department; empty where cases name none.
    #[serde(rename = "department_key")]
    pub department: String,
    /// GB/T 2260 code; empty where cases name none.
    #[serde(rename = "region_key")]
    pub region: String,
    /// Cases received.
    pub received: u64,
    /// Cases closed.
    pub closed: u64,
}

impl Reader {
    /// What was really done in the hall, by group.
    ///
    /// # Errors
    /// ClickHouse did not answer.
    pub async fn hall(&self, query: &FigureQuery, only: &Narrowing) -> Result<Vec<HallFigures>, StoreError> {
        let prepared = self.grouped(include_str!("../queries/hall.sql"), query, only);
        within(self.config.timeout, "reading the figures of the hall", prepared.fetch_all()).await
    }

    /// Business by department and region; the grouping of the query does not matter.
    ///
    /// # Errors
    /// ClickHouse did not answer.
    pub async fn coverage(&self, query: &FigureQuery, only: &Narrowing) -> Result<Vec<Coverage>, StoreError> {
        let prepared = self.grouped(include_str!("../queries/coverage.sql"), query, only);
        within(self.config.timeout, "reading the coverage", prepared.fetch_all()).await
    }
}
