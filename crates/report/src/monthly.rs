//! The figures of a month.

use domain::{Figures, Instant};
use jiff::{civil::Date, tz::TimeZone};
use serde::Serialize;
use store::{FigureQuery, GroupBy, Reader, StoreError};
use wire::FiguresJson;

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Not a month.
    #[error("{0:?} is not a month such as 2026-10")]
    NotAMonth(String),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The CSV could not be written.
    #[error("CSV: {0}")]
    Csv(#[from] csv::Error),
    /// The workbook could not be written.
    #[error("XLSX: {0}")]
    Xlsx(#[from] rust_xlsxwriter::XlsxError),
    /// The JSON could not be written.
    #[error("JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// A calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    first: Date,
}

impl Month {
    /// Reads `2026-10`.
    ///
    /// # Errors
    /// It is not a month.
    pub fn parse(text: &str) -> Result<Self, ReportError> {
        let wrong = || ReportError::NotAMonth(text.to_owned());
        if text.len() != 7 {
            return Err(wrong());
        }
        let first = format!("{text}-01").parse().map_err(|_| wrong())?;
        Ok(Self { first })
    }

    /// The month of an instant in a zone.
    pub fn of(at: Instant, zone: &TimeZone) -> Self {
        let date = jiff::Timestamp::from_millisecond(at.ms()).map_or(Date::MIN, |at| zone.to_datetime(at).date());
        Self { first: date.first_of_month() }
    }

    /// The month `months` later.
    #[must_use]
    pub fn plus(self, months: i32) -> Self {
        Self { first: self.first.saturating_add(jiff::Span::new().months(months)) }
    }

    /// Its first instant in a zone.
    pub fn start(self, zone: &TimeZone) -> Instant {
        let at = zone.to_timestamp(self.first.into()).map_or(0, |at| at.as_millisecond());
        Instant::from_ms(at)
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.first.year(), self.first.month())
    }
}

/// A unit and its figures.
#[derive(Debug, Clone)]
pub struct Unit {
    /// Its name.
    pub name: String,
    /// Its figures of the month.
    pub figures: Figures,
}

/// The export of a month.
#[derive(Debug, Clone)]
pub struct Monthly {
    /// Which month.
    pub month: Month,
    /// The profile the time was counted by, printed beside every figure.
    pub variant: String,
    /// The whole county.
    pub county: Unit,
    /// The month before (环比).
    pub month_before: Figures,
    /// The same month of the year before (同比).
    pub year_before: Figures,
    /// Every department.
    pub departments: Vec<Unit>,
}

/// The name of the whole.
const COUNTY: &str = "全县 / County";

impl Monthly {
    /// Reads the figures of a month.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn read(reader: &Reader, month: Month, zone: &TimeZone, variant: &str) -> Result<Self, ReportError> {
        let departments = figures(reader, month, zone, GroupBy::Department).await?;
        let units = departments
            .into_iter()
            .map(|(name, figures)| Unit {
                name: if name.is_empty() { "未知部门 / Unknown".to_owned() } else { name }, figures
            });
        Ok(Self {
            month,
            variant: variant.to_owned(),
            county: Unit { name: COUNTY.to_owned(), figures: whole(reader, month, zone).await? },
            month_before: whole(reader, month.plus(-1), zone).await?,
            year_before: whole(reader, month.plus(-12), zone).await?,
            departments: units.collect(),
        })
    }

    /// The county, then the departments.
    pub fn units(&self) -> impl Iterator<Item = &Unit> {
        std::iter::once(&self.county).chain(&self.departments)
    }

    /// As JSON: the figures of `sundial assess` for every unit.
    ///
    /// # Errors
    /// It could not be written.
    pub fn json(&self) -> Result<Vec<u8>, ReportError> {
        #[derive(Serialize)]
        struct UnitJson<'a> {
            name: &'a str,
            figures: FiguresJson,
        }
        #[derive(Serialize)]
        struct MonthlyJson<'a> {
            month: String,
            variant: &'a str,
            county: FiguresJson,
            month_before: FiguresJson,
            year_before: FiguresJson,
            departments: Vec<UnitJson<'a>>,
        }
        let departments = self.departments.iter().map(|unit| UnitJson { name: &unit.name, figures: (&unit.figures).into() });
        Ok(serde_json::to_vec(&MonthlyJson {
            month: self.month.to_string(),
            variant: &self.variant,
            county: (&self.county.figures).into(),
            month_before: (&self.month_before).into(),
            year_before: (&self.year_before).into(),
            departments: departments.collect(),
        })?)
    }
}

async fn whole(reader: &Reader, month: Month, zone: &TimeZone) -> Result<Figures, ReportError> {
    let groups = figures(reader, month, zone, GroupBy::Nothing).await?;
    Ok(groups.into_iter().next().map(|(_, figures)| figures).unwrap_or_default())
}

async fn figures(
    reader: &Reader,
    month: Month,
    zone: &TimeZone,
    group_by: GroupBy,
) -> Result<Vec<(String, Figures)>, ReportError> {
    let query = FigureQuery {
        from: month.start(zone),
        to: month.plus(1).start(zone),
        group_by,
        zone: zone.iana_name().unwrap_or("UTC").to_owned(),
    };
    Ok(reader.figures(&query).await?.into_iter().map(|group| (group.key, group.figures)).collect())
}

/// One column of the table, in both forms.
pub(crate) struct Column {
    pub(crate) title: &'static str,
    pub(crate) kind: ColumnKind,
    pub(crate) value: fn(&Figures) -> Option<f64>,
}

/// How the numbers of a column are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    Count,
    Ratio,
    Days,
}

/// The columns of the monthly table, Chinese first with English beside it.
pub(crate) const COLUMNS: [Column; 16] = [
    Column { title: "收件 Received", kind: ColumnKind::Count, value: |it| Some(it.received as f64) },
    Column { title: "受理 Accepted", kind: ColumnKind::Count, value: |it| Some(it.accepted as f64) },
    Column { title: "办结 Closed", kind: ColumnKind::Count, value: |it| Some(it.closed as f64) },
    Column { title: "在办 Open", kind: ColumnKind::Count, value: |it| Some(it.open as f64) },
    Column { title: "在办超期 Open overdue", kind: ColumnKind::Count, value: |it| Some(it.open_overdue as f64) },
    Column { title: "按时办结率 On time", kind: ColumnKind::Ratio, value: |it| it.on_time_rate },
    Column { title: "超期率 Overdue", kind: ColumnKind::Ratio, value: |it| it.overdue_rate },
    Column { title: "当日办结率 Same day", kind: ColumnKind::Ratio, value: |it| it.same_day_rate },
    Column { title: "7日办结率 Within 7 days", kind: ColumnKind::Ratio, value: |it| it.within_7_days_rate },
    Column { title: "平均用时(工作日) Mean days", kind: ColumnKind::Days, value: |it| it.elapsed_days.mean },
    Column {
        title: "提速率(法定,加权) Speed-up, statutory",
        kind: ColumnKind::Ratio,
        value: |it| it.statutory_speed_up.weighted,
    },
    Column {
        title: "提速率(承诺,加权) Speed-up, promised", kind: ColumnKind::Ratio, value: |it| it.promised_speed_up.weighted
    },
    Column { title: "满意率 Satisfaction", kind: ColumnKind::Ratio, value: |it| it.satisfaction_rate },
    Column { title: "预警 Reminders", kind: ColumnKind::Count, value: |it| cards(it, domain::Level::Reminder) },
    Column { title: "黄牌 Yellow", kind: ColumnKind::Count, value: |it| cards(it, domain::Level::Yellow) },
    Column { title: "红牌 Red", kind: ColumnKind::Count, value: |it| cards(it, domain::Level::Red) },
];

fn cards(figures: &Figures, level: domain::Level) -> Option<f64> {
    Some(figures.cards.get(&level).copied().unwrap_or(0) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_read_and_counted_over_the_year() {
        let month = Month::parse("2026-01").unwrap();
        assert_eq!((month.plus(-1).to_string(), month.plus(-12).to_string()), ("2025-12".to_owned(), "2025-01".to_owned()));
        for wrong in ["2026", "2026-13", "2026-1", "26-01-01"] {
            assert!(Month::parse(wrong).is_err(), "{wrong}");
        }
    }
}
