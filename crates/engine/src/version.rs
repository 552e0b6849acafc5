//! The version of rows: which of two rows of one case is to be believed.
//!
//! ```text
//! 72 bits weight of the set of events │ 14 bits generation of the rules │ 42 bits since when it holds, in ms
//! ```
//!
//! The larger set wins whatever rules it was derived by, so that no event is ever lost to a row that did not
//! know it. Of one set the newer rules win, whenever the state they found began to hold: with a longer limit a
//! card that was issued on Friday is gone, and what holds now has held since Monday. Of one set and one
//! generation the later state wins.
//!
//! 72 bits are the weight of 256 events with the greatest revision there is, and of millions with sensible
//! ones; 42 bits last until 2109.

use domain::Instant;

const TIME_BITS: u32 = 42;
const GENERATION_BITS: u32 = 14;

/// The last generation there is room for.
pub const LAST_GENERATION: u32 = (1 << GENERATION_BITS) - 1;

/// The version of rows derived from a set of this weight by rules of this generation, in the state that holds
/// from `valid_from` on.
pub(crate) fn of(weight: u128, generation: u32, valid_from: Instant) -> u128 {
    let heaviest = u128::MAX >> (TIME_BITS + GENERATION_BITS);
    let generation = u128::from(generation.min(LAST_GENERATION));
    (((weight.min(heaviest) << GENERATION_BITS) | generation) << TIME_BITS) | u128::from(valid_from.ms().unsigned_abs())
}

/// By which generation of the rules rows of this version were derived.
pub fn generation(version: u128) -> u32 {
    (version >> TIME_BITS) as u32 & LAST_GENERATION
}

/// Since when what they say holds.
pub(crate) fn valid_from(version: u128) -> Instant {
    Instant::from_ms((version & ((1 << TIME_BITS) - 1)) as i64)
}

/// The weight of the set of events they were derived from.
pub(crate) fn weight(version: u128) -> u128 {
    version >> (TIME_BITS + GENERATION_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_set_beats_newer_rules_and_newer_rules_beat_later_states() {
        let (early, late) = (Instant::from_ms(1), Instant::from_ms((1 << 42) - 1));
        assert!(of(6, 1, early) > of(5, LAST_GENERATION, late));
        assert!(of(5, 2, early) > of(5, 1, late));
        assert!(of(5, 1, late) > of(5, 1, early));
    }

    #[test]
    fn a_version_tells_what_it_was_made_of_however_heavy_the_set() {
        let version = of(1 << 40, 77, Instant::from_ms(5));
        assert_eq!((weight(version), generation(version), valid_from(version)), (1 << 40, 77, Instant::from_ms(5)));
        assert_eq!(generation(of(u128::MAX, LAST_GENERATION, Instant::default())), LAST_GENERATION);
        assert!(of(u128::MAX, 1, Instant::default()) > of(1 << 71, 1, Instant::default()));
    }
}
