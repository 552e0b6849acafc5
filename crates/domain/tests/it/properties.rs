//! What holds for every case, every order and every instant.

use crate::common::*;
use domain::{
    calendar::DAY_MS,
    catalog::{Limit, Unit},
    clock::{Allowance, Clock, ClockRules, ClockSpan, SuspensionSpan},
    counting::{Counting, SuspendedDays, Suspension},
    event::{Acceptance, Decision, DeferredMaterial, Procedure, SpecialStart, StepResult},
    *,
};
use proptest::{prelude::*, test_runner::RngSeed};

/// A time between 2017 and 2019, to the minute, more often in office hours than not.
fn instants() -> impl Strategy<Value = Instant> {
    (0i64..600, 0i64..1440).prop_map(|(day, minute)| cn("2017-03-01 00:00").plus_ms(day * DAY_MS + minute * 60_000))
}

fn kinds() -> impl Strategy<Value = Kind> {
    let procedure = prop::sample::select(Procedure::ALL);
    let start = (procedure, prop::option::of(0u32..15), prop::option::of(any::<bool>())).prop_map(
        |(procedure, granted_days, written_notice)| {
            let party = granted_days.is_none().then(|| "agency".into());
            Kind::SpecialStarted(Box::new(SpecialStart { procedure, granted_days, written_notice, party }))
        },
    );
    let deferred = prop::collection::vec((prop::sample::select(&["p", "q"][..]), instants()), 0..3);
    let accepted =
        (deferred, any::<bool>(), prop::option::of(instants())).prop_map(|(deferred, green_channel, promised_due_at)| {
            let deferred = deferred.into_iter().map(|(name, due_at)| DeferredMaterial { name: name.into(), due_at });
            let acceptance =
                Acceptance { green_channel, promised_due_at, deferred_materials: deferred.collect(), ..Acceptance::default() };
            Kind::Accepted(Box::new(acceptance))
        });
    let materials = prop::collection::vec(prop::sample::select(&["p", "q", "r"][..]).prop_map(Text::from), 0..2);
    prop_oneof![
        Just(Kind::Applied { channel: None }),
        Just(Kind::Accepted(Box::default())),
        accepted,
        materials.prop_map(|materials| Kind::MaterialsSupplied { materials }),
        Just(Kind::NotAccepted),
        Just(Kind::CorrectionRequested),
        Just(Kind::Corrected),
        Just(Kind::StepStarted { step: "review".into() }),
        Just(Kind::StepCompleted { step: "review".into(), result: Some(StepResult::Passed) }),
        start,
        Just(Kind::SpecialEnded { procedure: None }),
        (prop::sample::select(Decision::ALL), any::<bool>()).prop_map(|(outcome, reasoned)| Kind::Decided { outcome, reasoned }),
        prop::sample::select(Outcome::ALL).prop_map(|outcome| Kind::Closed { outcome }),
        Just(Kind::Delivered),
        (1u8..=5).prop_map(|score| Kind::Rated { score }),
        Just(Kind::RatingRectified),
        Just(Kind::Complained),
        Just(Kind::ComplaintResolved),
        (0u64..2).prop_map(|amount_fen| Kind::FeeCharged { amount_fen }),
    ]
}

/// An office where everything that can be found is looked for.
fn full_office() -> Office {
    let catalog = r#"
        [[item]]
        code = "a"
        name = "甲"
        department = "环境保护局"
        form = "committed"
        promised_limit = "7 working_days"
        fee_fen = 1
        hall = true
        window_decides = true
        mandatory_steps = ["review"]
        step_limits = { review = "2 working_days" }
        [[party]]
        name = "*"
        limit = "3 working_days"
        [[bottom_line]]
        name = "1"
        items = ["a"]
        [[bottom_line.condition]]
        code = "p"
        name = "p"
        materials = ["p"]
        "#;
    Office { catalog: Catalog::from_toml(catalog).unwrap(), ..Office::new("zhongshan-2006", "none", "none") }
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
    clock_for(setting, Allowance::Limit(setting.limit))
}

fn clock_for(setting: &Setting, allowance: Allowance) -> Clock<'static> {
    let (counting, suspension, suspended_days) = setting.rules;
    let rules = ClockRules { calendar: china(), counting, suspension, suspended_days };
    let span = ClockSpan {
        kind: ClockKind::Promised,
        instance: Default::default(),
        started_at: setting.started_at,
        ended_at: None,
        handler: None,
    };
    Clock::new(span, allowance, &setting.suspensions, &rules).unwrap()
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
        let office = full_office();
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
    fn one_suspension_more_never_makes_a_clock_due_earlier(setting in settings()) {
        let mut fewer = setting.clone();
        if fewer.suspensions.pop().is_none() {
            return Ok(());
        }
        // None is never due.
        let due = |setting: &Setting| clock(setting).due().map_or(i64::MAX, Instant::ms);
        prop_assert!(due(&fewer) <= due(&setting));
    }

    #[test]
    fn a_clock_up_to_a_named_instant_is_due_then_and_its_time_adds_up(
        setting in settings(), due in instants(), at in instants(),
    ) {
        let mut setting = setting;
        setting.suspensions.clear();
        let clock = clock_for(&setting, Allowance::Until(due));
        prop_assert_eq!(clock.due(), Some(due));
        prop_assert_eq!(clock.elapsed(at).unwrap() + clock.remaining(at).unwrap(), clock.length());
        prop_assert_eq!(clock.is_late(at), at.max(setting.started_at) > due);
    }

    #[test]
    fn every_span_of_a_case_is_late_exactly_past_its_due_time(reports in reports(), as_of in instants()) {
        let office = full_office();
        let case: CaseEvents = reports.into_iter().collect();
        let Some(now) = assess(&case, &office.rules(), as_of) else { return Ok(()) };
        for span in &now.spans {
            let read_at = span.ended_at.map_or(as_of, |ended| ended.min(as_of)).max(span.started_at);
            // A step is read up to the end of its case.
            let ends_with_case = span.clock == ClockKind::Step && span.ended_at.is_none();
            let is_late = span.due_at.is_some_and(|due| read_at > due);
            prop_assert!(ends_with_case || span.late == is_late, "{:?}", span);
        }
        let mut instances: Vec<_> = now.spans.iter().map(|span| (span.clock, &span.instance)).collect();
        instances.sort_unstable();
        prop_assert!(instances.windows(2).all(|two| two[0] != two[1]), "each clock is told from the others: {:?}", instances);
    }

    #[test]
    fn every_finding_has_evidence_that_stands(reports in reports(), as_of in instants()) {
        let office = full_office();
        let case: CaseEvents = reports.into_iter().collect();
        let Some(now) = assess(&case, &office.rules(), as_of) else { return Ok(()) };
        let standing: Vec<_> = case.standing().filter(|event| event.occurred_at <= as_of).map(|event| &event.event_id).collect();
        prop_assert!(now.findings.is_sorted_by_key(|finding| finding.kind));
        for finding in &now.findings {
            prop_assert!(!finding.events.is_empty() && finding.events.iter().all(|id| standing.contains(&id)), "{:?}", finding);
        }
    }

    #[test]
    fn an_assessment_holds_until_its_next_change(reports in reports(), as_of in instants(), later in 0i64..400 * DAY_MS) {
        let office = full_office();
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
        let office = full_office();
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
