//! Explanations: the same numbers as the assessment, day by day.

use crate::common::*;
use domain::{
    assess::LimitOrigin,
    calendar::DAY_MS,
    catalog::StatedLimit,
    counting::{Counting, SuspendedDays, Suspension},
    event::{Acceptance, Procedure},
    explain::{Day, DayReason, explanation_text, runs},
    *,
};
use proptest::{prelude::*, test_runner::RngSeed};

fn explained(office: &Office, events: &[Event], as_of: Instant) -> Explanation {
    let case: CaseEvents = events.iter().cloned().collect();
    explain(&case, &office.rules(), as_of).unwrap()
}

fn zh(office: &Office, events: &[Event], as_of: Instant) -> String {
    explanation_text(&explained(office, events, as_of), china(), Lang::Zh)
}

fn clock(explanation: &Explanation, kind: ClockKind) -> &explain::ClockExplained {
    explanation.clocks.iter().find(|clock| clock.clock == kind).unwrap()
}

/// First and last date, what became of it and the count, of every run of days.
fn told(days: &[Day]) -> Vec<(String, String, &'static str, f64)> {
    let run = |run: explain::DayRun| (run.day.date.to_string(), run.last.to_string(), run.day.reason.code(), run.day.count);
    runs(days).into_iter().map(run).collect()
}

/// Compares with the text kept in `tests/it/explained`; `SUNDIAL_UPDATE=1` keeps it anew.
fn is_as_kept(name: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/explained").join(name);
    if std::env::var_os("SUNDIAL_UPDATE").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&path).unwrap(), "{name} is not what is said");
}

/// domain.md §5: the worked example of Hunan, in words.
#[test]
fn the_example_of_hunan_reads_day_by_day() {
    let office = Office::new("hunan-2018", "7 working_days", "10 working_days");
    let text = zh(&office, &[accepted("2018-10-15 10:00")], at("2018-10-29T10:00:01+08:00"));
    is_as_kept("hunan-2018.zh.txt", &text);
}

#[test]
fn with_a_hearing_of_three_days_granted_the_example_of_hunan_is_three_working_days_later() {
    let office = Office::new("hunan-2018", "7 working_days", "10 working_days");
    let events = [
        accepted("2018-10-15 10:00"),
        special("hearing", "2018-10-16 09:00", Procedure::Hearing, Some(3)),
        special_ended("heard", "2018-10-17 09:00"),
    ];
    let explanation = explained(&office, &events, cn("2018-10-24 09:00"));
    assert_eq!(clock(&explanation, ClockKind::Promised).due_at, Some(cn("2018-10-29 10:00")));
    let text = explanation_text(&explanation, china(), Lang::Zh);
    is_as_kept("hunan-2018-hearing.zh.txt", &text);
    let text = explanation_text(&explanation, china(), Lang::En);
    is_as_kept("hunan-2018-hearing.en.txt", &text);
}

#[test]
fn a_holiday_is_one_line_with_its_name_and_an_adjusted_workday_counts() {
    let office = Office::new("default", "7 working_days", "20 working_days");
    let explanation = explained(&office, &[accepted("2018-09-27 10:00")], cn("2018-10-10 10:00"));
    let promised = clock(&explanation, ClockKind::Promised);
    let day = |first: &str, last: &str, reason, count| (first.to_owned(), last.to_owned(), reason, count);
    let expected = [
        day("2018-09-27", "2018-09-27", "start_day", 0.0),
        day("2018-09-28", "2018-09-28", "counted", 1.0),
        day("2018-09-29", "2018-09-30", "counted", 3.0),
        day("2018-10-01", "2018-10-07", "holiday", 3.0),
        day("2018-10-08", "2018-10-10", "counted", 6.0),
    ];
    assert_eq!(told(&promised.days), expected);
    assert_eq!(told(&promised.ahead), [day("2018-10-11", "2018-10-11", "counted", 7.0)]);
    let adjusted: Vec<_> = promised.days.iter().filter(|day| day.adjusted).map(|day| day.date.to_string()).collect();
    assert_eq!(adjusted, ["2018-09-29", "2018-09-30"]);
    assert_eq!(promised.days[5].holiday.as_deref(), Some("国庆节"));
    let text = explanation_text(&explanation, china(), Lang::Zh);
    assert!(text.contains("2018-10-01…10-07 周一至周日　国庆节，不计"), "{text}");
    assert!(text.contains("到期 2018-10-11 17:00（末日下班时）"), "{text}");
    assert!(text.contains("09-30 周六至周日　计 2 日（国庆节调休上班）"), "{text}");
}

#[test]
fn a_workday_in_exchange_says_for_what_where_that_is_known() {
    let office = Office::new("default", "7 working_days", "20 working_days");
    let case: CaseEvents = [accepted("2018-10-12 10:00")].into_iter().collect();
    let told = |workdays: &str| {
        let calendar = Calendar::from_toml(&format!("name = 'x'\nextends = 'cn'\nworkdays = ['{workdays}']\n")).unwrap();
        let rules = Rules { calendar: &calendar, ..office.rules() };
        explanation_text(&explain(&case, &rules, cn("2018-10-15 10:00")).unwrap(), &calendar, Lang::En)
    };
    let (known, unknown) = (told("2018-10-13 运动会"), told("2018-10-13"));
    assert!(known.contains("Sat  counted 1 d (adjusted workday, 运动会), in all 1"), "{known}");
    assert!(unknown.contains("Sat  counted 1 d (adjusted workday), in all 1"), "{unknown}");
}

#[test]
fn suspended_days_name_the_procedure_and_count_again_past_its_grant() {
    let office = Office::new("default", "7 working_days", "20 working_days");
    let events = [
        accepted("2018-10-15 10:00"),
        special("test", "2018-10-16 09:00", Procedure::Testing, Some(2)),
        special_ended("tested", "2018-10-22 09:00"),
        event("ask", cn("2018-10-23 09:00"), Kind::CorrectionRequested),
    ];
    let explanation = explained(&office, &events, cn("2018-10-24 10:00"));
    let promised = clock(&explanation, ClockKind::Promised);
    let reasons: Vec<_> = promised.days.iter().map(|day| (day.reason.code(), day.grounds.as_slice())).collect();
    let counted = ("counted", &[][..]);
    let weekend = ("weekend", &[][..]);
    let tested = ("suspended", &[0][..]);
    let expected =
        [("start_day", &[][..]), counted, tested, tested, counted, weekend, weekend, counted, counted, ("suspended", &[1][..])];
    assert_eq!(reasons, expected);
    assert_eq!(promised.due_at, None);
    let text = explanation_text(&explanation, china(), Lang::Zh);
    assert!(text.contains("中止，不计：检测（批准 2 日）") && text.contains("中止，不计：补正"), "{text}");
    assert!(text.contains("到期：中止尚未结束且无批准天数，暂无法确定"), "{text}");
}

#[test]
fn every_limit_says_where_it_comes_from() {
    let origin = |office: &Office, events: &[Event], kind| {
        let source = clock(&explained(office, events, cn("2018-10-17 10:00")), kind).source;
        (source.origin, source.extended_by)
    };
    let plain = [accepted("2018-10-15 10:00")];
    let stated = Office::new("default", "7 working_days", "30 working_days");
    assert_eq!(origin(&stated, &plain, ClockKind::Promised), (LimitOrigin::CatalogPromise, 0));
    assert_eq!(origin(&stated, &plain, ClockKind::Statutory), (LimitOrigin::CatalogStatutory, 0));
    let unstated = Office::new("default", "7 working_days", "");
    assert_eq!(origin(&unstated, &plain, ClockKind::Statutory), (LimitOrigin::LawDecision, 0));
    assert_eq!(unstated.catalog.newest()[0].statutory_limit, StatedLimit::Unstated);
    let with = |acceptance| [Event { kind: Kind::Accepted(Box::new(acceptance)), ..accepted("2018-10-15 10:00") }];
    let joint = with(Acceptance { project: Some("p".into()), ..Acceptance::default() });
    assert_eq!(origin(&unstated, &joint, ClockKind::Statutory), (LimitOrigin::LawJoint, 0));
    let reported = with(Acceptance { promised_due_at: Some(cn("2018-10-19 12:00")), ..Acceptance::default() });
    assert_eq!(origin(&stated, &reported, ClockKind::Promised), (LimitOrigin::ReportedDue, 0));
    let longer = [accepted("2018-10-15 10:00"), special("longer", "2018-10-16 09:00", Procedure::Extension, None)];
    assert_eq!(origin(&stated, &longer, ClockKind::Statutory), (LimitOrigin::CatalogStatutory, 10));
    let step = [accepted("2018-10-15 10:00"), event("r", cn("2018-10-15 11:00"), Kind::StepStarted { step: "review".into() })];
    assert_eq!(origin(&stated, &step, ClockKind::Step), (LimitOrigin::CatalogStep, 0));
    let hearing = [accepted("2018-10-15 10:00"), special("h", "2018-10-16 09:00", Procedure::Hearing, Some(3))];
    assert_eq!(origin(&stated, &hearing, ClockKind::Special), (LimitOrigin::Granted, 0));
    assert_eq!(origin(&stated, &[applied("2018-10-15 10:00")], ClockKind::Intake), (LimitOrigin::LawIntake, 0));
    let granted = [accepted("2018-10-15 10:00"), decided("2018-10-16 10:00")];
    assert_eq!(origin(&stated, &granted, ClockKind::Delivery), (LimitOrigin::LawDelivery, 0));
    let said = |kind| [accepted("2018-10-15 10:00"), closed("2018-10-15 16:00"), event("said", cn("2018-10-16 10:00"), kind)];
    assert_eq!(origin(&stated, &said(Kind::Rated { score: 5 }), ClockKind::Rectification), (LimitOrigin::RatingUsage, 0));
    assert_eq!(origin(&stated, &said(Kind::Complained), ClockKind::Complaint), (LimitOrigin::ComplaintUsage, 0));
}

#[test]
fn a_limit_that_ends_on_a_day_off_says_that_it_moved() {
    let office = Office::new("default", "5 calendar_days", "none");
    // Five days after Monday end on Saturday.
    let explanation = explained(&office, &[accepted("2018-10-15 10:00")], cn("2018-10-16 10:00"));
    let promised = clock(&explanation, ClockKind::Promised);
    assert_eq!((promised.due_at, promised.rolled_days), (Some(cn("2018-10-22 17:00")), 2.0));
    assert_eq!(promised.ahead.last().unwrap().count, 7.0);
    assert!(explanation_text(&explanation, china(), Lang::Zh).contains("顺延至下一工作日（《民法典》第二百零三条）"));
}

#[test]
fn a_clock_past_the_calendar_says_so_and_guesses_nothing() {
    let office = Office::new("default", "7 working_days", "60 working_days");
    let text = zh(&office, &[accepted("2026-12-15 10:00")], cn("2026-12-16 10:00"));
    assert!(text.contains("到期：日历未覆盖，不作推测"), "{text}");
    let text = zh(&office, &[accepted("2026-12-15 10:00")], cn("2027-01-05 10:00"));
    assert!(text.contains("日历未覆盖所需年份"), "{text}");
}

#[test]
fn cards_ahead_are_told_apart_from_those_issued_and_findings_show_their_events() {
    let office = Office::new("default", "7 working_days", "20 working_days");
    let events = [
        accepted("2018-10-15 10:00"),
        event("one", cn("2018-10-16 09:00"), Kind::CorrectionRequested),
        event("one-back", cn("2018-10-16 10:00"), Kind::Corrected),
        event("two", cn("2018-10-17 09:00"), Kind::CorrectionRequested),
        event("two-back", cn("2018-10-17 10:00"), Kind::Corrected),
    ];
    let explanation = explained(&office, &events, cn("2018-10-24 09:00"));
    let cards: Vec<_> = explanation.cards.iter().map(|it| (it.card.level, it.card.clock, it.issued)).collect();
    let expected = [
        (Level::Reminder, ClockKind::Promised, true),
        (Level::Yellow, ClockKind::Promised, false),
        (Level::Red, ClockKind::Statutory, false),
    ];
    assert_eq!(cards, expected);
    let finding = explanation.findings.iter().find(|it| it.kind == FindingKind::SecondCorrection).unwrap();
    let evidence: Vec<_> = finding.evidence.iter().map(|it| (it.event_id.as_str(), it.kind)).collect();
    assert_eq!(evidence, [("one", "correction_requested"), ("two", "correction_requested")]);
}

/// Cases with suspensions of every kind, open and ended.
fn cases() -> impl Strategy<Value = Vec<Event>> {
    let suspension = (0i64..40 * DAY_MS, prop::option::of(0i64..20 * DAY_MS), prop::option::of(0u32..10), 0usize..3);
    let suspensions = prop::collection::vec(suspension, 0..4);
    let explicit = prop::option::of(0i64..60 * DAY_MS);
    let ended = prop::option::of(0i64..80 * DAY_MS);
    (0i64..600, 0i64..1440, suspensions, explicit, ended).prop_map(|(day, minute, suspensions, explicit, ended)| {
        let started = cn("2017-03-01 00:00").plus_ms(day * DAY_MS + minute * 60_000);
        let acceptance = Acceptance { promised_due_at: explicit.map(|after| started.plus_ms(after)), ..Acceptance::default() };
        let mut events =
            vec![Event { occurred_at: started, kind: Kind::Accepted(Box::new(acceptance)), ..accepted("2017-03-01 00:00") }];
        for (number, (after, length, granted, what)) in suspensions.into_iter().enumerate() {
            let from = started.plus_ms(after);
            let procedure = [Procedure::Hearing, Procedure::Extension, Procedure::Other][what];
            let begins = special(&format!("s{number}"), "2017-03-01 00:00", procedure, granted);
            events.push(Event { occurred_at: from, ..begins });
            let ends = |length| Event {
                occurred_at: from.plus_ms(length),
                ..event(&format!("e{number}"), from, Kind::SpecialEnded { procedure: Some(procedure) })
            };
            events.extend(length.map(ends));
        }
        let step = event("step", started.plus_ms(3_600_000), Kind::StepStarted { step: "review".into() });
        events.push(step);
        events.extend(ended.map(|after| Event { occurred_at: started.plus_ms(after), ..closed("2017-03-01 00:00") }));
        events
    })
}

fn offices() -> impl Strategy<Value = Office> {
    const LIMITS: [&str; 5] = ["7 working_days", "20 working_days", "10 calendar_days", "1 months", "16 working_hours"];
    (
        prop::sample::select(Counting::ALL),
        prop::sample::select(Suspension::ALL),
        prop::sample::select(SuspendedDays::ALL),
        prop::sample::select(&LIMITS[..]),
        prop::sample::select(&LIMITS[..]),
    )
        .prop_map(|(counting, suspension, days, promised, statutory)| {
            let (counting, suspension, days) = (counting.code(), suspension.code(), days.code());
            let variant = format!("counting = \"{counting}\"\nsuspension = \"{suspension}\"\nsuspended_days = \"{days}\"");
            Office::new("default", promised, statutory).counting(&variant)
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, rng_seed: RngSeed::Fixed(2018), ..ProptestConfig::default() })]

    #[test]
    fn the_numbers_of_an_explanation_are_those_of_the_assessment(
        office in offices(), events in cases(), after in 0i64..100 * DAY_MS,
    ) {
        let as_of = events[0].occurred_at.plus_ms(after);
        let assessment = office.assess(&events, as_of);
        let explanation = explained(&office, &events, as_of);
        prop_assert_eq!(&explanation.assessment, &assessment);
        for (kind, state) in [(ClockKind::Promised, assessment.promised), (ClockKind::Statutory, assessment.statutory)] {
            let (clock, state) = (clock(&explanation, kind), state.unwrap());
            prop_assert_eq!(clock.days.last().unwrap().count, state.elapsed_days, "the last count is what has elapsed");
            prop_assert_eq!((clock.due_at, clock.limit_days), (state.due_at, state.limit_days));
            prop_assert_eq!((clock.late, clock.days_over), (state.late, state.days_over));
        }
    }

    #[test]
    fn every_day_follows_on_the_day_before_and_says_why_it_did_not_count(
        office in offices(), events in cases(), after in 0i64..100 * DAY_MS,
    ) {
        let explanation = explained(&office, &events, events[0].occurred_at.plus_ms(after));
        for clock in &explanation.clocks {
            let sum: f64 = clock.days.iter().map(|day| day.counted).sum();
            let suspended: f64 = clock.days.iter().map(|day| day.suspended).sum();
            prop_assert!((sum - clock.elapsed_days).abs() < 1e-9 && (suspended - clock.suspended_days).abs() < 1e-9);
            for day in clock.days.iter().chain(&clock.ahead) {
                prop_assert_eq!(day.reason == DayReason::Counted, day.counted > 0.0, "{:?}", day);
                prop_assert_eq!(day.grounds.is_empty(), day.suspended == 0.0, "{:?}", day);
                prop_assert!(day.grounds.iter().all(|ground| *ground < explanation.suspensions.len()));
            }
            for two in clock.days.windows(2) {
                prop_assert_eq!(two[0].date.tomorrow().unwrap(), two[1].date);
            }
            let joined: usize = runs(&clock.days).iter().map(|run| run.days).sum();
            prop_assert_eq!(joined, clock.days.len());
        }
    }

    #[test]
    fn the_days_ahead_end_on_the_due_date_with_nothing_left(
        office in offices(), events in cases(), after in 0i64..100 * DAY_MS,
    ) {
        let explanation = explained(&office, &events, events[0].occurred_at.plus_ms(after));
        for clock in &explanation.clocks {
            let Some((last, due)) = clock.ahead.last().zip(clock.due_at) else { continue };
            prop_assert_eq!(last.date, china().local_date(due));
            let whole = clock.limit_days + clock.rolled_days;
            // A limit up to a reported instant charges its last day whole, which a suspension may move to a day's end.
            let most = if clock.source.origin == LimitOrigin::ReportedDue { 1.0 } else { 1e-6 };
            prop_assert!((last.count - whole).abs() <= most, "{} of {}: {:?}", last.count, whole, clock);
        }
    }
}

#[test]
fn days_ahead_are_told_only_of_a_clock_that_runs() {
    let office = Office::new("default", "7 working_days", "20 working_days");
    let events = [accepted("2018-10-15 10:00"), closed("2018-10-18 16:00")];
    let days_ahead = |as_of: &str| clock(&explained(&office, &events, cn(as_of)), ClockKind::Promised).ahead.len();
    assert_eq!(days_ahead("2018-10-18 16:00"), 0, "it ends now");
    assert_eq!(days_ahead("2018-10-19 16:00"), 0);
    let open = explained(&office, &events[..1], cn("2018-10-18 16:00"));
    assert!(!clock(&open, ClockKind::Promised).ahead.is_empty());
    let to_the_second = Office::new("default", "7 working_days", "20 working_days").counting("counting = 'to_the_second'\n");
    let days_ahead = |as_of: &str| {
        clock(&explained(&to_the_second, &[accepted("2018-10-15 10:00")], cn(as_of)), ClockKind::Promised).ahead.len()
    };
    assert_eq!((days_ahead("2018-10-24 09:59"), days_ahead("2018-10-24 10:00")), (1, 0), "it is due now");
}

#[test]
fn limits_of_calendar_days_say_so_and_count_days_off() {
    let office = Office::new("default", "14 calendar_days", "20 working_days");
    let explanation = explained(&office, &[accepted("2018-10-15 10:00")], cn("2018-10-23 10:00"));
    let (promised, statutory) = (clock(&explanation, ClockKind::Promised), clock(&explanation, ClockKind::Statutory));
    assert_eq!((promised.working_days, statutory.working_days), (false, true));
    let counts = |days: &[Day]| days.iter().filter(|day| day.reason == DayReason::Counted).count();
    assert_eq!((counts(&promised.days), counts(&statutory.days)), (8, 6), "the day in progress counts whole");
}

#[test]
fn a_suspension_is_told_with_its_own_ground_also_beside_an_extension() {
    let office = Office::new("default", "7 working_days", "20 working_days");
    let events = [
        accepted("2018-10-15 10:00"),
        special("longer", "2018-10-16 09:00", Procedure::Extension, Some(5)),
        special("hearing", "2018-10-17 09:00", Procedure::Hearing, Some(3)),
    ];
    let explanation = explained(&office, &events, cn("2018-10-18 10:00"));
    let told: Vec<_> = explanation.suspensions.iter().map(|it| (it.procedure, it.event_id.as_str(), it.granted_days)).collect();
    assert_eq!(told, [(Some(Procedure::Hearing), "hearing", Some(3))]);
}

#[test]
fn the_last_instant_of_the_calendar_is_within_it_and_the_next_is_not() {
    let office = Office::new("default", "7 working_days", "10 working_days");
    let is_beyond =
        |as_of: Instant| clock(&explained(&office, &[accepted("2026-12-01 10:00")], as_of), ClockKind::Promised).beyond_calendar;
    let end = china().ends_at();
    assert_eq!((is_beyond(end.plus_ms(-1)), is_beyond(end)), (false, true));
}

/// Whatever the profile: what is said to come is what will have come.
#[test]
fn the_cards_ahead_are_those_that_are_issued_if_nothing_happens() {
    // Also where the law's limit is hardly longer than the promise, and a red card waits for the promise to be missed by some days.
    let limits = ["10 working_days", "8 working_days", "7 working_days"];
    let profiles = ["default", "hunan-2018", "zhongshan-2006", "chengdu-2010"];
    for (profile, statutory) in profiles.into_iter().flat_map(|profile| limits.map(|limit| (profile, limit))) {
        let office = Office::new(profile, "7 working_days", statutory);
        let told = |as_of: &str, issued: bool| {
            let explanation = explained(&office, &[accepted("2018-10-15 10:00")], cn(as_of));
            let cards = explanation.cards.iter().filter(|it| it.issued == issued);
            cards.map(|it| (it.card.rule.to_string(), text(it.card.crossed_at))).collect::<Vec<_>>()
        };
        let ahead = told("2018-10-15 10:01", false);
        assert!(!ahead.is_empty(), "{profile} {statutory}");
        assert_eq!(ahead, told("2018-12-15 10:00", true), "{profile} {statutory}");
    }
}

#[test]
fn cards_issued_are_asked_for_by_their_level() {
    let office = Office::new("default", "7 working_days", "20 working_days");
    let explanation = explained(&office, &[accepted("2018-10-15 10:00")], cn("2018-10-25 10:00"));
    let issued = |level| explanation.issued(level).map(|it| it.card.level).collect::<Vec<_>>();
    assert_eq!(issued(Level::Reminder), [Level::Reminder]);
    assert_eq!(issued(Level::Yellow), [Level::Yellow]);
    assert_eq!(issued(Level::Red), []);
}

#[test]
fn a_finding_has_a_name_in_both_languages() {
    assert_eq!(FindingKind::BatchClose.name(Lang::Zh), "批量办结");
    assert_eq!(FindingKind::BatchClose.name(Lang::En), "many cases closed at once");
}

#[test]
fn a_day_names_only_the_suspensions_that_lie_in_it() {
    let office = Office::new("default", "7 working_days", "20 working_days");
    // One after the other: Tuesday and Wednesday, then Thursday and Friday.
    let events = [
        accepted("2018-10-15 10:00"),
        special("hearing", "2018-10-15 11:00", Procedure::Hearing, Some(10)),
        special_ended("heard", "2018-10-17 11:00"),
        special("experts", "2018-10-17 12:00", Procedure::ExpertReview, Some(10)),
        special_ended("reviewed", "2018-10-19 12:00"),
    ];
    let explanation = explained(&office, &events, cn("2018-10-23 10:00"));
    let days = &clock(&explanation, ClockKind::Promised).days;
    let grounds: Vec<&[usize]> = days.iter().map(|day| &day.grounds[..]).collect();
    let none: &[usize] = &[];
    assert_eq!(grounds, [none, &[0], &[0], &[1], &[1], none, none, none, none]);
    // Each has a clock of its own, with its own name.
    let text = explanation_text(&explanation, china(), Lang::En);
    for name in
        ["Special procedure, hearing hearing: 10 working days", "Special procedure, expert review experts: 10 working days"]
    {
        assert!(text.contains(name), "{text}");
    }
}

#[test]
fn a_day_on_which_no_time_counted_is_outside_the_hours_where_time_is_counted() {
    let office = Office::new("default", "7 working_days", "20 working_days").counting("counting = 'office_hours'\n");
    let explanation = explained(&office, &[accepted("2018-10-15 19:00")], cn("2018-10-16 10:00"));
    let reasons: Vec<DayReason> = clock(&explanation, ClockKind::Promised).days.iter().map(|day| day.reason).collect();
    assert_eq!(reasons, [DayReason::OutsideHours, DayReason::Counted]);
}

#[test]
fn time_left_out_of_days_that_count_is_told_with_its_ground() {
    let office = Office::new("default", "7 working_days", "20 working_days").counting("counting = 'to_the_second'\n");
    let events = [
        accepted("2018-10-15 00:00"),
        special("hearing", "2018-10-16 12:00", Procedure::Hearing, Some(10)),
        special_ended("heard", "2018-10-17 12:00"),
    ];
    let text = zh(&office, &events, cn("2018-10-18 10:00"));
    assert!(text.contains("10-17 周二至周三　计 1 日，另有 1 日不计：听证（批准 10 日），累计 2"), "{text}");
}

#[test]
fn an_extension_is_told_with_the_limit_that_it_lengthens() {
    let office = Office::new("default", "7 working_days", "20 working_days");
    let plain = [accepted("2018-10-15 10:00")];
    let longer = [accepted("2018-10-15 10:00"), special("longer", "2018-10-16 09:00", Procedure::Extension, Some(4))];
    let said = "含依第四十二条延长的 4 日";
    assert!(!zh(&office, &plain, cn("2018-10-17 10:00")).contains("第四十二条延长"));
    assert!(zh(&office, &longer, cn("2018-10-17 10:00")).contains(said));
}

#[test]
fn when_a_card_comes_is_said_in_words() {
    let said = |fields: &str| {
        let card = format!("[[card]]\nclock = 'promised'\nlevel = 'red'\n{fields}\n");
        let office = Office::new("default", "7 working_days", "20 working_days").counting(&card);
        let explanation = explained(&office, &[accepted("2018-10-15 10:00")], cn("2018-10-15 11:00"));
        let line = |lang, what: &str| {
            let text = explanation_text(&explanation, china(), lang);
            text.lines().find(|line| line.contains(what)).unwrap_or_default().to_owned()
        };
        (line(Lang::Zh, "红牌〕承诺时限"), line(Lang::En, "red card, Promised limit"))
    };
    for (fields, zh, en) in [
        ("over_days = 0", "超过到期时间", "past the due time"),
        ("over_days = 2.5", "超期 2.5 日以上", "more than 2.5 d over"),
        ("remaining_share = 0.25", "剩余不足时限的 25%", "less than 25% of the limit left"),
        ("remaining_days = 3", "剩余不足 3 日", "less than 3 d left"),
        (
            "remaining_share = 0.2\nremaining_days = 1",
            "剩余不足时限的 20% 或 1 日（以较晚者为准）",
            "less than 20% of the limit or 1 d left, whichever is later",
        ),
    ] {
        let text = said(fields);
        assert!(text.0.contains(&format!("：{zh}，如无进展")), "{fields}: {}", text.0);
        assert!(text.1.contains(&format!(": {en}, after ")), "{fields}: {}", text.1);
    }
}
