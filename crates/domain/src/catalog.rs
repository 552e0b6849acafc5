//! The catalogue of items (事项目录): limits, steps and who handles what.

use std::collections::HashMap;

use jiff::civil::Date;

use crate::{
    Authorisations, Text,
    event::{Form, coded},
};

coded! {
    /// The unit of a limit.
    Unit {
        /// 工作日.
        WorkingDays = "working_days",
        /// 自然日.
        CalendarDays = "calendar_days",
        /// 工作小时.
        WorkingHours = "working_hours",
        /// 月 (Civil Code art. 202).
        Months = "months",
        /// 年.
        Years = "years",
    }
}

/// A limit: an amount of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// How many.
    pub amount: u32,
    /// Of what.
    pub unit: Unit,
}

impl Limit {
    /// 行政许可法 art. 42: twenty days where nothing else is stated.
    pub const STATUTORY: Self = Self::working_days(20);
    /// Arts. 26 and 42: forty-five where several departments handle it jointly.
    pub const STATUTORY_JOINT: Self = Self::working_days(45);

    /// So many working days.
    pub const fn working_days(amount: u32) -> Self {
        Self { amount, unit: Unit::WorkingDays }
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.amount, self.unit.code())
    }
}

/// A limit as a catalogue states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StatedLimit {
    /// Nothing stated: the default of the law applies where there is one.
    #[default]
    Unstated,
    /// `none`: there is no limit, and the item is left out of every ratio.
    None,
    /// A limit.
    Of(Limit),
}

impl StatedLimit {
    /// The limit, or what the law says where none is stated.
    pub fn or_default(self, default: Limit) -> Option<Limit> {
        match self {
            StatedLimit::Unstated => Some(default),
            StatedLimit::None => None,
            StatedLimit::Of(limit) => Some(limit),
        }
    }

    /// The limit where one is stated.
    pub fn stated(self) -> Option<Limit> {
        match self {
            StatedLimit::Of(limit) => Some(limit),
            StatedLimit::Unstated | StatedLimit::None => None,
        }
    }
}

/// One item in one version.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Item code.
    pub code: Text,
    /// Its name.
    pub name: Text,
    /// GB/T 39046 A.1, such as `01` (行政许可).
    pub item_type: Text,
    /// The department whose power it is.
    pub department: Text,
    /// Immediate or committed.
    pub form: Form,
    /// First day on which this version is in force.
    pub valid_from: Date,
    /// 法定时限.
    pub statutory_limit: StatedLimit,
    /// 承诺时限.
    pub promised_limit: StatedLimit,
    /// Time to hand over the certificate.
    pub delivery_limit: StatedLimit,
    /// Limits of single steps, by step code.
    pub step_limits: Vec<(Text, Limit)>,
    /// Steps that must be on record before a decision.
    pub mandatory_steps: Vec<Text>,
    /// Steps done outside the hall by their nature, such as a site visit.
    pub outside_steps: Vec<Text>,
    /// Moved into the hall (进驻).
    pub hall: bool,
    /// Decided at the window (授权到位).
    pub window_decides: bool,
    /// Fee per case, in fen; none where the catalogue does not say.
    pub fee_fen: Option<u64>,
    /// The certificate a granted case ends in.
    pub certificate: Option<Text>,
    /// Delegated to townships.
    pub delegated_to_townships: bool,
    /// What the public is told beside the limits and the fee.
    pub public: PublicFacts,
}

/// What is posted for the public of an item (行政许可法 art. 30; the basis of a fee, arts. 58 and 59). No case is judged by it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublicFacts {
    /// 申请材料: every paper to hand in.
    pub materials: Vec<Text>,
    /// 办理流程: what is done, in its order.
    pub procedure: Vec<Text>,
    /// 收费依据: the act or notice the fee rests on.
    pub fee_basis: Option<Text>,
}

impl Item {
    /// The limit of a step, where it has one.
    pub fn step_limit(&self, step: &str) -> Option<Limit> {
        self.step_limits.iter().find(|(code, _)| code == step).map(|(_, limit)| *limit)
    }
}

/// The time standard an intermediary (中介机构) has published: its own clock, beside the department's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// The firm as events name it; `*` for every firm without a limit of its own.
    pub name: Text,
    /// What it does, for people.
    pub service: Text,
    /// How long it may take.
    pub limit: Limit,
    /// Only for these items; for all where there are none.
    pub items: Vec<Text>,
    /// First day on which this limit is in force.
    pub valid_from: Date,
}

impl Party {
    /// Whether another limit of the party takes the place of this one: from the same day, for one of the same items.
    pub fn is_replaced_by(&self, other: &Party) -> bool {
        let is_for_one_of_the_same = self.items == other.items || self.items.iter().any(|item| other.items.contains(item));
        self.name == other.name && self.valid_from == other.valid_from && is_for_one_of_the_same
    }
}

/// Conditions that the green channel (绿色通道) may not leave out, such as the "1+3+2+1" of a county's plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BottomLine {
    /// What it is called.
    pub name: Text,
    /// The items it holds for.
    pub items: Vec<Text>,
    /// What must be met by the decision.
    pub conditions: Vec<Condition>,
}

/// One of the conditions. It is met where one of its materials is on record as handed in, or one of its
/// steps, or a step with its own code, as completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Its code, said in findings.
    pub code: Text,
    /// Its name, for people.
    pub name: Text,
    /// Materials any of which meets it.
    pub materials: Vec<Text>,
    /// Steps any of which meets it.
    pub steps: Vec<Text>,
}

/// A region that should have business: the county or one of its townships (便民服务中心). No case is judged by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// GB/T 2260 code, as events name it.
    pub code: Text,
    /// Its name, for people.
    pub name: Text,
}

/// All items, each in all its versions, and what belongs to them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalog {
    /// Versions of an item, oldest first.
    items: HashMap<Text, Vec<Item>>,
    authorisations: Authorisations,
    parties: Vec<Party>,
    bottom_lines: Vec<BottomLine>,
    regions: Vec<Region>,
}

/// Two rows for one version of an item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("item {code:?} has two versions valid from {valid_from}")]
pub struct DuplicateVersion {
    /// The item code.
    pub code: Text,
    /// The day both claim.
    pub valid_from: Date,
}

impl Catalog {
    /// A catalogue of these items.
    ///
    /// # Errors
    /// Two versions of one item are valid from the same day.
    pub fn new(items: impl IntoIterator<Item = Item>) -> Result<Self, DuplicateVersion> {
        let mut catalog = Self::default();
        for item in items {
            let versions = catalog.items.entry(item.code.clone()).or_default();
            let place = versions.partition_point(|version| version.valid_from < item.valid_from);
            if versions.get(place).is_some_and(|version| version.valid_from == item.valid_from) {
                return Err(DuplicateVersion { code: item.code, valid_from: item.valid_from });
            }
            versions.insert(place, item);
        }
        Ok(catalog)
    }

    /// The version of an item in force on a day: a later version never changes an earlier case.
    pub fn in_force(&self, code: &str, on: Date) -> Option<&Item> {
        let versions = self.items.get(code)?;
        let after = versions.partition_point(|version| version.valid_from <= on);
        versions[..after].last()
    }

    /// The same catalogue with this table of who may decide.
    #[must_use]
    pub fn with_authorisations(mut self, authorisations: Authorisations) -> Self {
        self.authorisations = authorisations;
        self
    }

    /// The same catalogue with these published limits of intermediaries.
    #[must_use]
    pub fn with_parties(mut self, mut parties: Vec<Party>) -> Self {
        // The newest first, and what is said for single items before what is said for all.
        parties.sort_by(|a, b| (a.items.is_empty(), b.valid_from).cmp(&(b.items.is_empty(), a.valid_from)));
        self.parties = parties;
        self
    }

    /// The same catalogue with these bottom lines.
    #[must_use]
    pub fn with_bottom_lines(mut self, bottom_lines: Vec<BottomLine>) -> Self {
        self.bottom_lines = bottom_lines;
        self
    }

    /// The same catalogue with these regions.
    #[must_use]
    pub fn with_regions(mut self, regions: Vec<Region>) -> Self {
        self.regions = regions;
        self
    }

    /// Who may decide what.
    pub fn authorisations(&self) -> &Authorisations {
        &self.authorisations
    }

    /// The published limits of intermediaries.
    pub fn parties(&self) -> &[Party] {
        &self.parties
    }

    /// The bottom lines of the green channel.
    pub fn bottom_lines(&self) -> &[BottomLine] {
        &self.bottom_lines
    }

    /// The regions that should have business; none where nothing is known of them.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// What a party has published, for this item or for all; what holds for every party where it has
    /// published nothing.
    pub fn party_limit(&self, party: Option<&str>, item: Option<&str>, on: Date) -> Option<Limit> {
        let holds = |entry: &&Party| {
            entry.valid_from <= on
                && (entry.items.is_empty() || item.is_some_and(|item| entry.items.iter().any(|code| code == item)))
        };
        let of = |name: &str| self.parties.iter().filter(|entry| entry.name == name).find(holds);
        party.and_then(of).or_else(|| of("*")).map(|entry| entry.limit)
    }

    /// The version of every item in force on a day, by code.
    pub fn in_force_on(&self, on: Date) -> Vec<&Item> {
        let mut items: Vec<&Item> = self.items.keys().filter_map(|code| self.in_force(code, on)).collect();
        items.sort_by(|a, b| a.code.cmp(&b.code));
        items
    }

    /// Whether it holds an item in any version.
    pub fn has(&self, code: &str) -> bool {
        self.items.contains_key(code)
    }

    /// The newest version of every item, by code.
    pub fn newest(&self) -> Vec<&Item> {
        let mut items: Vec<&Item> = self.items.values().filter_map(|versions| versions.last()).collect();
        items.sort_by(|a, b| a.code.cmp(&b.code));
        items
    }

    /// Every version of every item, by code and date.
    pub fn versions(&self) -> Vec<&Item> {
        let mut items: Vec<&Item> = self.items.values().flatten().collect();
        items.sort_by(|a, b| (&a.code, a.valid_from).cmp(&(&b.code, b.valid_from)));
        items
    }

    /// Whether it holds no item.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}
