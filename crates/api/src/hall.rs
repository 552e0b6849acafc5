//! Two concentrations, two in-places: what the catalogue promises, what is really done in the hall, who has business.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use report::{CoverageAnswer, HallAnswer};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{App, Problem, figures::Period};

/// Two concentrations, two in-places (两集中两到位): shares of the catalogue, and work in the hall of the cases closed
/// in the period.
#[utoipa::path(get, path = "/api/v1/hall", params(Period),
    responses((status = 200, body = HallAnswer), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn hall(
    State(app): State<App>,
    period: Result<Query<Period>, QueryRejection>,
) -> Result<Json<HallAnswer>, Problem> {
    let (query, only) = period?.0.read(&app)?;
    Ok(Json(HallAnswer::read(&app.ground(), &query, &only).await?))
}

/// Which business.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct CoverageFilter {
    /// From this local day or instant on; the beginning by default.
    from: Option<String>,
    /// Up to this local day or instant, exclusive; the end by default.
    to: Option<String>,
    /// GB/T 2260 codes of regions that should have business, with commas between; those of the catalogue by default.
    #[serde(default)]
    regions: String,
}

/// Coverage: which departments of the catalogue and which regions had business in the period, and which had none.
#[utoipa::path(get, path = "/api/v1/coverage", params(CoverageFilter),
    responses((status = 200, body = CoverageAnswer), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn coverage(
    State(app): State<App>,
    filter: Result<Query<CoverageFilter>, QueryRejection>,
) -> Result<Json<CoverageAnswer>, Problem> {
    let Query(filter) = filter?;
    let (query, _) = Period::between(filter.from, filter.to).read(&app)?;
    let regions = filter.regions.split(',').map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect();
    Ok(Json(CoverageAnswer::read(&app.ground(), &query, regions).await?))
}
