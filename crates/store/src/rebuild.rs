//! What the rows of a case say, as an assessment again.

use std::collections::{BTreeSet, HashMap};

use clickhouse::Row;
use domain::{
    Assessment, Card, ClockKind, Finding, FindingKind, Instant, Level, LimitState, Outcome, Status, Text, assess::SpanState,
    event::Form, findings::Severity,
};
use serde::Deserialize;

use crate::{Reader, StoreError, client::within, read::CHUNK};

/// A case as its rows tell it.
#[derive(Debug, Clone)]
pub struct StoredRow {
    /// What they say; cards are those issued and not withdrawn.
    pub assessment: Assessment,
    /// The version of the case's own row.
    pub version: u128,
    /// Whether only a new event can change it.
    pub settled: bool,
}

#[derive(Row, Deserialize, Default)]
struct CaseRow {
    case_no: String,
    version: u128,
    #[allow(dead_code, reason = "read in the order of the query")]
    partition: i32,
    item: Option<String>,
    item_known: u8,
    department: Option<String>,
    window: Option<String>,
    region: Option<String>,
    project: Option<String>,
    form: Option<String>,
    status: String,
    outcome: Option<String>,
    received_at: Option<i64>,
    accepted_at: Option<i64>,
    decided_at: Option<i64>,
    closed_at: Option<i64>,
    delivered_at: Option<i64>,
    elapsed_days: Option<f64>,
    suspended_days: Option<f64>,
    same_day: Option<u8>,
    promised_limit_days: Option<f64>,
    promised_elapsed_days: Option<f64>,
    promised_due_at: Option<i64>,
    promised_late: u8,
    promised_early: u8,
    promised_days_over: Option<f64>,
    promised_speed_up: Option<f64>,
    statutory_limit_days: Option<f64>,
    statutory_elapsed_days: Option<f64>,
    statutory_due_at: Option<i64>,
    statutory_late: u8,
    statutory_early: u8,
    statutory_days_over: Option<f64>,
    statutory_speed_up: Option<f64>,
    corrections: u32,
    rating: Option<u8>,
    valid_from: i64,
    next_change: Option<i64>,
    uncovered_year: Option<i16>,
    settled: u8,
}

#[derive(Row, Deserialize)]
struct SpanRow {
    case_no: String,
    clock: String,
    instance: String,
    started_at: i64,
    ended_at: Option<i64>,
    due_at: Option<i64>,
    limit_days: Option<f64>,
    late: u8,
    department: Option<String>,
    handler: Option<String>,
}

#[derive(Row, Deserialize)]
struct FindingRow {
    case_no: String,
    kind: String,
    severity: String,
    events: Vec<String>,
}

#[derive(Row, Deserialize)]
struct CardRow {
    case_no: String,
    clock: String,
    instance: String,
    level: String,
    rule: String,
    crossed_at: i64,
    due_at: Option<i64>,
    limit_days: f64,
    confirm: u8,
    handler: Option<String>,
}

impl Reader {
    /// What the rows of these cases say, by case number.
    ///
    /// # Errors
    /// ClickHouse did not answer, or a row holds a code this binary does not know.
    pub async fn rows(&self, case_nos: &[Text]) -> Result<Vec<StoredRow>, StoreError> {
        let mut rows = Vec::with_capacity(case_nos.len());
        for chunk in case_nos.chunks(CHUNK) {
            let names: Vec<&str> = chunk.iter().map(Text::as_str).collect();
            let cases: Vec<CaseRow> = self.of_cases("cases", include_str!("../queries/stored_cases.sql"), &names).await?;
            let spans: Vec<SpanRow> = self.of_cases("spans", include_str!("../queries/stored_spans.sql"), &names).await?;
            let findings: Vec<FindingRow> =
                self.of_cases("findings", include_str!("../queries/stored_findings.sql"), &names).await?;
            let cards: Vec<CardRow> = self.of_cases("cards", include_str!("../queries/stored_cards.sql"), &names).await?;
            let mut spans = by_case(spans, |row| &row.case_no);
            let mut findings = by_case(findings, |row| &row.case_no);
            let mut cards = by_case(cards, |row| &row.case_no);
            for case in cases {
                let spans = spans.remove(&case.case_no).unwrap_or_default();
                let findings = findings.remove(&case.case_no).unwrap_or_default();
                let cards = cards.remove(&case.case_no).unwrap_or_default();
                rows.push(case.rebuild(spans, findings, cards)?);
            }
            // What hangs on a case that is gone: a crash came between its row and theirs.
            let orphaned: BTreeSet<String> = spans.keys().chain(findings.keys()).chain(cards.keys()).cloned().collect();
            for case_no in orphaned {
                let spans = spans.remove(&case_no).unwrap_or_default();
                let findings = findings.remove(&case_no).unwrap_or_default();
                let cards = cards.remove(&case_no).unwrap_or_default();
                rows.push(CaseRow::gone(case_no).rebuild(spans, findings, cards)?);
            }
        }
        Ok(rows)
    }

    async fn of_cases<T>(&self, table: &str, sql: &str, case_nos: &[&str]) -> Result<Vec<T>, StoreError>
    where
        T: clickhouse::RowOwned + clickhouse::RowRead,
    {
        let query = self.client.query(sql).bind(case_nos);
        within(self.config.timeout, &format!("reading {table}"), query.fetch_all()).await
    }
}

fn by_case<T>(rows: Vec<T>, case_no: impl Fn(&T) -> &String) -> HashMap<String, Vec<T>> {
    let mut by_case: HashMap<String, Vec<T>> = HashMap::new();
    for row in rows {
        by_case.entry(case_no(&row).clone()).or_default().push(row);
    }
    by_case
}

/// A code read from a table, or an error that names the place.
fn known<T>(table: &'static str, case_no: &str, code: &str, from_code: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    from_code(code).ok_or_else(|| StoreError::BrokenRow {
        table,
        case_no: case_no.to_owned(),
        why: format!("unknown code {code:?}"),
    })
}

fn instant(ms: Option<i64>) -> Option<Instant> {
    ms.map(Instant::from_ms)
}

fn text(value: Option<String>) -> Option<Text> {
    value.map(Text::from)
}

impl CaseRow {
    /// A row that says nothing, for a case that is gone.
    fn gone(case_no: String) -> Self {
        Self { case_no, status: Status::Received.code().to_owned(), ..Self::default() }
    }

    fn rebuild(self, spans: Vec<SpanRow>, findings: Vec<FindingRow>, cards: Vec<CardRow>) -> Result<StoredRow, StoreError> {
        let code = |value: &Option<String>| value.clone();
        let status = known("cases", &self.case_no, &self.status, Status::from_code)?;
        let outcome = code(&self.outcome).map(|it| known("cases", &self.case_no, &it, Outcome::from_code)).transpose()?;
        let form = code(&self.form).map(|it| known("cases", &self.case_no, &it, Form::from_code)).transpose()?;
        let promised = self.promised_limit_days.map(|limit_days| LimitState {
            limit_days,
            elapsed_days: self.promised_elapsed_days.unwrap_or_default(),
            due_at: instant(self.promised_due_at),
            late: self.promised_late != 0,
            early: self.promised_early != 0,
            days_over: self.promised_days_over.unwrap_or_default(),
            speed_up: self.promised_speed_up,
        });
        let statutory = self.statutory_limit_days.map(|limit_days| LimitState {
            limit_days,
            elapsed_days: self.statutory_elapsed_days.unwrap_or_default(),
            due_at: instant(self.statutory_due_at),
            late: self.statutory_late != 0,
            early: self.statutory_early != 0,
            days_over: self.statutory_days_over.unwrap_or_default(),
            speed_up: self.statutory_speed_up,
        });
        let mut cards = cards.into_iter().map(CardRow::card).collect::<Result<Vec<Card>, _>>()?;
        cards.sort_by(Card::by_crossing);
        let mut findings = findings.into_iter().map(FindingRow::finding).collect::<Result<Vec<Finding>, _>>()?;
        findings.sort_by_key(|finding| finding.kind);
        let spans = spans.into_iter().map(SpanRow::span).collect::<Result<Vec<SpanState>, _>>()?;
        let assessment = Assessment {
            case_no: self.case_no.into(),
            item: text(self.item),
            item_known: self.item_known != 0,
            department: text(self.department),
            window: text(self.window),
            region: text(self.region),
            project: text(self.project),
            form,
            status,
            outcome,
            received_at: instant(self.received_at),
            accepted_at: instant(self.accepted_at),
            decided_at: instant(self.decided_at),
            closed_at: instant(self.closed_at),
            delivered_at: instant(self.delivered_at),
            elapsed_days: self.elapsed_days,
            suspended_days: self.suspended_days,
            same_day: self.same_day.map(|flag| flag != 0),
            promised,
            statutory,
            corrections: self.corrections,
            rating: self.rating,
            cards,
            findings,
            spans,
            valid_from: Instant::from_ms(self.valid_from),
            next_change: instant(self.next_change),
            uncovered_year: self.uncovered_year,
        };
        Ok(StoredRow { assessment, version: self.version, settled: self.settled != 0 })
    }
}

impl SpanRow {
    fn span(self) -> Result<SpanState, StoreError> {
        Ok(SpanState {
            clock: known("spans", &self.case_no, &self.clock, ClockKind::from_code)?,
            instance: self.instance.into(),
            started_at: Instant::from_ms(self.started_at),
            ended_at: instant(self.ended_at),
            due_at: instant(self.due_at),
            limit_days: self.limit_days,
            late: self.late != 0,
            department: text(self.department),
            handler: text(self.handler),
        })
    }
}

impl FindingRow {
    fn finding(self) -> Result<Finding, StoreError> {
        Ok(Finding {
            kind: known("findings", &self.case_no, &self.kind, FindingKind::from_code)?,
            severity: known("findings", &self.case_no, &self.severity, Severity::from_code)?,
            events: self.events.into_iter().map(Text::from).collect(),
        })
    }
}

impl CardRow {
    fn card(self) -> Result<Card, StoreError> {
        Ok(Card {
            clock: known("cards", &self.case_no, &self.clock, ClockKind::from_code)?,
            instance: self.instance.into(),
            level: known("cards", &self.case_no, &self.level, Level::from_code)?,
            rule: self.rule.into(),
            crossed_at: Instant::from_ms(self.crossed_at),
            due_at: instant(self.due_at),
            limit_days: self.limit_days,
            confirm: self.confirm != 0,
            handler: text(self.handler),
        })
    }
}
