//! Messages as bad as life: out of order, twice, late, corrected, taken back, broken.

use domain::{Event, Kind};
use jiff::tz::TimeZone;
use rand::{Rng, RngExt, seq::SliceRandom};

use crate::{
    broken::Sort,
    office::SECOND_MS,
    random::{Purpose, rng},
};

/// How bad it gets, as shares (0 to 1) of all events. The default is an ordinary bad source;
/// [`Faults::NONE`] is a perfect one.
#[derive(Debug, Clone, Copy)]
pub struct Faults {
    /// Sent twice.
    pub duplicates: f64,
    /// Reported again: mostly with a higher revision, of the same or of changed content, and with the
    /// lower revision coming after the higher; rarely with other content in the same revision.
    pub re_reports: f64,
    /// Taken back; half of them events that never were.
    pub retractions: f64,
    /// Held back until everything else has come.
    pub late: f64,
    /// Messages nobody can read, beside the good ones.
    pub broken: f64,
    /// In random order.
    pub shuffle: bool,
}

impl Faults {
    /// Every event once, in order.
    pub const NONE: Faults =
        Faults { duplicates: 0.0, re_reports: 0.0, retractions: 0.0, late: 0.0, broken: 0.0, shuffle: false };
}

impl Default for Faults {
    fn default() -> Self {
        Self { duplicates: 0.05, re_reports: 0.05, retractions: 0.01, late: 0.02, broken: 0.01, shuffle: true }
    }
}

/// A message for the topic.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its payload.
    pub payload: Vec<u8>,
    /// Whether nobody can read it: it belongs on the dead-letter topic.
    pub broken: bool,
    /// What a correct decoder reads, fingerprint included; none of a broken message.
    pub event: Option<Event>,
}

impl Message {
    fn good(event: &Event, zone: &TimeZone) -> Self {
        let payload = wire::encode(event, zone).into_bytes();
        let event = Event { digest: crc32fast::hash(&payload), ..event.clone() };
        Self { key: Some(event.case_no.as_bytes().to_vec()), payload, broken: false, event: Some(event) }
    }
}

/// The events a correct decoder reads from messages, in their order: what `assess` is to be given.
pub fn good_events(messages: &[Message]) -> impl Iterator<Item = &Event> {
    messages.iter().filter_map(|message| message.event.as_ref())
}

/// Events as messages with faults; the same for a seed. Shares outside 0 to 1 are held at the ends.
pub fn messages(events: &[Event], faults: Faults, seed: u64, zone: &TimeZone) -> Vec<Message> {
    let mut rng = rng(seed, Purpose::Faults, 0);
    let mut messages = Vec::with_capacity(events.len() * 5 / 4);
    let mut late = Vec::new();
    for event in events {
        let is_late = happens(&mut rng, faults.late);
        let on_time = if is_late { &mut late } else { &mut messages };
        on_time.push(Message::good(event, zone));
        if happens(&mut rng, faults.duplicates) {
            on_time.push(Message::good(event, zone));
        }
        if happens(&mut rng, faults.re_reports) {
            on_time.extend(re_reports(event, &mut rng).iter().map(|report| Message::good(report, zone)));
        }
        if happens(&mut rng, faults.retractions) {
            on_time.extend(retraction(event, &mut rng).iter().map(|report| Message::good(report, zone)));
        }
        if happens(&mut rng, faults.broken) {
            on_time.push(Sort::any(&mut rng).spoil(event, zone));
        }
    }
    if faults.shuffle {
        messages.shuffle(&mut rng);
        late.shuffle(&mut rng);
    }
    messages.append(&mut late);
    messages
}

/// An event spoiled in every way there is: messages nobody can read.
pub fn one_of_every_broken_sort(event: &Event, zone: &TimeZone) -> Vec<Message> {
    Sort::ALL.iter().map(|sort| sort.spoil(event, zone)).collect()
}

fn happens(rng: &mut impl Rng, share: f64) -> bool {
    rng.random_bool(share.clamp(0.0, 1.0))
}

fn re_reports(event: &Event, rng: &mut impl Rng) -> Vec<Event> {
    let mut changed = |revision| {
        let shift = rng.random_range(-3600..3600) * SECOND_MS;
        Event { revision, occurred_at: event.occurred_at.plus_ms(shift), ..event.clone() }
    };
    let (second, third, again) = (changed(2), changed(3), changed(1));
    match rng.random_range(0..10) {
        // The same once more, under a new number.
        0..3 => vec![Event { revision: 2, ..event.clone() }],
        3..7 => vec![second],
        // The older correction comes last.
        7..9 => vec![third, second],
        // Two reports of one revision that say different things.
        _ => vec![again],
    }
}

/// Above every revision of [`re_reports`], so that what is taken back stays so.
const TAKEN_BACK: u32 = 4;

fn retraction(event: &Event, rng: &mut impl Rng) -> Vec<Event> {
    if rng.random_bool(0.5) {
        return vec![Event { revision: TAKEN_BACK, retracted: true, ..event.clone() }];
    }
    // Something that never was, reported and taken back.
    let event_id = format!("{}-x", event.event_id).into();
    let invented = Event { event_id, kind: Kind::CorrectionRequested, item: None, ..event.clone() };
    let taken_back = Event { revision: 2, retracted: true, ..invented.clone() };
    vec![invented, taken_back]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use domain::Instant;

    use super::*;
    use crate::{County, Options, Simulation};

    fn events() -> Vec<Event> {
        let at = |text| Instant::parse(text).unwrap();
        let simulation = Simulation::new(County::sample(), Options { seed: 5, cases_per_day: 20 });
        simulation.history(at("2025-03-03T00:00:00+08:00"), at("2025-03-20T00:00:00+08:00")).collect()
    }

    fn shanghai() -> TimeZone {
        domain::Calendar::china().zone().clone()
    }

    #[test]
    fn no_sort_of_broken_message_can_be_read_whatever_the_event() {
        let (zone, mut kinds) = (shanghai(), HashSet::new());
        for event in events().iter().filter(|event| kinds.insert(event.kind.name())) {
            for sort in Sort::ALL {
                let message = sort.spoil(event, &zone);
                let read = wire::decode_message(message.key.as_deref(), Some(&message.payload), &wire::CodeMaps::default());
                assert!(read.is_err(), "{sort:?}: {read:?}");
            }
        }
        assert!(kinds.len() >= 12, "{kinds:?}");
    }

    #[test]
    fn every_sort_is_refused_for_the_reason_it_is_there_for() {
        let (zone, event) = (shanghai(), events()[0].clone());
        let reasons: HashSet<String> = Sort::ALL
            .iter()
            .map(|sort| sort.spoil(&event, &zone))
            .map(|message| {
                wire::decode_message(message.key.as_deref(), Some(&message.payload), &wire::CodeMaps::default())
                    .unwrap_err()
                    .to_string()
            })
            .collect();
        // Without a key and with the wrong one are the same to the decoder.
        assert_eq!(reasons.len(), Sort::ALL.len() - 1, "{reasons:#?}");
    }

    #[test]
    fn without_faults_the_messages_are_the_events_in_order() {
        let (zone, events) = (shanghai(), events());
        let messages = messages(&events, Faults::NONE, 1, &zone);
        let read = messages.iter().map(|message| wire::decode(&message.payload, &wire::CodeMaps::default()).unwrap());
        assert!(read.map(|event| Event { digest: 0, ..event }).eq(events));
    }

    #[test]
    fn late_messages_come_after_all_others() {
        let (zone, events) = (shanghai(), events());
        let faults = Faults { late: 0.2, ..Faults::NONE };
        let messages = messages(&events, faults, 1, &zone);
        let times: Vec<Instant> = good_events(&messages).map(|event| event.occurred_at).collect();
        let breaks = times.windows(2).filter(|pair| pair[0] > pair[1]).count();
        assert_eq!((times.len(), breaks), (events.len(), 1));
    }
}
