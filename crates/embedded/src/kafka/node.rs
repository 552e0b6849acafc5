//! One node: its files, the formatting of its storage, its process.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use nix::sys::signal::Signal;
use tokio::time::Instant;

use super::{
    ClusterOptions,
    config::{self, NodePorts},
};
use crate::{
    Cache, Error,
    process::{Process, Spawn},
};

const SERVER_PROPERTIES: &str = "server.properties";
const LOG4J: &str = "log4j2.xml";
const CLUSTER_ID: &str = "cluster-id";
const FORMAT_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(15);

/// A running node.
#[derive(Debug)]
pub(super) struct Node {
    pub id: u16,
    pub port: u16,
    pub process: Process,
}

fn directory(data_dir: &Path, id: u16) -> PathBuf {
    data_dir.join(format!("node-{id}"))
}

fn storage(data_dir: &Path, id: u16) -> PathBuf {
    directory(data_dir, id).join("storage")
}

pub(super) fn remove_storage(data_dir: &Path, id: u16) -> Result<(), Error> {
    let storage = storage(data_dir, id);
    match fs::remove_dir_all(&storage) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::file("remove", storage)(error)),
        _ => Ok(()),
    }
}

/// The cluster's id, made at the first start.
pub(super) fn cluster_id(data_dir: &Path) -> Result<String, Error> {
    let path = data_dir.join(CLUSTER_ID);
    match fs::read_to_string(&path) {
        Ok(id) if id.len() == 22 => return Ok(id),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(Error::file("read", path)(source)),
    }
    let id = new_cluster_id();
    fs::write(&path, &id).map_err(Error::file("write", path))?;
    Ok(id)
}

/// 16 bytes in base64url. The last of the 22 characters holds two bits only; letters and digits alone, since a leading
/// hyphen would be taken for an option.
fn new_cluster_id() -> String {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let random: [u8; 21] = rand::random();
    let mut id: String = random.iter().map(|&byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()])).collect();
    id.push('A');
    id
}

/// Writes the node's files, and formats its storage unless that was done.
pub(super) async fn prepare(
    options: &ClusterOptions,
    cache: &Cache,
    ports: &[NodePorts],
    id: u16,
    cluster_id: &str,
) -> Result<(), Error> {
    let directory = directory(&options.data_dir, id);
    fs::create_dir_all(&directory).map_err(Error::file("create", &directory))?;
    let storage = storage(&options.data_dir, id);
    for (name, text) in [(SERVER_PROPERTIES, config::server(options, ports, id, &storage)), (LOG4J, config::LOG4J.to_owned())] {
        let path = directory.join(name);
        fs::write(&path, text).map_err(Error::file("write", path))?;
    }
    if storage.join("meta.properties").exists() {
        return Ok(());
    }
    let mut arguments = java_arguments(cache, 256, true)?;
    arguments.extend(["kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", SERVER_PROPERTIES].map(OsString::from));
    if options.nodes == 1 {
        arguments.push("--standalone".into());
    }
    let format = Process::spawn(Spawn {
        name: format!("the formatting of Kafka node {id}"),
        program: cache.java()?,
        arguments,
        environment: Vec::new(),
        log: directory.join("format.log"),
        directory,
    })?;
    match format.wait(FORMAT_LIMIT).await {
        Some(exit) if exit.is_success() => Ok(()),
        Some(exit) => Err(format.ended(exit, "its end")),
        None => Err(format.timed_out(FORMAT_LIMIT, "its end")),
    }
}

pub(super) fn spawn(options: &ClusterOptions, cache: &Cache, ports: NodePorts, id: u16) -> Result<Node, Error> {
    let directory = directory(&options.data_dir, id);
    let mut arguments = java_arguments(cache, options.heap_mb, options.test_mode)?;
    arguments.extend(["kafka.Kafka", SERVER_PROPERTIES].map(OsString::from));
    let process = Process::spawn(Spawn {
        name: format!("Kafka node {id}"),
        program: cache.java()?,
        arguments,
        environment: Vec::new(),
        log: directory.join("kafka.log"),
        directory,
    })?;
    Ok(Node { id, port: ports.broker, process })
}

/// Ends all nodes at the same time, within the limit of one.
pub(super) async fn stop_all(nodes: &[Node]) {
    for node in nodes {
        node.process.resume();
        node.process.signal(Signal::SIGTERM);
    }
    let deadline = Instant::now() + STOP_LIMIT;
    for node in nodes {
        node.process.terminate(deadline.saturating_duration_since(Instant::now())).await;
    }
}

fn java_arguments(cache: &Cache, heap_mb: u32, quick: bool) -> Result<Vec<OsString>, Error> {
    let mut class_path = cache.kafka_libs()?.into_os_string();
    class_path.push("/*");
    let mut arguments: Vec<OsString> = vec![
        "-Xms64m".into(),
        format!("-Xmx{heap_mb}m").into(),
        "-XX:+UseSerialGC".into(),
        // Half a broker is worse than none.
        "-XX:+ExitOnOutOfMemoryError".into(),
        "-Djava.awt.headless=true".into(),
        format!("-Dlog4j2.configurationFile={LOG4J}").into(),
        // The working directory is the node's; heap dumps and crash reports are to stay in it.
        "-XX:ErrorFile=java-crash-%p.log".into(),
    ];
    if quick {
        arguments.push("-XX:TieredStopAtLevel=1".into());
    }
    arguments.push("-cp".into());
    arguments.push(class_path);
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_id_is_22_letters_or_digits_and_stays() {
        let directory = tempfile::tempdir().unwrap();
        let id = cluster_id(directory.path()).unwrap();
        assert!(id.len() == 22 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(cluster_id(directory.path()).unwrap(), id);
    }
}
