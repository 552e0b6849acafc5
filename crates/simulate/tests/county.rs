//! The sample county, held against what a county is like.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Assessment, Authorisations, Calendar, CaseEvents, Catalog, Event, Figures, FindingKind, Instant, Kind, Outcome, Profile,
    Rules, Text, assess, catalog::Unit, event::Form, event::Procedure,
};
use jiff::civil::{Time, Weekday};
use simulate::{
    County, Options, Simulation,
    faults::{Faults, good_events, messages},
};

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn simulation(seed: u64) -> Simulation {
    Simulation::new(County::sample(), Options { seed, cases_per_day: 40 })
}

fn half_a_year(seed: u64) -> Vec<Event> {
    simulation(seed).history(at("2025-03-01T00:00:00+08:00"), at("2025-09-01T00:00:00+08:00")).collect()
}

fn cases(events: impl IntoIterator<Item = Event>) -> BTreeMap<Text, CaseEvents> {
    let mut cases: BTreeMap<Text, CaseEvents> = BTreeMap::new();
    for event in events {
        cases.entry(event.case_no.clone()).or_default().insert(event);
    }
    cases
}

fn assessed(events: impl IntoIterator<Item = Event>, as_of: &str) -> Vec<Assessment> {
    let county = County::sample();
    let (calendar, profile) = (Calendar::china(), Profile::built_in("default").unwrap());
    let rules = Rules { catalog: county.catalog(), calendar: &calendar, profile: &profile };
    cases(events).values().filter_map(|case| assess(case, &rules, at(as_of))).collect()
}

#[test]
fn the_sample_county_is_as_large_as_promised() {
    let county = County::sample();
    let items = county.catalog().newest();
    let departments: BTreeSet<_> = items.iter().map(|item| &item.department).collect();
    assert!(items.len() >= 60 && departments.len() >= 12, "{} items, {} departments", items.len(), departments.len());
    let versions = county.catalog().versions();
    assert!(versions.len() >= items.len() + 5, "some limits were compressed");
    let limits = versions.iter().flat_map(|item| [item.promised_limit, item.statutory_limit]);
    let units: BTreeSet<Option<&str>> = limits.map(|limit| limit.stated().map(|limit| limit.unit.code())).collect();
    let expected = [Unit::WorkingDays, Unit::CalendarDays, Unit::WorkingHours, Unit::Months].map(|unit| Some(unit.code()));
    assert!(expected.iter().chain([&None]).all(|unit| units.contains(unit)), "{units:?}");
    assert!(versions.iter().all(|item| item.mandatory_steps.iter().all(|step| item.step_limit(step).is_some())));
    assert!(versions.iter().all(|item| item.form == Form::Immediate || !item.mandatory_steps.is_empty()));
}

/// Part 2 of the office's own plan of 2010, in simplified characters; its ninth line names two items.
#[test]
fn the_environment_bureau_has_the_twelve_items_of_hanchuan() {
    let county = County::sample();
    let items = county.catalog().newest().into_iter().filter(|item| item.department == "环境保护局");
    let names: BTreeSet<&str> = items.map(|item| item.name.as_str()).collect();
    let expected = [
        "建设项目环境影响报告书审批",
        "建设项目环境影响报告表审批",
        "建设项目环境影响登记表审批",
        "建设项目竣工环保验收审批",
        "建设项目试生产审批",
        "建设项目发生重大变化后,环境影响报告书(表)或登记表的重新审批",
        "核发《排污许可证》",
        "关停、拆除、闲置环保设施审批",
        "向大气排放转炉气等可燃气体审批",
        "建设项目环评类别确认",
        "放射源、进口装有放射性同位素仪表登记备案",
        "夜间施工作业许可审批",
    ];
    assert_eq!(names, BTreeSet::from(expected));
}

#[test]
fn a_seed_decides_everything_and_time_runs_forward() {
    let events = half_a_year(1);
    assert_eq!(events, half_a_year(1));
    assert_ne!(events, half_a_year(2));
    assert!(events.is_sorted_by_key(|event| event.occurred_at));
    assert!(events.iter().all(|event| event.occurred_at.ms() % 1000 == 0), "whole seconds");
    assert!(events.len() > 20_000, "{}", events.len());
    let ids: BTreeSet<_> = events.iter().map(|event| (&event.source, &event.event_id)).collect();
    assert_eq!(ids.len(), events.len(), "every event has an id of its own");
}

#[test]
fn cases_arrive_in_office_hours_of_working_days_and_more_on_mondays() {
    let calendar = Calendar::china();
    let simulation = simulation(1);
    let (from, to) = (at("2025-01-01T00:00:00+08:00"), at("2026-01-01T00:00:00+08:00"));
    let mut per_day: BTreeMap<_, u32> = BTreeMap::new();
    for (_, at) in simulation.arrivals(from, to) {
        let local = calendar.zone().to_datetime(jiff::Timestamp::from_millisecond(at.ms()).unwrap());
        assert!(calendar.is_working(calendar.day_of(at).unwrap()), "{at:?} is a day off");
        let open = |from: (i8, i8), to: (i8, i8)| {
            (Time::constant(from.0, from.1, 0, 0)..=Time::constant(to.0, to.1, 0, 0)).contains(&local.time())
        };
        assert!(open((9, 0), (12, 0)) || open((13, 30), (17, 0)), "{at:?} is outside office hours");
        *per_day.entry(local.date()).or_default() += 1;
    }
    assert_eq!(per_day.len(), 248, "somebody comes on every working day of 2025");
    let mean = |weekday| {
        let days: Vec<u32> = per_day.iter().filter(|(date, _)| date.weekday() == weekday).map(|(_, count)| *count).collect();
        f64::from(days.iter().sum::<u32>()) / days.len() as f64
    };
    assert!(mean(Weekday::Monday) > 1.2 * mean(Weekday::Wednesday));
}

#[test]
fn however_time_is_cut_the_same_happens() {
    let simulation = simulation(4);
    let (from, middle, to) = (at("2025-04-01T00:00:00+08:00"), at("2025-04-16T10:30:00+08:00"), at("2025-05-01T00:00:00+08:00"));
    let whole: Vec<_> = simulation.arrivals(from, to).collect();
    let pieces: Vec<_> = simulation.arrivals(from, middle).chain(simulation.arrivals(middle, to)).collect();
    assert_eq!(whole, pieces);

    let history: Vec<Event> = simulation.history(from, to).collect();
    let mut feed = simulation.feed(from);
    let mut fed = Vec::new();
    let mut now = from;
    while now < to {
        now = now.plus_ms(5_000_000).min(to);
        let due = feed.next_until(now);
        assert!(due.iter().all(|event| event.occurred_at <= now));
        fed.extend(due);
    }
    assert_eq!(fed, history);
    assert!(feed.next_until(to).is_empty(), "nothing is told twice");
    assert!((1..500).contains(&feed.open_cases()), "{} cases are held", feed.open_cases());
}

#[test]
fn the_county_goes_on_after_the_calendar_ends() {
    let events: Vec<Event> = simulation(1).history(at("2026-12-01T00:00:00+08:00"), at("2027-03-01T00:00:00+08:00")).collect();
    let after = at("2027-01-01T00:00:00+08:00");
    assert!(events.iter().any(|event| event.occurred_at > after && matches!(event.kind, Kind::Applied { .. })));
    let found = assessed(events, "2027-03-01T00:00:00+08:00");
    assert!(found.iter().flat_map(|case| &case.findings).any(|finding| finding.kind == FindingKind::CalendarNotCovered));
}

#[test]
fn a_half_year_looks_like_one() {
    let all = assessed(half_a_year(1), "2025-09-01T00:00:00+08:00");
    let figures: Figures = all.iter().collect();
    let within = |what: &str, value: Option<f64>, low: f64, high: f64| {
        let value = value.unwrap();
        assert!((low..high).contains(&value), "{what}: {value} is not in {low}..{high}: {figures:#?}");
    };
    within("on time", figures.on_time_rate, 0.93, 0.96);
    within("same day", figures.same_day_rate, 0.40, 0.60);
    within("satisfied", figures.satisfaction_rate, 0.95, 0.995);
    within("rated", figures.rating_rate, 0.3, 0.5);
    within("speed-up on the promise", figures.promised_speed_up.weighted, 0.25, 0.55);
    within("speed-up on the law", figures.statutory_speed_up.weighted, 0.6, 0.9);
    let corrected = all.iter().filter(|case| case.corrections > 0).count();
    within("corrections", Some(corrected as f64 / all.len() as f64), 0.03, 0.09);
    for outcome in Outcome::ALL {
        assert!(figures.outcomes.contains_key(outcome), "{outcome:?} in {:?}", figures.outcomes);
    }
    let projects: BTreeMap<_, BTreeSet<_>> = all.iter().fold(BTreeMap::new(), |mut projects, case| {
        if let Some(project) = &case.project {
            projects.entry(project).or_insert_with(BTreeSet::new).insert(&case.department);
        }
        projects
    });
    assert!(projects.values().any(|departments| departments.len() > 1), "several departments meet in a project");
}

#[test]
fn every_kind_of_event_and_of_finding_occurs() {
    let events = half_a_year(1);
    let kinds: BTreeSet<&str> = events.iter().map(|event| event.kind.name()).collect();
    // domain.md §2.
    let expected = "applied accepted not_accepted correction_requested corrected materials_supplied step_started step_completed \
        special_started special_ended decided closed issued delivered fee_charged rated rating_rectified complained complaint_resolved";
    assert_eq!(kinds, expected.split_whitespace().collect());
    let figures: Figures = assessed(events, "2025-09-01T00:00:00+08:00").iter().collect();
    // The calendar reaches as far, and batches show over cases only.
    let not_here = [FindingKind::CalendarNotCovered, FindingKind::BatchClose];
    for kind in FindingKind::ALL.iter().filter(|kind| !not_here.contains(kind)) {
        assert!(figures.findings.contains_key(kind), "{kind:?} in {:?}", figures.findings);
    }
}

#[test]
fn the_sample_authorisations_name_everybody_who_decides_and_who_acts_without_shows() {
    let table = Authorisations::from_csv(include_str!("../../../deploy/sample/authorisations.csv")).unwrap();
    let unauthorised = |catalog: &Catalog| -> BTreeSet<Text> {
        let (calendar, profile) = (Calendar::china(), Profile::built_in("default").unwrap());
        let rules = Rules { catalog, calendar: &calendar, profile: &profile };
        let all = cases(half_a_year(1));
        let assessed = all.values().filter_map(|case| assess(case, &rules, at("2025-09-01T00:00:00+08:00")));
        let found = assessed.filter(|case| case.findings.iter().any(|it| it.kind == FindingKind::UnauthorisedDecision));
        found.map(|case| case.case_no).collect()
    };
    let county = County::sample();
    let by_role = unauthorised(county.catalog());
    assert!(!by_role.is_empty());
    assert_eq!(unauthorised(&county.catalog().clone().with_authorisations(table.clone())), by_role);
    // A clerk is struck off the list: his decisions show.
    let fewer = table.lines().into_iter().filter(|line| line.handler != "psb-w1").cloned();
    let fewer = county.catalog().clone().with_authorisations(Authorisations::new(fewer));
    assert!(unauthorised(&fewer).len() > by_role.len());
}

#[test]
fn every_event_can_be_read_back_and_its_item_is_in_the_catalogue() {
    let (county, calendar) = (County::sample(), Calendar::china());
    let (mut named, mut unknown) = (0, 0);
    for event in half_a_year(2) {
        let read = wire::decode(wire::encode(&event, calendar.zone()).as_bytes(), &wire::CodeMaps::default()).unwrap();
        assert_eq!(Event { digest: 0, ..read }, event);
        let Some(item) = &event.item else { continue };
        named += 1;
        match county.catalog().in_force(item, calendar.local_date(event.occurred_at)) {
            Some(known) => assert_eq!(Some(&known.department), event.department.as_ref()),
            None => unknown += 1,
        }
    }
    assert!(unknown > 0 && unknown * 200 < named, "{unknown} of {named} have an unknown item");
}

#[test]
fn slow_departments_and_the_backlog_show() {
    let all = assessed(half_a_year(1), "2025-12-31T00:00:00+08:00");
    let late_share = |of: &dyn Fn(&Assessment) -> bool| {
        let states: Vec<bool> = all.iter().filter(|case| of(case)).filter_map(|case| Some(case.promised?.late)).collect();
        states.iter().filter(|late| **late).count() as f64 / states.len() as f64
    };
    let in_department = |case: &Assessment, name: &str| case.department.as_deref() == Some(name);
    let county = late_share(&|case| case.form == Some(Form::Committed));
    let land = |case: &Assessment| in_department(case, "自然资源和规划局");
    let in_june = |case: &Assessment| {
        let range = at("2025-06-01T00:00:00+08:00")..at("2025-07-01T00:00:00+08:00");
        case.received_at.is_some_and(|at| range.contains(&at))
    };
    let (land_usually, land_in_june) =
        (late_share(&|case| land(case) && !in_june(case)), late_share(&|case| land(case) && in_june(case)));
    assert!(land_usually > county, "{land_usually} {county}");
    assert!(land_in_june > 2.0 * land_usually, "{land_in_june} {land_usually}");
    assert!(late_share(&|case| in_department(case, "教育局")) > county);
}

#[test]
fn windows_that_cheat_can_be_told_from_the_others() {
    let events = half_a_year(1);
    let all = cases(events.iter().cloned());
    let time =
        |case: &CaseEvents, is: fn(&Kind) -> bool| case.all().iter().find(|event| is(&event.kind)).map(|event| event.occurred_at);
    let window = |case: &CaseEvents| case.all()[0].window.clone().unwrap();
    let is_accepted = |kind: &Kind| matches!(kind, Kind::Accepted(_));
    let is_closed = |kind: &Kind| matches!(kind, Kind::Closed { .. });

    let at_once = all.values().filter(|case| {
        let span = time(case, is_accepted).zip(time(case, is_closed));
        span.is_some_and(|(accepted, closed)| closed.ms() - accepted.ms() < 60_000)
    });
    let at_once: Vec<Text> = at_once.map(window).collect();
    assert!(at_once.len() > 10 && at_once.iter().all(|window| window == "14号窗口B"), "{at_once:?}");

    let suspended = all.values().filter(|case| {
        case.all().iter().any(|event| matches!(&event.kind, Kind::SpecialStarted(start) if start.procedure == Procedure::Other))
    });
    let suspended: Vec<Text> = suspended.map(window).collect();
    assert!(suspended.len() > 5 && suspended.iter().all(|window| window == "12号窗口"), "{suspended:?}");

    let late = |event: &&Event| event.recorded_at.is_some_and(|at| at.ms() - event.occurred_at.ms() > 86_400_000);
    let at_late_window = |event: &&Event| event.window.as_deref() == Some("11号窗口B");
    let share = |of: usize, all: usize| of as f64 / all as f64;
    let there = events.iter().filter(at_late_window);
    assert!(share(there.clone().filter(late).count(), there.count()) > 0.2);
    let elsewhere = events.iter().filter(|event| !at_late_window(event));
    assert!(share(elsewhere.clone().filter(late).count(), elsewhere.count()) < 0.005);

    let mut minutes: BTreeMap<(Text, i64), u32> = BTreeMap::new();
    for case in all.values() {
        if let Some(closed) = time(case, is_closed) {
            *minutes.entry((window(case), closed.ms() / 60_000)).or_default() += 1;
        }
    }
    let batches: BTreeSet<&str> =
        minutes.iter().filter(|(_, count)| **count >= 5).map(|((window, _), _)| window.as_str()).collect();
    assert_eq!(batches, BTreeSet::from(["06号窗口B"]));
}

#[test]
fn exactly_the_broken_messages_cannot_be_read() {
    let events = half_a_year(3);
    let messages = messages(&events[..8_000], Faults::default(), 7, Calendar::china().zone());
    assert!(messages.iter().filter(|message| message.broken).count() > 40);
    for message in &messages {
        let read = wire::decode_message(message.key.as_deref(), Some(&message.payload), &wire::CodeMaps::default());
        assert_eq!(message.broken, message.event.is_none());
        let excerpt = String::from_utf8_lossy(&message.payload[..message.payload.len().min(300)]);
        assert_eq!(read.as_ref().ok(), message.event.as_ref(), "{read:?}: {excerpt}");
    }
}

#[test]
fn bad_messages_in_any_order_give_the_same_cases() {
    let events = half_a_year(3);
    let zone = Calendar::china().zone().clone();
    let given = |faults, seed| {
        let messages = messages(&events[..4_000], faults, seed, &zone);
        let mut good: Vec<Event> = good_events(&messages).cloned().collect();
        let in_order = cases(good.iter().cloned());
        good.reverse();
        assert_eq!(in_order, cases(good), "the order of arrival decides nothing");
        in_order
    };
    let faultless = given(Faults::NONE, 1);
    let twice = given(Faults { duplicates: 1.0, shuffle: true, late: 0.1, broken: 0.1, ..Faults::NONE }, 2);
    assert_eq!(faultless, twice, "duplicates, disorder and broken messages change nothing");
    let corrected = given(Faults::default(), 3);
    assert_ne!(faultless, corrected, "corrections and retractions do");
    assert!(corrected.values().flat_map(CaseEvents::all).any(|event| event.retracted));
    assert!(corrected.values().flat_map(CaseEvents::all).any(|event| event.revision == 3));
}
