//! Catalogues from TOML and CSV: the same columns, the same checks.

use std::{collections::BTreeMap, str::FromStr};

use jiff::civil::Date;
use serde::Deserialize;

use crate::{
    Text,
    catalog::{Catalog, DuplicateVersion, Item, Limit, StatedLimit, Unit},
    event::Form,
};

/// What is wrong with a catalogue.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// Not TOML, or not of this shape; names line and column.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// Not CSV; names the line.
    #[error("{0}")]
    Csv(#[from] csv::Error),
    /// A value that cannot be.
    #[error("{place}, {field}: {why}")]
    Field {
        /// The row: `row 3` or `item "env-eia-report"`.
        place: String,
        /// The column.
        field: &'static str,
        /// What is expected.
        why: String,
    },
    /// Two rows for one version.
    #[error(transparent)]
    Duplicate(#[from] DuplicateVersion),
}

/// A row as both forms write it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    code: String,
    name: String,
    #[serde(rename = "type", default)]
    item_type: String,
    department: String,
    form: String,
    #[serde(default)]
    valid_from: Option<DateText>,
    #[serde(default)]
    statutory_limit: Option<String>,
    #[serde(default)]
    promised_limit: Option<String>,
    #[serde(default)]
    delivery_limit: Option<String>,
    #[serde(default)]
    step_limits: StepLimits,
    #[serde(default)]
    mandatory_steps: Steps,
    #[serde(default)]
    hall: bool,
    #[serde(default)]
    window_decides: bool,
    #[serde(default)]
    fee_fen: Option<u64>,
    #[serde(default)]
    certificate: Option<String>,
    #[serde(default)]
    delegated_to_townships: bool,
}

/// A TOML date, or its text in CSV.
#[derive(Deserialize)]
#[serde(untagged)]
enum DateText {
    Toml(toml::value::Datetime),
    Text(String),
}

/// A TOML table, or `review=5 working_days;decide=1 working_days` in CSV.
#[derive(Deserialize)]
#[serde(untagged)]
enum StepLimits {
    Table(BTreeMap<String, String>),
    Text(String),
}

impl Default for StepLimits {
    fn default() -> Self {
        Self::Table(BTreeMap::new())
    }
}

/// A TOML array, or `review;decide` in CSV.
#[derive(Deserialize)]
#[serde(untagged)]
enum Steps {
    List(Vec<String>),
    Text(String),
}

impl Default for Steps {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TomlFile {
    #[serde(default)]
    item: Vec<Row>,
}

impl Catalog {
    /// Reads a catalogue in TOML: one `[[item]]` table a version.
    ///
    /// # Errors
    /// Names the line, or the item and the field.
    ///
    /// ```
    /// let catalog = domain::Catalog::from_toml(r#"
    ///     [[item]]
    ///     code = "env-eia-report"
    ///     name = "建设项目环境影响报告书审批"
    ///     type = "01"
    ///     department = "环境保护局"
    ///     form = "committed"
    ///     valid_from = 2010-09-13
    ///     statutory_limit = "60 working_days"
    ///     promised_limit = "20 working_days"
    ///     [item.step_limits]
    ///     review = "5 working_days"
    /// "#).unwrap();
    /// assert!(catalog.in_force("env-eia-report", "2018-10-15".parse().unwrap()).is_some());
    /// assert!(catalog.in_force("env-eia-report", "2010-09-12".parse().unwrap()).is_none());
    /// ```
    pub fn from_toml(text: &str) -> Result<Self, CatalogError> {
        let file: TomlFile = toml::from_str(text)?;
        let items = file.item.into_iter().map(|row| {
            let place = format!("item {:?}", row.code);
            row.check(&place)
        });
        Ok(Self::new(items.collect::<Result<Vec<_>, _>>()?)?)
    }

    /// Reads a catalogue in CSV with a header of the same columns. Lists are separated by `;`.
    ///
    /// # Errors
    /// Names the row and the column.
    pub fn from_csv(text: &str) -> Result<Self, CatalogError> {
        let mut reader =
            csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let items = reader.deserialize::<Row>().enumerate().map(|(index, row)| row?.check(&format!("row {}", index + 2)));
        Ok(Self::new(items.collect::<Result<Vec<_>, _>>()?)?)
    }
}

impl Row {
    fn check(self, place: &str) -> Result<Item, CatalogError> {
        let wrong = |field, why: String| CatalogError::Field { place: place.to_owned(), field, why };
        for (field, value) in [("code", &self.code), ("name", &self.name), ("department", &self.department)] {
            if value.is_empty() {
                return Err(wrong(field, "must not be empty".to_owned()));
            }
        }
        if self.code.len() > 64 {
            return Err(wrong("code", "longer than 64 bytes".to_owned()));
        }
        let form = Form::from_code(&self.form)
            .ok_or_else(|| wrong("form", format!("{:?}: expected immediate or committed", self.form)))?;
        let limit = |field, text: Option<&String>| stated_limit(text).map_err(|why| wrong(field, why));
        let statutory_limit = limit("statutory_limit", self.statutory_limit.as_ref())?;
        let promised_limit = limit("promised_limit", self.promised_limit.as_ref())?;
        let delivery_limit = limit("delivery_limit", self.delivery_limit.as_ref())?;
        let valid_from = match &self.valid_from {
            None => Date::constant(1949, 10, 1),
            Some(date) => date.read().map_err(|why| wrong("valid_from", why))?,
        };
        let step_limits = self.step_limits.pairs().map_err(|why| wrong("step_limits", why))?;
        Ok(Item {
            code: self.code.into(),
            name: self.name.into(),
            item_type: self.item_type.into(),
            department: self.department.into(),
            form,
            valid_from,
            statutory_limit,
            promised_limit,
            delivery_limit,
            step_limits,
            mandatory_steps: self.mandatory_steps.codes(),
            hall: self.hall,
            window_decides: self.window_decides,
            fee_fen: self.fee_fen.unwrap_or(0),
            certificate: self.certificate.filter(|text| !text.is_empty()).map(Text::from),
            delegated_to_townships: self.delegated_to_townships,
        })
    }
}

impl DateText {
    fn read(&self) -> Result<Date, String> {
        let text = match self {
            DateText::Toml(date) => date.to_string(),
            DateText::Text(text) => text.clone(),
        };
        if text.is_empty() {
            return Ok(Date::constant(1949, 10, 1));
        }
        text.parse().map_err(|_| format!("{text:?}: expected YYYY-MM-DD"))
    }
}

impl StepLimits {
    fn pairs(self) -> Result<Vec<(Text, Limit)>, String> {
        let pairs: Vec<(String, String)> = match self {
            StepLimits::Table(table) => table.into_iter().collect(),
            StepLimits::Text(text) => list(&text)
                .map(|pair| match pair.split_once('=') {
                    Some((step, limit)) => Ok((step.trim().to_owned(), limit.trim().to_owned())),
                    None => Err(format!("{pair:?}: expected STEP=LIMIT;STEP=LIMIT")),
                })
                .collect::<Result<_, _>>()?,
        };
        pairs.into_iter().map(|(step, limit)| Ok((step.into(), limit.parse()?))).collect()
    }
}

impl Steps {
    fn codes(self) -> Vec<Text> {
        match self {
            Steps::List(steps) => steps.into_iter().map(Text::from).collect(),
            Steps::Text(text) => list(&text).map(Text::from).collect(),
        }
    }
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(';').map(str::trim).filter(|part| !part.is_empty())
}

fn stated_limit(text: Option<&String>) -> Result<StatedLimit, String> {
    match text.map(|text| text.trim()) {
        None | Some("") => Ok(StatedLimit::Unstated),
        Some("none") => Ok(StatedLimit::None),
        Some(limit) => Ok(StatedLimit::Of(limit.parse()?)),
    }
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            format!(
                "{text:?}: expected a number and one of working_days, calendar_days, working_hours, months, years; or \"none\""
            )
        };
        let (amount, unit) = text.trim().split_once(' ').ok_or_else(expected)?;
        let amount = amount.parse().ok().filter(|amount| *amount <= 36_500).ok_or_else(expected)?;
        let unit = Unit::from_code(unit.trim()).ok_or_else(expected)?;
        Ok(Limit { amount, unit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_and_csv_read_the_same_catalogue() {
        let toml = Catalog::from_toml(
            r#"
            [[item]]
            code = "a"
            name = "甲"
            type = "01"
            department = "环境保护局"
            form = "committed"
            valid_from = 2010-09-13
            statutory_limit = "60 working_days"
            promised_limit = "none"
            hall = true
            fee_fen = 100
            mandatory_steps = ["review", "decide"]
            step_limits = { review = "5 working_days" }
            "#,
        )
        .unwrap();
        let csv = Catalog::from_csv(
            "code,name,type,department,form,valid_from,statutory_limit,promised_limit,hall,fee_fen,mandatory_steps,step_limits\n\
             a,甲,01,环境保护局,committed,2010-09-13,60 working_days,none,true,100,review; decide,review=5 working_days\n",
        )
        .unwrap();
        assert_eq!(toml, csv);
    }

    #[test]
    fn a_mistake_names_row_and_column() {
        let error = Catalog::from_csv("code,name,department,form,promised_limit\na,甲,局,committed,7 days\n").unwrap_err();
        assert!(error.to_string().starts_with(r#"row 2, promised_limit: "7 days": expected"#), "{error}");
    }

    #[test]
    fn a_case_keeps_the_version_in_force_when_it_was_accepted() {
        let catalog = Catalog::from_csv(
            "code,name,department,form,valid_from,promised_limit\n\
             a,甲,局,committed,2017-01-01,9 working_days\n\
             a,甲,局,committed,2018-01-01,7 working_days\n",
        )
        .unwrap();
        let on = |date: &str| catalog.in_force("a", date.parse().unwrap()).and_then(|item| item.promised_limit.stated());
        assert_eq!(on("2016-12-31"), None);
        assert_eq!(on("2017-12-31"), Some(Limit::working_days(9)));
        assert_eq!(on("2018-01-01"), Some(Limit::working_days(7)));
    }
}
