//! Gaming made visible (数据注水): suspicious cases, and what the ratios are without them.

use std::collections::BTreeMap;

use domain::{Figures, catalog_figures::CatalogFigures};
use serde::Serialize;
use store::{FigureGroup, FigureQuery, Narrowing, Page, StoreError};
use utoipa::ToSchema;
use wire::round4;

use crate::Ground;

/// The main ratios.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[allow(missing_docs, reason = "named as in docs/figures.md")]
pub struct Ratios {
    /// Cases closed in the period.
    pub closed: u64,
    /// 按时办结率.
    pub on_time_rate: Option<f64>,
    /// 当日办结率.
    pub same_day_rate: Option<f64>,
    /// 实际提速率(法定), Σ(L − a) / ΣL.
    pub statutory_speed_up: Option<f64>,
    /// 实际提速率(承诺), Σ(L − a) / ΣL.
    pub promised_speed_up: Option<f64>,
}

impl From<&Figures> for Ratios {
    fn from(figures: &Figures) -> Self {
        Self {
            closed: figures.closed,
            on_time_rate: figures.on_time_rate.map(round4),
            same_day_rate: figures.same_day_rate.map(round4),
            statutory_speed_up: figures.statutory_speed_up.weighted.map(round4),
            promised_speed_up: figures.promised_speed_up.weighted.map(round4),
        }
    }
}

/// Suspicious cases of a group, and its ratios with and without them.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[allow(missing_docs, reason = "named as in docs/figures.md")]
pub struct GamingGroup {
    /// Its name; empty where figures are not grouped, or cases name none.
    pub key: String,
    /// Suspicious cases, each once.
    pub suspicious: u64,
    /// By kind of finding: instant_close, suspension_near_due, late_entry, batch_close.
    pub kinds: BTreeMap<String, u64>,
    pub with: Ratios,
    /// None where all of them are suspicious.
    pub without: Option<Ratios>,
}

/// A batch: one window closed many cases within a minute.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[allow(missing_docs, reason = "named as in docs/figures.md")]
pub struct BatchItem {
    pub window: String,
    pub first: String,
    pub last: String,
    pub case_nos: Vec<String>,
}

/// Suspicious cases, and how they were looked for.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[allow(missing_docs, reason = "named as in docs/figures.md")]
pub struct GamingAnswer {
    pub from: String,
    pub to: String,
    /// Profile, counting, suspension and calendar.
    pub variant: String,
    /// The findings that make a case suspicious.
    pub suspicious: Vec<String>,
    /// How many closings of one window within a minute are a batch.
    pub batch_at_least: u32,
    pub groups: Vec<GamingGroup>,
    pub batches: Vec<BatchItem>,
    /// 承诺未压缩事项: items whose promise is no shorter than the statutory limit, on the last day of the period.
    pub padded_items: Vec<String>,
}

impl GamingAnswer {
    /// What the figures of a period may owe to a trick, and the main ratios with and without suspicious cases.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn read(ground: &Ground<'_>, query: &FigureQuery, only: &Narrowing) -> Result<Self, StoreError> {
        let batches = ground.reader.batch_closings(query, &only.suspicion).await?.into_iter().map(|batch| BatchItem {
            window: batch.window,
            first: ground.local(batch.first),
            last: ground.local(batch.last),
            case_nos: batch.case_nos,
        });
        let catalog = CatalogFigures::of(ground.catalog.in_force_on(ground.catalog_day(query)));
        let (from, to) = ground.bounds(query);
        Ok(Self {
            from,
            to,
            variant: ground.variant.clone(),
            suspicious: only.suspicion.kinds.clone(),
            batch_at_least: only.suspicion.batch_at_least,
            groups: gaming_groups(ground, query, only).await?,
            batches: batches.collect(),
            padded_items: catalog.padded_items.iter().map(ToString::to_string).collect(),
        })
    }
}

/// Suspicious cases of every group, and its ratios with and without them.
pub(crate) async fn gaming_groups(
    ground: &Ground<'_>,
    query: &FigureQuery,
    only: &Narrowing,
) -> Result<Vec<GamingGroup>, StoreError> {
    let with = ground.reader.figures_only(query, only).await?;
    let others = Narrowing { without_suspicious: true, ..only.clone() };
    let without = ground.reader.figures_only(query, &others).await?;
    let mut suspected: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for row in ground.reader.suspected(query, only).await? {
        suspected.entry(row.group_key).or_default().insert(row.kind, row.found);
    }
    let group = |group: FigureGroup| {
        let mut kinds = suspected.remove(&group.key).unwrap_or_default();
        let others = without.iter().find(|it| it.key == group.key).filter(|it| it.figures.closed > 0);
        GamingGroup {
            // The kind without a name is any of them.
            suspicious: kinds.remove("").unwrap_or_default(),
            kinds,
            with: (&group.figures).into(),
            without: others.map(|it| (&it.figures).into()),
            key: group.key,
        }
    };
    // A group whose cases are all open has nothing closed to be suspicious of.
    Ok(with.into_iter().filter(|it| it.figures.closed > 0).map(group).collect())
}

/// A suspicious case, once for every kind that it is suspicious by.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[allow(missing_docs, reason = "named as in docs/figures.md")]
pub struct SuspiciousCase {
    pub case_no: String,
    /// The finding, by its code.
    pub kind: String,
    pub department: Option<String>,
    pub window: Option<String>,
    pub item: Option<String>,
    pub closed_at: String,
}

impl SuspiciousCase {
    /// A page of the suspicious cases among those closed in a period, by their closing; of one kind, or with an empty
    /// one of any.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn list(
        ground: &Ground<'_>,
        query: &FigureQuery,
        only: &Narrowing,
        kind: &str,
        page: Page,
    ) -> Result<Vec<Self>, StoreError> {
        let rows = ground.reader.suspicious_cases(query, only, kind, page).await?.into_iter();
        Ok(rows
            .map(|row| Self {
                closed_at: ground.local(row.closed_at()),
                case_no: row.case_no,
                kind: row.kind,
                department: row.department,
                window: row.window,
                item: row.item,
            })
            .collect())
    }
}
