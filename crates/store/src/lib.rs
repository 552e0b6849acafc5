//! ClickHouse: migrations, row types, batch writer with retries, every read query.
