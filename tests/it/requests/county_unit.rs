//! The plan of a county's unit of 2017: limits, the hall and its windows. Its course of a case is in `county_unit_course`.

use std::sync::Arc;

use serde_json::json;

use super::told::{Office, Teller, each, with};

/// March, June, July and December 2017.
pub fn tell(teller: &mut Teller) {
    tell_1a(teller);
    tell_1b(teller);
    tell_1c(teller);
    tell_1g(teller);
}

/// Three reports in March, accepted on Monday the 6th; the promise is 10 working days, the law gives 30.
fn tell_1a(teller: &mut Teller) {
    // Thursday, Tuesday and Friday of the weeks that follow: 3, 6 and 9 working days after the day of acceptance.
    for (number, closed) in ["2017-03-09 15:00", "2017-03-14 15:00", "2017-03-17 15:00"].into_iter().enumerate() {
        let case = teller.case(&format!("1a-{number}"), "env-eia-form", json!({"window": "01号窗口"}));
        case.then_just("2017-03-06 10:00", "accepted").granted(closed);
    }
}

pub async fn row_1a_limits_are_compressed_speed_up_is_known_and_promises_are_public(office: Arc<Office>) {
    const MARCH: &str = "from=2017-03-01&to=2017-04-01";
    // Compressed to the utmost: ten items of the environment bureau state both limits in working days. By law
    // 60+30+15+30+30+60+20+20+20+20 = 305 days, promised 20+10+1+10+7+20+10+5+5+1 = 89: (305 − 89) / 305.
    let hall = office.answer(&format!("/api/v1/hall?{MARCH}")).await;
    assert_eq!(with(&hall["catalog"], "key", "环境保护局")["promised_compression"], 0.7082);
    // What is not compressed at all is named: of the bureau of justice one promise is the statutory limit.
    let gaming = office.answer(&format!("/api/v1/gaming?{MARCH}")).await;
    let padded: Vec<&str> = gaming["padded_items"].as_array().expect("items").iter().filter_map(|it| it.as_str()).collect();
    assert!(padded.contains(&"jus-5") && !padded.contains(&"jus-4"), "{padded:?}");
    // Speed-up of at least 30 %: 3 + 6 + 9 = 18 days of 3 × 30 by law, and of 3 × 10 promised.
    let figures = office.figures(MARCH).await;
    assert_eq!(figures["closed"], 3);
    assert_eq!(figures["speed_up"]["statutory"], json!({"weighted": 0.8, "mean": 0.8}));
    assert_eq!(figures["speed_up"]["promised"], json!({"weighted": 0.4, "mean": 0.4}));
    // The promise is public.
    let item = office.answer("/api/v1/items/env-eia-form?on=2017-03-06").await;
    assert_eq!((&item["promised_limit"], &item["statutory_limit"]), (&json!("10 working_days"), &json!("30 working_days")));
}

/// In June the window of the bureau of justice closes three of five cases on their day, the model hall's 19 of 20.
fn tell_1b(teller: &mut Teller) {
    for number in 0..5 {
        let closed = if number < 3 { "2017-06-05 15:00" } else { "2017-06-06 15:00" };
        let case = teller.case(&format!("1b-justice-{number}"), "jus-1", json!({"window": "15号窗口"}));
        case.then_just("2017-06-05 10:00", "accepted").granted(closed);
    }
    for number in 0..20 {
        let closed = if number < 19 { "2017-06-12 11:00" } else { "2017-06-13 11:00" };
        let case = teller.case(&format!("1b-model-{number}"), "mkt-individual", json!({"window": "02号窗口"}));
        case.then_just("2017-06-12 10:00", "accepted").granted(closed);
    }
}

pub async fn row_1b_same_day_rate_and_share_of_powers_in_the_hall_are_known(office: Arc<Office>) {
    const JUNE: &str = "from=2017-06-01&to=2017-07-01";
    // 60 % at the window, 95 % in the model hall, 22 of 25 in all.
    let by_window = format!("/api/v1/figures?{JUNE}&group_by=window");
    assert_eq!(office.group(&by_window, "15号窗口").await["figures"]["same_day_rate"], 0.6);
    assert_eq!(office.group(&by_window, "02号窗口").await["figures"]["same_day_rate"], 0.95);
    assert_eq!(office.figures(JUNE).await["same_day_rate"], 0.88);
    // Three of five powers of the bureau of justice are in the hall. In all, 64 items of the sample county (four outside),
    // five of justice (two outside), fifteen others.
    let hall = office.answer(&format!("/api/v1/hall?{JUNE}")).await;
    let justice = with(&hall["catalog"], "key", "司法局");
    assert_eq!((&justice["items"], &justice["hall_items"], &justice["hall_share"]), (&json!(5), &json!(3), &json!(0.6)));
    let county = &hall["catalog"][0];
    assert_eq!((&county["items"], &county["hall_items"], &county["hall_share"]), (&json!(84), &json!(78), &json!(0.9286)));
}

/// A building permit of July that waits for a surveyor and for the opinion of another department.
fn tell_1c(teller: &mut Teller) {
    let case = teller.case("1c", "con-permit", json!({"window": "04号窗口"}));
    case.then_just("2017-07-03 10:00", "accepted")
        .then(
            "2017-07-04 10:00",
            "special_started",
            json!({"procedure": "external", "party": "agency-2", "written_notice": true}),
        )
        .then("2017-07-13 10:00", "special_ended", json!({"procedure": "external"}))
        .then("2017-07-14 10:00", "special_started", json!({"procedure": "external", "granted_days": 2, "written_notice": true}))
        .then("2017-07-18 10:00", "special_ended", json!({"procedure": "external"}))
        .granted("2017-07-20 15:00");
}

pub async fn row_1c_only_controllable_time_counts(office: Arc<Office>) {
    // From Monday the 3rd to Thursday the 20th there are 13 working days after the first. The surveyor has those after the
    // 4th up to the 13th, seven; the other department the 17th and 18th. Four are the department's own, of a promise of 7.
    let case = office.assessment("1c").await;
    assert_eq!((&case["elapsed_days"], &case["suspended_days"]), (&json!(4.0), &json!(9.0)));
    assert_eq!((&case["promised"]["late"], &case["promised"]["speed_up"]), (&json!(false), &json!(0.4286)));
    // Every day that does not count says why.
    let why = office.answer("/api/v1/cases/1c/explanation?as_of=2017-07-21").await;
    let suspensions = &why["explanation"]["suspensions"];
    assert_eq!((&suspensions[0]["party"], &suspensions[1]["granted_days"]), (&json!("agency-2"), &json!(2)));
    assert!(why["text"].as_str().expect("a text").contains("中止，不计"), "{why}");
    // The surveyor's time is supervised on its own: the seven days it has published.
    let parties = office.answer("/api/v1/parties?from=2017-07-01&to=2017-08-01").await;
    let surveyor = with(&parties["parties"], "party", "agency-2");
    assert_eq!((&surveyor["works"], &surveyor["on_time"], &surveyor["time_share"]), (&json!(1), &json!(1), &json!(1.0)));
}

/// December: a window that decides, one that is a mail room, and the counter of a township.
fn tell_1g(teller: &mut Teller) {
    let hall = json!({"place": "hall"});
    let by =
        |handler: &str, role: &str, place: &str| json!({"outcome": "granted", "handler": handler, "role": role, "place": place});
    let chief = || by("env-c1", "chief_representative", "hall");

    let window = || json!({"window": "01号窗口"});
    let case = teller.case("1g-decided", "env-eia-register", window());
    case.then("2017-12-04 10:00", "accepted", hall.clone()).then("2017-12-04 10:20", "closed", chief());
    let case = teller.case("1g-section", "env-eia-register", window());
    case.then("2017-12-04 10:00", "accepted", hall.clone()).then("2017-12-04 10:30", "closed", by("env-s1", "section", "hall"));
    // This applicant had to come four times: to apply, with a correction, with a deferred paper, and for the result.
    let deferred =
        json!({"deferred_materials": [{"name": "辐射安全许可证", "due_at": "2017-12-08T17:00:00+08:00"}], "place": "hall"});
    teller
        .case("1g-four-trips", "env-isotope", window())
        .then("2017-12-04 09:30", "applied", hall.clone())
        .then("2017-12-04 10:00", "correction_requested", hall.clone())
        .then("2017-12-05 10:00", "corrected", hall.clone())
        .then("2017-12-05 10:30", "accepted", deferred)
        .then("2017-12-06 10:00", "materials_supplied", json!({"materials": ["辐射安全许可证"], "place": "hall"}))
        .then("2017-12-07 10:00", "closed", chief())
        .then("2017-12-08 10:00", "delivered", hall.clone());

    let mail_room = || json!({"window": "01号窗口B"});
    teller
        .case("1g-circulates", "env-gas", mail_room())
        .then("2017-12-11 10:00", "accepted", hall.clone())
        .then("2017-12-11 14:00", "step_started", json!({"step": "review", "place": "office"}))
        .then("2017-12-12 10:00", "step_completed", json!({"step": "review", "place": "office"}))
        .then("2017-12-13 10:00", "closed", bureau_decides());
    let case = teller.case("1g-carried-away", "env-gas", mail_room());
    case.then("2017-12-11 10:00", "accepted", hall).then("2017-12-13 10:00", "closed", bureau_decides());

    let township =
        json!({"window": "城关镇便民服务中心", "region": "330999101", "handler": "t1-w1", "role": "window", "place": "township"});
    let case = teller.case("1g-township", "mkt-individual", township);
    case.then_just("2017-12-18 10:00", "accepted").granted("2017-12-18 10:30");
}

fn bureau_decides() -> serde_json::Value {
    json!({"outcome": "granted", "handler": "env-s1", "role": "section", "place": "office"})
}

pub async fn row_1g_windows_decide_nothing_leaves_the_hall_and_nobody_runs_back_and_forth(office: Arc<Office>) {
    const DECEMBER: &str = "from=2017-12-01&to=2018-01-01";
    let by_window = format!("/api/v1/hall?{DECEMBER}&group_by=window");
    // The first window decides: two of its three decisions were taken there by those authorised, one by a section.
    let window = office.group(&by_window, "01号窗口").await;
    assert_eq!((&window["window_decision_rate"], &window["unauthorised"]), (&json!(0.6667), &json!(1)));
    assert_eq!((&window["pass_through_rate"], &window["left_hall_rate"]), (&json!(0.0), &json!(0.0)));
    assert_eq!(office.kinds("1g-section").await, ["unauthorised_decision"]);
    // One correction in three cases; one trip, one trip and four.
    assert_eq!((&window["corrections_per_case"], &window["trips_per_case"]), (&json!(0.3333), &json!(2.0)));
    // The second is a mail room. A step begun and completed in the bureau, and two decisions there: four acts off the hall.
    let mail_room = office.group(&by_window, "01号窗口B").await;
    assert_eq!((&mail_room["window_decision_rate"], &mail_room["pass_through_rate"]), (&json!(0.0), &json!(1.0)));
    assert_eq!((&mail_room["left_hall_rate"], &mail_room["off_hall_steps"]), (&json!(1.0), &json!(4)));
    let circulates = office.assessment("1g-circulates").await;
    let off_hall = with(&circulates["findings"], "kind", "off_hall_step");
    assert_eq!(off_hall["events"], json!(["1g-circulates/2", "1g-circulates/3", "1g-circulates/4"]));
    // Five powers are delegated to townships, and there the counter decides.
    let hall = office.answer(&by_window).await;
    assert_eq!(hall["catalog"][0]["delegated_items"], 5);
    let delegated = office.answer("/api/v1/items?on=2017-12-18").await;
    let delegated = delegated.as_array().expect("items").iter().filter(|item| item["delegated_to_townships"] == true);
    let delegated = json!(delegated.collect::<Vec<_>>());
    assert_eq!(each(&delegated, "code"), ["civ-aid", "civ-elderly", "civ-marriage", "con-house", "mkt-individual"]);
    assert_eq!(office.group(&by_window, "城关镇便民服务中心").await["window_decision_rate"], 1.0);
    let by_region = format!("/api/v1/figures?{DECEMBER}&group_by=region");
    assert_eq!(office.group(&by_region, "330999101").await["figures"]["same_day"], 1);
}
