//! Ports on 127.0.0.1: finding free ones, and remembering which ones a data directory uses.

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    time::Duration,
};

use crate::Error;

/// `127.0.0.1:port`; nothing in this crate listens or connects anywhere else.
pub fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// A port that was free a moment ago. Another program may take it before it is used: starters retry.
pub fn free() -> Result<u16, Error> {
    free_set(1).map(|ports| ports[0])
}

/// Several different ports that were free a moment ago.
pub fn free_set(count: usize) -> Result<Vec<u16>, Error> {
    // All are held until the last one is found, so that none is found twice.
    let listeners: Vec<TcpListener> =
        (0..count).map(|_| TcpListener::bind(local(0))).collect::<io::Result<_>>().map_err(Error::NoFreePort)?;
    listeners.iter().map(|listener| Ok(listener.local_addr().map_err(Error::NoFreePort)?.port())).collect()
}

/// Whether nobody listens on the port.
pub fn is_free(port: u16) -> bool {
    // The standard library sets SO_REUSEADDR, so connections in TIME_WAIT from an earlier run do not count.
    TcpListener::bind(local(port)).is_ok()
}

/// Waits a moment for a port that an engine of a run before may still hold, if that run was killed just now.
pub(crate) async fn becomes_free(port: u16) -> bool {
    const ATTEMPTS: u32 = 60;
    for _ in 0..ATTEMPTS {
        if is_free(port) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

/// The ports that were written by [`remember`], or `None` if there are none yet.
pub(crate) fn remembered(file: &Path) -> Result<Option<Vec<u16>>, Error> {
    match fs::read_to_string(file) {
        Ok(text) => text
            .split_whitespace()
            .map(|word| word.parse().map_err(|_| io::Error::new(io::ErrorKind::InvalidData, format!("`{word}` is no port"))))
            .collect::<io::Result<_>>()
            .map(Some)
            .map_err(Error::file("read the ports kept in", file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::file("read", file)(source)),
    }
}

/// Writes the ports so that a later start, even after a crash, uses the same ones.
pub(crate) fn remember(file: &Path, ports: &[u16]) -> Result<(), Error> {
    let text: String = ports.iter().map(|port| format!("{port}\n")).collect();
    let unfinished = file.with_extension("unfinished");
    fs::write(&unfinished, text).map_err(Error::file("write", &unfinished))?;
    fs::rename(&unfinished, file).map_err(Error::file("write", file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_ports_of_one_call_all_differ() {
        let mut ports = free_set(20).unwrap();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 20);
    }

    #[test]
    fn a_port_with_a_listener_is_not_free() {
        let listener = TcpListener::bind(local(0)).unwrap();
        assert!(!is_free(listener.local_addr().unwrap().port()));
    }

    #[test]
    fn remembered_ports_come_back_and_a_missing_file_is_no_error() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("ports");
        assert_eq!(remembered(&file).unwrap(), None);
        remember(&file, &[9092, 9093]).unwrap();
        assert_eq!(remembered(&file).unwrap(), Some(vec![9092, 9093]));
        fs::write(&file, "909x").unwrap();
        assert!(remembered(&file).unwrap_err().to_string().contains("`909x` is no port"));
    }
}
