//! Forecasts from the store are those worked out from the cases.

use std::sync::Arc;

use domain::{
    Assessment, CaseEvents, Kind, Status,
    event::{Procedure, SpecialStart},
    forecast::{Basis, Forecaster, Past},
};
use store::{GroupBy, Narrowing, Reader, Rows, Writer, migrate};

use crate::fixtures::{Engine, Office, accepted, always, case, cases, granted, now};

const CATALOG: &str = "code,name,department,form,promised_limit,hall\n\
    a,甲,环境保护局,committed,7 working_days,true\n\
    b,乙,公安局,committed,10 calendar_days,true\n";

/// Rows as a worker writes them: an open case as of the instant since when its state has held.
async fn kept(engine: &Engine, office: &Office, cases: &[CaseEvents]) -> (Reader, Vec<Assessment>) {
    let config = engine.config();
    migrate(&config).await.unwrap();
    let assessed = cases.iter().filter_map(|case| {
        let valid_from = office.assess(case, now())?.valid_from;
        office.assess(case, valid_from)
    });
    let (mut rows, assessed): (_, Vec<_>) = (Rows::new(), assessed.collect());
    assessed.iter().for_each(|case| rows.case(case, 1, 0));
    assert!(Writer::new(&config, Arc::new(())).write(rows).await.is_ok());
    (Reader::new(&config), assessed)
}

#[tokio::test]
async fn an_open_case_is_compared_with_those_of_its_item_that_took_as_long() {
    let engine = Engine::start().await;
    let closed =
        |number: String, at: &str| case(&number, "a", "w", &[("2018-10-15 10:00:00", None, accepted()), (at, None, granted())]);
    // Ten took two days, six took seven, four took nine and were late.
    let mut cases: Vec<CaseEvents> = (0..10).map(|number| closed(format!("f{number}"), "2018-10-17 10:00:00")).collect();
    cases.extend((0..6).map(|number| closed(format!("m{number}"), "2018-10-24 10:00:00")));
    cases.extend((0..4).map(|number| closed(format!("s{number}"), "2018-10-26 10:00:00")));
    // Four days used of seven: two working days of a hearing are not counted.
    let hearing = SpecialStart { procedure: Procedure::Hearing, granted_days: None, written_notice: None, party: None };
    let ended = Kind::SpecialEnded { procedure: None };
    cases.push(case(
        "open",
        "a",
        "w",
        &[
            ("2019-02-21 10:00:00", None, accepted()),
            ("2019-02-22 10:00:00", None, Kind::SpecialStarted(Box::new(hearing.clone()))),
            ("2019-02-26 10:00:00", None, ended),
        ],
    ));
    cases.push(case(
        "still",
        "a",
        "w",
        &[("2019-02-18 10:00:00", None, accepted()), ("2019-02-19 10:00:00", None, Kind::SpecialStarted(Box::new(hearing)))],
    ));
    let (reader, _) = kept(&engine, &Office::of(CATALOG), &cases).await;
    let (query, only) = (always(GroupBy::Nothing), Narrowing::default());
    let history = reader.forecast_history(&query, &only).await.unwrap();
    let past = |days: f64, late: bool, cases: u64| Past {
        month: "2018-10".into(),
        item: "a".into(),
        department: "环境保护局".into(),
        days,
        limit_days: 7.0,
        late,
        cases,
    };
    assert_eq!(history, [past(2.0, false, 10), past(7.0, false, 6), past(9.0, true, 4)]);

    let open = reader.forecast_open(&query, &only).await.unwrap();
    let calendar = domain::Calendar::china();
    let days: Vec<_> =
        open.iter().map(|it| it.as_of(now(), &calendar).unwrap()).map(|it| (it.used_days, it.limit_days)).collect();
    assert_eq!((open[0].case_no.as_str(), &days[..]), ("open", &[(4.0, 7.0), (1.0, 7.0)][..]));
    let forecaster = Forecaster::new(&history, 10, 1.96);
    let forecast = |number: usize| forecaster.forecast(&open[number].as_of(now(), &calendar).unwrap()).unwrap();
    assert_eq!((forecast(0).missed, forecast(0).at_risk, forecast(0).basis), (4, 10, Basis::Item));
    assert_eq!((forecast(1).missed, forecast(1).at_risk), (4, 20));
}

#[tokio::test]
async fn a_running_case_has_used_what_an_assessment_of_the_same_instant_says() {
    let engine = Engine::start().await;
    let office = Office::new();
    let cases = cases(21, 300);
    let (reader, kept) = kept(&engine, &office, &cases).await;
    let open = reader.forecast_open(&always(GroupBy::Nothing), &Narrowing::default()).await.unwrap();
    let mut running = 0;
    for case in &cases {
        let Some(today) = office.assess(case, now()) else { continue };
        let Some(state) = open.iter().find(|it| it.case_no == today.case_no) else { continue };
        let forecast = state.as_of(now(), &office.calendar).unwrap();
        assert_eq!(Some(forecast.used_days), today.elapsed_days, "{}", today.case_no);
        let promised = today.promised.unwrap();
        assert_eq!(forecast.used_days > forecast.limit_days, promised.late, "{}", today.case_no);
        running += usize::from(today.status == Status::Open);
    }
    assert!(running > 10 && kept.len() > 200);
}
