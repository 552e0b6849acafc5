//! What two catalogues differ in, version by version; and a catalogue brought up to date by another.

use jiff::civil::Date;

use crate::{
    catalog::{Catalog, DuplicateVersion, Item},
    catalog_file::cells_of,
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
    /// item that was known is changed, taken away or put in on a day that has begun.
    pub fn is_retroactive(&self, today: Date) -> bool {
        let is_of_a_known_item = !matches!(self, VersionChange::Added { after: None, .. });
        is_of_a_known_item && self.item().valid_from <= today
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

    /// This catalogue with every version of `newer` put in, in the place of one from the same day. Nothing is
    /// taken away: items that `newer` does not name stay as they are.
    ///
    /// # Errors
    /// Never in truth: of two versions from one day only the newer one is taken.
    pub fn updated_by(&self, newer: &Catalog) -> Result<Catalog, DuplicateVersion> {
        let kept = self.versions().into_iter().filter(|old| newer.version(&old.code, old.valid_from).is_none());
        Catalog::new(kept.chain(newer.versions()).cloned())
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
}
