//! The ClickHouse and Kafka child processes of the one-command mode.
