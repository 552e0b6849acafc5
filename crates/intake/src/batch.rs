//! Batches of messages in one arena: nothing is allocated per message.

use std::ops::Range;

use crate::tracker::Receipt;

/// A header of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Option<Vec<u8>>,
}

/// Messages of some partitions, in order within each.
#[derive(Debug)]
pub struct Batch {
    content: Content,
    receipt: Receipt,
}

/// A message of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Message<'b> {
    /// The partition it came from.
    pub partition: i32,
    /// Its offset there.
    pub offset: i64,
    /// When it was written, in ms since 1970.
    pub timestamp_ms: Option<i64>,
    /// Its key.
    pub key: Option<&'b [u8]>,
    /// Its payload; none for a tombstone.
    pub payload: Option<&'b [u8]>,
    /// Its headers.
    pub headers: Headers<'b>,
}

/// The headers of a message of a batch, in their order. A name may come more than once.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'b> {
    arena: &'b [u8],
    entries: &'b [HeaderEntry],
}

/// What has been put in so far.
#[derive(Debug, Default)]
pub(crate) struct Content {
    arena: Vec<u8>,
    entries: Vec<Entry>,
    headers: Vec<HeaderEntry>,
}

/// Bytes of the arena. 32 bits, for there is one of these or two a message; [`Config`](crate::Config) keeps arenas
/// below that.
type Span = Range<u32>;

#[derive(Debug)]
struct Entry {
    offset: i64,
    timestamp_ms: Option<i64>,
    key: Option<Span>,
    payload: Option<Span>,
    /// Of `Content::headers`.
    headers: Span,
    partition: i32,
}

#[derive(Debug)]
struct HeaderEntry {
    name: Span,
    value: Option<Span>,
}

impl Batch {
    pub(crate) fn new(content: Content, receipt: Receipt) -> Self {
        Self { content, receipt }
    }

    /// The messages.
    pub fn messages(&self) -> impl ExactSizeIterator<Item = Message<'_>> {
        self.content.entries.iter().map(|entry| self.content.message(entry))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.content.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the batch takes of the budget, in bytes.
    pub fn bytes(&self) -> usize {
        self.content.bytes()
    }

    /// Lets go of the messages and keeps what acknowledges them.
    pub fn into_receipt(self) -> Receipt {
        self.receipt
    }
}

impl<'b> Headers<'b> {
    /// The headers, each copied out: whoever looks at them wants to keep them, and most messages are never asked.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Header> {
        self.entries.iter().map(move |entry| Header {
            name: String::from_utf8_lossy(slice(self.arena, &entry.name)).into_owned(),
            value: entry.value.as_ref().map(|value| slice(self.arena, value).to_vec()),
        })
    }

    /// Whether there is one of this name.
    pub fn contains(self, name: &str) -> bool {
        self.entries.iter().any(|entry| slice(self.arena, &entry.name) == name.as_bytes())
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.entries.is_empty()
    }
}

fn slice<'b>(arena: &'b [u8], span: &Span) -> &'b [u8] {
    &arena[span.start as usize..span.end as usize]
}

fn keep(arena: &mut Vec<u8>, bytes: &[u8]) -> Span {
    let start = arena.len() as u32;
    arena.extend_from_slice(bytes);
    start..arena.len() as u32
}

/// A message as the client gives it.
pub(crate) struct Incoming<'m> {
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) timestamp_ms: Option<i64>,
    pub(crate) key: Option<&'m [u8]>,
    pub(crate) payload: Option<&'m [u8]>,
}

impl Content {
    pub(crate) fn push<'m>(&mut self, message: &Incoming<'m>, headers: impl Iterator<Item = (&'m str, Option<&'m [u8]>)>) {
        let arena = &mut self.arena;
        let key = message.key.map(|bytes| keep(arena, bytes));
        let payload = message.payload.map(|bytes| keep(arena, bytes));
        let first_header = self.headers.len() as u32;
        for (name, value) in headers {
            let name = keep(arena, name.as_bytes());
            self.headers.push(HeaderEntry { name, value: value.map(|bytes| keep(arena, bytes)) });
        }
        let headers = first_header..self.headers.len() as u32;
        let Incoming { partition, offset, timestamp_ms, .. } = *message;
        self.entries.push(Entry { offset, timestamp_ms, key, payload, headers, partition });
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// What it holds in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.arena.len() + size_of_val(&self.entries[..]) + size_of_val(&self.headers[..])
    }

    /// Ends it here, without the room that was kept for more: the budget is charged with what is really held. The next
    /// one begins with as much room, for it is mostly as large, and room that grows bit by bit is copied as often.
    pub(crate) fn close(&mut self) -> Self {
        let next = Self {
            arena: Vec::with_capacity(self.arena.len()),
            entries: Vec::with_capacity(self.entries.len()),
            headers: Vec::with_capacity(self.headers.len()),
        };
        let mut closed = std::mem::replace(self, next);
        closed.arena.shrink_to_fit();
        closed.entries.shrink_to_fit();
        closed.headers.shrink_to_fit();
        closed
    }

    /// Drops the messages of these partitions; their bytes stay until the batch goes.
    pub(crate) fn drop_partitions(&mut self, partitions: &[i32]) {
        self.entries.retain(|entry| !partitions.contains(&entry.partition));
    }

    /// What there is of each partition. A message without a timestamp counts as written at `now_ms`.
    pub(crate) fn extents(&self, now_ms: i64) -> Vec<Extent> {
        let mut extents: Vec<Extent> = Vec::new();
        for entry in &self.entries {
            let at = entry.timestamp_ms.unwrap_or(now_ms);
            match extents.iter_mut().find(|extent| extent.partition == entry.partition) {
                Some(extent) => {
                    extent.next_offset = entry.offset + 1;
                    extent.oldest_ms = extent.oldest_ms.min(at);
                    extent.newest_ms = extent.newest_ms.max(at);
                }
                None => extents.push(Extent {
                    partition: entry.partition,
                    first_offset: entry.offset,
                    next_offset: entry.offset + 1,
                    oldest_ms: at,
                    newest_ms: at,
                }),
            }
        }
        extents
    }

    fn message(&self, entry: &Entry) -> Message<'_> {
        let of_arena = |span: &Option<Span>| span.as_ref().map(|span| slice(&self.arena, span));
        Message {
            partition: entry.partition,
            offset: entry.offset,
            timestamp_ms: entry.timestamp_ms,
            key: of_arena(&entry.key),
            payload: of_arena(&entry.payload),
            headers: Headers {
                arena: &self.arena,
                entries: &self.headers[entry.headers.start as usize..entry.headers.end as usize],
            },
        }
    }
}

/// What a batch holds of one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) partition: i32,
    pub(crate) first_offset: i64,
    /// The offset after the last message.
    pub(crate) next_offset: i64,
    pub(crate) oldest_ms: i64,
    pub(crate) newest_ms: i64,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A message that owns what it holds.
    #[derive(Debug, Clone, PartialEq, Eq)]
    struct Owned {
        partition: i32,
        offset: i64,
        timestamp_ms: Option<i64>,
        key: Option<Vec<u8>>,
        payload: Option<Vec<u8>>,
        headers: Vec<(String, Option<Vec<u8>>)>,
    }

    fn put(content: &mut Content, it: &Owned) {
        let incoming = Incoming {
            partition: it.partition,
            offset: it.offset,
            timestamp_ms: it.timestamp_ms,
            key: it.key.as_deref(),
            payload: it.payload.as_deref(),
        };
        content.push(&incoming, it.headers.iter().map(|(name, value)| (&name[..], value.as_deref())));
    }

    fn take_out(content: &Content) -> Vec<Owned> {
        let own = |entry: &Entry| {
            let message = content.message(entry);
            Owned {
                partition: message.partition,
                offset: message.offset,
                timestamp_ms: message.timestamp_ms,
                key: message.key.map(<[u8]>::to_vec),
                payload: message.payload.map(<[u8]>::to_vec),
                headers: message.headers.iter().map(|header| (header.name, header.value)).collect(),
            }
        };
        content.entries.iter().map(own).collect()
    }

    fn bytes() -> impl Strategy<Value = Option<Vec<u8>>> {
        prop::option::of(prop::collection::vec(any::<u8>(), 0..20))
    }

    prop_compose! {
        fn message()(
            partition in 0..4i32, offset in 0..1000i64, timestamp_ms in prop::option::of(0..1000i64), key in bytes(),
            payload in bytes(), headers in prop::collection::vec((".{0,6}", bytes()), 0..3),
        ) -> Owned {
            Owned { partition, offset, timestamp_ms, key, payload, headers }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(7), ..ProptestConfig::default() })]

        #[test]
        fn messages_come_out_as_they_went_in_but_for_dropped_partitions(
            messages in prop::collection::vec(message(), 0..40), dropped in prop::collection::vec(0..4i32, 0..3),
        ) {
            let mut content = Content::default();
            messages.iter().for_each(|message| put(&mut content, message));
            let mut content = content.close();
            prop_assert_eq!(&take_out(&content), &messages);
            content.drop_partitions(&dropped);
            let kept: Vec<Owned> = messages.into_iter().filter(|it| !dropped.contains(&it.partition)).collect();
            prop_assert_eq!(take_out(&content), kept);
        }
    }

    #[test]
    fn an_empty_payload_is_not_a_tombstone() {
        let mut content = Content::default();
        let message = Owned { partition: 0, offset: 0, timestamp_ms: None, key: None, payload: Some(vec![]), headers: vec![] };
        put(&mut content, &message);
        put(&mut content, &Owned { payload: None, ..message });
        let payloads: Vec<_> = take_out(&content).into_iter().map(|message| message.payload).collect();
        assert_eq!(payloads, [Some(vec![]), None]);
    }

    #[test]
    fn a_message_without_a_timestamp_does_not_make_a_partition_look_decades_behind() {
        let mut content = Content::default();
        let message = Owned { partition: 3, offset: 5, timestamp_ms: None, key: None, payload: None, headers: vec![] };
        put(&mut content, &message);
        put(&mut content, &Owned { offset: 9, timestamp_ms: Some(700), ..message });
        let expected = Extent { partition: 3, first_offset: 5, next_offset: 10, oldest_ms: 700, newest_ms: 1_000 };
        assert_eq!(content.extents(1_000), [expected]);
    }
}
