//! Errors that may pass by themselves, and are an operator's where they do not: a topic nobody makes, a login that is
//! refused. To end at once would turn every slow start of a cluster into a crash; to wait for ever would look like an
//! idle topic.

use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// How long they may last.
pub(crate) const GRACE: Duration = Duration::from_secs(60);
/// The client keeps an error that repeats itself back for 30 s; after this it has not come again.
const REPEATED_WITHIN: Duration = Duration::from_secs(45);

/// What goes on of this sort.
#[derive(Debug, Default)]
pub(crate) struct Hopeless {
    /// Told once, however long it lasts.
    unknown_topic: Option<Ordeal>,
    refused_login: Option<Ordeal>,
}

#[derive(Debug, Clone)]
struct Ordeal {
    began: Instant,
    last: Instant,
    error: KafkaError,
    reason: String,
}

/// What has lasted too long.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Overdue {
    /// The client missed the topic. Whether it is still missing has to be asked.
    UnknownTopic(KafkaError),
    /// No broker lets us in; why, in words.
    RefusedLogin(KafkaError, String),
}

impl Hopeless {
    pub(crate) fn error(&mut self, error: &KafkaError, reason: &str, now: Instant) {
        let ordeal = match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::UnknownTopic | RDKafkaErrorCode::UnknownTopicOrPartition) => &mut self.unknown_topic,
            Some(RDKafkaErrorCode::Authentication) => &mut self.refused_login,
            _ => return,
        };
        let began = ordeal.as_ref().map_or(now, |ordeal| ordeal.began);
        *ordeal = Some(Ordeal { began, last: now, error: error.clone(), reason: reason.to_owned() });
    }

    /// A broker has let us in.
    pub(crate) fn broker_up(&mut self) {
        self.refused_login = None;
    }

    /// What has lasted longer than the grace; told once.
    pub(crate) fn overdue(&mut self, now: Instant) -> Option<Overdue> {
        // A login that is not refused any more may have become an outage, and those are waited for.
        self.refused_login.take_if(|ordeal| now - ordeal.last > REPEATED_WITHIN);
        let is_over = |ordeal: &mut Ordeal| now - ordeal.began >= GRACE;
        if let Some(ordeal) = self.refused_login.take_if(is_over) {
            return Some(Overdue::RefusedLogin(ordeal.error, ordeal.reason));
        }
        self.unknown_topic.take_if(is_over).map(|ordeal| Overdue::UnknownTopic(ordeal.error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: RDKafkaErrorCode) -> KafkaError {
        KafkaError::MessageConsumption(code)
    }

    #[test]
    fn a_topic_that_is_missed_is_overdue_after_the_grace_and_told_once() {
        let start = Instant::now();
        let mut hopeless = Hopeless::default();
        let unknown = error(RDKafkaErrorCode::UnknownTopicOrPartition);
        hopeless.error(&unknown, "", start);
        hopeless.broker_up();
        assert_eq!(hopeless.overdue(start + GRACE - Duration::from_secs(1)), None);
        assert_eq!(hopeless.overdue(start + GRACE), Some(Overdue::UnknownTopic(unknown)));
        assert_eq!(hopeless.overdue(start + GRACE), None);
    }

    #[test]
    fn a_login_is_hopeless_only_while_it_is_refused_again_and_again() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let refused = error(RDKafkaErrorCode::Authentication);
        let mut hopeless = Hopeless::default();
        hopeless.error(&refused, "SASL", at(0));
        hopeless.error(&refused, "SASL", at(31));
        assert_eq!(hopeless.overdue(at(60)), Some(Overdue::RefusedLogin(refused.clone(), "SASL".to_owned())));
        // Refused once, then the broker was away.
        hopeless.error(&refused, "SASL", at(100));
        hopeless.error(&error(RDKafkaErrorCode::BrokerTransportFailure), "", at(150));
        assert_eq!(hopeless.overdue(at(160)), None);
        // Refused by one broker, let in by another.
        hopeless.error(&refused, "SASL", at(200));
        hopeless.broker_up();
        hopeless.error(&refused, "SASL", at(240));
        assert_eq!(hopeless.overdue(at(265)), None);
    }

    #[test]
    fn an_outage_is_never_hopeless() {
        let start = Instant::now();
        let mut hopeless = Hopeless::default();
        hopeless.error(&error(RDKafkaErrorCode::AllBrokersDown), "", start);
        assert_eq!(hopeless.overdue(start + Duration::from_secs(86_400)), None);
    }
}
