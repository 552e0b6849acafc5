//! ClickHouse: where the truth is kept.
//!
//! ```text
//! Rows (one block of columns a table) ─▶ Writer ─▶ withdrawn cards, cases, then events
//! Reader ─▶ cases with their events, rows as assessments, figures, lists
//! ```
//!
//! Rows carry absolute state under a version that grows with the set of events; the tables keep the
//! newest. A case is one row with everything that follows from its events. The order of writing is a
//! promise to the engine: a row in `events` means that what follows from it is stored.

mod client;
mod columns;
mod compress;
mod config;
mod copy;
mod error;
mod figures;
mod forecast;
mod gaming;
mod hall;
mod ledger;
mod lists;
mod migrate;
mod narrow;
mod native;
mod ranking;
mod read;
mod rebuild;
mod recompute;
mod retention;
mod rows;
mod writer;

pub use config::{Cluster, StoreConfig};
pub use copy::{CopyEvery, copy_every};
pub use error::StoreError;
pub use figures::{FigureGroup, FigureQuery, GroupBy};
pub use gaming::{Batch, Page, Suspected, SuspiciousRow};
pub use hall::{Coverage, HallFigures};
pub use lists::{CardQuery, CardRow, CaseQuery, CaseSummary, Gauges};
pub use migrate::{LATEST, migrate, require_current};
pub use narrow::{Narrowing, Suspicion};
pub use ranking::Measure;
pub use read::{EventRow, Reader, StoredEvents};
pub use rebuild::StoredRow;
pub use recompute::{RecomputeScope, RuleSet};
pub use retention::{Retention, retain};
pub use rows::Rows;
pub use writer::{Observer, PendingRows, Table, Writer};
