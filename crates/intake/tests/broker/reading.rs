//! Dead letters are read again as they were sent.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{Arc, Mutex},
};

use intake::{DeadLetters, Header, Intake, Letter, Place, Signal, producer::Outgoing, read_letters};

use crate::{
    shared,
    support::{PATIENCE, config, next_batch, producer, topic},
};

async fn letters(broker: &str, of: &str, most: usize) -> Result<Vec<Letter>, intake::Error> {
    let read = Arc::new(Mutex::new(Vec::new()));
    let (broker, of, into) = (broker.to_owned(), of.to_owned(), read.clone());
    let reading = tokio::task::spawn_blocking(move || {
        read_letters(&broker, &BTreeMap::new(), "looker", &of, |letter| {
            let mut into = into.lock().unwrap();
            into.push(letter);
            if into.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
    });
    reading.await.unwrap()?;
    let read = read.lock().unwrap().clone();
    Ok(read)
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_are_read_as_they_were_sent_from_the_beginning_to_the_end_of_now() {
    let broker = shared().await;
    topic(&broker, "written", 1).await;
    topic(&broker, "unreadable", 3).await;
    assert_eq!(letters(&broker, "unreadable", 10).await.unwrap(), []);

    // A message that is refused, with a header of its own.
    let producer = producer(&broker);
    let headers = [Header { name: "trace".to_owned(), value: Some(b"t-1".to_vec()) }];
    let message = Outgoing { topic: "written", key: Some(b"c-1"), payload: Some(b"\xff{"), headers: &headers };
    producer.send(message).unwrap();
    producer.flush(PATIENCE).unwrap();
    let (intake, mut signals) = Intake::start(config(&broker, "written"), Arc::new(())).unwrap();
    let batch = next_batch(&mut signals[0]).await;
    let dead_letters = DeadLetters::new(producer.clone(), "unreadable", "written");
    dead_letters.send(&batch.messages().next().unwrap(), "not_utf8", "not UTF-8 at byte 0").await.unwrap();
    let written_ms = batch.messages().next().unwrap().timestamp_ms;
    batch.into_receipt().acknowledge();
    while let Ok(signal) = signals[0].try_recv() {
        assert!(!matches!(signal, Signal::Batch(_)));
    }
    intake.shutdown().await;

    let read = letters(&broker, "unreadable", 10).await.unwrap();
    let letter = &read[0];
    assert_eq!((letter.code.as_deref(), letter.reason.as_deref()), (Some("not_utf8"), Some("not UTF-8 at byte 0")));
    assert_eq!((letter.topic.as_deref(), letter.original), (Some("written"), Some(Place { partition: 0, offset: 0 })));
    assert_eq!((letter.key.as_deref(), letter.payload.as_deref()), (Some(&b"c-1"[..]), Some(&b"\xff{"[..])));
    assert_eq!((&letter.headers[..], letter.timestamp_ms), (&headers[..], written_ms));
    assert!(letter.refused_at_ms >= written_ms && written_ms.is_some());

    // What someone else put there is told as far as it goes; and whoever has seen enough reads no further.
    for number in 0..20u8 {
        let stray = Outgoing { topic: "unreadable", key: Some(&[number]), payload: None, headers: &[] };
        producer.send(stray).unwrap();
    }
    producer.flush(PATIENCE).unwrap();
    let read = letters(&broker, "unreadable", 100).await.unwrap();
    assert_eq!(read.len(), 21);
    let stray = read.iter().find(|it| it.key.as_deref() == Some(&[7][..])).unwrap();
    assert_eq!((&stray.code, &stray.topic, stray.original, &stray.payload), (&None, &None, None, &None));
    assert_eq!(letters(&broker, "unreadable", 4).await.unwrap().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_not_there_is_an_error_that_names_it() {
    let error = letters(&shared().await, "nowhere", 1).await.unwrap_err().to_string();
    assert!(error.contains("reading nowhere"), "{error}");
}
