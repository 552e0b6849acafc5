//! Card profiles: how time is counted, and at what distance from a due time which card is issued.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    Text,
    cards::Level,
    clock::ClockKind,
    counting::{Counting, SuspendedDays, Suspension},
    findings::{FindingKind, Severity},
};

/// A card profile, with everything it extends folded in.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Its name; part of every card's rule.
    pub name: Text,
    /// Raised when its rules change; kept on every card.
    pub version: u32,
    /// How limits are counted.
    pub counting: Counting,
    /// How much of a suspension is left out.
    pub suspension: Suspension,
    /// Which days of a suspension are suspended, where days are counted.
    pub suspended_days: SuspendedDays,
    /// When a decision without a `closed` event closes the case.
    pub close_at_decision: bool,
    /// When which card is issued.
    pub rules: Vec<CardRule>,
    severities: BTreeMap<FindingKind, Severity>,
}

/// One rule: which card is issued for a clock, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct CardRule {
    /// `profile/clock/level`, with a suffix where a profile has several.
    pub id: Text,
    /// For which clock.
    pub clock: ClockKind,
    /// Which card.
    pub level: Level,
    /// When.
    pub when: Threshold,
    /// Only for limits of at most so many days.
    pub limit_at_most: Option<f64>,
    /// Only for limits of more than so many days.
    pub limit_over: Option<f64>,
    /// Held until an officer confirms it.
    pub confirm: bool,
}

/// A distance from the due time. A card is issued once it has been passed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Threshold {
    /// Less remains than the lesser of a share of the limit and a number of days, "whichever is
    /// later".
    Remaining {
        /// Share of the limit, 0 to 1.
        share: Option<f64>,
        /// Days of the clock's unit.
        days: Option<f64>,
    },
    /// More than so many days over the limit.
    Over {
        /// Days of the clock's unit; 0 is the due time itself.
        days: f64,
    },
}

/// What is wrong with a profile.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Not TOML, or not of this shape; names line and column.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// A value that cannot be.
    #[error("{field}: {value:?}: expected {expected}")]
    Field {
        /// Which field.
        field: String,
        /// Its value.
        value: String,
        /// What is expected.
        expected: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileFile {
    name: String,
    version: Option<u32>,
    extends: Option<String>,
    counting: Option<String>,
    suspension: Option<String>,
    suspended_days: Option<String>,
    close_at_decision: Option<bool>,
    /// Replaces the rules extended for every clock it names.
    #[serde(default)]
    card: Vec<CardFile>,
    #[serde(default)]
    findings: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CardFile {
    clock: String,
    level: String,
    id: Option<String>,
    remaining_days: Option<f64>,
    remaining_share: Option<f64>,
    over_days: Option<f64>,
    limit_at_most: Option<f64>,
    limit_over: Option<f64>,
    #[serde(default)]
    confirm: bool,
}

const BUILT_IN: [(&str, &str); 2] =
    [("default", include_str!("../data/profile-default.toml")), ("hunan-2018", include_str!("../data/profile-hunan-2018.toml"))];

impl Profile {
    /// Names of the profiles that come with Sundial.
    pub fn built_in_names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// A profile that comes with Sundial.
    #[allow(clippy::expect_used, reason = "the texts are compiled in and read by a test")]
    pub fn built_in(name: &str) -> Option<Self> {
        let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        Some(Self::from_toml(text).expect("built-in profiles are valid"))
    }

    /// Reads a profile; it may extend a built-in one.
    ///
    /// ```
    /// let ours = domain::Profile::from_toml(r#"
    ///     name = "ours"
    ///     extends = "default"
    ///     counting = "to_the_second"
    ///     [[card]]
    ///     clock = "promised"
    ///     level = "red"
    ///     over_days = 3
    /// "#).unwrap();
    /// assert!(ours.rules.iter().any(|rule| rule.id == "ours/promised/red"));
    /// ```
    ///
    /// # Errors
    /// Names the line, or the field and its value.
    pub fn from_toml(text: &str) -> Result<Self, ProfileError> {
        let file: ProfileFile = toml::from_str(text)?;
        let mut profile = match &file.extends {
            None => Self::bare(),
            Some(name) => Self::built_in(name).ok_or_else(|| {
                let names: Vec<&str> = Self::built_in_names().collect();
                wrong("extends", name, &format!("one of {}", names.join(", ")))
            })?,
        };
        profile.name = file.name.into();
        profile.version = file.version.unwrap_or(profile.version);
        if let Some(code) = &file.counting {
            profile.counting = known("counting", code, Counting::from_code, Counting::ALL.iter().map(|it| it.code()))?;
        }
        if let Some(code) = &file.suspension {
            profile.suspension = known("suspension", code, Suspension::from_code, Suspension::ALL.iter().map(|it| it.code()))?;
        }
        if let Some(code) = &file.suspended_days {
            profile.suspended_days =
                known("suspended_days", code, SuspendedDays::from_code, SuspendedDays::ALL.iter().map(|it| it.code()))?;
        }
        profile.close_at_decision = file.close_at_decision.unwrap_or(profile.close_at_decision);
        for (kind, severity) in &file.findings {
            let kind = known("findings", kind, FindingKind::from_code, FindingKind::ALL.iter().map(|it| it.code()))?;
            let severity = known("findings", severity, Severity::from_code, Severity::ALL.iter().map(|it| it.code()))?;
            profile.severities.insert(kind, severity);
        }
        profile.take_rules(file.card)?;
        Ok(profile)
    }

    /// How grave a kind of finding is here.
    pub fn severity(&self, kind: FindingKind) -> Severity {
        self.severities.get(&kind).copied().unwrap_or(Severity::Info)
    }

    fn bare() -> Self {
        Self {
            name: Text::default(),
            version: 1,
            counting: Counting::ExcludeFirstDay,
            suspension: Suspension::Capped,
            suspended_days: SuspendedDays::AfterFirst,
            close_at_decision: true,
            rules: Vec::new(),
            severities: BTreeMap::new(),
        }
    }

    fn take_rules(&mut self, cards: Vec<CardFile>) -> Result<(), ProfileError> {
        let rules = cards.into_iter().map(|card| card.rule(&self.name)).collect::<Result<Vec<_>, _>>()?;
        self.rules.retain(|extended| rules.iter().all(|own| own.clock != extended.clock));
        for rule in &mut self.rules {
            // A card names the profile in force, whoever wrote the rule first.
            let own_part = rule.id.split_once('/').map_or("", |(_, rest)| rest).to_owned();
            rule.id = format!("{}/{own_part}", self.name).into();
        }
        self.rules.extend(rules);
        Ok(())
    }
}

impl CardFile {
    fn rule(self, profile: &str) -> Result<CardRule, ProfileError> {
        let clock = known("card.clock", &self.clock, ClockKind::from_code, ClockKind::ALL.iter().map(|it| it.code()))?;
        let level = known("card.level", &self.level, Level::from_code, Level::ALL.iter().map(|it| it.code()))?;
        let when = match (self.remaining_share, self.remaining_days, self.over_days) {
            (None, None, Some(days)) if days >= 0.0 => Threshold::Over { days },
            (share, days, None) if share.is_some() || days.is_some() => Threshold::Remaining { share, days },
            _ => {
                let expected = "either remaining_days and/or remaining_share, or over_days (0 or more)";
                return Err(wrong("card", &format!("{} {}", self.clock, self.level), expected));
            }
        };
        let suffix = self.id.map_or_else(|| level.code().to_owned(), |id| format!("{}-{id}", level.code()));
        Ok(CardRule {
            id: format!("{profile}/{}/{suffix}", clock.code()).into(),
            clock,
            level,
            when,
            limit_at_most: self.limit_at_most,
            limit_over: self.limit_over,
            confirm: self.confirm,
        })
    }
}

fn known<T>(
    field: &str,
    code: &str,
    from_code: impl Fn(&str) -> Option<T>,
    codes: impl Iterator<Item = &'static str>,
) -> Result<T, ProfileError> {
    from_code(code).ok_or_else(|| wrong(field, code, &format!("one of {}", codes.collect::<Vec<_>>().join(", "))))
}

fn wrong(field: &str, value: &str, expected: &str) -> ProfileError {
    ProfileError::Field { field: field.to_owned(), value: value.to_owned(), expected: expected.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_profile_can_be_read() {
        for name in Profile::built_in_names() {
            let profile = Profile::built_in(name).unwrap();
            assert_eq!(profile.name, name);
            assert!(profile.rules.iter().all(|rule| rule.id.starts_with(name)), "{name}");
        }
    }

    #[test]
    fn an_unknown_counting_names_the_ones_there_are() {
        let error = Profile::from_toml("name = \"x\"\ncounting = \"fast\"").unwrap_err();
        assert!(error.to_string().contains("exclude_first_day, include_first_day, to_the_second, office_hours"), "{error}");
    }
}
