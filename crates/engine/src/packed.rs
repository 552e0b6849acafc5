//! The events of a case, packed: most open cases are touched once in days, and unpacked they take ten
//! times as much.
//!
//! An event names its office in the words of a small vocabulary (source, item, region, department, window, handler), so these
//! are kept once in a [`Lexicon`] and told by their numbers.
//!
//! Those that wait for their case are [`Incoming`].

mod incoming;

use std::{borrow::Cow, collections::HashMap};

use domain::{
    CaseEvents, Event, Instant, Kind, Text,
    event::{Place, Role},
};
use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};

pub(crate) use self::incoming::Incoming;

/// More words than an office has; what comes after them is kept with its event.
const MOST_WORDS: usize = 1 << 16;

/// The words of the packed events of a worker.
#[derive(Debug, Default)]
pub(crate) struct Lexicon {
    numbers: HashMap<Text, u32, RandomState>,
    words: Vec<Text>,
}

/// No word.
const NONE: u32 = 0;
/// A word that is kept with its event, for the lexicon is full.
const OWN: u32 = 1;
/// The number of the first word.
const FIRST: u32 = 2;

impl Lexicon {
    fn number(&mut self, word: &Text) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        if self.words.len() >= MOST_WORDS {
            return OWN;
        }
        let number = FIRST + self.words.len() as u32;
        self.words.push(word.clone());
        self.numbers.insert(word.clone(), number);
        number
    }
}

/// A set of events in a few hundred bytes, in any order. Its case number is that of whoever keeps it.
#[derive(Debug, Clone)]
pub(crate) struct Packed(Box<[u8]>);

/// How many fields of an event are words.
const WORDS: usize = 6;

/// An event as it is packed.
#[derive(Serialize, Deserialize)]
struct Slim<'e> {
    event_id: &'e str,
    revision: u32,
    retracted: bool,
    digest: u32,
    occurred_at: Instant,
    /// After it occurred, in ms.
    recorded_after: Option<i64>,
    /// Source, item, region, department, window, handler.
    words: [u32; WORDS],
    /// Those of them that the lexicon has no number for.
    own: Vec<Cow<'e, str>>,
    role: Option<Role>,
    place: Option<Place>,
    kind: Cow<'e, Kind>,
}

/// Those of its fields that are words.
fn texts(event: &Event) -> [Option<&Text>; WORDS] {
    let Event { source, item, region, department, window, handler, .. } = event;
    [Some(source), item.as_ref(), region.as_ref(), department.as_ref(), window.as_ref(), handler.as_ref()]
}

impl<'e> Slim<'e> {
    /// `before` is the event before it with the numbers of its words, most of which are the same.
    fn new(event: &'e Event, before: Option<Numbered<'_>>, lexicon: &mut Lexicon) -> Self {
        let (texts, known) = (texts(event), before.map(|(event, words)| (self::texts(event), words)));
        let words = std::array::from_fn(|at| match (texts[at], &known) {
            (None, _) => NONE,
            (text, Some((texts, words))) if text == texts[at] => words[at],
            (Some(text), _) => lexicon.number(text),
        });
        let own = texts.iter().zip(words).filter(|(_, number)| *number == OWN);
        Self {
            event_id: &event.event_id,
            revision: event.revision,
            retracted: event.retracted,
            digest: event.digest,
            occurred_at: event.occurred_at,
            recorded_after: event.recorded_at.map(|at| at.ms().wrapping_sub(event.occurred_at.ms())),
            words,
            own: own.filter_map(|(text, _)| text.map(|text| Cow::Borrowed(text.as_str()))).collect(),
            role: event.role,
            place: event.place,
            kind: Cow::Borrowed(&event.kind),
        }
    }

    fn event(self, case_no: &Text, lexicon: &Lexicon) -> Event {
        let mut own = self.own.into_iter();
        let [source, item, region, department, window, handler] = self.words.map(|number| match number {
            NONE => None,
            OWN => own.next().map(Text::from),
            number => lexicon.words.get((number - FIRST) as usize).cloned(),
        });
        Event {
            event_id: self.event_id.into(),
            source: source.unwrap_or_default(),
            revision: self.revision,
            retracted: self.retracted,
            digest: self.digest,
            case_no: case_no.clone(),
            item,
            occurred_at: self.occurred_at,
            recorded_at: self.recorded_after.map(|after| Instant::from_ms(self.occurred_at.ms().wrapping_add(after))),
            region,
            department,
            window,
            handler,
            role: self.role,
            place: self.place,
            kind: self.kind.into_owned(),
        }
    }
}

/// An event whose words have these numbers.
type Numbered<'e> = (&'e Event, [u32; WORDS]);

/// Writes an event behind what is there. `before` may be any other event.
fn write(event: &Event, before: Option<Numbered<'_>>, lexicon: &mut Lexicon, bytes: &mut Vec<u8>) -> [u32; WORDS] {
    let slim = Slim::new(event, before, lexicon);
    put(&slim, bytes);
    slim.words
}

/// Reads the event that the bytes begin with, and tells what comes behind it.
fn read<'b>(bytes: &'b [u8], case_no: &Text, lexicon: &Lexicon) -> (Event, &'b [u8]) {
    let (slim, behind) = take::<Slim<'_>>(bytes);
    (slim.event(case_no, lexicon), behind)
}

#[expect(clippy::expect_used, reason = "nothing in an event is without a form in bytes")]
fn put(value: &impl Serialize, bytes: &mut Vec<u8>) {
    *bytes = postcard::to_extend(value, std::mem::take(bytes)).expect("an event can be packed");
}

#[expect(clippy::expect_used, reason = "the bytes were packed by this very code and never leave the process")]
fn take<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> (T, &'b [u8]) {
    postcard::take_from_bytes(bytes).expect("packed events can be unpacked")
}

impl Packed {
    pub(crate) fn new(events: &CaseEvents, lexicon: &mut Lexicon) -> Self {
        // Written where there is room enough, so that what is kept is as large as it must be.
        let mut bytes = Vec::with_capacity(128 * events.all().len());
        let mut before = None;
        for event in events.all() {
            before = Some((event, write(event, before, lexicon, &mut bytes)));
        }
        Self::of_bytes(bytes)
    }

    /// Events that are packed already, one behind another.
    pub(crate) fn of_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes.into_boxed_slice())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The events of the case of this number, with the lexicon they were packed with.
    pub(crate) fn unpack(&self, case_no: &Text, lexicon: &Lexicon) -> CaseEvents {
        let mut rest = &self.0[..];
        let mut events = Vec::with_capacity(rest.len() / 64 + 4);
        while !rest.is_empty() {
            let (event, behind) = read(rest, case_no, lexicon);
            events.push(event);
            rest = behind;
        }
        CaseEvents::of_distinct(events)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use domain::event::{Acceptance, Decision, DeferredMaterial, Procedure, SpecialStart};

    use super::*;

    fn event(id: &str, kind: Kind) -> Event {
        Event {
            event_id: id.into(),
            source: "hall".into(),
            revision: 3,
            retracted: true,
            digest: u32::MAX,
            case_no: "c".into(),
            item: None,
            occurred_at: Instant::from_ms(-1),
            recorded_at: Some(Instant::from_ms(i64::MAX)),
            region: Some("330921".into()),
            department: Some("环境保护局".into()),
            window: None,
            handler: None,
            role: Some(Role::Leader),
            place: Some(Place::Hall),
            kind,
        }
    }

    #[test]
    fn what_is_packed_comes_out_as_it_was() {
        let material = DeferredMaterial { name: "paper".into(), due_at: Instant::from_ms(2) };
        let special = SpecialStart {
            procedure: Procedure::Hearing,
            granted_days: Some(2),
            written_notice: None,
            party: Some("agency".into()),
        };
        let events: CaseEvents = [
            event("1", Kind::Accepted(Box::new(Acceptance { deferred_materials: vec![material], ..Acceptance::default() }))),
            event("2", Kind::SpecialStarted(Box::new(special))),
            event("4", Kind::Decided { outcome: Decision::Refused, reasoned: true }),
            event("5", Kind::MaterialsSupplied { materials: vec!["paper".into()] }),
            event("3", Kind::FeeCharged { amount_fen: u64::MAX }),
        ]
        .into_iter()
        .collect();
        let mut lexicon = Lexicon::default();
        let packed = Packed::new(&events, &mut lexicon);
        assert_eq!(packed.unpack(&"c".into(), &lexicon), events);
        assert_eq!(lexicon.words, ["hall", "330921", "环境保护局"]);
    }

    #[test]
    fn what_came_is_taken_out_case_by_case_in_the_order_it_came() {
        let (mut lexicon, mut incoming) = (Lexicon::default(), Incoming::default());
        for round in 0..2 {
            for number in 0..300 {
                let mut event = event(&format!("{round}-{number}"), Kind::NotAccepted);
                event.case_no = format!("case {}", number % 100).into();
                incoming.push(&event, number % 3, &mut lexicon);
            }
            incoming.retain(|partition| partition != 2);
            assert_eq!((incoming.len(), incoming.cases().count()), (200, 100));
            let mut cases = BTreeMap::new();
            while incoming.len() > 0 {
                let mut ids = Vec::new();
                let mut of = Text::default();
                for came in incoming.pop_case() {
                    of = came.case_no.into();
                    let (event, packed) = came.event(&of, &lexicon);
                    assert_eq!(Packed::of_bytes(packed.to_vec()).unpack(&of, &lexicon).all(), std::slice::from_ref(&event));
                    ids.push((event.event_id.to_string(), came.partition));
                }
                assert!(cases.insert(of, ids).is_none(), "a case comes out once");
            }
            // Of the three events of a case one was of the third partition.
            let of_case_0 = [(format!("{round}-0"), 0), (format!("{round}-100"), 1)];
            assert_eq!((cases.len(), &cases["case 0"][..]), (100, &of_case_0[..]));
            assert_eq!(incoming.pop_case().count(), 0);
        }
    }

    #[test]
    fn a_word_for_which_the_lexicon_has_no_room_is_kept_with_its_event() {
        let mut lexicon = Lexicon { words: vec![Text::default(); MOST_WORDS], ..Lexicon::default() };
        let mut event = event("1", Kind::NotAccepted);
        event.handler = Some("a name that nobody has said before".into());
        let events: CaseEvents = [event].into_iter().collect();
        assert_eq!(Packed::new(&events, &mut lexicon).unpack(&"c".into(), &lexicon), events);
        assert_eq!(lexicon.words.len(), MOST_WORDS);
    }
}
