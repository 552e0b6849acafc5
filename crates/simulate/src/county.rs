//! Who works where.

use domain::{Catalog, Item};
use serde::Deserialize;

/// The county: its items, departments and townships.
#[derive(Debug, Clone)]
pub struct County {
    pub(crate) catalog: Catalog,
    pub(crate) region: String,
    pub(crate) source: String,
    pub(crate) townships: Vec<Township>,
    /// Every item with its department, by code.
    pub(crate) offers: Vec<Offer>,
}

/// An item and who handles it.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub(crate) item: Item,
    pub(crate) department: Department,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Township {
    pub(crate) code: String,
    #[allow(dead_code, reason = "for whoever reads the file")]
    name: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Department {
    pub(crate) name: String,
    pub(crate) windows: Vec<String>,
    pub(crate) window_staff: Vec<String>,
    pub(crate) section_staff: Vec<String>,
    pub(crate) chief_representative: String,
    pub(crate) pace: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CountyFile {
    #[allow(dead_code, reason = "for whoever reads the file")]
    name: String,
    region: String,
    source: String,
    townships: Vec<Township>,
    department: Vec<Department>,
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
    /// A department without people or windows.
    #[error("department {0:?} needs windows, window_staff and section_staff")]
    NobodyThere(String),
}

/// The text of the sample county's catalogue.
pub const SAMPLE_CATALOG: &str = include_str!("../../../deploy/sample/catalog.toml");

impl County {
    /// The sample county that comes with Sundial.
    #[allow(clippy::expect_used, reason = "the texts are compiled in and read by a test")]
    pub fn sample() -> Self {
        Self::from_toml(include_str!("../../../deploy/sample/county.toml"), SAMPLE_CATALOG).expect("the sample county is valid")
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
        for department in &file.department {
            if department.windows.is_empty() || department.window_staff.is_empty() || department.section_staff.is_empty() {
                return Err(CountyError::NobodyThere(department.name.clone()));
            }
        }
        let offers = catalog.newest().into_iter().map(|item| {
            let department = file.department.iter().find(|department| item.department == department.name);
            let department = department.cloned().ok_or_else(|| CountyError::NoDepartment {
                item: item.code.to_string(),
                department: item.department.to_string(),
            })?;
            Ok(Offer { item: item.clone(), department })
        });
        let offers = offers.collect::<Result<Vec<_>, CountyError>>()?;
        Ok(Self { offers, catalog, region: file.region, source: file.source, townships: file.townships })
    }

    /// Its catalogue.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }
}
