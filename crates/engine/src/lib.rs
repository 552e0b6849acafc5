//! Events in, changes of cases out.
//!
//! ```text
//! batch of events ─▶ Worker::fetch, fold ─┐
//!                                         ├─▶ CaseChange { before, after } ─▶ rows
//! an instant passes ─▶ Worker::due ───────┘
//! ```
//!
//! A [`Worker`] holds the open cases of the partitions it was assigned: the set of events of each and
//! the instant at which its rows will change by themselves. Memory is a cache, never the truth: a
//! case not held is fetched through [`CaseStore`], a revoked partition is simply forgotten.
//!
//! The worker writes nothing. It says what changed, and whoever drives it writes the rows and only
//! then acknowledges the events. Rows carry absolute state under a version that grows with the set
//! of events ([`CaseChange::version`]), so writing them twice, in pieces, or by two workers at once
//! ends in the same table.

mod change;
mod deadlines;
mod worker;

pub use change::CaseChange;
pub use worker::{CaseStore, RuleBook, StoredCase, Worker};
