//! One case: what supervision says, its events and its clocks.

use axum::{
    Json,
    extract::{Path, State},
};
use domain::{Text, assess::SpanState};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;
use wire::AssessmentJson;

use crate::{App, Problem};

/// A clock or step of a case.
#[derive(Serialize, ToSchema)]
struct Span {
    /// Which clock.
    clock: &'static str,
    /// Which of its kind.
    instance: String,
    started_at: String,
    ended_at: Option<String>,
    due_at: Option<String>,
    limit_days: Option<f64>,
    /// Net days used, once it has ended.
    elapsed_days: Option<f64>,
    late: bool,
    department: Option<String>,
    handler: Option<String>,
    /// The intermediary whose work it is.
    party: Option<String>,
}

/// One case with everything that led to it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Case {
    /// The object of `sundial assess`, as of now.
    #[schema(value_type = Object)]
    assessment: Box<RawValue>,
    /// Its events as they were reported, by time.
    #[schema(value_type = Vec<Object>)]
    events: Vec<Box<RawValue>>,
    /// Its clocks and steps.
    spans: Vec<Span>,
    /// How time was counted.
    variant: String,
}

/// One case: what supervision says about it now, its events and its clock intervals.
#[utoipa::path(get, path = "/api/v1/cases/{case_no}", params(("case_no" = String, Path, description = "办件编号")),
    responses((status = 200, body = Case), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn case(State(app): State<App>, Path(case_no): Path<String>) -> Result<Json<Case>, Problem> {
    let stored = app.reader.cases_with_events(&[Text::from(case_no.as_str())]).await?;
    let unknown = || Problem::not_found(format!("there is no case {case_no:?}"));
    let stored = stored.into_iter().next().ok_or_else(unknown)?;
    let events = app.events(&stored);
    let assessment = domain::assess(&events, &app.office.rules(), (app.now)()).ok_or_else(unknown)?;
    let zone = app.office.calendar.zone();
    let span = |span: &SpanState| Span {
        clock: span.clock.code(),
        instance: span.instance.to_string(),
        started_at: span.started_at.display_in(zone),
        ended_at: span.ended_at.map(|at| at.display_in(zone)),
        due_at: span.due_at.map(|at| at.display_in(zone)),
        limit_days: span.limit_days,
        elapsed_days: span.elapsed_days.map(wire::round4),
        late: span.late,
        department: span.department.as_ref().map(ToString::to_string),
        handler: span.handler.as_ref().map(ToString::to_string),
        party: span.party.as_ref().map(ToString::to_string),
    };
    Ok(Json(Case {
        assessment: to_raw_value(&AssessmentJson::new(&assessment, zone))?,
        events: events.all().iter().map(|event| RawValue::from_string(wire::encode(event, zone))).collect::<Result<_, _>>()?,
        spans: assessment.spans.iter().map(span).collect(),
        variant: app.office.variant(),
    }))
}
