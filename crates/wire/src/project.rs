//! A project as `sundial project` and the API tell it.

use domain::{Instant, Project};
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::{assessment::LimitJson, rounded, rounded_option};

/// The JSON object of a project (joint approval). Days are working days.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are those of domain::Project")]
pub struct ProjectJson<'a> {
    pub project: &'a str,
    pub as_of: String,
    pub started_at: String,
    pub ended_at: Option<String>,
    pub cases: usize,
    pub open: usize,
    #[serde(serialize_with = "rounded")]
    pub elapsed_days: f64,
    pub limit: LimitJson,
    #[serde(serialize_with = "rounded")]
    pub span_days: f64,
    #[serde(serialize_with = "rounded")]
    pub sum_days: f64,
    #[serde(serialize_with = "rounded_option")]
    pub parallelism: Option<f64>,
    pub critical_path: Vec<PathCaseJson<'a>>,
    pub departments: Vec<DepartmentShareJson<'a>>,
}

/// A case on the critical path.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are those of domain::project::PathCase")]
pub struct PathCaseJson<'a> {
    pub case_no: &'a str,
    pub department: Option<&'a str>,
    pub accepted_at: String,
    pub ended_at: Option<String>,
    #[serde(serialize_with = "rounded")]
    pub waited_days: f64,
    #[serde(serialize_with = "rounded")]
    pub days: f64,
}

/// What a department took.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are those of domain::project::DepartmentShare")]
pub struct DepartmentShareJson<'a> {
    pub department: Option<&'a str>,
    pub cases: usize,
    #[serde(serialize_with = "rounded")]
    pub days: f64,
    #[serde(serialize_with = "rounded_option")]
    pub share: Option<f64>,
}

impl<'a> ProjectJson<'a> {
    /// The JSON object of a project.
    pub fn new(number: &'a str, it: &'a Project, as_of: Instant, zone: &TimeZone) -> Self {
        let time = |at: Option<Instant>| at.map(|at| at.display_in(zone));
        let path = it.critical_path.iter().map(|case| PathCaseJson {
            case_no: &case.case_no,
            department: case.department.as_deref(),
            accepted_at: case.accepted_at.display_in(zone),
            ended_at: time(case.ended_at),
            waited_days: case.waited_days,
            days: case.days,
        });
        let departments = it.departments.iter().map(|share| DepartmentShareJson {
            department: share.department.as_deref(),
            cases: share.cases,
            days: share.days,
            share: share.share,
        });
        Self {
            project: number,
            as_of: as_of.display_in(zone),
            started_at: it.started_at.display_in(zone),
            ended_at: time(it.ended_at),
            cases: it.cases,
            open: it.open,
            elapsed_days: it.limit.elapsed_days,
            limit: LimitJson::new(&it.limit, zone),
            span_days: it.span_days,
            sum_days: it.sum_days,
            parallelism: it.parallelism,
            critical_path: path.collect(),
            departments: departments.collect(),
        }
    }

    /// The object as text.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}
