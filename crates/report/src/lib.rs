//! The monthly export (月报), and the figures behind it that are more than one query of the store.
//!
//! ```text
//! Reader, catalogue, calendar, settings (Ground) ─▶ answers ─▶ Monthly ─▶ tables ─▶ XLSX, CSV
//!                                                      └▶ the API  └▶ JSON
//! ```
//!
//! An answer is a query of the store put beside what the catalogue and the formulas of `domain` say. The API gives the
//! very same ones, so a member of the JSON is what its route answers for the month.

mod coverage;
mod csv_form;
mod forecast;
mod gaming;
mod ground;
mod hall;
mod json_form;
mod month;
mod monthly;
mod parties;
mod ranking;
mod sections;
mod table;
mod xlsx_form;

pub use coverage::{Business, CoverageAnswer};
pub use forecast::{BandItem, ForecastAnswer, ForecastFilter, ForecastItem};
pub use gaming::{BatchItem, GamingAnswer, GamingGroup, Ratios, SuspiciousCase};
pub use ground::Ground;
pub use hall::{CatalogGroup, HallAnswer, HallGroup};
pub use month::Month;
pub use monthly::{LIST_MOST, Monthly, ReportError, Scope, Unit};
pub use parties::{PartiesAnswer, PartyItem};
pub use ranking::{IntervalItem, RankedUnit, RankingAnswer};
