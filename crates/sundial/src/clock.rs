//! The wall clock: read here and nowhere below.

use std::time::{SystemTime, UNIX_EPOCH};

use domain::Instant;

/// Now.
pub fn now() -> Instant {
    Instant::from_ms(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis() as i64))
}
