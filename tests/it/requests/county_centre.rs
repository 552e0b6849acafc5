//! The centre of Suichang county, 2010: everybody is in the hall, and power is exercised openly.

use std::sync::Arc;

use domain::event::Form;
use serde_json::{Value, json};
use simulate::County;

use super::{
    catalog::{OTHERS, item_of_other},
    told::{Office, Teller, with},
};

/// Twenty-nine departments, each with a committed item: the fourteen of the sample county, the bureau of justice, and
/// fourteen others.
pub fn departments() -> Vec<(String, String)> {
    let county = County::sample();
    let mut departments: Vec<(String, String)> = Vec::new();
    for item in county.catalog().in_force_on("2010-12-01".parse().expect("a day")) {
        if item.form == Form::Committed && item.hall && departments.iter().all(|(name, _)| item.department != name.as_str()) {
            departments.push((item.department.to_string(), item.code.to_string()));
        }
    }
    departments.push(("司法局".to_owned(), "jus-2".to_owned()));
    departments.extend(OTHERS.iter().enumerate().map(|(number, name)| ((*name).to_owned(), item_of_other(number))));
    departments
}

/// December 2010: a case at each of thirty windows, one more in the green channel, two renewals.
pub fn tell(teller: &mut Teller) {
    let hall = |window: String| json!({"window": window, "place": "hall", "handler": "clerk-1"});
    let mut windows: Vec<(String, String)> = Vec::new();
    for (number, (_, item)) in departments().into_iter().enumerate() {
        windows.push((format!("第{}窗口", number + 1), item));
    }
    // The first department has two.
    windows.push(("第1窗口B".to_owned(), windows[0].1.clone()));
    for (window, item) in windows {
        let case = teller.case(&format!("3-{window}"), &item, hall(window));
        // Handed in online on Monday the 6th, accepted on the next day, decided the day after.
        let case = case.then("2010-12-06 10:00", "applied", json!({"place": "online", "channel": "online"}));
        case.then_just("2010-12-07 10:00", "accepted").granted("2010-12-08 10:00");
    }
    let case = teller.case("3-green", "mkt-company", hall("第1窗口".to_owned()));
    case.then("2010-12-13 10:00", "accepted", json!({"green_channel": true})).granted("2010-12-14 10:00");
    // A certificate that expires on 31 January is renewed by 31 December: so its source reports the two due times.
    let due = json!({"promised_due_at": "2010-12-31T17:00:00+08:00", "statutory_due_at": "2011-01-31T17:00:00+08:00"});
    for (case_no, closed) in [("3-renewed", "2010-12-22 10:00"), ("3-renewed-late", "2011-01-10 10:00")] {
        let case = teller.case(case_no, "nat-mining", hall("第1窗口".to_owned()));
        case.then("2010-12-01 10:00", "accepted", due.clone()).granted(closed);
    }
}

pub async fn row_3_twenty_nine_departments_and_thirty_windows_are_covered_and_open(office: Arc<Office>) {
    const DECEMBER: &str = "from=2010-12-01&to=2011-01-01";
    // Covered: business in every department of the catalogue, and at thirty windows.
    let coverage = office.answer(&format!("/api/v1/coverage?{DECEMBER}")).await;
    assert_eq!(coverage["departments"].as_array().expect("departments").len(), 29);
    assert_eq!(coverage["departments_without"], json!([]));
    // No mail room: none of the thirty only passes its cases on.
    let hall = office.answer(&format!("/api/v1/hall?{DECEMBER}&group_by=window")).await;
    let windows = hall["groups"].as_array().expect("windows");
    assert_eq!(windows.len(), 30);
    assert!(windows.iter().all(|window| window["pass_through_rate"] == 0.0), "{hall}");
    // Open: whoever applied online sees how far the case is, and not by whom it is handled.
    let status = office.answer("/api/v1/cases/3-第9窗口/status").await;
    let shown = ["status", "outcome", "received_at", "accepted_at", "closed_at"].map(|field| status[field].clone());
    assert_eq!(
        shown,
        ["closed", "granted", "2010-12-06T10:00:00+08:00", "2010-12-07T10:00:00+08:00", "2010-12-08T10:00:00+08:00"]
            .map(Value::from)
    );
    assert!(!status.to_string().contains("clerk-1"), "{status}");
    // Enterprises in the green channel are counted by themselves: one day.
    let green = office.figures(&format!("{DECEMBER}&green_channel=true")).await;
    assert_eq!((&green["closed"], &green["elapsed_days"]["mean"]), (&json!(1), &json!(1.0)));
    // Renewals a month early: one is, the other has a yellow card since 31 December, though the law gives it until the
    // certificate expires.
    let renewed = office.assessment("3-renewed").await;
    assert_eq!((&renewed["promised"]["late"], &renewed["cards"]), (&json!(false), &json!([])));
    let late = office.assessment("3-renewed-late").await;
    assert_eq!((&late["promised"]["late"], &late["statutory"]["late"]), (&json!(true), &json!(false)));
    assert_eq!(with(&late["cards"], "level", "yellow")["crossed_at"], "2010-12-31T17:00:00+08:00");
    let why = office.answer("/api/v1/cases/3-renewed-late/explanation?as_of=2011-01-10").await;
    assert_eq!(with(&why["explanation"]["clocks"], "clock", "promised")["limit_source"]["origin"], "reported_due");
}
