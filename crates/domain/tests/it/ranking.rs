//! Fair ranking: worked examples, and what holds for all units.

use domain::ranking::{Cell, Ranking, rank, wilson};
use proptest::prelude::*;

fn cell(unit: &str, item: &str, successes: u64, cases: u64) -> Cell {
    Cell { unit: unit.into(), item: item.into(), successes, cases }
}

fn order(ranking: &Ranking) -> Vec<(u32, &str)> {
    ranking.ranked.iter().map(|it| (it.rank.unwrap(), it.unit.as_str())).collect()
}

#[test]
fn three_of_three_do_not_lead_before_ninety_eight_of_a_hundred() {
    let ranking = rank(&[cell("small", "a", 3, 3), cell("large", "a", 98, 100)], 1, 1.96);
    assert_eq!(order(&ranking), [(1, "large"), (2, "small")]);
    let ranking = rank(&[cell("small", "a", 3, 3), cell("large", "a", 98, 100)], 30, 1.96);
    assert_eq!((order(&ranking), ranking.too_small[0].unit.as_str()), (vec![(1, "large")], "small"));
    assert_eq!((ranking.too_small[0].rank, ranking.overall), (None, Some(101.0 / 103.0)));
}

#[test]
fn who_handles_the_harder_item_is_not_worse_for_it() {
    // North is better at both items, and handles mostly the hard one: its crude rate is worse (Simpson's paradox).
    let cells = [
        cell("north", "easy", 95, 100),
        cell("north", "hard", 280, 400),
        cell("south", "easy", 360, 400),
        cell("south", "hard", 60, 100),
    ];
    let ranking = rank(&cells, 30, 1.96);
    assert_eq!(order(&ranking), [(1, "north"), (2, "south")]);
    let (north, south) = (&ranking.ranked[0], &ranking.ranked[1]);
    assert!(north.rate < south.rate);
    // The county has 500 of either item: means of 0.95 and 0.7, of 0.9 and 0.6.
    assert!((north.adjusted - 0.825).abs() < 1e-12 && (south.adjusted - 0.75).abs() < 1e-12);
    // 1000² / (500²/100 + 500²/400) = 320, and the county has 795 of 1000.
    assert!((north.effective_cases - 320.0).abs() < 1e-9 && (north.county - 0.795).abs() < 1e-12);
}

#[test]
fn equals_share_a_rank() {
    let ranking = rank(&[cell("b", "x", 9, 10), cell("a", "x", 9, 10), cell("c", "x", 8, 10)], 1, 1.96);
    assert_eq!(order(&ranking), [(1, "a"), (1, "b"), (3, "c")]);
}

/// Worked out with the formula for 9 of 10, 0 of 10, 10 of 10 (Newcombe 1998 has the method) and 1.96.
#[test]
fn wilsons_interval_is_the_published_one() {
    let is_about = |share: f64, cases: f64, low: f64, high: f64| {
        let interval = wilson(share, cases, 1.96).unwrap();
        assert!((interval.low - low).abs() < 5e-5 && (interval.high - high).abs() < 5e-5, "{share} of {cases}: {interval:?}");
    };
    is_about(0.9, 10.0, 0.5958, 0.9821);
    is_about(0.0, 10.0, 0.0, 0.2775);
    is_about(1.0, 10.0, 0.7225, 1.0);
    // Newcombe (1998), table I: 81 of 263.
    is_about(81.0 / 263.0, 263.0, 0.2553, 0.3662);
    assert_eq!((wilson(0.5, 0.0, 1.96), wilson(0.5, -1.0, 1.96)), (None, None));
}

#[test]
fn a_unit_without_a_case_is_not_listed_and_one_with_the_minimum_is_ranked() {
    let ranking = rank(&[cell("none", "a", 0, 0), cell("just", "a", 9, 10), cell("fewer", "a", 9, 9)], 10, 1.96);
    assert_eq!(order(&ranking), [(1, "just")]);
    assert_eq!(ranking.too_small.iter().map(|it| it.unit.as_str()).collect::<Vec<_>>(), ["fewer"]);
    let (just, fewer) = (&ranking.ranked[0], &ranking.too_small[0]);
    assert_eq!((just.successes, just.cases, just.rate), (9, 10, 0.9));
    assert_eq!((fewer.successes, fewer.cases, fewer.rate), (9, 9, 1.0));
    assert_eq!(rank(&[], 1, 1.96), Ranking::default());
}

fn cells() -> impl Strategy<Value = Vec<Cell>> {
    let name = |names: &'static [&'static str]| prop::sample::select(names);
    let cell = (name(&["u", "v", "w"]), name(&["a", "b", "c"]), 0u64..60, 0u64..60);
    prop::collection::vec(cell.prop_map(|(unit, item, one, other)| of_failures(unit, item, one, other)), 0..12)
}

fn of_failures(unit: &str, item: &str, successes: u64, failures: u64) -> Cell {
    cell(unit, item, successes, successes + failures)
}

proptest! {
    #[test]
    fn an_interval_holds_its_share_and_narrows_with_more_cases(successes in 0u64..200, failures in 0u64..200, z in 0.5f64..3.0) {
        let cases = (successes + failures).max(1) as f64;
        let share = successes as f64 / cases;
        let (few, many) = (wilson(share, cases, z).unwrap(), wilson(share, cases * 4.0, z).unwrap());
        prop_assert!(0.0 <= few.low && few.low <= share && share <= few.high && few.high <= 1.0);
        prop_assert!(many.high - many.low < few.high - few.low);
    }

    #[test]
    fn a_ranking_loses_nobody_and_hangs_on_no_order(cells in cells(), min in 1u64..80) {
        let ranking = rank(&cells, min, 1.96);
        let all = ranking.ranked.iter().chain(&ranking.too_small);
        prop_assert_eq!(all.clone().map(|it| it.cases).sum::<u64>(), cells.iter().map(|it| it.cases).sum::<u64>());
        for it in all {
            prop_assert!(it.effective_cases <= it.cases as f64 + 1e-9);
            prop_assert!(it.interval.low <= it.adjusted && it.adjusted <= it.interval.high);
            prop_assert_eq!(it.rank.is_some(), it.cases >= min);
        }
        prop_assert!(ranking.ranked.windows(2).all(|two| two[0].interval.low >= two[1].interval.low && two[0].rank <= two[1].rank));
        let backwards: Vec<Cell> = cells.iter().rev().cloned().collect();
        prop_assert_eq!(rank(&backwards, min, 1.96), ranking);
    }

    #[test]
    fn a_unit_with_the_mix_of_the_county_keeps_its_rate(good in 1u64..50, bad in 1u64..50, times in 2u64..5) {
        let of = |unit: &str, item: &str, successes: u64, cases: u64| cell(unit, item, successes, cases);
        // Both handle the items in one proportion.
        let cells = [of("u", "a", good, good + bad), of("u", "b", bad, good + bad), of("v", "a", 0, times * (good + bad)), of("v", "b", 0, times * (good + bad))];
        let ranking = rank(&cells, 1, 1.96);
        for it in &ranking.ranked {
            prop_assert!((it.adjusted - it.rate).abs() < 1e-9 && (it.effective_cases - it.cases as f64).abs() < 1e-6);
        }
    }
}
