//! The servers of a process: the admin pages and the API.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context;
use axum::{Router, extract::State, http::StatusCode, routing::get};
use domain::FigureSettings;
use engine::RuleBook;
use store::Reader;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use wire::CodeMaps;

use crate::metrics::Metrics;

#[derive(Clone)]
struct Admin {
    metrics: Arc<Metrics>,
    reader: Reader,
}

/// Serves `/metrics`, `/healthz` and `/readyz`.
pub async fn serve_admin(
    address: SocketAddr,
    metrics: Arc<Metrics>,
    reader: Reader,
    stopping: watch::Receiver<bool>,
) -> anyhow::Result<JoinHandle<()>> {
    let router = Router::new()
        .route("/metrics", get(|State(admin): State<Admin>| async move { admin.metrics.text() }))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(Admin { metrics, reader });
    serve("admin.listen", address, router, stopping).await
}

/// Ready when the store answers.
async fn ready(State(admin): State<Admin>) -> (StatusCode, String) {
    match admin.reader.ping().await {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")),
    }
}

/// Serves the API.
pub async fn serve_api(
    address: SocketAddr,
    reader: Reader,
    rules: &RuleBook,
    codes: &CodeMaps,
    settings: &FigureSettings,
    stopping: watch::Receiver<bool>,
) -> anyhow::Result<JoinHandle<()>> {
    let office = api::Office {
        catalog: rules.catalog.clone(),
        calendar: rules.calendar.clone(),
        profile: rules.profile.clone(),
        codes: codes.clone(),
        settings: settings.clone(),
    };
    serve("api.listen", address, api::router(reader, office, crate::clock::now), stopping).await
}

async fn serve(
    what: &'static str,
    address: SocketAddr,
    router: Router,
    mut stopping: watch::Receiver<bool>,
) -> anyhow::Result<JoinHandle<()>> {
    let listener = TcpListener::bind(address).await.with_context(|| format!("{what}: {address}"))?;
    Ok(tokio::spawn(async move {
        let stop = async move {
            // An error means that the sender is gone, which ends the server as well.
            let _ = stopping.wait_for(|stopping| *stopping).await;
        };
        if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stop).await {
            tracing::error!(%error, what, "a server ended");
        }
    }))
}
