//! Fair rankings, and the scorecards of intermediaries.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use report::{PartiesAnswer, RankingAnswer};
use serde::Deserialize;
use store::Measure;
use utoipa::IntoParams;

use crate::{App, Problem, figures::Period};

/// What is ranked, and by what.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct RankingFilter {
    /// From this local day or instant on; the beginning by default.
    from: Option<String>,
    /// Up to this local day or instant, exclusive; the end by default.
    to: Option<String>,
    /// department (by default), window or item.
    of: Option<String>,
    /// on_time (by default), early, same_day or satisfaction.
    by: Option<String>,
    /// Without suspicious cases.
    #[serde(default)]
    without_suspicious: bool,
    /// Units with fewer cases are listed apart; as configured by default.
    min_volume: Option<u64>,
}

/// A fair ranking of departments, windows or items over the cases decided and closed in the period: minimum volume,
/// Wilson's interval, adjusted for the mix of items, by the lower end.
#[utoipa::path(get, path = "/api/v1/ranking", params(RankingFilter),
    responses((status = 200, body = RankingAnswer), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn ranking(
    State(app): State<App>,
    filter: Result<Query<RankingFilter>, QueryRejection>,
) -> Result<Json<RankingAnswer>, Problem> {
    let Query(filter) = filter?;
    let of = filter.of.unwrap_or_else(|| "department".to_owned());
    if !["department", "window", "item"].contains(&of.as_str()) {
        return Err(Problem::bad_request(format!("of={of}: expected department, window or item")));
    }
    let by = filter.by.unwrap_or_else(|| "on_time".to_owned());
    let measure = Measure::from_name(&by)
        .ok_or_else(|| Problem::bad_request(format!("by={by}: expected one of {}", Measure::NAMES.join(", "))))?;
    let (query, mut only) = Period::between(filter.from, filter.to).grouped_by(of).read(&app)?;
    only.without_suspicious = filter.without_suspicious;
    let min_volume = filter.min_volume.unwrap_or(app.office.settings.min_volume);
    Ok(Json(RankingAnswer::read(&app.ground(), &query, &only, measure, min_volume).await?))
}

/// Which period.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartyFilter {
    /// From this local day or instant on; the beginning by default.
    from: Option<String>,
    /// Up to this local day or instant, exclusive; the end by default.
    to: Option<String>,
}

/// Scorecards of intermediaries (中介机构) on the time standard they have published: works ended in the period, and
/// those open now.
#[utoipa::path(get, path = "/api/v1/parties", params(PartyFilter),
    responses((status = 200, body = PartiesAnswer), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn parties(
    State(app): State<App>,
    filter: Result<Query<PartyFilter>, QueryRejection>,
) -> Result<Json<PartiesAnswer>, Problem> {
    let Query(filter) = filter?;
    let (query, _) = Period::between(filter.from, filter.to).read(&app)?;
    Ok(Json(PartiesAnswer::read(&app.ground(), &query).await?))
}
