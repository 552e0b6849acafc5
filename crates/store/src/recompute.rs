//! What deriving everything anew needs of the store: the generations of the rules, the cases one after the
//! other, and how far it came.

use clickhouse::Row;
use domain::{Instant, Text};
use serde::{Deserialize, Serialize};

use crate::{Reader, StoreError, Writer, client::within};

/// Rules that rows were derived by, and their number.
#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct RuleSet {
    /// A later one wins.
    pub generation: u32,
    /// The same for the same rules.
    pub fingerprint: String,
}

/// Which cases are derived anew; an empty text asks for all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecomputeScope {
    /// Those of this department, by their rows.
    pub department: String,
    /// Those of this item, by their rows.
    pub item: String,
}

impl RecomputeScope {
    /// Whether it leaves nothing out.
    fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Under which name its progress is kept.
    fn name(&self) -> String {
        format!("department={} item={}", self.department, self.item)
    }
}

#[derive(Row, Deserialize)]
struct After {
    after: String,
}

#[derive(Row, Deserialize)]
struct Name {
    case_no: String,
}

#[derive(Row, Deserialize)]
struct Count {
    cases: u64,
}

#[derive(Row, Serialize)]
struct Progress {
    scope: String,
    generation: u32,
    after: String,
    finished: u8,
    at: i64,
}

impl Reader {
    /// The rules of the newest generation; none in a new database, several where processes with different rules
    /// began at one moment.
    ///
    /// # Errors
    /// ClickHouse did not answer.
    pub async fn newest_rule_sets(&self) -> Result<Vec<RuleSet>, StoreError> {
        let query = self.client.query(include_str!("../queries/rule_sets.sql"));
        within(self.config.timeout, "reading the generations of the rules", query.fetch_all()).await
    }

    /// The case number up to which a recompute came that did not end.
    ///
    /// # Errors
    /// ClickHouse did not answer.
    pub async fn recompute_cursor(&self, scope: &RecomputeScope, generation: u32) -> Result<Option<Text>, StoreError> {
        let query = self.client.query(include_str!("../queries/recompute_cursor.sql"));
        let query = query.param("scope", scope.name()).param("generation", generation);
        let rows: Vec<After> = within(self.config.timeout, "reading how far the recompute came", query.fetch_all()).await?;
        Ok(rows.into_iter().next().map(|row| row.after.into()))
    }

    /// The numbers of the next cases after `after`, at most `most` of them, in order; cases that once were of the
    /// scope too.
    ///
    /// # Errors
    /// ClickHouse did not answer.
    pub async fn recompute_case_nos(&self, scope: &RecomputeScope, after: &str, most: u32) -> Result<Vec<Text>, StoreError> {
        let query = if scope.is_everything() {
            // By their events: a case whose events are all ahead has no row yet.
            self.client.query(include_str!("../queries/next_case_nos.sql")).bind(after).bind(most)
        } else {
            let query = self.client.query(include_str!("../queries/recompute_case_nos.sql")).param("after", after);
            query.param("department", &scope.department).param("item", &scope.item).param("most", most)
        };
        let names: Vec<Name> = within(self.config.timeout, "reading case numbers", query.fetch_all()).await?;
        Ok(names.into_iter().map(|name| name.case_no.into()).collect())
    }

    /// When a recompute last ended; 1970 where none ever did.
    ///
    /// # Errors
    /// ClickHouse did not answer.
    pub async fn recomputed_at(&self) -> Result<Instant, StoreError> {
        #[derive(Row, Deserialize)]
        struct Ended {
            at: i64,
        }
        let query = self.client.query(include_str!("../queries/recomputed_at.sql"));
        let ended: Vec<Ended> = within(self.config.timeout, "reading when a recompute ended", query.fetch_all()).await?;
        Ok(ended.first().map_or(Instant::default(), |ended| Instant::from_ms(ended.at)))
    }

    /// How many cases come after `after`.
    ///
    /// # Errors
    /// ClickHouse did not answer.
    pub async fn recompute_count(&self, scope: &RecomputeScope, after: &str) -> Result<u64, StoreError> {
        let query = self.client.query(include_str!("../queries/recompute_count.sql")).param("after", after);
        let query = query.param("department", &scope.department).param("item", &scope.item);
        let counts: Vec<Count> = within(self.config.timeout, "counting cases", query.fetch_all()).await?;
        Ok(counts.first().map_or(0, |count| count.cases))
    }
}

impl Writer {
    /// Remembers which generation these rules are.
    ///
    /// # Errors
    /// ClickHouse did not answer; may be called again.
    pub async fn record_rule_set(&self, rules: &RuleSet) -> Result<(), StoreError> {
        let record = async {
            let mut insert = self.client.insert::<RuleSet>("rule_sets").await?;
            insert.write(rules).await?;
            insert.end().await
        };
        within(self.config.timeout, "recording a generation of the rules", record).await
    }

    /// Remembers how far a recompute came.
    ///
    /// # Errors
    /// ClickHouse did not answer; may be called again.
    pub async fn record_recompute(
        &self,
        scope: &RecomputeScope,
        generation: u32,
        after: &str,
        finished: bool,
        at: Instant,
    ) -> Result<(), StoreError> {
        let progress =
            Progress { scope: scope.name(), generation, after: after.to_owned(), finished: u8::from(finished), at: at.ms() };
        let record = async {
            let mut insert = self.client.insert::<Progress>("recomputes").await?;
            insert.write(&progress).await?;
            insert.end().await
        };
        within(self.config.timeout, "recording how far the recompute came", record).await
    }
}
