//! Who may decide what: the authorisation table (授权清单) of a hall.
//!
//! A window that really decides has people with delegated authority. The table says which person may
//! decide which item, for how long; a decision by anybody else is a finding.

use std::collections::HashMap;

use jiff::civil::Date;
use serde::Deserialize;

use crate::{
    Item, Text,
    event::Role,
    rows::{DateText, RowError, csv_rows, read_rows},
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

/// What is wrong with an authorisation table.
#[derive(Debug, thiserror::Error)]
pub enum AuthorisationError {
    /// Not TOML, or not of this shape; names line and column.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// Not a table of these columns; names row and column.
    #[error(transparent)]
    Rows(#[from] RowError),
    /// A value that cannot be.
    #[error("{place}, {field}: {why}")]
    Field {
        /// The row: `row 3` or `authorisation 2`.
        place: String,
        /// The column.
        field: &'static str,
        /// What is expected.
        why: String,
    },
}

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
    /// Names the line, or the entry and its field.
    pub fn from_toml(text: &str) -> Result<Self, AuthorisationError> {
        let file: TomlFile = toml::from_str(text)?;
        let lines = file.authorisation.into_iter().enumerate();
        let lines = lines.map(|(index, line)| line.check(&format!("authorisation {}", index + 1)));
        Ok(Self::new(lines.collect::<Result<Vec<_>, _>>()?))
    }

    /// Reads the table in CSV with a header of the same columns.
    ///
    /// # Errors
    /// Names the row and the column.
    pub fn from_csv(text: &str) -> Result<Self, AuthorisationError> {
        let (header, rows) = csv_rows(text)?;
        Self::from_rows(&header, &rows)
    }

    /// Reads the table from the cells of a sheet under its header.
    ///
    /// # Errors
    /// Names the row (the header is row 1) and the column.
    pub fn from_rows(header: &[String], rows: &[Vec<String>]) -> Result<Self, AuthorisationError> {
        let lines = read_rows::<Line>(header, rows)?.into_iter();
        let lines = lines.map(|(number, line)| line.check(&format!("row {number}")));
        Ok(Self::new(lines.collect::<Result<Vec<_>, _>>()?))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TomlFile {
    #[serde(default)]
    authorisation: Vec<Line>,
}

/// A line as both forms write it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    handler: String,
    item: String,
    #[serde(default)]
    department: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    valid_from: Option<DateText>,
    #[serde(default)]
    valid_to: Option<DateText>,
}

impl Line {
    fn check(self, place: &str) -> Result<Authorisation, AuthorisationError> {
        let wrong = |field, why: String| AuthorisationError::Field { place: place.to_owned(), field, why };
        if self.handler.is_empty() {
            return Err(wrong("handler", "must not be empty".to_owned()));
        }
        if self.item.is_empty() {
            return Err(wrong("item", "must not be empty; * is every item of the department".to_owned()));
        }
        let item = Some(self.item).filter(|code| code != "*").map(Text::from);
        let department = Some(self.department).filter(|name| !name.is_empty()).map(Text::from);
        if item.is_none() && department.is_none() {
            return Err(wrong("department", "must be named where the item is *".to_owned()));
        }
        let role = match self.role.as_str() {
            "" => None,
            code => Some(Role::from_code(code).ok_or_else(|| {
                let codes: Vec<&str> = Role::ALL.iter().map(|role| role.code()).collect();
                wrong("role", format!("{code:?}: expected one of {}", codes.join(", ")))
            })?),
        };
        let date = |field, text: Option<&DateText>| text.map_or(Ok(None), DateText::read).map_err(|why| wrong(field, why));
        let valid_from = date("valid_from", self.valid_from.as_ref())?.unwrap_or(Date::MIN);
        let valid_to = date("valid_to", self.valid_to.as_ref())?;
        if valid_to.is_some_and(|last| last < valid_from) {
            return Err(wrong("valid_to", "lies before valid_from".to_owned()));
        }
        Ok(Authorisation { handler: self.handler.into(), item, department, role, valid_from, valid_to })
    }
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
    fn a_mistake_names_row_and_column() {
        let error = |csv: &str| Authorisations::from_csv(csv).unwrap_err().to_string();
        assert_eq!(
            error("handler,item,role\nc1,a,window\nw1,a,boss\n"),
            "row 3, role: \"boss\": expected one of window, section, chief_representative, leader, system"
        );
        assert_eq!(error("handler,item,valid_to\nc1,a,soon\n"), "row 2, valid_to: \"soon\": expected YYYY-MM-DD");
        assert_eq!(error("handler,item\nc1,*\n"), "row 2, department: must be named where the item is *");
        assert_eq!(error("handler,item\nc1,a\n,a\n"), "row 3, handler: must not be empty");
        assert!(error("handler,itm\nc1,a\n").contains("row 2"), "{}", error("handler,itm\nc1,a\n"));
        assert!(Authorisations::from_toml("[[authorisation]]\nhandler = 'c1'\nitem = 'a'\nuntil = 1\n").is_err());
    }
}
