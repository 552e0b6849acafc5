//! `sundial run` and `sundial migrate`.

use std::{
    collections::BTreeSet,
    io::{self, Write},
    process::ExitCode,
};

use clap::Args;

use crate::{
    config::Config,
    service::{self, Role},
};

#[derive(Args)]
pub struct RunArgs {
    /// What this process does.
    #[arg(long, value_delimiter = ',', default_values_t = [Role::Pipeline, Role::Notify, Role::Api], value_enum)]
    roles: Vec<Role>,
}

pub async fn run(config: &Config, args: RunArgs) -> anyhow::Result<ExitCode> {
    let roles: BTreeSet<Role> = args.roles.into_iter().collect();
    service::run(config, &roles).await?;
    Ok(ExitCode::SUCCESS)
}

pub async fn migrate(config: &Config) -> anyhow::Result<ExitCode> {
    let (retention, copy_every) = (config.retention()?, config.copy_every()?);
    let applied = store::migrate(&config.store()).await?;
    let database = &config.clickhouse.database;
    match &applied[..] {
        [] => writeln!(io::stdout(), "{database}: at schema {} already", store::LATEST)?,
        applied => writeln!(io::stdout(), "{database}: applied {applied:?}, now at schema {}", store::LATEST)?,
    }
    for table in store::retain(&config.store(), retention).await? {
        writeln!(io::stdout(), "{database}: rows of {table} are kept as clickhouse.retention says")?;
    }
    if store::copy_every(&config.store(), copy_every).await? {
        writeln!(io::stdout(), "{database}: cases are copied as often as clickhouse.copy_minutes says")?;
    }
    Ok(ExitCode::SUCCESS)
}
