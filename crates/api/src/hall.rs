//! Two concentrations, two in-places: what the catalogue promises, what is really done in the hall, who has business.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use domain::catalog_figures::CatalogFigures;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wire::round4;

use crate::{App, Problem, figures::Period};

/// What the catalogue says of a department's items, or of all.
#[derive(Serialize, ToSchema)]
pub(crate) struct CatalogGroup {
    /// The department; empty for all items.
    key: String,
    /// 事项数.
    items: u64,
    hall_items: u64,
    window_items: u64,
    delegated_items: u64,
    /// 进驻率: hall items / items.
    hall_share: Option<f64>,
    /// 授权到位率: items decided at the window / hall items.
    authority_share: Option<f64>,
    /// 即办率(按事项): immediate items / items.
    immediate_share: Option<f64>,
    /// 承诺压缩率: Σ(statutory − promised) / Σ statutory.
    promised_compression: Option<f64>,
}

/// What was really done in the hall.
#[derive(Serialize, ToSchema)]
pub(crate) struct HallGroup {
    /// Its name; empty where figures are not grouped, or cases name none.
    key: String,
    closed: u64,
    hall_cases: u64,
    decisions: u64,
    /// Decisions that report where they were taken.
    decisions_placed: u64,
    decided_in_hall_by_authorised: u64,
    unauthorised: u64,
    /// 窗口实办率: decided in the hall by those authorised / decisions; null where no decision reports a place.
    window_decision_rate: Option<f64>,
    /// The window's cases whose place is known.
    window_cases: u64,
    /// Those whose every substantive step ran elsewhere.
    passed_through: u64,
    /// 收发室率: passed through / the window's cases.
    pass_through_rate: Option<f64>,
    /// Hall items' cases with an act in the department's own office.
    left_hall: u64,
    /// 体外循环率: left the hall / cases of hall items.
    left_hall_rate: Option<f64>,
    off_hall_steps: u64,
    /// 件均补正次数: corrections / cases closed.
    corrections_per_case: Option<f64>,
    /// 件均跑腿次数: the applicant's trips / cases closed, at most: what is done online is not subtracted.
    trips_per_case: Option<f64>,
}

/// Figures of the hall, and how they were counted.
#[derive(Serialize, ToSchema)]
pub(crate) struct HallAnswer {
    from: String,
    to: String,
    /// The day of the catalogue.
    catalog_of: String,
    /// Profile, counting, suspension and calendar.
    variant: String,
    /// All items, then each department's.
    catalog: Vec<CatalogGroup>,
    groups: Vec<HallGroup>,
}

/// Two concentrations, two in-places (两集中两到位): shares of the catalogue, and work in the hall of the cases closed
/// in the period.
#[utoipa::path(get, path = "/api/v1/hall", params(Period),
    responses((status = 200, body = HallAnswer), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn hall(
    State(app): State<App>,
    period: Result<Query<Period>, QueryRejection>,
) -> Result<Json<HallAnswer>, Problem> {
    let (query, only) = period?.0.read(&app)?;
    let day = app.catalog_day(&query);
    let items = app.office.catalog.in_force_on(day);
    let mut catalog = vec![catalog_group(String::new(), &CatalogFigures::of(items.iter().copied()))];
    let departments = CatalogFigures::by_department(items);
    catalog.extend(departments.into_iter().map(|(department, figures)| catalog_group(department.to_string(), &figures)));
    let groups = app.reader.hall(&query, &only).await?.into_iter().map(|group| HallGroup {
        window_decision_rate: group.window_decision_rate().map(round4),
        pass_through_rate: group.pass_through_rate().map(round4),
        left_hall_rate: group.left_hall_rate().map(round4),
        corrections_per_case: group.corrections_per_case().map(round4),
        trips_per_case: group.trips_per_case().map(round4),
        key: group.group_key,
        closed: group.closed,
        hall_cases: group.hall_cases,
        decisions: group.decisions,
        decisions_placed: group.decisions_placed,
        decided_in_hall_by_authorised: group.decided_in_hall_by_authorised,
        unauthorised: group.unauthorised,
        window_cases: group.window_cases,
        passed_through: group.passed_through,
        left_hall: group.left_hall,
        off_hall_steps: group.off_hall_steps,
    });
    let groups = groups.collect();
    let (from, to) = app.bounds(&query);
    Ok(Json(HallAnswer { from, to, catalog_of: day.to_string(), variant: app.office.variant(), catalog, groups }))
}

fn catalog_group(key: String, figures: &CatalogFigures) -> CatalogGroup {
    CatalogGroup {
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

/// Which business.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct CoverageFilter {
    /// From this local day or instant on; the beginning by default.
    from: Option<String>,
    /// Up to this local day or instant, exclusive; the end by default.
    to: Option<String>,
    /// GB/T 2260 codes of regions that should have business, with commas between: the catalogue knows no townships.
    #[serde(default)]
    regions: String,
}

/// Business of a department or a region.
#[derive(Serialize, ToSchema, Default)]
pub(crate) struct Business {
    /// The department or the region; empty where cases name none.
    key: String,
    /// Cases received.
    received: u64,
    /// Cases closed.
    closed: u64,
}

/// Who had business, and who had none.
#[derive(Serialize, ToSchema)]
pub(crate) struct CoverageAnswer {
    from: String,
    to: String,
    /// The day of the catalogue.
    catalog_of: String,
    departments: Vec<Business>,
    /// 无业务部门: departments of the catalogue without a case.
    departments_without: Vec<String>,
    regions: Vec<Business>,
    /// Regions asked for without a case.
    regions_without: Vec<String>,
}

/// Coverage: which departments of the catalogue and which regions had business in the period, and which had none.
#[utoipa::path(get, path = "/api/v1/coverage", params(CoverageFilter),
    responses((status = 200, body = CoverageAnswer), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn coverage(
    State(app): State<App>,
    filter: Result<Query<CoverageFilter>, QueryRejection>,
) -> Result<Json<CoverageAnswer>, Problem> {
    let Query(filter) = filter?;
    let (query, only) = Period::between(filter.from, filter.to).read(&app)?;
    let day = app.catalog_day(&query);
    let (mut departments, mut regions) = (BTreeMap::new(), BTreeMap::new());
    for row in app.reader.coverage(&query, &only).await? {
        for (key, by) in [(row.department, &mut departments), (row.region, &mut regions)] {
            let business: &mut Business = by.entry(key).or_default();
            business.received += row.received;
            business.closed += row.closed;
        }
    }
    let expected: BTreeSet<String> = app.office.catalog.in_force_on(day).iter().map(|item| item.department.to_string()).collect();
    let asked: BTreeSet<String> =
        filter.regions.split(',').map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect();
    let without = |expected: BTreeSet<String>, had: &BTreeMap<String, Business>| {
        expected.into_iter().filter(|key| !had.contains_key(key)).collect()
    };
    let (from, to) = app.bounds(&query);
    Ok(Json(CoverageAnswer {
        from,
        to,
        catalog_of: day.to_string(),
        departments_without: without(expected, &departments),
        regions_without: without(asked, &regions),
        departments: listed(departments),
        regions: listed(regions),
    }))
}

fn listed(by: BTreeMap<String, Business>) -> Vec<Business> {
    by.into_iter().map(|(key, business)| Business { key, ..business }).collect()
}
