//! What everybody may know (政务公开): the items with their procedure, materials, limits and fee, and how far a case is.
//!
//! A hall posts these of every item (行政许可法 art. 30, fees arts. 58 and 59). Nothing here names a person of the
//! office or a finding, so a site of the hall may pass these routes on; the rest of the API is for the office.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
};
use domain::{Assessment, CaseEvents, ClockKind, Instant, Item, Kind, Limit, Text};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{App, Problem};

/// Which items, and of which day.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ItemFilter {
    /// As in force on this day; today by default.
    on: Option<String>,
    /// Only of this department.
    #[serde(default)]
    department: String,
}

/// Of which day.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ItemDay {
    /// As in force on this day; today by default.
    on: Option<String>,
}

/// An item as the public is told of it (办事指南).
#[derive(Serialize, ToSchema)]
pub(crate) struct PublicItem {
    /// 事项编码.
    code: String,
    /// 事项名称.
    name: String,
    /// GB/T 39046 A.1.
    r#type: String,
    /// 实施部门.
    department: String,
    /// 办件类型: immediate or committed.
    form: &'static str,
    /// 办理流程, in its order.
    procedure: Vec<String>,
    /// 申请材料.
    materials: Vec<String>,
    /// 法定时限, such as `20 working_days`; the law's where the catalogue states none, null where there is no limit.
    statutory_limit: Option<String>,
    /// 承诺时限; null where nothing is promised.
    promised_limit: Option<String>,
    /// 收费, in fen; null where the catalogue does not say.
    fee_fen: Option<u64>,
    /// 收费依据.
    fee_basis: Option<String>,
    /// 证照.
    certificate: Option<String>,
    /// 进驻大厅.
    hall: bool,
    /// 下放乡镇: also at the counters of townships.
    delegated_to_townships: bool,
    /// First day of this version.
    valid_from: String,
}

impl From<&Item> for PublicItem {
    fn from(item: &Item) -> Self {
        let texts = |texts: &[Text]| texts.iter().map(ToString::to_string).collect();
        let limit = |limit: Option<Limit>| limit.map(|limit| limit.to_string());
        let text = |text: &Option<Text>| text.as_ref().map(ToString::to_string);
        Self {
            code: item.code.to_string(),
            name: item.name.to_string(),
            r#type: item.item_type.to_string(),
            department: item.department.to_string(),
            form: item.form.code(),
            procedure: texts(&item.public.procedure),
            materials: texts(&item.public.materials),
            statutory_limit: limit(item.statutory_limit.or_default(Limit::STATUTORY)),
            promised_limit: limit(item.promised_limit.stated()),
            fee_fen: item.fee_fen,
            fee_basis: text(&item.public.fee_basis),
            certificate: text(&item.certificate),
            hall: item.hall,
            delegated_to_townships: item.delegated_to_townships,
            valid_from: item.valid_from.to_string(),
        }
    }
}

/// The items in force on a day, by code: procedure, materials, limits, fee and its basis.
#[utoipa::path(get, path = "/api/v1/items", params(ItemFilter),
    responses((status = 200, body = Vec<PublicItem>), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn items(
    State(app): State<App>,
    filter: Result<Query<ItemFilter>, QueryRejection>,
) -> Result<Json<Vec<PublicItem>>, Problem> {
    let Query(filter) = filter?;
    let items = app.office.catalog.in_force_on(day(&app, filter.on.as_deref())?);
    let asked = items.into_iter().filter(|item| filter.department.is_empty() || item.department == filter.department.as_str());
    Ok(Json(asked.map(PublicItem::from).collect()))
}

/// One item as in force on a day.
#[utoipa::path(get, path = "/api/v1/items/{code}", params(("code" = String, Path, description = "事项编码"), ItemDay),
    responses((status = 200, body = PublicItem), (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn item(
    State(app): State<App>,
    Path(code): Path<String>,
    asked: Result<Query<ItemDay>, QueryRejection>,
) -> Result<Json<PublicItem>, Problem> {
    let day = day(&app, asked?.0.on.as_deref())?;
    let item = app.office.catalog.in_force(&code, day);
    let item = item.ok_or_else(|| Problem::not_found(format!("there is no item {code:?} in force on {day}")))?;
    Ok(Json(item.into()))
}

/// How far a case is, as its applicant may know (办理状态). Times are in the calendar's zone.
#[derive(Serialize, ToSchema)]
pub(crate) struct CaseStatus {
    case_no: String,
    item: Option<String>,
    item_name: Option<String>,
    department: Option<String>,
    /// received, open, suspended, closed or not_accepted.
    status: &'static str,
    /// 当前环节: the step at work.
    step: Option<String>,
    received_at: Option<String>,
    accepted_at: Option<String>,
    /// 承诺办结时间.
    promised_due_at: Option<String>,
    decided_at: Option<String>,
    closed_at: Option<String>,
    /// granted, refused, withdrawn, returned, voided or forwarded.
    outcome: Option<&'static str>,
    delivered_at: Option<String>,
}

/// How far a case is now: for its applicant, without anything of supervision.
#[utoipa::path(get, path = "/api/v1/cases/{case_no}/status", params(("case_no" = String, Path, description = "办件编号")),
    responses((status = 200, body = CaseStatus), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn status(State(app): State<App>, Path(case_no): Path<String>) -> Result<Json<CaseStatus>, Problem> {
    let stored = app.reader.cases_with_events(&[Text::from(case_no.as_str())]).await?;
    let unknown = || Problem::not_found(format!("there is no case {case_no:?}"));
    let events = app.events(stored.first().ok_or_else(unknown)?);
    let case = domain::assess(&events, &app.office.rules(), (app.now)()).ok_or_else(unknown)?;
    let calendar = &app.office.calendar;
    let on = calendar.local_date(case.accepted_at.or(case.received_at).unwrap_or(case.valid_from));
    let item = case.item.as_deref().and_then(|code| app.office.catalog.in_force(code, on));
    let time = |at: Option<Instant>| at.map(|at| at.display_in(calendar.zone()));
    Ok(Json(CaseStatus {
        item_name: item.map(|item| item.name.to_string()),
        department: case.department.as_ref().map(ToString::to_string),
        status: case.status.code(),
        step: step_at_work(&case, &events).map(ToString::to_string),
        received_at: time(case.received_at),
        accepted_at: time(case.accepted_at),
        promised_due_at: time(case.promised.and_then(|promised| promised.due_at)),
        decided_at: time(case.decided_at),
        closed_at: time(case.closed_at),
        outcome: case.outcome.map(|outcome| outcome.code()),
        delivered_at: time(case.delivered_at),
        item: case.item.map(|item| item.to_string()),
        case_no,
    }))
}

/// The code of the last step that was started and not completed; none once the case is decided.
fn step_at_work<'e>(case: &Assessment, events: &'e CaseEvents) -> Option<&'e Text> {
    if case.decided_at.or(case.closed_at).is_some() {
        return None;
    }
    let at_work = case.spans.iter().rev().find(|span| span.clock == ClockKind::Step && span.ended_at.is_none())?;
    // A step gone through again is told apart by the event that started it.
    events.standing().find_map(|event| match &event.kind {
        Kind::StepStarted { step } if [step, &event.event_id].contains(&&at_work.instance) => Some(step),
        _ => None,
    })
}

/// The day asked for; today by default.
fn day(app: &App, text: Option<&str>) -> Result<Date, Problem> {
    let Some(text) = text else { return Ok(app.office.calendar.local_date((app.now)())) };
    text.parse().map_err(|_| Problem::bad_request(format!("on={text}: expected a day such as 2026-10-01")))
}
