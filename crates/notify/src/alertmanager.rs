//! A card as an alert of Prometheus' Alertmanager (API v2).

use jiff::{SignedDuration, Timestamp};
use reqwest::Client;
use serde_json::{Value, json};

use crate::{
    CardMessage, CardState, Channel, SendError,
    channel::Sending,
    http,
    text::{Texts, Zone},
};

/// How long an alert stands that nobody withdraws. Alertmanager drops one after its `resolve_timeout`
/// where no end is given; a card is posted once, so its end is given here.
const STANDS_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Posts to `/api/v2/alerts`. The labels identify the card, so a withdrawn card resolves its alert.
pub struct Alertmanager {
    name: String,
    url: String,
    zone: Zone,
    client: Client,
}

impl Alertmanager {
    /// A channel called `name` to the Alertmanager at `base_url` (`http://127.0.0.1:9093`).
    ///
    /// # Errors
    /// The HTTP client cannot be made (no trusted certificates on this machine).
    pub fn new(name: impl Into<String>, base_url: &str, zone: Zone) -> Result<Self, reqwest::Error> {
        let url = format!("{}/api/v2/alerts", base_url.trim_end_matches('/'));
        Ok(Self { name: name.into(), url, zone, client: http::client()? })
    }

    async fn post(&self, card: &CardMessage) -> Result<(), SendError> {
        let alerts = [alert(card, &self.zone, Timestamp::now())];
        http::post(self.client.post(&self.url).json(&alerts)).await
    }
}

impl Channel for Alertmanager {
    fn name(&self) -> &str {
        &self.name
    }

    fn send<'a>(&'a self, card: &'a CardMessage) -> Sending<'a> {
        Box::pin(self.post(card))
    }
}

/// The alert of a card. Labels are the same for both states; an empty label would be no label.
fn alert(card: &CardMessage, zone: &Zone, now: Timestamp) -> Value {
    let texts = Texts::of(card, zone);
    let ends_at = match card.state {
        CardState::Issued => now.saturating_add(STANDS_FOR).unwrap_or(Timestamp::MAX),
        CardState::Withdrawn => now,
    };
    json!({
        "labels": {
            "alertname": "SundialCard",
            "level": card.level,
            "department": card.department.as_deref().unwrap_or_default(),
            "clock": card.clock,
            "case_no": card.case_no,
            "card_id": card.card_id,
        },
        "annotations": { "summary": texts.title, "description": texts.text, "description_en": texts.text_en },
        // Alertmanager refuses an alert that ends before it starts.
        "startsAt": card.crossed_at.min(ends_at),
        "endsAt": ends_at,
    })
}
