//! Events in, changes of cases out.
//!
//! ```text
//! events come ─▶ Worker::take, then fetch, fold ─┐
//!                                                ├─▶ CaseChange { cards_before, after } ─▶ row
//! an instant passes ─▶ Worker::due ──────────────┘
//! ```
//!
//! A [`Worker`] holds the open cases of the partitions it was assigned: the set of events of each, its
//! cards and the instant at which its row will change by itself. Memory is a cache, never the truth: a
//! case not held is fetched through [`CaseStore`], a revoked partition is simply forgotten.
//!
//! The worker writes nothing. It says what changed, and whoever drives it writes the row and only
//! then acknowledges the events. A row carries absolute state under a version that grows with the set
//! of events ([`version`]), so writing it twice, or by two workers at once, ends in the same table.
//!
//! A row derived by other rules than a worker's is read anew before the worker relies on it, because
//! [`recompute`] may have replaced it meanwhile.

mod change;
mod deadlines;
mod known;
mod packed;
mod recompute;
mod settled;
pub mod version;
mod worker;

pub use change::CaseChange;
pub use known::KnownCases;
pub use recompute::{Recomputed, at_rest, recompute};
pub use worker::{CaseStore, RuleBook, StoredCase, Worker};
