//! Cards to channels, once each.
//!
//! ```text
//! topic supervision.cards ─▶ Notifier ─▶ Courier ─▶ Channel (webhook, Alertmanager)
//!                                           └─▶ Ledger: what was told to whom
//! ```
//!
//! A message is handled when every channel has taken it, refused it for good, or need not hear of it;
//! only then is its offset committed. A crash in between tells a channel again, with the same
//! idempotency key: *once* is the ledger's promise, *at least once* the wire's.
//!
//! Deliberately absent: rules. Whether a card is founded is decided long before it comes here.

pub mod alertmanager;
pub mod channel;
pub mod courier;
mod http;
pub mod ledger;
pub mod message;
pub mod notifier;
pub mod text;
pub mod webhook;

pub use alertmanager::Alertmanager;
pub use channel::{Channel, SendError};
pub use courier::{Courier, CourierConfig, Interrupted, Observer, Outcome};
pub use ledger::{Entry, Ledger, LedgerError, MemoryLedger};
pub use message::{CardMessage, CardState, LimitDue};
pub use notifier::{Notifier, NotifierConfig, NotifyError};
pub use webhook::Webhook;
