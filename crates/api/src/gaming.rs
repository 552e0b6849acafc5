//! Gaming made visible: suspicious cases, and what the ratios are without them.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use domain::{Figures, catalog_figures::CatalogFigures};
use serde::Serialize;
use store::Narrowing;
use utoipa::ToSchema;
use wire::round4;

use crate::{App, Problem, figures::Period};

/// The main ratios.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ratios {
    /// Cases closed in the period.
    closed: u64,
    /// 按时办结率.
    on_time_rate: Option<f64>,
    /// 当日办结率.
    same_day_rate: Option<f64>,
    /// 实际提速率(法定), Σ(L − a) / ΣL.
    statutory_speed_up: Option<f64>,
    /// 实际提速率(承诺), Σ(L − a) / ΣL.
    promised_speed_up: Option<f64>,
}

/// Suspicious cases of a group, and its ratios with and without them.
#[derive(Serialize, ToSchema)]
pub(crate) struct GamingGroup {
    /// Its name; empty where figures are not grouped, or cases name none.
    key: String,
    /// Suspicious cases, each once.
    suspicious: u64,
    /// By kind of finding: instant_close, suspension_near_due, late_entry, batch_close.
    kinds: BTreeMap<String, u64>,
    with: Ratios,
    /// None where all of them are suspicious.
    without: Option<Ratios>,
}

/// A batch: one window closed many cases within a minute.
#[derive(Serialize, ToSchema)]
pub(crate) struct BatchItem {
    window: String,
    first: String,
    last: String,
    case_nos: Vec<String>,
}

/// Suspicious cases, and how they were looked for.
#[derive(Serialize, ToSchema)]
pub(crate) struct GamingAnswer {
    from: String,
    to: String,
    /// Profile, counting, suspension and calendar.
    variant: String,
    /// The findings that make a case suspicious.
    suspicious: Vec<String>,
    /// How many closings of one window within a minute are a batch.
    batch_at_least: u32,
    groups: Vec<GamingGroup>,
    batches: Vec<BatchItem>,
    /// 承诺未压缩事项: items whose promise is no shorter than the statutory limit, on the last day of the period.
    padded_items: Vec<String>,
}

/// What the figures of the period may owe to a trick: cases decided in seconds, clocks stopped near the end, late
/// entries, batches, padded promises; and the main ratios with and without suspicious cases.
#[utoipa::path(get, path = "/api/v1/gaming", params(Period),
    responses((status = 200, body = GamingAnswer), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn gaming(
    State(app): State<App>,
    period: Result<Query<Period>, QueryRejection>,
) -> Result<Json<GamingAnswer>, Problem> {
    let (query, only) = period?.0.read(&app)?;
    let with = app.reader.figures_only(&query, &only).await?;
    let others = Narrowing { without_suspicious: true, ..only.clone() };
    let without = app.reader.figures_only(&query, &others).await?;
    let mut suspected: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for row in app.reader.suspected(&query, &only).await? {
        suspected.entry(row.group_key).or_default().insert(row.kind, row.found);
    }
    let group = |group: store::FigureGroup| {
        let mut kinds = suspected.remove(&group.key).unwrap_or_default();
        let others = without.iter().find(|it| it.key == group.key).filter(|it| it.figures.closed > 0);
        GamingGroup {
            // The kind without a name is any of them.
            suspicious: kinds.remove("").unwrap_or_default(),
            kinds,
            with: ratios(&group.figures),
            without: others.map(|it| ratios(&it.figures)),
            key: group.key,
        }
    };
    // A group whose cases are all open has nothing closed to be suspicious of.
    let groups = with.into_iter().filter(|it| it.figures.closed > 0).map(group).collect();
    let zone = app.office.calendar.zone();
    let batches = app.reader.batch_closings(&query, &only.suspicion).await?.into_iter().map(|batch| BatchItem {
        window: batch.window,
        first: batch.first.display_in(zone),
        last: batch.last.display_in(zone),
        case_nos: batch.case_nos,
    });
    let catalog = CatalogFigures::of(app.office.catalog.in_force_on(app.catalog_day(&query)));
    let (from, to) = app.bounds(&query);
    Ok(Json(GamingAnswer {
        from,
        to,
        variant: app.office.variant(),
        batches: batches.collect(),
        suspicious: only.suspicion.kinds,
        batch_at_least: only.suspicion.batch_at_least,
        groups,
        padded_items: catalog.padded_items.iter().map(ToString::to_string).collect(),
    }))
}

fn ratios(figures: &Figures) -> Ratios {
    Ratios {
        closed: figures.closed,
        on_time_rate: figures.on_time_rate.map(round4),
        same_day_rate: figures.same_day_rate.map(round4),
        statutory_speed_up: figures.statutory_speed_up.weighted.map(round4),
        promised_speed_up: figures.promised_speed_up.weighted.map(round4),
    }
}
