//! The ClickHouse and Kafka child processes of the one-command mode.
//!
//! Artefacts that `scripts/setup` fetched + a data directory → the real engines, listening on 127.0.0.1 and ready to serve.
//! They end when they are told to, and at the latest with the process that started them.
//!
//! This is the only crate that may hold `unsafe`: it loads a foreign library and runs code between `fork` and `exec`.

pub mod cache;
pub mod clickhouse;
mod error;
pub mod kafka;
pub mod ports;
pub mod process;
pub mod testing;

pub use cache::Cache;
pub use clickhouse::{ClickHouse, ClickHouseOptions, Launcher};
pub use error::Error;
pub use kafka::{Broker, BrokerOptions, Cluster, ClusterOptions};
pub use process::Process;
