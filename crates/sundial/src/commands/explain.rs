//! `sundial explain` and `sundial project`: why, for one case and for one joint approval, from the store or from files.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::bail;
use clap::Args;
use domain::{
    CaseEvents, Instant, Lang, Project, Text,
    explain::{explanation_text, project_text},
};
use engine::RuleBook;
use store::Reader;
use wire::{CodeMaps, ExplanationJson, ProjectJson};

use crate::{
    cases::events_of,
    clock::now,
    commands::assess::{ReadEvents, instant},
    config::Config,
    rules::RuleSources,
};

#[derive(Args)]
pub struct ExplainArgs {
    /// The number of the case.
    #[arg(value_name = "CASE")]
    case_no: String,
    #[command(flatten)]
    asked: Asked,
}

#[derive(Args)]
pub struct ProjectArgs {
    /// The number of the project.
    #[arg(value_name = "NO")]
    number: String,
    #[command(flatten)]
    asked: Asked,
}

/// Of which events, by which rules, as of when, in which form.
#[derive(Args)]
struct Asked {
    /// Files of one event a line (.gz too); `-` is standard input. Without them the store is asked.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    events: Vec<PathBuf>,
    /// Beat those of the configuration.
    #[command(flatten)]
    rules: RuleSources,
    /// The instant asked for; now by default.
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    as_of: Option<Instant>,
    /// The language of the text: zh or en.
    #[arg(long, value_name = "zh|en", default_value = "zh", value_parser = lang)]
    lang: Lang,
    /// Text for people, or one JSON object.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    format: Form,
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Form {
    /// For people.
    Text,
    /// One object.
    Json,
}

fn lang(code: &str) -> Result<Lang, String> {
    Lang::from_code(code).ok_or_else(|| format!("{code}: expected zh or en"))
}

/// What an answer is made of.
struct Sources {
    rules: RuleBook,
    codes: CodeMaps,
    as_of: Instant,
}

impl Asked {
    fn sources(&self, config: &Config) -> anyhow::Result<Sources> {
        let sources = self.rules.or(&config.rules);
        Ok(Sources { rules: sources.load()?, codes: sources.code_maps()?, as_of: self.as_of.unwrap_or_else(now) })
    }

    /// The cases of the files; none where the store is to be asked.
    fn read_files(&self, codes: &CodeMaps) -> anyhow::Result<Option<ReadEvents>> {
        if self.events.is_empty() {
            return Ok(None);
        }
        let read = ReadEvents::of(&self.events, codes.clone())?;
        read.report();
        Ok(Some(read))
    }
}

/// Explains a case.
pub async fn explain(config: &Config, args: &ExplainArgs) -> anyhow::Result<ExitCode> {
    let asked = &args.asked;
    let Sources { rules, codes, as_of } = asked.sources(config)?;
    let case_no = Text::from(args.case_no.as_str());
    let case = match asked.read_files(&codes)? {
        Some(mut read) => read.cases.remove(&case_no),
        None => {
            store::require_current(&config.store()).await?;
            let stored = Reader::new(&config.store()).cases_with_events(&[case_no]).await?;
            stored.first().map(|stored| events_of(stored, &codes))
        }
    };
    let Some(explanation) = case.and_then(|case| domain::explain(&case, &rules.rules(), as_of)) else {
        bail!("there is no case {:?} as of {}", args.case_no, as_of.display_in(rules.calendar.zone()));
    };
    say(match asked.format {
        Form::Text => explanation_text(&explanation, &rules.calendar, asked.lang),
        Form::Json => ExplanationJson::new(&explanation, rules.calendar.zone()).text() + "\n",
    })
}

/// Says what a joint approval adds up to.
pub async fn project(config: &Config, args: &ProjectArgs) -> anyhow::Result<ExitCode> {
    let asked = &args.asked;
    let Sources { rules, codes, as_of } = asked.sources(config)?;
    let cases: Vec<CaseEvents> = match asked.read_files(&codes)? {
        Some(read) => read.cases.into_values().collect(),
        None => {
            store::require_current(&config.store()).await?;
            let stored = Reader::new(&config.store()).cases_of_project(&args.number).await?;
            stored.iter().map(|stored| events_of(stored, &codes)).collect()
        }
    };
    let number = args.number.as_str();
    let zone = rules.calendar.zone();
    let Some(project) = Project::numbered(number, &cases, &rules.rules(), as_of)? else {
        bail!("there is no project {number:?} as of {}", as_of.display_in(zone));
    };
    say(match asked.format {
        Form::Text => project_text(number, &project, as_of, &rules.calendar, asked.lang),
        Form::Json => ProjectJson::new(number, &project, as_of, zone).text() + "\n",
    })
}

fn say(text: String) -> anyhow::Result<ExitCode> {
    io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
