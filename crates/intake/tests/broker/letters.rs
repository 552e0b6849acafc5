//! Dead letters.

use std::{collections::BTreeMap, sync::Arc};

use intake::{DeadLetters, Header, Intake, producer::Outgoing};

use crate::{
    shared,
    support::{config, next_batch, producer, topic},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_carries_everything_the_message_had_and_why_it_is_there() {
    let broker = shared().await;
    topic(&broker, "steps", 3).await;
    topic(&broker, "steps.dead", 1).await;
    let producer = producer(&broker);
    let own = [("trace", Some(&b"t-1"[..])), ("empty", None), ("trace", Some(b"\xff"))];
    let own = own.map(|(name, value)| Header { name: name.to_owned(), value: value.map(<[u8]>::to_vec) });
    let messages = [(Some(&b"c-1"[..]), Some(&b"garbage"[..]), &own[..]), (Some(b"c-1"), None, &[]), (None, Some(b""), &[])];
    let (intake, mut signals) = Intake::start(config(&broker, "steps"), Arc::new(())).unwrap();
    let (dead, mut dead_signals) = Intake::start(config(&broker, "steps.dead"), Arc::new(())).unwrap();
    let letters = DeadLetters::new(producer.clone(), "steps.dead", "steps");
    for (key, payload, headers) in messages {
        producer.send_and_wait(Outgoing { topic: "steps", key, payload, headers }).await.unwrap();
        let batch = next_batch(&mut signals[0]).await;
        let message = batch.messages().next().unwrap();
        let (partition, offset, timestamp) = (message.partition, message.offset, message.timestamp_ms.unwrap());
        letters.send(&message, "not_json", "kein JSON: 不是").await.unwrap();
        batch.into_receipt().acknowledge();
        let batch = next_batch(&mut dead_signals[0]).await;
        let letter = batch.messages().next().unwrap();
        assert_eq!((letter.key, letter.payload), (key, payload));
        let carried: Vec<Header> = letter.headers.iter().collect();
        let (before, added) = carried.split_at(headers.len());
        assert_eq!(before, headers);
        let added: BTreeMap<_, _> =
            added.iter().map(|it| (it.name.clone(), String::from_utf8(it.value.clone().unwrap()).unwrap())).collect();
        let at = added["sundial.at"].parse::<i64>().unwrap();
        assert!(at >= timestamp && at < timestamp + 60_000, "{at} is now");
        let expected = [
            ("sundial.code", "not_json".to_owned()),
            ("sundial.reason", "kein JSON: 不是".to_owned()),
            ("sundial.topic", "steps".to_owned()),
            ("sundial.partition", partition.to_string()),
            ("sundial.offset", offset.to_string()),
            ("sundial.timestamp", timestamp.to_string()),
            ("sundial.at", at.to_string()),
        ];
        assert_eq!(added, expected.map(|(name, value)| (name.to_owned(), value)).into());
        batch.into_receipt().acknowledge();
    }
    intake.shutdown().await;
    dead.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_that_its_topic_does_not_take_is_cut_and_says_so() {
    let broker = shared().await;
    topic(&broker, "bulky", 1).await;
    topic(&broker, "bulky.dead", 1).await;
    let producer = producer(&broker);
    let (intake, mut signals) = Intake::start(config(&broker, "bulky"), Arc::new(())).unwrap();
    let (dead, mut dead_signals) = Intake::start(config(&broker, "bulky.dead"), Arc::new(())).unwrap();
    let letters = DeadLetters::new(producer.clone(), "bulky.dead", "bulky");
    // Nothing that could be compressed, and just under what a topic takes by default.
    let mut state = 1_u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    })
    .take((1 << 20) - 200)
    .collect();
    let bulky_header = [Header { name: "bulk".to_owned(), value: Some(noise.clone()) }];
    let cases = [
        (Some(&b"c"[..]), Some(&noise[..]), &[][..], Some(&b"c"[..]), Some(&noise[..64 * 1024])),
        (Some(b"c"), Some(b"7"), &bulky_header, None, None),
    ];
    for (key, payload, headers, key_left, payload_left) in cases {
        producer.send_and_wait(Outgoing { topic: "bulky", key, payload, headers }).await.unwrap();
        let batch = next_batch(&mut signals[0]).await;
        let message = batch.messages().next().unwrap();
        letters.send(&message, "too_large", "too large").await.unwrap();
        let offset = message.offset.to_string();
        batch.into_receipt().acknowledge();
        let batch = next_batch(&mut dead_signals[0]).await;
        let letter = batch.messages().next().unwrap();
        assert!((letter.key, letter.payload) == (key_left, payload_left));
        let says = |name: &str| letter.headers.iter().find(|it| it.name == name).and_then(|it| it.value);
        assert_eq!(says("sundial.cut"), payload.map(|payload| payload.len().to_string().into_bytes()));
        assert_eq!(says("sundial.offset"), Some(offset.into_bytes()));
        batch.into_receipt().acknowledge();
    }
    intake.shutdown().await;
    dead.shutdown().await;
}
