//! A believable county, deterministic by seed: what an approval system would report.
//!
//! ```text
//! County + seed ─▶ Simulation ─▶ arrivals ─▶ a case's whole life ─▶ events in the order of time
//!                                                                └▶ faults: messages as bad as life
//! ```
//!
//! The county has slow departments, a month with a backlog, windows that make their figures look
//! better than they are, and the small mistakes of every office. Nothing here reads the wall clock.

mod acts;
mod arrivals;
mod broken;
mod county;
mod ending;
pub mod faults;
mod feed;
mod life;
mod office;
mod random;
mod simulation;

pub use county::{County, CountyError};
pub use feed::Feed;
pub use simulation::{Options, Simulation};
