//! Tables with a header, whatever file they come from: CSV here, sheets elsewhere.

use jiff::civil::Date;
use serde::{Deserialize, de::DeserializeOwned};

/// What is wrong with a table.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// Not CSV; names the line.
    #[error("{0}")]
    Csv(#[from] csv::Error),
    /// A cell that cannot be read.
    #[error("row {row}, {column}: {why}")]
    Cell {
        /// The row; the header is row 1.
        row: usize,
        /// The column by its name.
        column: String,
        /// What is wrong with it.
        why: String,
    },
    /// A row that does not fit the header.
    #[error("row {row}: {why}")]
    Row {
        /// The row; the header is row 1.
        row: usize,
        /// What is wrong with it.
        why: String,
    },
}

/// The header and the rows of a CSV text. A row of blank cells stays, so that rows keep their number.
pub(crate) fn csv_rows(text: &str) -> Result<(Vec<String>, Vec<Vec<String>>), RowError> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers()?.iter().map(str::to_owned).collect();
    let rows = reader.records().map(|row| Ok(row?.iter().map(str::to_owned).collect()));
    Ok((header, rows.collect::<Result<_, csv::Error>>()?))
}

/// Reads every row that is not blank; each with its number in the sheet, where the header is row 1.
pub(crate) fn read_rows<T: DeserializeOwned>(header: &[String], rows: &[Vec<String>]) -> Result<Vec<(usize, T)>, RowError> {
    let header: csv::StringRecord = header.iter().map(|name| name.trim()).collect();
    let is_blank = |row: &[String]| row.iter().all(|cell| cell.trim().is_empty());
    let rows = rows.iter().enumerate().map(|(index, row)| (index + 2, row)).filter(|(_, row)| !is_blank(row));
    rows.map(|(number, row)| Ok((number, read_row(&header, number, row)?))).collect()
}

fn read_row<T: DeserializeOwned>(header: &csv::StringRecord, row: usize, cells: &[String]) -> Result<T, RowError> {
    // Sheets leave out empty cells at the end of a row.
    if cells.len() > header.len() && cells[header.len()..].iter().any(|cell| !cell.trim().is_empty()) {
        return Err(RowError::Row { row, why: format!("{} cells under {} columns", cells.len(), header.len()) });
    }
    let blank = std::iter::repeat_n("", header.len().saturating_sub(cells.len()));
    let record: csv::StringRecord = cells.iter().take(header.len()).map(|cell| cell.trim()).chain(blank).collect();
    record.deserialize(Some(header)).map_err(|error| match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => match err.field().and_then(|field| header.get(field as usize)) {
            Some(column) => RowError::Cell { row, column: column.to_owned(), why: err.kind().to_string() },
            None => RowError::Row { row, why: err.kind().to_string() },
        },
        _ => RowError::Row { row, why: error.to_string() },
    })
}

/// A TOML date, or its text in a cell.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum DateText {
    Toml(toml::value::Datetime),
    Text(String),
}

impl DateText {
    /// The date; none where the cell is empty.
    pub(crate) fn read(&self) -> Result<Option<Date>, String> {
        let text = match self {
            DateText::Toml(date) => date.to_string(),
            DateText::Text(text) => text.clone(),
        };
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| format!("{text:?}: expected YYYY-MM-DD"))
    }
}
