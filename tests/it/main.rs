//! End-to-end scenarios: real engines, and the real binary.

mod dashboards;
mod dead_letters;
mod explaining;
mod export;
mod office;
mod real_log;
mod recompute;
mod requests;

embedded::clickhouse_child_test!();
