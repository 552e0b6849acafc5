//! Brokers that hang, die and come back.

use std::time::Duration;

use tests::{Hall, Scale, Story, seed};

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_hangs_and_one_that_dies_for_a_while_are_waited_for() {
    let (cases_per_day, away) = Scale::of_this_run().pick((15, 5), (60, 60));
    let seed = seed(20_180_919);
    let mut hall = Hall::open().await;
    let story = Story::new(&hall, seed, cases_per_day);
    let mut running = hall.run(&story.rules());
    running.wait_for_partitions().await;
    let feed = hall.feed(&story.messages, Duration::from_secs(2 * away + 6));
    tokio::time::sleep(Duration::from_secs(3)).await;

    // Longer than the session of a member in the full form: the group must let it in again.
    hall.broker.process(1).expect("it runs").pause();
    tokio::time::sleep(Duration::from_secs(away)).await;
    hall.broker.process(1).expect("it runs").resume();
    tokio::time::sleep(Duration::from_secs(3)).await;

    hall.broker.kill_node(1).await;
    tokio::time::sleep(Duration::from_secs(away)).await;
    running.is_alive();
    hall.broker.restart_node(1).await.expect("the broker comes back");
    feed.finish().await;
    hall.wait_until_stored(&mut running).await;
    running.terminate();

    story.is_told_by(&hall).await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a part of `make chaos`: three brokers take their time"]
async fn with_three_brokers_each_may_die_in_its_turn() {
    let (cases_per_day, rounds) = Scale::of_this_run().pick((15, 1), (60, 2));
    let seed = seed(20_180_920);
    let mut hall = Hall::with_brokers(3).await;
    let story = Story::new(&hall, seed, cases_per_day);
    let mut running = hall.run(&story.rules());
    running.wait_for_partitions().await;
    let feed = hall.feed(&story.messages, Duration::from_secs(120 * rounds));

    // Each leads some partitions, one of them the group: in every round all of them lose their leader.
    for _ in 0..rounds {
        for node in 1..=3 {
            let stored = running.metric("sundial_engine_events_total").await;
            hall.broker.kill_node(node).await;
            running.wait_for_metric("sundial_engine_events_total", |events| events > stored).await;
            hall.broker.restart_node(node).await.expect("the broker comes back");
            hall.wait_for_copies().await;
        }
    }
    feed.finish().await;
    hall.wait_until_stored(&mut running).await;
    running.terminate();

    story.is_told_by(&hall).await;
    hall.close().await;
}
