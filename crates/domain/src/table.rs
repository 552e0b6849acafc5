//! Tables that offices keep, whatever file they come from: rows of cells under columns of known names, read with
//! every mistake at once.
//!
//! A column of one name is written in one way in every table. A spreadsheet is rows of cells; who reads one knows
//! the format, this module knows the columns.

use jiff::civil::Date;
use toml::{
    Spanned,
    de::{DeArray, DeString, DeTable, DeValue},
};

use crate::remark::{Remark, line_of};

/// A column of a table, the same in every form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub code: &'static str,
    /// Its name in Chinese; a header may use either.
    pub name: &'static str,
    /// What belongs there, in both languages.
    pub meaning: &'static str,
}

pub(crate) const fn column(code: &'static str, name: &'static str, meaning: &'static str) -> Column {
    Column { code, name, meaning }
}

/// The columns of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Columns {
    /// All of them.
    pub(crate) all: &'static [Column],
    /// Those that no header may leave out.
    pub(crate) needed: &'static [&'static str],
}

/// A cell as its form has it: a table or a spreadsheet has text only.
#[derive(Debug, Clone)]
pub(crate) enum Raw {
    Text(String),
    List(Vec<String>),
    Pairs(Vec<(String, String)>),
}

#[derive(Debug, Clone)]
pub(crate) struct Cell {
    column: &'static str,
    place: String,
    pub(crate) raw: Raw,
}

/// One row as it was written.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) place: String,
    cells: Vec<Cell>,
}

/// The rows of a CSV text with their lines.
pub(crate) fn csv_rows(text: &str) -> Vec<(u64, Vec<String>)> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    // Text in memory is UTF-8 and rows may have any length, so no record can fail.
    let records = reader.records().filter_map(Result::ok);
    let rows = records.map(|record| {
        let line = record.position().map_or(0, csv::Position::line);
        (line, record.iter().map(str::to_owned).collect())
    });
    rows.collect()
}

/// Reads numbered rows of cells, the first that is not blank being the header.
pub(crate) fn read_rows(
    columns: Columns,
    rows: impl IntoIterator<Item = (u64, Vec<String>)>,
    errors: &mut Vec<Remark>,
    mut take: impl FnMut(Row, &mut Vec<Remark>),
) {
    let mut rows = rows.into_iter().filter(|(_, cells)| cells.iter().any(|cell| !cell.trim().is_empty()));
    let Some((number, header)) = rows.next() else {
        errors.push(Remark::new("row 1", "", "没有表头 / there is no header"));
        return;
    };
    let Some(header) = columns.of_header(&header, &format!("row {number}"), errors) else { return };
    for (number, cells) in rows {
        let row = Row::from_cells(format!("row {number}"), &header, cells, errors);
        take(row, errors);
    }
}

/// Reads TOML: arrays of tables by these names, in the order of the file.
pub(crate) fn read_toml(
    text: &str,
    names: &[&'static str],
    errors: &mut Vec<Remark>,
    mut take: impl FnMut(&'static str, TomlTable<'_>, &mut Vec<Remark>),
) {
    let file = match DeTable::parse(text) {
        Ok(file) => file,
        Err(error) => {
            errors.push(Remark::of_toml(text, &error));
            return;
        }
    };
    for (key, value) in in_order(file.get_ref()) {
        let at = key.span().start;
        match names.iter().find(|name| **name == key.get_ref()) {
            Some(name) => {
                for table in tables_of(text, name, at, value.get_ref(), errors) {
                    take(name, table, errors);
                }
            }
            None => {
                let unknown = key.get_ref();
                let expected: Vec<String> = names.iter().map(|name| format!("[[{name}]]")).collect();
                let expected = expected.join(", ");
                let what = format!("未知的键 {unknown:?}，应为 {expected} / unknown key, expected {expected}");
                errors.push(Remark::at(text, at, "", what));
            }
        }
    }
}

fn tables_of<'t>(text: &'t str, name: &str, at: usize, value: &'t DeValue<'t>, errors: &mut Vec<Remark>) -> Vec<TomlTable<'t>> {
    let DeValue::Array(tables) = value else {
        errors.push(Remark::at(text, at, name, format!("应为 [[{name}]] / expected [[{name}]] tables")));
        return Vec::new();
    };
    let tables: &DeArray<'_> = tables;
    let mut found = Vec::new();
    for table in tables.iter() {
        let at = table.span().start;
        match table.get_ref() {
            DeValue::Table(fields) => found.push(TomlTable { text, at, fields }),
            _ => errors.push(Remark::at(text, at, name, "应为表 / expected a table")),
        }
    }
    found
}

type Field<'t> = (&'t Spanned<DeString<'t>>, &'t Spanned<DeValue<'t>>);

fn in_order<'t>(fields: &'t DeTable<'t>) -> Vec<Field<'t>> {
    let mut fields: Vec<Field<'t>> = fields.iter().collect();
    fields.sort_by_key(|(key, _)| key.span().start);
    fields
}

/// A table of a TOML file.
pub(crate) struct TomlTable<'t> {
    text: &'t str,
    at: usize,
    fields: &'t DeTable<'t>,
}

impl<'t> TomlTable<'t> {
    /// The row it is.
    pub(crate) fn row(&self, columns: Columns, errors: &mut Vec<Remark>) -> Row {
        self.row_without("", columns, errors)
    }

    /// The row it is but for one key, whose tables are rows of another table.
    pub(crate) fn row_without(&self, nested: &str, columns: Columns, errors: &mut Vec<Remark>) -> Row {
        let mut cells = Vec::new();
        for (key, value) in in_order(self.fields).into_iter().filter(|(key, _)| key.get_ref() != nested) {
            let place = self.place(key.span().start);
            let Some(column) = columns.known(key.get_ref()) else {
                errors.push(Remark::new(place, key.get_ref().as_ref(), "未知的键 / unknown key"));
                continue;
            };
            match raw(column, value.get_ref()) {
                Ok(raw) => cells.push(Cell { column, place, raw }),
                Err(why) => {
                    errors.push(Remark::new(&place, column, why));
                    // The mistake is told; what stands in its place must not be told again.
                    cells.push(Cell { column, place: String::new(), raw: Raw::Text(String::new()) });
                }
            }
        }
        Row { place: self.place(self.at), cells }
    }

    /// The tables under one of its keys.
    pub(crate) fn nested(&self, key: &str, errors: &mut Vec<Remark>) -> Vec<TomlTable<'t>> {
        match in_order(self.fields).into_iter().find(|(name, _)| name.get_ref() == key) {
            Some((name, value)) => tables_of(self.text, key, name.span().start, value.get_ref(), errors),
            None => Vec::new(),
        }
    }

    fn place(&self, at: usize) -> String {
        format!("line {}", line_of(self.text, at))
    }
}

impl Columns {
    fn known(self, name: &str) -> Option<&'static str> {
        let name = name.trim();
        self.all.iter().find(|column| column.code == name || column.name == name).map(|column| column.code)
    }

    /// The columns of a header. Nothing can be said of the rows where it is wrong.
    fn of_header(self, header: &[String], place: &str, errors: &mut Vec<Remark>) -> Option<Vec<Option<&'static str>>> {
        let before = errors.len();
        let mut columns = Vec::new();
        for name in header {
            let column = self.known(name);
            if column.is_none() && !name.trim().is_empty() {
                let all: Vec<&str> = self.all.iter().map(|column| column.code).collect();
                let what = format!("未知的列 / unknown column; there are {}", all.join(", "));
                errors.push(Remark::new(place, name.trim(), what));
            }
            if column.is_some() && columns.contains(&column) {
                errors.push(Remark::new(place, name.trim(), "列重复 / the column is there twice"));
            }
            columns.push(column);
        }
        for column in self.needed {
            if !columns.contains(&Some(*column)) {
                errors.push(Remark::new(place, *column, "缺少此列 / the column is missing"));
            }
        }
        (errors.len() == before).then_some(columns)
    }
}

impl Row {
    fn from_cells(place: String, columns: &[Option<&'static str>], cells: Vec<String>, errors: &mut Vec<Remark>) -> Self {
        let is_beyond =
            |(index, cell): &(usize, &String)| columns.get(*index).is_none_or(Option::is_none) && !cell.trim().is_empty();
        if let Some((index, cell)) = cells.iter().enumerate().find(is_beyond) {
            let what = format!("第 {} 格 {cell:?} 没有列名 / cell {} has no column", index + 1, index + 1);
            errors.push(Remark::new(&place, "", what));
        }
        let named = columns.iter().zip(cells).filter_map(|(column, text)| Some(((*column)?, text)));
        let cells = named.map(|(column, text)| Cell { column, place: place.clone(), raw: Raw::Text(text) }).collect();
        Self { place, cells }
    }

    /// Reads its cells; every mistake on the way is told.
    pub(crate) fn read<'r>(&'r self, errors: &'r mut Vec<Remark>) -> Reading<'r> {
        Reading { row: self, errors }
    }
}

fn raw(column: &str, value: &DeValue<'_>) -> Result<Raw, String> {
    let text = |value: &DeValue<'_>| match value {
        DeValue::String(text) => Ok(text.trim().to_owned()),
        _ => Err("应为文本 / expected text".to_owned()),
    };
    Ok(match (column, value) {
        ("mandatory_steps" | "outside_steps" | "items" | "materials" | "procedure" | "steps", DeValue::Array(texts)) => {
            Raw::List(texts.iter().map(|it| text(it.get_ref())).collect::<Result<_, _>>()?)
        }
        ("step_limits", DeValue::Table(limits)) => {
            let pairs = limits.iter().map(|(step, limit)| Ok((step.get_ref().to_string(), text(limit.get_ref())?)));
            Raw::Pairs(pairs.collect::<Result<_, String>>()?)
        }
        ("hall" | "window_decides" | "delegated_to_townships", DeValue::Boolean(value)) => Raw::Text(value.to_string()),
        ("fee_fen", DeValue::Integer(number)) => Raw::Text(number.to_string()),
        ("valid_from" | "valid_to", DeValue::Datetime(date)) => Raw::Text(date.to_string()),
        _ => Raw::Text(text(value)?),
    })
}

/// Reads the cells of a row, and tells every mistake. What cannot be read stands for nothing then.
pub(crate) struct Reading<'r> {
    row: &'r Row,
    errors: &'r mut Vec<Remark>,
}

impl<'r> Reading<'r> {
    pub(crate) fn cell(&self, column: &str) -> Option<&'r Cell> {
        self.row.cells.iter().find(|cell| cell.column == column)
    }

    pub(crate) fn wrong(&mut self, column: &'static str, why: impl Into<String>) {
        let place = self.cell(column).map_or(&self.row.place, |cell| &cell.place);
        // A cell without a place was told to be wrong when it was read.
        if !place.is_empty() {
            self.errors.push(Remark::new(place, column, why));
        }
    }

    pub(crate) fn text(&self, column: &str) -> String {
        match self.cell(column).map(|cell| &cell.raw) {
            Some(Raw::Text(text)) => text.trim().to_owned(),
            _ => String::new(),
        }
    }

    pub(crate) fn needed(&mut self, column: &'static str) -> String {
        let text = self.text(column);
        if text.is_empty() {
            self.wrong(column, "不能为空 / must not be empty");
        }
        text
    }

    /// The texts of a list, in one cell separated by `;`.
    pub(crate) fn list(&self, column: &str) -> Vec<String> {
        match self.cell(column).map(|cell| &cell.raw) {
            Some(Raw::List(texts)) => texts.clone(),
            Some(Raw::Text(text)) => parts(text).map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }

    /// A date; none where the cell is empty.
    pub(crate) fn date(&mut self, column: &'static str) -> Option<Date> {
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        // Spreadsheets in Chinese write 2018/1/1.
        let slashed = || Date::strptime("%Y/%m/%d", &text).ok();
        let date = text.parse().ok().or_else(slashed);
        if date.is_none() {
            self.wrong(column, format!("{text:?}: 应为日期 / expected YYYY-MM-DD"));
        }
        date
    }

    pub(crate) fn yes_or_no(&mut self, column: &'static str) -> bool {
        let text = self.text(column);
        match text.to_lowercase().as_str() {
            "" | "false" | "no" | "0" | "否" => false,
            "true" | "yes" | "1" | "是" => true,
            _ => {
                self.wrong(column, format!("{text:?}: 应为是或否 / expected true or false"));
                false
            }
        }
    }
}

/// The parts of a cell that holds several.
pub(crate) fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split([';', '；']).map(str::trim).filter(|part| !part.is_empty())
}
