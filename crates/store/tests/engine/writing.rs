//! Writing against a server that refuses, hangs or is not there.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use domain::{Event, Text};
use store::{GroupBy, Observer, PendingRows, Reader, Rows, StoreConfig, Table, Writer, migrate};

use crate::fixtures::{Engine, Office, always, cases, rows, stored};

#[derive(Default)]
struct Outcomes {
    started: AtomicUsize,
    ended: Mutex<Vec<(Table, &'static str)>>,
    sent: AtomicU64,
}

impl Observer for Outcomes {
    fn insert_started(&self, _table: Table) {
        self.started.fetch_add(1, Ordering::SeqCst);
    }

    fn bytes_stored(&self, _table: Table, encoded: u64, sent: u64) {
        assert!(sent < encoded, "{sent} of {encoded} bytes");
        self.sent.fetch_add(sent, Ordering::SeqCst);
    }

    fn insert_ended(&self, table: Table, outcome: &'static str, _took: Duration, _rows: u64) {
        self.ended.lock().unwrap().push((table, outcome));
    }
}

#[tokio::test]
async fn a_permanent_error_fails_at_once_and_the_rows_are_given_back() {
    let engine = Engine::start().await;
    let config = engine.config();
    let (office, cases) = (Office::new(), cases(4, 10));
    let outcomes = Arc::new(Outcomes::default());
    let writer = Writer::new(&config, outcomes.clone());
    // No such database: code 81 is permanent.
    let Err((error, pending)) = writer.write(rows(&office, &cases)).await else { panic!("written into nothing") };
    assert_eq!((error.code(), error.is_retryable()), (Some(81), false), "{error}");
    assert_eq!(*outcomes.ended.lock().unwrap(), [(Table::Cases, "failed")], "nothing is written before the cases are");
    migrate(&config).await.unwrap();
    assert!(writer.write_pending(pending).await.is_ok());
    assert!(Reader::new(&config).counts().await.unwrap()["events"] > 0);
}

#[tokio::test]
async fn rows_that_came_bit_by_bit_are_inserted_at_once() {
    let engine = Engine::start().await;
    let config = engine.config();
    migrate(&config).await.unwrap();
    let (office, cases) = (Office::new(), cases(6, 30));
    let outcomes = Arc::new(Outcomes::default());
    let mut pending = PendingRows::default();
    for bit in cases.chunks(7) {
        let mut bit = rows(&office, bit);
        pending.add(&mut bit);
        assert!(bit.is_empty());
    }
    assert!(Writer::new(&config, outcomes.clone()).write_pending(pending).await.is_ok());
    assert_eq!(*outcomes.ended.lock().unwrap(), [(Table::Cases, "ok"), (Table::Events, "ok")]);
    // The words of a column are told by their numbers, in every bit by its own.
    let (bit_by_bit, together) = (Reader::new(&config), stored(&engine, &office, &cases).await);
    assert_eq!(bit_by_bit.counts().await.unwrap(), together.counts().await.unwrap());
    let by_item = async |reader: &Reader| format!("{:?}", reader.figures(&always(GroupBy::Item)).await.unwrap());
    assert_eq!(by_item(&bit_by_bit).await, by_item(&together).await);
}

#[tokio::test]
async fn a_server_that_comes_back_gets_the_same_rows_again() {
    let engine = Engine::start().await;
    let config = engine.config();
    migrate(&config).await.unwrap();
    let (office, cases) = (Office::new(), cases(5, 10));
    let outcomes = Arc::new(Outcomes::default());
    let writer = Writer::new(&StoreConfig { timeout: Duration::from_secs(1), ..config.clone() }, outcomes.clone());
    assert!(engine.clickhouse.pause());
    let writing = tokio::spawn({
        let (writer, rows) = (writer.clone(), rows(&office, &cases));
        async move { writer.write(rows).await.is_ok() }
    });
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let (started, ended) = (outcomes.started.load(Ordering::SeqCst), outcomes.ended.lock().unwrap().len());
    assert!(started > ended, "an insert that hangs shows: {started} started, {ended} ended");
    assert!(engine.clickhouse.resume());
    assert!(tokio::time::timeout(Duration::from_secs(30), writing).await.expect("the write to end within 30 s").unwrap());
    assert!(outcomes.ended.lock().unwrap().contains(&(Table::Cases, "retried")));
    assert_eq!(Reader::new(&config).counts().await.unwrap()["cases"], 10);
}

#[tokio::test]
async fn a_passing_error_is_tried_again_until_the_time_for_it_is_over() {
    let engine = Engine::start().await;
    let config = engine.config();
    migrate(&config).await.unwrap();
    let (office, cases) = (Office::new(), cases(10, 2_000));
    let outcomes = Arc::new(Outcomes::default());
    // The server refuses for want of memory: code 241.
    let settings = [("max_memory_usage", "1000"), ("max_untracked_memory", "0")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let starved = StoreConfig { settings, retry_for: Duration::from_secs(2), ..config.clone() };
    let writer = Writer::new(&starved, outcomes.clone());
    let writing = tokio::time::timeout(Duration::from_secs(30), writer.write(rows(&office, &cases)));
    let Err((error, pending)) = writing.await.expect("the write to be given up within 30 s") else { panic!("written") };
    assert_eq!((error.code(), error.is_retryable()), (Some(241), true), "{error}");
    let ended = outcomes.ended.lock().unwrap().clone();
    assert!(ended.len() > 2 && ended[..ended.len() - 1].iter().all(|it| *it == (Table::Cases, "retried")), "{ended:?}");
    assert_eq!(ended.last(), Some(&(Table::Cases, "failed")));
    assert_eq!(outcomes.sent.load(Ordering::SeqCst), 0);
    // The same rows, given back, are taken by a server with room: more than one frame of them.
    assert!(Writer::new(&config, outcomes.clone()).write_pending(pending).await.is_ok());
    assert!(outcomes.sent.load(Ordering::SeqCst) > 0);
    let events: usize = cases.iter().map(|case| case.all().len()).sum();
    assert_eq!(Reader::new(&config).counts().await.unwrap()["events"], events as u64);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_passing_error() {
    let office = Office::new();
    // A port nobody listens on: bound, and let go again.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config =
        StoreConfig { url: format!("http://127.0.0.1:{port}"), retry_for: Duration::from_millis(200), ..StoreConfig::default() };
    let outcomes = Arc::new(Outcomes::default());
    let Err((error, _)) = Writer::new(&config, outcomes.clone()).write(rows(&office, &cases(11, 1))).await else {
        panic!("written to nobody")
    };
    assert!(error.is_retryable() && error.code().is_none(), "{error}");
    assert!(outcomes.ended.lock().unwrap().contains(&(Table::Cases, "retried")));
}

#[tokio::test]
async fn words_are_told_apart_however_many_there_are() {
    let engine = Engine::start().await;
    let config = engine.config();
    migrate(&config).await.unwrap();
    let event = cases(6, 1)[0].all()[0].clone();
    // Their numbers take one byte, two, and four; department 0 is told by an empty text.
    for (round, different) in [3, 300, 70_000].into_iter().enumerate() {
        let mut rows = Rows::new();
        for number in 0..different {
            let department = (number > 0).then(|| Text::from(format!("第{number}局")));
            let case_no = Text::from(format!("{round}-{number}"));
            rows.event(&Event { department, case_no, ..event.clone() }, b"{}", 0, number);
        }
        assert!(Writer::new(&config, Arc::new(())).write(rows).await.is_ok());
        let sql = "SELECT count() FROM events WHERE department = if(substring(case_no, 3) = '0', '', concat('第', substring(case_no, 3), '局')) \
                   AND startsWith(case_no, concat(?, '-'))";
        let read: u64 = clickhouse::Client::default()
            .with_url(&config.url)
            .with_database(&config.database)
            .query(sql)
            .bind(round.to_string())
            .fetch_one()
            .await
            .unwrap();
        assert_eq!(read, different as u64);
    }
}
