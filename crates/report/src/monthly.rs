//! The figures of a month.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Figures, Item};
use futures_util::future::try_join3;
use store::{GroupBy, Narrowing, Page, StoreError};

use crate::{
    CoverageAnswer, ForecastAnswer, ForecastFilter, GamingAnswer, GamingGroup, Ground, HallAnswer, HallGroup, Month,
    PartiesAnswer, RankingAnswer, SuspiciousCase, gaming::gaming_groups, hall::hall_groups,
};

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Not a month.
    #[error("{0:?} is not a month such as 2026-10")]
    NotAMonth(String),
    /// Not a table of the export.
    #[error("{0:?} is not a table of the export: expected one of {1}")]
    NotATable(String, String),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The CSV could not be written.
    #[error("CSV: {0}")]
    Csv(#[from] csv::Error),
    /// The workbook could not be written.
    #[error("XLSX: {0}")]
    Xlsx(#[from] rust_xlsxwriter::XlsxError),
    /// The JSON could not be written.
    #[error("JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// A list of cases in an export has at most so many, whatever the month, and says how many there are: so the memory of
/// an export does not grow with the month. The API lists the rest.
pub const LIST_MOST: u32 = 10_000;

/// A unit and its figures.
#[derive(Debug, Clone)]
pub struct Unit {
    /// Its name.
    pub name: String,
    /// Its figures of the month.
    pub figures: Figures,
}

/// The main figures over some of the cases.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The whole county.
    pub county: Unit,
    /// Every department with a case.
    pub departments: Vec<Unit>,
}

impl Scope {
    async fn read(ground: &Ground<'_>, month: Month, only: &Narrowing) -> Result<Self, StoreError> {
        let departments = ground.reader.figures_only(&ground.month(month, GroupBy::Department), only).await?.into_iter();
        Ok(Self {
            county: Unit { name: COUNTY.to_owned(), figures: whole(ground, month, only).await? },
            departments: departments.map(|group| Unit { name: unit_name(&group.key), figures: group.figures }).collect(),
        })
    }

    /// The county, then the departments.
    pub fn units(&self) -> impl Iterator<Item = &Unit> {
        std::iter::once(&self.county).chain(&self.departments)
    }
}

/// The export of a month.
#[derive(Debug, Clone)]
pub struct Monthly {
    /// Which month.
    pub month: Month,
    /// How time was counted, printed beside every figure.
    pub variant: String,
    /// All cases.
    pub all: Scope,
    /// The month before (环比).
    pub month_before: Figures,
    /// The same month of the year before (同比).
    pub year_before: Figures,
    /// Cases of key projects (重点项目).
    pub key_projects: Scope,
    /// Cases of the green channel (绿色通道).
    pub green_channel: Scope,
    /// Work in the hall, by department.
    pub hall: HallAnswer,
    /// Work in the hall of the whole county; none where nothing was closed.
    pub hall_county: Option<HallGroup>,
    /// Who had business.
    pub coverage: CoverageAnswer,
    /// Gaming made visible, by department.
    pub gaming: GamingAnswer,
    /// The same of the whole county; none where nothing was closed.
    pub gaming_county: Option<GamingGroup>,
    /// The suspicious cases by their closing, at most [`LIST_MOST`].
    pub suspicious: Vec<SuspiciousCase>,
    /// The items of [`GamingAnswer::padded_items`].
    pub padded: Vec<Item>,
    /// Departments ranked by their cases on time.
    pub departments_ranked: RankingAnswer,
    /// Windows ranked by their cases on time.
    pub windows_ranked: RankingAnswer,
    /// Scorecards of intermediaries.
    pub parties: PartiesAnswer,
    /// Forecasts of the cases open now, at most [`LIST_MOST`].
    pub forecast: ForecastAnswer,
    /// What items are called, by their code.
    pub item_names: BTreeMap<String, String>,
    /// What regions are called, by their code.
    pub region_names: BTreeMap<String, String>,
}

/// The name of the whole.
pub(crate) const COUNTY: &str = "全县 / County";

/// The name of a unit; cases may name none.
pub(crate) fn unit_name(key: &str) -> String {
    if key.is_empty() { "未知部门 / Unknown".to_owned() } else { key.to_owned() }
}

impl Monthly {
    /// Reads the figures of a month.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn read(ground: &Ground<'_>, month: Month) -> Result<Self, ReportError> {
        let all = ground.all_cases();
        let key_projects = Narrowing { key_project: true, ..all.clone() };
        let green_channel = Narrowing { green_channel: true, ..all.clone() };
        let (county, departments) = (ground.month(month, GroupBy::Nothing), ground.month(month, GroupBy::Department));
        let page = Page { limit: LIST_MOST, offset: 0 };
        let most_probable = ForecastFilter { limit: LIST_MOST as usize, ..ForecastFilter::default() };
        let items = ground.catalog.in_force_on(ground.catalog_day(&county));
        // A few questions at once: each has a part that only one core works on.
        let (figures, key_figures, green_figures) = try_join3(
            Scope::read(ground, month, &all),
            Scope::read(ground, month, &key_projects),
            Scope::read(ground, month, &green_channel),
        )
        .await?;
        let (month_before, year_before, forecast) = try_join3(
            whole(ground, month.plus(-1), &all),
            whole(ground, month.plus(-12), &all),
            ForecastAnswer::read(ground, &most_probable),
        )
        .await?;
        let (hall, hall_county, coverage) = try_join3(
            HallAnswer::read(ground, &departments, &all),
            hall_groups(ground, &county, &all),
            CoverageAnswer::read(ground, &county, BTreeSet::new()),
        )
        .await?;
        let (gaming, gaming_county, suspicious) = try_join3(
            GamingAnswer::read(ground, &departments, &all),
            gaming_groups(ground, &county, &all),
            SuspiciousCase::list(ground, &county, &all, "", page),
        )
        .await?;
        let (departments_ranked, windows_ranked, parties) = try_join3(
            RankingAnswer::of_month(ground, month, GroupBy::Department),
            RankingAnswer::of_month(ground, month, GroupBy::Window),
            PartiesAnswer::read(ground, &county),
        )
        .await?;
        let is_padded = |item: &Item| gaming.padded_items.iter().any(|code| *code == item.code);
        Ok(Self {
            month,
            variant: ground.variant.clone(),
            all: figures,
            month_before,
            year_before,
            key_projects: key_figures,
            green_channel: green_figures,
            hall,
            hall_county: hall_county.into_iter().next(),
            coverage,
            gaming_county: gaming_county.into_iter().next(),
            suspicious,
            padded: items.into_iter().filter(|item| is_padded(item)).cloned().collect(),
            gaming,
            departments_ranked,
            windows_ranked,
            parties,
            forecast,
            region_names: ground.catalog.regions().iter().map(|it| (it.code.to_string(), it.name.to_string())).collect(),
            item_names: ground.catalog.newest().iter().map(|it| (it.code.to_string(), it.name.to_string())).collect(),
        })
    }

    /// How many rows the list of suspicious cases would have without its bound.
    pub(crate) fn suspicious_in_all(&self) -> u64 {
        self.gaming_county.as_ref().map_or(0, |county| county.kinds.values().sum())
    }
}

async fn whole(ground: &Ground<'_>, month: Month, only: &Narrowing) -> Result<Figures, StoreError> {
    let groups = ground.reader.figures_only(&ground.month(month, GroupBy::Nothing), only).await?;
    Ok(groups.into_iter().next().map(|group| group.figures).unwrap_or_default())
}
