//! Processes that come and go in one consumer group, and one that was thought dead.

use std::time::Duration;

use tests::{Hall, Running, Scale, Story, seed};

#[tokio::test(flavor = "multi_thread")]
async fn one_process_becomes_four_and_then_two_while_messages_flow() {
    let (cases_per_day, times) = Scale::of_this_run().pick((15, 1), (60, 10));
    let seed = seed(20_180_915);
    let hall = Hall::open().await;
    let story = Story::new(&hall, seed, cases_per_day);
    let rules = story.rules();

    let feed = hall.feed(&story.messages, Duration::from_secs(8 * times));
    let mut first = hall.run_beside(&rules);
    first.wait_for_partitions().await;
    for _ in 0..times {
        let mut more: Vec<Running> = (0..3).map(|_| hall.run_beside(&rules)).collect();
        for running in &mut more {
            running.wait_for_partitions().await;
        }
        // One leaves in good order, one dies, and the two that stay have its partitions in the end.
        more.remove(0).terminate();
        more.remove(0).kill();
        hall.wait_for_group(&mut [&mut first, &mut more[0]]).await;
        more.remove(0).terminate();
    }
    let mut second = hall.run_beside(&rules);
    second.wait_for_partitions().await;
    feed.finish().await;
    hall.wait_until_stored(&mut first).await;
    first.terminate();
    second.terminate();

    story.is_told_by(&hall).await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_two_and_four_processes_fill_a_store_of_two_shards() {
    let (cases_per_day, times) = Scale::of_this_run().pick((15, 1), (60, 4));
    let seed = seed(20_180_925);
    let hall = Hall::with_two_shards().await;
    let story = Story::new(&hall, seed, cases_per_day);
    let rules = story.rules();

    let feed = hall.feed(&story.messages, Duration::from_secs(8 * times));
    let mut running: Vec<Running> = Vec::new();
    for processes in [1, 2, 4] {
        running.extend((running.len()..processes).map(|_| hall.run_beside(&rules)));
        hall.wait_for_group(&mut running.iter_mut().collect::<Vec<_>>()).await;
    }
    feed.finish().await;
    hall.wait_until_stored(&mut running[0]).await;
    running.into_iter().for_each(Running::terminate);

    story.is_told_by(&hall).await;
    let count = "SELECT count() FROM cases_local FINAL";
    let (first, second) = (hall.query(count).await, hall.query_second_shard(count).await);
    let cases = |text: &str| text.parse::<u64>().expect("a number");
    assert!(cases(&first) > 0 && cases(&second) > 0, "every shard has cases: {first} and {second}");
    assert_eq!(hall.query("SELECT count() = uniqExact(case_no) FROM cases FINAL").await, "1", "no case is on two shards");
    the_views_look_at_both_shards(&hall).await;
    // Each shard copies its own cases when it will: one has a copy, both have one, and cases change after that.
    let copied = async |second: bool| {
        let aged = "ALTER TABLE cases_local UPDATE stored_at = stored_at - 3600 WHERE true SETTINGS mutations_sync = 1";
        let copy = ["SYSTEM REFRESH VIEW cases_copying", "SYSTEM WAIT VIEW cases_copying"];
        for statement in [&[aged], &copy[..], &copy[..]].concat() {
            if second {
                hall.query_second_shard(statement).await
            } else {
                hall.query(statement).await
            };
        }
    };
    copied(false).await;
    the_views_look_at_both_shards(&hall).await;
    copied(true).await;
    the_views_look_at_both_shards(&hall).await;
    let changed = "* EXCEPT (stored_at) REPLACE (version + 1 AS version, 'open' AS status)";
    hall.query(&format!(
        "INSERT INTO cases (* EXCEPT (stored_at)) SELECT {changed} FROM cases FINAL WHERE cityHash64(case_no) % 7 = 0"
    ))
    .await;
    the_views_look_at_both_shards(&hall).await;
    hall.close().await;
}

async fn the_views_look_at_both_shards(hall: &Hall) {
    let ends = "SELECT arrayStringConcat(quantilesExact(0.3, 0.6)(toUnixTimestamp64Milli(first_at)), ' ') FROM cases FINAL";
    let ends = hall.query(ends).await;
    let (since, until) = ends.split_once(' ').expect("two instants");
    let instant = |ms: &str| format!("fromUnixTimestamp64Milli({ms}, 'UTC')");
    let in_period = format!("last_at >= {} AND first_at < {}", instant(since), instant(until));
    let period = format!("cases_in_period(since_ms = {since}, until_ms = {until})");
    let closings =
        format!("closings_in_period(since_ms = {since}, until_ms = {until}, zone = 'Asia/Shanghai', batch_at_least = 5)");
    let closed = format!("status = 'closed' AND closed_at >= {} AND closed_at < {}", instant(since), instant(until));
    let open = "status IN ('open', 'suspended')";
    for (view, condition) in [("cases_now", "true"), ("open_cases", open), (&period, &in_period), (&closings, &closed)] {
        let found = hall.query(&format!("SELECT count(), sum(cityHash64(case_no)) FROM {view}")).await;
        let all = hall.query(&format!("SELECT count(), sum(cityHash64(case_no)) FROM cases FINAL WHERE {condition}")).await;
        assert_eq!(found, all, "{view}");
        assert!(!found.starts_with("0\t"), "{view} is empty");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_wakes_after_its_partitions_went_to_others_does_no_harm() {
    let (cases_per_day, times) = Scale::of_this_run().pick((15, 1), (60, 8));
    let seed = seed(20_180_916);
    let hall = Hall::open().await;
    let story = Story::new(&hall, seed, cases_per_day);
    // Small batches, so that it sleeps with several of them in its hands.
    let arguments = [&story.rules()[..], &["--set", "intake.batch_messages=100"]].concat();

    let feed = hall.feed(&story.messages, Duration::from_secs(10 * times));
    let mut one = hall.run_beside(&arguments);
    let mut other = hall.run_beside(&arguments);
    for _ in 0..times {
        one.wait_for_partitions().await;
        other.wait_for_partitions().await;
        one.pause();
        // The group gives it up after six seconds.
        hall.wait_for_group(&mut [&mut other]).await;
        one.resume();
        hall.wait_for_group(&mut [&mut one, &mut other]).await;
    }
    feed.finish().await;
    hall.wait_until_stored(&mut one).await;
    one.terminate();
    other.terminate();

    story.is_told_by(&hall).await;
    hall.close().await;
}
