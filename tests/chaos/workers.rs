//! Worker processes that are killed, or told to end, at any moment.

use std::time::Duration;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use tests::{Hall, Scale, Story, seed};

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_instants_it_ends_in_the_rows_of_assess() {
    let (kills, cases_per_day) = Scale::of_this_run().pick((8, 15), (100, 60));
    let seed = seed(20_180_911);
    let mut rng = StdRng::seed_from_u64(seed);
    let hall = Hall::open().await;
    let story = Story::new(&hall, seed, cases_per_day);
    // Under a name that stays it has its partitions back at once, so that it is killed at work and not
    // while the group still waits for the one before. Small batches, so that most kills meet one.
    let habits = ["--set", "kafka.instance=hall", "--set", "intake.batch_messages=200"];
    let arguments = [&story.rules()[..], &habits].concat();

    let feed = hall.feed(&story.messages, Duration::from_secs(kills));
    for _ in 0..kills {
        let mut running = hall.run(&arguments);
        // Mostly at work, now and then while it starts.
        if rng.random_bool(0.8) {
            running.wait_for_partitions().await;
        }
        tokio::time::sleep(Duration::from_millis(rng.random_range(0..1_500))).await;
        running.kill();
    }
    feed.finish().await;
    let mut running = hall.run(&arguments);
    hall.wait_until_stored(&mut running).await;
    running.terminate();

    story.is_told_by(&hall).await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_end_at_random_instants_it_ends_in_time_and_reads_every_message_once() {
    let (times, cases_per_day) = Scale::of_this_run().pick((5, 15), (50, 60));
    let seed = seed(20_180_912);
    let mut rng = StdRng::seed_from_u64(seed);
    let hall = Hall::open().await;
    let story = Story::new(&hall, seed, cases_per_day);
    // What is on its way is stored at the end, so it is kept so little that even a slow machine has the
    // time for it.
    let habits =
        ["intake.budget_messages=1000", "intake.batch_age_ms=500", "intake.drain_timeout_s=9", "intake.session_timeout_s=30"];
    let mut arguments = story.rules();
    arguments.extend(habits.iter().flat_map(|setting| ["--set", setting]));

    let feed = hall.feed(&story.messages, Duration::from_secs(2 * times));
    let mut messages_read = 0;
    for _ in 0..times {
        let mut running = hall.run(&arguments);
        if rng.random_bool(0.8) {
            running.wait_for_partitions().await;
        } else {
            // Before this it has no ear for signals yet, and ends as any process does.
            running.wait_for_metric("sundial_build_info", |there| there == 1.0).await;
        }
        tokio::time::sleep(Duration::from_millis(rng.random_range(0..1_500))).await;
        messages_read += running.terminate_and_count();
    }
    feed.finish().await;
    let mut running = hall.run(&arguments);
    hall.wait_until_stored(&mut running).await;
    messages_read += running.terminate_and_count();

    assert_eq!(messages_read, story.messages.len() as u64, "messages read by all processes together");
    story.is_told_by(&hall).await;
    hall.close().await;
}
