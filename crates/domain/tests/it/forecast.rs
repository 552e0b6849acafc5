//! Forecasts: worked examples, and what holds for every history.

use crate::common::*;
use domain::forecast::{Basis, Forecaster, OpenCase, OpenState, Past, calibrate};
use proptest::prelude::*;

fn past(month: &str, item: &str, days: f64, cases: u64) -> Past {
    let limit_days = if item == "long" { 20.0 } else { 10.0 };
    Past { month: month.into(), item: item.into(), department: "d".into(), days, limit_days, late: days > limit_days, cases }
}

fn open(item: &str, used_days: f64, limit_days: f64) -> OpenCase {
    OpenCase { item: item.into(), department: "d".into(), used_days, limit_days }
}

/// Of a hundred cases sixty took 4 days, twenty 8, ten 10 and ten 12.
fn history() -> Vec<Past> {
    [(4.0, 60), (8.0, 20), (10.0, 10), (12.0, 10)].map(|(days, cases)| past("2018-01", "a", days, cases)).to_vec()
}

#[test]
fn the_longer_a_case_is_open_the_fewer_it_is_compared_with() {
    let history = history();
    let forecaster = Forecaster::new(&history, 20, 1.96);
    let at = |used| {
        let forecast = forecaster.forecast(&open("a", used, 10.0)).unwrap();
        (forecast.missed, forecast.at_risk, forecast.probability)
    };
    assert_eq!(at(0.0), (10, 100, 0.1));
    assert_eq!(at(5.0), (10, 40, 0.25));
    // It may still close today: those that took as long as it has used are among the cases it is compared with.
    assert_eq!(at(8.0), (10, 40, 0.25));
    assert_eq!(at(9.0), (10, 20, 0.5));
    let missed = forecaster.forecast(&open("a", 11.0, 10.0)).unwrap();
    assert_eq!((missed.basis, missed.probability), (Basis::Missed, 1.0));
}

#[test]
fn with_too_few_of_an_item_shares_of_the_limit_are_compared_in_the_department_and_then_everywhere() {
    let mut history = history();
    history.push(past("2018-01", "long", 30.0, 5));
    let forecaster = Forecaster::new(&history, 20, 1.96);
    // Half of the limit used: of the department 40 took 5 days of 10 or more, and 5 took 30 of 20.
    let department = forecaster.forecast(&open("long", 10.0, 20.0)).unwrap();
    assert_eq!((department.basis, department.missed, department.at_risk), (Basis::Department, 15, 45));
    let elsewhere = OpenCase { department: "other".into(), ..open("new", 0.0, 3.0) };
    assert_eq!(forecaster.forecast(&elsewhere).map(|it| (it.basis, it.at_risk)), Some((Basis::All, 105)));
    let half_way = OpenCase { used_days: 1.5, ..elsewhere.clone() };
    assert_eq!(forecaster.forecast(&half_way).map(|it| (it.basis, it.missed, it.at_risk)), Some((Basis::All, 15, 45)));
    assert_eq!(Forecaster::new(&history, 200, 1.96).forecast(&elsewhere), None);
}

#[test]
fn held_back_months_are_forecast_from_those_before_and_compared_with_what_came() {
    let mut history = history();
    // In February two of ten that had used half of their limit missed it: forecast was one in four.
    history.extend([past("2018-02", "a", 6.0, 8), past("2018-02", "a", 11.0, 2)]);
    let bands = calibrate(&history, 1, 20, 1.96);
    let counted: Vec<_> = bands.iter().map(|band| (band.from, band.forecasts, band.predicted, band.observed)).collect();
    // At acceptance: 10 % (one in ten). Half way: 25 %. At 80 % only the two late ones are open: 25 %.
    assert_eq!(counted[1], (0.05, 10, Some(0.1), Some(0.2)));
    assert_eq!(counted[2], (0.2, 12, Some(0.25), Some(4.0 / 12.0)));
    assert_eq!(bands.iter().map(|band| band.forecasts).sum::<u64>(), 22);
    assert!(calibrate(&history, 0, 20, 1.96).iter().all(|band| band.forecasts == 0 && band.observed.is_none()));
}

/// Three tenths of a day, in two ways that a computer does not find equal.
#[test]
fn days_that_differ_by_rounding_alone_are_the_same_days() {
    const ONE_WAY: f64 = 0.3;
    const OTHER_WAY: f64 = 0.1 + 0.2;
    let at = |taken: f64, used: f64, limit: f64| {
        let taken = Past { days: taken, late: false, ..past("2018-01", "a", 0.0, 20) };
        let forecast = Forecaster::new(&[taken], 1, 1.96).forecast(&open("a", used, limit)).unwrap();
        (forecast.basis, forecast.missed, forecast.at_risk)
    };
    assert_eq!(at(ONE_WAY, OTHER_WAY, 10.0), (Basis::Item, 0, 20), "it took at least as long");
    assert_eq!(at(OTHER_WAY, 0.0, ONE_WAY), (Basis::Item, 0, 20), "it took no longer than the limit");
    assert_eq!(at(ONE_WAY, OTHER_WAY, ONE_WAY), (Basis::Item, 0, 20), "it is not missed yet");
    assert_eq!(at(10.0, 10.0, 10.0), (Basis::Item, 0, 20));
}

#[test]
fn a_late_case_took_longer_than_its_limit_however_its_days_were_charged() {
    // Decided an hour too late on the due day: seven days of seven, and late.
    let hidden = Past { late: true, ..past("2018-01", "a", 10.0, 20) };
    let forecast = Forecaster::new(&[hidden], 1, 1.96).forecast(&open("a", 0.0, 10.0)).unwrap();
    assert_eq!((forecast.missed, forecast.probability), (20, 1.0));
}

#[test]
fn without_a_limit_or_with_a_basis_of_nothing_there_is_no_forecast() {
    let forecaster = Forecaster::new(&history(), 20, 1.96);
    assert_eq!(forecaster.forecast(&open("a", 0.0, 0.0)), None);
    assert_eq!(Forecaster::new(&[], 0, 1.96).forecast(&open("a", 0.0, 10.0)), None);
    // A past without a limit is nothing to compare with; exactly enough are enough.
    let without = Past { limit_days: 0.0, ..past("2018-01", "a", 4.0, 100) };
    assert_eq!(Forecaster::new(&[without], 20, 1.96).forecast(&open("a", 0.0, 10.0)), None);
    let enough = |at_least| Forecaster::new(&history(), at_least, 1.96).forecast(&open("a", 9.0, 10.0)).map(|it| it.basis);
    assert_eq!((enough(20), enough(21)), (Some(Basis::Item), None));
}

#[test]
fn bands_begin_where_they_say_and_the_last_one_holds_what_is_certain() {
    let certain = [past("2018-01", "a", 12.0, 20), past("2018-02", "a", 12.0, 3)];
    let bands = calibrate(&certain, 1, 20, 1.96);
    let ends: Vec<(f64, f64)> = bands.iter().map(|band| (band.from, band.to)).collect();
    assert_eq!(ends, [(0.0, 0.05), (0.05, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.0)]);
    // At acceptance, half way and near the end: three cases each.
    let last = bands[5];
    assert_eq!((last.forecasts, last.predicted, last.observed), (9, Some(1.0), Some(1.0)));
    assert!(last.interval.is_some_and(|interval| interval.high == 1.0 && interval.low < 0.8));
    // The month held back teaches nothing, and neither do later ones.
    assert!(calibrate(&certain, 2, 20, 1.96).iter().map(|band| band.forecasts).sum::<u64>() == 9);
}

proptest! {
    #[test]
    fn a_forecast_is_a_share_of_what_it_names_and_rises_with_the_days_used(
        days in prop::collection::vec((0u32..30, 1u64..9), 1..20), used in 0u32..10, more in 0u32..5,
    ) {
        let history: Vec<Past> = days.iter().map(|(days, cases)| past("2018-01", "a", f64::from(*days), *cases)).collect();
        let forecaster = Forecaster::new(&history, 1, 1.96);
        let at = |used: u32| forecaster.forecast(&open("a", f64::from(used), 10.0));
        if let (Some(now), Some(later)) = (at(used), at((used + more).min(10))) {
            let count = |keep: &dyn Fn(f64) -> bool| history.iter().filter(|it| keep(it.days)).map(|it| it.cases).sum::<u64>();
            prop_assert_eq!((now.missed, now.at_risk), (count(&|days| days > 10.0), count(&|days| days >= f64::from(used))));
            prop_assert!(now.interval.low <= now.probability && now.probability <= now.interval.high);
            prop_assert!(later.probability >= now.probability);
        }
    }

    #[test]
    fn where_the_future_is_like_the_past_the_calibration_is_exact(days in prop::collection::vec((1u32..20, 1u64..9), 1..10)) {
        let month = |month: &str| days.iter().map(|(days, cases)| past(month, "a", f64::from(*days), *cases)).collect::<Vec<_>>();
        let history = [month("2018-01"), month("2018-02")].concat();
        for band in calibrate(&history, 1, 1, 1.96) {
            if let (Some(predicted), Some(observed)) = (band.predicted, band.observed) {
                prop_assert!((predicted - observed).abs() < 1e-9);
            }
        }
    }
}

#[test]
fn what_has_passed_since_the_row_was_written_is_added_unless_the_clock_stands_still() {
    let calendar = domain::Calendar::china();
    let at = |text: &str| domain::Instant::parse(&format!("{text}:00+08:00")).unwrap();
    // Monday, a week before it is due.
    let state = domain::forecast::OpenState {
        case_no: "1".into(),
        item: "a".into(),
        department: "d".into(),
        suspended: false,
        used_days: 2.0,
        left_days: 5.0,
        due_at: Some(at("2018-10-22T17:30")),
        valid_from: at("2018-10-15T10:00"),
    };
    let days = |state: &domain::forecast::OpenState, now: &str| {
        let case = state.as_of(at(now), &calendar).unwrap();
        (case.used_days, case.limit_days)
    };
    assert_eq!(days(&state, "2018-10-18T09:00"), (5.0, 7.0));
    assert_eq!(days(&state, "2018-10-21T09:00"), (6.0, 7.0), "Sunday");
    // An evening too late, and two days.
    assert_eq!(days(&state, "2018-10-22T18:00"), (7.0, 6.0));
    assert_eq!(days(&state, "2018-10-24T09:00"), (9.0, 7.0));
    let suspended = domain::forecast::OpenState { suspended: true, ..state.clone() };
    assert_eq!(days(&suspended, "2018-10-18T09:00"), (2.0, 7.0));
    assert!(state.as_of(domain::Instant::from_ms(i64::MAX / 4), &calendar).is_err());
}

#[test]
fn an_open_case_has_used_the_working_days_since_and_has_those_up_to_its_due_day() {
    let state = |due: Option<&str>, suspended: bool| OpenState {
        case_no: "c".into(),
        item: "a".into(),
        department: "d".into(),
        suspended,
        used_days: 2.0,
        left_days: 9.0,
        due_at: due.map(cn),
        valid_from: cn("2018-10-15 10:00"),
    };
    let as_of = |state: OpenState, now: &str| {
        let case = state.as_of(cn(now), china()).unwrap();
        (case.used_days, case.limit_days)
    };
    let due = Some("2018-10-24 17:00");
    // Monday to Thursday: three days more, and four are left, whatever was left before.
    assert_eq!(as_of(state(due, false), "2018-10-18 10:00"), (5.0, 9.0));
    assert_eq!(as_of(state(due, false), "2018-10-24 17:00"), (9.0, 9.0), "due now is not missed");
    assert_eq!(as_of(state(due, false), "2018-10-24 17:01"), (9.0, 8.0), "over by a day begun");
    assert_eq!(as_of(state(due, false), "2018-10-29 10:00"), (12.0, 9.0));
    // The clock stands still: what was used and left is still so, until the promise was missed.
    assert_eq!(as_of(state(due, true), "2018-10-18 10:00"), (2.0, 11.0));
    assert_eq!(as_of(state(due, true), "2018-10-29 10:00"), (2.0, -1.0));
    assert_eq!(as_of(state(None, false), "2018-10-18 10:00"), (5.0, 11.0));
}

#[test]
fn a_late_case_whose_days_hide_it_took_only_just_longer_than_its_limit() {
    let hidden = Past { late: true, ..past("2018-01", "a", 10.0, 20) };
    let forecaster = Forecaster::new([&hidden], 20, 1.96);
    let at = |used, limit| forecaster.forecast(&open("a", used, limit)).map(|it| (it.basis, it.missed, it.at_risk));
    assert_eq!(at(9.0, 10.0), Some((Basis::Item, 20, 20)));
    assert_eq!(at(10.0, 20.0), Some((Basis::Item, 0, 20)));
    assert_eq!(at(10.5, 20.0), Some((Basis::Department, 20, 20)), "none of the item took so long");
}
