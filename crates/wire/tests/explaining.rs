//! Explanations as JSON.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use domain::{Calendar, CaseEvents, Catalog, Instant, Profile, Rules, explain};
use wire::{CodeMaps, ExplanationJson};

#[test]
fn an_explanation_tells_days_in_a_row_once_and_the_source_of_every_limit() {
    let (catalog, calendar, profile) = (
        Catalog::from_csv("code,name,department,form,promised_limit\na,甲,局,committed,7 working_days\n").unwrap(),
        Calendar::china(),
        Profile::built_in("default").unwrap(),
    );
    let rules = Rules { catalog: &catalog, calendar: &calendar, profile: &profile };
    let message = |id: &str, kind: &str, at: &str, more: &str| {
        let text = format!(
            r#"{{"event_id":"{id}","source":"s","kind":"{kind}","case_no":"c","item":"a","occurred_at":"{at}:00+08:00"{more}}}"#
        );
        wire::decode(text.as_bytes(), &CodeMaps::default()).unwrap()
    };
    let case: CaseEvents = [
        message("1", "accepted", "2018-09-27T10:00", ""),
        message("2", "special_started", "2018-10-08T10:00", r#","procedure":"hearing","granted_days":2,"written_notice":false"#),
        message("3", "special_ended", "2018-10-10T10:00", ""),
    ]
    .into_iter()
    .collect();
    let explanation = explain(&case, &rules, Instant::parse("2018-10-11T10:00:00+08:00").unwrap()).unwrap();
    let json: serde_json::Value = serde_json::from_str(&ExplanationJson::new(&explanation, calendar.zone()).text()).unwrap();
    let promised = &json["clocks"][0];
    assert_eq!(promised["due_at"], "2018-10-15T17:00:00+08:00");
    assert_eq!(
        promised["limit_source"],
        serde_json::json!({"origin":"catalog_promise","valid_from":"1949-10-01","extended_by":0})
    );
    assert_eq!(json["clocks"][1]["limit_source"]["origin"], "law_art_42");
    let holiday = serde_json::json!({
        "from":"2018-10-01","to":"2018-10-07","days":7,"reason":"holiday","holiday":"国庆节","adjusted_workday":false,
        "counted_each":0.0,"suspended_each":0.0,"suspensions":[],"count":3.0
    });
    assert_eq!(promised["days"][3], holiday);
    assert_eq!(promised["days"][5]["suspensions"], serde_json::json!([0]));
    assert_eq!(json["suspensions"][0]["procedure"], "hearing");
    assert_eq!(promised["elapsed_days"], json["clocks"][0]["days"].as_array().unwrap().last().unwrap()["count"]);
    assert_eq!(json["cards"][0]["issued"], false);
    assert_eq!(json["cards"][0]["remaining_share"], 0.2);
    assert!(json["findings"][0]["evidence"][0]["event_id"].is_string());
}
