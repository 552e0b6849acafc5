//! One message to every channel: who is to be told, how often it is tried, what is written down.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{CardMessage, CardState, Channel, Entry, Ledger};

/// How a message ended on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The channel took it.
    Sent,
    /// The channel refused it for good, or longer than it is tried.
    Failed,
    /// The channel need not hear of it: too old, or the withdrawal of a card it was never told of.
    Skipped,
}

impl Outcome {
    /// As in the metric's label and the ledger.
    pub const fn code(self) -> &'static str {
        match self {
            Outcome::Sent => "sent",
            Outcome::Failed => "failed",
            Outcome::Skipped => "skipped",
        }
    }

    /// The outcome of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        [Outcome::Sent, Outcome::Failed, Outcome::Skipped].into_iter().find(|outcome| outcome.code() == code)
    }
}

/// Hears what happens, to count it.
pub trait Observer: Send + Sync + 'static {
    /// A change of a card was handled on a channel, for the first time.
    fn notified(&self, channel: &str, outcome: Outcome);

    /// A message on the topic was not a card; it was logged and passed over.
    fn unreadable(&self);
}

/// How patient a courier is.
#[derive(Debug, Clone)]
pub struct CourierConfig {
    /// Cards crossed longer ago are told to nobody: a replay of history must not flood people.
    pub max_age: Duration,
    /// How long one message is tried on one channel.
    pub retry_for: Duration,
    /// The first pause between two attempts; it doubles.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
}

impl Default for CourierConfig {
    fn default() -> Self {
        Self {
            max_age: Duration::from_secs(24 * 3600),
            retry_for: Duration::from_secs(300),
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(30),
        }
    }
}

/// The courier was told to stop before every channel was done; the message is to be delivered again.
#[derive(Debug, PartialEq, Eq)]
pub struct Interrupted;

/// Takes messages to channels.
pub struct Courier<L> {
    config: CourierConfig,
    channels: Vec<Arc<dyn Channel>>,
    ledger: Arc<L>,
    observer: Arc<dyn Observer>,
}

impl<L: Ledger> Courier<L> {
    /// A courier to `channels`, whose names must differ.
    pub fn new(config: CourierConfig, channels: Vec<Arc<dyn Channel>>, ledger: L, observer: Arc<dyn Observer>) -> Self {
        Self { config, channels, ledger: Arc::new(ledger), observer }
    }

    /// Tells every channel of `card`, all at once, and returns when each is done with it.
    ///
    /// # Errors
    /// `stop` was cancelled first.
    pub async fn deliver(&self, card: &CardMessage, stop: &CancellationToken) -> Result<(), Interrupted> {
        let card = Arc::new(card.clone());
        let mut deliveries = JoinSet::new();
        for channel in &self.channels {
            let delivery = Delivery {
                config: self.config.clone(),
                channel: Arc::clone(channel),
                ledger: Arc::clone(&self.ledger),
                observer: Arc::clone(&self.observer),
                card: Arc::clone(&card),
            };
            let stop = stop.clone();
            deliveries.spawn(async move { stop.run_until_cancelled(delivery.run()).await });
        }
        let mut done = true;
        while let Some(joined) = deliveries.join_next().await {
            // A task that panicked did not finish either.
            done &= matches!(joined, Ok(Some(())));
        }
        if done { Ok(()) } else { Err(Interrupted) }
    }
}

/// One message to one channel.
struct Delivery<L> {
    config: CourierConfig,
    channel: Arc<dyn Channel>,
    ledger: Arc<L>,
    observer: Arc<dyn Observer>,
    card: Arc<CardMessage>,
}

impl<L: Ledger> Delivery<L> {
    async fn run(self) {
        if self.recorded(self.card.state).await.is_some() {
            return;
        }
        let outcome = if self.is_to_be_told().await { self.send().await } else { Outcome::Skipped };
        let entry = self.entry(self.card.state);
        let mut pauses = self.pauses();
        while let Err(error) = self.ledger.record(&entry, outcome).await {
            tracing::warn!(channel = self.channel.name(), card = self.card.card_id, %error, "not written down yet");
            pauses.wait().await;
        }
        self.observer.notified(self.channel.name(), outcome);
    }

    /// A card is told while it is news; its withdrawal to those who were told of the card.
    async fn is_to_be_told(&self) -> bool {
        match self.card.state {
            CardState::Issued => {
                let max_age = SignedDuration::try_from(self.config.max_age).unwrap_or(SignedDuration::MAX);
                Timestamp::now().duration_since(self.card.crossed_at) <= max_age
            }
            CardState::Withdrawn => self.recorded(CardState::Issued).await == Some(Outcome::Sent),
        }
    }

    async fn send(&self) -> Outcome {
        let give_up_at = Instant::now() + self.config.retry_for;
        let mut pauses = self.pauses();
        let (channel, card) = (self.channel.name(), &self.card.card_id);
        loop {
            match self.channel.send(&self.card).await {
                Ok(()) => return Outcome::Sent,
                Err(error) if error.retryable && Instant::now() + pauses.next < give_up_at => {
                    tracing::warn!(channel, card, %error, "not taken, trying again");
                    pauses.wait().await;
                }
                Err(error) => {
                    tracing::error!(channel, card, %error, "card not told");
                    return Outcome::Failed;
                }
            }
        }
    }

    /// Waits for the ledger as long as it takes: without it nothing may be sent.
    async fn recorded(&self, state: CardState) -> Option<Outcome> {
        let entry = self.entry(state);
        let mut pauses = self.pauses();
        loop {
            match self.ledger.outcome(&entry).await {
                Ok(outcome) => return outcome,
                Err(error) => {
                    tracing::warn!(channel = self.channel.name(), %error, "waiting for the ledger");
                    pauses.wait().await;
                }
            }
        }
    }

    fn entry(&self, state: CardState) -> Entry {
        Entry { card_id: self.card.card_id.clone(), channel: self.channel.name().to_owned(), state }
    }

    fn pauses(&self) -> Pauses {
        Pauses { next: self.config.first_pause, longest: self.config.longest_pause }
    }
}

struct Pauses {
    next: Duration,
    longest: Duration,
}

impl Pauses {
    async fn wait(&mut self) {
        tokio::time::sleep(self.next).await;
        self.next = (self.next * 2).min(self.longest);
    }
}
