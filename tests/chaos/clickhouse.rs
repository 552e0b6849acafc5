//! ClickHouse killed, hanging, slow, refusing and full.

use std::time::Duration;

use simulate::faults::Message;
use tests::{Hall, Mood, PATIENCE, Proxy, Running, Scale, Story, seed};

/// A pipeline that gives up on ClickHouse after seconds instead of half a minute.
const IMPATIENT: [&str; 2] = ["--set", "clickhouse.timeout_s=3"];

const FAILED: &str = r#"sundial_store_insert_duration_seconds_count{outcome="failed""#;
const RETRIED: &str = r#"sundial_store_insert_duration_seconds_count{outcome="retried""#;

/// Sends messages while nothing can be stored: the frontier stays where it is and lag tells of all of
/// them. The pipeline must have stored everything before.
async fn are_held(hall: &Hall, running: &mut Running, messages: &[Message]) {
    let good = messages.iter().filter(|message| !message.broken).count() as i64;
    hall.send(messages);
    // A broken message at the front may be a dead letter already; no other may be passed.
    running.wait_for_metric("sundial_intake_lag_messages", |lag| lag >= good as f64).await;
    let behind = hall.backlog().await;
    assert!(behind >= good, "{behind} messages are held, {good} were sent");
}

/// Waits until the proxy has spoiled so many more inserts.
async fn spoils(proxy: &Proxy, running: &mut Running, inserts: u64) {
    let goal = proxy.spoiled() + inserts;
    let deadline = std::time::Instant::now() + PATIENCE;
    while proxy.spoiled() < goal {
        running.is_alive();
        let log = running.log_tail();
        assert!(std::time::Instant::now() < deadline, "waited {PATIENCE:?} for {inserts} inserts to be spoiled\n{log}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_slowed_and_left_without_answers_it_loses_nothing_and_goes_on_when_that_ends() {
    let (cases_per_day, inserts, slow_for) = Scale::of_this_run().pick((15, 3, 3), (60, 16, 60));
    let seed = seed(20_180_913);
    let hall = Hall::open().await;
    let story = Story::new(&hall, seed, cases_per_day);
    let proxy = Proxy::before(hall.clickhouse.url()).await;
    let through_proxy = ["--set", &proxy.setting()];
    let mut running = hall.run(&[&story.rules()[..], &IMPATIENT, &through_proxy].concat());
    let pieces = story.pieces(6);
    hall.send(pieces[0]);
    hall.wait_until_stored(&mut running).await;

    // For now: too many parts, a memory limit, a table that is read only.
    for (piece, mood) in [(1, Mood::Refusing(252, "TOO_MANY_PARTS")), (2, Mood::Refusing(241, "MEMORY_LIMIT_EXCEEDED"))] {
        proxy.is_now(mood);
        let retried = running.metric(RETRIED).await;
        are_held(&hall, &mut running, pieces[piece]).await;
        spoils(&proxy, &mut running, inserts).await;
        running.wait_for_metric(RETRIED, |times| times > retried).await;
        proxy.is_now(Mood::Honest);
        hall.wait_until_stored(&mut running).await;
    }
    assert_eq!(running.metric(FAILED).await, 0.0, "what passes by itself is no failure");

    // For good, until someone mends it: no such table; and a full disk, as ClickHouse tells it.
    for mood in [Mood::Refusing(60, "UNKNOWN_TABLE"), Mood::Refusing(243, "NOT_ENOUGH_SPACE")] {
        proxy.is_now(mood);
        let failed = running.metric(FAILED).await;
        let piece = if mood == Mood::Refusing(60, "UNKNOWN_TABLE") { pieces[3] } else { pieces[4] };
        are_held(&hall, &mut running, piece).await;
        running.wait_for_metric(FAILED, |times| times > failed).await;
        spoils(&proxy, &mut running, 2).await;
        proxy.is_now(Mood::Honest);
        hall.wait_until_stored(&mut running).await;
    }

    // Stored, and nobody knows: everything is sent again, and is there once.
    proxy.is_now(Mood::LosingAnswers);
    let (first, rest) = pieces[5].split_at(pieces[5].len() / 2);
    are_held(&hall, &mut running, first).await;
    spoils(&proxy, &mut running, inserts).await;
    proxy.is_now(Mood::Honest);
    hall.wait_until_stored(&mut running).await;

    // Slow, but not too slow; then slower than anyone waits.
    proxy.is_now(Mood::Slow(Duration::from_secs(1)));
    hall.send(rest);
    tokio::time::sleep(Duration::from_secs(slow_for)).await;
    proxy.is_now(Mood::Slow(Duration::from_secs(10)));
    tokio::time::sleep(Duration::from_secs(slow_for)).await;
    proxy.is_now(Mood::Honest);
    hall.wait_until_stored(&mut running).await;
    running.terminate();

    story.is_told_by(&hall).await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_clickhouse_killed_hanging_and_full_it_waits_and_loses_nothing() {
    let (cases_per_day, hanging) = Scale::of_this_run().pick((15, 6), (60, 300));
    let seed = seed(20_180_914);
    let mut hall = Hall::open().await;
    let story = Story::new(&hall, seed, cases_per_day);
    let arguments = [&story.rules()[..], &IMPATIENT].concat();
    let mut running = hall.run(&arguments);
    let pieces = story.pieces(5);
    hall.send(pieces[0]);
    hall.wait_until_stored(&mut running).await;

    // Killed at work, and started again.
    let feed = hall.feed(pieces[1], Duration::from_secs(4));
    tokio::time::sleep(Duration::from_secs(1)).await;
    hall.clickhouse.process().kill().await;
    feed.finish().await;
    running.wait_for_metric("sundial_intake_lag_messages", |lag| lag > 0.0).await;
    hall.restart_clickhouse().await;
    hall.wait_until_stored(&mut running).await;

    // Hanging: connections stay open and nobody answers.
    hall.clickhouse.pause();
    are_held(&hall, &mut running, pieces[2]).await;
    tokio::time::sleep(Duration::from_secs(hanging)).await;
    let good = pieces[2].iter().filter(|message| !message.broken).count() as i64;
    assert!(hall.backlog().await >= good, "nothing passes while ClickHouse hangs");
    hall.clickhouse.resume();
    hall.wait_until_stored(&mut running).await;

    // Hanging, and the process is told to end: it does not wait, and the next one reads again.
    hall.clickhouse.pause();
    are_held(&hall, &mut running, pieces[3]).await;
    running.terminate();
    hall.clickhouse.resume();
    let mut running = hall.run(&arguments);
    hall.wait_until_stored(&mut running).await;

    // Full: the server is told to keep more space free than any disk has, and refuses inserts with code
    // 243 by itself, as it does on a disk that is full.
    hall.clickhouse.process().kill().await;
    let full = "<storage_configuration><disks><default><keep_free_space_bytes>1000000000000000</keep_free_space_bytes>\
                </default></disks></storage_configuration>";
    hall.restart_clickhouse_with(Some(full)).await;
    are_held(&hall, &mut running, pieces[4]).await;
    running.wait_for_metric(FAILED, |times| times > 0.0).await;
    assert!(running.log_tail().contains("Code: 243"), "refused for another reason:\n{}", running.log_tail());
    hall.clickhouse.process().kill().await;
    hall.restart_clickhouse().await;
    hall.wait_until_stored(&mut running).await;
    running.terminate();

    story.is_told_by(&hall).await;
    hall.close().await;
}
