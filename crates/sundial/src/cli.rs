//! The command line.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::{
    commands::{self, import::LogForm},
    config::Config,
    telemetry,
};

/// Electronic efficiency supervision for approval halls (行政审批电子效能监察).
#[derive(Parser)]
#[command(name = "sundial", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

/// Where the configuration comes from: defaults, then this file, then `SUNDIAL__…`, then `--set`.
#[derive(Args, Clone, Default)]
pub struct Settings {
    /// Configuration file (TOML).
    #[arg(long, global = true, value_name = "FILE", env = "SUNDIAL_CONFIG")]
    pub config: Option<PathBuf>,
    /// One setting, such as kafka.brokers=127.0.0.1:9092. Beats every other source.
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Say what supervision says about a file of events; needs no server.
    Assess(commands::assess::AssessArgs),
    /// Say why: every clock of a case day by day, every card with its rule, every finding with its evidence.
    Explain(commands::explain::ExplainArgs),
    /// Say what a joint approval adds up to: its clock, its critical path, what each department took.
    Project(commands::explain::ProjectArgs),
    /// Print the effective configuration, secrets masked.
    Config,
    /// Bring the database to the schema of this binary.
    Migrate,
    /// Run the pipeline, the notifier and the API, or some of them.
    Run(commands::run::RunArgs),
    /// Send events from files to the topic, keyed by case.
    Produce(commands::produce::ProduceArgs),
    /// Look at what could not be taken, and send it back once it can be read.
    DeadLetters {
        #[command(subcommand)]
        what: commands::dead_letters::DeadLettersCommand,
    },
    /// Derive every stored case anew and compare with its rows.
    Verify(commands::stored::VerifyArgs),
    /// Derive all rows anew from the events, after catalogue, calendar, profile or code maps have changed.
    ///
    /// The order of steps: configure, look with --dry-run, restart the pipeline, recompute. An interrupted run goes on
    /// where it stopped.
    Recompute(commands::recompute::RecomputeArgs),
    /// Check and show calendars of working days, and put the next year into one; needs no server.
    Calendar {
        #[command(subcommand)]
        what: commands::calendar::CalendarCommand,
    },
    /// Check, compare and bring up to date the catalogue of items; needs no server.
    Catalog {
        #[command(subcommand)]
        what: commands::catalog::CatalogCommand,
    },
    /// Say in words what a card profile will do; needs no server.
    Profile {
        #[command(subcommand)]
        what: commands::profile::ProfileCommand,
    },
    /// Check what the codes of each source are read as; needs no server.
    Sources {
        #[command(subcommand)]
        what: commands::sources::SourcesCommand,
    },
    /// Print what the store holds.
    Export {
        #[command(subcommand)]
        what: Export,
    },
    /// Turn a log of another system into events, on standard output.
    Import {
        #[command(subcommand)]
        form: Import,
    },
    /// Run the whole system with one command: engines, a sample county, every role.
    Demo(commands::demo::DemoArgs),
    /// Feed the sample county's events to the configured broker: its history, then live cases.
    Simulate(commands::demo::CountyArgs),
    /// The engine of the one-command mode; started by the demo.
    #[command(hide = true)]
    EmbeddedClickhouse,
}

#[derive(Subcommand)]
enum Export {
    /// Every case as `sundial assess` prints it.
    Cases(commands::stored::ExportArgs),
    /// An event log in XES (IEEE 1849), a trace a case.
    Xes(commands::event_log::EventLogArgs),
    /// An event log of objects in OCEL 2.0 (JSON): cases, items, departments, windows, handlers, projects.
    Ocel(commands::event_log::EventLogArgs),
}

#[derive(Subcommand)]
enum Import {
    /// An event log in XES (IEEE 1849).
    Xes(commands::import::LogArgs),
    /// An event log of objects in OCEL 2.0 (JSON).
    Ocel(commands::import::LogArgs),
    /// A table: a row an event, or a row a case with a column for the time of each step.
    Csv(commands::import::TableArgs),
}

/// Runs the command line.
pub fn run() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    let command = match cli.command {
        Command::Assess(args) => return commands::assess::run(&args),
        Command::Config => return commands::config::run(&cli.settings),
        Command::Calendar { what } => return commands::calendar::run(&what),
        Command::Catalog { what } => return commands::catalog::run(&what),
        Command::Profile { what } => return commands::profile::run(&what),
        Command::Sources { what } => return commands::sources::run(&what),
        Command::Import { form: Import::Xes(args) } => return commands::import::run(LogForm::Xes, &args),
        Command::Import { form: Import::Ocel(args) } => return commands::import::run(LogForm::Ocel, &args),
        Command::Import { form: Import::Csv(args) } => return commands::import::run_table(&args),
        Command::EmbeddedClickhouse => {
            embedded::clickhouse::serve_from_environment()?;
            return Ok(ExitCode::SUCCESS);
        }
        other => other,
    };
    let mut config = Config::load(&cli.settings)?;
    let speaks_for_itself = matches!(command, Command::Demo(_) | Command::Explain(_) | Command::Project(_));
    if speaks_for_itself && config.log.filter == "info" {
        // Log lines would only stand between what is said.
        config.log.filter = "warn".to_owned();
    }
    telemetry::start(&config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Explain(args) => commands::explain::explain(&config, &args).await,
            Command::Project(args) => commands::explain::project(&config, &args).await,
            Command::Migrate => commands::run::migrate(&config).await,
            Command::Run(args) => commands::run::run(&config, args).await,
            Command::Produce(args) => tokio::task::block_in_place(|| commands::produce::run(&config, &args)),
            Command::DeadLetters { what } => tokio::task::block_in_place(|| commands::dead_letters::run(&config, &what)),
            Command::Verify(args) => commands::stored::verify(&config, &args).await,
            Command::Recompute(args) => commands::recompute::run(&config, &args).await,
            Command::Export { what: Export::Cases(args) } => commands::stored::export(&config, &args).await,
            Command::Export { what: Export::Xes(args) } => commands::event_log::export(&config, LogForm::Xes, &args).await,
            Command::Export { what: Export::Ocel(args) } => commands::event_log::export(&config, LogForm::Ocel, &args).await,
            Command::Simulate(args) => commands::demo::simulate(&config, &args).await,
            Command::Demo(args) => commands::demo::run(config, args).await,
            Command::Assess(_)
            | Command::Config
            | Command::Calendar { .. }
            | Command::Catalog { .. }
            | Command::Profile { .. }
            | Command::Sources { .. }
            | Command::Import { .. }
            | Command::EmbeddedClickhouse => Ok(ExitCode::SUCCESS),
        }
    })
}

/// Prints an error with everything that led to it.
#[allow(clippy::print_stderr, reason = "the command line speaks on standard error")]
pub fn say_error(error: &anyhow::Error) {
    eprintln!("sundial: {error:#}");
}
