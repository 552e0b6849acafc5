//! Figures of a period, and the monthly exports.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::header,
    response::{IntoResponse, Response},
};
use domain::Instant;
use report::{Month, Monthly};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::{FigureQuery, GroupBy, Narrowing};
use utoipa::{IntoParams, ToSchema};
use wire::FiguresJson;

use crate::{App, Problem};

/// Where time begins and ends when a request does not say.
pub(crate) const BEGINNING: &str = "1980-01-01";
pub(crate) const END: &str = "2099-12-31";

/// Which figures.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Period {
    /// From this local day or instant on; the beginning by default.
    from: Option<String>,
    /// Up to this local day or instant, exclusive; the end by default.
    to: Option<String>,
    /// department, window, item, region or month.
    #[serde(default)]
    group_by: String,
    /// Only cases of the green channel (绿色通道).
    #[serde(default)]
    green_channel: bool,
    /// Only cases of key projects (重点项目).
    #[serde(default)]
    key_project: bool,
}

impl Period {
    /// All cases between two days or instants.
    pub(crate) fn between(from: Option<String>, to: Option<String>) -> Self {
        Self { from, to, group_by: String::new(), green_channel: false, key_project: false }
    }

    /// The same, grouped.
    pub(crate) fn grouped_by(self, group_by: String) -> Self {
        Self { group_by, ..self }
    }

    /// The query of the store, and which cases it is narrowed to.
    pub(crate) fn read(&self, app: &App) -> Result<(FigureQuery, Narrowing), Problem> {
        let group_by = GroupBy::from_name(&self.group_by).ok_or_else(|| {
            Problem::bad_request(format!("group_by={}: expected department, window, item, region or month", self.group_by))
        })?;
        let query = FigureQuery {
            from: day_or_instant("from", self.from.as_deref().unwrap_or(BEGINNING), app)?,
            to: day_or_instant("to", self.to.as_deref().unwrap_or(END), app)?,
            group_by,
            zone: app.zone_name(),
        };
        let only = Narrowing {
            green_channel: self.green_channel,
            key_project: self.key_project,
            without_suspicious: false,
            suspicion: (&app.office.settings).into(),
        };
        Ok((query, only))
    }
}

/// The figures of one group.
#[derive(Serialize, ToSchema)]
pub(crate) struct Group {
    /// Its name; empty where figures are not grouped, or cases name none.
    key: String,
    /// The figures of `sundial assess --figures`.
    #[schema(value_type = Object)]
    figures: Box<RawValue>,
}

/// Figures, and how they were counted.
#[derive(Serialize, ToSchema)]
pub(crate) struct Answer {
    from: String,
    to: String,
    /// Profile, counting, suspension and calendar.
    variant: String,
    groups: Vec<Group>,
}

/// Figures of a period: cases received and closed in it, and those open now.
#[utoipa::path(get, path = "/api/v1/figures", params(Period),
    responses((status = 200, body = Answer), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn figures(
    State(app): State<App>,
    period: Result<Query<Period>, QueryRejection>,
) -> Result<Json<Answer>, Problem> {
    let Query(period) = period?;
    let (query, only) = period.read(&app)?;
    let (from, to) = app.ground().bounds(&query);
    let groups = app.reader.figures_only(&query, &only).await?.into_iter().map(|group| {
        let json = serde_json::to_string(&FiguresJson::from(&group.figures)).unwrap_or_default();
        RawValue::from_string(json).map(|figures| Group { key: group.key, figures })
    });
    let groups = groups.collect::<Result<_, _>>().map_err(|error| Problem::bad_request(error.to_string()))?;
    Ok(Json(Answer { from, to, variant: app.office.variant(), groups }))
}

/// A local day or an instant.
pub(crate) fn day_or_instant(field: &str, text: &str, app: &App) -> Result<Instant, Problem> {
    let wrong = || Problem::bad_request(format!("{field}={text}: expected a day such as 2026-10-01 or an RFC 3339 instant"));
    match text.parse::<jiff::civil::Date>() {
        Ok(day) if text.len() == 10 => {
            let at = app.office.calendar.zone().to_timestamp(day.into()).map_err(|_| wrong())?;
            Ok(Instant::from_ms(at.as_millisecond()))
        }
        _ => Instant::parse(text).map_err(|_| wrong()),
    }
}

/// The monthly export: the whole month as XLSX or JSON, or one of its tables as CSV.
#[utoipa::path(get, path = "/api/v1/exports/monthly/{file}",
    params(("file" = String, Path, description = "2026-10.xlsx, .json or .csv; 2026-10.hall.csv for another table than that of the units: \
        key_projects, green_channel, hall, coverage, gaming, suspicious, padded, departments, windows, parties, forecast, calibration")),
    responses((status = 200, description = "The file"), (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn monthly(State(app): State<App>, Path(file): Path<String>) -> Result<Response, Problem> {
    let (month, rest) = file.split_once('.').unwrap_or((&file, ""));
    let (table, form) = rest.rsplit_once('.').map_or((None, rest), |(table, form)| (Some(table), form));
    let media_type = match (table, form) {
        (_, "csv") => "text/csv; charset=utf-8",
        (None, "json") => "application/json",
        (None, "xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _ => return Err(Problem::not_found(format!("{file}: expected a month and .csv, .xlsx or .json"))),
    };
    let monthly = Monthly::read(&app.ground(), Month::parse(month)?).await?;
    let bytes = match form {
        "csv" => monthly.csv(table)?,
        "json" => monthly.json()?,
        _ => monthly.xlsx()?,
    };
    let disposition = format!("attachment; filename=\"sundial-{file}\"");
    Ok(([(header::CONTENT_TYPE, media_type.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes).into_response())
}
