//! Which open cases will probably miss their promise.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use domain::forecast::{Band, Forecaster, calibrate};
use report::Month;
use serde::{Deserialize, Serialize};
use store::{FigureQuery, GroupBy, Narrowing};
use utoipa::{IntoParams, ToSchema};
use wire::round4;

use crate::{App, Problem, lists::page, ranking::IntervalItem};

/// Which open cases.
#[derive(Deserialize, IntoParams)]
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

/// An open case with its forecast.
#[derive(Serialize, ToSchema)]
pub(crate) struct ForecastItem {
    case_no: String,
    item: String,
    department: String,
    /// Net working days used.
    used_days: f64,
    /// The promise in working days.
    limit_days: f64,
    due_at: Option<String>,
    /// Probability to miss the promise: missed / at_risk.
    probability: f64,
    /// Wilson's interval of it.
    interval: IntervalItem,
    /// With what it was compared: item, department, all; missed where the promise is missed already.
    basis: &'static str,
    /// Closed cases that took at least as long as this one has so far.
    at_risk: u64,
    /// Those of them that took longer than its limit.
    missed: u64,
}

/// Forecasts of one band of probability, against what came of them.
#[derive(Serialize, ToSchema)]
pub(crate) struct BandItem {
    /// From this probability on,
    from: f64,
    /// and below this one.
    to: f64,
    forecasts: u64,
    /// Their mean probability.
    predicted: Option<f64>,
    /// The share that did miss the promise.
    observed: Option<f64>,
    /// Wilson's interval of that share.
    interval: Option<IntervalItem>,
}

impl From<Band> for BandItem {
    fn from(it: Band) -> Self {
        Self {
            from: it.from,
            to: it.to,
            forecasts: it.forecasts,
            predicted: it.predicted.map(round4),
            observed: it.observed.map(round4),
            interval: it.interval.map(IntervalItem::from),
        }
    }
}

/// Forecasts, with what they rest on.
#[derive(Serialize, ToSchema)]
pub(crate) struct ForecastAnswer {
    as_of: String,
    /// Closed from here on are the cases compared with.
    history_from: String,
    /// Closed cases compared with.
    history_cases: u64,
    /// Fewer comparable cases of an item are not enough.
    at_least: u64,
    /// Open cases with a promise for which there is nothing to compare with, or no calendar.
    without_forecast: u64,
    cases: Vec<ForecastItem>,
    /// How good forecasts were on the latest whole months, each held back.
    calibration: Vec<BandItem>,
    /// How many months were held back.
    held_back_months: u32,
}

/// Breach forecast: for every open case the share of comparable closed cases, of those that took at least as long as it
/// has so far, that took longer than its limit; and how good such forecasts were on held-back months.
#[utoipa::path(get, path = "/api/v1/forecast", params(ForecastFilter),
    responses((status = 200, body = ForecastAnswer), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn forecast(
    State(app): State<App>,
    filter: Result<Query<ForecastFilter>, QueryRejection>,
) -> Result<Json<ForecastAnswer>, Problem> {
    let Query(filter) = filter?;
    let limit = page(filter.limit)? as usize;
    let (settings, now) = (&app.office.settings, (app.now)());
    let (zone, rules) = (app.office.calendar.zone(), &settings.forecast);
    let this_month = Month::of(now, zone);
    let from = this_month.plus(-(rules.history_months.min(1200) as i32)).start(zone);
    // Cases of the current month are in the history, but no month to check on: it is not over.
    let query = FigureQuery { from, to: now, group_by: GroupBy::Nothing, zone: app.zone_name() };
    let only = Narrowing::default();
    let history = app.reader.forecast_history(&query, &only).await?;
    let month = this_month.to_string();
    let whole: Vec<_> = history.iter().filter(|past| past.month != month.as_str()).cloned().collect();
    let calibration = calibrate(&whole, rules.held_back_months as usize, rules.at_least, settings.z);
    let forecaster = Forecaster::new(&history, rules.at_least, settings.z);

    let (mut cases, mut without_forecast) = (Vec::new(), 0);
    for state in app.reader.forecast_open(&query, &only).await? {
        let is_meant = |asked: &str, is: &str| asked.is_empty() || asked == is;
        if !is_meant(&filter.department, &state.department) || !is_meant(&filter.item, &state.item) {
            continue;
        }
        let open = state.as_of(now, &app.office.calendar).ok();
        let forecast = open.as_ref().and_then(|open| forecaster.forecast(open));
        let Some((open, forecast)) = open.zip(forecast) else {
            without_forecast += 1;
            continue;
        };
        if forecast.probability < filter.at_least {
            continue;
        }
        cases.push(ForecastItem {
            case_no: state.case_no.to_string(),
            item: open.item.to_string(),
            department: open.department.to_string(),
            used_days: round4(open.used_days),
            limit_days: round4(open.limit_days),
            due_at: state.due_at.map(|at| at.display_in(zone)),
            probability: round4(forecast.probability),
            interval: forecast.interval.into(),
            basis: forecast.basis.code(),
            at_risk: forecast.at_risk,
            missed: forecast.missed,
        });
    }
    cases.sort_by(|a, b| b.probability.total_cmp(&a.probability).then_with(|| a.case_no.cmp(&b.case_no)));
    cases.truncate(limit);
    Ok(Json(ForecastAnswer {
        as_of: now.display_in(zone),
        history_from: from.display_in(zone),
        history_cases: history.iter().map(|past| past.cases).sum(),
        at_least: rules.at_least,
        without_forecast,
        cases,
        calibration: calibration.into_iter().map(BandItem::from).collect(),
        held_back_months: rules.held_back_months,
    }))
}
