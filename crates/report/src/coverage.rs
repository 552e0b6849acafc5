//! Coverage (业务覆盖): who had business, and who had none.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use store::{FigureQuery, Narrowing, StoreError};
use utoipa::ToSchema;

use crate::Ground;

/// Business of a department or a region.
#[derive(Debug, Clone, Serialize, ToSchema, Default)]
#[allow(missing_docs, reason = "named as in docs/figures.md")]
pub struct Business {
    /// The department or the region; empty where cases name none.
    pub key: String,
    /// Cases received.
    pub received: u64,
    /// Cases closed.
    pub closed: u64,
}

/// Who had business, and who had none.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[allow(missing_docs, reason = "named as in docs/figures.md")]
pub struct CoverageAnswer {
    pub from: String,
    pub to: String,
    /// The day of the catalogue.
    pub catalog_of: String,
    pub departments: Vec<Business>,
    /// 无业务部门: departments of the catalogue without a case.
    pub departments_without: Vec<String>,
    pub regions: Vec<Business>,
    /// Regions that should have business (`[[region]]` of the catalogue, or those asked for) without a case.
    pub regions_without: Vec<String>,
}

impl CoverageAnswer {
    /// Which departments of the catalogue and which regions had business in a period, and which of `regions` had none;
    /// of the regions of the catalogue where none are given.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn read(ground: &Ground<'_>, query: &FigureQuery, regions: BTreeSet<String>) -> Result<Self, StoreError> {
        let day = ground.catalog_day(query);
        let (mut departments, mut had_business) = (BTreeMap::new(), BTreeMap::new());
        for row in ground.reader.coverage(query, &Narrowing::default()).await? {
            for (key, by) in [(row.department, &mut departments), (row.region, &mut had_business)] {
                let business: &mut Business = by.entry(key).or_default();
                business.received += row.received;
                business.closed += row.closed;
            }
        }
        let regions = match regions.is_empty() {
            true => ground.catalog.regions().iter().map(|region| region.code.to_string()).collect(),
            false => regions,
        };
        let expected = ground.catalog.in_force_on(day).iter().map(|item| item.department.to_string()).collect();
        let (from, to) = ground.bounds(query);
        Ok(Self {
            from,
            to,
            catalog_of: day.to_string(),
            departments_without: without(expected, &departments),
            regions_without: without(regions, &had_business),
            departments: listed(departments),
            regions: listed(had_business),
        })
    }
}

fn without(expected: BTreeSet<String>, had: &BTreeMap<String, Business>) -> Vec<String> {
    expected.into_iter().filter(|key| !had.contains_key(key)).collect()
}

fn listed(by: BTreeMap<String, Business>) -> Vec<Business> {
    by.into_iter().map(|(key, business)| Business { key, ..business }).collect()
}
