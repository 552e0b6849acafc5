//! The environment bureau of Hanchuan, 2010: twelve items, and a chief representative at the window.

use std::sync::Arc;

use domain::event::Form;
use serde_json::json;
use simulate::County;

use super::told::{Office, Teller, each, with};

/// November 2010: one case of each item, accepted on Monday the 1st, and a report without its joint opinion.
pub fn tell(teller: &mut Teller) {
    let chief = |more: serde_json::Value| {
        let mut says = json!({"handler": "env-c1", "role": "chief_representative", "place": "hall"});
        says.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        says
    };
    let section = |step: &str| json!({"step": step, "handler": "env-s1", "role": "section", "place": "hall"});
    let clerk = json!({"window": "01号窗口"});
    let county = County::sample();
    let items = county.catalog().in_force_on("2010-11-01".parse().expect("a day"));
    for item in items.into_iter().filter(|item| item.department == "环境保护局") {
        let case = teller.case(&format!("2-{}", item.code), &item.code, clerk.clone());
        let mut case = case.then("2010-11-01 10:00", "accepted", json!({"place": "hall"}));
        if item.form == Form::Immediate {
            // Decided on the spot.
            case.then("2010-11-01 10:20", "closed", chief(json!({"outcome": "granted"})));
            continue;
        }
        // Coordinated: the sections do their part, and the joint opinion is signed at the window.
        for (step, started, completed) in
            [("survey", "2010-11-01 14:00", "2010-11-02 15:00"), ("review", "2010-11-02 15:30", "2010-11-03 15:00")]
        {
            if item.mandatory_steps.iter().any(|code| code == step) {
                case = case.then(started, "step_started", section(step)).then(completed, "step_completed", section(step));
            }
        }
        if item.mandatory_steps.iter().any(|code| code == "countersign") {
            let countersign = || chief(json!({"step": "countersign"}));
            case = case.then("2010-11-03 15:30", "step_started", countersign());
            case = case.then("2010-11-04 15:00", "step_completed", countersign());
        }
        case.then("2010-11-05 10:00", "closed", chief(json!({"outcome": "granted"})));
    }
    teller
        .case("2-unsigned", "env-eia-report", clerk)
        .then("2010-11-01 10:00", "accepted", json!({"place": "hall"}))
        .then("2010-11-02 10:00", "step_completed", section("survey"))
        .then("2010-11-03 10:00", "step_completed", section("review"))
        .then("2010-11-05 10:00", "closed", chief(json!({"outcome": "granted"})));
}

pub async fn row_2_the_chief_representative_decides_coordinates_and_signs_joint_opinions(office: Arc<Office>) {
    const NOVEMBER: &str = "from=2010-11-01&to=2010-12-01";
    // Its twelve items, of which three are decided immediately.
    let items = office.answer("/api/v1/items?department=环境保护局&on=2010-11-01").await;
    assert_eq!(items.as_array().expect("items").len(), 12);
    let immediate = json!(items.as_array().expect("items").iter().filter(|item| item["form"] == "immediate").collect::<Vec<_>>());
    assert_eq!(each(&immediate, "code"), ["env-category", "env-eia-register", "env-night-work"]);
    // The three are closed on their day by the chief representative, the nine others and the thirteenth case in four days,
    // which every promise allows.
    let figures = office.figures(NOVEMBER).await;
    assert_eq!((&figures["closed"], &figures["same_day"], &figures["on_time"]), (&json!(13), &json!(3), &json!(13)));
    let bureau = office.group(&format!("/api/v1/hall?{NOVEMBER}&group_by=department"), "环境保护局").await;
    assert_eq!((&bureau["window_decision_rate"], &bureau["unauthorised"]), (&json!(1.0), &json!(0)));
    assert_eq!((&bureau["pass_through_rate"], &bureau["off_hall_steps"]), (&json!(0.0), &json!(0)));
    // Coordination: the steps of a report run at the sections and end at the window.
    let report = office.answer("/api/v1/cases/2-env-eia-report").await;
    let by = |step: &str| with(&report["spans"], "instance", step)["handler"].clone();
    assert_eq!([by("survey"), by("review"), by("countersign")], [json!("env-s1"), json!("env-s1"), json!("env-c1")]);
    assert_eq!(report["assessment"]["findings"], json!([]));
    // Joint opinions are signed: a report decided without one is found.
    let missing = ("missing_mandatory_step".to_owned(), Some("countersign".to_owned()));
    assert!(office.findings("2-unsigned").await.contains(&missing));
}
