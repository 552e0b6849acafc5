//! Which cases figures are taken over, besides the period: the same condition in every query.

use clickhouse::query::Query;
use domain::FigureSettings;

use crate::{FigureQuery, Reader};

/// Only some cases. By default all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Narrowing {
    /// Only those of the green channel.
    pub green_channel: bool,
    /// Only those of key projects.
    pub key_project: bool,
    /// Without suspicious ones.
    pub without_suspicious: bool,
    /// What makes a case suspicious.
    pub suspicion: Suspicion,
}

/// What makes a closed case suspicious: figures may rest on a trick.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspicion {
    /// Findings by their code; `batch_close` is found across cases.
    pub kinds: Vec<String>,
    /// How many cases one window closes within a minute before it is a batch.
    pub batch_at_least: u32,
}

impl Default for Suspicion {
    fn default() -> Self {
        (&FigureSettings::default()).into()
    }
}

impl From<&FigureSettings> for Suspicion {
    fn from(settings: &FigureSettings) -> Self {
        Self { kinds: settings.suspicious.clone(), batch_at_least: settings.batch_at_least }
    }
}

/// Written for `{only}`. The list of suspicious cases is only asked for where it is needed: it reads all of them.
const ONLY: &str = "(NOT {green_channel:Bool} OR green_channel) AND (NOT {key_project:Bool} OR key_project)";

impl Reader {
    /// A query over a period, with its group and its condition written in.
    pub(crate) fn grouped(&self, sql: &str, query: &FigureQuery, only: &Narrowing) -> Query {
        let mut condition = ONLY.to_owned();
        if only.without_suspicious {
            condition = format!("{ONLY} AND case_no NOT IN (SELECT case_no FROM ({SUSPICIOUS}))");
        }
        let sql = sql.replace("{only}", &condition).replace("{suspicious}", SUSPICIOUS);
        let sql = sql.replace("{group}", query.group_by.expression());
        self.client
            .query(&sql)
            .param("from_ms", query.from.ms())
            .param("to_ms", query.to.ms())
            .param("zone", &query.zone)
            .param("green_channel", only.green_channel)
            .param("key_project", only.key_project)
            .param("kinds", &only.suspicion.kinds)
            .param("batch_at_least", only.suspicion.batch_at_least)
    }
}

const SUSPICIOUS: &str = include_str!("../queries/suspicious.sql");
