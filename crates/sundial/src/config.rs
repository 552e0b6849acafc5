//! The configuration: defaults, then a file, then the environment, then flags. Unknown keys are
//! errors that say what was probably meant.

use std::{collections::BTreeMap, net::SocketAddr};

use anyhow::{anyhow, bail};
use domain::FigureSettings;
use figment::{
    Figment, Profile,
    providers::{Env, Format, Serialized, Toml},
    value::{Dict, Value},
};
use serde::{Deserialize, Serialize};

use crate::{cli::Settings, rules::RuleSources};

/// Everything that can be set.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub kafka: Kafka,
    pub clickhouse: ClickHouse,
    /// Catalogue, calendar and profile.
    pub rules: RuleSources,
    /// What rankings, stars, forecasts and suspicions are judged by.
    pub figures: FigureSettings,
    pub intake: Intake,
    pub api: Api,
    pub notify: Notify,
    pub log: Log,
}

/// How to reach Kafka.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kafka {
    /// `host:port,…`.
    pub brokers: String,
    /// The topic of approval steps.
    pub topic: String,
    /// Where messages go that cannot be taken.
    pub dead_letter_topic: String,
    /// Where cards go.
    pub cards_topic: String,
    /// The consumer group of the pipeline.
    pub group: String,
    /// Static membership: a name that stays the same over restarts.
    pub instance: Option<String>,
    /// Anything librdkafka takes: `security.protocol`, `sasl.*`, `ssl.*`.
    pub client: BTreeMap<String, String>,
}

/// How to reach ClickHouse.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClickHouse {
    /// `http://…` or `https://…`.
    pub url: String,
    pub database: String,
    pub user: Option<String>,
    pub password: Option<String>,
    /// Settings sent with every query.
    pub settings: BTreeMap<String, String>,
    /// The cluster the tables are spread over, by its name in ClickHouse's `remote_servers`.
    pub cluster: Option<String>,
    /// Whether that cluster has a Keeper, for replicas and `ON CLUSTER`. Without one, `sundial migrate` is run against
    /// every node of it.
    pub replicated: bool,
    /// Seconds after which a request is given up.
    pub timeout_s: u64,
    /// Minutes between two copies of the cases, which questions over a period are read from; `sundial migrate` tells
    /// ClickHouse.
    pub copy_minutes: u32,
    /// How long rows are kept; `sundial migrate` tells ClickHouse.
    pub retention: Retention,
}

/// After how many days rows are deleted; never, by default.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Events, from the day they were stored.
    pub events_days: Option<u32>,
    /// Whom cards were told to, from the day they were.
    pub notifications_days: Option<u32>,
}

/// How much is taken at once.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intake {
    /// Workers in this process; partitions are shared out among them.
    pub workers: usize,
    pub budget_mib: usize,
    pub budget_messages: usize,
    pub batch_messages: usize,
    pub batch_mib: usize,
    pub batch_age_ms: u64,
    /// So many messages a worker that is behind derives and stores together.
    pub gather_messages: usize,
    pub drain_timeout_s: u64,
    /// After how long the broker gives a silent process's partitions to others.
    pub session_timeout_s: u64,
}

/// Where the API and the metrics are served.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    pub listen: SocketAddr,
    pub admin: SocketAddr,
}

/// Whom cards are told to.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// A URL cards are posted to.
    pub webhook: Option<String>,
    /// Signs what is posted (HMAC-SHA256).
    pub webhook_secret: Option<String>,
    /// The base URL of an Alertmanager.
    pub alertmanager: Option<String>,
    /// Cards crossed longer ago than this are recorded but told to nobody.
    pub max_age_hours: u64,
}

/// How the log looks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// A tracing filter, such as `info,intake=debug`.
    pub filter: String,
    /// `text` or `json`.
    pub format: LogFormat,
}

/// How the log looks.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            kafka: Kafka {
                brokers: "127.0.0.1:9092".to_owned(),
                topic: "approval.steps".to_owned(),
                dead_letter_topic: "approval.steps.dead".to_owned(),
                cards_topic: "supervision.cards".to_owned(),
                group: "sundial".to_owned(),
                instance: None,
                client: BTreeMap::new(),
            },
            clickhouse: ClickHouse {
                url: "http://127.0.0.1:8123".to_owned(),
                database: "sundial".to_owned(),
                user: None,
                password: None,
                settings: BTreeMap::new(),
                cluster: None,
                replicated: true,
                timeout_s: 30,
                copy_minutes: 60,
                retention: Retention { events_days: None, notifications_days: None },
            },
            rules: RuleSources::default(),
            figures: FigureSettings::default(),
            intake: Intake {
                workers: 2,
                budget_mib: 128,
                budget_messages: 1_000_000,
                batch_messages: 12_000,
                batch_mib: 4,
                batch_age_ms: 200,
                gather_messages: 240_000,
                drain_timeout_s: 10,
                session_timeout_s: 30,
            },
            api: Api { listen: SocketAddr::from(([127, 0, 0, 1], 8080)), admin: SocketAddr::from(([127, 0, 0, 1], 9464)) },
            notify: Notify { webhook: None, webhook_secret: None, alertmanager: None, max_age_hours: 24 },
            log: Log { filter: "info".to_owned(), format: LogFormat::Text },
        }
    }
}

impl Config {
    /// Reads all sources.
    pub fn load(settings: &Settings) -> anyhow::Result<Self> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = &settings.config {
            if !file.exists() {
                bail!("{}: no such file", file.display());
            }
            figment = figment.merge(Toml::file_exact(file));
        }
        figment = figment.merge(Env::prefixed("SUNDIAL__").split("__"));
        for setting in &settings.set {
            figment = figment.merge(Setting::parse(setting)?);
        }
        let config: Self = figment.extract().map_err(explain)?;
        let mistakes = config.figures.mistakes().into_iter().map(|mistake| {
            let key = format!("figures.{}", mistake.key);
            // Where the value came from; the defaults make sense.
            let source = figment.find_metadata(&key).map(|it| it.name.to_string()).unwrap_or_default();
            format!("configuration, {source}: {key}: {}", mistake.why)
        });
        match mistakes.collect::<Vec<_>>() {
            mistakes if mistakes.is_empty() => Ok(config),
            mistakes => bail!(mistakes.join("\n")),
        }
    }

    /// With secrets masked.
    pub fn masked(mut self) -> Self {
        let mask = |secret: &mut String| "••••••".clone_into(secret);
        self.clickhouse.password.as_mut().map(mask);
        self.notify.webhook_secret.as_mut().map(mask);
        for (key, value) in &mut self.kafka.client {
            if key.contains("password") || key.contains("key") || key.contains("secret") {
                mask(value);
            }
        }
        self
    }
}

/// One `KEY=VALUE` of the command line.
struct Setting {
    dict: Dict,
    text: String,
}

impl Setting {
    fn parse(text: &str) -> anyhow::Result<Self> {
        let (key, value) = text.split_once('=').ok_or_else(|| anyhow!("--set {text}: expected KEY=VALUE"))?;
        let mut nested: Value = match value.parse() {
            Ok(value) => value,
            Err(never) => match never {},
        };
        let mut path: Vec<&str> = key.split('.').collect();
        // The keys below kafka.client and clickhouse.settings have dots of their own.
        if let ["kafka", "client", ..] | ["clickhouse", "settings", ..] = path[..] {
            path = key.splitn(3, '.').collect();
        }
        for part in path.iter().rev() {
            nested = Value::from(Dict::from([((*part).to_owned(), nested)]));
        }
        let dict = nested.into_dict().ok_or_else(|| anyhow!("--set {text}: expected KEY=VALUE"))?;
        Ok(Self { dict, text: format!("--set {text}") })
    }
}

impl figment::Provider for Setting {
    fn metadata(&self) -> figment::Metadata {
        figment::Metadata::named(self.text.clone())
    }

    fn data(&self) -> figment::Result<figment::value::Map<Profile, Dict>> {
        Ok(figment::value::Map::from([(Profile::Default, self.dict.clone())]))
    }
}

/// Names the source and the key, and what an unknown key was probably meant to be.
fn explain(error: figment::Error) -> anyhow::Error {
    let lines = error.into_iter().map(|error| {
        let path = error.path.join(".");
        let source = error.metadata.as_ref().map(|metadata| metadata.name.to_string()).unwrap_or_default();
        let hint = match &error.kind {
            figment::error::Kind::UnknownField(unknown, known) => {
                let nearest = known.iter().max_by(|a, b| strsim::jaro(a, unknown).total_cmp(&strsim::jaro(b, unknown)));
                nearest.map(|nearest| format!(" (did you mean `{nearest}`?)")).unwrap_or_default()
            }
            _ => String::new(),
        };
        format!("configuration, {source}: {path}: {}{hint}", error.kind)
    });
    anyhow!(lines.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(set: &[&str]) -> anyhow::Result<Config> {
        Config::load(&Settings { config: None, set: set.iter().map(|it| (*it).to_owned()).collect() })
    }

    #[test]
    fn a_flag_beats_the_default() {
        let config = load(&["kafka.brokers=10.0.0.1:9092", "kafka.client.sasl.username=hall", "intake.workers=4"]).unwrap();
        assert_eq!((config.kafka.brokers.as_str(), config.intake.workers), ("10.0.0.1:9092", 4));
        assert_eq!(config.kafka.client["sasl.username"], "hall");
    }

    #[test]
    fn an_unknown_key_says_what_was_meant() {
        let error = load(&["kafka.broker=x"]).unwrap_err().to_string();
        assert!(error.contains("--set kafka.broker=x") && error.contains("did you mean `brokers`?"), "{error}");
    }

    #[test]
    fn a_setting_of_figures_that_makes_no_sense_is_told_with_its_key_and_its_source() {
        let error = load(&["figures.z=-2", "figures.parties.blacklist_below=70"]).unwrap_err().to_string();
        let lines: Vec<&str> = error.lines().collect();
        assert_eq!(lines[0], "configuration, --set figures.z=-2: figures.z: found -2, expected more than 0 and at most 10");
        assert!(lines[1].contains("figures.parties.blacklist_below: found 70, expected a share between 0 and 1"), "{error}");
        let error = load(&["figures.suspicious=[\"too_fast\"]"]).unwrap_err().to_string();
        assert!(error.contains("figures.suspicious: found \"too_fast\""), "{error}");
    }

    #[test]
    fn copies_of_the_cases_that_are_made_all_the_time_are_refused() {
        assert!(load(&[]).unwrap().copy_every().is_ok());
        let error = load(&["clickhouse.copy_minutes=1"]).unwrap().copy_every().unwrap_err().to_string();
        assert_eq!(error, "clickhouse.copy_minutes: found 1, expected 10 to 10080 minutes");
    }

    #[test]
    fn secrets_are_masked() {
        let config = load(&["clickhouse.password=hush", "kafka.client.sasl.password=hush"]).unwrap().masked();
        assert!(!toml::to_string(&config).unwrap().contains("hush"));
    }
}
