//! The long-running process: its roles, how they start, and how they end.

use std::{collections::BTreeSet, pin::pin, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use engine::RuleBook;
use intake::{DeadLetters, Intake};
use notify::{Alertmanager, Channel, CourierConfig, Notifier, NotifierConfig, Webhook};
use store::{Reader, Writer};
use tokio::{sync::watch, task::JoinHandle, time::Instant};

use crate::{
    cases::StoredCases,
    clock::now,
    config::Config,
    generation,
    ledger::StoreLedger,
    metrics::Metrics,
    pipeline::{self, Parts},
    web,
};

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Role {
    /// Consume the topic, derive cases and cards, store them.
    Pipeline,
    /// Tell cards to their channels.
    Notify,
    /// Serve the API.
    Api,
}

/// A running service.
pub struct Service {
    stop: watch::Sender<bool>,
    intake: Option<Intake>,
    workers: Vec<JoinHandle<()>>,
    notifier: Option<Notifier>,
    servers: Vec<JoinHandle<()>>,
    gauges: JoinHandle<()>,
    metrics: Arc<Metrics>,
}

/// How often the office's gauges are counted anew.
const GAUGE_INTERVAL: Duration = Duration::from_secs(15);
/// Counting is followed by a pause so many times as long, for it is work for the store where much is new: a hundredth of
/// the time is enough for it. But nobody is to look at gauges older than this.
const GAUGE_PAUSE: u32 = 100;
const GAUGE_LONGEST: Duration = Duration::from_secs(120);
/// How long everything together may take to end once the intake has.
const LETTING_GO: Duration = Duration::from_secs(3);

impl Service {
    /// Starts the roles. The database must be migrated.
    pub async fn start(config: &Config, roles: &BTreeSet<Role>) -> anyhow::Result<Self> {
        let rules = Arc::new(config.rules.load()?);
        let codes = Arc::new(config.rules.code_maps()?);
        let metrics = Arc::new(Metrics::new()?);
        metrics.calendar_ends(rules.calendar.ends_at());
        let store = config.store();
        store::require_current(&store).await?;
        let reader = Reader::new(&store);
        let (stop, stopping) = watch::channel(false);
        let mut service = Self {
            gauges: tokio::spawn(count_gauges(reader.clone(), metrics.clone(), rules.clone(), stopping.clone())),
            stop,
            intake: None,
            workers: Vec::new(),
            notifier: None,
            servers: Vec::new(),
            metrics: metrics.clone(),
        };
        service.servers.push(web::serve_admin(config.api.admin, metrics.clone(), reader.clone(), stopping.clone()).await?);
        if roles.contains(&Role::Api) {
            let server =
                web::serve_api(config.api.listen, reader.clone(), &rules, &codes, &config.figures, stopping.clone()).await?;
            service.servers.push(server);
        }
        if roles.contains(&Role::Pipeline) {
            let writer = Writer::new(&store, metrics.clone());
            let generation = generation::register(&reader, &writer, &rules, &codes).await?;
            let store = StoredCases { reader: reader.clone(), codes };
            service.start_pipeline(config, (&rules, generation), store, &metrics, &stopping)?;
        }
        if roles.contains(&Role::Notify) {
            service.notifier = start_notifier(config, &rules, &reader, &metrics)?;
        }
        Ok(service)
    }

    fn start_pipeline(
        &mut self,
        config: &Config,
        (rules, generation): (&Arc<RuleBook>, u32),
        store: StoredCases,
        metrics: &Arc<Metrics>,
        stopping: &watch::Receiver<bool>,
    ) -> anyhow::Result<()> {
        let producer = config.producer()?;
        let parts = Parts {
            rules: rules.clone(),
            generation,
            known: Arc::default(),
            store,
            writer: Writer::new(&config.store(), metrics.clone()),
            dead_letters: DeadLetters::new(producer.clone(), &config.kafka.dead_letter_topic, &config.kafka.topic),
            cards: producer,
            cards_topic: config.kafka.cards_topic.clone(),
            metrics: metrics.clone(),
            gather_messages: config.intake.gather_messages,
            stopping: stopping.clone(),
        };
        let (intake, signals) = Intake::start(config.consumption(), metrics.clone())?;
        self.intake = Some(intake);
        self.workers = signals.into_iter().map(|signals| tokio::spawn(pipeline::work(signals, parts.clone()))).collect();
        Ok(())
    }

    /// Its metrics.
    pub fn metrics(&self) -> Arc<Metrics> {
        self.metrics.clone()
    }

    /// Waits until the pipeline ends by itself, which it does only after an error it cannot mend.
    pub async fn failure(&mut self) -> anyhow::Error {
        for worker in &mut self.workers {
            if let Err(panicked) = worker.await {
                return anyhow::anyhow!("a worker ended: {panicked}");
            }
        }
        match &self.intake {
            Some(intake) => match intake.failure() {
                Some(error) => error.into(),
                None => anyhow::anyhow!("the intake ended"),
            },
            None => std::future::pending().await,
        }
    }

    /// Ends in order: no new messages, what is on its way is stored and committed, then the rest.
    ///
    /// A store that hangs does not hold up the end: whoever still waits for it is cut off then, as by a
    /// crash. What a worker had is not acknowledged, and is read again.
    pub async fn shutdown(self) {
        if let Some(intake) = &self.intake {
            // Retries go on while the intake drains; once it gave up, nothing is tried any more.
            intake.shutdown().await;
        }
        self.stop.send_replace(true);
        let deadline = Instant::now() + LETTING_GO;
        let_go("a worker", self.workers, deadline).await;
        if let Some(notifier) = self.notifier {
            let_go("the notifier", [tokio::spawn(notifier.stop())], deadline).await;
        }
        let_go("a server", self.servers, deadline).await;
        self.gauges.abort();
        tracing::info!(messages = self.metrics.messages_read(), "ended");
    }
}

/// Waits for tasks that were told to end, and cuts off those that do not by the deadline.
async fn let_go(what: &str, tasks: impl IntoIterator<Item = JoinHandle<()>>, deadline: Instant) {
    for mut task in tasks {
        // One that panicked was reported when it did.
        if tokio::time::timeout_at(deadline, &mut task).await.is_err() {
            tracing::warn!("{what} still waits for an answer and is cut off");
            task.abort();
        }
    }
}

/// The name of the calendar's time zone, for queries.
pub fn zone_name(rules: &RuleBook) -> String {
    rules.calendar.zone().iana_name().unwrap_or("UTC").to_owned()
}

async fn count_gauges(reader: Reader, metrics: Arc<Metrics>, rules: Arc<RuleBook>, mut stopping: watch::Receiver<bool>) {
    let zone = zone_name(&rules);
    loop {
        metrics.catalog(rules.catalog.in_force_on(rules.calendar.local_date(now())));
        let asked = Instant::now();
        let pause = match reader.gauges(&zone).await {
            Ok(gauges) => {
                metrics.office(&gauges);
                (asked.elapsed() * GAUGE_PAUSE).clamp(GAUGE_INTERVAL, GAUGE_LONGEST)
            }
            Err(error) => {
                tracing::warn!(%error, "the office's gauges could not be counted");
                GAUGE_INTERVAL
            }
        };
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

fn start_notifier(
    config: &Config,
    rules: &RuleBook,
    reader: &Reader,
    metrics: &Arc<Metrics>,
) -> anyhow::Result<Option<Notifier>> {
    let zone = notify::text::Zone::named(&zone_name(rules))?;
    let mut channels: Vec<Arc<dyn Channel>> = Vec::new();
    if let Some(url) = &config.notify.webhook {
        channels.push(Arc::new(Webhook::new("webhook", url, config.notify.webhook_secret.as_deref(), zone.clone())?));
    }
    if let Some(url) = &config.notify.alertmanager {
        channels.push(Arc::new(Alertmanager::new("alertmanager", url, zone)?));
    }
    if channels.is_empty() {
        tracing::info!("no channel is configured: cards are on the topic and in the store, and told to nobody");
        return Ok(None);
    }
    let notifier = NotifierConfig {
        brokers: config.kafka.brokers.clone(),
        topic: config.kafka.cards_topic.clone(),
        group: format!("{}-notify", config.kafka.group),
        client: config.kafka.client.clone(),
        courier: CourierConfig { max_age: Duration::from_secs(config.notify.max_age_hours * 3600), ..CourierConfig::default() },
    };
    let ledger = StoreLedger { reader: reader.clone(), writer: Writer::new(&config.store(), metrics.clone()) };
    Ok(Some(Notifier::start(notifier, channels, ledger, metrics.clone())?))
}

/// Runs the roles until the process is told to end, or cannot go on.
pub async fn run(config: &Config, roles: &BTreeSet<Role>) -> anyhow::Result<()> {
    if roles.is_empty() {
        bail!("--roles: name at least one");
    }
    // Listened for from the beginning: a start may have to wait for the store.
    let mut ended = pin!(ended_by_signal()?);
    let mut service = tokio::select! {
        service = Service::start(config, roles) => service?,
        () = &mut ended => return Ok(()),
    };
    tracing::info!(api = %config.api.listen, admin = %config.api.admin, ?roles, at = ?now(), "running");
    let failure = tokio::select! {
        () = ended => None,
        error = service.failure() => Some(error),
    };
    if failure.is_none() {
        tracing::info!("ending");
        service.shutdown().await;
        return Ok(());
    }
    failure.map_or(Ok(()), Err).context("the pipeline cannot go on")
}

/// Listens from now on; what it gives ends when the process is told to end.
pub fn ended_by_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
