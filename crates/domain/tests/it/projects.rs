//! Joint approval: one project, several departments.

use crate::common::*;
use domain::{event::Procedure, *};
use proptest::{prelude::*, test_runner::RngSeed};

/// A case of a project: number, department, accepted, decided.
fn case(number: &str, department: &str, from: &str, until: Option<&str>) -> Assessment {
    let mine = |event: Event| Event { case_no: number.into(), department: Some(department.into()), ..event };
    let mut events = vec![mine(accepted(from))];
    events.extend(until.map(|when| mine(closed(when))));
    office().assess(&events, cn(NOW))
}

const NOW: &str = "2018-12-03 10:00";

fn office() -> Office {
    Office::new("default", "7 working_days", "20 working_days")
}

fn project(cases: &[Assessment]) -> Project {
    Project::of(cases, &office().rules(), cn(NOW)).unwrap().unwrap()
}

#[test]
fn a_project_runs_from_the_first_acceptance_to_the_last_decision_and_names_what_fixed_that() {
    // Land from Monday to Friday; planning beside it, done earlier; construction waits two days for land.
    let project = project(&[
        case("land", "自然资源局", "2018-10-15 10:00", Some("2018-10-19 16:00")),
        case("plan", "规划局", "2018-10-16 10:00", Some("2018-10-18 16:00")),
        case("build", "住建局", "2018-10-23 10:00", Some("2018-10-26 16:00")),
    ]);
    assert_eq!((project.started_at, project.ended_at), (cn("2018-10-15 10:00"), Some(cn("2018-10-26 16:00"))));
    assert_eq!((project.limit.limit_days, project.limit.elapsed_days, project.limit.late), (45.0, 9.0, false));
    assert_eq!(text(project.limit.due_at.unwrap()), "2018-12-17T17:00:00+08:00");
    let path: Vec<_> = project.critical_path.iter().map(|it| (it.case_no.as_str(), it.waited_days, it.days)).collect();
    assert_eq!(path, [("land", 0.0, 4.0), ("build", 2.0, 3.0)]);
    assert_eq!((project.span_days, project.sum_days, project.parallelism), (9.0, 9.0, Some(1.0)));
    let shares: Vec<_> = project.departments.iter().map(|it| (it.department.as_deref().unwrap(), it.days)).collect();
    assert_eq!(shares, [("自然资源局", 4.0), ("住建局", 3.0), ("规划局", 2.0)]);
    assert_eq!(project.departments[0].share, Some(4.0 / 9.0));
}

#[test]
fn cases_side_by_side_show_how_parallel_a_project_was() {
    let from = "2018-10-15 10:00";
    let side = |number: &str, until: &str| case(number, number, from, Some(until));
    let project = project(&[side("a", "2018-10-19 16:00"), side("b", "2018-10-19 16:00"), side("c", "2018-10-17 16:00")]);
    assert_eq!((project.span_days, project.sum_days, project.parallelism), (4.0, 10.0, Some(2.5)));
    assert_eq!(project.critical_path.len(), 1);
}

#[test]
fn what_took_no_working_time_has_no_shares() {
    let project = project(&[case("a", "甲", "2018-10-20 10:00", Some("2018-10-20 16:00"))]);
    assert_eq!((project.span_days, project.sum_days, project.parallelism), (0.0, 0.0, None));
    assert_eq!((project.departments[0].days, project.departments[0].share), (0.0, None));
}

#[test]
fn a_project_with_an_open_case_is_open_and_late_past_forty_five_days() {
    let cases = [case("a", "甲", "2018-09-03 10:00", Some("2018-09-10 10:00")), case("b", "乙", "2018-09-04 10:00", None)];
    let open = project(&cases);
    assert_eq!((open.ended_at, open.open, open.cases), (None, 1, 2));
    assert!(open.limit.late && open.limit.days_over > 0.0 && open.limit.speed_up.is_none());
    assert_eq!(open.critical_path.last().unwrap().ended_at, None);
}

#[test]
fn a_special_procedure_of_one_case_does_not_stop_the_clock_of_the_project() {
    let events = [
        accepted("2018-10-15 10:00"),
        special("s", "2018-10-16 10:00", Procedure::Hearing, Some(5)),
        special_ended("e", "2018-10-18 10:00"),
        closed("2018-10-19 10:00"),
    ];
    let case = office().assess(&events, cn(NOW));
    let project = project(std::slice::from_ref(&case));
    assert_eq!((case.elapsed_days, project.limit.elapsed_days, project.sum_days), (Some(2.0), 4.0, 4.0));
    assert_eq!(project.departments[0].days, 2.0);
}

#[test]
fn without_an_accepted_case_there_is_no_project() {
    let received = office().assess(&[applied("2018-12-03 09:00")], cn(NOW));
    assert_eq!(Project::of([&received], &office().rules(), cn(NOW)), Ok(None));
    assert_eq!(Project::of([], &office().rules(), cn(NOW)), Ok(None));
}

fn some_cases() -> impl Strategy<Value = Vec<Assessment>> {
    let one = (0i64..60, 0i64..40, 0i64..1440, any::<bool>(), 0u8..4);
    prop::collection::vec(one, 1..8).prop_map(|cases| {
        let told = |(number, (start, length, minute, is_open, department)): (usize, (i64, i64, i64, bool, u8))| {
            let from = cn("2018-07-02 00:00").plus_ms((start * 1440 + minute) * 60_000);
            let mine = |event: Event| Event {
                case_no: format!("c{number}").into(),
                department: Some(format!("d{department}").into()),
                ..event
            };
            let mut events = vec![mine(Event { occurred_at: from, ..accepted("2018-07-02 00:00") })];
            let until = from.plus_ms(length * 86_400_000);
            events.extend((!is_open).then(|| mine(Event { occurred_at: until, ..closed("2018-07-02 00:00") })));
            office().assess(&events, cn(NOW))
        };
        cases.into_iter().enumerate().map(told).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, rng_seed: RngSeed::Fixed(2011), ..ProptestConfig::default() })]

    #[test]
    fn the_critical_path_and_the_waiting_on_it_are_the_span(cases in some_cases()) {
        let project = project(&cases);
        let along: f64 = project.critical_path.iter().map(|it| it.waited_days + it.days).sum();
        prop_assert_eq!(along, project.span_days);
        prop_assert!(project.critical_path.iter().all(|it| it.waited_days >= 0.0 && it.days >= 0.0));
        prop_assert!(project.critical_path.is_sorted_by_key(|it| it.accepted_at));
        prop_assert_eq!(project.limit.elapsed_days, project.span_days);
    }

    #[test]
    fn a_project_is_no_more_parallel_than_it_has_cases_and_shares_are_of_a_whole(cases in some_cases()) {
        let project = project(&cases);
        prop_assert!(project.parallelism.is_none_or(|it| it <= project.cases as f64));
        let shares: f64 = project.departments.iter().filter_map(|it| it.share).sum();
        prop_assert!(project.departments.iter().all(|it| it.share.is_none()) || (shares - 1.0).abs() < 1e-9);
        prop_assert_eq!(project.departments.iter().map(|it| it.cases).sum::<usize>(), project.cases);
    }

    #[test]
    fn the_order_of_the_cases_does_not_matter_and_one_more_never_shortens_the_span(
        (cases, shuffled) in some_cases().prop_flat_map(|cases| (Just(cases.clone()), Just(cases).prop_shuffle())),
    ) {
        prop_assert_eq!(project(&cases), project(&shuffled));
        prop_assert!(cases.len() == 1 || project(&cases[1..]).span_days <= project(&cases).span_days);
    }
}

#[test]
fn a_project_takes_only_the_cases_whose_acceptance_names_it_by_then_and_reads_well() {
    let accepted_for = |number: &str, project: &str, when: &str| {
        let acceptance = event::Acceptance { project: Some(project.into()), ..event::Acceptance::default() };
        Event { case_no: number.into(), kind: Kind::Accepted(Box::new(acceptance)), ..accepted(when) }
    };
    let land = [accepted_for("land", "P-1", "2018-10-15 10:00"), Event { case_no: "land".into(), ..closed("2018-10-19 16:00") }];
    let build = [accepted_for("build", "P-1", "2018-10-23 10:00")];
    let other = [accepted_for("other", "P-2", "2018-10-16 10:00")];
    let cases: Vec<CaseEvents> = [&land[..], &build, &other].into_iter().map(|it| it.iter().cloned().collect()).collect();
    let numbered = |when: &str| Project::numbered("P-1", &cases, &office().rules(), cn(when)).unwrap();
    assert_eq!(numbered("2018-10-15 09:00"), None);
    assert_eq!(numbered("2018-10-22 10:00").unwrap().cases, 1);
    let project = numbered("2018-10-25 10:00").unwrap();
    let text = explain::project_text("P-1", &project, cn("2018-10-25 10:00"), china(), Lang::Zh);
    let expected = "\
并联审批项目 P-1　办件 2 件，在办 1 件
起算 2018-10-15 10:00（首件受理）　截至 2018-10-25 10:00
时限 45 个工作日（《行政许可法》第二十六条、第四十二条）：已用 8 日，未超期；到期 2018-12-17 17:00
跨度 8 日，各件合计 6 日，并联度 0.75（合计÷跨度）

关键路径
  land　环境保护局　2018-10-15 10:00 至 2018-10-19 16:00　等待 0 日，办理 4 日
  build　环境保护局　2018-10-23 10:00 至 在办　等待 2 日，办理 2 日

各部门用时（已扣除特别程序）
  环境保护局　2 件　6 日　100%
";
    assert_eq!(text, expected);
    let text = explain::project_text("P-1", &project, cn("2018-10-25 10:00"), china(), Lang::En);
    assert!(text.contains("land, 环境保护局: 2018-10-15 10:00 to 2018-10-19 16:00; waited 0 d, took 4 d"), "{text}");
}
