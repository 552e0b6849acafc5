//! The built-in profiles, each held against what its city wrote.

use crate::common::*;
use domain::{event::Procedure, *};

/// The cards on the clocks of the case: clock, level, the instant crossed.
fn cards(office: &Office, events: &[Event], as_of: &str) -> Vec<String> {
    let case = office.assess(events, cn(as_of));
    let of_the_case = case.cards.iter().filter(|card| matches!(card.clock, ClockKind::Promised | ClockKind::Statutory));
    of_the_case.map(|card| format!("{} {} {}", card.clock.code(), card.level.code(), text(card.crossed_at))).collect()
}

#[test]
fn zhongshan_2006_reminds_one_day_before_a_short_limit_and_two_before_a_long_one() {
    let events = [accepted("2018-10-15 10:00")];
    // Ten working days end on 29 October, eleven on the 30th.
    let short = Office::new("zhongshan-2006", "10 working_days", "60 working_days");
    assert_eq!(
        cards(&short, &events, "2018-11-15 10:00"),
        ["promised reminder 2018-10-26T17:00:00+08:00", "promised yellow 2018-10-29T17:00:00+08:00"]
    );
    let long = Office::new("zhongshan-2006", "11 working_days", "60 working_days");
    assert_eq!(
        cards(&long, &events, "2018-11-15 10:00"),
        ["promised reminder 2018-10-26T17:00:00+08:00", "promised yellow 2018-10-30T17:00:00+08:00"]
    );
}

#[test]
fn zhongshan_2006_holds_the_red_card_until_the_promise_is_missed_by_more_than_the_reminder_span() {
    let events = [accepted("2018-10-15 10:00")];
    let red = |promised: &str, statutory: &str| {
        let office = Office::new("zhongshan-2006", promised, statutory);
        cards(&office, &events, "2018-12-03 10:00").pop().unwrap()
    };
    // The law is broken on 30 October in both; the promise a day, and two, before.
    assert_eq!(red("11 working_days", "11 working_days"), "statutory red 2018-11-01T17:00:00+08:00");
    assert_eq!(red("10 working_days", "11 working_days"), "statutory red 2018-10-30T17:00:00+08:00");
    assert_eq!(red("10 working_days", "10 working_days"), "statutory red 2018-10-30T17:00:00+08:00");
    assert_eq!(red("7 working_days", "20 working_days"), "statutory red 2018-11-12T17:00:00+08:00");
    // Without a promise there is nothing to wait for.
    assert_eq!(red("none", "10 working_days"), "statutory red 2018-10-29T17:00:00+08:00");
}

#[test]
fn chengdu_2010_is_yellow_near_due_and_red_overdue() {
    let office = Office::new("chengdu-2010", "10 working_days", "20 working_days");
    assert_eq!(
        cards(&office, &[accepted("2018-10-15 10:00")], "2018-12-03 10:00"),
        [
            "promised yellow 2018-10-26T17:00:00+08:00",
            "promised red 2018-10-29T17:00:00+08:00",
            "statutory red 2018-11-12T17:00:00+08:00"
        ]
    );
}

#[test]
fn chengdu_2010_takes_what_is_abnormal_for_red() {
    let office = Office::new("chengdu-2010", "10 working_days", "20 working_days");
    let events = [
        accepted("2018-10-15 10:00"),
        special_ended("never-begun", "2018-10-16 10:00"),
        special("s", "2018-10-17 10:00", Procedure::Hearing, Some(1)),
    ];
    let case = office.assess(&events, cn("2018-10-17 11:00"));
    let found: Vec<_> = case.findings.iter().map(|finding| (finding.kind.code(), finding.severity.code())).collect();
    assert_eq!(found, [("impossible_order", "red")]);
    let unknown = Event { item: Some("nobody-knows".into()), ..accepted("2018-10-15 10:00") };
    assert_eq!(office.assess(&[unknown], cn("2018-10-16 10:00")).findings[0].severity.code(), "info");
}

#[test]
fn every_built_in_profile_has_a_card_for_every_clock() {
    let names: Vec<&str> = Profile::built_in_names().collect();
    assert_eq!(names, ["default", "hunan-2018", "zhongshan-2006", "chengdu-2010"]);
    for name in names {
        let profile = Profile::built_in(name).unwrap();
        for clock in ClockKind::ALL {
            assert!(profile.rules.iter().any(|rule| rule.clock == *clock), "{name}: {clock:?}");
        }
    }
}

#[test]
fn a_profile_replaces_the_rules_of_the_clocks_it_names_and_puts_its_name_before_all() {
    let text = "name = 'ours'\nextends = 'default'\nversion = 7\n[[card]]\nclock = 'promised'\nlevel = 'red'\nover_days = 3\n";
    let ours = Profile::from_toml(text).unwrap();
    let default = Profile::built_in("default").unwrap();
    let ids = |profile: &Profile, clock: ClockKind| {
        let rules = profile.rules.iter().filter(|rule| rule.clock == clock);
        rules.map(|rule| rule.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(
        (ours.name.as_str(), ours.version, ids(&ours, ClockKind::Promised)),
        ("ours", 7, vec!["ours/promised/red".to_owned()])
    );
    let renamed: Vec<String> = ids(&default, ClockKind::Statutory).iter().map(|id| id.replace("default/", "ours/")).collect();
    assert!(!renamed.is_empty() && ids(&ours, ClockKind::Statutory) == renamed);
    for name in ["", "a/b"] {
        assert!(Profile::from_toml(&format!("name = '{name}'")).is_err(), "{name}");
    }
}

#[test]
fn numbers_of_a_profile_are_taken_up_to_their_ends_and_no_further() {
    let is_taken = |text: &str| Profile::from_toml(&format!("name = 'x'\nextends = 'default'\n{text}\n")).is_ok();
    for (field, most, beyond) in
        [("remaining_share", "1.0", "1.01"), ("remaining_days", "3650", "3651"), ("over_days", "3650", "3651")]
    {
        let card = |value: &str| format!("[[card]]\nclock = 'promised'\nlevel = 'red'\n{field} = {value}");
        assert!(is_taken(&card("0")) && is_taken(&card(most)), "{field}");
        assert!(!is_taken(&card("-0.5")) && !is_taken(&card(beyond)) && !is_taken(&card("nan")), "{field}");
    }
    let card = "[[card]]\nclock = 'promised'\nlevel = 'red'";
    assert!(!is_taken(card), "a card says when");
    assert!(!is_taken(&format!("{card}\nremaining_days = 1\nover_days = 1")), "and says it once");
    assert!(is_taken(&format!("{card}\nremaining_days = 1\nremaining_share = 0.5")));
    for (field, most, beyond) in [
        ("late_entry_hours", "87600", "87601"),
        ("instant_close_seconds", "86400", "86401"),
        ("suspension_near_due_share", "1", "1.01"),
        ("out_of_hours_minutes", "1440", "1441"),
    ] {
        let threshold = |value: &str| format!("[thresholds]\n{field} = {value}");
        assert!(is_taken(&threshold("0")) && is_taken(&threshold(most)) && !is_taken(&threshold(beyond)), "{field}");
    }
    let times = |times: u32| is_taken(&format!("[thresholds]\nrepeated_suspension_times = {times}"));
    assert!(!times(1) && times(2));
}

#[test]
fn a_rule_for_limits_of_some_length_holds_up_to_it_or_from_beyond_it() {
    let cards_of = |promised: &str, bound: &str| {
        let profile = format!("[[card]]\nclock = 'promised'\nlevel = 'yellow'\nover_days = 0\n{bound}\n");
        let office = Office::new("default", promised, "none").counting(&profile);
        cards(&office, &[accepted("2018-10-15 10:00")], "2018-12-03 10:00").len()
    };
    assert_eq!(["9", "10", "11"].map(|days| cards_of(&format!("{days} working_days"), "limit_at_most = 10")), [1, 1, 0]);
    assert_eq!(["9", "10", "11"].map(|days| cards_of(&format!("{days} working_days"), "limit_over = 10")), [0, 0, 1]);
}
