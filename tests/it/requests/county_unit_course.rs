//! The plan of a county's unit of 2017: the course of its cases, from joint approval to the supervision of the whole.

use std::sync::Arc;

use serde_json::{Value, json};

use super::told::{Office, Teller, each, with};

/// August, September and November 2017, March 2018.
pub fn tell(teller: &mut Teller) {
    tell_1d(teller);
    tell_1e(teller);
    tell_1f(teller);
    tell_1h(teller);
}

/// August: a project of three departments, and four cases of the environment bureau.
fn tell_1d(teller: &mut Teller) {
    let project = || json!({"project": "1d-project"});
    let visit = || json!({"procedure": "inspection", "granted_days": 1, "written_notice": true});
    for (case_no, item, closed) in
        [("1d-site", "nat-site", "2017-08-18 15:00"), ("1d-report", "env-eia-form", "2017-08-16 15:00")]
    {
        let case = teller.case(case_no, item, json!({}));
        let case = case.then("2017-08-07 09:30", "accepted", project());
        // Both departments visit the site together.
        let case = case.then("2017-08-09 10:00", "special_started", visit());
        case.then("2017-08-10 16:00", "special_ended", json!({"procedure": "inspection"})).granted(closed);
    }
    let paper = |name: &str, due_at: &str| json!([{"name": name, "due_at": due_at}]);
    let deferred = paper("资金保函", "2017-08-24T17:00:00+08:00");
    teller
        .case("1d-permit", "con-permit", json!({}))
        .then("2017-08-21 10:00", "accepted", json!({"project": "1d-project", "deferred_materials": deferred}))
        .then("2017-08-23 10:00", "materials_supplied", json!({"materials": ["资金保函"]}))
        .granted("2017-08-25 15:00");

    let deferred = paper("排放方案", "2017-08-16T17:00:00+08:00");
    teller
        .case("1d-paper-late", "env-gas", json!({}))
        .then("2017-08-14 10:00", "accepted", json!({"deferred_materials": deferred}))
        .granted("2017-08-17 15:00")
        .then("2017-08-18 10:00", "materials_supplied", json!({"materials": ["排放方案"]}));
    let asked_once = |teller: &mut Teller, case_no: &str, item: &str| {
        teller
            .case(case_no, item, json!({}))
            .then_just("2017-08-14 10:00", "accepted")
            .then_just("2017-08-15 10:00", "correction_requested")
            .then_just("2017-08-16 10:00", "corrected")
            .granted("2017-08-22 15:00");
    };
    asked_once(teller, "1d-told-once", "env-trial");
    teller
        .case("1d-told-twice", "env-discharge", json!({}))
        .then_just("2017-08-14 10:00", "accepted")
        .then_just("2017-08-15 10:00", "correction_requested")
        .then_just("2017-08-16 10:00", "corrected")
        .then_just("2017-08-17 10:00", "correction_requested")
        .then_just("2017-08-18 10:00", "corrected")
        .granted("2017-08-22 15:00");
    // Who was asked first let the application lie for seven working days.
    teller
        .case("1d-first-asked", "env-isotope", json!({}))
        .then("2017-08-14 10:00", "applied", json!({"handler": "env-w2"}))
        .then("2017-08-23 10:00", "accepted", json!({"handler": "env-w1"}))
        .granted("2017-08-24 15:00");
}

pub async fn row_1d_a_joint_approval_adds_up_and_nobody_is_sent_away(office: Arc<Office>) {
    // Joint approval: from Monday the 7th to Friday the 25th there are 14 working days after the first, of 45. The site
    // took 9 of them, the report 7 and the permit 4, so 20 days in a span of 14.
    let project = office.answer("/api/v1/projects/1d-project?as_of=2017-08-31").await["project"].clone();
    assert_eq!((&project["cases"], &project["open"]), (&json!(3), &json!(0)));
    assert_eq!(
        (&project["span_days"], &project["sum_days"], &project["parallelism"]),
        (&json!(14.0), &json!(20.0), &json!(1.4286))
    );
    let limit = &project["limit"];
    assert_eq!((&limit["limit_days"], &limit["late"], &limit["speed_up"]), (&json!(45.0), &json!(false), &json!(0.6889)));
    assert_eq!(each(&project["critical_path"], "case_no"), ["1d-site", "1d-permit"]);
    // The joint site visit took the 10th from both: 8, 6 and 4 days are the departments' own.
    let days: Vec<&Value> = project["departments"].as_array().expect("departments").iter().map(|it| &it["days"]).collect();
    assert_eq!(days, [&json!(8.0), &json!(6.0), &json!(4.0)]);
    for case_no in ["1d-site", "1d-report"] {
        assert_eq!(office.assessment(case_no).await["suspended_days"], 1.0, "{case_no}");
    }
    // Deferred materials: in time, and two days late.
    let permit = office.answer("/api/v1/cases/1d-permit").await;
    let paper = with(&permit["spans"], "clock", "deferred");
    assert_eq!((&paper["instance"], &paper["late"]), (&json!("资金保函"), &json!(false)));
    let overdue = ("deferred_overdue".to_owned(), Some("排放方案".to_owned()));
    assert!(office.findings("1d-paper-late").await.contains(&overdue));
    let cards = office.answer("/api/v1/cards?case_no=1d-paper-late&clock=deferred&level=yellow").await;
    assert_eq!(cards[0]["instance"], "排放方案");
    // One-time notice: asked once is well, asked twice is found with both requests.
    assert!(!office.kinds("1d-told-once").await.contains(&"second_correction".to_owned()));
    let twice = office.assessment("1d-told-twice").await;
    assert_eq!(with(&twice["findings"], "kind", "second_correction")["events"], json!(["1d-told-twice/2", "1d-told-twice/4"]));
    // First-asked responsibility: the five days for an answer ended on Monday the 21st, the case is deemed accepted since its
    // receipt, and the card names who was asked first, not who accepted it at last.
    let cards = office.answer("/api/v1/cards?case_no=1d-first-asked&clock=intake&level=yellow").await;
    assert_eq!((&cards[0]["handler"], &cards[0]["due_at"]), (&json!("env-w2"), &json!("2017-08-21T17:00:00+08:00")));
    let first_asked = office.assessment("1d-first-asked").await;
    assert_eq!(first_asked["accepted_at"], "2017-08-14T10:00:00+08:00");
    assert_eq!(with(&first_asked["findings"], "kind", "deemed_accepted")["events"], json!(["1d-first-asked/1"]));
    // Handling within the limit: that case took 8 days of 5, the six others are in time.
    let figures = office.figures("from=2017-08-01&to=2017-09-01").await;
    assert_eq!((&figures["on_time"], &figures["late"], &figures["on_time_rate"]), (&json!(6), &json!(1), &json!(0.8571)));
}

/// What the bottom line "1+3+2+1" asks for, and the paper that shows it: the assessment of effects on the environment; the
/// reviewed drawings, the contractor and the supervisor; the deposits for wages and safety; work-injury insurance.
const BOTTOM_LINE: [(&str, &str); 7] = [
    ("eia", "环评批复"),
    ("drawings", "施工图审查合格书"),
    ("contractor", "施工合同"),
    ("supervisor", "监理合同"),
    ("wage-deposit", "工资保证金缴存凭证"),
    ("safety-deposit", "安全保证金缴存凭证"),
    ("injury-insurance", "工伤保险参保证明"),
];

/// September: building permits in the green channel, and one outside it.
fn tell_1e(teller: &mut Teller) {
    let mut permit = |case_no: &str, green: bool, materials: Vec<&str>| {
        let case = teller.case(case_no, "con-permit", json!({}));
        let case = case.then("2017-09-04 10:00", "accepted", json!({"green_channel": green}));
        let case = if materials.is_empty() {
            case
        } else {
            case.then("2017-09-04 11:00", "materials_supplied", json!({"materials": materials}))
        };
        case.granted("2017-09-06 15:00");
    };
    let all_but = |missing: &str| BOTTOM_LINE.iter().filter(|(code, _)| *code != missing).map(|(_, paper)| *paper).collect();
    permit("1e-complete", true, all_but(""));
    permit("1e-bare", true, Vec::new());
    permit("1e-ordinary", false, Vec::new());
    for (code, _) in BOTTOM_LINE {
        permit(&format!("1e-without-{code}"), true, all_but(code));
    }
    // The wage deposit was deferred, and is shown two days after the decision.
    let owed = json!([{"name": "工资保证金缴存凭证", "due_at": "2017-09-08T17:00:00+08:00"}]);
    teller
        .case("1e-owed", "con-permit", json!({}))
        .then("2017-09-04 10:00", "accepted", json!({"green_channel": true, "deferred_materials": owed}))
        .then("2017-09-04 11:00", "materials_supplied", json!({"materials": all_but("wage-deposit") as Vec<&str>}))
        .granted("2017-09-06 15:00")
        .then("2017-09-08 10:00", "materials_supplied", json!({"materials": ["工资保证金缴存凭证"]}));
}

pub async fn row_1e_the_green_channel_leaves_out_no_bottom_line(office: Arc<Office>) {
    let unmet = async |case_no: &str| -> Vec<String> {
        let findings = office.findings(case_no).await.into_iter();
        findings.filter(|(kind, _)| kind == "bottom_line_unmet").filter_map(|(_, condition)| condition).collect()
    };
    assert_eq!(unmet("1e-complete").await, [""; 0]);
    assert_eq!(unmet("1e-bare").await, BOTTOM_LINE.map(|(code, _)| code));
    assert_eq!(unmet("1e-ordinary").await, [""; 0], "the bottom line is that of the green channel");
    for (code, _) in BOTTOM_LINE {
        assert_eq!(unmet(&format!("1e-without-{code}")).await, [code]);
    }
    assert_eq!(unmet("1e-owed").await, ["wage-deposit"], "what is deferred is not met");
    // Ten cases of the green channel, with 7 + 7 × 1 + 1 conditions unmet; a red finding each.
    let figures = office.figures("from=2017-09-01&to=2017-10-01&green_channel=true").await;
    assert_eq!((&figures["closed"], &figures["findings"]["bottom_line_unmet"]), (&json!(10), &json!(15)));
    let why = office.answer("/api/v1/cases/1e-without-eia/explanation?as_of=2017-09-07").await;
    let finding = with(&why["explanation"]["findings"], "kind", "bottom_line_unmet");
    assert_eq!((&finding["severity"], &finding["detail"]), (&json!("red"), &json!("eia")));
}

/// November: works of four firms, each begun on Wednesday the 1st. By the 8th five working days are used, by the 23rd
/// sixteen.
fn tell_1f(teller: &mut Teller) {
    for (firm, in_time, late) in [("agency-1", 9, 0), ("agency-2", 10, 0), ("agency-3", 0, 10), ("agency-4", 9, 1)] {
        for number in 0..in_time + late {
            let ended = if number < in_time { "2017-11-08 15:00" } else { "2017-11-23 15:00" };
            let started = json!({"procedure": "external", "party": firm, "written_notice": true});
            teller
                .case(&format!("1f-{firm}-{number}"), "nat-plan", json!({}))
                .then_just("2017-11-01 10:00", "accepted")
                .then("2017-11-01 11:00", "special_started", started)
                .then(ended, "special_ended", json!({"procedure": "external"}))
                .granted("2017-11-24 15:00");
        }
    }
}

pub async fn row_1f_intermediaries_have_a_published_standard_stars_and_a_blacklist(office: Arc<Office>) {
    let answer = office.answer("/api/v1/parties?from=2017-11-01&to=2017-12-01").await;
    // The standard: the surveyor has published seven days; firms that have published nothing have ten.
    let published = |firm: &str| with(&answer["published"], "party", firm);
    assert_eq!(
        (&published("agency-2")["service"], &published("agency-2")["limit"]),
        (&json!("地形测绘"), &json!("7 working_days"))
    );
    assert_eq!(published("*")["limit"], "10 working_days");
    let firm = |firm: &str| with(&answer["parties"], "party", firm);
    // All in time, 5 of 7 days each: five stars. Nine works are too few for any.
    let surveyor = firm("agency-2");
    assert_eq!(
        (&surveyor["on_time_share"], &surveyor["stars"], &surveyor["time_share"]),
        (&json!(1.0), &json!(5), &json!(0.7143))
    );
    assert_eq!((&firm("agency-1")["works"], &firm("agency-1")["stars"]), (&json!(9), &json!(null)));
    // Nine of ten in time are three stars (from 80 % on two, from 90 % three): (9 × 5 + 16) / (10 × 10) of the time.
    let usual = firm("agency-4");
    assert_eq!((&usual["stars"], &usual["time_share"], &usual["blacklist"]), (&json!(3), &json!(0.61), &json!(false)));
    // None of ten in time: Wilson's upper end is 3.8416 / 13.8416, far below the 70 % of the blacklist.
    let bad = firm("agency-3");
    assert_eq!((&bad["stars"], &bad["interval"]["high"], &bad["blacklist"]), (&json!(1), &json!(0.2775), &json!(true)));
    // Its lateness is its own, not the department's, and is carded against the limit published.
    let cards = office.answer("/api/v1/cards?case_no=1f-agency-3-0&clock=special&level=yellow").await;
    assert_eq!(cards.as_array().expect("cards").len(), 1);
    assert_eq!(office.assessment("1f-agency-3-0").await["promised"]["late"], false);
    let why = office.answer("/api/v1/cases/1f-agency-3-0/explanation?as_of=2017-11-24T16:00:00%2B08:00").await;
    let clock = with(&why["explanation"]["clocks"], "clock", "special");
    assert_eq!((&clock["limit_source"]["origin"], &clock["days_over"]), (&json!("party_published"), &json!(6.0)));
}

/// March 2018: one report from the application to the certificate; its review is slow.
fn tell_1h(teller: &mut Teller) {
    let by = |handler: &str, role: &str| json!({"handler": handler, "role": role});
    let step = |step: &str, handler: &str| json!({"step": step, "handler": handler, "role": "section"});
    teller
        .case("1h", "env-eia-form", json!({"window": "01号窗口", "department": "环境保护局"}))
        .then("2018-03-05 09:30", "applied", by("env-w1", "window"))
        .then("2018-03-05 10:00", "accepted", by("env-w1", "window"))
        .then("2018-03-06 10:00", "step_started", step("survey", "env-s1"))
        .then("2018-03-08 10:00", "step_completed", step("survey", "env-s1"))
        .then("2018-03-09 10:00", "step_started", step("review", "env-s2"))
        .then("2018-03-23 10:00", "step_completed", step("review", "env-s2"))
        .then("2018-03-26 10:00", "decided", json!({"outcome": "granted", "handler": "env-c1", "role": "chief_representative"}))
        .then("2018-03-27 10:00", "delivered", json!({"certificate": "环评批复"}));
}

pub async fn row_1h_the_whole_course_is_supervised_and_told_in_time(office: Arc<Office>) {
    // The whole course: every event, and every clock from the application to the delivery with who had it.
    let case = office.answer("/api/v1/cases/1h").await;
    assert_eq!(
        each(&case["events"], "kind"),
        ["applied", "accepted", "step_started", "step_completed", "step_started", "step_completed", "decided", "delivered"]
    );
    let mut clocks = each(&case["spans"], "clock");
    clocks.sort();
    assert_eq!(clocks, ["delivery", "intake", "promised", "statutory", "step", "step"]);
    let review = with(&case["spans"], "instance", "review");
    assert_eq!((&review["handler"], &review["late"]), (&json!("env-s2"), &json!(true)));
    // Progress at any time: by the 14th seven days of ten are used, by the 20th eleven, and the card is there.
    let at = async |day: &str| {
        office.answer(&format!("/api/v1/cases/1h/explanation?as_of={day}T12:00:00%2B08:00")).await["explanation"].clone()
    };
    let early = at("2018-03-14").await;
    assert_eq!((&early["assessment"]["status"], &early["assessment"]["elapsed_days"]), (&json!("open"), &json!(7.0)));
    assert_eq!(early["assessment"]["promised"]["late"], false);
    let late = at("2018-03-20").await;
    assert_eq!((&late["assessment"]["elapsed_days"], &late["assessment"]["promised"]["late"]), (&json!(11.0), &json!(true)));
    // In time: whoever must know is told of reminder and yellow card, on the promise and on the review.
    let is_of_this_case = |message: &Value| message["card"]["case_no"] == "1h" && message["card"]["state"] == "issued";
    let told = office.webhook.wait_for(4, is_of_this_case).await;
    let mut cards: Vec<String> =
        told.iter().map(|it| format!("{} {}", it.body["card"]["clock"], it.body["card"]["level"]).replace('"', "")).collect();
    cards.sort();
    assert_eq!(cards, ["promised reminder", "promised yellow", "step reminder", "step yellow"]);
    let yellow = told
        .iter()
        .find(|it| it.body["card"]["clock"] == "promised" && it.body["card"]["level"] == "yellow")
        .expect("the yellow card");
    assert_eq!(
        (&yellow.body["card"]["department"], &yellow.body["card"]["due_at"]),
        (&json!("环境保护局"), &json!("2018-03-19T09:00:00Z"))
    );
    assert!(yellow.body["text"].as_str().expect("a text").contains("1h"), "{}", yellow.body);
}
