//! Two concentrations, two in-places (两集中两到位): what the catalogue promises, and what is really done in the hall.

use domain::catalog_figures::CatalogFigures;
use serde::Serialize;
use store::{FigureQuery, HallFigures, Narrowing, StoreError};
use utoipa::ToSchema;
use wire::round4;

use crate::Ground;

/// What the catalogue says of a department's items, or of all.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[allow(missing_docs, reason = "named as in docs/figures.md")]
pub struct CatalogGroup {
    /// The department; empty for all items.
    pub key: String,
    /// 事项数.
    pub items: u64,
    pub hall_items: u64,
    pub window_items: u64,
    pub delegated_items: u64,
    /// 进驻率: hall items / items.
    pub hall_share: Option<f64>,
    /// 授权到位率: items decided at the window / hall items.
    pub authority_share: Option<f64>,
    /// 即办率(按事项): immediate items / items.
    pub immediate_share: Option<f64>,
    /// 承诺压缩率: Σ(statutory − promised) / Σ statutory.
    pub promised_compression: Option<f64>,
}

impl CatalogGroup {
    fn new(key: String, figures: &CatalogFigures) -> Self {
        Self {
            key,
            items: figures.items,
            hall_items: figures.hall_items,
            window_items: figures.window_items,
            delegated_items: figures.delegated_items,
            hall_share: figures.hall_share.map(round4),
            authority_share: figures.authority_share.map(round4),
            immediate_share: figures.immediate_share.map(round4),
            promised_compression: figures.promised_compression.map(round4),
        }
    }
}

/// What was really done in the hall.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[allow(missing_docs, reason = "named as in docs/figures.md")]
pub struct HallGroup {
    /// Its name; empty where figures are not grouped, or cases name none.
    pub key: String,
    pub closed: u64,
    pub hall_cases: u64,
    pub decisions: u64,
    /// Decisions that report where they were taken.
    pub decisions_placed: u64,
    pub decided_in_hall_by_authorised: u64,
    pub unauthorised: u64,
    /// 窗口实办率: decided in the hall by those authorised / decisions; null where no decision reports a place.
    pub window_decision_rate: Option<f64>,
    /// The window's cases whose place is known.
    pub window_cases: u64,
    /// Those whose every substantive step ran elsewhere.
    pub passed_through: u64,
    /// 收发室率: passed through / the window's cases.
    pub pass_through_rate: Option<f64>,
    /// Hall items' cases with an act in the department's own office.
    pub left_hall: u64,
    /// 体外循环率: left the hall / cases of hall items.
    pub left_hall_rate: Option<f64>,
    pub off_hall_steps: u64,
    /// 件均补正次数: corrections / cases closed.
    pub corrections_per_case: Option<f64>,
    /// 件均跑腿次数: the applicant's trips / cases closed, at most: what is done online is not subtracted.
    pub trips_per_case: Option<f64>,
}

impl From<HallFigures> for HallGroup {
    fn from(it: HallFigures) -> Self {
        Self {
            window_decision_rate: it.window_decision_rate().map(round4),
            pass_through_rate: it.pass_through_rate().map(round4),
            left_hall_rate: it.left_hall_rate().map(round4),
            corrections_per_case: it.corrections_per_case().map(round4),
            trips_per_case: it.trips_per_case().map(round4),
            key: it.group_key,
            closed: it.closed,
            hall_cases: it.hall_cases,
            decisions: it.decisions,
            decisions_placed: it.decisions_placed,
            decided_in_hall_by_authorised: it.decided_in_hall_by_authorised,
            unauthorised: it.unauthorised,
            window_cases: it.window_cases,
            passed_through: it.passed_through,
            left_hall: it.left_hall,
            off_hall_steps: it.off_hall_steps,
        }
    }
}

/// Figures of the hall, and how they were counted.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[allow(missing_docs, reason = "named as in docs/figures.md")]
pub struct HallAnswer {
    pub from: String,
    pub to: String,
    /// The day of the catalogue.
    pub catalog_of: String,
    /// Profile, counting, suspension and calendar.
    pub variant: String,
    /// All items, then each department's.
    pub catalog: Vec<CatalogGroup>,
    pub groups: Vec<HallGroup>,
}

impl HallAnswer {
    /// Shares of the catalogue on the last day of a period, and work in the hall of the cases closed in it.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn read(ground: &Ground<'_>, query: &FigureQuery, only: &Narrowing) -> Result<Self, StoreError> {
        let day = ground.catalog_day(query);
        let items = ground.catalog.in_force_on(day);
        let mut catalog = vec![CatalogGroup::new(String::new(), &CatalogFigures::of(items.iter().copied()))];
        let departments = CatalogFigures::by_department(items);
        catalog.extend(departments.into_iter().map(|(department, figures)| CatalogGroup::new(department.to_string(), &figures)));
        let (from, to) = ground.bounds(query);
        Ok(Self {
            from,
            to,
            catalog_of: day.to_string(),
            variant: ground.variant.clone(),
            catalog,
            groups: hall_groups(ground, query, only).await?,
        })
    }
}

/// Work in the hall of the cases closed in a period.
pub(crate) async fn hall_groups(
    ground: &Ground<'_>,
    query: &FigureQuery,
    only: &Narrowing,
) -> Result<Vec<HallGroup>, StoreError> {
    Ok(ground.reader.hall(query, only).await?.into_iter().map(HallGroup::from).collect())
}
