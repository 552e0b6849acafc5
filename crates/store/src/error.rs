//! What can go wrong with the store, and what to do about it.

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// ClickHouse, or the way to it.
    #[error("ClickHouse, {what}: {source}")]
    ClickHouse {
        /// What was being done.
        what: String,
        /// What ClickHouse or the network said.
        source: clickhouse::error::Error,
    },
    /// A request did not end in time.
    #[error("ClickHouse, {what}: no answer within {seconds} s")]
    TimedOut {
        /// What was being done.
        what: String,
        /// For how long it was waited.
        seconds: u64,
    },
    /// The database is not at the version this binary works with.
    #[error("{0}")]
    Schema(String),
    /// A row that this binary cannot have written.
    #[error("table {table}, case {case_no:?}: {why}")]
    BrokenRow {
        /// Which table.
        table: &'static str,
        /// Which case.
        case_no: String,
        /// What is wrong.
        why: String,
    },
}

/// Codes after which the same request may succeed (ClickHouse's ErrorCodes.cpp): among them too many
/// parts or queries, memory limits, timeouts, a table that is read only for now, ZooKeeper trouble.
const RETRYABLE: [u32; 14] = [3, 107, 159, 164, 202, 203, 209, 210, 241, 242, 252, 285, 319, 425];
const KEEPER_EXCEPTION: u32 = 999;

impl StoreError {
    pub(crate) fn during(what: impl Into<String>) -> impl FnOnce(clickhouse::error::Error) -> Self {
        let what = what.into();
        move |source| StoreError::ClickHouse { what, source }
    }

    /// ClickHouse's error code, where it gave one.
    pub fn code(&self) -> Option<u32> {
        let StoreError::ClickHouse { source: clickhouse::error::Error::BadResponse(text), .. } = self else { return None };
        let code = text.split_once("Code: ")?.1;
        code.split(|other: char| !other.is_ascii_digit()).next()?.parse().ok()
    }

    /// Whether the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            StoreError::TimedOut { .. } => true,
            StoreError::ClickHouse { source, .. } => match source {
                clickhouse::error::Error::Network(_) | clickhouse::error::Error::TimedOut => true,
                clickhouse::error::Error::BadResponse(_) => match self.code() {
                    Some(code) => RETRYABLE.contains(&code) || code == KEEPER_EXCEPTION,
                    // A proxy in between, or an answer cut short.
                    None => true,
                },
                _ => false,
            },
            StoreError::Schema(_) | StoreError::BrokenRow { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(text: &str) -> StoreError {
        StoreError::during("a test")(clickhouse::error::Error::BadResponse(text.to_owned()))
    }

    #[test]
    fn the_code_decides_whether_to_try_again() {
        assert!(answered("Code: 252. DB::Exception: Too many parts").is_retryable());
        assert!(!answered("Code: 60. DB::Exception: Unknown table").is_retryable());
        assert_eq!(answered("Code: 60. DB::Exception").code(), Some(60));
    }
}
