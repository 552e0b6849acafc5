//! What a recompute changes: in numbers, and of one case in words.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
};

use domain::{Assessment, Card, FindingKind, Instant, Level, LimitState};
use engine::CaseChange;
use jiff::tz::TimeZone;

/// A case whose row says something else than what follows.
pub struct ChangedCase {
    /// What the row says.
    pub before: Option<Assessment>,
    /// What it is to say.
    pub change: CaseChange,
}

/// What changes, by what it is.
#[derive(Default)]
pub struct Counts {
    /// How many cases were looked at.
    pub cases: u64,
    changed: u64,
    due_times: u64,
    issued: BTreeMap<Level, u64>,
    withdrawn: BTreeMap<Level, u64>,
    /// New and gone.
    findings: BTreeMap<FindingKind, (u64, u64)>,
}

/// The promised and the statutory due time, each as it was and as it will be, where it moves.
fn moved_due_times(case: &ChangedCase) -> impl Iterator<Item = (&'static str, Option<Instant>, Option<Instant>)> {
    let due = |state: Option<LimitState>| state.and_then(|state| state.due_at);
    let (before, after) = (case.before.as_ref(), case.change.after.as_ref());
    let pairs = [
        ("promised", due(before.and_then(|it| it.promised)), due(after.and_then(|it| it.promised))),
        ("statutory", due(before.and_then(|it| it.statutory)), due(after.and_then(|it| it.statutory))),
    ];
    pairs.into_iter().filter(|(_, before, after)| before != after)
}

fn kinds(assessment: Option<&Assessment>) -> BTreeSet<FindingKind> {
    assessment.iter().flat_map(|it| &it.findings).map(|it| it.kind).collect()
}

/// Findings that hold now and did not, and those that hold no more.
fn findings(case: &ChangedCase) -> (Vec<FindingKind>, Vec<FindingKind>) {
    let (before, after) = (kinds(case.before.as_ref()), kinds(case.change.after.as_ref()));
    (after.difference(&before).copied().collect(), before.difference(&after).copied().collect())
}

impl Counts {
    /// Counts the change of a case in.
    pub fn add(&mut self, case: &ChangedCase) {
        let change = &case.change;
        self.changed += 1;
        self.due_times += moved_due_times(case).count() as u64;
        change.issued_cards().for_each(|card| *self.issued.entry(card.level).or_default() += 1);
        change.withdrawn_cards().for_each(|card| *self.withdrawn.entry(card.level).or_default() += 1);
        let (new, gone) = findings(case);
        new.into_iter().for_each(|kind| self.findings.entry(kind).or_default().0 += 1);
        gone.into_iter().for_each(|kind| self.findings.entry(kind).or_default().1 += 1);
    }

    /// One line each.
    pub fn print(&self, dry_run: bool, out: &mut impl Write) -> std::io::Result<()> {
        let verb = if dry_run { "would change" } else { "changed" };
        writeln!(out, "{} cases derived anew: {} {verb}", self.cases, self.changed)?;
        writeln!(out, "due times moved: {}", self.due_times)?;
        writeln!(out, "cards issued: {}; withdrawn: {}", by_level(&self.issued), by_level(&self.withdrawn))?;
        for (kind, (new, gone)) in &self.findings {
            writeln!(out, "finding {}: {new} new, {gone} gone", kind.code())?;
        }
        if dry_run {
            writeln!(out, "nothing was changed")?;
        }
        Ok(())
    }
}

fn by_level(cards: &BTreeMap<Level, u64>) -> String {
    let counts = Level::ALL.iter().map(|level| format!("{} {}", level.code(), cards.get(level).copied().unwrap_or(0)));
    counts.collect::<Vec<_>>().join(", ")
}

/// The change of a case in one line.
pub fn describe(case: &ChangedCase, zone: &TimeZone) -> String {
    let change = &case.change;
    let time = |at: Option<Instant>| at.map_or_else(|| "none".to_owned(), |at| at.display_in(zone));
    let card = |card: &Card| format!("{} ({})", card.level.code(), card.rule);
    let mut parts: Vec<String> = Vec::new();
    match (&case.before, &change.after) {
        (None, Some(_)) => parts.push("rows are missing".to_owned()),
        (Some(_), None) => parts.push("no event stands any more".to_owned()),
        _ => {}
    }
    parts.extend(moved_due_times(case).map(|(limit, before, after)| format!("{limit} due {} → {}", time(before), time(after))));
    parts.extend(change.issued_cards().map(|it| format!("issued {}", card(it))));
    parts.extend(change.withdrawn_cards().map(|it| format!("withdrawn {}", card(it))));
    let (new, gone) = findings(case);
    parts.extend(new.iter().map(|kind| format!("finding {}", kind.code())));
    parts.extend(gone.iter().map(|kind| format!("finding {} gone", kind.code())));
    if parts.is_empty() {
        parts.push("other details".to_owned());
    }
    format!("{}: {}", change.case_no, parts.join("; "))
}
