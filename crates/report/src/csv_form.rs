//! The monthly table as CSV (UTF-8 with a byte-order mark, so that spreadsheets read the Chinese).

use crate::monthly::{COLUMNS, Monthly, ReportError};

impl Monthly {
    /// One row a unit. Ratios are shares of one with four decimals.
    ///
    /// # Errors
    /// It could not be written.
    pub fn csv(&self) -> Result<Vec<u8>, ReportError> {
        let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
        let titles = ["月份 Month", "口径 Variant", "单位 Unit"].into_iter().chain(COLUMNS.iter().map(|column| column.title));
        writer.write_record(titles)?;
        let month = self.month.to_string();
        for unit in self.units() {
            let numbers = COLUMNS.iter().map(|column| (column.value)(&unit.figures).map(wire::round4));
            let numbers = numbers.map(|number| number.map(|number| number.to_string()).unwrap_or_default());
            let head = [month.clone(), self.variant.clone(), unit.name.clone()];
            writer.write_record(head.into_iter().chain(numbers))?;
        }
        writer.into_inner().map_err(|error| ReportError::Csv(error.into_error().into()))
    }
}
