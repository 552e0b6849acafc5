//! ClickHouse: where the truth is kept.
//!
//! ```text
//! Rows (one RowBinary block a table) ─▶ Writer ─▶ cases, then what hangs on them, then events
//! Reader ─▶ cases with their events, rows as assessments, figures, lists
//! ```
//!
//! Rows carry absolute state under a version that grows with the set of events; the tables keep the
//! newest. The order of writing is a promise to the engine: a row in `events` means that everything
//! derived from it is stored, and a row in a table that hangs on a case means that the case's own row
//! is at least as new.

mod client;
mod compress;
mod config;
mod error;
mod figures;
mod ledger;
mod lists;
mod migrate;
mod read;
mod rebuild;
mod rowbinary;
mod rows;
mod writer;

pub use config::StoreConfig;
pub use error::StoreError;
pub use figures::{FigureGroup, FigureQuery, GroupBy};
pub use lists::{CardQuery, CardRow, CaseQuery, CaseSummary, Gauges};
pub use migrate::{LATEST, migrate, require_current};
pub use read::{EventRow, Reader, StoredEvents};
pub use rebuild::StoredRow;
pub use rows::Rows;
pub use writer::{Observer, PendingRows, Table, Writer};
