//! Memory stays inside its budget when the store stands still and far more waits than fits.

use rand::{RngExt, SeedableRng, rngs::StdRng};
use tests::{Hall, Story, seed};

/// Bytes of text in every message here: a source may send a step with all that was written to it.
const TEXT_BYTES: usize = 100_000;
/// So many of them are more than twice the budget.
const MESSAGES: usize = 3_000;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a part of `make chaos`: hundreds of megabytes take their time without optimisation"]
async fn with_more_waiting_than_fits_it_pauses_inside_its_memory_and_stores_all_of_it_later() {
    let seed = seed(20_180_923);
    let hall = Hall::open().await;
    let mut story = Story::new(&hall, seed, 30);
    story.messages.truncate(MESSAGES);
    // Nothing repeats itself in it: what waits is kept compressed, and of what does there would never be too much.
    let mut rng = StdRng::seed_from_u64(seed);
    for message in story.messages.iter_mut().filter(|message| !message.broken) {
        let opinion: String = (0..TEXT_BYTES / 3).map(|_| rng.random_range('一'..='龥')).collect();
        let text = format!(r#"{{"opinion":"{opinion}","#);
        message.payload = [text.as_bytes(), &message.payload[1..]].concat();
    }
    let mut running = hall.run(&story.rules());
    running.wait_for_partitions().await;

    // The store hangs, so nothing that is read is let go of.
    hall.clickhouse.pause();
    hall.send(&story.messages);
    running.wait_for_metric("sundial_intake_paused", |paused| paused == 1.0).await;
    running.is_within_memory();
    hall.clickhouse.resume();
    hall.wait_until_stored(&mut running).await;
    running.terminate();
    story.is_told_by(&hall).await;
    hall.close().await;
}
