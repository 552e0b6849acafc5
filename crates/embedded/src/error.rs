//! What can go wrong, each message with the place and what to do about it.

use std::{fmt, path::PathBuf, time::Duration};

use crate::process::Exit;

/// Why an engine could not be started, reached or stopped.
#[derive(thiserror::Error)]
pub enum Error {
    /// Neither `SUNDIAL_CACHE`, nor `XDG_CACHE_HOME`, nor `HOME` is set.
    #[error("no cache directory: set SUNDIAL_CACHE (or HOME) and run scripts/setup")]
    NoCacheDirectory,

    /// The ClickHouse library has not been fetched.
    #[error("libchdb.so not found under {}: run scripts/setup", directory.display())]
    MissingLibrary {
        /// Where it was looked for.
        directory: PathBuf,
    },

    /// The Kafka jars have not been fetched.
    #[error("the Kafka jars were not found under {}: run scripts/setup", directory.display())]
    MissingJars {
        /// Where they were looked for.
        directory: PathBuf,
    },

    /// There is no Java to run the broker with.
    #[error("no java found in {}, JAVA_HOME or PATH: run scripts/setup", java_home.display())]
    MissingJava {
        /// Where `scripts/setup` leaves one when the system has none.
        java_home: PathBuf,
    },

    /// A file or directory could not be used.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was tried, as an infinitive.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },

    /// No free TCP port could be found.
    #[error("cannot find a free port on 127.0.0.1: {0}")]
    NoFreePort(std::io::Error),

    /// A port that is asked for, or was used before in this directory, belongs to another program.
    #[error("port {port} of {engine} is taken by another program: stop it, or choose another port{hint}")]
    PortTaken {
        /// Which engine wanted it.
        engine: String,
        /// The port.
        port: u16,
        /// How to be rid of a remembered port; empty when the caller chose it.
        hint: String,
    },

    /// The operating system refused to start the program.
    #[error("cannot start {name} ({}): {source}", program.display())]
    Spawn {
        /// Which process.
        name: String,
        /// The program.
        program: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },

    /// The process ended although it should have come up.
    #[error("{name} ended ({exit}) while waiting for {waited_for}; the end of {}:\n{tail}", log.display())]
    Ended {
        /// Which process.
        name: String,
        /// How it ended.
        exit: Exit,
        /// What was waited for.
        waited_for: String,
        /// Its log.
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },

    /// The process did not come up in time; it has been killed.
    #[error("{name} gave no sign within {limit:?} while waiting for {waited_for}; the end of {}:\n{tail}", log.display())]
    TimedOut {
        /// Which process.
        name: String,
        /// What was waited for.
        waited_for: String,
        /// How long.
        limit: Duration,
        /// Its log.
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },

    /// `libchdb.so` could not be loaded or lacks an entry.
    #[error("cannot load {}: {source}; remove its directory and run scripts/setup", path.display())]
    Library {
        /// The library.
        path: PathBuf,
        /// The loader's answer.
        source: libloading::Error,
    },

    /// ClickHouse, in the child process, returned an error.
    #[error("ClickHouse: {0}")]
    Engine(String),

    /// The serving entry was called by something else than [`ClickHouse::start`](crate::ClickHouse::start).
    #[error("{0} is not set: this entry is called by the one-command mode, not by hand")]
    NotAChild(&'static str),
}

/// The message itself: a test that unwraps, or a `main` that returns the error, is to tell what to do as well.
impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Error {
    /// For `map_err` on file operations.
    pub(crate) fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }
}
