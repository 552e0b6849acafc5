//! Figures over eleven cases, counted by hand (domain.md §7).

use crate::common::*;
use domain::{figures::Distribution, *};

const AS_OF: &str = "2018-12-01 10:00";

fn ended(when: &str, outcome: Outcome) -> Event {
    event("closed", cn(when), Kind::Closed { outcome })
}

/// What citizens said, so late that no answer is overdue yet.
fn rated(score: u8) -> Event {
    event("rated", cn("2018-11-29 09:00"), Kind::Rated { score })
}

/// All accepted on Monday 2018-10-15 at ten, where nothing else is said; the promise of seven days ends on 10-24.
fn cases() -> Vec<Assessment> {
    let usual = Office::new("default", "7 working_days", "20 working_days");
    let strict = Office::new("default", "5 working_days", "10 working_days");
    let unlimited = Office::new("default", "none", "none");
    let start = || accepted("2018-10-15 10:00");
    let refusal = event("refusal", cn("2018-10-26 10:00"), Kind::Decided { outcome: event::Decision::Refused, reasoned: true });
    let not_accepted = event("no", cn("2018-10-16 10:00"), Kind::NotAccepted);
    let stopped = special("hearing", "2018-11-29 10:00", event::Procedure::Hearing, Some(10));
    [
        (&usual, vec![start(), ended("2018-10-15 16:00", Outcome::Granted), rated(1)]),
        (&strict, vec![start(), ended("2018-10-18 16:00", Outcome::Granted), rated(4)]),
        (&usual, vec![start(), ended("2018-10-24 16:00", Outcome::Granted), rated(3)]),
        (&usual, vec![start(), refusal, ended("2018-10-26 10:00", Outcome::Refused)]),
        (&usual, vec![start(), ended("2018-10-16 10:00", Outcome::Withdrawn), rated(5)]),
        (&unlimited, vec![start(), ended("2018-10-16 10:00", Outcome::Granted), rated(2)]),
        (&usual, vec![start()]),
        (&usual, vec![accepted("2018-11-28 10:00")]),
        (&usual, vec![accepted("2018-11-28 10:00"), stopped]),
        (&usual, vec![applied("2018-10-15 10:00"), not_accepted]),
        (&usual, vec![applied("2018-11-29 10:00")]),
    ]
    .iter()
    .map(|(office, events)| office.assess(events, cn(AS_OF)))
    .collect()
}

fn is_about(found: Option<f64>, expected: f64) -> bool {
    found.is_some_and(|found| (found - expected).abs() < 1e-12)
}

#[test]
fn cases_are_counted_by_what_became_of_them() {
    let figures: Figures = cases().iter().collect();
    assert_eq!((figures.received, figures.accepted, figures.not_accepted), (11, 9, 1));
    assert_eq!((figures.closed, figures.open), (6, 3));
    let outcomes: Vec<(&str, u64)> = figures.outcomes.iter().map(|(outcome, cases)| (outcome.code(), *cases)).collect();
    assert_eq!(outcomes, [("granted", 4), ("refused", 1), ("withdrawn", 1)]);
    // Reminders: on the third, the refused and the open one. Past the promise: the last two; past the law: the open one.
    let cards: Vec<(&str, u64)> = figures.cards.iter().map(|(level, cards)| (level.code(), *cards)).collect();
    assert_eq!(cards, [("reminder", 3), ("yellow", 2), ("red", 1)]);
}

#[test]
fn time_figures_take_decided_cases_and_those_with_a_limit() {
    let figures: Figures = cases().iter().collect();
    // With a promise: the first two before the due day, the third on it, the refused one two days over.
    assert_eq!((figures.on_time, figures.early, figures.late, figures.open_overdue), (3, 2, 1, 1));
    assert_eq!((figures.on_time_rate, figures.overdue_rate), (Some(3.0 / 4.0), Some(2.0 / 5.0)));
    // Five decided cases of 0, 3, 7, 9 and 1 days.
    assert_eq!((figures.same_day, figures.same_day_rate, figures.within_7_days_rate), (1, Some(1.0 / 5.0), Some(4.0 / 5.0)));
    let Distribution { mean, p50, p90, p95 } = figures.elapsed_days;
    assert_eq!((mean, p50), (Some(4.0), Some(3.0)));
    assert!(is_about(p90, 7.0 + 0.6 * 2.0) && is_about(p95, 7.0 + 0.8 * 2.0), "{p90:?} {p95:?}");
    // Scores 1 and 3 of 1, 4, 3 and 5; three of the five decided cases are rated.
    assert_eq!((figures.satisfaction_rate, figures.rating_rate), (Some(3.0 / 5.0), Some(4.0 / 5.0)));
}

/// Limits of 20, 10, 20 and 20 days by law and 7, 5, 7 and 7 by promise, of which 0, 3, 7 and 9 were used.
#[test]
fn a_speed_up_is_weighted_by_the_limits_or_the_mean_of_the_cases() {
    let figures: Figures = cases().iter().collect();
    let (law, promise) = (figures.statutory_speed_up, figures.promised_speed_up);
    assert!(is_about(law.weighted, (20.0 + 7.0 + 13.0 + 11.0) / 70.0), "{law:?}");
    assert!(is_about(law.mean, (1.0 + 0.7 + 0.65 + 0.55) / 4.0), "{law:?}");
    assert!(is_about(promise.weighted, (7.0 + 2.0 + 0.0 - 2.0) / 26.0), "{promise:?}");
    assert!(is_about(promise.mean, (1.0 + 0.4 + 0.0 - 2.0 / 7.0) / 4.0), "{promise:?}");
}

#[test]
fn findings_are_counted_by_their_kind() {
    let office = Office::new("default", "7 working_days", "20 working_days");
    let correction = |id: &str, when: &str| event(id, cn(when), Kind::CorrectionRequested);
    let twice = [correction("1", "2018-10-15 10:00"), correction("2", "2018-10-16 10:00"), accepted("2018-10-17 10:00")];
    let cases = [office.assess(&twice, cn("2018-10-17 11:00")), office.assess(&twice, cn("2018-10-18 11:00"))];
    assert_eq!(cases.iter().collect::<Figures>().findings[&FindingKind::SecondCorrection], 2);
}

#[test]
fn a_ratio_over_nothing_is_none() {
    let figures: Figures = [].iter().collect();
    let expected = Figures { cards: Level::ALL.iter().map(|level| (*level, 0)).collect(), ..Figures::default() };
    assert_eq!(figures, expected);
}
