//! Lists of cases and cards, and the office's gauges.

use std::ops::Range;

use clickhouse::{Row, query::Query};
use domain::{Instant, calendar::DAY_MS};
use serde::{Deserialize, Serialize};

use crate::{Reader, StoreError, client::within};

/// Which cases are asked for; an empty text asks for all.
#[derive(Debug, Clone, Default)]
pub struct CaseQuery {
    /// Case numbers that begin so.
    pub case_no: String,
    /// Of this department.
    pub department: String,
    /// At this window.
    pub window: String,
    /// Of this region.
    pub region: String,
    /// Of this item.
    pub item: String,
    /// In this status.
    pub status: String,
    /// With this outcome.
    pub outcome: String,
    /// Only open ones past their promise now.
    pub overdue: bool,
    /// Received in this span.
    pub received: Option<Range<Instant>>,
    /// Closed in this span.
    pub closed: Option<Range<Instant>>,
    /// At most so many.
    pub limit: u32,
    /// After so many.
    pub offset: u32,
}

/// A case in a list. Instants are milliseconds since 1970.
#[derive(Debug, Clone, Row, Deserialize)]
#[allow(missing_docs, reason = "the fields are those of domain::Assessment")]
pub struct CaseSummary {
    pub case_no: String,
    pub item: Option<String>,
    pub department: Option<String>,
    pub window: Option<String>,
    pub region: Option<String>,
    pub status: String,
    pub outcome: Option<String>,
    pub received_at: Option<i64>,
    pub accepted_at: Option<i64>,
    pub closed_at: Option<i64>,
    pub promised_due_at: Option<i64>,
    pub statutory_due_at: Option<i64>,
    pub promised_late: u8,
    pub elapsed_days: Option<f64>,
    pub cards_reminder: u16,
    pub cards_yellow: u16,
    pub cards_red: u16,
}

/// Which cards are asked for; an empty text asks for all.
#[derive(Debug, Clone, Default)]
pub struct CardQuery {
    /// On this case.
    pub case_no: String,
    /// `issued` or `withdrawn`.
    pub state: String,
    /// `reminder`, `yellow` or `red`.
    pub level: String,
    /// Of this clock.
    pub clock: String,
    /// Of this department.
    pub department: String,
    /// Of this item.
    pub item: String,
    /// Crossed in this span.
    pub crossed: Option<Range<Instant>>,
    /// At most so many.
    pub limit: u32,
    /// After so many.
    pub offset: u32,
}

/// A card in a list. Instants are milliseconds since 1970.
#[derive(Debug, Clone, Row, Deserialize)]
#[allow(missing_docs, reason = "the fields are those of domain::Card")]
pub struct CardRow {
    pub card_id: String,
    pub case_no: String,
    pub state: String,
    pub reason: String,
    pub clock: String,
    pub instance: String,
    pub level: String,
    pub rule: String,
    pub crossed_at: i64,
    pub due_at: Option<i64>,
    pub limit_days: f64,
    pub handler: Option<String>,
    pub item: Option<String>,
    pub department: Option<String>,
    pub window: Option<String>,
    pub promised_limit_days: Option<f64>,
    pub promised_due_at: Option<i64>,
    pub statutory_limit_days: Option<f64>,
    pub statutory_due_at: Option<i64>,
}

/// The gauges of one department: open and overdue now with their cards, and the cases decided in the
/// current month.
#[derive(Debug, Clone, Row, Serialize, Deserialize)]
#[allow(missing_docs, reason = "named as in the query")]
pub struct Gauges {
    pub department: String,
    pub open: u64,
    pub open_overdue: u64,
    pub reminder: u64,
    pub yellow: u64,
    pub red: u64,
    pub on_time: u64,
    pub late: u64,
    pub promised_saved: f64,
    pub promised_limits: f64,
    pub statutory_saved: f64,
    pub statutory_limits: f64,
}

impl Reader {
    /// A page of cases, by case number.
    ///
    /// # Errors
    /// ClickHouse did not answer.
    pub async fn cases(&self, query: &CaseQuery) -> Result<Vec<CaseSummary>, StoreError> {
        let rows = self
            .client
            .query(&include_str!("../queries/cases.sql").replace("{source}", query.source()))
            .param("case_no", &query.case_no)
            .param("department", &query.department)
            .param("window", &query.window)
            .param("region", &query.region)
            .param("item", &query.item)
            .param("status", &query.status)
            .param("outcome", &query.outcome)
            .param("overdue", query.overdue)
            .param("limit", query.limit)
            .param("offset", query.offset);
        let rows = in_span(rows, ["any_receipt", "received_from", "received_to"], query.received.as_ref());
        let rows = in_span(rows, ["any_closing", "closed_from", "closed_to"], query.closed.as_ref());
        within(self.config.timeout, "listing cases", rows.fetch_all()).await
    }

    /// A page of cards, the newest first. Where no span and no case is given, they are looked for in longer and
    /// longer spans that end now: the newest are wanted, and the cards of all years would have to be put in order.
    ///
    /// # Errors
    /// ClickHouse did not answer.
    pub async fn cards(&self, query: &CardQuery, now: Instant) -> Result<Vec<CardRow>, StoreError> {
        if let Some(crossed) = &query.crossed {
            return self.cards_from(CARDS_IN_PERIOD, query, crossed).await;
        }
        if query.case_no.is_empty() {
            for days in LATEST_DAYS {
                let latest = now.plus_ms(-days * DAY_MS)..AFTER_ALL;
                let cards = self.cards_from(CARDS_IN_PERIOD, query, &latest).await?;
                if cards.len() as u64 == u64::from(query.limit) {
                    return Ok(cards);
                }
            }
        }
        self.cards_from("cards", query, &(Instant::default()..AFTER_ALL)).await
    }

    async fn cards_from(&self, source: &str, query: &CardQuery, crossed: &Range<Instant>) -> Result<Vec<CardRow>, StoreError> {
        let rows = self
            .client
            .query(&include_str!("../queries/cards.sql").replace("{source}", source))
            .param("case_no", &query.case_no)
            .param("state", &query.state)
            .param("level", &query.level)
            .param("clock", &query.clock)
            .param("department", &query.department)
            .param("item", &query.item)
            .param("crossed_from", crossed.start.ms())
            .param("crossed_to", crossed.end.ms())
            .param("limit", query.limit)
            .param("offset", query.offset);
        within(self.config.timeout, "listing cards", rows.fetch_all()).await
    }

    /// The gauges of every department; `zone` says where months begin.
    ///
    /// # Errors
    /// ClickHouse did not answer.
    pub async fn gauges(&self, zone: &str) -> Result<Vec<Gauges>, StoreError> {
        let rows = self.client.query(include_str!("../queries/gauges.sql")).param("zone", zone);
        within(self.config.timeout, "reading the gauges", rows.fetch_all()).await
    }
}

/// How far back the newest cards are looked for, one after the other, before all are: a month, a year.
const LATEST_DAYS: [i64; 2] = [31, 366];
/// Later than any card: the year 2200.
const AFTER_ALL: Instant = Instant::from_ms(7_258_118_400_000);
const CARDS_IN_PERIOD: &str = "cards_in_period(since_ms = {crossed_from:Int64}, until_ms = {crossed_to:Int64})";

impl CaseQuery {
    /// Where to look: in what holds the cases asked for, and as few besides as may be.
    const fn source(&self) -> &'static str {
        if self.overdue {
            "open_cases"
        } else if self.closed.is_some() {
            "cases_in_period(since_ms = {closed_from:Int64}, until_ms = {closed_to:Int64})"
        } else if self.received.is_some() {
            "cases_in_period(since_ms = {received_from:Int64}, until_ms = {received_to:Int64})"
        } else {
            "cases FINAL"
        }
    }
}

/// Gives a query its span, or says that any will do.
fn in_span(query: Query, [any, from, to]: [&str; 3], span: Option<&Range<Instant>>) -> Query {
    let ms = |at: Option<Instant>| at.map_or(0, Instant::ms);
    let (start, end) = (ms(span.map(|span| span.start)), ms(span.map(|span| span.end)));
    query.param(any, span.is_none()).param(from, start).param(to, end)
}
