//! What the row of a case says, as an assessment again.

use clickhouse::Row;
use domain::{
    Assessment, Card, ClockKind, Finding, FindingKind, Instant, Level, LimitState, Outcome, Status, Text,
    assess::{SpanState, WorkPlaces},
    event::Form,
    findings::Severity,
};
use serde::Deserialize;

use crate::{Reader, StoreError, client::within, read::CHUNK};

/// A case as its row tells it.
#[derive(Debug, Clone)]
pub struct StoredRow {
    /// What it says.
    pub assessment: Assessment,
    /// Its version.
    pub version: u128,
    /// Whether only a new event can change it.
    pub settled: bool,
}

#[derive(Row, Deserialize)]
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
    green_channel: u8,
    key_project: u8,
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
    hall_item: u8,
    acts_placed: u32,
    acts_in_hall: u32,
    decided_in_hall: Option<u8>,
    corrections: u32,
    rating: Option<u8>,
    valid_from: i64,
    next_change: Option<i64>,
    uncovered_year: Option<i16>,
    settled: u8,
    spans: Vec<SpanTuple>,
    findings: Vec<FindingTuple>,
    cards: Vec<CardTuple>,
}

/// Clock, instance, start, end, due time, limit and days used, whether it is late, department, handler, party.
type SpanTuple =
    (String, String, i64, Option<i64>, Option<i64>, Option<f64>, Option<f64>, u8, Option<String>, Option<String>, Option<String>);

/// Kind, severity, evidence, what exactly.
type FindingTuple = (String, String, Vec<String>, Option<String>);

/// Id, clock, instance, level, rule, instant crossed, due time, limit in days, whether to be confirmed, handler.
pub(crate) type CardTuple = (String, String, String, String, String, i64, Option<i64>, f64, u8, Option<String>);

impl Reader {
    /// What the rows of these cases say.
    ///
    /// # Errors
    /// ClickHouse did not answer, or a row holds a code this binary does not know.
    pub async fn rows(&self, case_nos: &[Text]) -> Result<Vec<StoredRow>, StoreError> {
        let mut rows = Vec::with_capacity(case_nos.len());
        for chunk in case_nos.chunks(CHUNK) {
            let names: Vec<&str> = chunk.iter().map(Text::as_str).collect();
            let query = self.client.query(include_str!("../queries/stored_cases.sql")).bind(&names);
            let cases: Vec<CaseRow> = within(self.config.timeout, "reading cases", query.fetch_all()).await?;
            for case in cases {
                rows.push(case.rebuild()?);
            }
        }
        Ok(rows)
    }
}

/// A code read from a table, or an error that names the place.
fn known<T>(case_no: &str, code: &str, from_code: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    from_code(code).ok_or_else(|| StoreError::BrokenRow {
        table: "cases",
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
    fn rebuild(self) -> Result<StoredRow, StoreError> {
        let code = |value: &Option<String>| value.clone();
        let status = known(&self.case_no, &self.status, Status::from_code)?;
        let outcome = code(&self.outcome).map(|it| known(&self.case_no, &it, Outcome::from_code)).transpose()?;
        let form = code(&self.form).map(|it| known(&self.case_no, &it, Form::from_code)).transpose()?;
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
        let case_no = &self.case_no;
        let cards = self.cards.into_iter().map(|it| card(case_no, it)).collect::<Result<_, _>>()?;
        let findings = self.findings.into_iter().map(|it| finding(case_no, it)).collect::<Result<_, _>>()?;
        let spans = self.spans.into_iter().map(|it| span(case_no, it)).collect::<Result<_, _>>()?;
        let assessment = Assessment {
            case_no: self.case_no.into(),
            item: text(self.item),
            item_known: self.item_known != 0,
            department: text(self.department),
            window: text(self.window),
            region: text(self.region),
            project: text(self.project),
            green_channel: self.green_channel != 0,
            key_project: self.key_project != 0,
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
            places: WorkPlaces {
                hall_item: self.hall_item != 0,
                acts_placed: self.acts_placed,
                acts_in_hall: self.acts_in_hall,
                decided_in_hall: self.decided_in_hall.map(|it| it != 0),
            },
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

fn span(case_no: &str, tuple: SpanTuple) -> Result<SpanState, StoreError> {
    let (clock, instance, started_at, ended_at, due_at, limit_days, elapsed_days, late, department, handler, party) = tuple;
    Ok(SpanState {
        clock: known(case_no, &clock, ClockKind::from_code)?,
        instance: instance.into(),
        started_at: Instant::from_ms(started_at),
        ended_at: instant(ended_at),
        due_at: instant(due_at),
        limit_days,
        elapsed_days,
        late: late != 0,
        department: text(department),
        handler: text(handler),
        party: text(party),
    })
}

fn finding(case_no: &str, (kind, severity, events, detail): FindingTuple) -> Result<Finding, StoreError> {
    Ok(Finding {
        kind: known(case_no, &kind, FindingKind::from_code)?,
        severity: known(case_no, &severity, Severity::from_code)?,
        events: events.into_iter().map(Text::from).collect(),
        detail: text(detail),
    })
}

pub(crate) fn card(case_no: &str, tuple: CardTuple) -> Result<Card, StoreError> {
    let (_, clock, instance, level, rule, crossed_at, due_at, limit_days, confirm, handler) = tuple;
    Ok(Card {
        clock: known(case_no, &clock, ClockKind::from_code)?,
        instance: instance.into(),
        level: known(case_no, &level, Level::from_code)?,
        rule: rule.into(),
        crossed_at: Instant::from_ms(crossed_at),
        due_at: instant(due_at),
        limit_days,
        confirm: confirm != 0,
        handler: text(handler),
    })
}
