//! A real HTTP proxy between the pipeline and ClickHouse, which can be in a bad mood.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{StatusCode, header},
    response::Response,
};

/// What the proxy does with requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// It passes them on.
    Honest,
    /// It passes them on, but lets each wait first.
    Slow(Duration),
    /// It answers inserts itself as ClickHouse answers with this code; nothing is stored.
    Refusing(u32, &'static str),
    /// It passes inserts on, but says that ClickHouse did not answer: they are stored, and nobody knows.
    LosingAnswers,
}

/// The proxy.
pub struct Proxy {
    address: SocketAddr,
    desk: Desk,
    server: tokio::task::JoinHandle<()>,
}

#[derive(Clone)]
struct Desk {
    behind: String,
    client: reqwest::Client,
    mood: Arc<Mutex<Mood>>,
    /// Inserts refused, or whose answers were lost.
    spoiled: Arc<AtomicU64>,
}

/// More than any block of rows in a scenario.
const MOST_BYTES: usize = 256 << 20;

impl Proxy {
    /// A proxy before the ClickHouse at this URL.
    pub async fn before(url: String) -> Self {
        let mood = Arc::new(Mutex::new(Mood::Honest));
        let desk = Desk { behind: url, client: crate::client(), mood, spoiled: Arc::default() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let router = Router::new().fallback(answer).with_state(desk.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("the proxy serves") });
        Self { address, desk, server }
    }

    /// The setting that makes a process use it.
    pub fn setting(&self) -> String {
        format!("clickhouse.url=http://{}", self.address)
    }

    /// Changes its mood, for requests that come from now on.
    pub fn is_now(&self, mood: Mood) {
        *self.desk.mood.lock().expect("the mood") = mood;
    }

    /// How many inserts it has spoiled so far.
    pub fn spoiled(&self) -> u64 {
        self.desk.spoiled.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(State(desk): State<Desk>, request: Request) -> Response {
    let mood = *desk.mood.lock().expect("the mood");
    // The client sends the statement of an insert in the address, and its rows in the body.
    let is_insert = request.uri().query().is_some_and(|query| query.contains("INSERT"));
    match mood {
        Mood::Honest => desk.pass_on(request).await,
        Mood::Slow(pause) => {
            tokio::time::sleep(pause).await;
            desk.pass_on(request).await
        }
        Mood::Refusing(code, what) if is_insert => {
            desk.spoiled.fetch_add(1, Ordering::Relaxed);
            // Read to its end first, as ClickHouse does.
            let _ = to_bytes(request.into_body(), MOST_BYTES).await;
            let body = format!("Code: {code}. DB::Exception: refused by the scenario. ({what}) (version 26.7.2)\n");
            let answer = Response::builder().status(StatusCode::INTERNAL_SERVER_ERROR);
            answer.header("X-ClickHouse-Exception-Code", code).body(Body::from(body)).expect("an answer")
        }
        Mood::LosingAnswers if is_insert => {
            desk.pass_on(request).await;
            desk.spoiled.fetch_add(1, Ordering::Relaxed);
            status(StatusCode::GATEWAY_TIMEOUT)
        }
        Mood::Refusing(..) | Mood::LosingAnswers => desk.pass_on(request).await,
    }
}

fn status(status: StatusCode) -> Response {
    Response::builder().status(status).body(Body::empty()).expect("an answer")
}

impl Desk {
    async fn pass_on(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let Ok(body) = to_bytes(body, MOST_BYTES).await else { return status(StatusCode::BAD_REQUEST) };
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut headers = parts.headers;
        // Of this connection, not of the next one.
        for own in [header::HOST, header::CONNECTION, header::TRANSFER_ENCODING, header::CONTENT_LENGTH, header::EXPECT] {
            headers.remove(own);
        }
        let passed_on = self.client.request(parts.method, format!("{}{path}", self.behind)).headers(headers).body(body);
        let Ok(answer) = passed_on.send().await else { return status(StatusCode::BAD_GATEWAY) };
        let mut response = Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            if ![header::CONNECTION, header::TRANSFER_ENCODING, header::CONTENT_LENGTH].contains(name) {
                response = response.header(name, value);
            }
        }
        match answer.bytes().await {
            Ok(body) => response.body(Body::from(body)).expect("an answer"),
            Err(_) => status(StatusCode::BAD_GATEWAY),
        }
    }
}
