//! The store against the real engine: an engine and a database a test.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod fixtures;
mod forecast;
mod gaming;
mod hall;
mod migrating;
mod periods;
mod ranking;
mod reading;
mod versions;
mod writing;

embedded::clickhouse_child_test!();
