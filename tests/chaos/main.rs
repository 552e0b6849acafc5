//! What a county hall's machines do in bad years: every part is killed, hangs, fills up or lies while
//! messages flow, and in the end the rows are those of `sundial assess`, byte for byte.
//!
//! Each scenario has a short form, for `make test`, and a full one, for `make chaos`.

mod broker;
mod clickhouse;
mod clock;
mod group;
mod memory;
mod poison;
mod workers;

embedded::clickhouse_child_test!();
