//! The machine's clock is set forward and back, and time goes past the end of the calendar.

use std::time::Duration;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use tests::{Hall, PATIENCE, Scale, Story, WallClock, seed, values};

#[tokio::test(flavor = "multi_thread")]
async fn with_a_clock_that_is_set_forward_and_back_under_load_it_ends_in_the_rows_of_assess() {
    let (cases_per_day, steps) = Scale::of_this_run().pick((15, 5), (60, 60));
    let seed = seed(20_180_921);
    let mut rng = StdRng::seed_from_u64(seed);
    let hall = Hall::open().await;
    let clock = WallClock::new(&hall);
    let story = Story::new(&hall, seed, cases_per_day);
    let mut running = clock.run(&hall, &story.rules());
    running.wait_for_partitions().await;
    let feed = hall.feed(&story.messages, Duration::from_secs(2 * steps));
    for _ in 0..steps {
        // What time servers correct: mostly moments, sometimes an hour and more.
        let most = if rng.random_bool(0.7) { 90 } else { 5_000 };
        clock.is_off_by(rng.random_range(-most..=most / 2));
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    clock.is_off_by(0);
    feed.finish().await;
    hall.wait_until_stored(&mut running).await;
    running.terminate();

    story.is_told_by(&hall).await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_issued_when_the_clock_is_set_past_its_instant_though_no_event_comes() {
    let hall = Hall::open().await;
    let clock = WallClock::new(&hall);
    let catalog =
        hall.write("catalog.csv", "code,name,department,form,promised_limit\na,甲,环境保护局,committed,7 working_days\n");
    let set = format!("rules.catalog={}", catalog.display());
    clock.shows("2018-10-15T11:00:00+08:00");
    let mut running = clock.run(&hall, &["--set", &set]);
    let event = |id: u32, kind: &str, when: &str, more: &str| {
        format!(
            r#"{{"event_id":"{id}","source":"s","kind":"{kind}","case_no":"c","item":"a","occurred_at":"{when}T10:00:00+08:00"{more}}}"#
        )
    };
    let issued = "SELECT count() FROM cards FINAL WHERE state = 'issued'";
    hall.produce([(Some(&b"c"[..]), event(1, "accepted", "2018-10-15", "").as_bytes())]);
    hall.wait_until_stored(&mut running).await;
    assert_eq!(hall.query(issued).await, "0");

    // A month forward: the process slept for days that never passed.
    clock.shows("2018-11-15T11:00:00+08:00");
    until(&hall, issued, "3").await;
    // And back: what is told stays told.
    clock.shows("2018-10-15T12:00:00+08:00");
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(hall.query(issued).await, "3");
    // An event of the time in between counts from its instant on, and leaves none of the cards founded.
    hall.produce([(Some(&b"c"[..]), event(2, "closed", "2018-10-17", r#","outcome":"granted""#).as_bytes())]);
    hall.wait_until_stored(&mut running).await;
    clock.shows("2018-11-15T11:00:00+08:00");
    until(&hall, "SELECT count() FROM cases FINAL WHERE status = 'closed'", "1").await;
    assert_eq!(hall.query(issued).await, "0");
    running.terminate();
    hall.sundial(&["--set", &set, "verify"]).succeeds();
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn past_the_end_of_the_calendar_the_cases_say_so_the_metric_tells_and_all_goes_on() {
    let seed = seed(20_180_922);
    let hall = Hall::open().await;
    let calendar = hall.write(
        "calendar.toml",
        "name = \"ended\"\ntime_zone = \"Asia/Shanghai\"\ncovers = [2024, 2025]\noffice_hours = [\"09:00-12:00\", \"13:30-17:00\"]\n",
    );
    // Half of it lies in a year that the calendar does not know.
    let calendar = calendar.to_str().expect("a path");
    let story = Story::of_quarter(&hall, seed, Scale::of_this_run().pick(15, 60), "2025-11-15..2026-02-15", calendar);
    let mut running = hall.run(&story.rules());
    hall.send(&story.messages);
    hall.wait_until_stored(&mut running).await;

    let uncovered = hall.query("SELECT count() FROM findings FINAL WHERE kind = 'calendar_not_covered'").await;
    assert!(uncovered.parse::<u64>().expect("a number") > 100, "{uncovered} cases say so");
    assert_eq!(hall.query("SELECT max(uncovered_year) FROM cases FINAL").await, "2026");
    // Of this the alert CalendarEndsSoon is made.
    let ends = values(&running.metrics().await.expect("metrics"), "sundial_calendar_covered_until_timestamp_seconds");
    assert_eq!(ends, [1_767_196_800.0], "2026-01-01T00:00:00+08:00");
    running.terminate();
    story.is_told_by(&hall).await;
    hall.close().await;
}

/// Waits until a query has this answer.
async fn until(hall: &Hall, sql: &str, wanted: &str) {
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let found = hall.query(sql).await;
        if found == wanted {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "waited {PATIENCE:?} for {wanted}, found {found}: {sql}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
