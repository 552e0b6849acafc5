//! Messages as bad as life: out of order, twice, corrected, taken back, broken.

use domain::{Event, Kind};
use jiff::tz::TimeZone;
use rand::{Rng, RngExt, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

/// How bad it gets, as shares of all events.
#[derive(Debug, Clone, Copy)]
pub struct Faults {
    /// Sent twice.
    pub duplicates: f64,
    /// Reported again with a higher revision and another time.
    pub re_reports: f64,
    /// Taken back; half of them events that never were.
    pub retractions: f64,
    /// Messages nobody can read, beside the good ones.
    pub broken: f64,
}

impl Default for Faults {
    fn default() -> Self {
        Self { duplicates: 0.05, re_reports: 0.05, retractions: 0.01, broken: 0.01 }
    }
}

/// A message for the topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its payload.
    pub payload: Vec<u8>,
    /// Whether nobody can read it.
    pub broken: bool,
}

impl Message {
    fn good(event: &Event, zone: &TimeZone) -> Self {
        let payload = wire::encode(event, zone).into_bytes();
        Self { key: Some(event.case_no.as_bytes().to_vec()), payload, broken: false }
    }
}

/// Events as messages with faults, in random order; the same for a seed.
pub fn messages(events: &[Event], faults: Faults, seed: u64, zone: &TimeZone) -> Vec<Message> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut messages = Vec::with_capacity(events.len() * 5 / 4);
    for event in events {
        messages.push(Message::good(event, zone));
        if rng.random_bool(faults.duplicates) {
            messages.push(Message::good(event, zone));
        }
        if rng.random_bool(faults.re_reports) {
            let later = event.occurred_at.plus_ms(rng.random_range(-3_600_000..3_600_000) / 1000 * 1000);
            messages.push(Message::good(&Event { revision: 2, occurred_at: later, ..event.clone() }, zone));
        }
        if rng.random_bool(faults.retractions) {
            let taken_back = if rng.random_bool(0.5) {
                Event { revision: 3, retracted: true, ..event.clone() }
            } else {
                // Something that never was, reported and taken back.
                let event_id = format!("{}-x", event.event_id).into();
                let invented = Event { event_id, kind: Kind::CorrectionRequested, ..event.clone() };
                messages.push(Message::good(&invented, zone));
                Event { revision: 2, retracted: true, ..invented }
            };
            messages.push(Message::good(&taken_back, zone));
        }
        if rng.random_bool(faults.broken) {
            messages.push(broken(event, zone, &mut rng));
        }
    }
    messages.shuffle(&mut rng);
    messages
}

/// A message that must go to the dead-letter topic, of every sort there is.
fn broken(event: &Event, zone: &TimeZone, rng: &mut impl Rng) -> Message {
    let good = wire::encode(event, zone);
    let key = Some(event.case_no.as_bytes().to_vec());
    let (key, payload) = match rng.random_range(0..12) {
        0 => (key, b"not json".to_vec()),
        1 => (key, good.replacen("\"case_no\":\"", "\"case_no\":[\"", 1).into_bytes()),
        2 => (key, good.replacen(event.kind.name(), "sneezed", 1).into_bytes()),
        3 => (key, good.replacen("\"occurred_at\":\"20", "\"occurred_at\":\"00", 1).into_bytes()),
        4 => (key, good.replacen("\"event_id\":", "\"event_key\":", 1).into_bytes()),
        5 => (Some(b"another-case".to_vec()), good.into_bytes()),
        6 => (None, good.into_bytes()),
        7 => (key, [good.as_bytes(), b"\xff\xfe"].concat()),
        8 => (key, Vec::new()),
        9 => (key, format!("{{\"x\":{}", "[".repeat(5_000)).into_bytes()),
        10 => (key, good.replacen("\"source\":\"", &format!("\"source\":\"{}", "s".repeat(80)), 1).into_bytes()),
        _ => (key, good.replacen('{', &format!("{{\"padding\":\"{}\",", "x".repeat(900_000)), 1).into_bytes()),
    };
    Message { key, payload, broken: true }
}
