//! What makes a card that card, and not another.

use crate::common::*;
use domain::*;

fn card(clock: ClockKind, instance: &str, level: Level, rule: &str) -> Card {
    Card {
        clock,
        instance: instance.into(),
        level,
        rule: rule.into(),
        crossed_at: cn("2018-10-24 17:00"),
        due_at: None,
        limit_days: 7.0,
        confirm: false,
        handler: None,
    }
}

/// The ids were worked out by another implementation of UUID version 5. They are kept in stores: never change them.
#[test]
fn the_id_of_a_card_is_made_of_case_rule_clock_instance_and_level() {
    let yellow = card(ClockKind::Promised, "", Level::Yellow, "promised-yellow");
    assert_eq!(yellow.id("330999-2018-0001"), "d4dfc878-9634-583d-803b-1cd74f657ce8");
    let red = card(ClockKind::Step, "review", Level::Red, "step-red");
    assert_eq!(red.id("330999-2018-0001"), "40a59390-123e-5caf-94d0-e8e863cd0a20");
}

#[test]
fn a_card_is_the_same_in_another_state_of_the_case_however_its_times_moved() {
    let step = card(ClockKind::Step, "review", Level::Red, "step-red");
    let moved = Card { crossed_at: cn("2018-10-26 17:00"), handler: Some("w1".into()), limit_days: 9.0, ..step.clone() };
    assert!(step.is_same(&moved));
    for other in [
        card(ClockKind::Special, "review", Level::Red, "step-red"),
        card(ClockKind::Step, "decide", Level::Red, "step-red"),
        card(ClockKind::Step, "review", Level::Yellow, "step-red"),
        card(ClockKind::Step, "review", Level::Red, "step-red-2"),
    ] {
        assert!(!step.is_same(&other), "{other:?}");
        assert_ne!(step.id("c"), other.id("c"));
    }
}

/// Ten working days from Monday 2018-10-15 end on Monday 10-29.
#[test]
fn a_rule_is_crossed_so_many_days_before_or_after_the_due_time() {
    let crossed = |rule: &str| {
        let profile = format!("[[card]]\nclock = \"promised\"\nlevel = \"yellow\"\n{rule}\n");
        let office = Office::new("default", "10 working_days", "20 working_days").counting(&profile);
        let case = office.assess(&[accepted("2018-10-15 10:00")], cn("2018-11-09 10:00"));
        case.cards.iter().find(|card| card.level == Level::Yellow).map(|card| text(card.crossed_at))
    };
    let expected = |when: &str| Some(format!("{when}T17:00:00+08:00"));
    assert_eq!(crossed("over_days = 0"), expected("2018-10-29"));
    assert_eq!(crossed("over_days = 2"), expected("2018-10-31"));
    assert_eq!(crossed("remaining_share = 0.3"), expected("2018-10-24"));
    assert_eq!(crossed("remaining_days = 4"), expected("2018-10-23"));
    // The later of the two: the smaller distance.
    assert_eq!(crossed("remaining_share = 0.3\nremaining_days = 4"), expected("2018-10-24"));
    assert_eq!(crossed("remaining_share = 0.3\nremaining_days = 1"), expected("2018-10-26"));
    // Longer before the due time than the whole limit: as soon as the clock runs.
    assert_eq!(crossed("remaining_days = 30"), Some("2018-10-15T17:00:00+08:00".to_owned()));
    assert_eq!(crossed("over_days = 30"), None);
}
