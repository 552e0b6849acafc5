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
    pub headers: &'b [Header],
}

/// What has been put in so far.
#[derive(Debug, Default)]
pub(crate) struct Content {
    arena: Vec<u8>,
    entries: Vec<Entry>,
    /// Headers are rare; by the number of the entry, ascending.
    headers: Vec<(usize, Vec<Header>)>,
}

#[derive(Debug)]
struct Entry {
    partition: i32,
    offset: i64,
    timestamp_ms: Option<i64>,
    key: Option<Range<usize>>,
    payload: Option<Range<usize>>,
}

impl Batch {
    pub(crate) fn new(content: Content, receipt: Receipt) -> Self {
        Self { content, receipt }
    }

    /// The messages.
    pub fn messages(&self) -> impl ExactSizeIterator<Item = Message<'_>> {
        (0..self.content.len()).map(|number| self.content.message(number))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.content.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lets go of the messages and keeps what acknowledges them.
    pub fn into_receipt(self) -> Receipt {
        self.receipt
    }
}

impl Content {
    pub(crate) fn push(&mut self, message: Message<'_>) {
        let mut keep = |bytes: Option<&[u8]>| {
            bytes.map(|bytes| {
                let start = self.arena.len();
                self.arena.extend_from_slice(bytes);
                start..self.arena.len()
            })
        };
        let (key, payload) = (keep(message.key), keep(message.payload));
        if !message.headers.is_empty() {
            self.headers.push((self.entries.len(), message.headers.to_vec()));
        }
        let Message { partition, offset, timestamp_ms, .. } = message;
        self.entries.push(Entry { partition, offset, timestamp_ms, key, payload });
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.arena.len() + self.entries.len() * size_of::<Entry>()
    }

    /// Drops the messages of these partitions; their bytes stay until the batch goes.
    pub(crate) fn drop_partitions(&mut self, partitions: &[i32]) {
        let mut kept = Content { arena: std::mem::take(&mut self.arena), ..Content::default() };
        let headers = std::mem::take(&mut self.headers);
        for (number, entry) in std::mem::take(&mut self.entries).into_iter().enumerate() {
            if partitions.contains(&entry.partition) {
                continue;
            }
            if let Ok(at) = headers.binary_search_by_key(&number, |(number, _)| *number) {
                kept.headers.push((kept.entries.len(), headers[at].1.clone()));
            }
            kept.entries.push(entry);
        }
        *self = kept;
    }

    /// Per partition: the offset after the last message, and the oldest and newest timestamps.
    pub(crate) fn extents(&self) -> Vec<Extent> {
        let mut extents: Vec<Extent> = Vec::new();
        for entry in &self.entries {
            let at = entry.timestamp_ms.unwrap_or(0);
            match extents.iter_mut().find(|extent| extent.partition == entry.partition) {
                Some(extent) => {
                    extent.next_offset = entry.offset + 1;
                    extent.oldest_ms = extent.oldest_ms.min(at);
                    extent.newest_ms = extent.newest_ms.max(at);
                }
                None => extents.push(Extent {
                    partition: entry.partition,
                    next_offset: entry.offset + 1,
                    oldest_ms: at,
                    newest_ms: at,
                }),
            }
        }
        extents
    }

    fn message(&self, number: usize) -> Message<'_> {
        let entry = &self.entries[number];
        let slice = |range: &Option<Range<usize>>| range.clone().map(|range| &self.arena[range]);
        let headers = match self.headers.binary_search_by_key(&number, |(number, _)| *number) {
            Ok(at) => &self.headers[at].1[..],
            Err(_) => &[],
        };
        Message {
            partition: entry.partition,
            offset: entry.offset,
            timestamp_ms: entry.timestamp_ms,
            key: slice(&entry.key),
            payload: slice(&entry.payload),
            headers,
        }
    }
}

/// What a batch holds of one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) partition: i32,
    pub(crate) next_offset: i64,
    pub(crate) oldest_ms: i64,
    pub(crate) newest_ms: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message<'b>(partition: i32, offset: i64, payload: &'b [u8], headers: &'b [Header]) -> Message<'b> {
        Message { partition, offset, timestamp_ms: Some(offset), key: Some(b"k"), payload: Some(payload), headers }
    }

    #[test]
    fn messages_come_out_as_they_went_in() {
        let headers = [Header { name: "trace".to_owned(), value: Some(b"1".to_vec()) }];
        let mut content = Content::default();
        content.push(message(0, 5, b"five", &[]));
        content.push(message(1, 7, b"seven", &headers));
        content.push(Message { payload: None, key: None, ..message(0, 6, b"", &[]) });
        let out: Vec<_> = (0..content.len()).map(|number| content.message(number)).collect();
        assert_eq!((out[0].payload, out[1].payload, out[2].payload), (Some(&b"five"[..]), Some(&b"seven"[..]), None));
        assert_eq!((out[1].headers, out[0].headers.len(), out[2].key), (&headers[..], 0, None));
        assert_eq!(content.extents()[0], Extent { partition: 0, next_offset: 7, oldest_ms: 5, newest_ms: 6 });
    }

    #[test]
    fn messages_of_revoked_partitions_are_dropped_and_the_others_keep_their_headers() {
        let headers = [Header { name: "trace".to_owned(), value: None }];
        let mut content = Content::default();
        content.push(message(0, 1, b"a", &[]));
        content.push(message(1, 1, b"b", &headers));
        content.drop_partitions(&[0]);
        assert_eq!(content.len(), 1);
        assert_eq!((content.message(0).payload, content.message(0).headers), (Some(&b"b"[..]), &headers[..]));
    }
}
