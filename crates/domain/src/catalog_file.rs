//! Catalogues from TOML and CSV: the same columns, the same checks.

use std::{collections::BTreeMap, str::FromStr};

use jiff::civil::Date;
use serde::Deserialize;

use crate::{
    Text,
    catalog::{BottomLine, Catalog, Condition, DuplicateVersion, Item, Limit, Party, StatedLimit, Unit},
    event::Form,
    rows::{DateText, RowError, csv_rows, read_rows},
};

/// What is wrong with a catalogue.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// Not TOML, or not of this shape; names line and column.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// Not a table of these columns; names row and column.
    #[error(transparent)]
    Rows(#[from] RowError),
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

/// First day of what is valid from no stated day.
const ALWAYS: Date = Date::constant(1949, 10, 1);

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
    outside_steps: Steps,
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
    #[serde(default)]
    party: Vec<PartyFile>,
    #[serde(default)]
    bottom_line: Vec<BottomLineFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartyFile {
    name: String,
    #[serde(default)]
    service: String,
    limit: String,
    #[serde(default)]
    items: Vec<Text>,
    valid_from: Option<DateText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BottomLineFile {
    name: String,
    items: Vec<Text>,
    condition: Vec<ConditionFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConditionFile {
    code: String,
    name: String,
    #[serde(default)]
    materials: Vec<Text>,
    #[serde(default)]
    steps: Vec<Text>,
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
        let catalog = Self::new(items.collect::<Result<Vec<_>, _>>()?)?;
        let parties = file.party.into_iter().map(|party| party.check(&catalog)).collect::<Result<Vec<_>, _>>()?;
        for (number, party) in parties.iter().enumerate() {
            let is_same = |earlier: &Party| {
                (&earlier.name, earlier.valid_from) == (&party.name, party.valid_from)
                    && (earlier.items == party.items || earlier.items.iter().any(|item| party.items.contains(item)))
            };
            if parties[..number].iter().any(is_same) {
                let place = format!("party {:?}", party.name);
                return Err(CatalogError::Field { place, field: "valid_from", why: "two limits from the same day".to_owned() });
            }
        }
        let bottom_lines = file.bottom_line.into_iter().map(|line| line.check(&catalog)).collect::<Result<Vec<_>, _>>()?;
        Ok(catalog.with_parties(parties).with_bottom_lines(bottom_lines))
    }

    /// Reads a catalogue in CSV with a header of the same columns. Lists are separated by `;`.
    ///
    /// # Errors
    /// Names the row and the column.
    pub fn from_csv(text: &str) -> Result<Self, CatalogError> {
        let (header, rows) = csv_rows(text)?;
        Self::from_rows(&header, &rows)
    }

    /// Reads a catalogue from the cells of a sheet under its header.
    ///
    /// # Errors
    /// Names the row (the header is row 1) and the column.
    pub fn from_rows(header: &[String], rows: &[Vec<String>]) -> Result<Self, CatalogError> {
        let rows = read_rows::<Row>(header, rows)?.into_iter();
        let items = rows.map(|(number, row)| row.check(&format!("row {number}")));
        Ok(Self::new(items.collect::<Result<Vec<_>, _>>()?)?)
    }
}

impl PartyFile {
    fn check(self, catalog: &Catalog) -> Result<Party, CatalogError> {
        let place = format!("party {:?}", self.name);
        let wrong = |field, why| CatalogError::Field { place: place.clone(), field, why };
        if self.name.is_empty() {
            return Err(wrong("name", "must not be empty; * is every party without a limit of its own".to_owned()));
        }
        if let Some(unknown) = self.items.iter().find(|code| !catalog.has(code)) {
            return Err(wrong("items", format!("{unknown:?} is no item of this catalogue")));
        }
        let limit = self.limit.parse().map_err(|why| wrong("limit", why))?;
        let valid_from = self.valid_from.as_ref().map_or(Ok(None), DateText::read).map_err(|why| wrong("valid_from", why))?;
        Ok(Party {
            valid_from: valid_from.unwrap_or(ALWAYS),
            name: self.name.into(),
            service: self.service.into(),
            limit,
            items: self.items,
        })
    }
}

impl BottomLineFile {
    fn check(self, catalog: &Catalog) -> Result<BottomLine, CatalogError> {
        let place = format!("bottom line {:?}", self.name);
        let wrong = |field, why| CatalogError::Field { place: place.clone(), field, why };
        if self.items.is_empty() {
            return Err(wrong("items", "must name the items it holds for".to_owned()));
        }
        if let Some(unknown) = self.items.iter().find(|code| !catalog.has(code)) {
            return Err(wrong("items", format!("{unknown:?} is no item of this catalogue")));
        }
        if self.condition.is_empty() {
            return Err(wrong("condition", "there must be one at least".to_owned()));
        }
        let mut conditions: Vec<Condition> = Vec::with_capacity(self.condition.len());
        for condition in self.condition {
            if condition.code.is_empty() || conditions.iter().any(|earlier| earlier.code == condition.code) {
                return Err(wrong("condition", format!("{:?}: expected a code of its own for each", condition.code)));
            }
            conditions.push(Condition {
                code: condition.code.into(),
                name: condition.name.into(),
                materials: condition.materials,
                steps: condition.steps,
            });
        }
        Ok(BottomLine { name: self.name.into(), items: self.items, conditions })
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
            None => None,
            Some(date) => date.read().map_err(|why| wrong("valid_from", why))?,
        };
        let valid_from = valid_from.unwrap_or(ALWAYS);
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
            outside_steps: self.outside_steps.codes(),
            hall: self.hall,
            window_decides: self.window_decides,
            fee_fen: self.fee_fen,
            certificate: self.certificate.filter(|text| !text.is_empty()).map(Text::from),
            delegated_to_townships: self.delegated_to_townships,
        })
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
    fn a_cell_of_the_wrong_kind_names_row_and_column() {
        let error = Catalog::from_csv("code,name,department,form,hall\na,甲,局,committed,true\nb,乙,局,committed,perhaps\n");
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with("row 3, hall: "), "{error}");
    }

    #[test]
    fn a_party_has_the_limit_published_for_the_item_else_its_own_else_that_of_everybody() {
        let catalog = Catalog::from_toml(
            r#"
            [[item]]
            code = "b"
            name = "乙"
            department = "局"
            form = "committed"
            [[party]]
            name = "测绘公司"
            service = "地形测绘"
            limit = "10 working_days"
            [[party]]
            name = "测绘公司"
            limit = "6 working_days"
            valid_from = 2018-07-01
            [[party]]
            name = "测绘公司"
            limit = "3 working_days"
            items = ["b"]
            [[party]]
            name = "*"
            limit = "15 working_days"
            "#,
        )
        .unwrap();
        let limit = |party, item, on: &str| catalog.party_limit(party, Some(item), on.parse().unwrap()).map(|limit| limit.amount);
        assert_eq!(limit(Some("测绘公司"), "a", "2018-06-30"), Some(10));
        assert_eq!(limit(Some("测绘公司"), "a", "2018-07-01"), Some(6));
        assert_eq!(limit(Some("测绘公司"), "b", "2018-07-01"), Some(3));
        assert_eq!((limit(Some("别家"), "a", "2018-07-01"), limit(None, "a", "2018-07-01")), (Some(15), Some(15)));
        let twice = "[[party]]\nname = 'p'\nlimit = '1 working_days'\n[[party]]\nname = 'p'\nlimit = '2 working_days'\n";
        assert_eq!(Catalog::from_toml(twice).unwrap_err().to_string(), "party \"p\", valid_from: two limits from the same day");
    }

    #[test]
    fn a_bottom_line_for_an_item_that_is_not_there_is_refused() {
        let error = |rest: &str| Catalog::from_toml(&format!("[[bottom_line]]\nname = '1'\n{rest}")).unwrap_err().to_string();
        let with_item = "[[bottom_line.condition]]\ncode = 'eia'\nname = '环评'\n";
        assert_eq!(error(&format!("items = ['a']\n{with_item}")), "bottom line \"1\", items: \"a\" is no item of this catalogue");
        assert_eq!(error(&format!("items = []\n{with_item}")), "bottom line \"1\", items: must name the items it holds for");
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
