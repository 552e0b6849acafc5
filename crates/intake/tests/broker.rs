//! The intake against the real broker.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "broker/letters.rs"]
mod letters;
#[path = "broker/operator.rs"]
mod operator;
#[path = "broker/reading.rs"]
mod reading;
mod support;

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use embedded::{Broker, BrokerOptions, testing::shared_broker};
use intake::{
    Config, Error, Intake, Signal,
    admin::{TopicSpec, ensure_topics, topic_partitions},
    producer::Outgoing,
};
use support::{
    Heard, PATIENCE, Seen, config, ends, hold_all, next_batch, next_signal, numbers, produce, seen_twice, topic, wait_until,
    wait_until_seen, worker,
};
use tokio::time::timeout;

async fn shared() -> String {
    shared_broker().await.unwrap().bootstrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_read_twice_while_members_come_and_go_under_load() {
    let broker = shared().await;
    topic(&broker, "coming", 6).await;
    let seen = Seen::default();
    let count = 60_000;
    let load = tokio::task::spawn_blocking({
        let broker = broker.clone();
        move || {
            for part in 0..30 {
                produce(&broker, "coming", part * count / 30..(part + 1) * count / 30);
                std::thread::sleep(Duration::from_millis(100));
            }
        }
    });
    let mut workers = Vec::new();
    let mut join = |count| {
        let (intake, signals) = Intake::start(Config { workers: count, ..config(&broker, "coming") }, Arc::new(())).unwrap();
        workers.extend(signals.into_iter().map(|it| worker(it, seen.clone())));
        intake
    };
    let first = join(2);
    wait_until("the first member sees something", || !seen.lock().unwrap().is_empty()).await;
    let second = join(1);
    tokio::time::sleep(Duration::from_millis(700)).await;
    let third = join(3);
    tokio::time::sleep(Duration::from_millis(700)).await;
    first.shutdown().await;
    let fourth = join(1);
    tokio::time::sleep(Duration::from_millis(700)).await;
    second.shutdown().await;
    timeout(PATIENCE, load).await.unwrap().unwrap();
    wait_until_seen(&seen, count as usize).await;
    third.shutdown().await;
    fourth.shutdown().await;
    ends(workers).await;
    assert_eq!(seen_twice(&seen), [] as [u32; 0], "everything was acknowledged and drained, so nothing is read twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_acknowledged_is_read_again_from_the_frontier() {
    let broker = shared().await;
    topic(&broker, "pinned", 1).await;
    produce(&broker, "pinned", 0..1000);
    let heard = Arc::new(Heard::default());
    // Far longer than the test is patient: should the end wait for what nobody holds, it fails.
    let (drain_timeout, session_timeout) = (4 * PATIENCE, 5 * PATIENCE);
    let config = Config { drain_timeout, session_timeout, ..config(&broker, "pinned") };
    let (first, mut signals) = Intake::start(config.clone(), heard.clone()).unwrap();
    let mut receipts = Vec::new();
    while receipts.len() < 10 {
        receipts.push(next_batch(&mut signals[0]).await.into_receipt());
    }
    // Out of order, and the fourth never.
    let pinned = receipts.remove(3);
    receipts.into_iter().rev().for_each(intake::Receipt::acknowledge);
    wait_until("the frontier is committed", || !heard.committed.lock().unwrap().is_empty()).await;
    let is_told = || heard.lag.lock().unwrap().get(&0).is_some_and(|(messages, seconds)| *messages == 700 && *seconds > 0.0);
    wait_until("lag is told though nothing flows", is_told).await;
    drop(pinned);
    timeout(PATIENCE, first.shutdown()).await.expect("nobody holds anything, so nothing is waited for");
    assert_eq!(heard.committed.lock().unwrap()[&0], 300, "three batches of a hundred");
    let seen = Seen::default();
    let (second, signals) = Intake::start(config, Arc::new(())).unwrap();
    let workers = signals.into_iter().map(|it| worker(it, seen.clone())).collect();
    wait_until_seen(&seen, 700).await;
    assert_eq!(seen.lock().unwrap().keys().next(), Some(&300));
    second.shutdown().await;
    ends(workers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_member_that_is_caught_up_never_looks_behind() {
    let broker = shared().await;
    topic(&broker, "caught-up", 2).await;
    produce(&broker, "caught-up", 0..500);
    let seen = Seen::default();
    let (first, signals) = Intake::start(config(&broker, "caught-up"), Arc::new(())).unwrap();
    let workers = signals.into_iter().map(|it| worker(it, seen.clone())).collect();
    wait_until_seen(&seen, 500).await;
    first.shutdown().await;
    ends(workers).await;
    let heard = Arc::new(Heard::default());
    let (second, signals) = Intake::start(config(&broker, "caught-up"), heard.clone()).unwrap();
    let workers = signals.into_iter().map(|it| worker(it, seen.clone())).collect();
    let caught_up = BTreeMap::from([(0, (0, 0.0)), (1, (0, 0.0))]);
    wait_until("lag is told of both partitions", || *heard.lag.lock().unwrap() == caught_up).await;
    assert_eq!((*heard.worst_lag.lock().unwrap(), seen_twice(&seen)), (0, vec![]));
    second.shutdown().await;
    ends(workers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_budget_polling_pauses_lag_goes_on_growing_and_an_acknowledgement_resumes_it() {
    let broker = shared().await;
    topic(&broker, "budget", 2).await;
    produce(&broker, "budget", 0..5000);
    let heard = Arc::new(Heard::default());
    let (intake, mut signals) =
        Intake::start(Config { budget_messages: 500, ..config(&broker, "budget") }, heard.clone()).unwrap();
    let seen = Seen::default();
    let mut held = Vec::new();
    wait_until("polling is paused", || heard.is_paused()).await;
    hold_all(&mut signals[0], &seen, &mut held).await;
    assert_eq!(seen.lock().unwrap().len(), 500);
    // Nothing is fetched now, so the client by itself does not learn of these.
    produce(&broker, "budget", 5000..6000);
    let behind = || heard.lag.lock().unwrap().values().map(|(messages, _)| messages).sum::<i64>();
    wait_until("lag covers what was sent during the pause", || behind() == 6000).await;
    held.drain(..).for_each(intake::Receipt::acknowledge);
    let workers = signals.into_iter().map(|it| worker(it, seen.clone())).collect();
    wait_until_seen(&seen, 6000).await;
    wait_until("lag is gone", || behind() == 0).await;
    assert!(!heard.is_paused() && *heard.most_messages.lock().unwrap() <= 500);
    intake.shutdown().await;
    ends(workers).await;
    assert_eq!(seen_twice(&seen), [] as [u32; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_that_come_and_go_during_a_pause_are_paused_too_and_resumed_after_it() {
    let broker = shared().await;
    topic(&broker, "paused", 4).await;
    produce(&broker, "paused", 0..8000);
    let heard = Arc::new(Heard::default());
    let tight = Config { budget_messages: 300, drain_timeout: Duration::from_millis(500), ..config(&broker, "paused") };
    let (first, mut signals) = Intake::start(tight, heard.clone()).unwrap();
    let (seen, mut held) = (Seen::default(), Vec::new());
    wait_until("polling is paused", || heard.is_paused()).await;
    hold_all(&mut signals[0], &seen, &mut held).await;
    // Half of the paused partitions go, and come back while the pause lasts.
    let (second, others) = Intake::start(config(&broker, "paused"), Arc::new(())).unwrap();
    let workers = others.into_iter().map(|it| worker(it, seen.clone())).collect();
    let gone = loop {
        if let Signal::Revoked(partitions, _released) = next_signal(&mut signals[0]).await {
            break partitions;
        }
    };
    second.shutdown().await;
    ends(workers).await;
    let back = loop {
        match next_signal(&mut signals[0]).await {
            Signal::Assigned(partitions) if partitions.is_empty() => {}
            Signal::Assigned(partitions) => break partitions,
            Signal::ReadToEnd(_) => {}
            Signal::Batch(_) | Signal::Revoked(..) => panic!("nothing comes during the pause"),
        }
    };
    let sorted = |mut partitions: Vec<i32>| {
        partitions.sort_unstable();
        partitions
    };
    assert_eq!(sorted(gone), sorted(back));
    assert!(timeout(Duration::from_secs(1), signals[0].recv()).await.is_err(), "nothing comes during the pause");
    held.drain(..).for_each(intake::Receipt::acknowledge);
    let workers = signals.into_iter().map(|it| worker(it, seen.clone())).collect();
    wait_until_seen(&seen, 8000).await;
    first.shutdown().await;
    ends(workers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_revoked_during_a_pause_flows_again_when_it_comes_back_after_it() {
    let broker = shared().await;
    topic(&broker, "stuck", 2).await;
    produce(&broker, "stuck", 0..2000);
    let heard = Arc::new(Heard::default());
    let tight = Config { budget_messages: 200, drain_timeout: Duration::from_millis(500), ..config(&broker, "stuck") };
    let (first, mut signals) = Intake::start(tight, heard.clone()).unwrap();
    let (seen, mut held) = (Seen::default(), Vec::new());
    wait_until("polling is paused", || heard.is_paused()).await;
    hold_all(&mut signals[0], &seen, &mut held).await;
    let (second, others) = Intake::start(config(&broker, "stuck"), Arc::new(())).unwrap();
    let other_workers = others.into_iter().map(|it| worker(it, seen.clone())).collect();
    let held_back: Vec<u32> = seen.lock().unwrap().keys().copied().collect();
    while !matches!(next_signal(&mut signals[0]).await, Signal::Revoked(..)) {}
    // The pause ends while the partition is someone else's.
    held.drain(..).for_each(intake::Receipt::acknowledge);
    let workers = signals.into_iter().map(|it| worker(it, seen.clone())).collect();
    wait_until_seen(&seen, 2000).await;
    assert!(!heard.is_paused());
    second.shutdown().await;
    ends(other_workers).await;
    produce(&broker, "stuck", 2000..4000);
    wait_until_seen(&seen, 4000).await;
    assert!(seen_twice(&seen).iter().all(|it| held_back.contains(it)), "it came back where it was committed, not rewound");
    first.shutdown().await;
    ends(workers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn revoked_partitions_wait_for_receipts_that_are_on_their_way() {
    let broker = shared().await;
    topic(&broker, "drained", 2).await;
    produce(&broker, "drained", 0..1000);
    let (first, mut signals) = Intake::start(config(&broker, "drained"), Arc::new(())).unwrap();
    let (seen, mut held) = (Seen::default(), Vec::new());
    hold_all(&mut signals[0], &seen, &mut held).await;
    while seen.lock().unwrap().len() < 1000 {
        hold_all(&mut signals[0], &seen, &mut held).await;
    }
    let (second, others) = Intake::start(config(&broker, "drained"), Arc::new(())).unwrap();
    let other_workers = others.into_iter().map(|it| worker(it, seen.clone())).collect();
    while !matches!(next_signal(&mut signals[0]).await, Signal::Revoked(..)) {}
    // The worker has let go, but its writes are still on their way.
    tokio::time::sleep(Duration::from_secs(1)).await;
    held.drain(..).for_each(intake::Receipt::acknowledge);
    produce(&broker, "drained", 1000..2000);
    let workers = signals.into_iter().map(|it| worker(it, seen.clone())).collect();
    wait_until_seen(&seen, 2000).await;
    assert_eq!(seen_twice(&seen), [] as [u32; 0], "the new owner began after what was acknowledged");
    first.shutdown().await;
    second.shutdown().await;
    ends(workers).await;
    ends(other_workers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_commits_what_is_acknowledged_in_time_and_gives_up_on_the_rest() {
    let broker = shared().await;
    topic(&broker, "ending", 1).await;
    produce(&broker, "ending", 0..300);
    let heard = Arc::new(Heard::default());
    let config =
        Config { commit_interval: Duration::from_secs(3600), drain_timeout: Duration::from_secs(2), ..config(&broker, "ending") };
    let (intake, mut signals) = Intake::start(config, heard.clone()).unwrap();
    let mut receipts = Vec::new();
    while receipts.len() < 3 {
        receipts.push(next_batch(&mut signals[0]).await.into_receipt());
    }
    let late = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(500)).await;
        receipts.drain(..2).for_each(intake::Receipt::acknowledge);
        receipts
    });
    let began = Instant::now();
    intake.shutdown().await;
    let took = began.elapsed();
    assert!(took >= Duration::from_secs(2) && took < Duration::from_secs(6), "the third receipt was waited for {took:?}");
    assert_eq!(heard.committed.lock().unwrap()[&0], 200);
    assert!(timeout(PATIENCE, signals[0].recv()).await.unwrap().is_none(), "the receivers have ended");
    drop(late.await.unwrap());
    assert!(intake.failure().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_gone_ends_the_intake_with_a_reason() {
    let broker = shared().await;
    topic(&broker, "gone", 2).await;
    produce(&broker, "gone", 0..100);
    let (intake, mut signals) = Intake::start(Config { workers: 2, ..config(&broker, "gone") }, Arc::new(())).unwrap();
    drop(signals.remove(0));
    while timeout(PATIENCE, signals[0].recv()).await.unwrap().is_some() {}
    assert!(matches!(intake.failure(), Some(Error::WorkerGone)));
    intake.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_is_fenced_ends_with_a_reason() {
    let broker = shared().await;
    topic(&broker, "fenced", 1).await;
    let config = Config { instance: Some("hall-1".to_owned()), ..config(&broker, "fenced") };
    let (first, mut signals) = Intake::start(config.clone(), Arc::new(())).unwrap();
    while !matches!(next_signal(&mut signals[0]).await, Signal::Assigned(_)) {}
    let (second, mut others) = Intake::start(config, Arc::new(())).unwrap();
    while !matches!(next_signal(&mut others[0]).await, Signal::Assigned(_)) {}
    while timeout(PATIENCE, signals[0].recv()).await.unwrap().is_some() {}
    assert!(matches!(first.failure(), Some(Error::Kafka { .. })));
    first.shutdown().await;
    second.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_are_made_where_they_are_missing_and_left_alone_where_not() {
    let broker = shared().await;
    let client = BTreeMap::new();
    let spec = |name: &str, partitions| TopicSpec { name: name.to_owned(), partitions, replication: 1 };
    assert_eq!(topic_partitions(&broker, &client, "made-1").await.unwrap(), None);
    ensure_topics(&broker, &client, &[spec("made-1", 3)]).await.unwrap();
    ensure_topics(&broker, &client, &[spec("made-1", 9), spec("made-2", 2)]).await.unwrap();
    assert_eq!(topic_partitions(&broker, &client, "made-1").await.unwrap(), Some(3));
    assert_eq!(topic_partitions(&broker, &client, "made-2").await.unwrap(), Some(2));
    let refused = ensure_topics(&broker, &client, &[spec("no such name!", 1)]).await.unwrap_err().to_string();
    assert!(refused.contains("no such name!"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_producer_cannot_deliver_is_told() {
    let broker = shared().await;
    topic(&broker, "small", 1).await;
    let client = BTreeMap::from([("message.timeout.ms".to_owned(), "1000".to_owned())]);
    let producer = intake::producer::Producer::new(&broker, &client).unwrap();
    let to = |topic, payload| Outgoing { topic, key: None, payload: Some(payload), headers: &[] };
    let huge = vec![0; 70 << 20];
    assert!(producer.send(to("small", &huge)).unwrap_err().to_string().contains("small"));
    producer.send_and_wait(to("small", b"fits")).await.unwrap();
    assert!(producer.send_and_wait(to("nowhere", b"lost")).await.is_err());
    producer.send(to("nowhere", b"lost")).unwrap();
    let lost = tokio::task::spawn_blocking(move || (producer.flush(PATIENCE), producer.flush(PATIENCE))).await.unwrap();
    assert!(lost.0.unwrap_err().to_string().contains("not delivered"));
    assert_eq!(lost.1.unwrap(), 1, "one was delivered, and failures are told once");
}

/// The hash of Java's producers (`org.apache.kafka.common.utils.Utils.murmur2`).
fn murmur2(data: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut hash = 0x9747_b28c ^ data.len() as u32;
    let words = data.chunks_exact(4);
    let rest = words.remainder();
    for word in words {
        let word = u32::from_le_bytes(word.try_into().unwrap()).wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ (word ^ (word >> 24)).wrapping_mul(M);
    }
    if !rest.is_empty() {
        rest.iter().enumerate().for_each(|(at, byte)| hash ^= u32::from(*byte) << (8 * at));
        hash = hash.wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_go_to_the_partitions_where_java_producers_put_them() {
    // Two of the values in Kafka's own test of it.
    assert_eq!((murmur2(b"21") as i32, murmur2(b"foobar") as i32), (-973_932_308, -790_332_482));
    let broker = shared().await;
    topic(&broker, "keys", 7).await;
    produce(&broker, "keys", 0..500);
    let (intake, mut signals) = Intake::start(config(&broker, "keys"), Arc::new(())).unwrap();
    let mut messages = 0;
    while messages < 500 {
        let batch = next_batch(&mut signals[0]).await;
        for message in batch.messages() {
            let expected = (murmur2(message.key.unwrap()) & 0x7fff_ffff) % 7;
            assert_eq!(message.partition as u32, expected, "the partition of {:?}", message.key);
        }
        messages += batch.len();
        batch.into_receipt().acknowledge();
    }
    intake.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_worker_gets_its_own_partitions_in_order() {
    let broker = shared().await;
    topic(&broker, "own", 5).await;
    produce(&broker, "own", 0..3000);
    let (intake, signals) = Intake::start(Config { workers: 3, ..config(&broker, "own") }, Arc::new(())).unwrap();
    let mut total = 0;
    for (number, mut signals) in signals.into_iter().enumerate() {
        let mut last: BTreeMap<i32, u32> = BTreeMap::new();
        let (mut total_of, mut ended) = (BTreeMap::<i32, u32>::new(), BTreeMap::<i32, u32>::new());
        while let Ok(Some(signal)) = timeout(Duration::from_secs(5), signals.recv()).await {
            match signal {
                Signal::Assigned(partitions) => partitions.into_iter().for_each(|it| {
                    assert_eq!(it as usize % 3, number);
                    last.insert(it, 0);
                }),
                Signal::Batch(batch) => {
                    for (message, number) in batch.messages().zip(numbers(&batch)) {
                        let before =
                            last.get_mut(&message.partition).unwrap_or_else(|| panic!("a message before its assignment"));
                        assert!(number >= *before, "in the order they were sent");
                        *before = number;
                        total += 1;
                        *total_of.entry(message.partition).or_insert(0) += 1;
                    }
                    batch.into_receipt().acknowledge();
                }
                Signal::ReadToEnd(partition) => {
                    // Told after the messages; of an empty partition too.
                    ended.insert(partition, total_of.get(&partition).copied().unwrap_or(0));
                }
                Signal::Revoked(..) => {}
            }
        }
        assert!(last.keys().all(|partition| ended.get(partition) == Some(&total_of.get(partition).copied().unwrap_or(0))));
    }
    assert_eq!(total, 3000);
    intake.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_dies_is_waited_for_and_one_that_hangs_does_not_hold_up_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let start = || Broker::start(BrokerOptions::new(directory.path()));
    let broker = start().await.unwrap();
    let bootstrap = broker.bootstrap();
    topic(&bootstrap, "dying", 2).await;
    produce(&bootstrap, "dying", 0..1000);
    let (seen, heard) = (Seen::default(), Arc::new(Heard::default()));
    let config = Config { drain_timeout: Duration::from_secs(2), ..config(&bootstrap, "dying") };
    let (intake, signals) = Intake::start(config, heard.clone()).unwrap();
    let workers = signals.into_iter().map(|it| worker(it, seen.clone())).collect();
    wait_until_seen(&seen, 1000).await;
    wait_until("all is committed", || heard.committed.lock().unwrap().values().sum::<i64>() == 1000).await;
    broker.kill().await;
    wait_until("the client tells that the broker is away", || !heard.errors.lock().unwrap().is_empty()).await;
    let broker = start().await.unwrap();
    assert_eq!(broker.bootstrap(), bootstrap);
    produce(&bootstrap, "dying", 1000..2000);
    wait_until_seen(&seen, 2000).await;
    assert_eq!(seen_twice(&seen), [] as [u32; 0]);
    assert!(broker.pause());
    timeout(PATIENCE, intake.shutdown()).await.expect("a broker that hangs does not hold up the end");
    assert!(broker.resume());
    ends(workers).await;
    broker.kill().await;
}
