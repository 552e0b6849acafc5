//! What librdkafka calls back: rebalances, statistics, errors, its log. All from within `poll`, in the poll thread.

use std::{sync::Arc, time::Instant};

use rdkafka::{
    ClientContext, Statistics,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, ConsumerContext, Rebalance},
    error::{KafkaError, RDKafkaErrorCode},
};

use crate::{
    client,
    poll::{Shared, lock, now_ms},
    tracker::Standing,
};

/// Hears what librdkafka has to say.
pub(crate) struct Context {
    pub(crate) shared: Arc<Shared>,
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        client::log(level, facility, message);
        if client::is_offset_reset(level, facility) {
            self.shared.observer.client_error("offset_reset");
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        // The same error comes out of `poll` and is reported there; only its words come here.
        tracing::debug!(%error, reason, "the Kafka client reports");
        lock(&self.shared.state).reason = reason.to_owned();
    }

    fn stats(&self, statistics: Statistics) {
        let (paused, watermarks) = {
            let mut state = lock(&self.shared.state);
            let is_up = statistics.brokers.values().any(|broker| broker.nodeid >= 0 && broker.state == "UP");
            if is_up {
                state.hopeless.broker_up();
                if let Some(took) = state.trouble.broker_up(Instant::now()) {
                    tracing::info!(seconds = took.as_secs(), "Kafka is well again");
                }
            }
            (state.paused, state.watermarks.clone())
        };
        let now = now_ms();
        let topic = statistics.topics.get(&self.shared.config.topic);
        for (number, partition) in topic.iter().flat_map(|topic| &topic.partitions) {
            let is_fetching = !paused && partition.fetch_state == "active";
            let (begin, end) = watermarks.get(number).copied().unwrap_or((-1, -1));
            let standing = Standing {
                end: partition.hi_offset.max(end),
                begin: partition.lo_offset.max(begin),
                committed: partition.committed_offset,
                is_read_to_end: is_fetching && partition.fetchq_cnt == 0 && partition.next_offset >= partition.hi_offset,
            };
            self.shared.tracker.observe_lag(*number, standing, now);
        }
        // One numbered -1 holds what has no partition yet.
        let there = topic.map_or(0, |topic| topic.partitions.iter().filter(|(number, it)| **number >= 0 && !it.unknown).count());
        if there > 0 {
            self.shared.observer.topic(there);
        }
        let (bytes, messages) = self.shared.used();
        self.shared.observer.budget(bytes, messages, paused);
    }
}

impl ConsumerContext for Context {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Revoke(list) => self.shared.revoked(consumer, list),
            Rebalance::Error(error) => self.shared.report_trouble(error),
            Rebalance::Assign(_) => {}
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(list) = rebalance {
            self.shared.assigned(consumer, list);
        }
    }
}

/// Errors after which polling is in vain: an operator is needed.
pub(crate) fn is_fatal(error: &KafkaError) -> bool {
    matches!(error, KafkaError::MessageConsumptionFatal(_))
        || matches!(
            error.rdkafka_error_code(),
            Some(
                RDKafkaErrorCode::Fatal
                    | RDKafkaErrorCode::TopicAuthorizationFailed
                    | RDKafkaErrorCode::GroupAuthorizationFailed
                    | RDKafkaErrorCode::ClusterAuthorizationFailed
                    | RDKafkaErrorCode::SaslAuthenticationFailed
                    | RDKafkaErrorCode::FencedInstanceId
            )
        )
}

/// A bounded set of names, for metrics.
pub(crate) fn kind_of(error: &KafkaError) -> &'static str {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::BrokerTransportFailure) => "broker_transport",
        Some(RDKafkaErrorCode::AllBrokersDown) => "all_brokers_down",
        Some(RDKafkaErrorCode::UnknownTopic | RDKafkaErrorCode::UnknownTopicOrPartition) => "unknown_topic",
        Some(RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SaslAuthenticationFailed) => "authentication",
        Some(RDKafkaErrorCode::OperationTimedOut | RDKafkaErrorCode::RequestTimedOut) => "timed_out",
        Some(RDKafkaErrorCode::IllegalGeneration | RDKafkaErrorCode::UnknownMemberId) => "group",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fatal_error_of_the_client_is_fatal_whatever_its_code() {
        let code = RDKafkaErrorCode::UnknownMemberId;
        assert!(is_fatal(&KafkaError::MessageConsumptionFatal(code)));
        assert!(!is_fatal(&KafkaError::MessageConsumption(code)));
        assert!(is_fatal(&KafkaError::MessageConsumption(RDKafkaErrorCode::FencedInstanceId)));
        assert!(!is_fatal(&KafkaError::MessageConsumption(RDKafkaErrorCode::AllBrokersDown)));
    }
}
