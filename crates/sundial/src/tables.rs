//! Files that offices keep: text in the encodings of their programs, spreadsheets as rows of cells, and writing
//! so that a reader finds the old file or the new one, never half of one.

use std::{
    fs,
    io::{Cursor, Write},
    path::Path,
};

use anyhow::{Context, anyhow, bail};
use calamine::{Data, Reader, Xlsx};
use domain::{
    Authorisations,
    authorisations::AuthorisationError,
    catalog_file::{COLUMNS, CatalogDraft},
};
use rust_xlsxwriter::{Format, Workbook};

/// The form of a file, by its extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum TableForm {
    Csv,
    Xlsx,
    Toml,
}

impl TableForm {
    /// The form of a catalogue or an authorisation table.
    pub fn of(path: &Path) -> anyhow::Result<Self> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("csv") => Ok(Self::Csv),
            Some("xlsx") => Ok(Self::Xlsx),
            Some("toml") => Ok(Self::Toml),
            _ => bail!("{}: expected a .toml, .csv or .xlsx file", path.display()),
        }
    }
}

/// Reads a catalogue in any form, with every mistake in it.
pub fn catalog_draft(path: &Path) -> anyhow::Result<CatalogDraft> {
    Ok(match TableForm::of(path)? {
        TableForm::Csv => CatalogDraft::from_csv(&read_text(path)?),
        TableForm::Toml => CatalogDraft::from_toml(&read_text(path)?),
        TableForm::Xlsx => CatalogDraft::from_rows(xlsx_rows(path)?),
    })
}

/// Reads an authorisation table in any form.
pub fn authorisations(path: &Path) -> anyhow::Result<Result<Authorisations, AuthorisationError>> {
    Ok(match TableForm::of(path)? {
        TableForm::Csv => Authorisations::from_csv(&read_text(path)?),
        TableForm::Toml => Authorisations::from_toml(&read_text(path)?),
        TableForm::Xlsx => Authorisations::from_rows(xlsx_rows(path)?),
    })
}

/// Text in UTF-8, or else in the encoding that spreadsheet programs in Chinese save CSV in.
pub fn read_text(path: &Path) -> anyhow::Result<String> {
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    decoded(bytes).with_context(|| path.display().to_string())
}

fn decoded(bytes: Vec<u8>) -> anyhow::Result<String> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let text = encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(error.as_bytes());
            text.map(std::borrow::Cow::into_owned).ok_or_else(|| anyhow!("byte {at} is neither UTF-8 nor GB 18030"))
        }
    }
}

/// The rows of the first sheet, numbered as the spreadsheet program numbers them.
pub fn xlsx_rows(path: &Path) -> anyhow::Result<Vec<(u64, Vec<String>)>> {
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    rows_of(bytes).with_context(|| path.display().to_string())
}

fn rows_of(bytes: Vec<u8>) -> anyhow::Result<Vec<(u64, Vec<String>)>> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes))?;
    let sheet = workbook.worksheet_range_at(0).ok_or_else(|| anyhow!("the workbook has no sheet"))??;
    let (first_row, first_column) = sheet.start().unwrap_or_default();
    let rows = sheet.rows().enumerate().map(|(index, row)| {
        // A range begins with its first cell in use; columns are counted from A.
        let before = std::iter::repeat_n(String::new(), first_column as usize);
        (u64::from(first_row) + index as u64 + 1, before.chain(row.iter().map(text_of)).collect())
    });
    Ok(rows.collect())
}

/// A cell as its reader sees it: a whole number without a fraction, a date without a time of day.
fn text_of(cell: &Data) -> String {
    match cell {
        Data::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.0}"),
        Data::DateTime(at) if at.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            match (hour, minute, second) {
                (0, 0, 0) => format!("{year:04}-{month:02}-{day:02}"),
                _ => format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"),
            }
        }
        other => other.to_string(),
    }
}

/// A workbook of a catalogue: the table, and a sheet that says what belongs into each column.
pub fn catalog_xlsx(rows: &[Vec<String>]) -> anyhow::Result<Vec<u8>> {
    let head = Format::new().set_bold().set_background_color("D9E2F3");
    // Codes such as 01 are text, whatever they look like.
    let text = Format::new().set_num_format("@");
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("事项目录 Catalogue")?;
    sheet.set_freeze_panes(1, 2)?;
    for (number, row) in rows.iter().enumerate() {
        for (column, cell) in row.iter().enumerate() {
            let format = if number == 0 { &head } else { &text };
            sheet.write_string_with_format(u32::try_from(number)?, u16::try_from(column)?, cell, format)?;
        }
    }
    sheet.autofit();
    let sheet = workbook.add_worksheet().set_name("填写说明 Columns")?;
    for (row, column) in (0..).zip(COLUMNS) {
        for (at, cell) in (0..).zip([column.code, column.name, column.meaning]) {
            sheet.write_string(row, at, cell)?;
        }
    }
    sheet.autofit();
    Ok(workbook.save_to_buffer()?)
}

/// Writes a file in one step: whoever reads it meanwhile gets the old one or the new one.
pub fn write_at_once(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let within = || path.display().to_string();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(within)?;
    file.write_all(bytes).with_context(within)?;
    // A temporary file is for its owner only; the service may be another user.
    match fs::metadata(path) {
        Ok(old) => file.as_file().set_permissions(old.permissions()).with_context(within)?,
        Err(_) => readable_by_all(&file).with_context(within)?,
    }
    file.as_file().sync_all().with_context(within)?;
    file.persist(path).with_context(within)?;
    Ok(())
}

fn readable_by_all(file: &tempfile::NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_spreadsheet_program_in_chinese_is_read() {
        let (gbk, _, _) = encoding_rs::GB18030.encode("事项编码,环境保护局");
        assert_eq!(decoded(gbk.into_owned()).unwrap(), "事项编码,环境保护局");
        assert_eq!(decoded("局".as_bytes().to_vec()).unwrap(), "局");
        assert_eq!(decoded(vec![0x61, 0xff, 0xff]).unwrap_err().to_string(), "byte 1 is neither UTF-8 nor GB 18030");
    }

    #[test]
    fn cells_are_read_as_they_are_seen_with_the_numbers_of_their_rows() {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        let date = Format::new().set_num_format("yyyy-mm-dd");
        sheet.write_string(2, 1, "01").unwrap();
        sheet.write_number(2, 2, 500.0).unwrap();
        sheet.write_datetime_with_format(3, 1, rust_xlsxwriter::ExcelDateTime::from_ymd(2018, 10, 15).unwrap(), &date).unwrap();
        sheet.write_boolean(3, 2, true).unwrap();
        let rows = rows_of(workbook.save_to_buffer().unwrap()).unwrap();
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        assert_eq!(rows, [(3, row(["", "01", "500"])), (4, row(["", "2018-10-15", "true"]))]);
        assert!(rows_of(b"no workbook".to_vec()).is_err());
    }

    #[test]
    fn an_authorisation_table_is_the_same_in_every_form() {
        let folder = tempfile::tempdir().unwrap();
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        for (row, cells) in (0..).zip([["经办人", "事项编码", "部门"], ["c1", "*", "局"], ["w1", "a", ""]]) {
            for (column, cell) in (0..).zip(cells) {
                sheet.write_string(row, column, cell).unwrap();
            }
        }
        let at = |name: &str| folder.path().join(name);
        workbook.save(at("table.xlsx")).unwrap();
        let (gbk, _, _) = encoding_rs::GB18030.encode("handler,item,department\nc1,*,局\nw1,a,\n");
        fs::write(at("table.csv"), gbk).unwrap();
        let toml =
            "[[authorisation]]\nhandler = 'c1'\nitem = '*'\ndepartment = '局'\n[[authorisation]]\nhandler = 'w1'\nitem = 'a'\n";
        fs::write(at("table.toml"), toml).unwrap();
        let read = |name: &str| authorisations(&at(name)).unwrap().unwrap();
        assert_eq!(read("table.xlsx").lines().len(), 2);
        assert_eq!(read("table.xlsx"), read("table.csv"));
        assert_eq!(read("table.xlsx"), read("table.toml"));
    }

    #[test]
    fn a_file_is_replaced_and_keeps_its_permissions() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog.toml");
        write_at_once(&path, b"one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        write_at_once(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
