//! A worker: the open cases of its partitions, and what happens to them.

use std::{collections::HashMap, future::Future, sync::Arc};

use domain::{
    Assessment, Calendar, Card, CaseEvents, Catalog, Event, Instant, Profile, Rules, Text,
    assess::{assess, first_change},
};
use foldhash::fast::RandomState;

use crate::{
    change::CaseChange,
    deadlines::Deadlines,
    known::KnownCases,
    packed::{Incoming, Lexicon, Packed},
    settled::Settled,
    version,
};

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

    pub(crate) fn assess(&self, case: &CaseEvents, as_of: Instant) -> Option<Assessment> {
        assess(case, &self.rules(), as_of)
    }

    /// What is to be said of a case, since when it holds, and when it will change by itself.
    pub(crate) fn derive(&self, case: &CaseEvents, as_of: Instant) -> (Option<Assessment>, Instant, Option<Instant>) {
        let after = self.assess(case, as_of);
        let valid_from = after.as_ref().map_or(Instant::default(), |after| after.valid_from);
        let next_change = after.as_ref().map_or_else(|| first_change(case), |after| after.next_change);
        (after, valid_from, next_change)
    }
}

/// A case as the store has it.
#[derive(Debug, Clone)]
pub struct StoredCase {
    /// The case.
    pub case_no: Text,
    /// Every event, retracted ones included; none where a crash left only its row behind.
    pub events: CaseEvents,
    /// The version of its row; 0 where there is none.
    pub version: u128,
    /// When its row will change by itself.
    pub next_change: Option<Instant>,
    /// The cards of its row.
    pub cards: Vec<Card>,
    /// The partition its latest event came from.
    pub partition: i32,
}

impl StoredCase {
    /// Whether its row was derived from exactly its events. The row is written before the events, so a
    /// crash between them shows.
    fn agrees(&self) -> bool {
        version::weight(self.version) == self.events.weight()
    }
}

/// The store as the engine sees it.
pub trait CaseStore {
    /// Why it did not answer.
    type Error;

    /// These cases, those of them that are stored.
    fn cases(&self, case_nos: &[Text]) -> impl Future<Output = Result<Vec<StoredCase>, Self::Error>> + Send;

    /// The numbers of the cases of these partitions that will change by themselves.
    fn unsettled(&self, partitions: &[i32]) -> impl Future<Output = Result<Vec<Text>, Self::Error>> + Send;

    /// The cards of these cases that were withdrawn, each with its case.
    fn withdrawn(&self, case_nos: &[Text]) -> impl Future<Output = Result<Vec<(Text, Card)>, Self::Error>> + Send;

    /// Tells the [fingerprint](KnownCases::fingerprint) of every case that has a row.
    fn known(&self, tell: &mut (dyn FnMut(u64) + Send)) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// A case held in memory.
#[derive(Debug)]
pub(crate) struct HeldCase {
    events: Packed,
    /// The cards of its row in the store.
    cards: Box<[Card]>,
    pub(crate) partition: i32,
    next_change: Option<Instant>,
    /// The version of its row in the store. After a crash it may rest on events that are still to come
    /// again: until then, what could be derived would lose against it.
    version: u128,
    /// Whether a crash may have come before its cards were told.
    untold: bool,
    /// Its row was derived by other rules, so it may be replaced behind our back: it is read anew before it is
    /// relied on.
    stale: bool,
}

/// A case taken out of memory for what came.
#[derive(Default)]
struct OpenCase {
    case_no: Text,
    events: CaseEvents,
    /// The same, packed; none where it is to be packed anew.
    packed: Option<Vec<u8>>,
    cards: Vec<Card>,
    partition: i32,
    version: u128,
    untold: bool,
    rules_changed: bool,
    is_touched: bool,
}

impl OpenCase {
    fn insert(&mut self, event: Event, partition: i32, packed: &[u8]) {
        let before = self.events.all().len();
        if self.events.insert(event) {
            self.partition = partition;
            self.is_touched = true;
            // Where it took the place of another one, that one's bytes are to go.
            self.packed = self.packed.take().filter(|_| self.events.all().len() > before);
            self.packed.iter_mut().for_each(|bytes| bytes.extend_from_slice(packed));
        }
    }
}

/// Room for the events that come for a case at once, mostly.
const PACKED_ROOM: usize = 512;
/// How many cases are asked of the store at once.
const PAGE: usize = 10_000;

/// The open cases of some partitions. See the crate's documentation.
///
/// What a call says changed must be stored before the next batch is fetched: a case that nothing but a new event
/// can change soon leaves the memory, and would come back from the store without it.
#[derive(Debug, Default)]
pub struct Worker {
    cases: HashMap<Text, HeldCase, RandomState>,
    deadlines: Deadlines,
    /// Those of stale cases, which are read anew when their time comes.
    stale_deadlines: Deadlines,
    /// The generation of the rules.
    generation: u32,
    known: Arc<KnownCases>,
    settled: Settled,
    /// Events that are not in their cases yet.
    incoming: Incoming,
    /// Of what is packed in any of these.
    lexicon: Lexicon,
}

impl Worker {
    /// A worker without partitions. `known` is shared by the workers of a process; `generation` is that of the
    /// rules it is given.
    pub fn new(known: Arc<KnownCases>, generation: u32) -> Self {
        Self { known, generation, ..Self::default() }
    }

    /// Takes over partitions: holds every case of theirs that will change by itself, so that a card
    /// is issued in time whether or not an event comes; and learns which cases there are, of all
    /// partitions, for a case changes its partition when partitions are added.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn take_over<S: CaseStore>(&mut self, partitions: &[i32], store: &S) -> Result<(), S::Error> {
        let known = self.known.clone();
        store.known(&mut move |fingerprint| known.insert(fingerprint)).await?;
        let unsettled = store.unsettled(partitions).await?;
        for page in unsettled.chunks(PAGE) {
            let stored = store.cases(page).await?;
            self.hold(stored, false, store).await?;
        }
        self.settled.prune();
        Ok(())
    }

    /// Forgets the cases and events of partitions that someone else has now.
    pub fn give_up(&mut self, partitions: &[i32]) {
        self.incoming.retain(|partition| !partitions.contains(&partition));
        self.cases.retain(|_, case| !partitions.contains(&case.partition));
        self.settled.retain(|case| !partitions.contains(&case.partition));
        self.prune_deadlines();
    }

    /// Takes an event that came from a partition. It waits here, packed, until it is [folded](Self::fold).
    pub fn take(&mut self, event: &Event, partition: i32) {
        self.incoming.push(event, partition, &mut self.lexicon);
    }

    /// How many events wait.
    pub fn waiting(&self) -> usize {
        self.incoming.len()
    }

    /// How many bytes they take.
    pub fn waiting_bytes(&self) -> usize {
        self.incoming.bytes()
    }

    /// Brings the cases of the events that wait into memory, those that are stored and not there yet.
    ///
    /// # Errors
    /// The store did not answer; it may be asked again.
    pub async fn fetch<S: CaseStore>(&mut self, store: &S) -> Result<(), S::Error> {
        let mut incoming = std::mem::take(&mut self.incoming);
        let may_be_missing = |case_no: &&str| self.must_be_read(case_no) && self.known.may_hold(KnownCases::fingerprint(case_no));
        let missing: Vec<Text> = incoming.cases().filter(may_be_missing).map(Text::from).collect();
        self.incoming = incoming;
        for page in missing.chunks(PAGE) {
            let stored = store.cases(page).await?;
            self.hold(stored, false, store).await?;
        }
        Ok(())
    }

    /// Reads anew the cases whose time has come by `as_of` and whose rows were derived by other rules, at most
    /// `most` of them, so that [`Worker::due`] can derive them.
    ///
    /// # Errors
    /// The store did not answer; it may be asked again.
    pub async fn refresh_due<S: CaseStore>(&mut self, as_of: Instant, most: usize, store: &S) -> Result<(), S::Error> {
        let mut due = Vec::new();
        while due.len() < most
            && let Some((at, case_no)) = self.stale_deadlines.pop_due(as_of)
        {
            if self.cases.get(&case_no).is_some_and(|case| case.stale && case.next_change == Some(at)) {
                due.push((at, case_no));
            }
        }
        if due.is_empty() {
            return Ok(());
        }
        let names: Vec<Text> = due.iter().map(|(_, case_no)| case_no.clone()).collect();
        let read = async {
            let stored = store.cases(&names).await?;
            self.hold(stored, true, store).await
        };
        let outcome = read.await;
        if outcome.is_err() {
            due.into_iter().for_each(|(at, case_no)| self.stale_deadlines.push(at, case_no));
        }
        outcome
    }

    /// Puts the events that wait into their cases, which were [fetched](Self::fetch) before, of at most `most` cases.
    /// Tells what became of every case touched, once, as of what `as_of` says of its partition and itself: case by
    /// case, because all that waits unpacked at once would be the largest thing in memory.
    ///
    /// A case whose set did not change is left out: a stored event means that what follows from it is
    /// stored, because events are written last.
    pub fn fold(
        &mut self,
        most: usize,
        as_of: impl Fn(i32, &CaseEvents) -> Instant,
        rules: &RuleBook,
        mut tell: impl FnMut(CaseChange),
    ) {
        let mut incoming = std::mem::take(&mut self.incoming);
        for _ in 0..most {
            let mut open = None;
            for came in incoming.pop_case() {
                let case = open.get_or_insert_with(|| self.open(came.case_no.into()));
                let (event, packed) = came.event(&case.case_no, &self.lexicon);
                case.insert(event, came.partition, packed);
            }
            let Some(case) = open else { break };
            if case.is_touched {
                let as_of = as_of(case.partition, &case.events);
                self.derive(case, as_of, rules).into_iter().for_each(&mut tell);
            }
        }
        self.incoming = incoming;
        // Not before: among the settled ones are those that were fetched for what still waits.
        if self.incoming.len() == 0 {
            self.settled.prune();
            self.prune_deadlines();
        }
    }

    /// Derives the cases whose time has come by `as_of`, at most `most` of them.
    pub fn due(&mut self, as_of: Instant, most: usize, rules: &RuleBook) -> Vec<CaseChange> {
        let mut changes = Vec::new();
        while changes.len() < most
            && let Some((at, case_no)) = self.deadlines.pop_due(as_of)
        {
            if self.cases.get(&case_no).is_none_or(|case| case.next_change != Some(at)) {
                continue;
            }
            let case = self.open(case_no);
            changes.extend(self.derive(case, as_of, rules));
        }
        changes
    }

    /// When the next case will change by itself (or a little earlier).
    pub fn next_due(&self) -> Option<Instant> {
        self.deadlines.next().into_iter().chain(self.stale_deadlines.next()).min()
    }

    /// How many cases are held that will change by themselves, or are not settled.
    pub fn cases_held(&self) -> usize {
        self.cases.len()
    }

    /// How many deadlines are queued.
    pub fn deadlines_queued(&self) -> usize {
        self.deadlines.len() + self.stale_deadlines.len()
    }

    /// Holds stored cases. Where a crash came between the row of a case and its events, what was to be told
    /// of its cards may not have been: those issued are in the row, those withdrawn are asked for. What is
    /// derived at once, before anyone else can write, is not stale.
    async fn hold<S: CaseStore>(&mut self, mut stored: Vec<StoredCase>, at_once: bool, store: &S) -> Result<(), S::Error> {
        let cut_off: Vec<Text> = stored.iter().filter(|case| !case.agrees()).map(|case| case.case_no.clone()).collect();
        if !cut_off.is_empty() {
            let mut withdrawn: HashMap<Text, Vec<Card>, RandomState> = HashMap::default();
            for (case_no, card) in store.withdrawn(&cut_off).await? {
                withdrawn.entry(case_no).or_default().push(card);
            }
            for case in &mut stored {
                for card in withdrawn.remove(&case.case_no).unwrap_or_default() {
                    if !case.cards.iter().any(|issued| issued.is_same(&card)) {
                        case.cards.push(card);
                    }
                }
            }
        }
        stored.into_iter().for_each(|case| self.hold_one(case, at_once));
        Ok(())
    }

    fn hold_one(&mut self, stored: StoredCase, at_once: bool) {
        // What is held already is at least as new: this worker is the one that writes the case.
        if !self.must_be_read(&stored.case_no) {
            return;
        }
        let stale = self.is_of_other_rules(stored.version) && !at_once;
        let untold = !stored.agrees();
        // What a row that was cut off says of time may not hold: the case is looked at anew at once.
        let next_change = if untold { Some(Instant::default()) } else { stored.next_change };
        match next_change {
            Some(at) if stale => self.stale_deadlines.push(at, stored.case_no.clone()),
            Some(at) => self.deadlines.push(at, stored.case_no.clone()),
            None => {}
        }
        let case = HeldCase {
            events: Packed::new(&stored.events, &mut self.lexicon),
            cards: stored.cards.into_boxed_slice(),
            partition: stored.partition,
            next_change,
            version: stored.version,
            untold,
            stale,
        };
        self.put(stored.case_no, case, next_change.is_none());
    }

    fn put(&mut self, case_no: Text, case: HeldCase, is_settled: bool) {
        if is_settled {
            self.cases.remove(&case_no);
            self.settled.insert(case_no, case);
        } else {
            self.settled.remove(&case_no);
            self.cases.insert(case_no, case);
        }
    }

    fn held(&self, case_no: &str) -> Option<&HeldCase> {
        self.cases.get(case_no).or_else(|| self.settled.get(case_no))
    }

    /// A case as it is held, or a new one.
    fn open(&self, case_no: Text) -> OpenCase {
        let Some(held) = self.held(&case_no) else {
            return OpenCase { case_no, packed: Some(Vec::with_capacity(PACKED_ROOM)), ..OpenCase::default() };
        };
        let mut packed = Vec::with_capacity(held.events.bytes().len() + PACKED_ROOM);
        packed.extend_from_slice(held.events.bytes());
        OpenCase {
            packed: Some(packed),
            events: held.events.unpack(&case_no, &self.lexicon),
            cards: held.cards.to_vec(),
            partition: held.partition,
            version: held.version,
            untold: held.untold,
            rules_changed: self.is_of_other_rules(held.version),
            is_touched: false,
            case_no,
        }
    }

    /// Derives the row of a case, and holds the case if it will change by itself.
    fn derive(&mut self, case: OpenCase, as_of: Instant, rules: &RuleBook) -> Option<CaseChange> {
        let OpenCase { case_no, events, packed, cards, partition, version: stored_version, untold, rules_changed, .. } = case;
        // Time does not go back for a case: a worker that is behind would take back what another one, who was
        // not, has issued.
        let as_of = as_of.max(version::valid_from(stored_version));
        let (after, valid_from, next_change) = rules.derive(&events, as_of);
        let version = version::of(events.weight(), self.generation, valid_from);
        // Where the store knows more than has come yet, nothing is written and its cards stay.
        let is_news = version >= stored_version;
        let cards_now = match &after {
            Some(after) if is_news => after.cards.clone(),
            None if is_news => Vec::new(),
            _ => cards.clone(),
        };
        let is_settled = next_change.is_none() && after.as_ref().is_none_or(Assessment::is_settled);
        if let Some(at) = next_change {
            self.deadlines.push(at, case_no.clone());
        }
        let held = HeldCase {
            events: packed.map_or_else(|| Packed::new(&events, &mut self.lexicon), Packed::of_bytes),
            cards: cards_now.into_boxed_slice(),
            partition,
            next_change,
            version: version.max(stored_version),
            untold: untold && !is_news,
            stale: false,
        };
        self.put(case_no.clone(), held, is_settled && is_news);
        self.known.insert(KnownCases::fingerprint(&case_no));
        let cards_before = cards;
        is_news.then_some(CaseChange { case_no, partition, version, rules_changed, cards_before, untold, next_change, after })
    }

    /// Whether what is held of a case, if anything, cannot be relied on.
    fn must_be_read(&self, case_no: &str) -> bool {
        self.held(case_no).is_none_or(|case| case.stale)
    }

    /// Whether a row of this version, if it is one, was derived by other rules.
    fn is_of_other_rules(&self, version: u128) -> bool {
        version != 0 && version::generation(version) != self.generation
    }

    fn prune_deadlines(&mut self) {
        let cases = &self.cases;
        let holds = |at: Instant, case_no: &Text| cases.get(case_no).is_some_and(|case| case.next_change == Some(at));
        self.deadlines.prune(holds, cases.len());
    }
}
