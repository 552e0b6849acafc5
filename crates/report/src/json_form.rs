//! The month as JSON: the figures of `sundial assess` for every unit, and the answers of the API.

use serde::Serialize;
use wire::FiguresJson;

use crate::{
    CoverageAnswer, ForecastAnswer, GamingAnswer, GamingGroup, HallAnswer, HallGroup, Monthly, PartiesAnswer, RankingAnswer,
    ReportError, Scope, SuspiciousCase,
};

#[derive(Serialize)]
struct UnitJson<'a> {
    name: &'a str,
    figures: FiguresJson,
}

#[derive(Serialize)]
struct ScopeJson<'a> {
    county: FiguresJson,
    departments: Vec<UnitJson<'a>>,
}

impl<'a> From<&'a Scope> for ScopeJson<'a> {
    fn from(scope: &'a Scope) -> Self {
        let units = scope.departments.iter().map(|unit| UnitJson { name: &unit.name, figures: (&unit.figures).into() });
        Self { county: (&scope.county.figures).into(), departments: units.collect() }
    }
}

/// The answer of `/api/v1/hall?group_by=department`, and the county.
#[derive(Serialize)]
struct HallJson<'a> {
    county: Option<&'a HallGroup>,
    #[serde(flatten)]
    by_department: &'a HallAnswer,
}

/// The answer of `/api/v1/gaming?group_by=department`, the county and the list.
#[derive(Serialize)]
struct GamingJson<'a> {
    county: Option<&'a GamingGroup>,
    #[serde(flatten)]
    by_department: &'a GamingAnswer,
    /// Rows of the whole list; `cases` has the first of them.
    cases_in_all: u64,
    cases: &'a [SuspiciousCase],
}

#[derive(Serialize)]
struct RankingsJson<'a> {
    departments: &'a RankingAnswer,
    windows: &'a RankingAnswer,
}

#[derive(Serialize)]
struct MonthlyJson<'a> {
    month: String,
    variant: &'a str,
    #[serde(flatten)]
    all: ScopeJson<'a>,
    month_before: FiguresJson,
    year_before: FiguresJson,
    key_projects: ScopeJson<'a>,
    green_channel: ScopeJson<'a>,
    hall: HallJson<'a>,
    coverage: &'a CoverageAnswer,
    gaming: GamingJson<'a>,
    ranking: RankingsJson<'a>,
    parties: &'a PartiesAnswer,
    forecast: &'a ForecastAnswer,
}

impl Monthly {
    /// As JSON.
    ///
    /// # Errors
    /// It could not be written.
    pub fn json(&self) -> Result<Vec<u8>, ReportError> {
        Ok(serde_json::to_vec(&MonthlyJson {
            month: self.month.to_string(),
            variant: &self.variant,
            all: (&self.all).into(),
            month_before: (&self.month_before).into(),
            year_before: (&self.year_before).into(),
            key_projects: (&self.key_projects).into(),
            green_channel: (&self.green_channel).into(),
            hall: HallJson { county: self.hall_county.as_ref(), by_department: &self.hall },
            coverage: &self.coverage,
            gaming: GamingJson {
                county: self.gaming_county.as_ref(),
                by_department: &self.gaming,
                cases_in_all: self.suspicious_in_all(),
                cases: &self.suspicious,
            },
            ranking: RankingsJson { departments: &self.departments_ranked, windows: &self.windows_ranked },
            parties: &self.parties,
            forecast: &self.forecast,
        })?)
    }
}
