//! A table of the export, whatever form it is written in.

use domain::{Figures, Level};

use crate::Scope;

/// One value of a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    /// A name, a date or a word.
    Text(String),
    /// A number of things.
    Count(u64),
    /// A share of one.
    Ratio(f64),
    /// Days, or a number of things a case, with what is after the point.
    Days(f64),
    /// Not known, or over nothing.
    Nothing,
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Cell::Text(text.into())
    }

    pub(crate) fn ratio(share: Option<f64>) -> Self {
        share.map_or(Cell::Nothing, Cell::Ratio)
    }

    pub(crate) fn count(count: Option<u64>) -> Self {
        count.map_or(Cell::Nothing, Cell::Count)
    }
}

/// A column: what stands above it, and how many characters wide it is in a workbook.
#[derive(Debug, Clone)]
pub(crate) struct Heading {
    pub(crate) title: String,
    pub(crate) width: f64,
}

/// A column of numbers.
pub(crate) fn number(title: impl Into<String>) -> Heading {
    Heading { title: title.into(), width: 13.0 }
}

/// A column of texts.
pub(crate) fn wide(title: impl Into<String>, width: f64) -> Heading {
    Heading { title: title.into(), width }
}

/// A table.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// In the name of its CSV file.
    pub(crate) code: &'static str,
    /// On its tab in a workbook: 中文 first, English beside it.
    pub(crate) name: &'static str,
    /// What a reader must know to read it.
    pub(crate) notes: Vec<String>,
    pub(crate) headings: Vec<Heading>,
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// The main figures of every unit of a scope.
pub(crate) fn units(code: &'static str, name: &'static str, notes: Vec<String>, scope: &Scope) -> Table {
    let row = |unit: &crate::Unit| {
        let figures = COLUMNS.iter().map(|column| column.cell(&unit.figures));
        std::iter::once(Cell::text(&unit.name)).chain(figures).collect()
    };
    let titles = COLUMNS.iter().map(|column| number(column.title));
    Table {
        code,
        name,
        notes,
        headings: std::iter::once(wide("单位 Unit", 26.0)).chain(titles).collect(),
        rows: scope.units().map(row).collect(),
    }
}

/// One of the main figures.
pub(crate) struct Column {
    pub(crate) title: &'static str,
    pub(crate) kind: ColumnKind,
    pub(crate) value: fn(&Figures) -> Option<f64>,
}

impl Column {
    pub(crate) fn cell(&self, figures: &Figures) -> Cell {
        match ((self.value)(figures), self.kind) {
            (None, _) => Cell::Nothing,
            (Some(value), ColumnKind::Count) => Cell::Count(value as u64),
            (Some(value), ColumnKind::Ratio) => Cell::Ratio(value),
            (Some(value), ColumnKind::Days) => Cell::Days(value),
        }
    }
}

/// What the numbers of a column are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    Count,
    Ratio,
    Days,
}

/// The main figures, Chinese first with English beside it.
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
    Column { title: "预警 Reminders", kind: ColumnKind::Count, value: |it| cards(it, Level::Reminder) },
    Column { title: "黄牌 Yellow", kind: ColumnKind::Count, value: |it| cards(it, Level::Yellow) },
    Column { title: "红牌 Red", kind: ColumnKind::Count, value: |it| cards(it, Level::Red) },
];

fn cards(figures: &Figures, level: Level) -> Option<f64> {
    Some(figures.cards.get(&level).copied().unwrap_or(0) as f64)
}
