//! The work-safety bureau of Linyi, 2011: many cases, fast, by those authorised, and reported on.

use std::sync::Arc;

use serde_json::{Value, json};

use super::told::{Office, Teller, each, with};

/// Mondays to Wednesdays of March 2011: two more days are working days too.
const DAYS: [u32; 9] = [7, 8, 9, 14, 15, 16, 21, 22, 23];

/// March 2011: 480 permits in a day each at the first window, 240 in two days each at the second; 60 of these are for key
/// projects, and every tenth applicant of all is very satisfied. Three trainings are decided at the window.
pub fn tell(teller: &mut Teller) {
    for number in 0..720_u32 {
        let (window, days) = if number < 480 { ("12号窗口", 1) } else { ("12号窗口B", 2) };
        let day = DAYS[number as usize % DAYS.len()];
        let time = format!("{:02}:{:02}", 9 + number % 3, number / 3 % 60);
        let case = teller.case(&format!("4-{number:03}"), "saf-firework", json!({"window": window, "place": "hall"}));
        let case = case.then(&format!("2011-03-{day:02} {time}"), "accepted", json!({"key_project": number >= 660}));
        let case = case.granted(&format!("2011-03-{:02} {time}", day + days));
        if number % 10 == 0 {
            case.then(&format!("2011-03-{:02} 16:00", day + days), "rated", json!({"score": 1}));
        }
    }
    for (case_no, handler, day) in [("4-authorised", "saf-w1", 14), ("4-expired", "saf-w1", 16), ("4-other-clerk", "saf-w2", 14)]
    {
        let at = |time: &str| format!("2011-03-{day} {time}");
        let says = json!({"window": "12号窗口C", "place": "hall", "handler": handler, "role": "window"});
        teller.case(case_no, "saf-training", says).then_just(&at("10:00"), "accepted").granted(&at("10:10"));
    }
}

pub async fn row_4_seven_hundred_cases_are_fast_authorised_ranked_and_reported(office: Arc<Office>) {
    const MARCH: &str = "from=2011-03-01&to=2011-04-01";
    // The law gives 20 days to each of 723; the permits took 480 × 1 + 240 × 2 = 960 in all, the trainings none:
    // (14460 − 960) / 14460.
    let figures = office.figures(MARCH).await;
    assert_eq!((&figures["closed"], &figures["speed_up"]["statutory"]["weighted"]), (&json!(723), &json!(0.9336)));
    // For key projects the promise of 7 days was met in 2: (7 − 2) / 7, well above 30 %.
    let key = office.figures(&format!("{MARCH}&key_project=true")).await;
    assert_eq!((&key["closed"], &key["speed_up"]["promised"]["weighted"]), (&json!(60), &json!(0.7143)));
    // Satisfaction 100 %, by 72 ratings of 723 cases.
    assert_eq!((&figures["satisfaction_rate"], &figures["rating_rate"]), (&json!(1.0), &json!(0.0996)));
    // The authorisation table is per person and item: this clerk until the 15th, the other never.
    for (case_no, findings) in
        [("4-authorised", &[][..]), ("4-expired", &["unauthorised_decision"]), ("4-other-clerk", &["unauthorised_decision"])]
    {
        assert_eq!(office.kinds(case_no).await, findings, "{case_no}");
    }
    // Windows are ranked: all in time at both, but of 480 that is surer than of 240 (Wilson's lower end n / (n + 3.8416)).
    // Three trainings are too few for a rank.
    let ranking = office.answer(&format!("/api/v1/ranking?{MARCH}&of=window&by=on_time")).await;
    assert_eq!(each(&ranking["ranked"], "unit"), ["12号窗口", "12号窗口B"]);
    let lower: Vec<&Value> = ranking["ranked"].as_array().expect("windows").iter().map(|it| &it["interval"]["low"]).collect();
    assert_eq!(lower, [&json!(0.9921), &json!(0.9842)]);
    assert_eq!(each(&ranking["too_small"], "unit"), ["12号窗口C"]);
    // Feedback to leaders and sections, and the self-inspection report: the month, for the county and for the bureau, in
    // every form.
    let month = office.answer("/api/v1/exports/monthly/2011-03.json").await;
    let bureau = with(&month["departments"], "name", "应急管理局");
    assert_eq!((&month["county"]["closed"], &bureau["figures"]["closed"]), (&json!(723), &json!(723)));
    assert_eq!(bureau["figures"]["findings"]["unauthorised_decision"], 2);
    let (status, csv) = office.hall.get_api("/api/v1/exports/monthly/2011-03.csv").await;
    assert!(status == 200 && csv.lines().any(|line| line.contains("应急管理局") && line.contains("723")), "{csv}");
    let (status, workbook) = office.hall.get_api("/api/v1/exports/monthly/2011-03.xlsx").await;
    assert!(status == 200 && workbook.starts_with("PK"));
    // And a month in which nothing was done shows the change.
    let april = office.answer("/api/v1/exports/monthly/2011-04.json").await;
    assert_eq!((&april["county"]["closed"], &april["month_before"]["closed"]), (&json!(0), &json!(723)));
}
