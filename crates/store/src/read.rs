//! Reading cases and their events.

use std::collections::BTreeMap;

use clickhouse::{Client, Row};
use domain::{Card, Instant, Text};
use serde::Deserialize;

use crate::{
    StoreConfig, StoreError,
    client::{client, within},
    rebuild::{CardTuple, card},
};

/// Reads the store. Cheap to clone.
#[derive(Clone)]
pub struct Reader {
    pub(crate) client: Client,
    pub(crate) config: StoreConfig,
}

/// A case as it is stored: the messages of its events and what its row says of itself.
#[derive(Debug, Clone)]
pub struct StoredEvents {
    /// The case.
    pub case_no: Text,
    /// The newest report of every event, as it came.
    pub payloads: Vec<Vec<u8>>,
    /// The version of its row; none where it has none.
    pub version: Option<u128>,
    /// When its row will change by itself.
    pub next_change: Option<Instant>,
    /// Its cards.
    pub cards: Vec<Card>,
    /// The partition its latest event came from.
    pub partition: i32,
}

/// One event of a case, as it is stored.
#[derive(Debug, Clone, Row, Deserialize)]
pub struct EventRow {
    /// The case.
    pub case_no: String,
    /// The message as it came.
    #[serde(with = "as_bytes")]
    pub payload: Vec<u8>,
    /// The partition it came from.
    pub partition: i32,
}

/// A `String` column that may hold any bytes.
mod as_bytes {
    use serde::{Deserializer, de::Visitor};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }

            fn visit_str<E>(self, text: &str) -> Result<Vec<u8>, E> {
                Ok(text.as_bytes().to_vec())
            }
        }
        deserializer.deserialize_str(Bytes)
    }
}

#[derive(Row, Deserialize)]
struct Head {
    case_no: String,
    version: u128,
    next_change: Option<i64>,
    partition: i32,
    cards: Vec<CardTuple>,
}

#[derive(Row, Deserialize)]
struct Name {
    case_no: String,
}

/// How many case numbers go into one list.
pub(crate) const CHUNK: usize = 10_000;

impl Reader {
    /// A reader of a database.
    pub fn new(config: &StoreConfig) -> Self {
        Self { client: client(config), config: config.clone() }
    }

    /// Whether ClickHouse answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        within(self.config.timeout, "asking whether it answers", self.client.query("SELECT 1").execute()).await
    }

    /// These cases, those that have events or a row.
    ///
    /// # Errors
    /// ClickHouse did not answer.
    pub async fn cases_with_events(&self, case_nos: &[Text]) -> Result<Vec<StoredEvents>, StoreError> {
        let mut cases = Vec::new();
        for chunk in case_nos.chunks(CHUNK) {
            let names: Vec<&str> = chunk.iter().map(Text::as_str).collect();
            let heads = self.client.query(include_str!("../queries/case_heads.sql")).bind(&names);
            let events = self.client.query(include_str!("../queries/case_events.sql")).bind(&names);
            let heads: Vec<Head> = within(self.config.timeout, "reading case heads", heads.fetch_all()).await?;
            let events: Vec<EventRow> = within(self.config.timeout, "reading events", events.fetch_all()).await?;
            cases.extend(joined(heads, events)?);
        }
        Ok(cases)
    }

    /// The numbers of the cases of these partitions that will change by themselves.
    ///
    /// # Errors
    /// ClickHouse did not answer.
    pub async fn unsettled_case_nos(&self, partitions: &[i32]) -> Result<Vec<Text>, StoreError> {
        if partitions.is_empty() {
            return Ok(Vec::new());
        }
        let query = self.client.query(include_str!("../queries/unsettled.sql")).bind(partitions);
        let names: Vec<Name> = within(self.config.timeout, "reading unsettled cases", query.fetch_all()).await?;
        Ok(names.into_iter().map(|name| name.case_no.into()).collect())
    }

    /// The cards of these cases that were withdrawn, each with its case.
    ///
    /// # Errors
    /// ClickHouse did not answer, or a row holds a code this binary does not know.
    pub async fn withdrawn_cards(&self, case_nos: &[Text]) -> Result<Vec<(Text, Card)>, StoreError> {
        #[derive(Row, Deserialize)]
        struct Withdrawn {
            case_no: String,
            card: CardTuple,
        }
        let mut cards = Vec::new();
        for chunk in case_nos.chunks(CHUNK) {
            let names: Vec<&str> = chunk.iter().map(Text::as_str).collect();
            let query = self.client.query(include_str!("../queries/withdrawn_cards.sql")).bind(&names);
            let rows: Vec<Withdrawn> = within(self.config.timeout, "reading withdrawn cards", query.fetch_all()).await?;
            for row in rows {
                cards.push((row.case_no.as_str().into(), card(&row.case_no, row.card)?));
            }
        }
        Ok(cards)
    }

    /// Tells a fingerprint (XXH3) of the number of every case that has a row, some more than once.
    ///
    /// # Errors
    /// ClickHouse did not answer, or went silent for as long as one request may take.
    pub async fn known_cases(&self, tell: &mut (dyn FnMut(u64) + Send)) -> Result<(), StoreError> {
        #[derive(Row, Deserialize)]
        struct Known {
            fingerprint: u64,
        }
        const WHAT: &str = "reading which cases there are";
        let query = self.client.query(include_str!("../queries/known_cases.sql"));
        let mut rows = query.fetch::<Known>().map_err(StoreError::during(WHAT))?;
        while let Some(row) = within(self.config.timeout, WHAT, rows.next()).await? {
            tell(row.fingerprint);
        }
        Ok(())
    }

    /// The next cases after `after`, by case number, at most `most` of them, with their events.
    ///
    /// # Errors
    /// ClickHouse did not answer.
    pub async fn next_cases(&self, after: &str, most: u32) -> Result<Vec<StoredEvents>, StoreError> {
        let query = self.client.query(include_str!("../queries/next_case_nos.sql")).bind(after).bind(most);
        let names: Vec<Name> = within(self.config.timeout, "reading case numbers", query.fetch_all()).await?;
        let names: Vec<Text> = names.into_iter().map(|name| name.case_no.into()).collect();
        self.cases_with_events(&names).await
    }

    /// The cases of a project, as their rows say it, with their events.
    ///
    /// # Errors
    /// ClickHouse did not answer.
    pub async fn cases_of_project(&self, project: &str) -> Result<Vec<StoredEvents>, StoreError> {
        let query = self.client.query(include_str!("../queries/project_case_nos.sql")).bind(project);
        let names: Vec<Name> = within(self.config.timeout, "reading the cases of a project", query.fetch_all()).await?;
        let names: Vec<Text> = names.into_iter().map(|name| name.case_no.into()).collect();
        self.cases_with_events(&names).await
    }

    /// How many rows each table has, counting the newest versions only.
    ///
    /// # Errors
    /// ClickHouse did not answer.
    pub async fn counts(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        #[derive(Row, Deserialize)]
        struct Count {
            name: String,
            rows: u64,
        }
        let query = self.client.query(include_str!("../queries/counts.sql"));
        let counts: Vec<Count> = within(self.config.timeout, "counting rows", query.fetch_all()).await?;
        Ok(counts.into_iter().map(|count| (count.name, count.rows)).collect())
    }
}

fn joined(heads: Vec<Head>, events: Vec<EventRow>) -> Result<Vec<StoredEvents>, StoreError> {
    let nothing = |case_no: &str, partition| StoredEvents {
        case_no: case_no.into(),
        payloads: Vec::new(),
        version: None,
        next_change: None,
        cards: Vec::new(),
        partition,
    };
    let mut cases: BTreeMap<String, StoredEvents> = BTreeMap::new();
    // A row without events is told too: a crash may have left it behind.
    for head in heads {
        let case = StoredEvents {
            version: Some(head.version),
            next_change: head.next_change.map(Instant::from_ms),
            cards: head.cards.into_iter().map(|it| card(&head.case_no, it)).collect::<Result<_, _>>()?,
            ..nothing(&head.case_no, head.partition)
        };
        cases.insert(head.case_no, case);
    }
    for event in events {
        let case = cases.entry(event.case_no).or_insert_with_key(|case_no| nothing(case_no, event.partition));
        case.payloads.push(event.payload);
    }
    Ok(cases.into_values().collect())
}
