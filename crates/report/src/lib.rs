//! The monthly export (月报): figures of one month, of the whole county and of each department.
//!
//! ```text
//! Reader ─▶ Monthly ─▶ XLSX, CSV, JSON
//! ```

mod csv_form;
mod monthly;
mod xlsx_form;

pub use monthly::{Month, Monthly, ReportError, Unit};
