//! What others cost on the same topic: each peer in `bench/peers` with its script `run`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;
use tokio::process::Command;

use crate::{
    measure::{Measured, run},
    world::{PARTITIONS, TOPIC, World},
};

/// Measures every peer that is wanted.
pub async fn measure(world: &World) -> anyhow::Result<Vec<(String, Measured)>> {
    let mut measured = Vec::new();
    for peer in peers()? {
        let name = peer.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if world.options.wants(&format!("peers.{name}")) {
            let result = one(world, &peer, &name).await.with_context(|| format!("the peer {name}"))?;
            measured.push((name, result));
        }
    }
    Ok(measured)
}

fn peers() -> anyhow::Result<Vec<PathBuf>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
    let mut peers: Vec<PathBuf> = std::fs::read_dir(&directory)
        .map(|entries| entries.flatten().map(|entry| entry.path()).filter(|path| path.join("run").exists()).collect())
        .unwrap_or_default();
    peers.sort();
    Ok(peers)
}

async fn one(world: &World, peer: &Path, name: &str) -> anyhow::Result<Measured> {
    let database = format!("peer_{}", name.replace('-', "_"));
    world.sql("default", &format!("CREATE DATABASE {database}")).await?;
    let command = |what: &str| -> anyhow::Result<Command> {
        let scratch = std::path::absolute(world.path(&database))?;
        std::fs::create_dir_all(&scratch)?;
        let mut command = Command::new(peer.join("run"));
        command
            .arg(what)
            .env("BENCH_BROKERS", world.broker.bootstrap())
            .env("BENCH_TOPIC", TOPIC)
            .env("BENCH_PARTITIONS", PARTITIONS.to_string())
            .env("BENCH_EVENTS", world.options.events.to_string())
            .env("BENCH_CATALOG", std::path::absolute(&world.catalog)?)
            .env("BENCH_CLICKHOUSE_URL", world.clickhouse.url())
            .env("BENCH_DATABASE", &database)
            .env("BENCH_CACHE", embedded::Cache::from_environment()?.root().join("bench"))
            .env("BENCH_DIR", scratch);
        Ok(command)
    };
    for what in ["setup", "prepare"] {
        run(world, command(what)?).await.with_context(|| what.to_owned())?;
    }
    let mut measured = run(world, command("go")?).await?;
    let figures = command("figures")?.output().await?;
    let figures: Value = serde_json::from_slice(&figures.stdout).context("its figures")?;
    measured.told.insert("figures".to_owned(), figures);
    world.sql("default", &format!("DROP DATABASE {database} SYNC")).await?;
    std::fs::remove_dir_all(world.path(&database))?;
    Ok(measured)
}
