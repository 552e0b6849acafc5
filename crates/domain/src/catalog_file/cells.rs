//! The cells of one version, and what is made of them.

use toml::de::{DeTable, DeValue};

use super::*;

/// A cell as its form has it: a table or a spreadsheet has text only.
#[derive(Debug, Clone)]
pub(super) enum Raw {
    Text(String),
    List(Vec<String>),
    Pairs(Vec<(String, String)>),
}

#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) column: &'static str,
    pub(super) place: String,
    pub(super) raw: Raw,
}

/// One version of an item as it was written.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) place: String,
    pub(super) cells: Vec<Cell>,
}

fn known(name: &str) -> Option<&'static str> {
    let name = name.trim();
    COLUMNS.iter().find(|column| column.code == name || column.name == name).map(|column| column.code)
}

/// The columns of a header. Nothing can be said of the rows where it is wrong.
pub(super) fn columns_of(header: &[String], place: &str, errors: &mut Vec<Remark>) -> Vec<Option<&'static str>> {
    let mut columns = Vec::new();
    for name in header {
        let column = known(name);
        if column.is_none() && !name.trim().is_empty() {
            let all: Vec<&str> = COLUMNS.iter().map(|column| column.code).collect();
            let what = format!("未知的列 / unknown column; there are {}", all.join(", "));
            errors.push(Remark::new(place, name.trim(), what));
        }
        if column.is_some() && columns.contains(&column) {
            errors.push(Remark::new(place, name.trim(), "列重复 / the column is there twice"));
        }
        columns.push(column);
    }
    for column in ["code", "name", "department", "form"] {
        if !columns.contains(&Some(column)) {
            errors.push(Remark::new(place, column, "缺少此列 / the column is missing"));
        }
    }
    columns
}

impl Row {
    pub(super) fn from_cells(
        place: String,
        columns: &[Option<&'static str>],
        cells: Vec<String>,
        errors: &mut Vec<Remark>,
    ) -> Self {
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

    pub(super) fn from_toml(
        place: String,
        fields: &DeTable<'_>,
        place_of: &impl Fn(usize) -> String,
        errors: &mut Vec<Remark>,
    ) -> Self {
        let mut cells = Vec::new();
        let mut fields: Vec<_> = fields.iter().collect();
        fields.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in fields {
            let at = place_of(key.span().start);
            let Some(column) = known(key.get_ref()) else {
                errors.push(Remark::new(at, key.get_ref().as_ref(), "未知的键 / unknown key"));
                continue;
            };
            match raw(column, value.get_ref()) {
                Ok(raw) => cells.push(Cell { column, place: at, raw }),
                Err(why) => {
                    errors.push(Remark::new(&at, column, why));
                    // The mistake is told; what stands in its place must not be told again.
                    cells.push(Cell { column, place: String::new(), raw: Raw::Text(String::new()) });
                }
            }
        }
        Self { place, cells }
    }

    /// The item; every mistake on the way is told, and what cannot be read stands for nothing then.
    pub(super) fn item(&self, errors: &mut Vec<Remark>) -> Item {
        let mut read = Reading { row: self, errors };
        let code = read.needed("code");
        if code.len() > 64 {
            read.wrong("code", "超过 64 字节 / longer than 64 bytes");
        }
        Item {
            code: code.into(),
            name: read.needed("name").into(),
            item_type: read.text("type").into(),
            department: read.needed("department").into(),
            form: read.form(),
            valid_from: read.date(),
            statutory_limit: read.limit("statutory_limit"),
            promised_limit: read.limit("promised_limit"),
            delivery_limit: read.limit("delivery_limit"),
            step_limits: read.step_limits(),
            mandatory_steps: read.steps(),
            hall: read.yes_or_no("hall"),
            window_decides: read.yes_or_no("window_decides"),
            fee_fen: read.fee(),
            certificate: Some(read.text("certificate")).filter(|text| !text.is_empty()).map(Text::from),
            delegated_to_townships: read.yes_or_no("delegated_to_townships"),
        }
    }
}

fn raw(column: &str, value: &DeValue<'_>) -> Result<Raw, String> {
    let text = |value: &DeValue<'_>| match value {
        DeValue::String(text) => Ok(text.trim().to_owned()),
        _ => Err("应为文本 / expected text".to_owned()),
    };
    Ok(match (column, value) {
        ("mandatory_steps", DeValue::Array(steps)) => {
            Raw::List(steps.iter().map(|step| text(step.get_ref())).collect::<Result<_, _>>()?)
        }
        ("step_limits", DeValue::Table(limits)) => {
            let pairs = limits.iter().map(|(step, limit)| Ok((step.get_ref().to_string(), text(limit.get_ref())?)));
            Raw::Pairs(pairs.collect::<Result<_, String>>()?)
        }
        ("hall" | "window_decides" | "delegated_to_townships", DeValue::Boolean(value)) => Raw::Text(value.to_string()),
        ("fee_fen", DeValue::Integer(number)) => Raw::Text(number.to_string()),
        ("valid_from", DeValue::Datetime(date)) => Raw::Text(date.to_string()),
        _ => Raw::Text(text(value)?),
    })
}

/// Reads the cells of a row, and tells every mistake.
struct Reading<'r> {
    row: &'r Row,
    errors: &'r mut Vec<Remark>,
}

impl<'r> Reading<'r> {
    fn cell(&self, column: &str) -> Option<&'r Cell> {
        self.row.cells.iter().find(|cell| cell.column == column)
    }

    fn wrong(&mut self, column: &'static str, why: impl Into<String>) {
        let place = self.cell(column).map_or(&self.row.place, |cell| &cell.place);
        // A cell without a place was told to be wrong when it was read.
        if !place.is_empty() {
            self.errors.push(Remark::new(place, column, why));
        }
    }

    fn text(&self, column: &str) -> String {
        match self.cell(column).map(|cell| &cell.raw) {
            Some(Raw::Text(text)) => text.trim().to_owned(),
            _ => String::new(),
        }
    }

    fn needed(&mut self, column: &'static str) -> String {
        let text = self.text(column);
        if text.is_empty() {
            self.wrong(column, "不能为空 / must not be empty");
        }
        text
    }

    fn form(&mut self) -> Form {
        let text = self.text("form");
        match text.as_str() {
            "即办件" => Form::Immediate,
            "承诺件" => Form::Committed,
            code => Form::from_code(code).unwrap_or_else(|| {
                self.wrong(
                    "form",
                    format!("{text:?}: 应为即办件 immediate 或承诺件 committed / expected immediate or committed"),
                );
                Form::Committed
            }),
        }
    }

    fn date(&mut self) -> Date {
        let text = self.text("valid_from");
        if text.is_empty() {
            return FROM_THE_BEGINNING;
        }
        // Spreadsheets in Chinese write 2018/1/1.
        let slashed = || Date::strptime("%Y/%m/%d", &text).ok();
        text.parse().ok().or_else(slashed).unwrap_or_else(|| {
            self.wrong("valid_from", format!("{text:?}: 应为日期 / expected YYYY-MM-DD"));
            FROM_THE_BEGINNING
        })
    }

    fn limit(&mut self, column: &'static str) -> StatedLimit {
        match self.text(column).as_str() {
            "" => StatedLimit::Unstated,
            "none" | "无" => StatedLimit::None,
            limit => match limit.parse() {
                Ok(limit) => StatedLimit::Of(limit),
                Err(why) => {
                    self.wrong(column, why);
                    StatedLimit::Unstated
                }
            },
        }
    }

    fn yes_or_no(&mut self, column: &'static str) -> bool {
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

    fn fee(&mut self) -> u64 {
        const A_TRILLION: u64 = 1_000_000_000_000;
        match self.text("fee_fen").as_str() {
            "" => 0,
            text => text.parse().ok().filter(|fee| *fee <= A_TRILLION).unwrap_or_else(|| {
                self.wrong("fee_fen", format!("{text:?}: 应为以分计的整数 / expected a whole number of fen"));
                0
            }),
        }
    }

    fn steps(&mut self) -> Vec<Text> {
        let steps: Vec<String> = match self.cell("mandatory_steps").map(|cell| &cell.raw) {
            Some(Raw::List(steps)) => steps.clone(),
            Some(Raw::Text(text)) => list(text).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        steps.into_iter().map(|step| self.step("mandatory_steps", step)).collect()
    }

    /// By step code, whatever the order of the file: a limit is looked up by its step.
    fn step_limits(&mut self) -> Vec<(Text, Limit)> {
        let pairs: Vec<(String, String)> = match self.cell("step_limits").map(|cell| &cell.raw) {
            Some(Raw::Pairs(pairs)) => pairs.clone(),
            Some(Raw::Text(text)) => list(text)
                .map(|pair| pair.split_once(['=', '＝']).unwrap_or((pair, "")))
                .map(|(step, limit)| (step.trim().to_owned(), limit.trim().to_owned()))
                .collect(),
            _ => Vec::new(),
        };
        let mut limits: Vec<(Text, Limit)> = Vec::new();
        for (step, limit) in pairs {
            let step = self.step("step_limits", step);
            match limit.parse() {
                Ok(limit) if limits.iter().all(|(other, _)| *other != step) => limits.push((step, limit)),
                Ok(_) => self.wrong("step_limits", format!("环节 {step} 重复 / the step {step} is there twice")),
                Err(why) => self.wrong("step_limits", format!("环节 {step} / step {step}: {why}")),
            }
        }
        limits.sort_by(|a, b| a.0.cmp(&b.0));
        limits
    }

    /// A step code that every form can write.
    fn step(&mut self, column: &'static str, step: String) -> Text {
        if step.is_empty() || step.contains([';', '；', '=', '＝']) || step.trim() != step {
            self.wrong(
                column,
                format!("{step:?}: 环节编码不能为空，不能含 ; 和 = / a step code is not empty and has no ; and ="),
            );
        }
        step.into()
    }
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split([';', '；']).map(str::trim).filter(|part| !part.is_empty())
}
