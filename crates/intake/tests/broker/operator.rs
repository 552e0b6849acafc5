//! What only an operator can mend is told, and ends the intake where waiting is in vain.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use intake::{Config, Error, Intake, Signal};
use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions},
    client::DefaultClientContext,
};
use tokio::{sync::mpsc::UnboundedReceiver, time::timeout};

use crate::{
    shared,
    support::{Heard, PATIENCE, Seen, config, ends, produce, topic, wait_until, wait_until_seen, worker},
};

/// Longer than the intake waits for what may pass by itself.
const OPERATOR: Duration = Duration::from_secs(100);

/// Waits until the intake ends by itself; why it did, and after how long.
async fn ended(intake: &Intake, signals: &mut UnboundedReceiver<Signal>, what: &str) -> (String, Duration) {
    let began = Instant::now();
    let end = async { while signals.recv().await.is_some() {} };
    timeout(OPERATOR, end).await.unwrap_or_else(|_| panic!("waited {OPERATOR:?} for the end of an intake: {what}"));
    let failure = intake.failure().unwrap();
    assert!(matches!(failure, Error::Kafka { .. }), "{failure}");
    (failure.to_string(), began.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_stays_unknown_and_a_refused_login_end_the_intake_with_a_reason() {
    let broker = shared().await;
    let (unknown, mut unknown_signals) = Intake::start(config(&broker, "never-made"), Arc::new(())).unwrap();
    // The broker's listener knows no logins, so it refuses each.
    let login =
        [("security.protocol", "sasl_plaintext"), ("sasl.mechanism", "PLAIN"), ("sasl.username", "hall"), ("sasl.password", "-")];
    let client = login.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let heard = Arc::new(Heard::default());
    let (refused, mut refused_signals) =
        Intake::start(Config { client, ..config(&broker, "never-made") }, heard.clone()).unwrap();
    let ((unknown, unknown_took), (refused, refused_took)) = tokio::join!(
        ended(&unknown, &mut unknown_signals[0], "the topic is unknown"),
        ended(&refused, &mut refused_signals[0], "the login is refused"),
    );
    assert!(unknown.contains("never-made"), "{unknown}");
    assert!(refused.contains("SASL"), "{refused}");
    assert!(heard.errors.lock().unwrap().contains("authentication"));
    // Both may pass by themselves, so they are given time.
    assert!(unknown_took > Duration::from_secs(30) && refused_took > Duration::from_secs(30));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_made_late_is_found_soon() {
    let broker = shared().await;
    let heard = Arc::new(Heard::default());
    let (intake, signals) = Intake::start(config(&broker, "late"), heard.clone()).unwrap();
    wait_until("the topic is missed", || heard.errors.lock().unwrap().contains("unknown_topic")).await;
    topic(&broker, "late", 2).await;
    produce(&broker, "late", 0..10);
    let seen = Seen::default();
    let workers = signals.into_iter().map(|it| worker(it, seen.clone())).collect();
    wait_until_seen(&seen, 10).await;
    intake.shutdown().await;
    ends(workers).await;
    assert!(intake.failure().is_none());
}

/// Makes the broker forget what is before an offset, as retention does.
async fn expire(broker: &str, topic: &str, partition: i32, before: i64) {
    let admin: AdminClient<DefaultClientContext> = ClientConfig::new().set("bootstrap.servers", broker).create().unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, partition, Offset::Offset(before)).unwrap();
    let expired = timeout(PATIENCE, admin.delete_records(&list, &AdminOptions::new())).await;
    let expired = expired.unwrap_or_else(|_| panic!("waited {PATIENCE:?} for records to be deleted")).unwrap();
    assert!(expired.elements().iter().all(|element| element.error().is_ok()));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_expired_before_they_were_read_are_told() {
    let broker = shared().await;
    topic(&broker, "expired", 1).await;
    produce(&broker, "expired", 0..100);
    let consume_until = async |heard: Arc<Heard>, committed: i64| {
        let seen = Seen::default();
        let (intake, signals) = Intake::start(config(&broker, "expired"), heard.clone()).unwrap();
        let workers = signals.into_iter().map(|it| worker(it, seen.clone())).collect();
        let is_committed = || heard.committed.lock().unwrap().get(&0) == Some(&committed);
        wait_until(&format!("{committed} is committed"), is_committed).await;
        intake.shutdown().await;
        ends(workers).await;
        let seen: BTreeMap<_, _> = std::mem::take(&mut *seen.lock().unwrap());
        seen.into_keys().collect::<Vec<_>>()
    };
    let heard = Arc::new(Heard::default());
    assert_eq!(consume_until(heard.clone(), 100).await.len(), 100);
    assert!(!heard.errors.lock().unwrap().contains("offset_reset"), "a new group has nothing to lose");
    produce(&broker, "expired", 100..300);
    expire(&broker, "expired", 0, 250).await;
    assert_eq!(consume_until(heard.clone(), 300).await, (250..300).collect::<Vec<_>>());
    assert!(heard.errors.lock().unwrap().contains("offset_reset"));
}
