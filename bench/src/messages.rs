//! The topic's content: a county large enough, its cases' events spread over the topic as in life.

use std::{collections::BTreeMap, time::Duration};

use domain::{Calendar, Event, Instant};
use indicatif::{ProgressBar, ProgressStyle};
use intake::{
    admin::{TopicSpec, ensure_topics},
    producer::{Outgoing, Producer},
};
use simulate::{County, Options, Simulation};

use crate::world::{PARTITIONS, SEED, TOPIC, World};

/// Cases that arrive on an ordinary working day: half a year of them are five million events.
const CASES_PER_DAY: u32 = 4_000;
/// When the county opens.
const OPENS: &str = "2026-03-02T00:00:00+08:00";
/// How far the simulation may run; it ends with the number of events.
const CLOSES: &str = "2026-12-31T00:00:00+08:00";

/// The county's events in the order of time.
pub fn with_events(cases_per_day: u32, take: &mut dyn FnMut(Event) -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let simulation = Simulation::new(County::sample(), Options { seed: SEED, cases_per_day });
    for event in simulation.history(Instant::parse(OPENS)?, Instant::parse(CLOSES)?) {
        if !take(event)? {
            break;
        }
    }
    Ok(())
}

/// Makes the topics and fills the one of approval steps, unless that was done before.
pub async fn fill_topic(world: &World) -> anyhow::Result<()> {
    let topic = |name: &str, partitions| TopicSpec { name: name.to_owned(), partitions, replication: 1 };
    let topics = [topic(TOPIC, PARTITIONS), topic("approval.steps.dead", 1), topic("supervision.cards", 2)];
    ensure_topics(&world.broker.bootstrap(), &BTreeMap::new(), &topics).await?;
    let there = world.behind("nobody").await? as u64;
    let wanted = world.options.events;
    if there == wanted {
        return Ok(());
    }
    anyhow::ensure!(there == 0, "the topic holds {there} messages instead of {wanted}: remove {}", world.path("").display());
    let producer = Producer::new(&world.broker.bootstrap(), &BTreeMap::new())?;
    let bar = ProgressBar::new(wanted);
    bar.set_style(ProgressStyle::with_template("topic {wide_bar} {human_pos}/{human_len} {per_sec}")?);
    let (zone, mut sent, mut bytes) = (Calendar::china().zone().clone(), 0u64, 0u64);
    with_events(CASES_PER_DAY, &mut |event| {
        let payload = wire::encode(&event, &zone);
        bytes += payload.len() as u64;
        let key = Some(event.case_no.as_bytes());
        producer.send(Outgoing { topic: TOPIC, key, payload: Some(payload.as_bytes()), headers: &[] })?;
        sent += 1;
        if sent.is_multiple_of(10_000) {
            bar.set_position(sent);
        }
        Ok(sent < wanted)
    })?;
    producer.flush(Duration::from_secs(60))?;
    bar.finish_and_clear();
    anyhow::ensure!(sent == wanted, "the county had only {sent} events");
    println!("topic: {sent} events in {PARTITIONS} partitions, {} bytes each on average", bytes / sent.max(1));
    Ok(())
}
