//! Figures as `sundial assess --figures` prints them (domain.md §11).

use std::collections::BTreeMap;

use domain::{
    Figures,
    figures::{Distribution, SpeedUp},
};
use serde::Serialize;

use crate::rounded_option;

/// The JSON object of the figures, keys in the order of the contract.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are those of domain::Figures")]
pub struct FiguresJson {
    pub received: u64,
    pub accepted: u64,
    pub closed: u64,
    pub open: u64,
    pub not_accepted: u64,
    pub outcomes: BTreeMap<&'static str, u64>,
    pub on_time: u64,
    pub early: u64,
    pub late: u64,
    pub open_overdue: u64,
    #[serde(serialize_with = "rounded_option")]
    pub on_time_rate: Option<f64>,
    #[serde(serialize_with = "rounded_option")]
    pub overdue_rate: Option<f64>,
    pub same_day: u64,
    #[serde(serialize_with = "rounded_option")]
    pub same_day_rate: Option<f64>,
    #[serde(serialize_with = "rounded_option")]
    pub within_7_days_rate: Option<f64>,
    pub elapsed_days: DistributionJson,
    pub speed_up: SpeedUpsJson,
    #[serde(serialize_with = "rounded_option")]
    pub satisfaction_rate: Option<f64>,
    #[serde(serialize_with = "rounded_option")]
    pub rating_rate: Option<f64>,
    pub cards: CardsJson,
    pub findings: BTreeMap<&'static str, u64>,
}

/// How net working days are spread.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are those of domain::figures::Distribution")]
pub struct DistributionJson {
    #[serde(serialize_with = "rounded_option")]
    pub mean: Option<f64>,
    #[serde(serialize_with = "rounded_option")]
    pub p50: Option<f64>,
    #[serde(serialize_with = "rounded_option")]
    pub p90: Option<f64>,
    #[serde(serialize_with = "rounded_option")]
    pub p95: Option<f64>,
}

/// Speed-up against both limits.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "named by the limits")]
pub struct SpeedUpsJson {
    pub statutory: SpeedUpJson,
    pub promised: SpeedUpJson,
}

/// Speed-up in both ways of averaging.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are those of domain::figures::SpeedUp")]
pub struct SpeedUpJson {
    #[serde(serialize_with = "rounded_option")]
    pub weighted: Option<f64>,
    #[serde(serialize_with = "rounded_option")]
    pub mean: Option<f64>,
}

/// Cards by level.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "named by the levels")]
pub struct CardsJson {
    pub reminder: u64,
    pub yellow: u64,
    pub red: u64,
}

impl From<&Figures> for FiguresJson {
    fn from(figures: &Figures) -> Self {
        let cards = |level| figures.cards.get(&level).copied().unwrap_or(0);
        Self {
            received: figures.received,
            accepted: figures.accepted,
            closed: figures.closed,
            open: figures.open,
            not_accepted: figures.not_accepted,
            outcomes: figures.outcomes.iter().map(|(outcome, count)| (outcome.code(), *count)).collect(),
            on_time: figures.on_time,
            early: figures.early,
            late: figures.late,
            open_overdue: figures.open_overdue,
            on_time_rate: figures.on_time_rate,
            overdue_rate: figures.overdue_rate,
            same_day: figures.same_day,
            same_day_rate: figures.same_day_rate,
            within_7_days_rate: figures.within_7_days_rate,
            elapsed_days: figures.elapsed_days.into(),
            speed_up: SpeedUpsJson { statutory: figures.statutory_speed_up.into(), promised: figures.promised_speed_up.into() },
            satisfaction_rate: figures.satisfaction_rate,
            rating_rate: figures.rating_rate,
            cards: CardsJson {
                reminder: cards(domain::Level::Reminder),
                yellow: cards(domain::Level::Yellow),
                red: cards(domain::Level::Red),
            },
            findings: figures.findings.iter().map(|(kind, count)| (kind.code(), *count)).collect(),
        }
    }
}

impl From<Distribution> for DistributionJson {
    fn from(it: Distribution) -> Self {
        Self { mean: it.mean, p50: it.p50, p90: it.p90, p95: it.p95 }
    }
}

impl From<SpeedUp> for SpeedUpJson {
    fn from(it: SpeedUp) -> Self {
        Self { weighted: it.weighted, mean: it.mean }
    }
}
