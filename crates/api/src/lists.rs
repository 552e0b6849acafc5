//! Lists of cases and cards, a page at a time.

use std::ops::Range;

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use domain::{ClockKind, Instant, Level, Outcome, Status};
use serde::{Deserialize, Serialize};
use store::{CardQuery, CaseQuery};
use utoipa::{IntoParams, ToSchema};

use crate::{
    App, Problem,
    figures::{BEGINNING, END, day_or_instant},
};

const MOST: u32 = 1000;

/// Which cases.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaseFilter {
    /// Case numbers that begin so.
    #[serde(default)]
    case_no: String,
    /// Of this department.
    #[serde(default)]
    department: String,
    /// At this window.
    #[serde(default)]
    window: String,
    /// Of this region.
    #[serde(default)]
    region: String,
    /// Of this item.
    #[serde(default)]
    item: String,
    /// received, open, suspended, closed or not_accepted.
    #[serde(default)]
    status: String,
    /// granted, refused, withdrawn, returned, voided or forwarded.
    #[serde(default)]
    outcome: String,
    /// Received from this local day or instant on,
    received_from: Option<String>,
    /// and before this one.
    received_to: Option<String>,
    /// Closed from this local day or instant on,
    closed_from: Option<String>,
    /// and before this one.
    closed_to: Option<String>,
    /// Only open cases past their promise.
    #[serde(default)]
    overdue: bool,
    /// At most so many, up to 1000; 100 by default.
    limit: Option<u32>,
    /// After so many.
    #[serde(default)]
    offset: u32,
}

/// A case in a list.
#[derive(Serialize, ToSchema)]
#[allow(missing_docs, reason = "named as in the assess contract")]
pub(crate) struct CaseItem {
    case_no: String,
    item: Option<String>,
    department: Option<String>,
    window: Option<String>,
    region: Option<String>,
    status: String,
    outcome: Option<String>,
    received_at: Option<String>,
    accepted_at: Option<String>,
    closed_at: Option<String>,
    promised_due_at: Option<String>,
    statutory_due_at: Option<String>,
    late: bool,
    elapsed_days: Option<f64>,
    reminders: u16,
    yellow: u16,
    red: u16,
}

/// Cases, by case number.
#[utoipa::path(get, path = "/api/v1/cases", params(CaseFilter),
    responses((status = 200, body = Vec<CaseItem>), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn cases(
    State(app): State<App>,
    filter: Result<Query<CaseFilter>, QueryRejection>,
) -> Result<Json<Vec<CaseItem>>, Problem> {
    let Query(filter) = filter?;
    known("status", &filter.status, Status::ALL.iter().map(|it| it.code()))?;
    known("outcome", &filter.outcome, Outcome::ALL.iter().map(|it| it.code()))?;
    let query = CaseQuery {
        case_no: filter.case_no,
        department: filter.department,
        window: filter.window,
        region: filter.region,
        item: filter.item,
        status: filter.status,
        outcome: filter.outcome,
        overdue: filter.overdue,
        received: period(&app, ("received_from", filter.received_from), ("received_to", filter.received_to))?,
        closed: period(&app, ("closed_from", filter.closed_from), ("closed_to", filter.closed_to))?,
        limit: page(filter.limit)?,
        offset: filter.offset,
    };
    let now = (app.now)();
    let cases = app.reader.cases(&query).await?.into_iter().map(|case| {
        let is_open = matches!(case.status.as_str(), "open" | "suspended");
        let overdue_now = is_open && case.promised_due_at.is_some_and(|due| due < now.ms());
        CaseItem {
            late: case.promised_late != 0 || overdue_now,
            received_at: time(&app, case.received_at),
            accepted_at: time(&app, case.accepted_at),
            closed_at: time(&app, case.closed_at),
            promised_due_at: time(&app, case.promised_due_at),
            statutory_due_at: time(&app, case.statutory_due_at),
            case_no: case.case_no,
            item: case.item,
            department: case.department,
            window: case.window,
            region: case.region,
            status: case.status,
            outcome: case.outcome,
            elapsed_days: case.elapsed_days.filter(|_| !is_open).map(wire::round4),
            reminders: case.cards_reminder,
            yellow: case.cards_yellow,
            red: case.cards_red,
        }
    });
    Ok(Json(cases.collect()))
}

/// Which cards.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct CardFilter {
    /// On this case.
    #[serde(default)]
    case_no: String,
    /// Of this clock.
    #[serde(default)]
    clock: String,
    /// Of this item.
    #[serde(default)]
    item: String,
    /// Crossed from this local day or instant on,
    from: Option<String>,
    /// and before this one.
    to: Option<String>,
    /// issued or withdrawn.
    #[serde(default)]
    state: String,
    /// reminder, yellow or red.
    #[serde(default)]
    level: String,
    /// Of this department.
    #[serde(default)]
    department: String,
    /// At most so many, up to 1000; 100 by default.
    limit: Option<u32>,
    /// After so many.
    #[serde(default)]
    offset: u32,
}

/// A card in a list.
#[derive(Serialize, ToSchema)]
#[allow(missing_docs, reason = "named as in the assess contract")]
pub(crate) struct CardItem {
    card_id: String,
    case_no: String,
    state: String,
    reason: String,
    clock: String,
    instance: String,
    level: String,
    rule: String,
    crossed_at: Option<String>,
    due_at: Option<String>,
    limit_days: f64,
    handler: Option<String>,
    item: Option<String>,
    department: Option<String>,
    window: Option<String>,
}

/// Cards, the newest first.
#[utoipa::path(get, path = "/api/v1/cards", params(CardFilter),
    responses((status = 200, body = Vec<CardItem>), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn cards(
    State(app): State<App>,
    filter: Result<Query<CardFilter>, QueryRejection>,
) -> Result<Json<Vec<CardItem>>, Problem> {
    let Query(filter) = filter?;
    known("state", &filter.state, ["issued", "withdrawn"].into_iter())?;
    known("level", &filter.level, Level::ALL.iter().map(|it| it.code()))?;
    known("clock", &filter.clock, ClockKind::ALL.iter().map(|it| it.code()))?;
    let query = CardQuery {
        case_no: filter.case_no,
        clock: filter.clock,
        item: filter.item,
        crossed: period(&app, ("from", filter.from), ("to", filter.to))?,
        state: filter.state,
        level: filter.level,
        department: filter.department,
        limit: page(filter.limit)?,
        offset: filter.offset,
    };
    let cards = app.reader.cards(&query, (app.now)()).await?.into_iter().map(|card| CardItem {
        crossed_at: time(&app, Some(card.crossed_at)),
        due_at: time(&app, card.due_at),
        card_id: card.card_id,
        case_no: card.case_no,
        state: card.state,
        reason: card.reason,
        clock: card.clock,
        instance: card.instance,
        level: card.level,
        rule: card.rule,
        limit_days: wire::round4(card.limit_days),
        handler: card.handler,
        item: card.item,
        department: card.department,
        window: card.window,
    });
    Ok(Json(cards.collect()))
}

fn time(app: &App, ms: Option<i64>) -> Option<String> {
    ms.map(|ms| Instant::from_ms(ms).display_in(app.office.calendar.zone()))
}

/// A span of time, where either end is named.
fn period(app: &App, from: (&str, Option<String>), to: (&str, Option<String>)) -> Result<Option<Range<Instant>>, Problem> {
    if from.1.is_none() && to.1.is_none() {
        return Ok(None);
    }
    let start = day_or_instant(from.0, from.1.as_deref().unwrap_or(BEGINNING), app)?;
    let end = day_or_instant(to.0, to.1.as_deref().unwrap_or(END), app)?;
    Ok(Some(start..end))
}

pub(crate) fn page(limit: Option<u32>) -> Result<u32, Problem> {
    match limit.unwrap_or(100) {
        limit if (1..=MOST).contains(&limit) => Ok(limit),
        limit => Err(Problem::bad_request(format!("limit={limit}: expected 1 to {MOST}"))),
    }
}

pub(crate) fn known<'a>(field: &str, code: &str, mut codes: impl Iterator<Item = &'a str> + Clone) -> Result<(), Problem> {
    let all: Vec<&str> = codes.clone().collect();
    if code.is_empty() || codes.any(|known| known == code) {
        return Ok(());
    }
    Err(Problem::bad_request(format!("{field}={code}: expected one of {}", all.join(", "))))
}
