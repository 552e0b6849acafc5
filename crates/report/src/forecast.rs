//! Which open cases will probably miss their promise (超期预测).

use domain::forecast::{Band, Forecast, Forecaster, OpenCase, OpenState, calibrate};
use serde::Serialize;
use store::{GroupBy, Narrowing, StoreError};
use utoipa::ToSchema;
use wire::round4;

use crate::{Ground, IntervalItem, Month};

/// Which open cases are asked for; an empty text asks for all.
#[derive(Debug, Clone, Default)]
pub struct ForecastFilter {
    /// Of this department.
    pub department: String,
    /// Of this item.
    pub item: String,
    /// Only those with at least this probability.
    pub at_least: f64,
    /// At most so many, the most probable first.
    pub limit: usize,
}

/// An open case with its forecast.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[allow(missing_docs, reason = "named as in docs/figures.md")]
pub struct ForecastItem {
    pub case_no: String,
    pub item: String,
    pub department: String,
    /// Net working days used.
    pub used_days: f64,
    /// The promise in working days.
    pub limit_days: f64,
    pub due_at: Option<String>,
    /// Probability to miss the promise: missed / at_risk.
    pub probability: f64,
    /// Wilson's interval of it.
    pub interval: IntervalItem,
    /// With what it was compared: item, department, all; missed where the promise is missed already.
    pub basis: &'static str,
    /// Closed cases that took at least as long as this one has so far.
    pub at_risk: u64,
    /// Those of them that took longer than its limit.
    pub missed: u64,
}

impl ForecastItem {
    fn new(ground: &Ground<'_>, state: &OpenState, open: &OpenCase, forecast: &Forecast) -> Self {
        Self {
            case_no: state.case_no.to_string(),
            item: open.item.to_string(),
            department: open.department.to_string(),
            used_days: round4(open.used_days),
            limit_days: round4(open.limit_days),
            due_at: state.due_at.map(|at| ground.local(at)),
            probability: round4(forecast.probability),
            interval: forecast.interval.into(),
            basis: forecast.basis.code(),
            at_risk: forecast.at_risk,
            missed: forecast.missed,
        }
    }
}

/// Forecasts of one band of probability, against what came of them.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[allow(missing_docs, reason = "named as in docs/figures.md")]
pub struct BandItem {
    /// From this probability on,
    pub from: f64,
    /// and below this one.
    pub to: f64,
    pub forecasts: u64,
    /// Their mean probability.
    pub predicted: Option<f64>,
    /// The share that did miss the promise.
    pub observed: Option<f64>,
    /// Wilson's interval of that share.
    pub interval: Option<IntervalItem>,
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
#[derive(Debug, Clone, Serialize, ToSchema)]
#[allow(missing_docs, reason = "named as in docs/figures.md")]
pub struct ForecastAnswer {
    pub as_of: String,
    /// Closed from here on are the cases compared with.
    pub history_from: String,
    /// Closed cases compared with.
    pub history_cases: u64,
    /// Fewer comparable cases of an item are not enough.
    pub at_least: u64,
    /// Open cases with a promise for which there is nothing to compare with, or no calendar.
    pub without_forecast: u64,
    pub cases: Vec<ForecastItem>,
    /// How good forecasts were on the latest whole months, each held back.
    pub calibration: Vec<BandItem>,
    /// How many months were held back.
    pub held_back_months: u32,
}

impl ForecastAnswer {
    /// Forecasts of the cases open now.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn read(ground: &Ground<'_>, filter: &ForecastFilter) -> Result<Self, StoreError> {
        let (rules, now, zone) = (&ground.settings.forecast, ground.now, ground.calendar.zone());
        let this_month = Month::of(now, zone);
        let from = this_month.plus(-(rules.history_months.min(1200) as i32)).start(zone);
        // Cases of the current month are in the history, but no month to check on: it is not over.
        let query = ground.between(from, now, GroupBy::Nothing);
        let only = Narrowing::default();
        let history = ground.reader.forecast_history(&query, &only).await?;
        let month = this_month.to_string();
        let whole: Vec<_> = history.iter().filter(|past| past.month != month.as_str()).cloned().collect();
        let calibration = calibrate(&whole, rules.held_back_months as usize, rules.at_least, ground.settings.z);
        let forecaster = Forecaster::new(&history, rules.at_least, ground.settings.z);

        let (mut cases, mut without_forecast) = (Vec::new(), 0);
        for state in ground.reader.forecast_open(&query, &only).await? {
            let is_meant = |asked: &str, is: &str| asked.is_empty() || asked == is;
            if !is_meant(&filter.department, &state.department) || !is_meant(&filter.item, &state.item) {
                continue;
            }
            let open = state.as_of(now, ground.calendar).ok();
            let forecast = open.as_ref().and_then(|open| forecaster.forecast(open));
            match open.zip(forecast) {
                Some((open, forecast)) if forecast.probability >= filter.at_least => {
                    cases.push(ForecastItem::new(ground, &state, &open, &forecast));
                }
                Some(_) => {}
                None => without_forecast += 1,
            }
        }
        cases.sort_by(|a, b| b.probability.total_cmp(&a.probability).then_with(|| a.case_no.cmp(&b.case_no)));
        cases.truncate(filter.limit);
        Ok(Self {
            as_of: ground.local(now),
            history_from: ground.local(from),
            history_cases: history.iter().map(|past| past.cases).sum(),
            at_least: rules.at_least,
            without_forecast,
            cases,
            calibration: calibration.into_iter().map(BandItem::from).collect(),
            held_back_months: rules.held_back_months,
        })
    }
}
