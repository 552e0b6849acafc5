//! The API: cases, figures, cards and monthly exports over HTTP.
//!
//! `/openapi.json` describes it, made from the very handlers. Errors are problem details (RFC 9457).

mod cases;
mod explanations;
mod figures;
mod forecast;
mod gaming;
mod hall;
mod lists;
mod problem;
mod public;
mod ranking;

use std::sync::Arc;

use axum::{Json, Router, routing::get};
use domain::{Calendar, CaseEvents, Catalog, FigureSettings, Instant, Profile, Rules};
use report::Ground;
use store::{Reader, StoredEvents};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};
use wire::CodeMaps;

pub use problem::Problem;

/// The rules cases are assessed by.
#[derive(Debug, Clone)]
pub struct Office {
    /// The items.
    pub catalog: Catalog,
    /// The working days.
    pub calendar: Calendar,
    /// Counting and cards.
    pub profile: Profile,
    /// What the codes of each source mean.
    pub codes: CodeMaps,
    /// What figures are judged by.
    pub settings: FigureSettings,
}

impl Office {
    fn rules(&self) -> Rules<'_> {
        Rules { catalog: &self.catalog, calendar: &self.calendar, profile: &self.profile }
    }

    /// How time is counted, said beside every figure.
    fn variant(&self) -> String {
        format!(
            "{}, {}, {} ({})",
            self.profile.name,
            self.profile.counting.code(),
            self.profile.suspension.code(),
            self.calendar.name()
        )
    }
}

/// What every handler works with.
#[derive(Clone)]
struct App {
    reader: Reader,
    office: Arc<Office>,
    now: fn() -> Instant,
}

impl App {
    /// The events of a stored case. One that cannot be read any more is left out and logged.
    fn events(&self, stored: &StoredEvents) -> CaseEvents {
        wire::decode_stored(&stored.payloads, &self.office.codes, |reason| {
            tracing::error!(case_no = %stored.case_no, %reason, "a stored event cannot be read any more");
        })
    }

    /// The time zone of the calendar, as the store knows it.
    fn zone_name(&self) -> String {
        self.office.calendar.zone().iana_name().unwrap_or("UTC").to_owned()
    }

    /// What figures rest on.
    fn ground(&self) -> Ground<'_> {
        Ground {
            reader: &self.reader,
            catalog: &self.office.catalog,
            calendar: &self.office.calendar,
            settings: &self.office.settings,
            variant: self.office.variant(),
            now: (self.now)(),
        }
    }
}

#[derive(OpenApi)]
#[openapi(info(
    title = "Sundial 日晷",
    description = "Electronic efficiency supervision for approval halls / 行政审批电子效能监察"
))]
struct Description;

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(public::items))
        .routes(routes!(public::item))
        .routes(routes!(public::status))
        .routes(routes!(cases::case))
        .routes(routes!(explanations::explanation))
        .routes(routes!(explanations::project))
        .routes(routes!(lists::cases))
        .routes(routes!(lists::cards))
        .routes(routes!(figures::figures))
        .routes(routes!(hall::hall))
        .routes(routes!(hall::coverage))
        .routes(routes!(gaming::gaming))
        .routes(routes!(gaming::suspicious))
        .routes(routes!(ranking::ranking))
        .routes(routes!(ranking::parties))
        .routes(routes!(forecast::forecast))
        .routes(routes!(figures::monthly))
}

/// The routes of the API over a store; `now` is the clock.
pub fn router(reader: Reader, office: Office, now: fn() -> Instant) -> Router {
    let (router, openapi) = routes().split_for_parts();
    router
        .route("/openapi.json", get(move || async move { Json(openapi) }))
        .fallback(|| async { Problem::not_found("there is no such resource") })
        .with_state(App { reader, office: Arc::new(office), now })
}

/// The OpenAPI document, as served.
pub fn openapi() -> String {
    let (_, openapi) = routes().split_for_parts();
    openapi.to_pretty_json().unwrap_or_default()
}
