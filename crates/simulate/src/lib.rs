//! A believable county, deterministic by seed: what an approval system would report.
//!
//! ```text
//! County + seed ─▶ Simulation ─▶ arrivals ─▶ a case's whole life ─▶ events in the order of time
//!                                                                └▶ faults: messages as bad as life
//! ```

mod county;
pub mod faults;
mod life;
mod simulation;

pub use county::{County, CountyError};
pub use simulation::{Options, Simulation};
