//! A pipeline that is killed again and again, fed with everything that goes wrong in life.

use domain::{Calendar, Event, Instant};
use simulate::{
    County, Options, Simulation,
    faults::{Faults, Message, messages},
};
use tests::{Hall, PATIENCE, lines};

const SEED: u64 = 20_180_911;

fn events() -> Vec<Event> {
    let simulation = Simulation::new(County::sample(), Options { seed: SEED, cases_per_day: 40 });
    let at = |text| Instant::parse(text).expect("an instant");
    simulation.history(at("2025-03-01T00:00:00+08:00"), at("2025-06-01T00:00:00+08:00")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_it_ends_in_the_rows_of_assess_with_every_broken_message_a_dead_letter() {
    println!("seed {SEED}");
    let hall = Hall::open().await;
    let catalog = hall.write("catalog.toml", County::sample_catalog());
    let catalog = catalog.to_str().expect("a path");
    let rule = ["--set".to_owned(), format!("rules.catalog={catalog}")];
    let rules: Vec<&str> = rule.iter().map(String::as_str).collect();
    let messages = messages(&events(), Faults::default(), SEED, Calendar::china().zone());
    let broken = messages.iter().filter(|message| message.broken).count();
    println!("{} messages, {broken} of them broken", messages.len());

    // While the messages come in, the pipeline is killed after ever longer lives.
    let pieces: Vec<&[Message]> = messages.chunks(messages.len().div_ceil(6)).collect();
    for (number, piece) in pieces.iter().enumerate() {
        let running = hall.run(&rules);
        hall.produce(piece.iter().map(|message| (message.key.as_deref(), message.payload.as_slice())));
        tokio::time::sleep(std::time::Duration::from_millis(300 * number as u64)).await;
        running.kill();
    }
    let mut running = hall.run(&rules);
    hall.wait_until_stored(&mut running).await;
    running.terminate();

    let verified = hall.sundial(&[&rules[..], &["verify"]].concat()).succeeds();
    println!("{}", String::from_utf8_lossy(&verified));
    let good = messages.iter().filter(|message| !message.broken).map(|message| &message.payload);
    let file = hall.write("events.ndjson", lines(good));
    let as_of = "2026-11-20T12:00:00+08:00";
    let file = file.to_str().expect("a path");
    let assessed = hall.sundial(&["assess", "--strict", "--catalog", catalog, "--as-of", as_of, file]).succeeds();
    let exported = hall.sundial(&[&rules[..], &["export", "cases", "--as-of", as_of]].concat()).succeeds();
    assert!(assessed.len() > 100_000, "the cases are there");
    assert_same_lines(&exported, &assessed);
    assert_eq!(dead_letters(&hall, broken).await, broken);
    hall.close().await;
}

fn assert_same_lines(exported: &[u8], assessed: &[u8]) {
    if exported == assessed {
        return;
    }
    let (exported, assessed) = (String::from_utf8_lossy(exported), String::from_utf8_lossy(assessed));
    let differing = exported.lines().zip(assessed.lines()).find(|(one, other)| one != other);
    panic!(
        "{} lines exported, {} assessed; the first that differs:\n{differing:?}",
        exported.lines().count(),
        assessed.lines().count()
    );
}

/// How many different messages lie on the dead-letter topic: a message may be there twice, when the
/// pipeline was killed before it could commit, but each names where it came from.
async fn dead_letters(hall: &Hall, expected: usize) -> usize {
    let config = intake::Config {
        brokers: hall.broker.bootstrap(),
        group: "letters".to_owned(),
        topic: "approval.steps.dead".to_owned(),
        ..intake::Config::default()
    };
    let (intake, mut signals) = intake::Intake::start(config, std::sync::Arc::new(())).expect("the topic is consumed");
    let mut places = std::collections::BTreeSet::new();
    // All of them have been there since before; a second of silence is the end.
    let mut silence = PATIENCE;
    while let Ok(Some(signal)) = tokio::time::timeout(silence, signals[0].recv()).await {
        let intake::Signal::Batch(batch) = signal else { continue };
        for letter in batch.messages() {
            let place =
                letter.headers.iter().filter(|header| matches!(header.name.as_str(), "sundial.partition" | "sundial.offset"));
            places.insert(place.map(|header| header.value.clone()).collect::<Vec<_>>());
        }
        batch.into_receipt().acknowledge();
        if places.len() >= expected {
            silence = std::time::Duration::from_secs(1);
        }
    }
    intake.shutdown().await;
    places.len()
}
