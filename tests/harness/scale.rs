//! How long and how often: the scenarios have a short form for every day and a full one for `make chaos`.

use std::env;

/// Which form of the scenarios runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// As part of `make test`.
    Short,
    /// `make chaos`, which sets `SUNDIAL_CHAOS=full`.
    Full,
}

impl Scale {
    /// The form of this run.
    pub fn of_this_run() -> Self {
        match env::var("SUNDIAL_CHAOS") {
            Ok(form) if form == "full" => Scale::Full,
            Ok(form) => panic!("SUNDIAL_CHAOS={form}: it may be `full`, or not be there"),
            Err(_) => Scale::Short,
        }
    }

    /// One value for the short form, another for the full one.
    pub fn pick<T>(self, short: T, full: T) -> T {
        match self {
            Scale::Short => short,
            Scale::Full => full,
        }
    }
}

/// What everything random in a scenario follows from: this seed, or the one of `SUNDIAL_SEED`.
pub fn seed(usual: u64) -> u64 {
    let seed = match env::var("SUNDIAL_SEED") {
        Ok(text) => text.parse().unwrap_or_else(|error| panic!("SUNDIAL_SEED={text}: {error}")),
        Err(_) => usual,
    };
    println!("seed {seed} (SUNDIAL_SEED={seed} repeats it)");
    seed
}
