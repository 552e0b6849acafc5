//! A table of the month as CSV (UTF-8 with a byte-order mark, so that spreadsheets read the Chinese).

use crate::{
    Monthly, ReportError,
    sections::UNITS,
    table::{Cell, Table},
};

impl Monthly {
    /// One table: the main figures of every unit, or the one of this code. Ratios are shares of one with four decimals.
    ///
    /// # Errors
    /// There is no such table, or it could not be written.
    pub fn csv(&self, code: Option<&str>) -> Result<Vec<u8>, ReportError> {
        let tables = self.tables();
        let code = code.unwrap_or(UNITS);
        let table = tables.iter().find(|table| table.code == code).ok_or_else(|| {
            let codes: Vec<&str> = tables.iter().map(|table| table.code).collect();
            ReportError::NotATable(code.to_owned(), codes.join(", "))
        })?;
        self.csv_of(table)
    }

    fn csv_of(&self, table: &Table) -> Result<Vec<u8>, ReportError> {
        let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
        let titles = table.headings.iter().map(|heading| heading.title.as_str());
        writer.write_record(["月份 Month", "口径 Variant"].into_iter().chain(titles))?;
        let month = self.month.to_string();
        for row in &table.rows {
            let head = [month.clone(), self.variant.clone()];
            writer.write_record(head.into_iter().chain(row.iter().map(plain)))?;
        }
        writer.into_inner().map_err(|error| ReportError::Csv(error.into_error().into()))
    }
}

fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Count(count) => count.to_string(),
        Cell::Ratio(number) | Cell::Days(number) => wire::round4(*number).to_string(),
        Cell::Nothing => String::new(),
    }
}
