//! Fair rankings, and the scorecards of intermediaries.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use domain::{
    catalog::Party,
    intermediaries::Scorecard,
    ranking::{Interval, Standing, rank},
};
use serde::{Deserialize, Serialize};
use store::Measure;
use utoipa::{IntoParams, ToSchema};
use wire::round4;

use crate::{App, Problem, figures::Period};

/// What is ranked, and by what.
#[derive(Deserialize, IntoParams)]
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

/// Between what a rate lies.
#[derive(Serialize, ToSchema)]
pub(crate) struct IntervalItem {
    low: f64,
    high: f64,
}

impl From<Interval> for IntervalItem {
    fn from(it: Interval) -> Self {
        Self { low: round4(it.low), high: round4(it.high) }
    }
}

/// A unit with its rate.
#[derive(Serialize, ToSchema)]
pub(crate) struct RankedUnit {
    /// By the lower end of the interval, 1 first; none below the minimum volume.
    rank: Option<u32>,
    unit: String,
    cases: u64,
    successes: u64,
    /// successes / cases.
    rate: f64,
    /// With the county's mix of the items that the unit handles.
    adjusted: f64,
    /// What the county has on the same items in the same mix.
    county: f64,
    /// As how many cases the adjusted rate is as certain.
    effective_cases: f64,
    /// Wilson's interval of the adjusted rate.
    interval: IntervalItem,
}

impl From<Standing> for RankedUnit {
    fn from(it: Standing) -> Self {
        Self {
            rank: it.rank,
            unit: it.unit.to_string(),
            cases: it.cases,
            successes: it.successes,
            rate: round4(it.rate),
            adjusted: round4(it.adjusted),
            county: round4(it.county),
            effective_cases: round4(it.effective_cases),
            interval: it.interval.into(),
        }
    }
}

/// A ranking, and how it was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct RankingAnswer {
    from: String,
    to: String,
    /// Profile, counting, suspension and calendar.
    variant: String,
    of: String,
    by: String,
    min_volume: u64,
    /// Standard errors on either side of the interval.
    z: f64,
    /// The rate of all cases.
    overall: Option<f64>,
    ranked: Vec<RankedUnit>,
    /// Units below the minimum volume, not ranked.
    too_small: Vec<RankedUnit>,
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
    let (query, mut only) = Period::between(filter.from, filter.to).grouped_by(of.clone()).read(&app)?;
    only.without_suspicious = filter.without_suspicious;
    let min_volume = filter.min_volume.unwrap_or(app.office.settings.min_volume);
    let z = app.office.settings.z;
    let ranking = rank(&app.reader.ranking_cells(&query, &only, measure).await?, min_volume, z);
    let (from, to) = app.bounds(&query);
    Ok(Json(RankingAnswer {
        from,
        to,
        variant: app.office.variant(),
        of,
        by,
        min_volume,
        z,
        overall: ranking.overall.map(round4),
        ranked: ranking.ranked.into_iter().map(RankedUnit::from).collect(),
        too_small: ranking.too_small.into_iter().map(RankedUnit::from).collect(),
    }))
}

/// Which period.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartyFilter {
    /// From this local day or instant on; the beginning by default.
    from: Option<String>,
    /// Up to this local day or instant, exclusive; the end by default.
    to: Option<String>,
}

/// An intermediary.
#[derive(Serialize, ToSchema)]
pub(crate) struct PartyItem {
    party: String,
    cases: u64,
    works: u64,
    /// Works not ended yet.
    open: u64,
    on_time: u64,
    /// Ended past their limit, or open past it.
    late: u64,
    /// 按时率: on time / (on time + late).
    on_time_share: Option<f64>,
    /// Wilson's interval of it.
    interval: Option<IntervalItem>,
    /// 用时占比: Σ days used / Σ limits, over ended works with a limit.
    time_share: Option<f64>,
    /// 星级, 1 to 5.
    stars: Option<u8>,
    /// 黑名单: proposed; an officer decides.
    blacklist: bool,
}

/// A time standard that an intermediary has published (公布时限).
#[derive(Serialize, ToSchema)]
pub(crate) struct PublishedLimit {
    /// `*` is every party that has published nothing of its own.
    party: String,
    /// What it does.
    service: String,
    /// Such as `7 working_days`.
    limit: String,
    /// For these items; for all where there are none.
    items: Vec<String>,
    /// First day.
    valid_from: String,
}

impl From<&Party> for PublishedLimit {
    fn from(it: &Party) -> Self {
        Self {
            party: it.name.to_string(),
            service: it.service.to_string(),
            limit: it.limit.to_string(),
            items: it.items.iter().map(ToString::to_string).collect(),
            valid_from: it.valid_from.to_string(),
        }
    }
}

/// Scorecards, and how they were made.
#[derive(Serialize, ToSchema)]
pub(crate) struct PartiesAnswer {
    from: String,
    to: String,
    /// Fewer works with a limit get no stars.
    min_works: u64,
    /// On-time shares from which on there are two to five stars.
    stars: Vec<f64>,
    /// Blacklisted where the upper end of the interval is below this.
    blacklist_below: f64,
    /// What they have published: the catalogue's.
    published: Vec<PublishedLimit>,
    parties: Vec<PartyItem>,
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
    let (query, only) = Period::between(filter.from, filter.to).read(&app)?;
    let settings = &app.office.settings;
    let parties = app.reader.parties(&query, &only).await?.into_iter().map(|record| {
        let card = Scorecard::of(record, &settings.parties, settings.z);
        PartyItem {
            party: card.record.party.to_string(),
            cases: card.record.cases,
            works: card.record.works,
            open: card.record.open,
            on_time: card.record.on_time,
            late: card.record.late,
            on_time_share: card.on_time_share.map(round4),
            interval: card.interval.map(IntervalItem::from),
            time_share: card.time_share.map(round4),
            stars: card.stars,
            blacklist: card.blacklist,
        }
    });
    let parties = parties.collect();
    let (from, to) = app.bounds(&query);
    Ok(Json(PartiesAnswer {
        from,
        to,
        min_works: settings.parties.min_works,
        stars: settings.parties.stars.to_vec(),
        blacklist_below: settings.parties.blacklist_below,
        published: app.office.catalog.parties().iter().map(PublishedLimit::from).collect(),
        parties,
    }))
}
