//! What rankings and scorecards rest on, counted by hand.

use domain::{
    CaseEvents, Kind, Outcome,
    event::{Procedure, SpecialStart},
    intermediaries::PartyRecord,
    ranking::Cell,
};
use store::{GroupBy, Measure, Narrowing};

use crate::fixtures::{Engine, Office, accepted, always, case, granted, stored};

const CATALOG: &str = "code,name,department,form,promised_limit,hall\n\
    a,甲,环境保护局,committed,7 working_days,true\n\
    b,乙,公安局,committed,1 working_days,true\n";

#[tokio::test]
async fn units_are_counted_by_item_for_every_measure() {
    let engine = Engine::start().await;
    let closed = |number: &str, item: &str, window: &str, at: &str, score: Option<u8>| {
        let mut acts = vec![("2018-10-15 10:00:00", None, accepted()), (at, None, granted())];
        acts.extend(score.map(|score| ("2018-11-05 10:00:00", None, Kind::Rated { score })));
        case(number, item, window, &acts)
    };
    let cases = [
        closed("1", "a", "w1", "2018-10-15 16:00:00", Some(1)), // the same day, early
        closed("2", "a", "w1", "2018-10-24 10:00:00", Some(4)), // on its due day
        closed("3", "a", "w1", "2018-10-25 10:00:00", None),    // late
        closed("4", "b", "w1", "2018-10-16 10:00:00", None),    // on its due day
        closed("5", "b", "w2", "2018-10-18 10:00:00", Some(3)), // late
        case(
            "6",
            "a",
            "w1",
            &[
                ("2018-10-15 10:00:00", None, accepted()),
                ("2018-10-16 10:00:00", None, Kind::Closed { outcome: Outcome::Withdrawn }),
            ],
        ),
    ];
    let reader = stored(&engine, &Office::of(CATALOG), &cases).await;
    let cells = async |by| reader.ranking_cells(&always(GroupBy::Window), &Narrowing::default(), by).await.unwrap();
    let expected = |counts: [(u64, u64); 3]| {
        let units = [("w1", "a"), ("w1", "b"), ("w2", "b")].into_iter().zip(counts);
        units
            .map(|((unit, item), (successes, cases))| Cell { unit: unit.into(), item: item.into(), successes, cases })
            .collect::<Vec<_>>()
    };
    assert_eq!(cells(Measure::OnTime).await, expected([(2, 3), (1, 1), (0, 1)]));
    assert_eq!(cells(Measure::Early).await, expected([(1, 3), (0, 1), (0, 1)]));
    assert_eq!(cells(Measure::SameDay).await, expected([(1, 3), (0, 1), (0, 1)]));
    assert_eq!(cells(Measure::Satisfaction).await, expected([(1, 2), (0, 0), (1, 1)]));
}

#[tokio::test]
async fn a_party_is_held_against_the_limit_of_its_own_work() {
    let engine = Engine::start().await;
    let work = |number: &str, granted_days: Option<u32>, ended: Option<&str>| -> CaseEvents {
        let start =
            SpecialStart {
                procedure: Procedure::External, granted_days, written_notice: None, party: Some("测绘公司".into())
            };
        let mut acts =
            vec![("2018-10-15 10:00:00", None, accepted()), ("2018-10-15 11:00:00", None, Kind::SpecialStarted(Box::new(start)))];
        acts.extend(ended.map(|at| (at, None, Kind::SpecialEnded { procedure: None })));
        case(number, "a", "w", &acts)
    };
    let cases = [
        work("1", Some(5), Some("2018-10-18 10:00:00")), // three days of five
        work("2", Some(5), Some("2018-10-24 10:00:00")), // seven days of five
        work("3", None, Some("2018-10-18 10:00:00")),    // no limit: not judged
        work("4", Some(5), None),                        // open, and long past its limit
        case("5", "a", "w", &[("2018-10-15 10:00:00", None, accepted())]),
    ];
    let reader = stored(&engine, &Office::of(CATALOG), &cases).await;
    let parties = reader.parties(&always(GroupBy::Nothing), &Narrowing::default()).await.unwrap();
    let record = PartyRecord {
        party: "测绘公司".into(),
        cases: 4,
        works: 4,
        open: 1,
        on_time: 1,
        late: 2,
        days_used: 10.0,
        days_allowed: 10.0,
    };
    assert_eq!(parties, [record]);
}
