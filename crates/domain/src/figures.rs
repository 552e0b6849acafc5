//! Figures over a set of cases (domain.md §7).
//!
//! The time figures take closed cases with the outcomes granted and refused; the other outcomes are
//! counted apart. Items without a limit are left out of the ratios that need one.

use std::collections::BTreeMap;

use crate::{Assessment, FindingKind, Level, LimitState, Outcome, Status};

/// The figures of a set of cases. A ratio over nothing is none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// 收件数: all cases.
    pub received: u64,
    /// 受理数.
    pub accepted: u64,
    /// 办结数, whatever the outcome.
    pub closed: u64,
    /// 在办数: accepted, not closed.
    pub open: u64,
    /// 不予受理数.
    pub not_accepted: u64,
    /// Closed cases by outcome.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Closed by the promised due time.
    pub on_time: u64,
    /// Closed before the promised due day; also on time.
    pub early: u64,
    /// Closed after the promised due time.
    pub late: u64,
    /// Open past the promised due time.
    pub open_overdue: u64,
    /// 按时办结率: on time / (on time + late).
    pub on_time_rate: Option<f64>,
    /// 超期率: (late + open overdue) / (on time + late + open overdue).
    pub overdue_rate: Option<f64>,
    /// Accepted and closed on one date.
    pub same_day: u64,
    /// 当日办结率, over decided cases.
    pub same_day_rate: Option<f64>,
    /// 7日办结率: at most seven working days, over decided cases.
    pub within_7_days_rate: Option<f64>,
    /// Net working days of decided cases.
    pub elapsed_days: Distribution,
    /// 实际提速率(法定).
    pub statutory_speed_up: SpeedUp,
    /// 实际提速率(承诺).
    pub promised_speed_up: SpeedUp,
    /// 满意率: scores 1 to 3 / ratings.
    pub satisfaction_rate: Option<f64>,
    /// 评议率: rated / decided.
    pub rating_rate: Option<f64>,
    /// Cards issued, by level.
    pub cards: BTreeMap<Level, u64>,
    /// Findings, by kind.
    pub findings: BTreeMap<FindingKind, u64>,
}

/// How a set of numbers is spread. Percentiles are interpolated linearly between the nearest ranks
/// (method 7 of Hyndman and Fan, as spreadsheets do it).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Distribution {
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// Median.
    pub p50: Option<f64>,
    /// 90th percentile.
    pub p90: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
}

/// How much faster than a limit.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SpeedUp {
    /// Σ(limit − elapsed) / Σ limit.
    pub weighted: Option<f64>,
    /// Mean of (limit − elapsed) / limit.
    pub mean: Option<f64>,
}

/// Adds cases up into [`Figures`].
#[derive(Debug, Default)]
pub struct FiguresBuilder {
    figures: Figures,
    decided: u64,
    within_7_days: u64,
    elapsed_days: Vec<f64>,
    statutory: SpeedUpSum,
    promised: SpeedUpSum,
    ratings: u64,
    satisfied: u64,
    rated_and_decided: u64,
}

#[derive(Debug, Default)]
struct SpeedUpSum {
    saved: f64,
    limits: f64,
    shares: f64,
    cases: u64,
}

impl FiguresBuilder {
    /// Takes one case.
    pub fn add(&mut self, case: &Assessment) {
        let figures = &mut self.figures;
        figures.received += 1;
        figures.accepted += u64::from(case.accepted_at.is_some());
        for card in &case.cards {
            *figures.cards.entry(card.level).or_default() += 1;
        }
        for finding in &case.findings {
            *figures.findings.entry(finding.kind).or_default() += 1;
        }
        if let Some(score) = case.rating {
            self.ratings += 1;
            self.satisfied += u64::from(score <= 3);
        }
        match case.status {
            Status::Closed => self.add_closed(case),
            Status::NotAccepted => figures.not_accepted += 1,
            Status::Open | Status::Suspended => {
                figures.open += 1;
                figures.open_overdue += u64::from(case.promised.is_some_and(|promised| promised.late));
            }
            Status::Received => {}
        }
    }

    fn add_closed(&mut self, case: &Assessment) {
        let figures = &mut self.figures;
        figures.closed += 1;
        let Some(outcome) = case.outcome else { return };
        *figures.outcomes.entry(outcome).or_default() += 1;
        if !outcome.is_decision() {
            return;
        }
        self.decided += 1;
        self.rated_and_decided += u64::from(case.rating.is_some());
        figures.same_day += u64::from(case.same_day == Some(true));
        if let Some(days) = case.elapsed_days {
            self.elapsed_days.push(days);
            self.within_7_days += u64::from(days <= 7.0);
        }
        if let Some(promised) = case.promised.filter(|promised| promised.due_at.is_some()) {
            figures.on_time += u64::from(!promised.late);
            figures.early += u64::from(!promised.late && promised.early);
            figures.late += u64::from(promised.late);
        }
        self.statutory.add(case.statutory);
        self.promised.add(case.promised);
    }

    /// The figures of all cases taken.
    pub fn finish(mut self) -> Figures {
        let mut figures = self.figures;
        figures.on_time_rate = ratio(figures.on_time, figures.on_time + figures.late);
        figures.overdue_rate = ratio(figures.late + figures.open_overdue, figures.on_time + figures.late + figures.open_overdue);
        figures.same_day_rate = ratio(figures.same_day, self.decided);
        figures.within_7_days_rate = ratio(self.within_7_days, self.elapsed_days.len() as u64);
        figures.elapsed_days = Distribution::of(&mut self.elapsed_days);
        figures.statutory_speed_up = self.statutory.finish();
        figures.promised_speed_up = self.promised.finish();
        figures.satisfaction_rate = ratio(self.satisfied, self.ratings);
        figures.rating_rate = ratio(self.rated_and_decided, self.decided);
        for level in Level::ALL {
            figures.cards.entry(*level).or_default();
        }
        figures
    }
}

impl SpeedUpSum {
    fn add(&mut self, state: Option<LimitState>) {
        let Some((state, share)) = state.and_then(|state| Some((state, state.speed_up?))) else { return };
        self.saved += state.limit_days - state.elapsed_days;
        self.limits += state.limit_days;
        self.shares += share;
        self.cases += 1;
    }

    fn finish(self) -> SpeedUp {
        if self.cases == 0 {
            return SpeedUp::default();
        }
        SpeedUp { weighted: Some(self.saved / self.limits), mean: Some(self.shares / self.cases as f64) }
    }
}

impl Distribution {
    fn of(values: &mut [f64]) -> Self {
        if values.is_empty() {
            return Self::default();
        }
        values.sort_by(f64::total_cmp);
        Self {
            mean: Some(values.iter().sum::<f64>() / values.len() as f64),
            p50: Some(percentile(values, 0.50)),
            p90: Some(percentile(values, 0.90)),
            p95: Some(percentile(values, 0.95)),
        }
    }
}

fn percentile(sorted: &[f64], share: f64) -> f64 {
    let rank = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[rank.floor() as usize], sorted[rank.ceil() as usize]);
    below + (above - below) * rank.fract()
}

/// A share; none of nothing.
pub(crate) fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

impl<'a> FromIterator<&'a Assessment> for Figures {
    fn from_iter<I: IntoIterator<Item = &'a Assessment>>(cases: I) -> Self {
        let mut builder = FiguresBuilder::default();
        for case in cases {
            builder.add(case);
        }
        builder.finish()
    }
}
