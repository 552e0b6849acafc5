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
    /// From where on something is a finding.
    pub thresholds: Thresholds,
    /// By kind, in the order of the kinds.
    severities: [Severity; FindingKind::ALL.len()],
}

/// From where on something is a finding. The defaults are our choice where no source is named.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// `late_entry`: hours between what happened and its entry. A day is what exchange interfaces usually allow.
    pub late_entry_hours: f64,
    /// `instant_close`: seconds between acceptance and decision of a committed item.
    pub instant_close_seconds: f64,
    /// `suspension_near_due`: the share of the limit that is left, or less, when the suspension begins.
    pub suspension_near_due_share: f64,
    /// `repeated_suspension`: how often the same procedure is begun.
    pub repeated_suspension_times: u32,
    /// `out_of_hours_entry`: minutes before opening and after closing that are nobody's business.
    pub out_of_hours_minutes: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            late_entry_hours: 24.0,
            instant_close_seconds: 60.0,
            suspension_near_due_share: 0.15,
            repeated_suspension_times: 2,
            out_of_hours_minutes: 30.0,
        }
    }
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
    /// Not before the promise is missed by more than the span in which its reminder is issued.
    pub after_promise: bool,
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
    /// Names only what differs from the profile extended.
    #[serde(default)]
    thresholds: ThresholdsFile,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct ThresholdsFile {
    late_entry_hours: Option<f64>,
    instant_close_seconds: Option<f64>,
    suspension_near_due_share: Option<f64>,
    repeated_suspension_times: Option<u32>,
    out_of_hours_minutes: Option<f64>,
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
    after_promise: bool,
    #[serde(default)]
    confirm: bool,
}

const BUILT_IN: [(&str, &str); 4] = [
    ("default", include_str!("../data/profile-default.toml")),
    ("hunan-2018", include_str!("../data/profile-hunan-2018.toml")),
    ("zhongshan-2006", include_str!("../data/profile-zhongshan-2006.toml")),
    ("chengdu-2010", include_str!("../data/profile-chengdu-2010.toml")),
];

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
        if file.name.is_empty() || file.name.contains('/') {
            return Err(wrong("name", &file.name, "a name without a slash: it begins the name of every rule"));
        }
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
            let field = format!("findings.{kind}");
            let kind = known("findings", kind, FindingKind::from_code, FindingKind::ALL.iter().map(|it| it.code()))?;
            let severity = known(&field, severity, Severity::from_code, Severity::ALL.iter().map(|it| it.code()))?;
            profile.severities[kind as usize] = severity;
        }
        file.thresholds.put_into(&mut profile.thresholds)?;
        profile.take_rules(file.card)?;
        Ok(profile)
    }

    /// How grave a kind of finding is here.
    pub fn severity(&self, kind: FindingKind) -> Severity {
        self.severities[kind as usize]
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
            thresholds: Thresholds::default(),
            severities: [Severity::Info; FindingKind::ALL.len()],
        }
    }

    fn take_rules(&mut self, cards: Vec<CardFile>) -> Result<(), ProfileError> {
        let rules = cards.into_iter().map(|card| card.rule(&self.name)).collect::<Result<Vec<_>, _>>()?;
        for (number, rule) in rules.iter().enumerate() {
            // The name of a rule is part of what a card is known by.
            if rules[..number].iter().any(|earlier| earlier.id == rule.id) {
                return Err(wrong("card", &rule.id, "an `id` of its own for each of several cards of one clock and level"));
            }
        }
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
        let which = format!("{} {}", self.clock, self.level);
        let range = |field: &str, value: Option<f64>, most: f64| match value {
            Some(number) if !(0.0..=most).contains(&number) => {
                Err(wrong(&format!("card.{field}"), &format!("{which}: {number}"), &format!("0 to {most}")))
            }
            _ => Ok(()),
        };
        range("remaining_share", self.remaining_share, 1.0)?;
        range("remaining_days", self.remaining_days, MOST_DAYS)?;
        range("over_days", self.over_days, MOST_DAYS)?;
        let when = match (self.remaining_share, self.remaining_days, self.over_days) {
            (None, None, Some(days)) => Threshold::Over { days },
            (share, days, None) if share.is_some() || days.is_some() => Threshold::Remaining { share, days },
            _ => {
                return Err(wrong("card", &which, "either remaining_days and/or remaining_share, or over_days"));
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
            after_promise: self.after_promise,
            confirm: self.confirm,
        })
    }
}

/// No card is ten years away.
const MOST_DAYS: f64 = 3650.0;

impl ThresholdsFile {
    fn put_into(self, thresholds: &mut Thresholds) -> Result<(), ProfileError> {
        let put = |field: &str, value: Option<f64>, most: f64, held: &mut f64| match value {
            Some(number) if !(0.0..=most).contains(&number) => {
                Err(wrong(&format!("thresholds.{field}"), &number.to_string(), &format!("0 to {most}")))
            }
            Some(number) => {
                *held = number;
                Ok(())
            }
            None => Ok(()),
        };
        put("late_entry_hours", self.late_entry_hours, 24.0 * MOST_DAYS, &mut thresholds.late_entry_hours)?;
        put("instant_close_seconds", self.instant_close_seconds, 86_400.0, &mut thresholds.instant_close_seconds)?;
        let share = &mut thresholds.suspension_near_due_share;
        put("suspension_near_due_share", self.suspension_near_due_share, 1.0, share)?;
        put("out_of_hours_minutes", self.out_of_hours_minutes, 1440.0, &mut thresholds.out_of_hours_minutes)?;
        match self.repeated_suspension_times {
            Some(times) if times < 2 => Err(wrong("thresholds.repeated_suspension_times", &times.to_string(), "2 or more")),
            Some(times) => {
                thresholds.repeated_suspension_times = times;
                Ok(())
            }
            None => Ok(()),
        }
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
    fn a_mistake_in_a_profile_of_ones_own_is_named_with_what_is_expected() {
        let error =
            |text: &str| Profile::from_toml(&format!("name = \"x\"\nextends = \"default\"\n{text}")).unwrap_err().to_string();
        let card = |rest: &str| error(&format!("[[card]]\nclock = \"promised\"\nlevel = \"red\"\n{rest}"));
        assert!(error("[findings]\nlate = \"red\"").contains("findings: \"late\": expected one of unknown_item"));
        assert_eq!(
            error("[findings]\nlate_entry = \"grave\""),
            "findings.late_entry: \"grave\": expected one of off, info, reminder, yellow, red"
        );
        assert_eq!(error("[thresholds]\nlate_entry_hours = -1"), "thresholds.late_entry_hours: \"-1\": expected 0 to 87600");
        assert!(error("[thresholds]\nlate_entry = 1").contains("unknown field `late_entry`"));
        assert_eq!(card("remaining_share = 20"), "card.remaining_share: \"promised red: 20\": expected 0 to 1");
        assert!(card("over_days = 0\nremaining_days = 1").starts_with("card: \"promised red\": expected either"));
        let twice = card("over_days = 1\n[[card]]\nclock = \"promised\"\nlevel = \"red\"\nover_days = 2");
        assert!(twice.contains("an `id` of its own"), "{twice}");
    }

    #[test]
    fn an_unknown_counting_names_the_ones_there_are() {
        let error = Profile::from_toml("name = \"x\"\ncounting = \"fast\"").unwrap_err();
        assert!(error.to_string().contains("exclude_first_day, include_first_day, to_the_second, office_hours"), "{error}");
    }
}
