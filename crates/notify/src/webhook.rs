//! A card posted as JSON to a URL.

use reqwest::{Client, header};
use ring::hmac;

use crate::{
    CardMessage, Channel, SendError,
    channel::Sending,
    http,
    text::{Texts, Zone},
};

/// The header of the signature: `sha256=` and the lower-case hex of HMAC-SHA256 over the body.
pub const SIGNATURE_HEADER: &str = "X-Sundial-Signature";
/// The header that tells two deliveries of one change from two changes: `card_id:state`.
pub const IDEMPOTENCY_HEADER: &str = "Idempotency-Key";

/// Posts `{"card": …, "title": …, "text": …}` to a URL.
pub struct Webhook {
    name: String,
    url: String,
    key: Option<hmac::Key>,
    zone: Zone,
    client: Client,
}

#[derive(serde::Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    texts: Texts,
    card: &'a CardMessage,
}

impl Webhook {
    /// A channel called `name`. With a `secret`, the body is signed ([`SIGNATURE_HEADER`]). Times in the texts are in `zone`.
    ///
    /// # Errors
    /// The HTTP client cannot be made (no trusted certificates on this machine).
    pub fn new(
        name: impl Into<String>,
        url: impl Into<String>,
        secret: Option<&str>,
        zone: Zone,
    ) -> Result<Self, reqwest::Error> {
        let key = secret.map(|secret| hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()));
        Ok(Self { name: name.into(), url: url.into(), key, zone, client: http::client()? })
    }

    async fn post(&self, card: &CardMessage) -> Result<(), SendError> {
        let body = Body { texts: Texts::of(card, &self.zone), card };
        let body = serde_json::to_vec(&body).map_err(|error| SendError { reason: error.to_string(), retryable: false })?;
        let mut request = self
            .client
            .post(&self.url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(IDEMPOTENCY_HEADER, card.idempotency_key());
        if let Some(key) = &self.key {
            request = request.header(SIGNATURE_HEADER, signature(key, &body));
        }
        http::post(request.body(body)).await
    }
}

impl Channel for Webhook {
    fn name(&self) -> &str {
        &self.name
    }

    fn send<'a>(&'a self, card: &'a CardMessage) -> Sending<'a> {
        Box::pin(self.post(card))
    }
}

fn signature(key: &hmac::Key, body: &[u8]) -> String {
    let tag = hmac::sign(key, body);
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    #[test]
    fn signs_with_hmac_sha256() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"Jefe");
        assert_eq!(
            signature(&key, b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
