//! What holds for every case, every order and every instant.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::*;
use domain::{
    calendar::DAY_MS,
    catalog::{Limit, Unit},
    clock::{Allowance, Clock, ClockRules, ClockSpan, SuspensionSpan},
    counting::{Counting, SuspendedDays, Suspension},
    event::{Decision, Procedure, SpecialStart, StepResult},
    *,
};
use proptest::{prelude::*, test_runner::RngSeed};

/// A time between 2017 and 2019, to the minute, more often in office hours than not.
fn instants() -> impl Strategy<Value = Instant> {
    (0i64..600, 0i64..1440).prop_map(|(day, minute)| cn("2017-03-01 00:00").plus_ms(day * DAY_MS + minute * 60_000))
}

fn kinds() -> impl Strategy<Value = Kind> {
    let procedure = prop::sample::select(Procedure::ALL);
    let start = (procedure, prop::option::of(0u32..15)).prop_map(|(procedure, granted_days)| {
        Kind::SpecialStarted(Box::new(SpecialStart { procedure, granted_days, written_notice: None, party: None }))
    });
    prop_oneof![
        Just(Kind::Applied { channel: None }),
        Just(Kind::Accepted(Box::default())),
        Just(Kind::NotAccepted),
        Just(Kind::CorrectionRequested),
        Just(Kind::Corrected),
        Just(Kind::StepStarted { step: "review".into() }),
        Just(Kind::StepCompleted { step: "review".into(), result: Some(StepResult::Passed) }),
        start,
        Just(Kind::SpecialEnded { procedure: None }),
        Just(Kind::Decided { outcome: Decision::Granted, reasoned: false }),
        prop::sample::select(Outcome::ALL).prop_map(|outcome| Kind::Closed { outcome }),
        Just(Kind::Delivered),
        (1u8..=5).prop_map(|score| Kind::Rated { score }),
    ]
}

/// Reports of a few events in several revisions, some retracted.
fn reports() -> impl Strategy<Value = Vec<Event>> {
    let report = (0u8..8, 1u32..4, any::<bool>(), any::<u32>(), instants(), kinds());
    let report = report.prop_map(|(id, revision, retracted, digest, occurred_at, kind)| Event {
        item: Some("a".into()),
        revision,
        digest,
        retracted: retracted && revision == 3,
        ..event(&format!("e{id}"), occurred_at, kind)
    });
    prop::collection::vec(report, 1..24)
}

#[derive(Debug, Clone)]
struct Setting {
    limit: Limit,
    rules: (Counting, Suspension, SuspendedDays),
    started_at: Instant,
    suspensions: Vec<SuspensionSpan>,
}

fn settings() -> impl Strategy<Value = Setting> {
    let limit = (0u32..40, prop::sample::select(Unit::ALL)).prop_map(|(amount, unit)| Limit {
        amount: if matches!(unit, Unit::Months | Unit::Years) { amount % 3 } else { amount },
        unit,
    });
    let suspension = (0i64..40 * DAY_MS, prop::option::of(0i64..20 * DAY_MS), prop::option::of(0u32..10));
    let suspensions = prop::collection::vec(suspension, 0..4);
    let rules =
        (prop::sample::select(Counting::ALL), prop::sample::select(Suspension::ALL), prop::sample::select(SuspendedDays::ALL));
    (limit, rules, instants(), suspensions).prop_map(|(limit, rules, started_at, suspensions)| Setting {
        limit,
        rules,
        started_at,
        suspensions: suspensions
            .into_iter()
            .map(|(after, length, granted_days)| {
                let from = started_at.plus_ms(after);
                SuspensionSpan { from, until: length.map(|length| from.plus_ms(length)), granted_days }
            })
            .collect(),
    })
}

fn clock(setting: &Setting) -> Clock<'static> {
    let (counting, suspension, suspended_days) = setting.rules;
    let rules = ClockRules { calendar: china(), counting, suspension, suspended_days };
    let span = ClockSpan {
        kind: ClockKind::Promised,
        instance: Default::default(),
        started_at: setting.started_at,
        ended_at: None,
        handler: None,
    };
    Clock::new(span, Allowance::Limit(setting.limit), &setting.suspensions, &rules).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, rng_seed: RngSeed::Fixed(2010), ..ProptestConfig::default() })]

    #[test]
    fn order_duplication_and_batching_do_not_matter(
        (reports, shuffled) in reports().prop_flat_map(|reports| {
            let twice: Vec<Event> = reports.iter().chain(&reports).cloned().collect();
            (Just(reports), Just(twice).prop_shuffle())
        }),
        as_of in instants(),
    ) {
        let office = Office::new("default", "7 working_days", "20 working_days");
        let once: CaseEvents = reports.into_iter().collect();
        let again: CaseEvents = shuffled.into_iter().collect();
        prop_assert_eq!(&once, &again);
        prop_assert_eq!(assess(&once, &office.rules(), as_of), assess(&again, &office.rules(), as_of));
    }

    #[test]
    fn a_larger_set_weighs_more(reports in reports()) {
        let mut set = CaseEvents::new();
        for report in reports {
            let before = set.weight();
            let news = set.is_news(&report);
            prop_assert_eq!(set.insert(report), news);
            prop_assert_eq!(set.weight() > before, news);
            prop_assert!(set.weight() >= before);
        }
    }

    #[test]
    fn elapsed_and_remaining_make_the_limit_at_every_instant(setting in settings(), at in instants()) {
        let clock = clock(&setting);
        prop_assert_eq!(clock.elapsed(at).unwrap() + clock.remaining(at).unwrap(), clock.length());
        prop_assert!(clock.elapsed(at).unwrap() >= 0);
    }

    #[test]
    fn the_due_time_is_the_first_instant_at_which_nothing_remains(setting in settings()) {
        // A limit of nothing has nothing remaining from the start, and still the day to its close.
        prop_assume!(setting.limit.amount > 0);
        let clock = clock(&setting);
        let Some(due) = clock.due() else { return Ok(()) };
        prop_assert!(clock.remaining(due).unwrap() <= 0, "at {:?} {} remain", due, clock.remaining(due).unwrap());
        if due > setting.started_at {
            let before = due.plus_ms(-1);
            prop_assert!(clock.remaining(before).unwrap() > 0, "nothing remains already at {:?}", before);
        }
    }

    #[test]
    fn a_clock_over_its_limit_is_late_and_where_days_are_counted_a_late_one_is_over(setting in settings(), at in instants()) {
        let clock = clock(&setting);
        let (late, over) = (clock.is_late(at), clock.days_over(at).unwrap());
        prop_assert!(late || over == 0.0);
        // To the second, a clock that ran out on Friday at midnight is not yet over on Saturday.
        let counts_days = !matches!(setting.rules.0, Counting::ToTheSecond | Counting::OfficeHours) && setting.limit.unit != Unit::WorkingHours;
        prop_assert!(!(counts_days && late) || over >= 1.0);
    }

    #[test]
    fn elapsed_time_never_runs_backwards(setting in settings(), one in instants(), other in instants()) {
        let clock = clock(&setting);
        let (first, second) = (one.min(other), one.max(other));
        prop_assert!(clock.elapsed(first).unwrap() <= clock.elapsed(second).unwrap());
        prop_assert!(clock.elapsed_days(first).unwrap() <= clock.elapsed_days(second).unwrap());
    }

    #[test]
    fn a_longer_limit_is_never_due_earlier(setting in settings()) {
        let mut longer = setting.clone();
        longer.limit.amount += 1;
        if let (Some(due), Some(later)) = (clock(&setting).due(), clock(&longer).due()) {
            prop_assert!(due <= later);
        }
    }

    #[test]
    fn an_assessment_holds_until_its_next_change(reports in reports(), as_of in instants(), later in 0i64..400 * DAY_MS) {
        let office = Office::new("default", "7 working_days", "20 working_days");
        let case: CaseEvents = reports.into_iter().collect();
        let Some(mut now) = assess(&case, &office.rules(), as_of) else { return Ok(()) };
        let last = now.next_change.map_or(i64::MAX, |next| next.ms() - 1);
        let then = as_of.plus_ms(later.min(last - as_of.ms()));
        let mut then = assess(&case, &office.rules(), then).unwrap();
        // The days of open clocks run; everything else stays.
        for assessment in [&mut now, &mut then] {
            assessment.elapsed_days = None;
            assessment.suspended_days = None;
            for state in [&mut assessment.promised, &mut assessment.statutory].into_iter().flatten() {
                state.elapsed_days = 0.0;
                state.days_over = 0.0;
            }
        }
        prop_assert_eq!(now, then);
    }

    #[test]
    fn an_assessment_is_the_same_at_the_instant_it_is_valid_from(reports in reports(), as_of in instants()) {
        let office = Office::new("default", "7 working_days", "20 working_days");
        let case: CaseEvents = reports.into_iter().collect();
        let Some(now) = assess(&case, &office.rules(), as_of) else { return Ok(()) };
        let then = assess(&case, &office.rules(), now.valid_from).unwrap();
        prop_assert_eq!(now.valid_from, then.valid_from);
        prop_assert_eq!((now.status, &now.cards, &now.findings), (then.status, &then.cards, &then.findings));
    }
}

#[test]
fn every_day_of_the_reference_calendar_agrees() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/cn_workdays_2015_2026.csv");
    let Ok(reference) = std::fs::read_to_string(&path) else {
        println!("skipped: ../shared/data/cn_workdays_2015_2026.csv is not here");
        return;
    };
    let china = china();
    let mut days = 0;
    for line in reference.lines().skip(1) {
        let mut fields = line.split(',');
        let (date, working) = (fields.next().unwrap(), fields.next().unwrap());
        let day = china.day_on(date.parse().unwrap()).unwrap();
        assert_eq!(china.is_working(day), working == "1", "{date}");
        days += 1;
    }
    assert_eq!(days, 4383);
}
