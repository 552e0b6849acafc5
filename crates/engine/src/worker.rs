//! A worker: the open cases of its partitions, and what happens to them.

use std::{
    collections::{HashMap, HashSet},
    future::Future,
};

use domain::{
    Assessment, Calendar, CaseEvents, Catalog, Event, Instant, Profile, Rules, Text,
    assess::{assess, first_change},
};
use foldhash::fast::RandomState;

use crate::{change::CaseChange, deadlines::Deadlines};

/// The rules a worker assesses by.
#[derive(Debug, Clone)]
pub struct RuleBook {
    /// The items.
    pub catalog: Catalog,
    /// The working days.
    pub calendar: Calendar,
    /// Counting and cards.
    pub profile: Profile,
}

impl RuleBook {
    /// As the domain takes them.
    pub fn rules(&self) -> Rules<'_> {
        Rules { catalog: &self.catalog, calendar: &self.calendar, profile: &self.profile }
    }

    fn assess(&self, case: &CaseEvents, as_of: Instant) -> Option<Assessment> {
        assess(case, &self.rules(), as_of)
    }
}

/// A case as the store has it.
#[derive(Debug, Clone)]
pub struct StoredCase {
    /// The case.
    pub case_no: Text,
    /// Every event, retracted ones included; none where a crash left only rows behind.
    pub events: CaseEvents,
    /// The instant from which on the state holds that its rows say; none where there are no rows.
    pub valid_from: Option<Instant>,
    /// The version of its rows.
    pub version: u128,
    /// The partition its latest event came from.
    pub partition: i32,
}

impl StoredCase {
    /// Whether its rows were derived from exactly its events. With events they are written in this
    /// order: the case, what hangs on it, its events. So a crash on the way shows in the version of
    /// the case. When time alone has passed, the case comes last: then it still says that its time has
    /// not come, see [`Worker::hold`].
    fn agrees(&self) -> bool {
        self.version == CaseChange::version_of(self.events.weight(), self.valid_from.unwrap_or_default())
    }
}

/// The store as the engine sees it.
pub trait CaseStore {
    /// Why a case could not be fetched.
    type Error;

    /// These cases, those of them that are stored.
    fn cases(&self, case_nos: &[Text]) -> impl Future<Output = Result<Vec<StoredCase>, Self::Error>> + Send;

    /// The cases of these partitions that will change by themselves.
    fn unsettled(&self, partitions: &[i32]) -> impl Future<Output = Result<Vec<StoredCase>, Self::Error>> + Send;

    /// What the rows of these cases say: their cards that are issued, their spans and findings.
    fn rows(&self, case_nos: &[Text]) -> impl Future<Output = Result<Vec<Assessment>, Self::Error>> + Send;
}

/// A case held in memory.
#[derive(Debug)]
struct HeldCase {
    events: CaseEvents,
    partition: i32,
    /// The instant its rows were last derived at; none where there are none.
    derived_at: Option<Instant>,
    next_change: Option<Instant>,
    /// What its rows say, where that is not what follows from `events` at `derived_at`: a crash
    /// between its rows and its events left rows of a larger set behind.
    rows: Option<Box<Assessment>>,
    /// The version of those rows. Until the events they rest on have come again, what could be derived
    /// would lose against them.
    rows_version: u128,
}

impl HeldCase {
    fn new(partition: i32) -> Self {
        Self { events: CaseEvents::new(), partition, derived_at: None, next_change: None, rows: None, rows_version: 0 }
    }

    /// What its rows say. Derived anew rather than kept: it is asked for only when the case is
    /// touched, and an assessment is larger than the events it comes from.
    fn rows(&mut self, rules: &RuleBook) -> Option<Assessment> {
        match self.rows.take() {
            Some(rows) => Some(*rows),
            None => rules.assess(&self.events, self.derived_at?),
        }
    }
}

/// The open cases of some partitions. See the crate's documentation.
///
/// What a call says changed must be stored before the next call: a case that nothing but a new event
/// can change leaves the memory at once, and would come back from the store without it.
#[derive(Debug)]
pub struct Worker {
    cases: HashMap<Text, HeldCase, RandomState>,
    deadlines: Deadlines,
    /// Settled cases fetched for the batch at hand.
    fetched_settled: Vec<Text>,
}

impl Default for Worker {
    fn default() -> Self {
        Self::new()
    }
}

impl Worker {
    /// A worker without partitions.
    pub fn new() -> Self {
        Self { cases: HashMap::default(), deadlines: Deadlines::default(), fetched_settled: Vec::new() }
    }

    /// Takes over partitions: holds every case of theirs that will change by itself, so that a card
    /// is issued in time whether or not an event comes.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn take_over<S: CaseStore>(
        &mut self,
        partitions: &[i32],
        now: Instant,
        store: &S,
        rules: &RuleBook,
    ) -> Result<(), S::Error> {
        let stored = store.unsettled(partitions).await?;
        self.hold(stored, now, store, rules).await
    }

    /// Forgets the cases of partitions that someone else has now.
    pub fn give_up(&mut self, partitions: &[i32]) {
        self.cases.retain(|_, case| !partitions.contains(&case.partition));
        self.prune_deadlines();
    }

    /// Brings the cases of a batch into memory, those that are not, in one query.
    ///
    /// # Errors
    /// The store did not answer; it may be asked again.
    pub async fn fetch<S: CaseStore>(
        &mut self,
        events: &[(Event, i32)],
        now: Instant,
        store: &S,
        rules: &RuleBook,
    ) -> Result<(), S::Error> {
        let mut missing: HashSet<&Text, RandomState> = HashSet::default();
        missing.extend(events.iter().map(|(event, _)| &event.case_no).filter(|case_no| !self.cases.contains_key(*case_no)));
        if missing.is_empty() {
            return Ok(());
        }
        let missing: Vec<Text> = missing.into_iter().cloned().collect();
        let stored = store.cases(&missing).await?;
        self.hold(stored, now, store, rules).await
    }

    /// Puts a batch of events, each with its partition, into their cases, which were [fetched](Self::fetch)
    /// before. Says what became of every case touched, once.
    ///
    /// A case whose set did not change is left out: a stored event means that all rows derived from
    /// it are stored, because events are written last.
    pub fn fold(&mut self, events: Vec<(Event, i32)>, now: Instant, rules: &RuleBook) -> Vec<CaseChange> {
        let mut touched: Vec<(Text, Option<Assessment>)> = Vec::new();
        let mut seen: HashSet<Text, RandomState> = HashSet::default();
        for (event, partition) in events {
            let case = self.cases.entry(event.case_no.clone()).or_insert_with(|| HeldCase::new(partition));
            if !case.events.is_news(&event) {
                continue;
            }
            if seen.insert(event.case_no.clone()) {
                touched.push((event.case_no.clone(), case.rows(rules)));
            }
            case.partition = partition;
            case.events.insert(event);
        }
        let changes = touched.into_iter().filter_map(|(case_no, before)| self.derive(case_no, before, now, rules)).collect();
        self.forget_settled(&seen);
        self.prune_deadlines();
        changes
    }

    /// Derives the cases whose time has come by `now`, at most `most` of them.
    pub fn due(&mut self, now: Instant, most: usize, rules: &RuleBook) -> Vec<CaseChange> {
        let mut changes = Vec::new();
        while changes.len() < most
            && let Some((at, case_no)) = self.deadlines.pop_due(now)
        {
            let Some(case) = self.cases.get_mut(&case_no).filter(|case| case.next_change == Some(at)) else { continue };
            let before = case.rows(rules);
            changes.extend(self.derive(case_no, before, now, rules));
        }
        changes
    }

    /// When the next case will change by itself (or a little earlier).
    pub fn next_due(&self) -> Option<Instant> {
        self.deadlines.next()
    }

    /// How many cases are held.
    pub fn cases_held(&self) -> usize {
        self.cases.len()
    }

    /// How many deadlines are queued.
    pub fn deadlines_queued(&self) -> usize {
        self.deadlines.len()
    }

    /// Holds stored cases. Where their rows may say more than follows from their events at the instant
    /// they hold from (a crash on the way), what they really say is fetched too.
    async fn hold<S: CaseStore>(
        &mut self,
        stored: Vec<StoredCase>,
        now: Instant,
        store: &S,
        rules: &RuleBook,
    ) -> Result<(), S::Error> {
        let mut left_behind = Vec::new();
        for stored in stored {
            let case_no = stored.case_no.clone();
            // What is held already is at least as new: this worker is the one that writes the case.
            if self.cases.contains_key(&case_no) {
                continue;
            }
            let agrees = stored.agrees();
            let at_rows = stored.valid_from.and_then(|valid_from| rules.assess(&stored.events, valid_from));
            let at_rows_settled = at_rows.as_ref().is_some_and(Assessment::is_settled);
            let next_change = at_rows.map_or_else(|| first_change(&stored.events), |assessment| assessment.next_change);
            let time_has_come = next_change.is_some_and(|at| at <= now);
            if !agrees || time_has_come {
                left_behind.push(case_no.clone());
            }
            if let Some(at) = next_change {
                self.deadlines.push(at, case_no.clone());
            }
            if at_rows_settled {
                self.fetched_settled.push(case_no.clone());
            }
            let case = HeldCase {
                events: stored.events,
                partition: stored.partition,
                derived_at: stored.valid_from,
                next_change,
                rows: None,
                rows_version: stored.version,
            };
            self.cases.insert(case_no, case);
        }
        if left_behind.is_empty() {
            return Ok(());
        }
        // Should this fail, nothing of a half-read case may stay: it would pass for a whole one.
        let rows = store.rows(&left_behind).await.inspect_err(|_| {
            for case_no in &left_behind {
                self.cases.remove(case_no);
            }
        })?;
        for rows in rows {
            if let Some(case) = self.cases.get_mut(&rows.case_no) {
                case.rows = Some(Box::new(rows));
            }
        }
        Ok(())
    }

    /// Derives the rows of a held case at `now`. A case that nothing but a new event can change
    /// leaves the memory.
    fn derive(&mut self, case_no: Text, before: Option<Assessment>, now: Instant, rules: &RuleBook) -> Option<CaseChange> {
        let case = self.cases.get_mut(&case_no)?;
        let after = rules.assess(&case.events, now);
        let next_change = match &after {
            Some(assessment) => assessment.next_change,
            None => first_change(&case.events),
        };
        let valid_from = after.as_ref().map_or(Instant::default(), |after| after.valid_from);
        let change = CaseChange {
            case_no: case_no.clone(),
            partition: case.partition,
            version: CaseChange::version_of(case.events.weight(), valid_from),
            before,
            after,
        };
        if change.version < case.rows_version {
            // The store knows more than has come yet: nothing is written, and what it says is kept.
            case.rows = change.before.map(Box::new);
            case.next_change = next_change;
            if let Some(at) = next_change {
                self.deadlines.push(at, case_no);
            }
            return None;
        }
        case.rows_version = change.version;
        case.derived_at = change.after.as_ref().map(|_| now);
        case.next_change = next_change;
        match next_change {
            Some(at) => self.deadlines.push(at, case_no),
            None if change.after.as_ref().is_none_or(Assessment::is_settled) => {
                self.cases.remove(&case_no);
            }
            None => {}
        }
        Some(change)
    }

    /// Duplicates of settled cases brought them in for nothing.
    fn forget_settled(&mut self, touched: &HashSet<Text, RandomState>) {
        for case_no in std::mem::take(&mut self.fetched_settled) {
            if !touched.contains(&case_no) {
                self.cases.remove(&case_no);
            }
        }
    }

    fn prune_deadlines(&mut self) {
        let cases = &self.cases;
        let holds = |at: Instant, case_no: &Text| cases.get(case_no).is_some_and(|case| case.next_change == Some(at));
        self.deadlines.prune(holds, cases.len());
    }
}
