//! Events that wait for their cases.

use domain::{Event, Text};
use xxhash_rust::xxh3::xxh3_128;

use super::{Lexicon, put, read, take, write};

/// Events of many cases, each with its partition and case number, packed one behind another.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    bytes: Vec<u8>,
    /// The hash of the case number of each, and where it begins. The bytes of a case lie far from one another, and are
    /// looked at once: of ten thousand million cases no two have the same hash of so many bits.
    places: Vec<(u128, usize)>,
    /// Whether the places of a case lie together, the first last.
    arranged: bool,
}

/// One of the events.
pub(crate) struct Came<'b> {
    pub(crate) partition: i32,
    pub(crate) case_no: &'b str,
    /// The event, and what comes behind it.
    packed: &'b [u8],
}

fn head(bytes: &[u8]) -> Came<'_> {
    let ((partition, case_no), packed) = take(bytes);
    Came { partition, case_no, packed }
}

impl<'b> Came<'b> {
    /// The event of this case, and the same packed.
    pub(crate) fn event(&self, case_no: &Text, lexicon: &Lexicon) -> (Event, &'b [u8]) {
        let (event, behind) = read(self.packed, case_no, lexicon);
        (event, &self.packed[..self.packed.len() - behind.len()])
    }
}

impl Incoming {
    pub(crate) fn push(&mut self, event: &Event, partition: i32, lexicon: &mut Lexicon) {
        if self.places.is_empty() {
            self.begin_anew();
        }
        self.places.push((xxh3_128(event.case_no.as_bytes()), self.bytes.len()));
        self.arranged = false;
        put(&(partition, event.case_no.as_str()), &mut self.bytes);
        write(event, None, lexicon, &mut self.bytes);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// How many bytes they take.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len() + size_of_val(&self.places[..])
    }

    /// Lets go of those of other partitions.
    pub(crate) fn retain(&mut self, keep: impl Fn(i32) -> bool) {
        let bytes = &self.bytes;
        self.places.retain(|(_, place)| keep(head(&bytes[*place..]).partition));
    }

    /// The cases they are of.
    pub(crate) fn cases(&mut self) -> impl Iterator<Item = &str> {
        self.arrange();
        let of_a_case = self.places.chunk_by(|(one, _), (other, _)| one == other);
        of_a_case.filter_map(|places| places.last()).map(|(_, place)| head(&self.bytes[*place..]).case_no)
    }

    /// Takes out what came for one of the cases, in the order it came; nothing where there is nothing left.
    pub(crate) fn pop_case(&mut self) -> impl Iterator<Item = Came<'_>> {
        self.arrange();
        let Self { bytes, places, .. } = self;
        let next = places.last().map(|(hash, _)| *hash);
        let others = places.iter().rposition(|(hash, _)| Some(*hash) != next).map_or(0, |at| at + 1);
        places.drain(others..).rev().map(|(_, place)| head(&bytes[place..]))
    }

    /// Keeps room for twice what there was, and no more: after many came at once, few may come for a long time. An event
    /// takes some 64 bytes or more.
    fn begin_anew(&mut self) {
        let room = self.bytes.len() * 2;
        self.bytes.clear();
        self.bytes.shrink_to(room);
        self.places.shrink_to(room / 64);
    }

    fn arrange(&mut self) {
        if !std::mem::replace(&mut self.arranged, true) {
            self.places.sort_unstable_by(|one, other| other.cmp(one));
        }
    }
}
