//! Where `scripts/setup` leaves what it fetched, and what of it is missing.
//!
//! A directory of the cache is renamed into place when it is whole, so that what exists is complete and was verified
//! against its pinned checksum. The versions in the names are the same as in `scripts/setup`: raise both together.

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::Error;

const CLICKHOUSE_DIRECTORY: &str = "chdb-26.7.3-stable.1";
const KAFKA_DIRECTORY: &str = "kafka-4.4.0";

/// The directory that holds the engines' artefacts.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// `SUNDIAL_CACHE`, or `sundial` under `XDG_CACHE_HOME`, or `~/.cache/sundial`: as `scripts/setup` chooses it.
    pub fn from_environment() -> Result<Self, Error> {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        set("SUNDIAL_CACHE")
            .or_else(|| set("XDG_CACHE_HOME").map(|directory| directory.join("sundial")))
            .or_else(|| set("HOME").map(|directory| directory.join(".cache/sundial")))
            .map(Self::at)
            .ok_or(Error::NoCacheDirectory)
    }

    /// A cache in a directory of the caller's choice.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        // The children work in directories of their own. Only an empty path has no absolute form.
        Self { root: std::path::absolute(&root).unwrap_or(root) }
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The ClickHouse library.
    pub fn library(&self) -> Result<PathBuf, Error> {
        let directory = self.root.join(CLICKHOUSE_DIRECTORY);
        let library = directory.join("libchdb.so");
        if library.is_file() { Ok(library) } else { Err(Error::MissingLibrary { directory }) }
    }

    /// The directory of the broker's jars.
    pub fn kafka_libs(&self) -> Result<PathBuf, Error> {
        let directory = self.root.join(KAFKA_DIRECTORY).join("libs");
        if directory.is_dir() { Ok(directory) } else { Err(Error::MissingJars { directory }) }
    }

    /// The `java` to run the broker with: the one that `scripts/setup` fetched because the system had none that is new
    /// enough, else that of `JAVA_HOME`, else the first in `PATH`.
    pub fn java(&self) -> Result<PathBuf, Error> {
        let fetched = self.root.join("java-home");
        let homes = [Some(fetched.clone()), env::var_os("JAVA_HOME").map(PathBuf::from)];
        let in_homes = homes.into_iter().flatten().map(|home| home.join("bin"));
        let path = env::var_os("PATH").unwrap_or_default();
        in_homes
            .chain(env::split_paths(&path))
            .map(|directory| directory.join("java"))
            .find(|java| java.is_file())
            .ok_or(Error::MissingJava { java_home: fetched })
    }

    /// Everything that is missing, for one message before anything is started; empty when both engines can run.
    pub fn missing(&self) -> Vec<Error> {
        [self.library().err(), self.kafka_libs().err(), self.java().err()].into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_cache_names_each_missing_part_and_the_command_to_run() {
        let directory = tempfile::tempdir().unwrap();
        let missing = Cache::at(directory.path()).missing();
        assert!(missing.len() >= 2);
        for error in missing {
            assert!(error.to_string().contains("run scripts/setup"), "{error}");
        }
    }

    #[test]
    fn the_fetched_java_is_preferred() {
        let directory = tempfile::tempdir().unwrap();
        let bin = directory.path().join("java-home/bin");
        std::fs::create_dir_all(&bin).unwrap();
        std::fs::write(bin.join("java"), "").unwrap();
        assert_eq!(Cache::at(directory.path()).java().unwrap(), bin.join("java"));
    }
}
