//! Every finding with its evidence.
use crate::common::*;
use domain::{
    event::{Acceptance, Decision, DeferredMaterial, Place, Procedure, Role, SpecialStart, StepResult},
    *,
};

fn found(events: &[Event]) -> Vec<(&'static str, Vec<String>)> {
    let office = Office::new("default", "7 working_days", "20 working_days");
    let case = office.assess(events, cn("2018-12-03 10:00"));
    case.findings.iter().map(|it| (it.kind.code(), it.events.iter().map(ToString::to_string).collect())).collect()
}

#[test]
fn a_second_request_for_correction_is_found_with_both_requests() {
    let ask = |id: &str, when: &str| event(id, cn(when), Kind::CorrectionRequested);
    let answer = |id: &str, when: &str| event(id, cn(when), Kind::Corrected);
    let events = [
        accepted("2018-10-15 10:00"),
        ask("q1", "2018-10-16 09:00"),
        answer("a1", "2018-10-17 09:00"),
        ask("q2", "2018-10-18 09:00"),
        answer("a2", "2018-10-19 09:00"),
        closed("2018-10-22 09:00"),
    ];
    assert_eq!(found(&events), [("second_correction", vec!["q1".to_owned(), "q2".to_owned()])]);
}

#[test]
fn an_entry_more_than_a_day_late_is_found() {
    let late = |hours: i64| Event {
        recorded_at: Some(cn("2018-10-15 10:00").plus_ms(hours * 3_600_000 + 1)),
        ..accepted("2018-10-15 10:00")
    };
    assert_eq!(found(&[late(24), closed("2018-10-18 10:00")]), [("late_entry", vec!["accepted".to_owned()])]);
    assert_eq!(found(&[late(23), closed("2018-10-18 10:00")]), []);
}

#[test]
fn an_order_that_cannot_be_is_found() {
    let end = special_ended("never-begun", "2018-10-16 10:00");
    assert_eq!(
        found(&[accepted("2018-10-15 10:00"), end, closed("2018-10-18 10:00")]),
        [("impossible_order", vec!["never-begun".to_owned()])]
    );
    assert_eq!(
        found(&[accepted("2018-10-15 10:00"), closed("2018-10-12 10:00")]),
        [("impossible_order", vec!["closed".to_owned(), "accepted".to_owned()])]
    );
}

#[test]
fn an_entry_exactly_a_day_late_is_in_time() {
    let entered = Event { recorded_at: Some(cn("2018-10-16 10:00")), ..accepted("2018-10-15 10:00") };
    assert_eq!(found(&[entered, closed("2018-10-18 10:00")]), []);
}

#[test]
fn nothing_comes_before_what_it_rests_on_and_no_work_after_the_end() {
    let not_accepted = |when: &str| event("no", cn(when), Kind::NotAccepted);
    let delivered = |when: &str| event("delivered", cn(when), Kind::Delivered);
    let withdrawn = event("closed", cn("2018-10-18 10:00"), Kind::Closed { outcome: Outcome::Withdrawn });
    let step = event("step", cn("2018-10-19 10:00"), Kind::StepStarted { step: "review".into() });
    let fee = event("fee", cn("2018-10-19 10:00"), Kind::FeeCharged { amount_fen: 1 });
    let (received, start) = (applied("2018-10-15 09:00"), accepted("2018-10-15 10:00"));
    let (decision, end) = (decided("2018-10-18 10:00"), closed("2018-10-18 10:00"));
    let impossible = |events: &[&Event]| {
        let events: Vec<Event> = events.iter().map(|event| (*event).clone()).collect();
        let found = found(&events).into_iter().find(|(kind, _)| *kind == "impossible_order");
        found.map_or(vec![], |(_, events)| events)
    };
    // The usual course, also where two things are of one minute.
    assert_eq!(impossible(&[&received, &start, &decision, &end, &delivered("2018-10-19 10:00")]), [""; 0]);
    assert_eq!(impossible(&[&received, &start, &decision, &delivered("2018-10-18 10:00")]), [""; 0]);
    assert_eq!(impossible(&[&applied("2018-10-15 10:00"), &start, &closed("2018-10-15 10:00")]), [""; 0]);
    // Before what it rests on.
    assert_eq!(impossible(&[&accepted("2018-10-15 08:59"), &received]), ["accepted"]);
    assert_eq!(impossible(&[&not_accepted("2018-10-15 08:59"), &received]), ["no"]);
    assert_eq!(impossible(&[&decided("2018-10-15 09:59"), &start]), ["decided", "accepted"].map(str::to_owned)[..1]);
    assert_eq!(impossible(&[&start, &closed("2018-10-18 09:59"), &decision]), ["closed", "decided"]);
    assert_eq!(impossible(&[&start, &delivered("2018-10-18 09:59"), &decision]), ["delivered"]);
    assert_eq!(impossible(&[&start, &delivered("2018-10-18 09:59"), &end]), ["delivered"]);
    // A decision rests on an acceptance; leaving before it needs none.
    assert_eq!(impossible(&[&received, &decision]), ["decided"]);
    assert_eq!(impossible(&[&received, &end]), ["closed"]);
    assert_eq!(impossible(&[&received, &withdrawn]), [""; 0]);
    // After the end there is no work; a fee is none.
    assert_eq!(impossible(&[&start, &end, &step]), ["step"]);
    assert_eq!(impossible(&[&start, &withdrawn, &step]), ["step"]);
    assert_eq!(impossible(&[&start, &end, &fee]), [""; 0]);
}

#[test]
fn a_decision_without_a_mandatory_step_is_found() {
    let mut office = Office::new("default", "7 working_days", "20 working_days");
    office.catalog = Catalog::from_csv("code,name,department,form,mandatory_steps\na,甲,局,committed,review\n").unwrap();
    let review = event("reviewed", cn("2018-10-16 10:00"), Kind::StepCompleted { step: "review".into(), result: None });
    let begun = event("begun", cn("2018-10-16 09:00"), Kind::StepStarted { step: "review".into() });
    let kinds = |events: &[Event]| -> Vec<FindingKind> {
        office.assess(events, cn("2018-12-03 10:00")).findings.iter().map(|it| it.kind).collect()
    };
    let (accepted, closed) = (accepted("2018-10-15 10:00"), closed("2018-10-18 10:00"));
    assert_eq!(kinds(&[accepted.clone(), closed.clone()]), [FindingKind::MissingMandatoryStep]);
    assert_eq!(kinds(&[accepted, begun, review, closed]), []);
}

/// An item of the hall that the window decides, with a fee; `b` is one it does not decide.
fn hall() -> Office {
    let mut office = Office::new("default", "7 working_days", "20 working_days");
    office.catalog = Catalog::from_csv(
        "code,name,department,form,promised_limit,hall,window_decides,fee_fen,outside_steps\n\
         a,甲,环境保护局,committed,10 working_days,true,true,500,survey\n\
         b,乙,环境保护局,committed,10 working_days,true,false,,\n",
    )
    .unwrap();
    office
}

/// The findings of these events by the hall's rules: kind and evidence.
fn found_by(office: &Office, events: &[Event], as_of: &str) -> Vec<String> {
    let case = office.assess(events, cn(as_of));
    let line = |it: &Finding| {
        let detail = it.detail.as_ref().map_or_else(String::new, |detail| format!(" ({detail})"));
        format!("{}{detail}: {}", it.kind.code(), it.events.join(" "))
    };
    case.findings.iter().map(line).collect()
}

fn at_place(place: Place, event: Event) -> Event {
    Event { place: Some(place), ..event }
}

fn by(handler: &str, role: Role, event: Event) -> Event {
    Event { handler: Some(handler.into()), role: Some(role), ..event }
}

const LATER: &str = "2018-10-31 10:00";

#[test]
fn a_hall_item_handled_in_the_departments_office_is_found_but_not_a_site_visit() {
    let step = |id: &str, code: &str| event(id, cn("2018-10-16 10:00"), Kind::StepStarted { step: code.into() });
    let events = |place| {
        let act = |event| at_place(place, event);
        [
            accepted("2018-10-15 10:00"),
            act(step("visit", "survey")),
            act(step("review", "review")),
            act(closed("2018-10-18 10:00")),
        ]
    };
    assert_eq!(found_by(&hall(), &events(Place::Office), LATER), ["off_hall_step: review closed"]);
    for branch in [Place::Hall, Place::Township, Place::Online, Place::SelfService] {
        assert_eq!(found_by(&hall(), &events(branch), LATER), [""; 0]);
    }
}

#[test]
fn a_decision_by_a_role_without_authority_is_found() {
    let decided_by = |item: &str, role| {
        let accepted = Event { item: Some(item.into()), ..accepted("2018-10-15 10:00") };
        found_by(&hall(), &[accepted, by("x", role, closed("2018-10-18 10:00"))], LATER)
    };
    let found = ["unauthorised_decision: closed"];
    assert_eq!(decided_by("a", Role::Section), found, "what the window decides is not for a section");
    assert_eq!(decided_by("b", Role::Window), found, "what the window does not decide is not for its staff");
    for (item, role) in [
        ("a", Role::Window),
        ("a", Role::ChiefRepresentative),
        ("a", Role::Leader),
        ("a", Role::System),
        ("b", Role::Section),
        ("b", Role::ChiefRepresentative),
    ] {
        assert_eq!(decided_by(item, role), [""; 0], "{item} {role:?}");
    }
}

#[test]
fn a_decision_by_somebody_who_is_not_in_the_table_on_that_day_is_found() {
    let mut office = hall();
    let table = "handler,item,department,role,valid_from,valid_to\n\
        c1,*,环境保护局,,,\n\
        w1,a,,window,2018-10-01,2018-10-18\n\
        w2,a,,chief_representative,,\n\
        w3,b,,,,\n\
        w4,*,公安局,,,\n";
    office.catalog = office.catalog.with_authorisations(Authorisations::from_csv(table).unwrap());
    let decides = |handler: &str, when: &str| {
        let case = [accepted("2018-10-15 10:00"), by(handler, Role::Window, closed(when))];
        found_by(&office, &case, LATER)
    };
    let found = ["unauthorised_decision: closed"];
    assert_eq!(decides("c1", "2018-10-19 10:00"), [""; 0]);
    assert_eq!(decides("w1", "2018-10-18 16:00"), [""; 0], "the last day still counts");
    assert_eq!(decides("w1", "2018-10-19 10:00"), found, "the authority has ended");
    assert_eq!(decides("w2", "2018-10-18 10:00"), found, "in another role");
    assert_eq!(decides("w3", "2018-10-18 10:00"), found, "for another item");
    assert_eq!(decides("w4", "2018-10-18 10:00"), found, "of another department");
    assert_eq!(decides("nobody", "2018-10-18 10:00"), found);
    let by_rules = [accepted("2018-10-15 10:00"), by("nobody", Role::System, closed("2018-10-18 10:00"))];
    assert_eq!(found_by(&office, &by_rules, LATER), [""; 0], "the system is in no table");
    // A case that nobody decided needs no authority.
    let withdrawn = event("closed", cn("2018-10-18 10:00"), Kind::Closed { outcome: Outcome::Withdrawn });
    assert_eq!(found_by(&office, &[accepted("2018-10-15 10:00"), by("nobody", Role::Window, withdrawn)], LATER), [""; 0]);
}

#[test]
fn a_clock_stopped_on_its_last_day_is_found_and_so_is_a_correction_asked_for_then() {
    let stopped = |when: &str, kind: &str| {
        let stop = match kind {
            "correction" => event("stop", cn(when), Kind::CorrectionRequested),
            _ => special("stop", when, Procedure::ExpertReview, Some(5)),
        };
        found_by(&hall(), &[accepted("2018-10-15 10:00"), stop], "2018-10-30 10:00")
    };
    // Ten working days end on 29 October at 17:00; 15 % of them are a day and a half.
    let found = ["suspension_near_due: stop"];
    assert_eq!(stopped("2018-10-26 09:10", "special"), [""; 0]);
    assert_eq!(stopped("2018-10-26 16:00", "special"), found);
    assert_eq!(stopped("2018-10-29 16:00", "correction"), found);
    assert_eq!(stopped("2018-10-30 09:00", "special"), found, "still more so after the due time");
    // Of a case that was closed since, and of one that was closed before.
    let and_closed = |stopped: &str, closed_at: &str| {
        let stop = special("stop", stopped, Procedure::ExpertReview, Some(5));
        found_by(&hall(), &[accepted("2018-10-15 10:00"), stop, closed(closed_at)], "2018-10-30 10:00")
    };
    let is_found = |findings: Vec<String>| findings.contains(&found[0].to_owned());
    assert!(is_found(and_closed("2018-10-26 16:00", "2018-10-29 10:00")));
    assert!(!is_found(and_closed("2018-10-29 10:00", "2018-10-29 10:00")), "nothing runs any more");
    assert!(!is_found(and_closed("2018-10-29 11:00", "2018-10-29 10:00")));
}

#[test]
fn the_same_procedure_begun_twice_or_oftener_is_found_but_not_two_intermediaries() {
    let twice = |first: Event, second: Event| {
        let events = [accepted("2018-10-15 10:00"), first, special_ended("end", "2018-10-17 09:00"), second];
        found_by(&hall(), &events, "2018-10-18 10:00")
    };
    let review = |id: &str, when: &str| special(id, when, Procedure::ExpertReview, Some(2));
    assert_eq!(twice(review("s1", "2018-10-16 09:00"), review("s2", "2018-10-18 09:00")), ["repeated_suspension: s1 s2"]);
    let thrice = [
        accepted("2018-10-15 10:00"),
        review("s1", "2018-10-16 09:00"),
        special_ended("e1", "2018-10-16 10:00"),
        review("s2", "2018-10-17 09:00"),
        special_ended("e2", "2018-10-17 10:00"),
        review("s3", "2018-10-18 09:00"),
    ];
    assert_eq!(found_by(&hall(), &thrice, "2018-10-18 10:00"), ["repeated_suspension: s1 s2 s3"]);
    assert_eq!(twice(review("s1", "2018-10-16 09:00"), special("s2", "2018-10-18 09:00", Procedure::Hearing, None)), [""; 0]);
    assert_eq!(twice(external("s1", "2018-10-16 09:00", "甲所"), external("s2", "2018-10-18 09:00", "乙所")), [""; 0]);
    assert_eq!(
        twice(external("s1", "2018-10-16 09:00", "甲所"), external("s2", "2018-10-18 09:00", "甲所")),
        ["repeated_suspension: s1 s2"]
    );
}

#[test]
fn a_suspension_of_which_nobody_was_told_in_writing_is_found() {
    let told = |written_notice| {
        let start = SpecialStart { procedure: Procedure::Hearing, granted_days: Some(2), written_notice, party: None };
        let start = event("s", cn("2018-10-16 09:00"), Kind::SpecialStarted(Box::new(start)));
        found_by(&hall(), &[accepted("2018-10-15 10:00"), start], "2018-10-17 10:00")
    };
    assert_eq!(told(Some(false)), ["suspension_without_written_notice: s"]);
    assert_eq!((told(Some(true)), told(None)), (vec![], vec![]));
}

#[test]
fn a_committed_item_decided_within_a_minute_is_found_but_mere_dates_say_nothing() {
    let decided_after = |from: &str, seconds: i64| {
        let closed = Event { occurred_at: cn(from).plus_ms(seconds * 1000), ..closed(from) };
        found_by(&hall(), &[accepted(from), closed], LATER)
    };
    assert_eq!(decided_after("2018-10-15 10:00", 0), ["instant_close: accepted closed"]);
    assert_eq!(decided_after("2018-10-15 10:00", 60), ["instant_close: accepted closed"]);
    assert_eq!(decided_after("2018-10-15 10:00", 61), [""; 0]);
    assert_eq!(decided_after("2018-10-15 00:00", 0), [""; 0]);
}

#[test]
fn a_fee_that_is_not_the_catalogues_is_found_with_every_charge() {
    let charged = |item: &str, fees: &[u64]| {
        let mut events = vec![Event { item: Some(item.into()), ..accepted("2018-10-15 10:00") }];
        let charge = |(number, fee): (usize, &u64)| {
            event(&format!("f{number}"), cn("2018-10-16 10:00"), Kind::FeeCharged { amount_fen: *fee })
        };
        events.extend(fees.iter().enumerate().map(charge));
        found_by(&hall(), &events, "2018-10-17 10:00")
    };
    assert_eq!(charged("a", &[400]), ["fee_mismatch: f0"]);
    assert_eq!(charged("a", &[500, 500]), ["fee_mismatch: f0 f1"]);
    assert_eq!((charged("a", &[250, 250]), charged("a", &[])), (vec![], vec![]));
    assert_eq!(charged("b", &[400]), [""; 0], "the catalogue does not say");
}

#[test]
fn what_people_enter_at_night_or_on_a_day_off_is_found() {
    let entered = |when: &str| found_by(&hall(), &[accepted("2018-10-15 10:00"), closed(when)], LATER);
    assert_eq!(entered("2018-10-18 17:30"), [""; 0], "half an hour is nobody's business");
    assert_eq!(entered("2018-10-18 12:30"), [""; 0], "a window may stay open at noon");
    assert_eq!(entered("2018-10-18 17:31"), ["out_of_hours_entry: closed"]);
    assert_eq!(entered("2018-10-18 08:29"), ["out_of_hours_entry: closed"]);
    assert_eq!(entered("2018-10-20 10:00"), ["out_of_hours_entry: closed"], "a Saturday");
    assert_eq!(entered("2018-10-20 00:00"), [""; 0], "a mere date");
    // It is the time of entry that counts, where it is told.
    let evening = Event { recorded_at: Some(cn("2018-10-18 20:00")), ..closed("2018-10-18 16:00") };
    let morning = Event { recorded_at: Some(cn("2018-10-19 09:00")), ..closed("2018-10-18 20:00") };
    assert_eq!(found_by(&hall(), &[accepted("2018-10-15 10:00"), evening], LATER), ["out_of_hours_entry: closed"]);
    assert_eq!(found_by(&hall(), &[accepted("2018-10-15 10:00"), morning], LATER), [""; 0]);
    let online = at_place(Place::Online, closed("2018-10-18 20:00"));
    let system = by("s", Role::System, closed("2018-10-18 20:00"));
    for event in [online, system] {
        assert_eq!(found_by(&hall(), &[accepted("2018-10-15 10:00"), event], LATER), [""; 0]);
    }
}

#[test]
fn a_refusal_without_a_reason_is_found() {
    let decided = |outcome, reasoned| event("decided", cn("2018-10-18 10:00"), Kind::Decided { outcome, reasoned });
    let found = |event| found_by(&hall(), &[accepted("2018-10-15 10:00"), event], "2018-10-19 10:00");
    assert_eq!(found(decided(Decision::Refused, false)), ["refused_without_reason: decided"]);
    assert_eq!((found(decided(Decision::Refused, true)), found(decided(Decision::Granted, false))), (vec![], vec![]));
}

#[test]
fn a_certificate_that_nobody_handed_over_in_time_is_found_until_it_is() {
    let mut events = vec![accepted("2018-10-15 10:00"), decided("2018-10-18 10:00"), closed("2018-10-18 11:00")];
    assert_eq!(found_by(&hall(), &events, "2018-11-01 17:00"), [""; 0]);
    let case = hall().assess(&events, cn("2018-11-01 17:00"));
    assert_eq!(case.next_change, Some(cn("2018-11-01 17:00").plus_ms(1)), "it is found by itself");
    assert_eq!(found_by(&hall(), &events, "2018-11-01 17:01"), ["undelivered: decided"]);
    events.push(event("delivered", cn("2018-11-05 10:00"), Kind::Delivered));
    assert_eq!(found_by(&hall(), &events, "2018-11-06 10:00"), [""; 0]);
}

#[test]
fn a_missing_step_is_named() {
    let mut office = hall();
    office.catalog =
        Catalog::from_csv("code,name,department,form,mandatory_steps\na,甲,局,committed,survey;review;sign\n").unwrap();
    let review = event("reviewed", cn("2018-10-16 10:00"), Kind::StepCompleted { step: "review".into(), result: None });
    let begun = event("begun", cn("2018-10-16 09:00"), Kind::StepStarted { step: "review".into() });
    let events = [accepted("2018-10-15 10:00"), begun, review, closed("2018-10-18 10:00")];
    assert_eq!(found_by(&office, &events, LATER), ["missing_mandatory_step (survey; sign): closed"]);
}

/// "1+3+2+1" of a county's plan, in short.
fn with_bottom_line() -> Office {
    let mut office = hall();
    office.catalog = Catalog::from_toml(
        r#"
        [[item]]
        code = "a"
        name = "甲"
        department = "住建局"
        form = "committed"
        promised_limit = "10 working_days"
        [[bottom_line]]
        name = "1+3+2+1"
        items = ["a"]
        [[bottom_line.condition]]
        code = "eia"
        name = "环评批复"
        materials = ["环评批复", "环评备案表"]
        [[bottom_line.condition]]
        code = "wage-deposit"
        name = "工资保证金"
        steps = ["deposit-check"]
        "#,
    )
    .unwrap();
    office
}

#[test]
fn the_green_channel_may_not_leave_out_its_bottom_line() {
    let green = |deferred: &[&str]| {
        let deferred_materials = deferred.iter().map(|name| DeferredMaterial { name: (*name).into(), due_at: cn(LATER) });
        let acceptance =
            Acceptance { green_channel: true, deferred_materials: deferred_materials.collect(), ..Acceptance::default() };
        Event { kind: Kind::Accepted(Box::new(acceptance)), ..accepted("2018-10-15 10:00") }
    };
    let step = |code: &str, result| {
        let begun = event("begun", cn("2018-10-16 09:00"), Kind::StepStarted { step: code.into() });
        [begun, event("done", cn("2018-10-16 10:00"), Kind::StepCompleted { step: code.into(), result })]
    };
    let found = |accepted: Event, more: &[Event]| {
        let mut events = vec![accepted, closed("2018-10-18 10:00")];
        events.extend_from_slice(more);
        found_by(&with_bottom_line(), &events, "2018-10-30 10:00")
    };
    let (eia, wages) = ("bottom_line_unmet (eia): accepted closed", "bottom_line_unmet (wage-deposit): accepted closed");
    assert_eq!(found(green(&[]), &[]), [eia, wages]);
    assert_eq!(found(green(&[]), &[supplied("in", "2018-10-17 10:00", &["环评备案表"])]), [wages]);
    assert_eq!(found(green(&[]), &[supplied("in", "2018-10-19 10:00", &["环评批复"])]), [eia, wages], "after the decision");
    assert_eq!(found(green(&["环评批复"]), &[]), [eia, wages], "a deferred paper is still owed");
    assert_eq!(found(green(&["环评批复"]), &[supplied("in", "2018-10-17 10:00", &[])]), [wages], "all that was deferred");
    assert_eq!(found(green(&[]), &step("deposit-check", None)), [eia]);
    assert_eq!(found(green(&[]), &step("wage-deposit", Some(StepResult::Passed))), [eia], "by the condition's own code");
    assert_eq!(found(green(&[]), &step("wage-deposit", Some(StepResult::Returned))), [eia, wages]);
    // The usual lane has no bottom line, and who is refused has broken none.
    assert_eq!(found(accepted("2018-10-15 10:00"), &[]), [""; 0]);
    let refused = event("closed", cn("2018-10-18 10:00"), Kind::Closed { outcome: Outcome::Refused });
    assert_eq!(found_by(&with_bottom_line(), &[green(&[]), refused], "2018-10-30 10:00"), [""; 0]);
}

#[test]
fn a_profile_sets_how_grave_a_finding_is_and_from_where_on() {
    let events = [accepted("2018-10-15 10:00"), Event { occurred_at: cn("2018-10-15 10:02"), ..closed("2018-10-15 10:02") }];
    let severities = |toml: &str| {
        let case = hall().counting(toml).assess(&events, cn(LATER));
        case.findings.iter().map(|it| (it.kind.code(), it.severity.code())).collect::<Vec<_>>()
    };
    assert_eq!(severities(""), []);
    let slower = "[thresholds]\ninstant_close_seconds = 300\n";
    assert_eq!(severities(slower), [("instant_close", "yellow")]);
    assert_eq!(severities(&format!("{slower}[findings]\ninstant_close = \"red\"")), [("instant_close", "red")]);
    assert_eq!(severities(&format!("{slower}[findings]\ninstant_close = \"off\"")), []);
}
