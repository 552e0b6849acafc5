//! What two catalogues differ in, version by version; and a catalogue brought up to date by another.

use jiff::civil::Date;

use crate::{
    Text,
    catalog::{Catalog, DuplicateVersion, Item},
    catalog_file::{PUBLIC_COLUMNS, cells_of},
};

/// One version of an item that is not the same in both.
#[derive(Debug, Clone, PartialEq)]
pub enum VersionChange {
    /// Only the new one has it. With the version it follows, where the item has an earlier one.
    Added {
        /// The version.
        item: Box<Item>,
        /// The one it takes the place of from its day on.
        after: Option<Box<Item>>,
    },
    /// Only the old one has it.
    Removed(Box<Item>),
    /// Both have a version from this day, and they say different things.
    Changed {
        /// What it said.
        old: Box<Item>,
        /// What it says.
        new: Box<Item>,
    },
}

impl VersionChange {
    /// The version as the new one has it, or as the old one had it.
    pub fn item(&self) -> &Item {
        match self {
            VersionChange::Added { item, .. } | VersionChange::Removed(item) | VersionChange::Changed { new: item, .. } => item,
        }
    }

    /// The columns that say something else than before: name, old and new text.
    pub fn columns(&self) -> Vec<(&'static str, String, String)> {
        match self {
            VersionChange::Added { item, after: Some(before) } => columns(before, item),
            VersionChange::Changed { old, new } => columns(old, new),
            VersionChange::Added { after: None, .. } | VersionChange::Removed(_) => Vec::new(),
        }
    }

    /// Whether cases that were accepted before `today` may be judged by other rules from now on: a version of an
    /// item that was known is changed, taken away or put in on a day that has begun. What only the public is told is
    /// no rule.
    pub fn is_retroactive(&self, today: Date) -> bool {
        let judges = match self {
            VersionChange::Removed(_) => true,
            // The first version of an item has nothing that was otherwise before.
            _ => self.columns().iter().any(|(column, ..)| !PUBLIC_COLUMNS.contains(column)),
        };
        judges && self.item().valid_from <= today
    }
}

/// A published limit of an intermediary, a bottom line or a region that is not the same in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BesideChange {
    /// The table it stands in: `party`, `bottom_line` or `region`.
    pub table: &'static str,
    /// Its name; the code of a region.
    pub name: Text,
    /// The first day on which a published limit is in force; a bottom line holds on every day.
    pub valid_from: Option<Date>,
    /// Whether it is in the new one, perhaps saying something else; not so where only the old one has it.
    pub is_in_new: bool,
    /// Whether it is in the old one.
    pub is_in_old: bool,
}

impl BesideChange {
    /// Whether cases may be judged otherwise on a day that has begun. By regions no case is judged.
    pub fn is_retroactive(&self, today: Date) -> bool {
        self.table != "region" && self.valid_from.is_none_or(|from| from <= today)
    }
}

fn columns(old: &Item, new: &Item) -> Vec<(&'static str, String, String)> {
    let pairs = cells_of(old).into_iter().zip(cells_of(new));
    let differ = pairs.filter(|((column, old), (_, new))| *column != "valid_from" && old != new);
    differ.map(|((column, old), (_, new))| (column, old, new)).collect()
}

impl Catalog {
    /// What differs in `new`, by item code and day.
    pub fn changes_to(&self, new: &Catalog) -> Vec<VersionChange> {
        let mut changes: Vec<VersionChange> = Vec::new();
        for item in new.versions() {
            match self.version(&item.code, item.valid_from) {
                Some(old) if old == item => {}
                Some(old) => changes.push(VersionChange::Changed { old: Box::new(old.clone()), new: Box::new(item.clone()) }),
                None => {
                    // What was in force before, also in the old catalogue: a merge may bring the new version only.
                    let before = |catalog: &Self| catalog.in_force(&item.code, item.valid_from.yesterday().ok()?).cloned();
                    let after = before(new).or_else(|| before(self)).map(Box::new);
                    changes.push(VersionChange::Added { item: Box::new(item.clone()), after });
                }
            }
        }
        let removed = self.versions().into_iter().filter(|old| new.version(&old.code, old.valid_from).is_none());
        changes.extend(removed.map(|old| VersionChange::Removed(Box::new(old.clone()))));
        changes.sort_by(|a, b| (&a.item().code, a.item().valid_from).cmp(&(&b.item().code, b.item().valid_from)));
        changes
    }

    /// What differs in `new` beside the items: published limits, then bottom lines, then regions.
    pub fn changes_beside(&self, new: &Catalog) -> Vec<BesideChange> {
        let mut changes = Vec::new();
        let of = |table, name: &Text, valid_from, is_in_old, is_in_new| BesideChange {
            table,
            name: name.clone(),
            valid_from,
            is_in_new,
            is_in_old,
        };
        for party in new.parties().iter().filter(|party| !self.parties().contains(party)) {
            let is_in_old = self.parties().iter().any(|old| old.is_replaced_by(party));
            changes.push(of("party", &party.name, Some(party.valid_from), is_in_old, true));
        }
        let removed = self.parties().iter().filter(|old| !new.parties().iter().any(|it| it == *old || old.is_replaced_by(it)));
        changes.extend(removed.map(|old| of("party", &old.name, Some(old.valid_from), true, false)));
        for line in new.bottom_lines().iter().filter(|line| !self.bottom_lines().contains(line)) {
            let is_in_old = self.bottom_lines().iter().any(|old| old.name == line.name);
            changes.push(of("bottom_line", &line.name, None, is_in_old, true));
        }
        let removed = self.bottom_lines().iter().filter(|old| !new.bottom_lines().iter().any(|it| it.name == old.name));
        changes.extend(removed.map(|old| of("bottom_line", &old.name, None, true, false)));
        for region in new.regions().iter().filter(|region| !self.regions().contains(region)) {
            let is_in_old = self.regions().iter().any(|old| old.code == region.code);
            changes.push(of("region", &region.code, None, is_in_old, true));
        }
        let removed = self.regions().iter().filter(|old| !new.regions().iter().any(|it| it.code == old.code));
        changes.extend(removed.map(|old| of("region", &old.code, None, true, false)));
        changes
    }

    /// This catalogue with every version of `newer` put in, in the place of one from the same day; so with published
    /// limits, bottom lines by their name and regions by their code. Nothing is taken away: what `newer` does not name stays as it is.
    ///
    /// # Errors
    /// Never in truth: of two versions from one day only the newer one is taken.
    pub fn updated_by(&self, newer: &Catalog) -> Result<Catalog, DuplicateVersion> {
        let kept = self.versions().into_iter().filter(|old| newer.version(&old.code, old.valid_from).is_none());
        let updated = Catalog::new(kept.chain(newer.versions()).cloned())?;
        let kept = self.parties().iter().filter(|old| !newer.parties().iter().any(|it| old.is_replaced_by(it)));
        let parties = kept.chain(newer.parties()).cloned().collect();
        let kept = self.bottom_lines().iter().filter(|old| !newer.bottom_lines().iter().any(|it| it.name == old.name));
        let bottom_lines = kept.chain(newer.bottom_lines()).cloned().collect();
        let kept = self.regions().iter().filter(|old| !newer.regions().iter().any(|it| it.code == old.code));
        let regions = kept.chain(newer.regions()).cloned().collect();
        let authorisations = if newer.authorisations().is_empty() { self.authorisations() } else { newer.authorisations() };
        let updated = updated.with_parties(parties).with_bottom_lines(bottom_lines).with_regions(regions);
        Ok(updated.with_authorisations(authorisations.clone()))
    }

    /// The version of an item that begins on this very day.
    pub fn version(&self, code: &str, valid_from: Date) -> Option<&Item> {
        self.in_force(code, valid_from).filter(|item| item.valid_from == valid_from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog(rows: &str) -> Catalog {
        Catalog::from_csv(&format!("code,name,department,form,valid_from,promised_limit\n{rows}")).unwrap()
    }

    #[test]
    fn what_only_the_public_is_told_judges_no_case_that_was_accepted() {
        let posted = |rest: &str| {
            Catalog::from_csv(&format!(
                "code,name,department,form,valid_from,promised_limit,materials\na,甲,局,committed,2017-01-01,{rest}\n"
            ))
            .unwrap()
        };
        let old = posted("9 working_days,申请表");
        let is_retroactive = |new: &Catalog| old.changes_to(new)[0].is_retroactive("2018-01-01".parse().unwrap());
        assert!(!is_retroactive(&posted("9 working_days,申请表;图纸")));
        assert!(is_retroactive(&posted("7 working_days,申请表;图纸")));
    }

    #[test]
    fn a_diff_tells_what_was_added_removed_and_changed_by_version() {
        let old = catalog("a,甲,局,committed,2017-01-01,9 working_days\nb,乙,局,committed,2017-01-01,5 working_days\n");
        let new = catalog(
            "a,甲,局,committed,2017-01-01,9 working_days\na,甲,局,committed,2019-01-01,7 working_days\n\
             c,丙,局,committed,2019-01-01,3 working_days\n",
        );
        let changes = old.changes_to(&new);
        let told: Vec<&str> = changes.iter().map(|change| change.item().code.as_str()).collect();
        assert_eq!(told, ["a", "b", "c"]);
        assert_eq!(changes[0].columns(), [("promised_limit", "9 working_days".to_owned(), "7 working_days".to_owned())]);
        assert!(matches!(changes[1], VersionChange::Removed(_)));
        assert!(matches!(changes[2], VersionChange::Added { after: None, .. }));
        assert_eq!(old.changes_to(&old), []);
    }

    #[test]
    fn an_update_takes_nothing_away_and_knows_what_reaches_into_the_past() {
        let old = catalog("a,甲,局,committed,2017-01-01,9 working_days\nb,乙,局,committed,2017-01-01,5 working_days\n");
        let newer = catalog(
            "a,甲,局,committed,2018-01-01,8 working_days\na,甲,局,committed,2019-01-01,7 working_days\n\
             c,丙,局,committed,2010-01-01,3 working_days\n",
        );
        let updated = old.updated_by(&newer).unwrap();
        let changes = old.changes_to(&updated);
        let today = "2018-06-01".parse().unwrap();
        let retroactive: Vec<bool> = changes.iter().map(|change| change.is_retroactive(today)).collect();
        assert_eq!(retroactive, [true, false, false], "a new item changes no case that was known");
        assert!(updated.in_force("b", today).is_some());
        assert_eq!(updated.updated_by(&newer).unwrap(), updated, "applying it again changes nothing");
    }

    const BESIDE: &str = "[[item]]\ncode = 'a'\nname = '甲'\ndepartment = '局'\nform = 'committed'\nvalid_from = 2017-01-01\n\
                          [[party]]\nname = 'p'\nlimit = '9 working_days'\nvalid_from = 2017-01-01\n\
                          [[party]]\nname = 'q'\nlimit = '9 working_days'\n\
                          [[bottom_line]]\nname = '1'\nitems = ['a']\n\
                          [[bottom_line.condition]]\ncode = 'eia'\nname = '环评'\n\
                          [[region]]\ncode = '330999101'\nname = '西溪镇'\n[[region]]\ncode = '330999102'\n";

    #[test]
    fn an_update_of_items_carries_over_what_belongs_to_them() {
        let table = crate::Authorisations::from_csv("handler,item\nc1,a\n").unwrap();
        let old = Catalog::from_toml(BESIDE).unwrap().with_authorisations(table);
        let updated = old.updated_by(&catalog("b,乙,局,committed,2019-01-01,7 working_days\n")).unwrap();
        assert_eq!(updated.versions().len(), 2);
        assert_eq!(updated.authorisations(), old.authorisations());
        assert_eq!((updated.parties(), updated.bottom_lines()), (old.parties(), old.bottom_lines()));
        assert_eq!((updated.regions(), updated.regions().len()), (old.regions(), 2));
        assert_eq!(old.changes_beside(&updated), []);
    }

    #[test]
    fn regions_are_put_in_by_their_code_and_judge_no_case() {
        let old = Catalog::from_toml(BESIDE).unwrap();
        let newer = "[[region]]\ncode = '330999102'\nname = '石桥镇'\n[[region]]\ncode = '330999103'\n";
        let updated = old.updated_by(&Catalog::from_toml(newer).unwrap()).unwrap();
        let codes: Vec<&str> = updated.regions().iter().map(|region| region.code.as_str()).collect();
        assert_eq!(codes, ["330999101", "330999102", "330999103"]);
        let changes = old.changes_beside(&updated);
        let told: Vec<(&str, bool)> = changes.iter().map(|it| (it.name.as_str(), it.is_in_old)).collect();
        assert_eq!(told, [("330999102", true), ("330999103", false)]);
        assert!(!changes.iter().any(|it| it.is_retroactive("2026-01-01".parse().unwrap())));
        let twice = Catalog::from_toml(&format!("{newer}[[region]]\ncode = '330999103'\n")).unwrap_err().to_string();
        assert!(twice.contains("two regions 330999103, see line 4"), "{twice}");
    }

    #[test]
    fn an_update_replaces_limits_from_the_same_day_and_bottom_lines_of_the_same_name() {
        let old = Catalog::from_toml(BESIDE).unwrap();
        let newer = BESIDE.replace("9 working_days", "8 working_days").replace("name = 'q'", "name = 'r'").replace("eia", "site");
        let newer = Catalog::from_toml(&newer).unwrap();
        let updated = old.updated_by(&newer).unwrap();
        let limits: Vec<(&str, u32)> = updated.parties().iter().map(|party| (party.name.as_str(), party.limit.amount)).collect();
        assert_eq!(limits, [("p", 8), ("q", 9), ("r", 8)]);
        assert_eq!(updated.bottom_lines(), newer.bottom_lines());
        let told = |changes: Vec<BesideChange>| {
            let told = |it: BesideChange| format!("{} {} {} {}", it.table, it.name, it.is_in_old, it.is_in_new);
            changes.into_iter().map(told).collect::<Vec<_>>()
        };
        assert_eq!(told(old.changes_beside(&updated)), ["party p true true", "party r false true", "bottom_line 1 true true"]);
        assert_eq!(
            told(old.changes_beside(&newer)),
            ["party p true true", "party r false true", "party q true false", "bottom_line 1 true true"]
        );
        assert_eq!(updated.updated_by(&newer).unwrap(), updated);
    }
}
