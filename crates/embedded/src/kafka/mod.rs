//! The real Apache Kafka broker as a child process: the jars of Maven Central and a Java.
//!
//! One node by default; [`Cluster`] starts several with their own ports, where a replicated topic or a dying leader is
//! wanted. A directory keeps its ports and its data: a node comes back as the one that clients know.

mod config;
mod node;
mod protocol;

use std::{fs, path::PathBuf, time::Duration};

use node::Node;
use tokio::time::{Instant, sleep};

use crate::{Cache, Error, Process, ports};

const PORTS: &str = "ports";
const START_LIMIT: Duration = Duration::from_secs(60);
/// How often other ports are tried when another program was quicker.
const PORT_ATTEMPTS: u32 = 5;

/// What a single broker is to be.
#[derive(Clone, Debug)]
pub struct BrokerOptions {
    /// Its directory; made if it is not there.
    pub data_dir: PathBuf,
    /// Where the jars and Java are; by default the cache of the environment.
    pub cache: Option<Cache>,
    /// The bound on the Java heap; under 256 the broker does not start.
    pub heap_mb: u32,
    /// The port for clients. By default the one that was used before in this directory, or a free one.
    pub port: Option<u16>,
    /// Whether Java compiles quickly rather than well: half the start, less speed. For tests and the demo, not to measure.
    pub test_mode: bool,
    /// More lines of `server.properties`; a later line wins over an earlier one. Mind that Kafka deletes records whose
    /// own time stamp is older than the topic's `retention.ms`, seven days by default.
    pub properties: Vec<(String, String)>,
}

impl BrokerOptions {
    /// The defaults: the port as above, a heap of 512 MiB, `test_mode`.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: data_dir.into(), cache: None, heap_mb: 512, port: None, test_mode: true, properties: Vec::new() }
    }
}

/// A running broker. Dropping it kills the broker; [`stop`](Self::stop) is the clean way.
#[derive(Debug)]
pub struct Broker {
    cluster: Cluster,
}

impl Broker {
    /// Starts the broker, which makes its storage first in a new directory, and waits until it answers for itself.
    pub async fn start(options: BrokerOptions) -> Result<Self, Error> {
        let BrokerOptions { data_dir, cache, heap_mb, port, test_mode, properties } = options;
        let options = ClusterOptions { data_dir, cache, nodes: 1, heap_mb, port, test_mode, properties };
        Ok(Self { cluster: Cluster::start(options).await? })
    }

    /// What clients connect to: `127.0.0.1:port`.
    pub fn bootstrap(&self) -> String {
        self.cluster.bootstrap()
    }

    /// The port for clients.
    pub fn port(&self) -> u16 {
        self.cluster.nodes[0].port
    }

    /// The process id of its Java.
    pub fn pid(&self) -> u32 {
        self.process().pid()
    }

    /// The child: whether it still runs, its log.
    pub fn process(&self) -> &Process {
        &self.cluster.nodes[0].process
    }

    /// Ends it cleanly, which takes about 2 s; after 15 s by force.
    pub async fn stop(self) {
        self.cluster.stop().await;
    }

    /// Ends it at once, as a crash would.
    pub async fn kill(self) {
        self.cluster.kill().await;
    }

    /// Stops it in its tracks: connections stay open and nobody answers.
    pub fn pause(&self) -> bool {
        self.process().pause()
    }

    /// Lets it go on after [`pause`](Self::pause).
    pub fn resume(&self) -> bool {
        self.process().resume()
    }
}

/// What a cluster is to be. The fields are those of [`BrokerOptions`], for every node.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// The directory of all nodes.
    pub data_dir: PathBuf,
    /// Where the jars and Java are; by default the cache of the environment.
    pub cache: Option<Cache>,
    /// How many nodes, each broker and controller; some 300 MB each.
    pub nodes: u16,
    /// The bound on the Java heap of a node.
    pub heap_mb: u32,
    /// The first node's port for clients; the other ports are free ones.
    pub port: Option<u16>,
    /// See [`BrokerOptions::test_mode`].
    pub test_mode: bool,
    /// More lines of every node's `server.properties`.
    pub properties: Vec<(String, String)>,
}

impl ClusterOptions {
    /// So many nodes with the defaults of [`BrokerOptions::new`].
    pub fn new(data_dir: impl Into<PathBuf>, nodes: u16) -> Self {
        let BrokerOptions { data_dir, cache, heap_mb, port, test_mode, properties } = BrokerOptions::new(data_dir);
        Self { data_dir, cache, nodes, heap_mb, port, test_mode, properties }
    }
}

/// A running cluster of brokers. Dropping it kills them.
#[derive(Debug)]
pub struct Cluster {
    options: ClusterOptions,
    cache: Cache,
    ports: Vec<config::NodePorts>,
    nodes: Vec<Node>,
}

impl Cluster {
    /// Starts all nodes and waits until each knows of all.
    pub async fn start(mut options: ClusterOptions) -> Result<Self, Error> {
        options.nodes = options.nodes.max(1);
        let cache = match options.cache {
            Some(ref cache) => cache.clone(),
            None => Cache::from_environment()?,
        };
        fs::create_dir_all(&options.data_dir).map_err(Error::file("create", &options.data_dir))?;
        options.data_dir = fs::canonicalize(&options.data_dir).map_err(Error::file("open", &options.data_dir))?;

        let ports_file = options.data_dir.join(PORTS);
        let count = usize::from(options.nodes) * 2;
        let remembered = ports::remembered(&ports_file)?.filter(|ports| ports.len() == count);
        let Some(remembered) = remembered else {
            let cluster = Self::start_first(options, cache, count).await?;
            let ports: Vec<u16> = cluster.ports.iter().flat_map(|node| [node.broker, node.controller]).collect();
            ports::remember(&ports_file, &ports)?;
            return Ok(cluster);
        };
        let mut ports = config::NodePorts::pairs(&remembered);
        if let Some(port) = options.port {
            ports[0].broker = port;
        }
        for port in ports.iter().flat_map(|node| [node.broker, node.controller]) {
            if !ports::becomes_free(port).await {
                let hint = if options.port == Some(port) {
                    String::new()
                } else {
                    format!("; it is the one kept in {}", ports_file.display())
                };
                return Err(Error::PortTaken { engine: "Kafka".to_owned(), port, hint });
            }
        }
        Self::launch(options, cache, ports).await
    }

    /// The first start in a directory: chooses ports, and others when someone else was quicker.
    async fn start_first(options: ClusterOptions, cache: Cache, count: usize) -> Result<Self, Error> {
        let mut attempt = 1;
        loop {
            let mut chosen = ports::free_set(count)?;
            if let Some(port) = options.port {
                if !ports::is_free(port) {
                    return Err(Error::PortTaken { engine: "Kafka".to_owned(), port, hint: String::new() });
                }
                chosen[0] = port;
            }
            // What a first start left that did not come to its end is of no use to anyone.
            for id in 1..=options.nodes {
                node::remove_storage(&options.data_dir, id)?;
            }
            match Self::launch(options.clone(), cache.clone(), config::NodePorts::pairs(&chosen)).await {
                Err(Error::Ended { tail, .. }) if attempt < PORT_ATTEMPTS && tail.contains("Address already in use") => {
                    tracing::info!(attempt, "a port of the broker was taken meanwhile, trying others");
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn launch(options: ClusterOptions, cache: Cache, ports: Vec<config::NodePorts>) -> Result<Self, Error> {
        let cluster_id = node::cluster_id(&options.data_dir)?;
        for id in 1..=options.nodes {
            node::prepare(&options, &cache, &ports, id, &cluster_id).await?;
        }
        let nodes = (1..=options.nodes)
            .map(|id| node::spawn(&options, &cache, ports[usize::from(id) - 1], id))
            .collect::<Result<_, _>>()?;
        let cluster = Self { options, cache, ports, nodes };
        cluster.wait_until_ready().await?;
        Ok(cluster)
    }

    /// Waits until every running node knows of all running ones.
    async fn wait_until_ready(&self) -> Result<(), Error> {
        let deadline = Instant::now() + START_LIMIT;
        for node in &self.nodes {
            loop {
                let waited_for = match protocol::live_brokers(node.port).await {
                    Ok(brokers) if brokers >= self.nodes.len() => break,
                    Ok(brokers) => format!("metadata with {} brokers (it knows {brokers})", self.nodes.len()),
                    Err(error) => format!("a metadata answer on 127.0.0.1:{} ({error})", node.port),
                };
                if let Some(exit) = node.process.exit() {
                    return Err(node.process.ended(exit, waited_for));
                }
                if Instant::now() > deadline {
                    return Err(node.process.timed_out(START_LIMIT, waited_for));
                }
                sleep(Duration::from_millis(50)).await;
            }
        }
        tracing::info!(bootstrap = self.bootstrap(), nodes = self.nodes.len(), "Kafka is ready");
        Ok(())
    }

    /// What clients connect to: `127.0.0.1:port,127.0.0.1:port,…`, stopped nodes too.
    pub fn bootstrap(&self) -> String {
        let addresses: Vec<String> = self.ports.iter().map(|node| ports::local(node.broker).to_string()).collect();
        addresses.join(",")
    }

    /// The ids of the nodes that were not killed.
    pub fn running(&self) -> Vec<u16> {
        self.nodes.iter().map(|node| node.id).collect()
    }

    /// The child of a node (they count from 1), unless it was killed.
    pub fn process(&self, id: u16) -> Option<&Process> {
        self.nodes.iter().find(|node| node.id == id).map(|node| &node.process)
    }

    /// Kills one node, as a crash would; false if it is not there.
    pub async fn kill_node(&mut self, id: u16) -> bool {
        let Some(position) = self.nodes.iter().position(|node| node.id == id) else { return false };
        self.nodes.remove(position).process.kill().await;
        true
    }

    /// Starts a killed node again and waits until all running nodes know of each other.
    pub async fn restart_node(&mut self, id: u16) -> Result<(), Error> {
        let known = usize::from(id).checked_sub(1).and_then(|index| self.ports.get(index));
        let (Some(&ports), None) = (known, self.process(id)) else { return Ok(()) };
        self.nodes.push(node::spawn(&self.options, &self.cache, ports, id)?);
        self.nodes.sort_by_key(|node| node.id);
        self.wait_until_ready().await
    }

    /// Ends all nodes cleanly, at once: one after the other, the last ones would wait in vain for a majority.
    pub async fn stop(self) {
        node::stop_all(&self.nodes).await;
    }

    /// Kills all nodes.
    pub async fn kill(self) {
        for node in &self.nodes {
            node.process.kill().await;
        }
    }
}
