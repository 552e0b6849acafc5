//! Who works where, and what they decide.

use std::collections::BTreeMap;

use domain::{
    Catalog, Item, Text,
    catalog::{Limit, Unit},
    event::Form,
};
use jiff::civil::Date;
use serde::Deserialize;

/// The county: its items, departments and townships.
#[derive(Debug, Clone)]
pub struct County {
    pub(crate) catalog: Catalog,
    pub(crate) region: Text,
    pub(crate) agencies: Vec<Text>,
    pub(crate) townships: Vec<Township>,
    pub(crate) departments: Vec<Department>,
    pub(crate) immediate: Offers,
    pub(crate) committed: Offers,
}

/// Items of one form, each with how often it is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Offers {
    offers: Vec<Offer>,
    /// The sum of the weights up to and including each offer.
    weights: Vec<f64>,
}

/// An item and who handles it.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub(crate) department: usize,
    /// Oldest first; never empty.
    versions: Vec<Version>,
}

/// One version of an item, ready to be lived through.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) item: Item,
    /// In the order of the work.
    pub(crate) steps: Vec<Step>,
    /// The promise in working days, whatever its unit.
    pub(crate) promise_days: f64,
}

/// A step of the work.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) code: Text,
    /// Its share of the time a case takes: that of its limit among all limits.
    pub(crate) share: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Township {
    pub(crate) code: Text,
    pub(crate) name: Text,
    pub(crate) staff: Text,
}

#[derive(Debug, Clone)]
pub(crate) struct Department {
    pub(crate) name: Text,
    pub(crate) source: Text,
    pub(crate) windows: Vec<Window>,
    pub(crate) window_staff: Vec<Text>,
    pub(crate) section_staff: Vec<Text>,
    pub(crate) chief_representative: Text,
    pub(crate) leader: Text,
    pub(crate) pace: f64,
    pub(crate) joint: bool,
    pub(crate) backlog_month: Option<i8>,
}

#[derive(Debug, Clone)]
pub(crate) struct Window {
    pub(crate) name: Text,
    pub(crate) habit: Option<Habit>,
}

/// How a window makes its figures look better than they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Habit {
    /// Works outside the system, then accepts and closes within seconds.
    ClosesAtOnce,
    /// Stops the clock shortly before it runs out.
    SuspendsNearDue,
    /// Writes things down days later.
    EntersLate,
    /// Closes everything of a week within one minute.
    ClosesInBatches,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CountyFile {
    #[allow(dead_code, reason = "for whoever reads the file")]
    name: String,
    region: Text,
    sources: Vec<Text>,
    steps: Vec<Text>,
    agencies: Vec<Text>,
    townships: Vec<Township>,
    department: Vec<DepartmentRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DepartmentRow {
    name: Text,
    busy: f64,
    pace: f64,
    #[serde(default)]
    joint: bool,
    backlog_month: Option<i8>,
    source: Option<Text>,
    windows: Vec<Text>,
    window_staff: Vec<Text>,
    section_staff: Vec<Text>,
    chief_representative: Text,
    leader: Text,
    #[serde(default)]
    habits: BTreeMap<Text, Habit>,
}

/// What is wrong with a county.
#[derive(Debug, thiserror::Error)]
pub enum CountyError {
    /// Not TOML, or not of this shape; names line and column.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// The catalogue's own mistake.
    #[error("catalogue: {0}")]
    Catalog(String),
    /// An item nobody handles.
    #[error("item {item:?}: the county has no department {department:?}")]
    NoDepartment {
        /// The item.
        item: String,
        /// The department it names.
        department: String,
    },
    /// A list that must not be empty.
    #[error("{0} must not be empty")]
    Empty(String),
    /// A value that cannot be.
    #[error("department {department:?}, {field}: {why}")]
    Department {
        /// The department.
        department: String,
        /// The field.
        field: &'static str,
        /// What is expected.
        why: String,
    },
}

/// The text of the sample county's catalogue.
const SAMPLE_CATALOG: &str = include_str!("../../../deploy/sample/catalog.toml");
const SAMPLE_COUNTY: &str = include_str!("../../../deploy/sample/county.toml");

const WORKING_HOURS_A_DAY: f64 = 6.5;
const WORKING_DAYS_A_MONTH: f64 = 21.0;
/// What an item without any promise takes.
const UNPROMISED_DAYS: f64 = 15.0;

impl County {
    /// The sample county that comes with Sundial.
    #[allow(clippy::expect_used, reason = "the texts are compiled in and read by a test")]
    pub fn sample() -> Self {
        Self::from_toml(SAMPLE_COUNTY, SAMPLE_CATALOG).expect("the sample county is valid")
    }

    /// The catalogue of the sample county, as text.
    pub fn sample_catalog() -> &'static str {
        SAMPLE_CATALOG
    }

    /// Reads a county and its catalogue.
    ///
    /// # Errors
    /// Names the place.
    pub fn from_toml(county: &str, catalog: &str) -> Result<Self, CountyError> {
        let file: CountyFile = toml::from_str(county)?;
        let catalog = Catalog::from_toml(catalog).map_err(|error| CountyError::Catalog(error.to_string()))?;
        if file.agencies.is_empty() {
            return Err(CountyError::Empty("agencies".to_owned()));
        }
        let busy: Vec<f64> = file.department.iter().map(|row| row.busy).collect();
        let departments = file.department.into_iter().map(|row| row.check(&file.sources));
        let departments = departments.collect::<Result<Vec<_>, CountyError>>()?;
        let (mut immediate, mut committed) = (Offers::default(), Offers::default());
        for newest in catalog.newest() {
            let department = departments.iter().position(|department| department.name == newest.department);
            let department = department.ok_or_else(|| CountyError::NoDepartment {
                item: newest.code.to_string(),
                department: newest.department.to_string(),
            })?;
            let versions = catalog.versions().into_iter().filter(|item| item.code == newest.code);
            let versions = versions.map(|item| Version::new(item, &file.steps)).collect();
            let offers = if newest.form == Form::Immediate { &mut immediate } else { &mut committed };
            offers.add(Offer { department, versions }, busy[department]);
        }
        for (offers, form) in [(&immediate, "immediate"), (&committed, "committed")] {
            if offers.offers.is_empty() {
                return Err(CountyError::Empty(format!("the {form} items of the catalogue")));
            }
        }
        let CountyFile { region, agencies, townships, .. } = file;
        Ok(Self { catalog, region, agencies, townships, departments, immediate, committed })
    }

    /// Its catalogue.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }
}

impl Offers {
    fn add(&mut self, offer: Offer, weight: f64) {
        let before = self.weights.last().copied().unwrap_or(0.0);
        self.offers.push(offer);
        self.weights.push(before + weight);
    }

    /// The offer at a share (0 to 1) of all weights. There is at least one, as the county checked.
    pub(crate) fn at(&self, share: f64) -> &Offer {
        let all = self.weights[self.weights.len() - 1];
        let place = self.weights.partition_point(|weight| *weight <= share * all);
        &self.offers[place.min(self.offers.len() - 1)]
    }
}

impl Offer {
    /// The version in force on a day; the oldest before that.
    pub(crate) fn version(&self, on: Date) -> &Version {
        let after = self.versions.partition_point(|version| version.item.valid_from <= on);
        &self.versions[after.saturating_sub(1)]
    }
}

impl Version {
    fn new(item: &Item, order: &[Text]) -> Self {
        let limited = item.step_limits.iter().map(|(code, limit)| (code, working_days(*limit)));
        let unlimited = item.mandatory_steps.iter().filter(|code| item.step_limit(code).is_none()).map(|code| (code, 1.0));
        let mut steps: Vec<Step> =
            limited.chain(unlimited).map(|(code, share)| Step { code: code.clone(), share: share.max(0.1) }).collect();
        // A step the county does not know comes last, by its code.
        steps.sort_by_key(|step| order.iter().position(|known| *known == step.code).unwrap_or(order.len()));
        let all: f64 = steps.iter().map(|step| step.share).sum();
        steps.iter_mut().for_each(|step| step.share /= all);
        let promise_days = item.promised_limit.stated().map_or(UNPROMISED_DAYS, working_days);
        Self { item: item.clone(), steps, promise_days }
    }
}

fn working_days(limit: Limit) -> f64 {
    let amount = f64::from(limit.amount);
    match limit.unit {
        Unit::WorkingDays => amount,
        Unit::CalendarDays => amount * 5.0 / 7.0,
        Unit::WorkingHours => amount / WORKING_HOURS_A_DAY,
        Unit::Months => amount * WORKING_DAYS_A_MONTH,
        Unit::Years => amount * WORKING_DAYS_A_MONTH * 12.0,
    }
}

impl DepartmentRow {
    fn check(self, sources: &[Text]) -> Result<Department, CountyError> {
        let wrong = |field, why: String| CountyError::Department { department: self.name.to_string(), field, why };
        for (field, list) in
            [("windows", &self.windows), ("window_staff", &self.window_staff), ("section_staff", &self.section_staff)]
        {
            if list.is_empty() {
                return Err(wrong(field, "must not be empty".to_owned()));
            }
        }
        for (field, number) in [("busy", self.busy), ("pace", self.pace)] {
            if !(number.is_finite() && number > 0.0) {
                return Err(wrong(field, format!("{number}: expected a number above 0")));
            }
        }
        if let Some(month) = self.backlog_month.filter(|month| !(1..=12).contains(month)) {
            return Err(wrong("backlog_month", format!("{month}: expected 1 to 12")));
        }
        if let Some(window) = self.habits.keys().find(|window| !self.windows.contains(window)) {
            return Err(wrong("habits", format!("{window:?} is not one of its windows")));
        }
        let source = self.source.as_ref().or(sources.first()).ok_or_else(|| CountyError::Empty("sources".to_owned()))?;
        if !sources.contains(source) {
            return Err(wrong("source", format!("{source:?} is not one of the county's sources")));
        }
        let window = |name: Text| Window { habit: self.habits.get(&name).copied(), name };
        Ok(Department {
            source: source.clone(),
            windows: self.windows.into_iter().map(window).collect(),
            name: self.name,
            window_staff: self.window_staff,
            section_staff: self.section_staff,
            chief_representative: self.chief_representative,
            leader: self.leader,
            pace: self.pace,
            joint: self.joint,
            backlog_month: self.backlog_month,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_in_a_county_names_its_place() {
        let read = |from: &str, to: &str| {
            assert!(SAMPLE_COUNTY.contains(from), "{from}");
            County::from_toml(&SAMPLE_COUNTY.replacen(from, to, 1), SAMPLE_CATALOG).unwrap_err().to_string()
        };
        assert!(read("name = \"林业局\"", "name = \"水利局\"").contains("the county has no department \"林业局\""));
        assert_eq!(read("pace = 1.35", "pace = 0.0"), "department \"自然资源和规划局\", pace: 0: expected a number above 0");
        assert!(read("backlog_month = 6", "backlog_month = 13").contains("backlog_month: 13"));
        assert!(read("source = \"tax-system\"", "source = \"nobody\"").contains("source: \"nobody\""));
        assert!(read("{ \"14号窗口B\" =", "{ \"15号窗口\" =").contains("habits: \"15号窗口\" is not one of its windows"));
        assert!(read("joint = true", "jiont = true").contains("jiont"));
    }

    #[test]
    fn steps_come_in_the_order_of_the_work_and_promises_in_working_days() {
        let county = County::sample();
        let report = county.committed.offers.iter().find(|offer| offer.versions[0].item.code == "env-eia-report").unwrap();
        let steps = &report.versions[0].steps;
        assert!(steps.iter().map(|step| step.code.as_str()).eq(["survey", "review", "countersign", "sign"]));
        // 6, 9, 5 and 4 working days.
        assert!(steps.iter().zip([0.25, 0.375, 5.0 / 24.0, 4.0 / 24.0]).all(|(step, share)| (step.share - share).abs() < 1e-9));
        let mining = county.committed.offers.iter().find(|offer| offer.versions[0].item.code == "nat-mining").unwrap();
        assert_eq!(mining.versions[0].promise_days, 21.0);
        let property = county.committed.offers.iter().find(|offer| offer.versions[0].item.code == "nat-property").unwrap();
        assert_eq!(property.version("2024-06-30".parse().unwrap()).promise_days, 5.0);
        assert_eq!(property.version("2024-07-01".parse().unwrap()).promise_days, 3.0);
        assert_eq!(property.version("1999-01-01".parse().unwrap()).promise_days, 5.0);
    }
}
