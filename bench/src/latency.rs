//! From produce to visible, from produce to the card, and from a card's instant to the card, at a steady load.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant as Clock},
};

use domain::{
    Calendar, Event, Kind,
    event::{Acceptance, Form},
};
use embedded::ports;
use intake::{
    admin::{TopicSpec, ensure_topics},
    producer::{Outgoing, Producer},
};
use rdkafka::{
    ClientConfig, Message,
    consumer::{BaseConsumer, Consumer},
};
use serde_json::{Value, json};
use sundial::clock::now;

use crate::{
    messages::with_events,
    world::{PARTITIONS, World},
};

/// Events a second.
const LOAD: u64 = 2_000;
/// Between two cases that are watched.
const PACE: Duration = Duration::from_millis(100);
/// How long a promise lasts that is broken before our eyes.
const SHORT_PROMISE_MS: i64 = 1_500;
/// How long anything may take before the measurement fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is known of the cases watched, in ms.
#[derive(Default)]
struct Watched {
    visible: Vec<f64>,
    card: Vec<f64>,
    card_after_instant: Vec<f64>,
}

/// Measures under load.
pub async fn measure(world: &World) -> anyhow::Result<Value> {
    // Of this run: what an earlier one left would have to be read first.
    let (steps, cards) = (world.group("live.steps"), world.group("live.cards"));
    let topic = |name: &str| TopicSpec { name: name.to_owned(), partitions: PARTITIONS, replication: 1 };
    ensure_topics(&world.broker.bootstrap(), &BTreeMap::new(), &[topic(&steps), topic(&cards)]).await?;
    world.sql("default", "DROP DATABASE IF EXISTS latency SYNC").await?;
    store::migrate(&world.store("latency")).await?;
    let free = ports::free_set(2)?;
    let (api, admin) = (format!("127.0.0.1:{}", free[0]), format!("127.0.0.1:{}", free[1]));
    let mut command = world.sundial("latency", &world.group("latency"))?;
    command
        .args(["run", "--roles", "pipeline,api"])
        .env("SUNDIAL__KAFKA__TOPIC", &steps)
        .env("SUNDIAL__KAFKA__CARDS_TOPIC", &cards)
        .env("SUNDIAL__API__LISTEN", &api)
        .env("SUNDIAL__API__ADMIN", &admin);
    let mut pipeline = command.kill_on_drop(true).spawn()?;

    let producer = Producer::new(&world.broker.bootstrap(), &BTreeMap::new())?;
    let (stop, watched) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Watched::default())));
    let cards = watch_cards(world, &cards, watched.clone(), stop.clone())?;
    let load = {
        let (producer, steps, stop) = (producer.clone(), steps.clone(), stop.clone());
        std::thread::spawn(move || keep_up_load(&producer, &steps, &stop))
    };
    // Until the group is joined and everything is warm.
    tokio::time::sleep(Duration::from_secs(10)).await;
    let wanted = u64::from(u32::try_from(world.options.latency_seconds)?) * 1000 / PACE.as_millis() as u64;
    let mut sights = Vec::new();
    for number in 0..wanted {
        anyhow::ensure!(pipeline.try_wait()?.is_none(), "the pipeline ended");
        let case_no = watched_case(&producer, &steps, number)?;
        // Every fourth is looked for: looking is load too.
        if number.is_multiple_of(4) {
            sights.push(tokio::spawn(until_visible(format!("http://{api}/api/v1/cases/{case_no}"))));
        }
        tokio::time::sleep(PACE).await;
    }
    for sight in sights {
        let took = sight.await??;
        lock(&watched).visible.push(took);
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    stop.store(true, Ordering::Relaxed);
    let sent = load.join().map_err(|_| anyhow::anyhow!("the load ended"))??;
    cards.join().map_err(|_| anyhow::anyhow!("the watch ended"))??;
    pipeline.start_kill()?;
    pipeline.wait().await?;
    let watched = lock(&watched);
    anyhow::ensure!(watched.card.len() as u64 > wanted / 3, "only {} cards came of {wanted} cases", watched.card.len());
    Ok(json!({
        "load_events_per_s": LOAD,
        "events": sent,
        "visible": percentiles(&watched.visible),
        "card": percentiles(&watched.card),
        "card_after_instant": percentiles(&watched.card_after_instant),
    }))
}

/// A case whose promise was broken before it came (even) or will be in a moment (odd).
fn watched_case(producer: &Producer, steps: &str, number: u64) -> anyhow::Result<String> {
    let sent = now();
    let case_no = format!("watched-{}-{}", number, sent.ms());
    let due = if number.is_multiple_of(2) { sent.plus_ms(-60_000) } else { sent.plus_ms(SHORT_PROMISE_MS) };
    let acceptance = Acceptance { form: Some(Form::Committed), promised_due_at: Some(due), ..Acceptance::default() };
    let event = Event {
        event_id: case_no.as_str().into(),
        source: "bench".into(),
        revision: 1,
        retracted: false,
        digest: 0,
        case_no: case_no.as_str().into(),
        item: Some("watched".into()),
        occurred_at: sent.plus_ms(-120_000),
        recorded_at: None,
        region: None,
        department: Some("监察室".into()),
        window: None,
        handler: None,
        role: None,
        place: None,
        kind: Kind::Accepted(Box::new(acceptance)),
    };
    send(producer, steps, &event)?;
    Ok(case_no)
}

fn send(producer: &Producer, steps: &str, event: &Event) -> anyhow::Result<()> {
    let payload = wire::encode(event, Calendar::china().zone());
    let key = Some(event.case_no.as_bytes());
    Ok(producer.send(Outgoing { topic: steps, key, payload: Some(payload.as_bytes()), headers: &[] })?)
}

/// The county's events, at a steady pace, each happening as it is sent.
fn keep_up_load(producer: &Producer, steps: &str, stop: &AtomicBool) -> anyhow::Result<u64> {
    let (started, mut sent, zone) = (Clock::now(), 0u64, Calendar::china().zone().clone());
    with_events(4_000, &mut |event| {
        let due = Duration::from_micros(sent * 1_000_000 / LOAD);
        std::thread::sleep(due.saturating_sub(started.elapsed()));
        let event = Event { occurred_at: now(), recorded_at: None, ..event };
        let payload = wire::encode(&event, &zone);
        let key = Some(event.case_no.as_bytes());
        producer.send(Outgoing { topic: steps, key, payload: Some(payload.as_bytes()), headers: &[] })?;
        sent += 1;
        Ok(!stop.load(Ordering::Relaxed))
    })?;
    Ok(sent)
}

async fn until_visible(url: String) -> anyhow::Result<f64> {
    let (client, started) = (reqwest::Client::new(), Clock::now());
    while started.elapsed() < PATIENCE {
        if client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
            return Ok(started.elapsed().as_secs_f64() * 1000.0);
        }
        // Seldomer the longer it takes: what looks for late cases all the time makes all of them later.
        tokio::time::sleep((started.elapsed() / 10).max(Duration::from_millis(20))).await;
    }
    anyhow::bail!("waited {PATIENCE:?} until {url} is there")
}

/// Notes when the yellow cards of the watched cases come.
fn watch_cards(
    world: &World,
    cards: &str,
    watched: Arc<Mutex<Watched>>,
    stop: Arc<AtomicBool>,
) -> anyhow::Result<std::thread::JoinHandle<anyhow::Result<()>>> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", world.broker.bootstrap())
        .set("group.id", world.group("watch"))
        .set("auto.offset.reset", "earliest")
        .set("fetch.wait.max.ms", "10")
        .create()?;
    consumer.subscribe(&[cards])?;
    let mut seen: HashSet<String> = HashSet::new();
    Ok(std::thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            let Some(message) = consumer.poll(Duration::from_millis(50)) else { continue };
            let arrived = now();
            let card: Value = serde_json::from_slice(message?.payload().unwrap_or_default())?;
            let case_no = card["case_no"].as_str().unwrap_or_default();
            let parts: Vec<&str> = case_no.split('-').collect();
            let ["watched", number, sent] = parts[..] else { continue };
            if card["level"] != "yellow" || !seen.insert(case_no.to_owned()) {
                continue;
            }
            let (number, sent): (u64, i64) = (number.parse()?, sent.parse()?);
            let from = if number.is_multiple_of(2) { sent } else { sent + SHORT_PROMISE_MS };
            let took = (arrived.ms() - from) as f64;
            let mut watched = lock(&watched);
            if number.is_multiple_of(2) { watched.card.push(took) } else { watched.card_after_instant.push(took) }
        }
        Ok(())
    }))
}

fn lock(watched: &Mutex<Watched>) -> std::sync::MutexGuard<'_, Watched> {
    watched.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Of values in ms.
pub fn percentiles(values: &[f64]) -> Value {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| sorted.get(((sorted.len() as f64 * share).ceil() as usize).saturating_sub(1)).copied();
    json!({ "p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "count": sorted.len() })
}
