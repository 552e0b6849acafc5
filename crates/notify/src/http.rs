//! What the HTTP channels share.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, StatusCode};

use crate::SendError;

/// A client with deadlines. Redirects are not followed: a card must not be posted to a place nobody configured.
pub(crate) fn client() -> Result<Client, reqwest::Error> {
    // An error means that the process has a provider already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(15))
        .redirect(reqwest::redirect::Policy::none())
        .build()
}

/// Sends a request and judges the answer: 2xx is taken; 408, 425, 429, 5xx and no answer at all may be
/// tried again; anything else is for good.
pub(crate) async fn post(request: RequestBuilder) -> Result<(), SendError> {
    // Without its URL: a webhook's URL often holds the token.
    let answer = request.send().await.map_err(|error| {
        let retryable = !error.is_builder();
        SendError { reason: chain(&error.without_url()), retryable }
    })?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let passing = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
    Err(SendError { reason: format!("answered {status}"), retryable: status.is_server_error() || passing.contains(&status) })
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}
