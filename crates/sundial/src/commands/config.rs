//! `sundial config`: the effective configuration.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use crate::{cli::Settings, config::Config};

pub fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let config = Config::load(settings)?.masked();
    io::stdout().write_all(toml::to_string(&config)?.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
