//! Gaming made visible: suspicious cases, and what the ratios are without them.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use report::{GamingAnswer, SuspiciousCase};
use serde::Deserialize;
use store::Page;
use utoipa::IntoParams;

use crate::{
    App, Problem,
    figures::Period,
    lists::{known, page},
};

/// What the figures of the period may owe to a trick: cases decided in seconds, clocks stopped near the end, late
/// entries, batches, padded promises; and the main ratios with and without suspicious cases.
#[utoipa::path(get, path = "/api/v1/gaming", params(Period),
    responses((status = 200, body = GamingAnswer), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn gaming(
    State(app): State<App>,
    period: Result<Query<Period>, QueryRejection>,
) -> Result<Json<GamingAnswer>, Problem> {
    let (query, only) = period?.0.read(&app)?;
    Ok(Json(GamingAnswer::read(&app.ground(), &query, &only).await?))
}

/// Which suspicious cases.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct SuspiciousFilter {
    /// Closed from this local day or instant on; the beginning by default.
    from: Option<String>,
    /// Closed before this local day or instant; the end by default.
    to: Option<String>,
    /// Suspicious by this finding, one of `figures.suspicious`; by any by default.
    #[serde(default)]
    kind: String,
    /// At most so many, up to 1000; 100 by default.
    limit: Option<u32>,
    /// After so many.
    #[serde(default)]
    offset: u32,
}

/// The suspicious cases that `/api/v1/gaming` counts, by their closing; a case once for every kind.
#[utoipa::path(get, path = "/api/v1/suspicious", params(SuspiciousFilter),
    responses((status = 200, body = Vec<SuspiciousCase>), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn suspicious(
    State(app): State<App>,
    filter: Result<Query<SuspiciousFilter>, QueryRejection>,
) -> Result<Json<Vec<SuspiciousCase>>, Problem> {
    let Query(filter) = filter?;
    known("kind", &filter.kind, app.office.settings.suspicious.iter().map(String::as_str))?;
    let (query, only) = Period::between(filter.from, filter.to).read(&app)?;
    let page = Page { limit: page(filter.limit)?, offset: filter.offset };
    Ok(Json(SuspiciousCase::list(&app.ground(), &query, &only, &filter.kind, page).await?))
}
