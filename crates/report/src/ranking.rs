//! Fair rankings, with what each place is worth.

use domain::ranking::{Interval, Standing, rank};
use serde::Serialize;
use store::{FigureQuery, GroupBy, Measure, Narrowing, StoreError};
use utoipa::ToSchema;
use wire::round4;

use crate::Ground;

/// Between what a rate lies.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[allow(missing_docs, reason = "named as in docs/figures.md")]
pub struct IntervalItem {
    pub low: f64,
    pub high: f64,
}

impl From<Interval> for IntervalItem {
    fn from(it: Interval) -> Self {
        Self { low: round4(it.low), high: round4(it.high) }
    }
}

/// A unit with its rate.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[allow(missing_docs, reason = "named as in docs/figures.md")]
pub struct RankedUnit {
    /// By the lower end of the interval, 1 first; none below the minimum volume.
    pub rank: Option<u32>,
    pub unit: String,
    pub cases: u64,
    pub successes: u64,
    /// successes / cases.
    pub rate: f64,
    /// With the county's mix of the items that the unit handles.
    pub adjusted: f64,
    /// What the county has on the same items in the same mix.
    pub county: f64,
    /// As how many cases the adjusted rate is as certain.
    pub effective_cases: f64,
    /// Wilson's interval of the adjusted rate.
    pub interval: IntervalItem,
}

impl From<Standing> for RankedUnit {
    fn from(it: Standing) -> Self {
        Self {
            rank: it.rank,
            unit: it.unit.to_string(),
            cases: it.cases,
            successes: it.successes,
            rate: round4(it.rate),
            adjusted: round4(it.adjusted),
            county: round4(it.county),
            effective_cases: round4(it.effective_cases),
            interval: it.interval.into(),
        }
    }
}

/// A ranking, and how it was made.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[allow(missing_docs, reason = "named as in docs/figures.md")]
pub struct RankingAnswer {
    pub from: String,
    pub to: String,
    /// Profile, counting, suspension and calendar.
    pub variant: String,
    pub of: String,
    pub by: String,
    pub min_volume: u64,
    /// Standard errors on either side of the interval.
    pub z: f64,
    /// The rate of all cases.
    pub overall: Option<f64>,
    pub ranked: Vec<RankedUnit>,
    /// Units below the minimum volume, not ranked.
    pub too_small: Vec<RankedUnit>,
}

impl RankingAnswer {
    /// Ranks the groups of a query over the cases decided and closed in its period: minimum volume, Wilson's interval,
    /// adjusted for the mix of items, by the lower end.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn read(
        ground: &Ground<'_>,
        query: &FigureQuery,
        only: &Narrowing,
        by: Measure,
        min_volume: u64,
    ) -> Result<Self, StoreError> {
        let z = ground.settings.z;
        let ranking = rank(&ground.reader.ranking_cells(query, only, by).await?, min_volume, z);
        let (from, to) = ground.bounds(query);
        Ok(Self {
            from,
            to,
            variant: ground.variant.clone(),
            of: query.group_by.name().to_owned(),
            by: by.name().to_owned(),
            min_volume,
            z,
            overall: ranking.overall.map(round4),
            ranked: ranking.ranked.into_iter().map(RankedUnit::from).collect(),
            too_small: ranking.too_small.into_iter().map(RankedUnit::from).collect(),
        })
    }

    /// The ranking of a month by the share of cases on time, among units above the minimum volume of the settings.
    pub(crate) async fn of_month(ground: &Ground<'_>, month: crate::Month, of: GroupBy) -> Result<Self, StoreError> {
        let (query, only) = (ground.month(month, of), ground.all_cases());
        Self::read(ground, &query, &only, Measure::OnTime, ground.settings.min_volume).await
    }
}
