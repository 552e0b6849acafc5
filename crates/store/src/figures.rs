//! Figures over stored cases: one query, whoever shows them.

use std::collections::BTreeMap;

use clickhouse::Row;
use domain::{
    Figures, FindingKind, Instant, Level, Outcome,
    figures::{Distribution, SpeedUp},
};
use serde::Deserialize;

use crate::{Narrowing, Reader, StoreError, client::within};

/// By what figures are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupBy {
    /// One set.
    Nothing,
    /// By department.
    Department,
    /// By window.
    Window,
    /// By item.
    Item,
    /// By region.
    Region,
    /// By local month, `2026-10`: a case counts as received in the month of its receipt, as closed in
    /// that of its closing, as open in that of its acceptance.
    Month,
}

impl GroupBy {
    /// The grouping of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "" => GroupBy::Nothing,
            "department" => GroupBy::Department,
            "window" => GroupBy::Window,
            "item" => GroupBy::Item,
            "region" => GroupBy::Region,
            "month" => GroupBy::Month,
            _ => return None,
        })
    }

    /// Its name; empty for nothing.
    pub const fn name(self) -> &'static str {
        match self {
            GroupBy::Nothing => "",
            GroupBy::Department => "department",
            GroupBy::Window => "window",
            GroupBy::Item => "item",
            GroupBy::Region => "region",
            GroupBy::Month => "month",
        }
    }

    pub(crate) const fn expression(self) -> &'static str {
        match self {
            GroupBy::Nothing => "''",
            GroupBy::Department => "ifNull(department, '')",
            GroupBy::Window => "ifNull(window, '')",
            GroupBy::Item => "ifNull(item, '')",
            GroupBy::Region => "ifNull(region, '')",
            GroupBy::Month => "ifNull(formatDateTime(role_at, '%Y-%m', {zone:String}), '')",
        }
    }
}

/// Which figures are asked for.
#[derive(Debug, Clone)]
pub struct FigureQuery {
    /// From this instant on.
    pub from: Instant,
    /// Up to this instant, exclusive.
    pub to: Instant,
    /// By what they are grouped.
    pub group_by: GroupBy,
    /// The time zone of months.
    pub zone: String,
}

/// The figures of one group.
#[derive(Debug, Clone)]
pub struct FigureGroup {
    /// Its name; empty where there is none.
    pub key: String,
    /// Its figures.
    pub figures: Figures,
}

#[derive(Row, Deserialize, Default)]
struct FigureRow {
    group_key: String,
    received: u64,
    accepted: u64,
    closed: u64,
    not_accepted: u64,
    granted: u64,
    refused: u64,
    withdrawn: u64,
    returned: u64,
    voided: u64,
    forwarded: u64,
    on_time: u64,
    early: u64,
    late: u64,
    same_day: u64,
    within_7_days: u64,
    timed: u64,
    decided_cases: u64,
    elapsed_mean: Option<f64>,
    elapsed_quantiles: Vec<f64>,
    statutory_saved: f64,
    statutory_limits: f64,
    statutory_mean: Option<f64>,
    promised_saved: f64,
    promised_limits: f64,
    promised_mean: Option<f64>,
    ratings: u64,
    satisfied: u64,
    rated_and_decided: u64,
    reminder: u64,
    yellow: u64,
    red: u64,
}

#[derive(Row, Deserialize, Default)]
struct OpenCount {
    group_key: String,
    open: u64,
    overdue: u64,
}

#[derive(Row, Deserialize)]
struct FindingCount {
    group_key: String,
    kind: String,
    found: u64,
}

impl Reader {
    /// Figures of a period, by group. Cases received and closed are those of the period, ratings,
    /// cards and findings those of the cases received in it; open and overdue ones are those of now.
    /// Without grouping there is always one group; else only those with a case.
    ///
    /// # Errors
    /// ClickHouse did not answer, or a row holds a code this binary does not know.
    pub async fn figures(&self, query: &FigureQuery) -> Result<Vec<FigureGroup>, StoreError> {
        self.figures_only(query, &Narrowing::default()).await
    }

    /// The same over some cases only.
    ///
    /// # Errors
    /// ClickHouse did not answer, or a row holds a code this binary does not know.
    pub async fn figures_only(&self, query: &FigureQuery, only: &Narrowing) -> Result<Vec<FigureGroup>, StoreError> {
        let prepared = |sql: &str| self.grouped(sql, query, only);
        let rows = prepared(include_str!("../queries/figures.sql")).fetch_all::<FigureRow>();
        let open = prepared(include_str!("../queries/open_counts.sql")).fetch_all::<OpenCount>();
        let found = prepared(include_str!("../queries/finding_counts.sql")).fetch_all::<FindingCount>();
        let (rows, open, found) = tokio::try_join!(
            within(self.config.timeout, "reading figures", rows),
            within(self.config.timeout, "counting open cases", open),
            within(self.config.timeout, "counting findings", found),
        )?;
        let mut groups: BTreeMap<String, (FigureRow, OpenCount)> = BTreeMap::new();
        for row in rows {
            let (figures, _) = groups.entry(row.group_key.clone()).or_default();
            *figures = row;
        }
        for count in open {
            let (_, open) = groups.entry(count.group_key.clone()).or_default();
            *open = count;
        }
        if query.group_by == GroupBy::Nothing {
            groups.entry(String::new()).or_default();
        }
        let mut groups: BTreeMap<String, Figures> =
            groups.into_iter().map(|(key, (row, open))| (key, row.figures(&open))).collect();
        for count in found {
            let kind = FindingKind::from_code(&count.kind).ok_or_else(|| StoreError::BrokenRow {
                table: "findings",
                case_no: String::new(),
                why: format!("unknown kind {:?}", count.kind),
            })?;
            // A case written between the queries is in the next answer.
            if let Some(figures) = groups.get_mut(&count.group_key) {
                figures.findings.insert(kind, count.found);
            }
        }
        Ok(groups.into_iter().map(|(key, figures)| FigureGroup { key, figures }).collect())
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

impl FigureRow {
    fn figures(self, now: &OpenCount) -> Figures {
        let outcomes = [
            (Outcome::Granted, self.granted),
            (Outcome::Refused, self.refused),
            (Outcome::Withdrawn, self.withdrawn),
            (Outcome::Returned, self.returned),
            (Outcome::Voided, self.voided),
            (Outcome::Forwarded, self.forwarded),
        ];
        let quantile = |at: usize| self.elapsed_quantiles.get(at).copied().filter(|_| self.timed > 0);
        let speed_up = |saved: f64, limits: f64, mean| SpeedUp { weighted: (limits > 0.0).then(|| saved / limits), mean };
        Figures {
            received: self.received,
            accepted: self.accepted,
            closed: self.closed,
            open: now.open,
            not_accepted: self.not_accepted,
            outcomes: outcomes.into_iter().filter(|(_, count)| *count > 0).collect(),
            on_time: self.on_time,
            early: self.early,
            late: self.late,
            open_overdue: now.overdue,
            on_time_rate: ratio(self.on_time, self.on_time + self.late),
            overdue_rate: ratio(self.late + now.overdue, self.on_time + self.late + now.overdue),
            same_day: self.same_day,
            same_day_rate: ratio(self.same_day, self.decided_cases),
            within_7_days_rate: ratio(self.within_7_days, self.timed),
            elapsed_days: Distribution { mean: self.elapsed_mean, p50: quantile(0), p90: quantile(1), p95: quantile(2) },
            statutory_speed_up: speed_up(self.statutory_saved, self.statutory_limits, self.statutory_mean),
            promised_speed_up: speed_up(self.promised_saved, self.promised_limits, self.promised_mean),
            satisfaction_rate: ratio(self.satisfied, self.ratings),
            rating_rate: ratio(self.rated_and_decided, self.decided_cases),
            cards: [(Level::Reminder, self.reminder), (Level::Yellow, self.yellow), (Level::Red, self.red)].into(),
            findings: Default::default(),
        }
    }
}
