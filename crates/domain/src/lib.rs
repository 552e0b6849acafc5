//! The rules of efficiency supervision as pure functions.
//!
//! A case is the set of its [events](event::Event); everything else about it is a function of that
//! set, the [catalogue](catalog::Catalog), the [calendar](calendar::Calendar), the
//! [profile](profile::Profile) and an [instant](instant::Instant):
//!
//! ```text
//! CaseEvents ──▶ timeline ──▶ clocks ──▶ cards
//!                        └──▶ findings      └──▶ Assessment ──▶ Figures
//!                                            └──▶ Explanation: the same, day by day
//! ```
//!
//! "When is a card issued?" is answered in [`cards`]; "when does a clock run out?" in [`clock`] and
//! [`counting`]; "what counts as a working day?" in [`calendar`].
//!
//! Deliberately absent: I/O, the wall clock, JSON, threads, floating-point time.

pub mod assess;
pub mod authorisations;
pub mod calendar;
pub mod calendar_file;
pub mod cards;
pub mod case;
pub mod catalog;
pub mod catalog_diff;
pub mod catalog_figures;
pub mod catalog_file;
pub mod clock;
pub mod counting;
pub mod event;
pub mod explain;
pub mod figures;
pub mod findings;
pub mod forecast;
pub mod instant;
pub mod intermediaries;
pub mod profile;
pub mod profile_check;
pub mod project;
pub mod ranking;
pub mod remark;
pub mod settings;
mod table;
mod timeline;

pub use assess::{Assessment, LimitState, Rules, Status, assess};
pub use authorisations::Authorisations;
pub use calendar::{Calendar, Uncovered};
pub use cards::{Card, Level};
pub use case::CaseEvents;
pub use catalog::{Catalog, Item, Limit};
pub use clock::{Clock, ClockKind};
pub use event::{Event, Kind, Outcome};
pub use explain::{Explanation, Lang, explain};
pub use figures::Figures;
pub use findings::{Finding, FindingKind};
pub use instant::Instant;
pub use profile::Profile;
pub use project::Project;
pub use remark::Remark;
pub use settings::FigureSettings;

/// Short text kept inline up to 24 bytes: codes, names, identifiers.
pub type Text = compact_str::CompactString;
