//! Suxian district, 2010: every link is supervised, everybody is connected, and the public may know.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    county_centre::departments,
    told::{Office, Teller, each, with},
};

/// October 2010; May, July and August 2011.
pub fn tell(teller: &mut Teller) {
    tell_5a(teller);
    tell_5b(teller);
    tell_5c(teller);
    tell_5d(teller);
}

/// What stops the clock of a case: all special procedures but the extension, which lengthens it.
const PROCEDURES: [&str; 11] = [
    "hearing",
    "tender",
    "auction",
    "inspection",
    "testing",
    "quarantine",
    "appraisal",
    "expert_review",
    "publicity",
    "external",
    "other",
];

/// October 2010: a case that goes through every link, one for each special procedure, one that was extended, and one whose
/// closing was reported wrongly.
fn tell_5a(teller: &mut Teller) {
    let paper = json!([{"name": "用地文件", "due_at": "2010-10-15T17:00:00+08:00"}]);
    teller
        .case("5a-links", "env-eia-form", json!({"window": "01号窗口", "handler": "env-w1"}))
        .then_just("2010-10-11 09:30", "applied")
        .then("2010-10-11 10:00", "accepted", json!({"deferred_materials": paper}))
        .then("2010-10-11 14:00", "step_started", json!({"step": "survey"}))
        .then("2010-10-12 10:00", "special_started", json!({"procedure": "hearing", "granted_days": 2, "written_notice": true}))
        .then("2010-10-13 10:00", "special_ended", json!({"procedure": "hearing"}))
        .then("2010-10-14 10:00", "step_completed", json!({"step": "survey"}))
        .then("2010-10-14 11:00", "materials_supplied", json!({"materials": ["用地文件"]}))
        .then("2010-10-18 10:00", "decided", json!({"outcome": "granted"}))
        .then_just("2010-10-19 10:00", "delivered")
        // Deviations that were corrected in time: a bad rating, a complaint.
        .then("2010-10-19 11:00", "rated", json!({"score": 5}))
        .then_just("2010-10-20 10:00", "complained")
        .then_just("2010-10-22 10:00", "complaint_resolved")
        .then_just("2010-10-25 10:00", "rating_rectified");
    for procedure in PROCEDURES {
        // Two days granted on Tuesday the 12th; taken until Tuesday the 19th.
        let started = json!({"procedure": procedure, "granted_days": 2, "written_notice": true});
        teller
            .case(&format!("5a-{procedure}"), "env-eia-form", json!({}))
            .then_just("2010-10-11 10:00", "accepted")
            .then("2010-10-12 10:00", "special_started", started)
            .then("2010-10-19 10:00", "special_ended", json!({"procedure": procedure}))
            .granted("2010-10-20 10:00");
    }
    teller
        .case("5a-extension", "env-gas", json!({}))
        .then_just("2010-10-11 10:00", "accepted")
        .then(
            "2010-10-12 10:00",
            "special_started",
            json!({"procedure": "extension", "granted_days": 10, "written_notice": true}),
        )
        .granted("2010-10-15 10:00");
    closed_on(teller, "2010-10-27", 1);
}

/// A case with a promise of five days, accepted on Monday 11 October 2010, and on which day it was closed.
fn closed_on(teller: &mut Teller, day: &str, revision: u32) {
    let case = teller.case("5a-corrected", "env-gas", json!({}));
    let case = case.then_just("2010-10-11 10:00", "accepted");
    case.then(&format!("{day} 10:00"), "closed", json!({"outcome": "granted", "revision": revision}));
}

/// What is reported after everything else: that case was closed on the 14th.
pub fn correct(teller: &mut Teller) {
    closed_on(teller, "2010-10-14", 2);
}

pub async fn row_5a_every_link_and_procedure_is_supervised_and_deviations_are_corrected(office: Arc<Office>) {
    // Every link has its clock.
    let case = office.answer("/api/v1/cases/5a-links").await;
    let mut clocks = each(&case["spans"], "clock");
    clocks.sort();
    let all = ["complaint", "deferred", "delivery", "intake", "promised", "rectification", "special", "statutory", "step"];
    assert_eq!(clocks, all);
    // Every procedure too: of the five working days after the 12th up to the 19th two were granted. The three others are
    // over its own limit, with a card, and count again for the case: seven days up to the 20th without two.
    for procedure in PROCEDURES {
        let cards = office.answer(&format!("/api/v1/cards?case_no=5a-{procedure}&clock=special&level=yellow")).await;
        assert_eq!(cards.as_array().expect("cards").len(), 1, "{procedure}");
        let case = office.assessment(&format!("5a-{procedure}")).await;
        assert_eq!((&case["elapsed_days"], &case["suspended_days"]), (&json!(5.0), &json!(2.0)), "{procedure}");
    }
    // An extension adds its ten days to the twenty of the law, and stops nothing.
    let extended = office.assessment("5a-extension").await;
    assert_eq!((&extended["statutory"]["limit_days"], &extended["suspended_days"]), (&json!(30.0), &json!(0.0)));
    // Deviations are found, and seen to be corrected in time: the rating within 15 days, the complaint within five.
    for clock in ["rectification", "complaint"] {
        let span = with(&case["spans"], "clock", clock);
        assert_eq!((&span["late"], span["ended_at"].is_string()), (&json!(false), true), "{clock}");
    }
    // What was found of a wrong report is taken back when it is mended, and stays visible with the reason.
    let withdrawn = office.answer("/api/v1/cards?case_no=5a-corrected&state=withdrawn").await;
    let mut levels = each(&withdrawn, "level");
    levels.sort();
    assert_eq!(levels, ["reminder", "yellow"]);
    assert_eq!(withdrawn[0]["reason"], "no longer founded on the events of the case");
    let mended = office.assessment("5a-corrected").await;
    assert_eq!(
        (&mended["elapsed_days"], &mended["promised"]["late"], &mended["cards"]),
        (&json!(3.0), &json!(false), &json!([]))
    );
}

/// May 2011: one case at the window of each of 21 departments, accepted on Monday the 9th.
fn tell_5b(teller: &mut Teller) {
    for (number, (_, item)) in departments().into_iter().take(21).enumerate() {
        // Monday the 16th is the fifth working day, Friday the 20th the ninth.
        let closed = if number == 20 { "2011-05-20 10:00" } else { "2011-05-16 10:00" };
        let project = if number < 2 { json!({"project": "5b-project"}) } else { json!({}) };
        let case = teller.case(&format!("5b-{number:02}"), &item, json!({"window": format!("苏仙{}号窗口", number + 1)}));
        case.then("2011-05-09 10:00", "accepted", project).granted(closed);
    }
}

pub async fn row_5b_twenty_one_departments_close_general_items_within_seven_days(office: Arc<Office>) {
    const MAY: &str = "from=2011-05-01&to=2011-06-01";
    // Twenty of twenty-one.
    let figures = office.figures(MAY).await;
    assert_eq!((&figures["closed"], &figures["within_7_days_rate"]), (&json!(21), &json!(0.9524)));
    // Twenty-one departments with business, eight of the catalogue without; one window each, with one case each.
    let coverage = office.answer(&format!("/api/v1/coverage?{MAY}")).await;
    let of = |field: &str| coverage[field].as_array().expect("departments").len();
    assert_eq!((of("departments"), of("departments_without")), (21, 8));
    let windows = office.answer(&format!("/api/v1/figures?{MAY}&group_by=window")).await;
    let closed = windows["groups"].as_array().expect("windows").iter().filter(|it| it["figures"]["closed"] == 1);
    assert_eq!(closed.count(), 21);
    // Two of them approved one project jointly, at the same time: five days each in a span of five.
    let project = office.answer("/api/v1/projects/5b-project?as_of=2011-06-01").await["project"].clone();
    assert_eq!((&project["cases"], &project["span_days"], &project["parallelism"]), (&json!(2), &json!(5.0), &json!(2.0)));
    assert_eq!(project["departments"].as_array().expect("departments").len(), 2);
}

/// The townships of the sample county.
const TOWNSHIPS: [&str; 6] = ["330999101", "330999102", "330999103", "330999104", "330999105", "330999106"];

/// July 2011: a late case of the section that approves, and one case at the counter of each township.
fn tell_5c(teller: &mut Teller) {
    teller
        .case("5c-shared", "env-gas", json!({"window": "01号窗口", "department": "环境保护局"}))
        .then("2011-07-04 10:00", "accepted", json!({"handler": "env-w1", "role": "window"}))
        .then("2011-07-05 10:00", "step_started", json!({"step": "review", "handler": "env-s1", "role": "section"}))
        .then("2011-07-13 10:00", "step_completed", json!({"step": "review", "handler": "env-s1", "role": "section"}))
        .then("2011-07-14 10:00", "closed", json!({"outcome": "granted", "handler": "env-c1"}));
    for (number, township) in TOWNSHIPS.into_iter().enumerate() {
        let says = json!({"region": township, "place": "township", "handler": format!("t{}-w1", number + 1), "role": "window"});
        let case = teller.case(&format!("5c-{township}"), "civ-elderly", says);
        case.then_just("2011-07-18 10:00", "accepted").granted("2011-07-18 10:30");
    }
}

pub async fn row_5c_sections_share_what_is_known_and_townships_are_connected(office: Arc<Office>) {
    // One answer has what the approving section reported and what supervision says about it: eight days of five.
    let case = office.answer("/api/v1/cases/5c-shared").await;
    assert_eq!(with(&case["events"], "kind", "step_completed")["handler"], "env-s1");
    assert_eq!((&case["assessment"]["elapsed_days"], &case["assessment"]["promised"]["days_over"]), (&json!(8.0), &json!(3.0)));
    // And the section hears of it: the card names it, and when its five days ended, on Monday the 11th.
    let is_the_card = |message: &Value| {
        let card = &message["card"];
        card["case_no"] == "5c-shared" && card["clock"] == "promised" && card["level"] == "yellow"
    };
    let told = office.webhook.wait_for(1, is_the_card).await;
    let card = &told[0].body["card"];
    assert_eq!((&card["department"], &card["due_at"]), (&json!("环境保护局"), &json!("2011-07-11T09:00:00Z")));
    // Townships are connected: each has business, and one that should have and has not is named.
    let asked = format!("{},330999107", TOWNSHIPS.join(","));
    let coverage = office.answer(&format!("/api/v1/coverage?from=2011-07-01&to=2011-08-01&regions={asked}")).await;
    assert_eq!(coverage["regions_without"], json!(["330999107"]));
    for township in TOWNSHIPS {
        let business = with(&coverage["regions"], "key", township);
        assert_eq!((&business["received"], &business["closed"]), (&json!(1), &json!(1)), "{township}");
        assert_eq!(office.kinds(&format!("5c-{township}")).await, [""; 0], "the counter may decide");
    }
}

/// August 2011: a house that is under review, one that was granted for the fee, and one for which too much was charged.
fn tell_5d(teller: &mut Teller) {
    let house = json!({"window": "04号窗口", "handler": "con-w1"});
    teller
        .case("5d-review", "con-house", house.clone())
        .then_just("2011-08-01 09:30", "applied")
        .then_just("2011-08-01 10:00", "accepted")
        .then("2011-08-02 10:00", "step_started", json!({"step": "survey"}))
        .then("2011-08-03 10:00", "step_completed", json!({"step": "survey"}))
        .then("2011-08-04 10:00", "step_started", json!({"step": "review"}));
    for (case_no, fee) in [("5d-paid", 1000), ("5d-overcharged", 2000)] {
        teller
            .case(case_no, "con-house", house.clone())
            .then_just("2011-08-01 10:00", "accepted")
            .then("2011-08-01 10:10", "fee_charged", json!({"amount_fen": fee}))
            .granted("2011-08-05 10:00");
    }
}

pub async fn row_5d_everybody_may_know_the_item_and_how_far_a_case_is(office: Arc<Office>) {
    // Item, procedure, materials, promised limit, fee and its basis.
    let item = office.answer("/api/v1/items/con-house?on=2011-08-01").await;
    assert_eq!((&item["name"], &item["department"]), (&json!("农村居民建房审批"), &json!("住房和城乡建设局")));
    assert_eq!(item["procedure"], json!(["受理", "现场勘查", "审查", "签批", "决定", "送达"]));
    assert_eq!(item["materials"], json!(["申请表", "申请人身份证明或营业执照", "村民委员会意见", "宅基地批准书"]));
    assert_eq!((&item["promised_limit"], &item["fee_fen"]), (&json!("7 working_days"), &json!(1000)));
    assert_eq!(item["fee_basis"], "省级价格、财政部门核定的收费标准");
    // Every item of the sample county says all of it.
    let items = office.answer("/api/v1/items?on=2011-08-01&department=住房和城乡建设局").await;
    for item in items.as_array().expect("items") {
        let is_told = |field: &str| item[field].as_array().is_some_and(|texts| !texts.is_empty());
        assert!(is_told("procedure") && is_told("materials"), "{item}");
        assert!(item["fee_fen"] == 0 || item["fee_basis"].is_string(), "{item}");
    }
    // Status of handling: under review, due on the seventh working day after Monday the 1st; and no person is named.
    let status = office.answer("/api/v1/cases/5d-review/status").await;
    assert_eq!((&status["item_name"], &status["step"]), (&json!("农村居民建房审批"), &json!("review")));
    assert_eq!((&status["status"], &status["promised_due_at"]), (&json!("open"), &json!("2011-08-10T17:00:00+08:00")));
    assert!(!status.to_string().contains("con-w1"), "{status}");
    let paid = office.answer("/api/v1/cases/5d-paid/status").await;
    assert_eq!((&paid["status"], &paid["outcome"], &paid["step"]), (&json!("closed"), &json!("granted"), &json!(null)));
    for path in ["/api/v1/cases/nobody/status", "/api/v1/items/nothing", "/api/v1/items/con-house?on=2010-01-01"] {
        assert_eq!(office.hall.get_api(path).await.0, 404, "{path}");
    }
    assert_eq!(office.hall.get_api("/api/v1/items?on=soon").await.0, 400);
    // What is charged beside the published fee is found.
    assert!(!office.kinds("5d-paid").await.contains(&"fee_mismatch".to_owned()));
    assert!(office.kinds("5d-overcharged").await.contains(&"fee_mismatch".to_owned()));
}
