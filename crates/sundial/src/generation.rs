//! Which generation the rules at hand are.
//!
//! Rows are derived by rules that change over the years. Every set of rules that rows are written by gets a
//! number, kept in the store; the number is part of the version of every row (`engine::version`), so that of one
//! set of events the rows of the newer rules win. Whoever writes rows asks for its number when it starts: rules
//! that are not those of the newest generation begin the next one.

use std::hash::{DefaultHasher, Hash, Hasher};

use anyhow::bail;
use engine::{RuleBook, version::LAST_GENERATION};
use store::{Reader, RuleSet, Writer};
use wire::CodeMaps;

/// The generation of these rules, which begins now if they are new.
pub async fn register(reader: &Reader, writer: &Writer, rules: &RuleBook, codes: &CodeMaps) -> anyhow::Result<u32> {
    let (rule_set, is_new) = find(reader, rules, codes).await?;
    if is_new {
        writer.record_rule_set(&rule_set).await?;
        let generation = rule_set.generation;
        tracing::info!(generation, "the rules are new: `sundial recompute` derives by them what is stored already");
    }
    Ok(rule_set.generation)
}

/// The generation these rules are, or would be.
pub async fn look_up(reader: &Reader, rules: &RuleBook, codes: &CodeMaps) -> anyhow::Result<u32> {
    Ok(find(reader, rules, codes).await?.0.generation)
}

async fn find(reader: &Reader, rules: &RuleBook, codes: &CodeMaps) -> anyhow::Result<(RuleSet, bool)> {
    let fingerprint = fingerprint(rules, codes);
    let newest = reader.newest_rule_sets().await?;
    if let Some(known) = newest.iter().find(|it| it.fingerprint == fingerprint) {
        return Ok((known.clone(), false));
    }
    // Rules that were in force before and are so again win over those in between, so they are a generation of their own.
    let generation = newest.iter().map(|it| it.generation).max().unwrap_or(0) + 1;
    if generation > LAST_GENERATION {
        bail!("the rules have changed {LAST_GENERATION} times: do processes with different rules take turns?");
    }
    Ok((RuleSet { generation, fingerprint }, true))
}

/// The same for the same rules in the same version of this program, which may derive otherwise than the last.
fn fingerprint(rules: &RuleBook, codes: &CodeMaps) -> String {
    let mut hasher = DefaultHasher::new();
    let catalog = &rules.catalog;
    // By regions no case is judged: they may change without a recompute.
    let beside = (catalog.authorisations().lines(), catalog.parties(), catalog.bottom_lines());
    let content = format!("{:?}{beside:?}{:?}{:?}{codes:?}", catalog.versions(), rules.calendar, rules.profile);
    (env!("CARGO_PKG_VERSION"), content).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use crate::rules::RuleSources;

    use super::*;

    #[test]
    fn the_same_rules_have_the_same_fingerprint_and_others_another() {
        let load = |profile: &str| RuleSources { profile: Some(profile.to_owned()), ..RuleSources::default() }.load().unwrap();
        let none = CodeMaps::default();
        let one = fingerprint(&load("default"), &none);
        assert_eq!(one, fingerprint(&load("default"), &none));
        assert_ne!(one, fingerprint(&load("hunan-2018"), &none));
        let mut authorised = load("default");
        let table = domain::Authorisations::from_csv("handler,item\nc1,a\n").unwrap();
        authorised.catalog = authorised.catalog.with_authorisations(table);
        assert_ne!(one, fingerprint(&authorised, &none), "who may decide is part of the rules");
        let codes = CodeMaps::from_toml("[[source]]\nname = 'p'\nkinds = { 1 = 'closed' }\n").unwrap();
        assert_ne!(one, fingerprint(&load("default"), &codes));
    }
}
