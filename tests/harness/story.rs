//! What is sent in a scenario, and what must come of it.

use std::{collections::BTreeSet, path::PathBuf, time::SystemTime};

use domain::{Calendar, Event, Instant};
use simulate::{
    County, Options, Simulation,
    faults::{Faults, Message, good_events, messages},
};

use crate::{Hall, every_broken_message_is_a_dead_letter, lines};

/// A county's messages, as bad as life, and the oracle: `sundial assess` on the same events.
pub struct Story {
    /// In the order in which they are sent.
    pub messages: Vec<Message>,
    catalog: PathBuf,
    calendar: String,
    rules: Vec<String>,
}

impl Story {
    /// A quarter of a county with so many cases a day.
    pub fn new(hall: &Hall, seed: u64, cases_per_day: u32) -> Self {
        Self::of_quarter(hall, seed, cases_per_day, "2025-03-01..2025-06-01", "cn")
    }

    /// Some other quarter (FIRST..END), by a calendar that is named or in a file.
    pub fn of_quarter(hall: &Hall, seed: u64, cases_per_day: u32, quarter: &str, calendar: &str) -> Self {
        let simulation = Simulation::new(County::sample(), Options { seed, cases_per_day });
        let at = |day| Instant::parse(&format!("{day}T00:00:00+08:00")).expect("an instant");
        let (first, end) = quarter.split_once("..").expect("FIRST..END");
        let events: Vec<Event> = simulation.history(at(first), at(end)).collect();
        let messages = messages(&events, Faults::default(), seed, Calendar::china().zone());
        let broken = messages.iter().filter(|message| message.broken).count();
        println!("{} messages, {broken} of them broken", messages.len());
        let catalog = hall.write("catalog.toml", County::sample_catalog());
        let settings = [format!("rules.catalog={}", catalog.display()), format!("rules.calendar={calendar}")];
        let rules = settings.into_iter().flat_map(|setting| ["--set".to_owned(), setting]).collect();
        Self { messages, catalog, calendar: calendar.to_owned(), rules }
    }

    /// The arguments that name the rules.
    pub fn rules(&self) -> Vec<&str> {
        self.rules.iter().map(String::as_str).collect()
    }

    /// The messages in so many pieces of about one size.
    pub fn pieces(&self, count: usize) -> Vec<&[Message]> {
        self.messages.chunks(self.messages.len().div_ceil(count)).collect()
    }

    /// Everything that was sent is stored as `assess` says, or is a dead letter.
    pub async fn is_told_by(&self, hall: &Hall) {
        self.is_stored_by(hall).await;
        let broken = self.messages.iter().filter(|message| message.broken).count();
        assert_eq!(every_broken_message_is_a_dead_letter(hall, self.messages.len()).await, broken, "dead letters");
    }

    /// Its cases are stored as `assess` says, and all of its events.
    pub async fn is_stored_by(&self, hall: &Hall) {
        let verified = hall.sundial(&[&self.rules()[..], &["verify"]].concat()).succeeds();
        println!("{}", String::from_utf8_lossy(&verified));
        self.is_exported_by(hall);
        assert_eq!(hall.query("SELECT count() FROM events FINAL").await, self.different_events().to_string(), "events stored");
    }

    /// How many different events it has, taken back or not.
    pub fn different_events(&self) -> usize {
        let key = |event: &Event| (event.case_no.clone(), event.source.clone(), event.event_id.clone());
        good_events(&self.messages).map(key).collect::<BTreeSet<_>>().len()
    }

    /// `export cases` prints what `assess` prints, byte for byte.
    fn is_exported_by(&self, hall: &Hall) {
        let good = self.messages.iter().filter(|message| !message.broken).map(|message| &message.payload);
        let file = hall.write("events.ndjson", lines(good));
        let (file, catalog) = (file.to_str().expect("a path"), self.catalog.to_str().expect("a path"));
        let as_of = now();
        let rules = ["--catalog", catalog, "--calendar", &self.calendar, "--as-of", &as_of];
        let assessed = hall.sundial(&[&["assess", "--strict"], &rules[..], &[file]].concat()).succeeds();
        let exported = hall.sundial(&[&self.rules()[..], &["export", "cases", "--as-of", &as_of]].concat()).succeeds();
        assert!(assessed.len() > 100_000, "the cases are there");
        assert_same_lines(&exported, &assessed);
    }
}

/// Now, as the command line takes it.
pub fn now() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock after 1970").as_millis() as i64;
    Instant::from_ms(now).display_in(Calendar::china().zone())
}

fn assert_same_lines(exported: &[u8], assessed: &[u8]) {
    if exported == assessed {
        return;
    }
    let (exported, assessed) = (String::from_utf8_lossy(exported), String::from_utf8_lossy(assessed));
    let differing = exported.lines().zip(assessed.lines()).find(|(one, other)| one != other);
    panic!(
        "{} lines exported, {} assessed; the first that differs:\n{differing:?}",
        exported.lines().count(),
        assessed.lines().count()
    );
}
