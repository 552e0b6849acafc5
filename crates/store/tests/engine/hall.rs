//! What was really done in the hall, counted by hand.

use domain::{Kind, event::Place};
use store::{Coverage, GroupBy, HallFigures, Narrowing};

use crate::fixtures::{Engine, Office, accepted, always, case, granted, stored};

const CATALOG: &str = "code,name,department,form,promised_limit,hall,window_decides,outside_steps\n\
    a,甲,环境保护局,committed,7 working_days,true,true,survey\n\
    b,乙,公安局,committed,7 working_days,false,false,\n";

fn step(step: &str) -> Kind {
    Kind::StepCompleted { step: step.into(), result: None }
}

#[tokio::test]
async fn windows_that_decide_and_windows_that_are_a_mail_room_are_told_apart() {
    let engine = Engine::start().await;
    let office = Office::of(CATALOG);
    let (hall, bureau) = (Some(Place::Hall), Some(Place::Office));
    let day = |day: &str| format!("2018-10-{day} 10:00:00");
    let (first, second, third) = (day("15"), day("16"), day("17"));
    let cases = [
        // Everything in the hall but the site visit, which belongs outside. The applicant came three times: to apply, with
        // the correction and for the result.
        case(
            "1",
            "a",
            "w1",
            &[
                (&first, hall, accepted()),
                (&second, hall, Kind::CorrectionRequested),
                (&second, hall, Kind::Corrected),
                (&second, bureau, step("survey")),
                (&third, hall, granted()),
                (&third, hall, Kind::Delivered),
            ],
        ),
        // A mail room: accepted in the hall, worked on and decided in the office. Two acts off the hall.
        case("2", "a", "w1", &[(&first, hall, accepted()), (&second, bureau, step("review")), (&third, bureau, granted())]),
        // The decision alone left the hall.
        case("3", "a", "w1", &[(&first, hall, accepted()), (&second, hall, step("review")), (&third, bureau, granted())]),
        // Not an item of the hall: it may be handled in the office, but its window is a mail room.
        case("4", "b", "w2", &[(&first, hall, accepted()), (&third, bureau, granted())]),
        // No places: nothing is said of it.
        case("5", "b", "w2", &[(&first, None, accepted()), (&third, None, granted())]),
        // Withdrawn: closed, and no decision.
        case("6", "a", "w1", &[(&first, hall, accepted()), (&third, hall, Kind::Closed { outcome: domain::Outcome::Withdrawn })]),
        // Still open.
        case("7", "b", "w2", &[(&first, hall, accepted())]),
    ];
    let reader = stored(&engine, &office, &cases).await;
    let windows = reader.hall(&always(GroupBy::Window), &Narrowing::default()).await.unwrap();
    let expected = |key: &str, numbers: [u64; 12]| {
        let [
            closed,
            hall_cases,
            decisions,
            decisions_placed,
            decided,
            unauthorised,
            window_cases,
            passed_through,
            left_hall,
            steps,
            corrections,
            trips,
        ] = numbers;
        HallFigures {
            group_key: key.to_owned(),
            closed,
            hall_cases,
            decisions,
            decisions_placed,
            decided_in_hall_by_authorised: decided,
            unauthorised,
            window_cases,
            passed_through,
            left_hall,
            off_hall_steps: steps,
            corrections_asked: corrections,
            trips,
        }
    };
    assert_eq!(
        windows,
        [expected("w1", [4, 4, 3, 3, 1, 0, 3, 1, 2, 3, 1, 6]), expected("w2", [2, 0, 2, 1, 0, 0, 1, 1, 0, 0, 0, 2])]
    );
    assert_eq!(windows[0].window_decision_rate(), Some(1.0 / 3.0));
    assert_eq!(windows[0].pass_through_rate(), Some(1.0 / 3.0));
    assert_eq!((windows[0].corrections_per_case(), windows[0].trips_per_case()), (Some(0.25), Some(1.5)));
    assert_eq!((windows[0].left_hall_rate(), windows[1].left_hall_rate()), (Some(0.5), None));

    let coverage = reader.coverage(&always(GroupBy::Nothing), &Narrowing::default()).await.unwrap();
    let business = |department: &str, received, closed| Coverage {
        department: department.to_owned(),
        region: "330921001".to_owned(),
        received,
        closed,
    };
    assert_eq!(coverage, [business("公安局", 3, 2), business("环境保护局", 4, 4)]);
    let green = Narrowing { green_channel: true, ..Narrowing::default() };
    assert!(reader.hall(&always(GroupBy::Window), &green).await.unwrap().is_empty());
}
