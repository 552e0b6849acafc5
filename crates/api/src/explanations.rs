//! Why: one case day by day, and what a joint approval adds up to.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
};
use domain::{
    CaseEvents, Instant, Lang, Project, Text,
    explain::{explanation_text, project_text},
};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use utoipa::{IntoParams, ToSchema};
use wire::{ExplanationJson, ProjectJson};

use crate::{App, Problem, figures::day_or_instant};

/// As of when, and in which language.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// As of the beginning of this local day, or of this instant; now by default.
    as_of: Option<String>,
    /// Of the text: zh (by default) or en.
    lang: Option<String>,
}

impl Asked {
    fn read(&self, app: &App) -> Result<(Instant, Lang), Problem> {
        let as_of = self.as_of.as_deref().map(|text| day_or_instant("as_of", text, app)).transpose()?;
        let code = self.lang.as_deref().unwrap_or("zh");
        let lang = Lang::from_code(code).ok_or_else(|| Problem::bad_request(format!("lang={code}: expected zh or en")))?;
        Ok((as_of.unwrap_or_else(|| (app.now)()), lang))
    }
}

/// Why supervision says what it says of a case.
#[derive(Serialize, ToSchema)]
pub(crate) struct CaseExplanation {
    /// The object of `sundial explain --format json`.
    #[schema(value_type = Object)]
    explanation: Box<RawValue>,
    /// The same in words.
    text: String,
    /// How time was counted.
    variant: String,
}

/// Why: every clock of the case day by day, every card with its rule, every finding with its evidence.
#[utoipa::path(get, path = "/api/v1/cases/{case_no}/explanation",
    params(("case_no" = String, Path, description = "办件编号"), Asked),
    responses((status = 200, body = CaseExplanation), (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn explanation(
    State(app): State<App>,
    Path(case_no): Path<String>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<CaseExplanation>, Problem> {
    let (as_of, lang) = asked?.0.read(&app)?;
    let stored = app.reader.cases_with_events(&[Text::from(case_no.as_str())]).await?;
    let case = stored.first().map(|stored| app.events(stored));
    let explanation = case.and_then(|case| domain::explain(&case, &app.office.rules(), as_of));
    let explanation = explanation.ok_or_else(|| Problem::not_found(format!("there is no case {case_no:?} as of then")))?;
    let calendar = &app.office.calendar;
    Ok(Json(CaseExplanation {
        explanation: to_raw_value(&ExplanationJson::new(&explanation, calendar.zone()))?,
        text: explanation_text(&explanation, calendar, lang),
        variant: app.office.variant(),
    }))
}

/// What a joint approval adds up to.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProjectAnswer {
    /// The object of `sundial project --format json`.
    #[schema(value_type = Object)]
    project: Box<RawValue>,
    /// The same in words.
    text: String,
    /// How time was counted.
    variant: String,
}

/// A joint approval: its own clock, its critical path and what each department took.
#[utoipa::path(get, path = "/api/v1/projects/{no}", params(("no" = String, Path, description = "并联审批项目编号"), Asked),
    responses((status = 200, body = ProjectAnswer), (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn project(
    State(app): State<App>,
    Path(number): Path<String>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<ProjectAnswer>, Problem> {
    let (as_of, lang) = asked?.0.read(&app)?;
    let stored = app.reader.cases_of_project(&number).await?;
    let cases: Vec<CaseEvents> = stored.iter().map(|stored| app.events(stored)).collect();
    let project = Project::numbered(&number, &cases, &app.office.rules(), as_of);
    let project = project.map_err(|uncovered| Problem::bad_request(uncovered.to_string()))?;
    let project = project.ok_or_else(|| Problem::not_found(format!("there is no project {number:?} as of then")))?;
    let calendar = &app.office.calendar;
    Ok(Json(ProjectAnswer {
        project: to_raw_value(&ProjectJson::new(&number, &project, as_of, calendar.zone()))?,
        text: project_text(&number, &project, as_of, calendar, lang),
        variant: app.office.variant(),
    }))
}
