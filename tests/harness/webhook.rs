//! A webhook that takes every card it is told.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Json, Router, extract::State, http::HeaderMap, routing::post};
use serde_json::Value;

use crate::PATIENCE;

/// A webhook, and what it was told so far.
pub struct Webhook {
    /// Where it listens.
    pub url: String,
    told: Told,
}

/// A message, and the key by which the same message is known when it comes again.
#[derive(Debug, Clone)]
pub struct Message {
    /// The header `Idempotency-Key`.
    pub key: String,
    /// The body.
    pub body: Value,
}

type Told = Arc<Mutex<Vec<Message>>>;

impl Webhook {
    /// Opens it.
    pub async fn open() -> Self {
        let told = Told::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/cards", listener.local_addr().expect("its address"));
        let router = Router::new().route("/cards", post(take)).with_state(told.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.expect("the webhook serves") });
        Self { url, told }
    }

    /// What it was told so far.
    pub fn told(&self) -> Vec<Message> {
        self.told.lock().expect("what was told").clone()
    }

    /// Waits until it was told at least so many messages like these; all of them.
    pub async fn wait_for(&self, count: usize, is_like: impl Fn(&Value) -> bool) -> Vec<Message> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut found = self.told();
            found.retain(|message| is_like(&message.body));
            if found.len() >= count {
                return found;
            }
            assert!(Instant::now() < deadline, "waited {PATIENCE:?} for {count} messages, told were {:?}", self.told());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

async fn take(State(told): State<Told>, headers: HeaderMap, Json(body): Json<Value>) {
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok()).expect("an idempotency key");
    told.lock().expect("what was told").push(Message { key: key.to_owned(), body });
}
