//! Messages of every sort that nobody can read, and topics that change under the pipeline.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use domain::Calendar;
use intake::{Header, producer::Outgoing};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use simulate::faults::{good_events, one_of_every_broken_sort};
use tests::{Hall, PATIENCE, Scale, Story, every_broken_message_is_a_dead_letter, read_topic, seed};

#[tokio::test(flavor = "multi_thread")]
async fn every_sort_of_broken_message_ends_as_a_dead_letter_with_all_it_had_and_the_rest_flows() {
    let (cases_per_day, rounds) = Scale::of_this_run().pick((15, 1), (60, 20));
    let seed = seed(20_180_917);
    let mut rng = StdRng::seed_from_u64(seed);
    let hall = Hall::open().await;
    let story = Story::new(&hall, seed, cases_per_day);
    let mut running = hall.run(&story.rules());
    let feed = hall.feed(&story.messages, Duration::from_secs(5 * rounds));

    // Between the good ones, each with headers of its own: also one without a value, and a name twice.
    let own = [("trace", Some(&b"t-1"[..])), ("none", None), ("trace", Some(b"\xff"))];
    let own = own.map(|(name, value)| Header { name: name.to_owned(), value: value.map(<[u8]>::to_vec) });
    let producer = hall.producer();
    let send = |key: Option<&[u8]>, payload: Option<&[u8]>| {
        producer.send(Outgoing { topic: "approval.steps", key, payload, headers: &own }).expect("the message is taken");
    };
    let mut broken = story.messages.iter().filter(|message| message.broken).count();
    let mut sent = story.messages.len();
    for event in good_events(&story.messages).step_by(97).take(rounds as usize) {
        let mut poison = one_of_every_broken_sort(event, Calendar::china().zone());
        // As large as a message may be with the broker's default settings, and nothing to compress.
        let mut noise = vec![0; (1 << 20) - 600];
        rng.fill(&mut noise[..]);
        poison[0].payload = noise;
        for message in &poison {
            send(message.key.as_deref(), Some(&message.payload));
        }
        send(Some(event.case_no.as_bytes()), None);
        send(None, None);
        broken += poison.len() + 2;
        sent += poison.len() + 2;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    producer.flush(PATIENCE).expect("the broker takes all messages");
    feed.finish().await;
    hall.wait_until_stored(&mut running).await;
    let refused = running.metric("sundial_dead_letters_total").await;
    running.terminate();

    assert_eq!(refused, broken as f64, "the metric counts them");
    story.is_stored_by(&hall).await;
    assert_eq!(every_broken_message_is_a_dead_letter(&hall, sent).await, broken);
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_made_anew_is_read_from_its_beginning_and_added_partitions_are_read_too() {
    let cases_per_day = Scale::of_this_run().pick(15, 60);
    let seed = seed(20_180_918);
    let hall = Hall::open().await;
    let story = Story::new(&hall, seed, cases_per_day);
    let mut running = hall.run(&story.rules());
    // The first piece is thrice the second: where a topic made anew has grown past what was read of the old one, no
    // consumer can tell the two apart.
    let pieces = story.pieces(5);
    pieces[..3].iter().for_each(|piece| hall.send(piece));
    hall.wait_until_stored(&mut running).await;

    // Everything read, the topic goes and comes back, shorter than it was.
    hall.make_topic_anew().await;
    hall.feed(pieces[3], Duration::from_secs(3)).finish().await;
    let sent = pieces[..4].iter().map(|piece| piece.len()).sum::<usize>() as f64;
    running.wait_for_metric("sundial_intake_messages_total", |read| read >= sent).await;
    hall.wait_until_stored(&mut running).await;

    // From now on most cases go on in another partition than before.
    hall.add_partitions(9).await;
    hall.feed(pieces[4], Duration::from_secs(3)).finish().await;
    let all = story.different_events().to_string();
    let deadline = Instant::now() + PATIENCE;
    while hall.query("SELECT count() FROM events FINAL").await != all {
        running.is_alive();
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} for all events\n{}", running.log_tail());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    hall.wait_until_stored(&mut running).await;
    running.wait_for_metric("sundial_intake_topic_partitions", |there| there == 9.0).await;
    running.terminate();

    story.is_stored_by(&hall).await;
    // Their places repeat since the topic was made anew, so they are told apart by what they hold.
    let broken = story.messages.iter().filter(|message| message.broken);
    let broken: BTreeSet<_> = broken.map(|message| (message.key.clone(), message.payload.clone())).collect();
    let letters = read_topic(&hall, "approval.steps.dead", broken.len()).await.into_values();
    let letters: BTreeSet<_> = letters.map(|letter| (letter.key, letter.payload.unwrap_or_default())).collect();
    assert!(letters == broken, "{} different dead letters of {} broken messages", letters.len(), broken.len());
    hall.close().await;
}
