//! How long the open cases take to be in memory again when partitions are assigned.

use std::{collections::BTreeMap, process::Stdio, time::Instant};

use anyhow::Context;
use intake::admin::{TopicSpec, ensure_topics};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::{
    measure::tree_rss_kib,
    world::{PARTITIONS, PATIENCE, World},
};

/// Starts the real binary once more over what it stored, until it has taken over every partition.
pub async fn measure(world: &World) -> anyhow::Result<Value> {
    let mut command = world.sundial("pipeline", &world.group("restore"))?;
    command
        .args(["run", "--roles", "pipeline"])
        .env("SUNDIAL__API__ADMIN", "127.0.0.1:0")
        .env("SUNDIAL__LOG__FILTER", "warn,sundial::pipeline=info")
        .env("SUNDIAL__LOG__FORMAT", "json")
        // Nothing is to be read: only what it took to begin is asked.
        .env("SUNDIAL__KAFKA__TOPIC", "restore")
        .stderr(Stdio::piped());
    let nothing = TopicSpec { name: "restore".to_owned(), partitions: PARTITIONS, replication: 1 };
    ensure_topics(&world.broker.bootstrap(), &BTreeMap::new(), &[nothing]).await?;
    let started = Instant::now();
    let mut child = command.kill_on_drop(true).spawn()?;
    let pid = child.id().context("it has just started")?;
    let mut lines = BufReader::new(child.stderr.take().context("it is piped")?).lines();
    let (mut partitions, mut cases, mut longest) = (0, 0, 0f64);
    while partitions < PARTITIONS {
        let left = PATIENCE.checked_sub(started.elapsed()).context("waited too long for all partitions to be taken over")?;
        let line = tokio::time::timeout(left, lines.next_line()).await.context("waited for a line of the log")??;
        let line: Value = serde_json::from_str(&line.context("the pipeline ended")?).unwrap_or_default();
        let fields = &line["fields"];
        if fields["message"] == "took over" {
            partitions += fields["partitions"].as_str().map_or(0, |list| list.split(',').count() as i32);
            cases += fields["cases"].as_u64().unwrap_or_default();
            longest = longest.max(fields["seconds"].as_f64().unwrap_or_default());
        }
    }
    let told = json!({
        "open_cases": cases,
        "from_start_s": started.elapsed().as_secs_f64(),
        "at_assignment_s": longest,
        "rss_mib": tree_rss_kib(pid) as f64 / 1024.0,
    });
    child.start_kill()?;
    child.wait().await?;
    Ok(told)
}
