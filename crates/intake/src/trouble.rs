//! When to say that Kafka is in trouble: once an episode, for a broker that is away is away many times a second.

use std::time::{Duration, Instant};

/// Brokers that answer do not end an episode until there was no error for so long: what is refused again and again
/// by a broker that is up (an unknown topic, say) is one episode.
const QUIET: Duration = Duration::from_secs(30);

/// The episode that is going on, if any.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    episode: Option<Episode>,
}

#[derive(Debug, Clone, Copy)]
struct Episode {
    began: Instant,
    last_error: Instant,
}

impl Trouble {
    /// An error came; whether an episode begins with it.
    pub(crate) fn error(&mut self, now: Instant) -> bool {
        let began = self.episode.map_or(now, |episode| episode.began);
        self.episode.replace(Episode { began, last_error: now }).is_none()
    }

    /// A message came: there is no trouble. How long there was, if an episode ends with it.
    pub(crate) fn message(&mut self, now: impl FnOnce() -> Instant) -> Option<Duration> {
        self.episode.take().map(|episode| now() - episode.began)
    }

    /// A broker answers. How long there was trouble, if an episode ends with it.
    pub(crate) fn broker_up(&mut self, now: Instant) -> Option<Duration> {
        let ended = self.episode.take_if(|episode| now - episode.last_error >= QUIET);
        ended.map(|episode| episode.last_error - episode.began)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_episode_is_told_once_and_ends_with_a_message_or_with_quiet() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut trouble = Trouble::default();
        assert_eq!((trouble.message(|| at(0)), trouble.broker_up(at(0))), (None, None));
        assert!(trouble.error(at(1)));
        assert!(!trouble.error(at(2)));
        assert_eq!(trouble.message(|| at(5)), Some(Duration::from_secs(4)));
        assert!(trouble.error(at(10)), "the next episode is told too");
        assert_eq!(trouble.broker_up(at(20)), None);
        assert!(!trouble.error(at(25)));
        assert_eq!(trouble.broker_up(at(54)), None);
        assert_eq!(trouble.broker_up(at(55)), Some(Duration::from_secs(15)));
        assert!(trouble.error(at(56)));
    }
}
