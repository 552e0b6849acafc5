//! Figures that rest on the catalogue alone: no case is needed for them (domain.md §7).
//!
//! They are computed here, not by a query: the catalogue is configuration and is in no table.

use std::collections::BTreeMap;

use crate::{Item, Limit, Text, event::Form, figures::ratio};

/// What a set of items says of itself. A ratio over nothing is none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CatalogFigures {
    /// 事项数.
    pub items: u64,
    /// 进驻事项数: items of the hall.
    pub hall_items: u64,
    /// 授权到位事项数: items of the hall that are decided at the window.
    pub window_items: u64,
    /// 即办件事项数.
    pub immediate_items: u64,
    /// 下放乡镇事项数: items delegated to townships.
    pub delegated_items: u64,
    /// 承诺未压缩事项: items whose promise is the statutory limit, or longer, in the same unit.
    pub padded_items: Vec<Text>,
    /// 进驻率: hall items / items.
    pub hall_share: Option<f64>,
    /// 授权到位率: items decided at the window / hall items.
    pub authority_share: Option<f64>,
    /// 即办率(按事项): immediate items / items.
    pub immediate_share: Option<f64>,
    /// 承诺压缩率: Σ(statutory − promised) / Σ statutory, over items that state both in one unit.
    pub promised_compression: Option<f64>,
}

impl CatalogFigures {
    /// The figures of these items, each in the version in force.
    pub fn of<'a>(items: impl IntoIterator<Item = &'a Item>) -> Self {
        let mut figures = Self::default();
        let (mut saved, mut allowed) = (0.0, 0.0);
        for item in items {
            figures.items += 1;
            figures.hall_items += u64::from(item.hall);
            figures.window_items += u64::from(item.hall && item.window_decides);
            figures.immediate_items += u64::from(item.form == Form::Immediate);
            figures.delegated_items += u64::from(item.delegated_to_townships);
            let limits = item.statutory_limit.or_default(Limit::STATUTORY).zip(item.promised_limit.stated());
            if let Some((law, promise)) = limits.filter(|(law, promise)| law.unit == promise.unit) {
                allowed += f64::from(law.amount);
                saved += f64::from(law.amount) - f64::from(promise.amount);
                if promise.amount >= law.amount {
                    figures.padded_items.push(item.code.clone());
                }
            }
        }
        figures.hall_share = ratio(figures.hall_items, figures.items);
        figures.authority_share = ratio(figures.window_items, figures.hall_items);
        figures.immediate_share = ratio(figures.immediate_items, figures.items);
        figures.promised_compression = (allowed > 0.0).then(|| saved / allowed);
        figures
    }

    /// The figures of each department's items, by department.
    pub fn by_department<'a>(items: impl IntoIterator<Item = &'a Item>) -> BTreeMap<Text, Self> {
        let mut departments: BTreeMap<Text, Vec<&Item>> = BTreeMap::new();
        for item in items {
            departments.entry(item.department.clone()).or_default().push(item);
        }
        departments.into_iter().map(|(department, items)| (department, Self::of(items))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalog;

    #[test]
    fn shares_and_compression_are_those_counted_by_hand() {
        let catalog = Catalog::from_csv(
            "code,name,department,form,statutory_limit,promised_limit,hall,window_decides,valid_from\n\
             a,甲,环保,committed,20 working_days,10 working_days,true,false,\n\
             b,乙,环保,immediate,10 working_days,1 working_days,true,true,\n\
             c,丙,公安,committed,,20 working_days,true,false,\n\
             d,丁,公安,committed,30 calendar_days,10 working_days,false,true,\n\
             e,戊,公安,committed,none,5 working_days,true,false,2030-01-01\n",
        )
        .unwrap();
        let items = catalog.in_force_on("2020-01-01".parse().unwrap());
        let figures = CatalogFigures::of(items.iter().copied());
        assert_eq!((figures.items, figures.hall_items, figures.window_items, figures.immediate_items), (4, 3, 1, 1));
        assert_eq!((figures.hall_share, figures.authority_share), (Some(0.75), Some(1.0 / 3.0)));
        // c has the law's twenty days for a limit; d has two units that do not compare.
        assert_eq!(figures.padded_items, ["c"]);
        assert_eq!(figures.promised_compression, Some((10.0 + 9.0 + 0.0) / (20.0 + 10.0 + 20.0)));
        let departments = CatalogFigures::by_department(items);
        assert_eq!(departments["公安"].hall_share, Some(0.5));
        assert_eq!(CatalogFigures::of([]), CatalogFigures::default());
    }
}
