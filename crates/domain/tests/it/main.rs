//! The domain from outside, in one binary: it is linked once, however many files there are.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod calendars;
mod cards;
mod catalogs;
mod clocks;
mod common;
mod counting;
mod events;
mod explaining;
mod figures;
mod files;
mod findings;
mod forecast;
mod instants;
mod owed;
mod places;
mod profiles;
mod projects;
mod properties;
mod ranking;
mod turns;
