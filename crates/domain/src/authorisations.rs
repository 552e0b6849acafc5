//! Who may decide what: the authorisation table (授权清单) of a hall.
//!
//! A window that really decides has people with delegated authority. The table says which person may
//! decide which item, for how long; a decision by anybody else is a finding.

use std::{collections::HashMap, fmt};

use jiff::civil::Date;

use crate::{
    Item, Text,
    event::Role,
    remark::{Remark, fmt_lines},
    table::{Columns, Row, column, csv_rows, read_rows, read_toml},
};

const COLUMNS: Columns = Columns {
    all: &[
        column("handler", "经办人", "必填，工号 / required, a staff code"),
        column("item", "事项编码", "必填；* 为本部门全部事项 / required; * is every item of the department"),
        column("department", "部门", "事项为 * 时必填 / required where the item is *"),
        column("role", "角色", "空为不限 / empty is any"),
        column("valid_from", "生效日期", "YYYY-MM-DD"),
        column("valid_to", "截止日期", "最后一日；空为长期 / last day; empty while it lasts"),
        column("note", "备注", "仅供阅读 / for readers only"),
    ],
    needed: &["handler", "item"],
};

/// One line of the table: a person may decide an item from one day up to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorisation {
    /// The person (a staff code).
    pub handler: Text,
    /// The item's code; none (`*` in a file) for all items of the department.
    pub item: Option<Text>,
    /// The department that delegates; none where the item alone says it.
    pub department: Option<Text>,
    /// Only in this role.
    pub role: Option<Role>,
    /// First day.
    pub valid_from: Date,
    /// Last day; none while it lasts.
    pub valid_to: Option<Date>,
}

/// All of them, by person.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Authorisations {
    by_handler: HashMap<Text, Vec<Authorisation>>,
}

/// What is wrong with an authorisation table: every mistake, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorisationError(pub Vec<Remark>);

impl fmt::Display for AuthorisationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_lines(&self.0, f)
    }
}

impl std::error::Error for AuthorisationError {}

impl Authorisation {
    fn covers(&self, item: &Item, role: Option<Role>, on: Date) -> bool {
        let item_fits = self.item.as_ref().is_none_or(|code| *code == item.code);
        let department_fits = self.department.as_ref().is_none_or(|department| *department == item.department);
        // A source that does not report roles is not held against the person.
        let role_fits = self.role.is_none() || role.is_none() || self.role == role;
        item_fits && department_fits && role_fits && self.valid_from <= on && self.valid_to.is_none_or(|last| on <= last)
    }
}

impl Authorisations {
    /// The table of these lines.
    pub fn new(lines: impl IntoIterator<Item = Authorisation>) -> Self {
        let mut table = Self::default();
        for line in lines {
            table.by_handler.entry(line.handler.clone()).or_default().push(line);
        }
        table
    }

    /// Whether there is no line: then nobody can be told to act without authority.
    pub fn is_empty(&self) -> bool {
        self.by_handler.is_empty()
    }

    /// Whether `handler` may decide `item` on a day.
    pub fn allow(&self, handler: &str, item: &Item, role: Option<Role>, on: Date) -> bool {
        self.by_handler.get(handler).is_some_and(|lines| lines.iter().any(|line| line.covers(item, role, on)))
    }

    /// Every line, by person, in the order of the file.
    pub fn lines(&self) -> Vec<&Authorisation> {
        let mut lines: Vec<&Authorisation> = self.by_handler.values().flatten().collect();
        lines.sort_by(|a, b| a.handler.cmp(&b.handler));
        lines
    }

    /// Reads the table in TOML: one `[[authorisation]]` a line.
    ///
    /// ```
    /// let table = domain::Authorisations::from_toml(r#"
    ///     [[authorisation]]
    ///     handler = "env-c1"
    ///     item = "*"
    ///     department = "环境保护局"
    ///     role = "chief_representative"
    ///     valid_from = 2010-09-13
    /// "#).unwrap();
    /// assert_eq!(table.lines().len(), 1);
    /// ```
    ///
    /// # Errors
    /// Every mistake, each with its line and column.
    pub fn from_toml(text: &str) -> Result<Self, AuthorisationError> {
        let (mut lines, mut errors) = (Vec::new(), Vec::new());
        read_toml(text, &["authorisation"], &mut errors, |_, table, errors| {
            let row = table.row(COLUMNS, errors);
            lines.push(line(&row, errors));
        });
        Self::checked(lines, errors)
    }

    /// Reads the table in CSV with a header of the same columns.
    ///
    /// # Errors
    /// Every mistake, each with its row and column.
    pub fn from_csv(text: &str) -> Result<Self, AuthorisationError> {
        Self::from_rows(csv_rows(text))
    }

    /// Reads numbered rows of cells, the first of them the header.
    ///
    /// # Errors
    /// Every mistake, each with its row and column.
    pub fn from_rows(rows: impl IntoIterator<Item = (u64, Vec<String>)>) -> Result<Self, AuthorisationError> {
        let (mut lines, mut errors) = (Vec::new(), Vec::new());
        read_rows(COLUMNS, rows, &mut errors, |row, errors| lines.push(line(&row, errors)));
        Self::checked(lines, errors)
    }

    fn checked(lines: Vec<Authorisation>, errors: Vec<Remark>) -> Result<Self, AuthorisationError> {
        if errors.is_empty() { Ok(Self::new(lines)) } else { Err(AuthorisationError(errors)) }
    }
}

/// The line of a row. Every mistake on the way is told.
fn line(row: &Row, errors: &mut Vec<Remark>) -> Authorisation {
    let mut read = row.read(errors);
    let handler = read.needed("handler").into();
    let item = read.needed("item");
    let department = Some(read.text("department")).filter(|name| !name.is_empty()).map(Text::from);
    if item == "*" && department.is_none() {
        read.wrong("department", "事项为 * 时应写明部门 / must be named where the item is *");
    }
    let code = read.text("role");
    let role = Role::from_code(&code);
    if role.is_none() && !code.is_empty() {
        let codes: Vec<&str> = Role::ALL.iter().map(|role| role.code()).collect();
        let codes = codes.join(", ");
        read.wrong("role", format!("{code:?}: 应为其中之一 / expected one of {codes}"));
    }
    let valid_from = read.date("valid_from").unwrap_or(Date::MIN);
    let valid_to = read.date("valid_to");
    if valid_to.is_some_and(|last| last < valid_from) {
        read.wrong("valid_to", "早于生效日期 / lies before valid_from");
    }
    let item = Some(item).filter(|code| code != "*").map(Text::from);
    Authorisation { handler, item, department, role, valid_from, valid_to }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_and_csv_read_the_same_table_and_blank_rows_are_left_out() {
        let toml = Authorisations::from_toml(
            "[[authorisation]]\nhandler = \"c1\"\nitem = \"*\"\ndepartment = \"局\"\nvalid_from = 2018-01-01\nvalid_to = 2018-12-31\n\
             [[authorisation]]\nhandler = \"w1\"\nitem = \"a\"\nrole = \"window\"\n",
        );
        let csv = Authorisations::from_csv(
            "\u{feff}handler,item,department,role,valid_from,valid_to\nc1,*,局,,2018-01-01,2018-12-31\n,,,,,\nw1,a,,window,,\n",
        );
        assert_eq!(toml.unwrap(), csv.unwrap());
    }

    #[test]
    fn the_lines_are_listed_by_person_and_one_may_last_a_single_day() {
        let table =
            Authorisations::from_csv("handler,item,valid_from,valid_to\nw2,a,2018-01-01,2018-01-01\nw1,b,2018-01-02,\nw2,b,,\n");
        let table = table.unwrap();
        let listed: Vec<(&str, Option<&str>)> = table.lines().iter().map(|it| (&*it.handler, it.item.as_deref())).collect();
        assert_eq!(listed, [("w1", Some("b")), ("w2", Some("a")), ("w2", Some("b"))]);
    }

    #[test]
    fn every_mistake_names_row_and_column() {
        let told = |csv: &str| {
            let AuthorisationError(errors) = Authorisations::from_csv(csv).unwrap_err();
            errors.into_iter().map(|it| format!("{} {}", it.place, it.column)).collect::<Vec<_>>()
        };
        assert_eq!(
            told("经办人,事项编码,role,valid_from,valid_to\nc1,a,window,,\nw1,a,boss,,soon\n,*,,2018/2/1,2018-01-31\n"),
            ["row 3 role", "row 3 valid_to", "row 4 handler", "row 4 department", "row 4 valid_to"]
        );
        let both = Authorisations::from_csv("handler,item,valid_to\n,a,\nw1,a,soon\n").unwrap_err().to_string();
        assert!(both.starts_with("row 2, handler: ") && both.contains("\nrow 3, valid_to: "), "{both}");
        assert_eq!(told("handler,itm\nc1,a\n"), ["row 1 itm", "row 1 item"]);
        let toml = Authorisations::from_toml("[[authorisation]]\nhandler = 'c1'\nitem = 'a'\nuntil = 1\n[[party]]\n");
        let told: Vec<String> = toml.unwrap_err().0.into_iter().map(|it| format!("{} {}", it.place, it.column)).collect();
        assert_eq!(told, ["line 4 until", "line 5 "]);
    }
}
