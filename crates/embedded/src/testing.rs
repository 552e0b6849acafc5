//! For tests: one ClickHouse and one broker per test binary, started by the first test that asks for them.
//!
//! The tests of a binary share an engine, so each one takes a database, or topics, of its own. The engines end with the
//! binary. Nothing runs at that moment that could remove their directories, so the next binary that starts an engine
//! removes those that have no owner any more.
//!
//! A binary that asks for ClickHouse is its own launcher and has
//! [`clickhouse_child_test!`](crate::clickhouse_child_test) at its root.

use std::{
    env, fs,
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
    process,
    sync::OnceLock,
};

use tokio::sync::OnceCell;

use crate::{Broker, BrokerOptions, ClickHouse, ClickHouseOptions, Error, Launcher};

/// Under the system's directory for temporary files, one for each user. Every directory in it belongs to the process of
/// its number.
const DIRECTORY: &str = "sundial-test-engines";
/// Held while directories are made and removed, so that none is taken for ownerless before its owner has locked it.
const GATE: &str = "gate";
/// In each directory, locked by its owner for as long as that lives.
const OWNER: &str = "owner";

/// The ClickHouse of this test binary. What it holds is empty at the first call only: use a database per test.
///
/// # Errors
/// As [`ClickHouse::start`]; the next call tries again.
pub async fn shared_clickhouse() -> Result<&'static ClickHouse, Error> {
    static CLICKHOUSE: OnceCell<ClickHouse> = OnceCell::const_new();
    let start = || async {
        let options = ClickHouseOptions::new(directory()?.join("clickhouse"), Launcher::this_test_binary()?);
        ClickHouse::start(options).await
    };
    CLICKHOUSE.get_or_try_init(start).await
}

/// The broker of this test binary, which makes no topic by itself: use topics and groups of each test's own.
///
/// # Errors
/// As [`Broker::start`]; the next call tries again.
pub async fn shared_broker() -> Result<&'static Broker, Error> {
    static BROKER: OnceCell<Broker> = OnceCell::const_new();
    let start = || async { Broker::start(BrokerOptions::new(directory()?.join("kafka"))).await };
    BROKER.get_or_try_init(start).await
}

/// This process's directory and the lock that says so.
struct Owned {
    path: PathBuf,
    _lock: File,
}

/// The directory of this process's engines, made at the first call.
fn directory() -> Result<&'static Path, Error> {
    static OWNED: OnceLock<Owned> = OnceLock::new();
    if let Some(owned) = OWNED.get() {
        return Ok(&owned.path);
    }
    let root = env::temp_dir().join(format!("{DIRECTORY}-{}", nix::unistd::geteuid()));
    fs::create_dir_all(&root).map_err(Error::file("create", &root))?;
    let gate = create(root.join(GATE))?;
    gate.lock().map_err(Error::file("lock", root.join(GATE)))?;
    // Another thread may have come first while this one waited; its lock must not be taken for a stranger's.
    if OWNED.get().is_none() {
        remove_ownerless(&root)?;
        let owned = own(root.join(process::id().to_string()))?;
        return Ok(&OWNED.get_or_init(|| owned).path);
    }
    drop(gate);
    directory()
}

fn own(path: PathBuf) -> Result<Owned, Error> {
    fs::create_dir_all(&path).map_err(Error::file("create", &path))?;
    let lock = create(path.join(OWNER))?;
    lock.lock().map_err(Error::file("lock", path.join(OWNER)))?;
    Ok(Owned { path, _lock: lock })
}

fn create(path: PathBuf) -> Result<File, Error> {
    File::create(&path).map_err(Error::file("create", path))
}

/// Removes the directories whose owner has ended: the kernel has dropped its lock then, however it ended.
fn remove_ownerless(root: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(root).map_err(Error::file("read", root))? {
        let path = entry.map_err(Error::file("read", root))?.path();
        let lock = match File::open(path.join(OWNER)) {
            Ok(lock) => lock,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotADirectory | io::ErrorKind::NotFound) => continue,
            Err(source) => return Err(Error::file("open", path)(source)),
        };
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => continue,
            Err(TryLockError::Error(source)) => return Err(Error::file("lock", path)(source)),
        }
        // An engine that was killed a moment ago may still write; what cannot be removed now is removed next time.
        if let Err(error) = fs::remove_dir_all(&path) {
            tracing::debug!(%error, path = %path.display(), "an old directory of test engines stays for now");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_directories_without_a_living_owner_are_removed() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join(GATE), "").unwrap();
        let living = own(root.path().join("1")).unwrap();
        let ended = own(root.path().join("2")).unwrap().path;
        fs::create_dir_all(ended.join("kafka/node-1")).unwrap();
        remove_ownerless(root.path()).unwrap();
        assert!(living.path.is_dir() && !ended.exists());
        assert!(root.path().join(GATE).is_file());
    }
}
