//! Examples of every clock, counting and suspension, worked by hand.

use crate::common::*;
use domain::{
    event::{Acceptance, Form, Procedure},
    *,
};

fn levels(case: &Assessment) -> Vec<(&'static str, String)> {
    case.cards.iter().map(|card| (card.level.code(), text(card.crossed_at))).collect()
}

/// domain.md §5: the worked example of Hunan.
#[test]
fn hunan_2018_issues_its_cards_to_the_second() {
    let office = Office::new("hunan-2018", "7 working_days", "10 working_days");
    let events = [accepted("2018-10-15 10:00")];
    let count = |when: &str| office.assess(&events, at(when)).cards.len();
    assert_eq!(count("2018-10-19T10:00:00+08:00"), 0);
    assert_eq!(count("2018-10-19T10:00:01+08:00"), 1);
    assert_eq!(count("2018-10-24T10:00:00+08:00"), 1);
    assert_eq!(count("2018-10-24T10:00:01+08:00"), 2);
    assert_eq!(count("2018-10-29T10:00:00+08:00"), 2);
    let case = office.assess(&events, at("2018-10-29T10:00:01+08:00"));
    let expected = [
        ("reminder", "2018-10-19T10:00:00+08:00".to_owned()),
        ("yellow", "2018-10-24T10:00:00+08:00".to_owned()),
        ("red", "2018-10-29T10:00:00+08:00".to_owned()),
    ];
    assert_eq!(levels(&case), expected);
}

#[test]
fn hunan_2018_moves_every_card_by_the_days_granted() {
    let office = Office::new("hunan-2018", "7 working_days", "10 working_days");
    let events = [
        accepted("2018-10-15 10:00"),
        special("hearing", "2018-10-16 09:00", Procedure::Hearing, Some(3)),
        special_ended("heard", "2018-10-17 09:00"),
    ];
    let case = office.assess(&events, cn("2018-11-30 10:00"));
    let case_cards: Vec<String> =
        case.cards.iter().filter(|card| card.clock != ClockKind::Special).map(|card| text(card.crossed_at)).collect();
    // 10-19, 10-24 and 10-29, each three working days later.
    assert_eq!(case_cards, ["2018-10-24T10:00:00+08:00", "2018-10-29T10:00:00+08:00", "2018-11-01T10:00:00+08:00"]);
}

#[test]
fn a_case_accepted_on_monday_and_closed_on_thursday_took_three_days() {
    let office = Office::new("default", "7 working_days", "20 working_days");
    let case = office.assess(&[accepted("2018-10-15 10:00"), closed("2018-10-18 16:00")], cn("2018-12-01 10:00"));
    let promised = case.promised.unwrap();
    assert_eq!((case.elapsed_days, case.suspended_days, case.same_day), (Some(3.0), Some(0.0), Some(false)));
    assert_eq!(text(promised.due_at.unwrap()), "2018-10-24T17:00:00+08:00");
    assert_eq!((promised.speed_up, case.statutory.unwrap().speed_up), (Some(4.0 / 7.0), Some(0.85)));
    assert_eq!((promised.late, promised.early, promised.days_over), (false, true, 0.0));
    assert!(case.is_settled() && case.cards.is_empty() && case.findings.is_empty());
}

#[test]
fn each_way_of_counting_has_its_own_due_time() {
    let due = |counting: &str, limit: &str| {
        let office = Office::new("default", limit, "none").counting(&format!("counting = \"{counting}\""));
        text(office.assess(&[accepted("2018-09-28 15:00")], cn("2018-09-28 16:00")).promised.unwrap().due_at.unwrap())
    };
    // Friday 28 September 2018; Saturday and Sunday 29 and 30 are worked; 1 to 7 October are holidays.
    assert_eq!(due("exclude_first_day", "2 working_days"), "2018-09-30T17:00:00+08:00");
    assert_eq!(due("exclude_first_day", "3 working_days"), "2018-10-08T17:00:00+08:00");
    assert_eq!(due("include_first_day", "3 working_days"), "2018-09-30T17:00:00+08:00");
    assert_eq!(due("to_the_second", "3 working_days"), "2018-10-08T15:00:00+08:00");
    // 2 office hours are left on the 28th, then 6.5 on the 29th and 30th: 4.5 remain of 19.5.
    assert_eq!(due("office_hours", "3 working_days"), "2018-10-08T15:00:00+08:00");
    assert_eq!(due("exclude_first_day", "4 working_hours"), "2018-09-29T11:00:00+08:00");
    // Calendar days and months that end on a holiday end on the next working day (Civil Code art. 203).
    assert_eq!(due("exclude_first_day", "5 calendar_days"), "2018-10-08T17:00:00+08:00");
    assert_eq!(due("exclude_first_day", "1 months"), "2018-10-29T17:00:00+08:00");
    assert_eq!(due("to_the_second", "5 calendar_days"), "2018-10-03T15:00:00+08:00");
}

#[test]
fn what_exceeds_the_grant_counts_again_unless_the_profile_says_otherwise() {
    let due = |suspension: &str, ended: Option<&str>| {
        let office = Office::new("default", "7 working_days", "none").counting(&format!("suspension = \"{suspension}\""));
        let mut events =
            vec![accepted("2018-10-15 10:00"), special("start", "2018-10-16 09:00", Procedure::ExpertReview, Some(2))];
        events.extend(ended.map(|when| special_ended("end", when)));
        let case = office.assess(&events, cn("2018-10-23 10:00"));
        case.promised.unwrap().due_at.map(text)
    };
    let on = |day: u32| Some(format!("2018-10-{day}T17:00:00+08:00"));
    // Without it the case is due on the 24th. Four days are taken, two were granted.
    assert_eq!(due("actual", Some("2018-10-22 09:00")), on(30));
    assert_eq!(due("granted", Some("2018-10-22 09:00")), on(26));
    assert_eq!(due("capped", Some("2018-10-22 09:00")), on(26));
    // One day is taken of two.
    assert_eq!(due("actual", Some("2018-10-17 09:00")), on(25));
    assert_eq!(due("granted", Some("2018-10-17 09:00")), on(26));
    assert_eq!(due("capped", Some("2018-10-17 09:00")), on(25));
    // It never ends.
    assert_eq!(due("actual", None), None);
    assert_eq!(due("capped", None), on(26));
}

#[test]
fn days_between_leave_out_both_ends_of_a_suspension() {
    let suspended = |days: &str| {
        let office = Office::new("default", "7 working_days", "none").counting(&format!("suspended_days = \"{days}\""));
        let events = [
            accepted("2018-10-15 10:00"),
            special("start", "2018-10-16 09:00", Procedure::Testing, None),
            special_ended("end", "2018-10-19 09:00"),
            closed("2018-10-22 10:00"),
        ];
        let case = office.assess(&events, cn("2018-10-30 10:00"));
        (case.suspended_days.unwrap(), case.elapsed_days.unwrap())
    };
    assert_eq!(suspended("after_first"), (3.0, 2.0));
    assert_eq!(suspended("between"), (2.0, 3.0));
}

#[test]
fn overlapping_suspensions_count_once() {
    let office = Office::new("default", "7 working_days", "none");
    let events = [
        accepted("2018-10-15 10:00"),
        special("one", "2018-10-16 09:00", Procedure::Testing, None),
        event("ask", cn("2018-10-17 09:00"), Kind::CorrectionRequested),
        special_ended("one-end", "2018-10-18 09:00"),
        event("answer", cn("2018-10-19 09:00"), Kind::Corrected),
    ];
    let case = office.assess(&events, cn("2018-10-22 10:00"));
    assert_eq!(case.suspended_days, Some(3.0));
    assert_eq!(case.status, Status::Open);
}

#[test]
fn an_open_suspension_shows_in_the_status_until_its_grant_is_used_up() {
    let office = Office::new("default", "7 working_days", "none");
    let events = [accepted("2018-10-15 10:00"), special("start", "2018-10-16 09:00", Procedure::Hearing, Some(2))];
    assert_eq!(office.assess(&events, cn("2018-10-18 10:00")).status, Status::Suspended);
    assert_eq!(office.assess(&events, cn("2018-10-19 10:00")).status, Status::Open);
}

#[test]
fn intake_that_passes_without_notice_is_deemed_accepted_from_the_receipt() {
    let office = Office::new("default", "7 working_days", "20 working_days");
    let before = office.assess(&[applied("2018-10-15 10:00")], cn("2018-10-22 17:00"));
    assert_eq!((before.status, before.accepted_at), (Status::Received, None));
    let after = office.assess(&[applied("2018-10-15 10:00")], cn("2018-10-22 17:01"));
    assert_eq!((after.status, after.accepted_at), (Status::Open, Some(cn("2018-10-15 10:00"))));
    assert_eq!(after.findings[0].kind, FindingKind::DeemedAccepted);
    assert_eq!(text(after.promised.unwrap().due_at.unwrap()), "2018-10-24T17:00:00+08:00");
    assert!(after.cards.iter().any(|card| card.clock == ClockKind::Intake && card.level == Level::Yellow));
    // An acceptance that comes too late does not move the start.
    let late = office.assess(&[applied("2018-10-15 10:00"), accepted("2018-10-30 10:00")], cn("2018-10-31 17:01"));
    assert_eq!(late.accepted_at, Some(cn("2018-10-15 10:00")));
}

#[test]
fn an_extension_lengthens_the_statutory_limit_and_suspends_nothing() {
    let office = Office::new("default", "7 working_days", "20 working_days");
    let events = [accepted("2018-10-15 10:00"), special("longer", "2018-10-16 09:00", Procedure::Extension, None)];
    let case = office.assess(&events, cn("2018-10-17 10:00"));
    assert_eq!(case.status, Status::Open);
    assert_eq!((case.promised.unwrap().limit_days, case.statutory.unwrap().limit_days), (7.0, 30.0));
}

#[test]
fn the_law_limits_what_the_catalogue_does_not() {
    let office = Office::new("default", "7 working_days", "");
    let joint = Acceptance { project: Some("p".into()), ..Acceptance::default() };
    let alone = office.assess(&[accepted("2018-10-15 10:00")], cn("2018-10-16 10:00"));
    let jointly = Event { kind: Kind::Accepted(Box::new(joint)), ..accepted("2018-10-15 10:00") };
    let jointly = office.assess(&[jointly], cn("2018-10-16 10:00"));
    assert_eq!((alone.statutory.unwrap().limit_days, jointly.statutory.unwrap().limit_days), (20.0, 45.0));
}

#[test]
fn explicit_due_times_beat_computed_ones_also_for_an_unknown_item() {
    let office = Office::new("default", "7 working_days", "20 working_days");
    let due = cn("2018-10-17 12:00");
    let explicit = Acceptance { promised_due_at: Some(due), ..Acceptance::default() };
    let known = Event { kind: Kind::Accepted(Box::new(explicit)), ..accepted("2018-10-15 10:00") };
    let unknown = Event { item: Some("nobody-knows".into()), ..known.clone() };
    let case = office.assess(&[known], cn("2018-10-17 12:01"));
    assert_eq!((case.promised.unwrap().due_at, case.promised.unwrap().late), (Some(due), true));
    let case = office.assess(&[unknown], cn("2018-10-17 12:01"));
    assert_eq!((case.promised.unwrap().due_at, case.statutory), (Some(due), None));
    assert_eq!(case.findings[0].kind, FindingKind::UnknownItem);
}

#[test]
fn a_decision_closes_the_case_once_delivered_or_after_the_delivery_limit() {
    let office = Office::new("default", "7 working_days", "20 working_days");
    let mut events = vec![accepted("2018-10-15 10:00"), decided("2018-10-18 10:00")];
    let undelivered = office.assess(&events, cn("2018-10-19 10:00"));
    assert_eq!((undelivered.status, undelivered.closed_at), (Status::Open, None));
    assert!(!undelivered.is_settled());
    // Ten working days after 18 October end on 1 November at close of business.
    assert_eq!(
        undelivered.spans.iter().find(|span| span.clock == ClockKind::Delivery).unwrap().due_at,
        Some(cn("2018-11-01 17:00"))
    );
    let passed = office.assess(&events, cn("2018-11-01 17:01"));
    assert_eq!((passed.status, passed.closed_at), (Status::Closed, Some(cn("2018-10-18 10:00"))));
    events.push(event("delivered", cn("2018-10-22 10:00"), Kind::Delivered));
    let delivered = office.assess(&events, cn("2018-10-22 10:00"));
    assert_eq!((delivered.status, delivered.closed_at), (Status::Closed, Some(cn("2018-10-18 10:00"))));
}

#[test]
fn a_step_has_its_own_clock_and_names_who_was_late() {
    let office = Office::new("default", "7 working_days", "20 working_days");
    let started = Event {
        handler: Some("w-17".into()),
        ..event("review", cn("2018-10-15 11:00"), Kind::StepStarted { step: "review".into() })
    };
    let case = office.assess(&[accepted("2018-10-15 10:00"), started], cn("2018-10-18 09:00"));
    let card = case.cards.iter().find(|card| card.level == Level::Yellow).unwrap();
    assert_eq!((card.clock, card.instance.as_str(), card.handler.as_deref()), (ClockKind::Step, "review", Some("w-17")));
    assert_eq!(text(card.crossed_at), "2018-10-17T17:00:00+08:00");
}

/// What ended, of each clock of a kind, in the order they began.
fn ends(case: &Assessment, kind: ClockKind) -> Vec<(String, Option<Instant>)> {
    case.spans.iter().filter(|span| span.clock == kind).map(|span| (span.instance.to_string(), span.ended_at)).collect()
}

#[test]
fn what_ends_is_the_step_or_the_procedure_that_is_meant_and_still_runs() {
    let mut office = Office::new("default", "7 working_days", "20 working_days");
    let limits = "code,name,department,form,step_limits\na,甲,局,committed,review=2 working_days;visit=3 working_days\n";
    office.catalog = Catalog::from_csv(limits).unwrap();
    let step = |id: &str, when: &str, kind: Kind| event(id, cn(when), kind);
    let started = |code: &str| Kind::StepStarted { step: code.into() };
    let completed = |code: &str| Kind::StepCompleted { step: code.into(), result: None };
    let ended = |procedure| Kind::SpecialEnded { procedure: Some(procedure) };
    let events = [
        accepted("2018-10-15 10:00"),
        step("1", "2018-10-15 11:00", started("review")),
        step("2", "2018-10-15 12:00", started("visit")),
        step("3", "2018-10-16 10:00", completed("visit")),
        special("4", "2018-10-16 11:00", Procedure::ExpertReview, Some(3)),
        special("5", "2018-10-16 12:00", Procedure::Hearing, Some(3)),
        step("6", "2018-10-17 10:00", ended(Procedure::Hearing)),
        special("7", "2018-10-17 11:00", Procedure::Hearing, Some(3)),
        step("8", "2018-10-17 12:00", ended(Procedure::Hearing)),
    ];
    let case = office.assess(&events, cn("2018-10-17 13:00"));
    let at = |when: &str| Some(cn(when));
    assert_eq!(
        ends(&case, ClockKind::Step).into_iter().map(|(_, ended)| ended).collect::<Vec<_>>(),
        [None, at("2018-10-16 10:00")]
    );
    assert_eq!(
        ends(&case, ClockKind::Special).into_iter().map(|(_, ended)| ended).collect::<Vec<_>>(),
        [None, at("2018-10-17 10:00"), at("2018-10-17 12:00")]
    );
}

#[test]
fn an_extension_has_no_clock_of_its_own_and_a_grant_comes_before_a_published_limit() {
    let mut office = Office::new("default", "7 working_days", "20 working_days");
    let more = "[[party]]\nname = '测绘院'\nlimit = '10 working_days'\nvalid_from = 2018-01-01\n";
    let item = "[[item]]\ncode = 'a'\nname = '甲'\ndepartment = '局'\nform = 'committed'\n";
    office.catalog = Catalog::from_toml(&format!("{item}{more}")).unwrap();
    let extended = [accepted("2018-10-15 10:00"), special("longer", "2018-10-16 09:00", Procedure::Extension, Some(5))];
    let case = office.assess(&extended, cn("2018-11-30 10:00"));
    assert_eq!(ends(&case, ClockKind::Special), []);
    assert!(!case.cards.is_empty() && case.cards.iter().all(|card| card.clock != ClockKind::Special), "nor a card");
    let limit_of = |work: Event| {
        let case = office.assess(&[accepted("2018-10-15 10:00"), work], cn("2018-10-17 10:00"));
        case.spans.iter().find(|span| span.clock == ClockKind::Special).map(|span| span.limit_days)
    };
    let work = external("work", "2018-10-16 09:00", "测绘院");
    assert_eq!(limit_of(work.clone()), Some(Some(10.0)));
    let start = event::SpecialStart {
        procedure: Procedure::External,
        granted_days: Some(3),
        written_notice: None,
        party: Some("测绘院".into()),
    };
    assert_eq!(limit_of(Event { kind: Kind::SpecialStarted(Box::new(start)), ..work }), Some(Some(3.0)));
}

#[test]
fn an_unknown_item_is_handled_in_the_form_that_its_acceptance_declares() {
    let office = Office::new("default", "7 working_days", "20 working_days");
    let declared = Acceptance { form: Some(Form::Immediate), ..Acceptance::default() };
    let events = |item: &str| {
        let accepted = accepted("2018-10-15 10:00");
        [Event { item: Some(item.into()), kind: Kind::Accepted(Box::new(declared.clone())), ..accepted }]
    };
    let form = |item: &str| office.assess(&events(item), cn("2018-10-15 11:00")).form;
    assert_eq!((form("unknown"), form("a")), (Some(Form::Immediate), Some(Form::Committed)));
}

#[test]
fn what_runs_past_the_calendar_has_used_the_days_up_to_its_end() {
    let office = Office::new("default", "7 working_days", "20 working_days");
    let open = [accepted("2026-12-21 10:00")];
    let used = |as_of: Instant| office.assess(&open, as_of).promised.map(|promised| promised.elapsed_days);
    // Tuesday the 22nd to Thursday the 31st.
    assert_eq!(used(china().ends_at().plus_ms(-1)), Some(8.0));
    assert_eq!(used(china().ends_at()), Some(8.0));
    assert_eq!(used(cn("2027-02-01 10:00")), Some(8.0));
}

#[test]
fn a_promise_of_no_days_has_no_speed_up() {
    let office = Office::new("default", "0 working_days", "20 working_days");
    let case = office.assess(&[accepted("2018-10-15 10:00"), closed("2018-10-15 11:00")], cn("2018-10-16 10:00"));
    let promised = case.promised.unwrap();
    assert_eq!((promised.limit_days, promised.speed_up, promised.late), (0.0, None, false));
}

#[test]
fn a_card_crossed_in_time_stays_and_one_ended_before_is_never_issued() {
    let office = Office::new("default", "7 working_days", "20 working_days");
    let crossed = office.assess(&[accepted("2018-10-15 10:00"), closed("2018-10-24 10:00")], cn("2018-12-01 10:00"));
    // Five working days are the lesser of 20 % of seven (1.4) and one: one day before the due time.
    assert_eq!(levels(&crossed), [("reminder", "2018-10-23T17:00:00+08:00".to_owned())]);
    let before = office.assess(&[accepted("2018-10-15 10:00"), closed("2018-10-23 10:00")], cn("2018-12-01 10:00"));
    assert_eq!(before.cards, []);
}

#[test]
fn a_clock_that_runs_past_the_calendar_is_flagged_not_guessed() {
    let office = Office::new("default", "7 working_days", "60 working_days");
    let case = office.assess(&[accepted("2026-12-15 10:00")], cn("2026-12-16 10:00"));
    assert_eq!(case.promised.unwrap().due_at, Some(cn("2026-12-24 17:00")));
    assert_eq!(case.statutory.unwrap().due_at, None);
    assert_eq!((case.uncovered_year, case.findings[0].kind), (Some(2027), FindingKind::CalendarNotCovered));
    let beyond = office.assess(&[accepted("2026-12-15 10:00")], cn("2027-01-05 10:00"));
    assert_eq!((beyond.elapsed_days, beyond.uncovered_year), (None, Some(2027)));
    assert!(beyond.cards.iter().any(|card| card.level == Level::Yellow), "what the calendar covers goes on");
}

/// 行政许可法 art. 42: by ten days at most, fifteen for joint handling, and once.
#[test]
fn an_extension_is_no_longer_than_was_granted_nor_than_the_law_allows() {
    let limit = |statutory: &str, project: Option<&str>, granted: &[Option<u32>]| {
        let acceptance = Acceptance { project: project.map(Into::into), ..Acceptance::default() };
        let mut events = vec![Event { kind: Kind::Accepted(Box::new(acceptance)), ..accepted("2018-10-15 10:00") }];
        let extended = |(number, days): (usize, &Option<u32>)| {
            special(&format!("x{number}"), "2018-10-16 09:00", Procedure::Extension, *days)
        };
        events.extend(granted.iter().enumerate().map(extended));
        let office = Office::new("default", "7 working_days", statutory);
        office.assess(&events, cn("2018-10-17 10:00")).statutory.unwrap().limit_days
    };
    assert_eq!(
        [&[][..], &[Some(3)], &[Some(10)], &[Some(11)]].map(|granted| limit("20 working_days", None, granted)),
        [20.0, 23.0, 30.0, 30.0]
    );
    assert_eq!(limit("20 working_days", None, &[Some(3), Some(9)]), 23.0, "once");
    assert_eq!([&[None][..], &[Some(15)], &[Some(16)]].map(|granted| limit("", Some("p"), granted)), [60.0, 60.0, 60.0]);
    assert_eq!(limit("30 calendar_days", None, &[None]), 40.0);
    // From 15 October to 15 December; the law extends by days, and a month has no day to add to.
    assert_eq!(limit("2 months", None, &[None]), 61.0);
}

#[test]
fn a_year_ends_on_its_corresponding_day_or_the_next_working_day() {
    let due = |when: &str| {
        let office = Office::new("default", "1 years", "none");
        text(office.assess(&[accepted(when)], cn(when)).promised.unwrap().due_at.unwrap())
    };
    assert_eq!(due("2018-10-15 10:00"), "2019-10-15T17:00:00+08:00");
    // 2019-09-28 is a Saturday, and the Sunday after it is worked for the National Day.
    assert_eq!(due("2018-09-28 10:00"), "2019-09-29T17:00:00+08:00");
}

#[test]
fn a_late_clock_is_over_by_the_days_begun_where_days_are_counted_and_by_its_time_elsewhere() {
    let over = |counting: &str, as_of: &str| {
        let office = Office::new("default", "7 working_days", "none").counting(&format!("counting = \"{counting}\""));
        let promised = office.assess(&[accepted("2018-10-15 10:00")], cn(as_of)).promised.unwrap();
        (promised.late, promised.days_over)
    };
    // Due on Wednesday 24 October, at 17:00 or 10:00.
    let days = ["2018-10-24 17:00", "2018-10-24 17:01", "2018-10-25 09:00", "2018-10-26 09:00", "2018-10-28 09:00"];
    let expected = [(false, 0.0), (true, 1.0), (true, 1.0), (true, 2.0), (true, 2.0)];
    assert_eq!(days.map(|as_of| over("exclude_first_day", as_of)), expected);
    let seconds = ["2018-10-24 10:00", "2018-10-24 16:00", "2018-10-26 10:00"];
    assert_eq!(seconds.map(|as_of| over("to_the_second", as_of)), [(false, 0.0), (true, 0.25), (true, 2.0)]);
}

#[test]
fn the_status_follows_the_course_of_a_case() {
    let office = Office::new("default", "7 working_days", "20 working_days");
    let status = |events: &[Event]| office.assess(events, cn("2018-10-18 10:00")).status;
    let (received, start) = (applied("2018-10-15 09:00"), accepted("2018-10-16 10:00"));
    let refused = event("no", cn("2018-10-15 10:00"), Kind::NotAccepted);
    let hearing = special("hearing", "2018-10-17 10:00", Procedure::Hearing, Some(5));
    let decision = decided("2018-10-18 09:00");
    assert_eq!(status(std::slice::from_ref(&received)), Status::Received);
    assert_eq!(status(&[received.clone(), refused.clone()]), Status::NotAccepted);
    assert_eq!(status(&[received.clone(), refused, start.clone()]), Status::Open, "accepted after all");
    assert_eq!(status(&[received.clone(), start.clone(), hearing.clone()]), Status::Suspended);
    assert_eq!(status(&[received.clone(), start.clone(), hearing.clone(), decision]), Status::Open, "decided, not delivered");
    assert_eq!(status(&[received, start, hearing, closed("2018-10-18 09:00")]), Status::Closed);
}

/// Civil Code art. 203, where the working day that a limit moves to does not count itself.
#[test]
fn a_limit_that_moves_to_a_suspended_day_moves_on_past_the_suspension() {
    let office = Office::new("default", "5 calendar_days", "none");
    let events = [
        accepted("2018-10-15 10:00"),
        special("hearing", "2018-10-20 10:00", Procedure::Hearing, Some(30)),
        special_ended("heard", "2018-10-23 10:00"),
    ];
    // Five days after Monday end on Saturday the 20th; Sunday to Tuesday are suspended.
    let case = office.assess(&events, cn("2018-10-24 10:00"));
    assert_eq!(text(case.promised.unwrap().due_at.unwrap()), "2018-10-24T17:00:00+08:00");
}

#[test]
fn who_is_accepted_in_time_is_not_deemed_accepted() {
    let office = Office::new("default", "7 working_days", "20 working_days");
    let case = office.assess(&[applied("2018-10-15 10:00"), accepted("2018-10-16 10:00")], cn("2018-10-24 10:00"));
    assert_eq!((case.accepted_at, case.findings), (Some(cn("2018-10-16 10:00")), vec![]));
}
