//! Which open cases will probably miss their promise.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use report::ForecastAnswer;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{App, Problem, lists::page};

/// Which open cases.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForecastFilter {
    /// Of this department.
    #[serde(default)]
    department: String,
    /// Of this item.
    #[serde(default)]
    item: String,
    /// Only those with at least this probability; 0 by default.
    #[serde(default)]
    at_least: f64,
    /// At most so many, the most probable first, up to 1000; 100 by default.
    limit: Option<u32>,
}

/// Breach forecast: for every open case the share of comparable closed cases, of those that took at least as long as it
/// has so far, that took longer than its limit; and how good such forecasts were on held-back months.
#[utoipa::path(get, path = "/api/v1/forecast", params(ForecastFilter),
    responses((status = 200, body = ForecastAnswer), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn forecast(
    State(app): State<App>,
    filter: Result<Query<ForecastFilter>, QueryRejection>,
) -> Result<Json<ForecastAnswer>, Problem> {
    let Query(ForecastFilter { department, item, at_least, limit }) = filter?;
    let filter = report::ForecastFilter { department, item, at_least, limit: page(limit)? as usize };
    Ok(Json(ForecastAnswer::read(&app.ground(), &filter).await?))
}
