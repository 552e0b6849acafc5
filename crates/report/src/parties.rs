//! Scorecards of intermediaries (中介机构) on the time standard they have published.

use domain::{catalog::Party, intermediaries::Scorecard};
use serde::Serialize;
use store::{FigureQuery, Narrowing, StoreError};
use utoipa::ToSchema;
use wire::round4;

use crate::{Ground, IntervalItem};

/// An intermediary.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[allow(missing_docs, reason = "named as in docs/figures.md")]
pub struct PartyItem {
    pub party: String,
    pub cases: u64,
    pub works: u64,
    /// Works not ended yet.
    pub open: u64,
    pub on_time: u64,
    /// Ended past their limit, or open past it.
    pub late: u64,
    /// 按时率: on time / (on time + late).
    pub on_time_share: Option<f64>,
    /// Wilson's interval of it.
    pub interval: Option<IntervalItem>,
    /// 用时占比: Σ days used / Σ limits, over ended works with a limit.
    pub time_share: Option<f64>,
    /// 星级, 1 to 5.
    pub stars: Option<u8>,
    /// 黑名单: proposed; an officer decides.
    pub blacklist: bool,
}

impl From<Scorecard> for PartyItem {
    fn from(card: Scorecard) -> Self {
        Self {
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
    }
}

/// A time standard that an intermediary has published (公布时限).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublishedLimit {
    /// `*` is every party that has published nothing of its own.
    pub party: String,
    /// What it does.
    pub service: String,
    /// Such as `7 working_days`.
    pub limit: String,
    /// For these items; for all where there are none.
    pub items: Vec<String>,
    /// First day.
    pub valid_from: String,
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
#[derive(Debug, Clone, Serialize, ToSchema)]
#[allow(missing_docs, reason = "named as in docs/figures.md")]
pub struct PartiesAnswer {
    pub from: String,
    pub to: String,
    /// Fewer works with a limit get no stars.
    pub min_works: u64,
    /// On-time shares from which on there are two to five stars.
    pub stars: Vec<f64>,
    /// Blacklisted where the upper end of the interval is below this.
    pub blacklist_below: f64,
    /// What they have published: the catalogue's.
    pub published: Vec<PublishedLimit>,
    pub parties: Vec<PartyItem>,
}

impl PartiesAnswer {
    /// Works ended in a period, and those open now.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn read(ground: &Ground<'_>, query: &FigureQuery) -> Result<Self, StoreError> {
        let (rules, z) = (&ground.settings.parties, ground.settings.z);
        let records = ground.reader.parties(query, &Narrowing::default()).await?;
        let (from, to) = ground.bounds(query);
        Ok(Self {
            from,
            to,
            min_works: rules.min_works,
            stars: rules.stars.to_vec(),
            blacklist_below: rules.blacklist_below,
            published: ground.catalog.parties().iter().map(PublishedLimit::from).collect(),
            parties: records.into_iter().map(|record| Scorecard::of(record, rules, z).into()).collect(),
        })
    }
}
