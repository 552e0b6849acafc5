//! Loading the rules: catalogue, authorisations, calendar and profile, each by name or from a file, and the code maps of
//! the sources.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use domain::{Authorisations, Calendar, Catalog, Profile};
use engine::RuleBook;
use serde::{Deserialize, Serialize};
use wire::CodeMaps;

use crate::tables::{self, catalog_draft};

/// Where the rules come from.
#[derive(Args, Clone, Debug, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct RuleSources {
    /// The catalogue of items: a .toml, .csv or .xlsx file.
    #[arg(long, value_name = "FILE")]
    pub catalog: Option<PathBuf>,
    /// Who may decide what: a .toml, .csv or .xlsx file.
    #[arg(long, value_name = "FILE")]
    pub authorisations: Option<PathBuf>,
    /// The calendar: `cn` or a .toml file.
    #[arg(long, value_name = "NAME|FILE")]
    pub calendar: Option<String>,
    /// The card profile: a built-in one or a .toml file.
    #[arg(long, value_name = "NAME|FILE")]
    pub profile: Option<String>,
    /// What the codes of each source mean: a .toml file.
    #[arg(long, value_name = "FILE")]
    pub sources: Option<PathBuf>,
}

impl RuleSources {
    /// These, where they name something; else those of `other`.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self {
            catalog: self.catalog.clone().or_else(|| other.catalog.clone()),
            authorisations: self.authorisations.clone().or_else(|| other.authorisations.clone()),
            calendar: self.calendar.clone().or_else(|| other.calendar.clone()),
            profile: self.profile.clone().or_else(|| other.profile.clone()),
            sources: self.sources.clone().or_else(|| other.sources.clone()),
        }
    }

    /// Reads them all. Without a catalogue every item is unknown.
    pub fn load(&self) -> anyhow::Result<RuleBook> {
        let mut items = self.catalog.as_deref().map_or_else(|| Ok(Catalog::default()), catalog)?;
        if let Some(path) = &self.authorisations {
            items = items.with_authorisations(authorisations(path)?);
        }
        Ok(RuleBook {
            catalog: items,
            calendar: self.calendar()?,
            profile: profile(self.profile.as_deref().unwrap_or("default"))?,
        })
    }

    /// Reads the calendar.
    pub fn calendar(&self) -> anyhow::Result<Calendar> {
        calendar(self.calendar.as_deref().unwrap_or("cn"))
    }

    /// Reads the code maps. Without them every source reports in our codes.
    pub fn code_maps(&self) -> anyhow::Result<CodeMaps> {
        let Some(path) = &self.sources else { return Ok(CodeMaps::default()) };
        CodeMaps::from_toml(&read(path)?).with_context(|| path.display().to_string())
    }
}

fn catalog(path: &Path) -> anyhow::Result<Catalog> {
    catalog_draft(path)?.catalog().with_context(|| path.display().to_string())
}

fn authorisations(path: &Path) -> anyhow::Result<Authorisations> {
    tables::authorisations(path)?.with_context(|| path.display().to_string())
}

/// A calendar by name or from a file.
pub fn calendar(name: &str) -> anyhow::Result<Calendar> {
    match name {
        "cn" => Ok(Calendar::china()),
        file => Calendar::from_toml(&read(file)?).with_context(|| file.to_owned()),
    }
}

/// A profile by name or from a file.
pub fn profile(name: &str) -> anyhow::Result<Profile> {
    if let Some(profile) = Profile::built_in(name) {
        return Ok(profile);
    }
    let is_file = Path::new(name).extension().is_some() || name.contains('/');
    if !is_file {
        let names: Vec<&str> = Profile::built_in_names().collect();
        bail!("no profile {name:?}: there are {}, or name a .toml file", names.join(", "));
    }
    Profile::from_toml(&read(name)?).with_context(|| name.to_owned())
}

fn read(path: impl AsRef<Path>) -> anyhow::Result<String> {
    std::fs::read_to_string(&path).with_context(|| path.as_ref().display().to_string())
}
