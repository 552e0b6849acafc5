//! What happens in the intake, for metrics.

/// What a rebalance did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rebalance {
    /// Partitions came.
    Assigned,
    /// Partitions went, in good order.
    Revoked,
    /// Partitions were given to others before we let go.
    Lost,
}

/// Hears what happens. Called from the poll thread and from whoever acknowledges: be quick.
pub trait Observer: Send + Sync {
    /// Messages were polled.
    fn polled(&self, _messages: u64, _bytes: u64) {}
    /// Partitions came or went.
    fn rebalanced(&self, _rebalance: Rebalance, _partitions: usize) {}
    /// Everything before this offset is acknowledged.
    fn frontier(&self, _partition: i32, _offset: i64) {}
    /// This offset was committed.
    fn committed(&self, _partition: i32, _offset: i64) {}
    /// How far the frontier is behind the end of the partition: in messages, and in seconds since the
    /// oldest message that is not acknowledged was written. Told every second, also when nothing flows
    /// and when writes hang.
    fn lag(&self, _partition: i32, _messages: i64, _seconds: f64) {}
    /// A partition is someone else's now; its lag is theirs to tell.
    fn forgotten(&self, _partition: i32) {}
    /// How many partitions the topic has, whoever reads them.
    fn topic(&self, _partitions: usize) {}
    /// What is polled and not let go of by the workers, and whether polling is paused for it.
    fn budget(&self, _bytes: usize, _messages: usize, _paused: bool) {}
    /// The client reported an error of this kind (of a bounded set). `offset_reset` is the one that tells of loss:
    /// messages expired before they were read.
    fn client_error(&self, _kind: &'static str) {}
}

impl Observer for () {}
