//! `sundial demo`: the whole system with one command.
//!
//! Starts the broker and ClickHouse as child processes, fills them with the history of a simulated
//! county (or with a log of one's own), runs every role in this process, and goes on with live cases
//! until it is told to end. A second start goes on where the first stopped.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context;
use clap::Args;
use domain::{
    Calendar, Event, Instant,
    counting::{Axis, Counting, Scale},
};
use embedded::{Broker, BrokerOptions, ClickHouse, ClickHouseOptions, Launcher};
use indicatif::{ProgressBar, ProgressStyle};
use intake::{
    Header,
    admin::{TopicSpec, backlog, ensure_topics},
    producer::{Outgoing, Producer},
};
use serde::{Deserialize, Serialize};
use simulate::{County, Options, Simulation};
use store::{FigureQuery, GroupBy, Reader};
use wire::FiguresJson;

use crate::{
    clock::now,
    commands::import,
    config::Config,
    horizon::history_header,
    metrics::Metrics,
    service::{Role, Service, ended_by_signal, zone_name},
};

/// The simulated county.
#[derive(Args)]
pub struct CountyArgs {
    /// Where its progress is kept (and the engines' data, in the demo).
    #[arg(long, default_value = ".sundial")]
    data: PathBuf,
    /// How many times as fast as life the live cases run.
    #[arg(long, default_value_t = 60)]
    speed: u32,
    /// The county's seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Args)]
pub struct DemoArgs {
    #[command(flatten)]
    county: CountyArgs,
    /// A log of one's own (XES, gzip or not) instead of the simulated county.
    #[arg(long, requires = "mapping")]
    log: Option<PathBuf>,
    /// How its activities become events.
    #[arg(long, requires = "log")]
    mapping: Option<PathBuf>,
    /// End once everything is stored and shown, without live cases.
    #[arg(long)]
    once: bool,
}

/// What a data directory has seen.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Progress {
    seed: u64,
    /// When the history begins, in ms.
    from_ms: i64,
    /// Up to when it has been told, in ms.
    until_ms: i64,
}

const HISTORY_DAYS: i64 = 182;
const PARTITIONS: i32 = 8;
/// How long the broker may take for what is still on its way.
const FLUSH: Duration = Duration::from_secs(60);

/// Runs the demo.
pub async fn run(mut config: Config, args: DemoArgs) -> anyhow::Result<ExitCode> {
    fs::create_dir_all(&args.county.data).with_context(|| args.county.data.display().to_string())?;
    say("starting the broker and ClickHouse …")?;
    let engines = Engines::start(&args.county.data).await?;
    config.kafka.brokers = engines.broker.bootstrap();
    config.clickhouse.url = engines.clickhouse.url();
    let result = with_engines(&mut config, &args).await;
    say("ending …")?;
    engines.stop().await;
    result.map(|()| ExitCode::SUCCESS)
}

/// `sundial simulate`: the county's events to the broker that is configured, its history first.
pub async fn simulate(config: &Config, args: &CountyArgs) -> anyhow::Result<ExitCode> {
    fs::create_dir_all(&args.data).with_context(|| args.data.display().to_string())?;
    let producer = config.producer()?;
    let told = async {
        tell_history(config, args, &producer)?;
        live(config, args, &producer).await
    };
    let ended = ended_by_signal()?;
    tokio::select! {
        told = told => told?,
        () = ended => {}
    }
    producer.flush(FLUSH)?;
    Ok(ExitCode::SUCCESS)
}

struct Engines {
    broker: Broker,
    clickhouse: ClickHouse,
}

impl Engines {
    async fn start(data: &Path) -> anyhow::Result<Self> {
        let mut broker = BrokerOptions::new(data.join("kafka"));
        // The history's messages are written now, but a demo is looked at again after weeks.
        broker.properties.push(("log.retention.ms".to_owned(), "-1".to_owned()));
        let clickhouse = ClickHouseOptions::new(data.join("clickhouse"), Launcher::this_program(["embedded-clickhouse"])?);
        let (broker, clickhouse) = tokio::join!(Broker::start(broker), ClickHouse::start(clickhouse));
        Ok(Self { broker: broker?, clickhouse: clickhouse? })
    }

    async fn stop(self) {
        tokio::join!(self.clickhouse.stop(), self.broker.stop());
    }
}

async fn with_engines(config: &mut Config, args: &DemoArgs) -> anyhow::Result<()> {
    let topic = |name: &str, partitions| TopicSpec { name: name.to_owned(), partitions, replication: 1 };
    let kafka = &config.kafka;
    let topics = [topic(&kafka.topic, PARTITIONS), topic(&kafka.dead_letter_topic, 1), topic(&kafka.cards_topic, 2)];
    ensure_topics(&kafka.brokers, &kafka.client, &topics).await?;
    store::migrate(&config.store()).await?;
    if config.rules.catalog.is_none() && args.log.is_none() {
        let catalog = args.county.data.join("catalog.toml");
        fs::write(&catalog, County::sample_catalog()).with_context(|| catalog.display().to_string())?;
        config.rules.catalog = Some(catalog);
    }
    let mut service = Service::start(config, &BTreeSet::from([Role::Pipeline, Role::Notify, Role::Api])).await?;
    let (ended, metrics) = (ended_by_signal()?, service.metrics());
    let told = tokio::select! {
        told = tell(config, args, &metrics) => told,
        () = ended => Ok(()),
        error = service.failure() => Err(error),
    };
    service.shutdown().await;
    told
}

/// Fills, shows, and goes on living.
async fn tell(config: &Config, args: &DemoArgs, metrics: &Metrics) -> anyhow::Result<()> {
    let producer = config.producer()?;
    match (&args.log, &args.mapping) {
        (Some(log), Some(mapping)) => replay(config, &producer, log, mapping)?,
        _ => tell_history(config, &args.county, &producer)?,
    }
    wait_until_told(config, &producer, metrics).await?;
    show(config).await?;
    if args.once {
        return Ok(());
    }
    if args.log.is_some() {
        say("the log is stored; Ctrl-C ends")?;
        return std::future::pending().await;
    }
    say(&format!("live cases at {} times the speed of life; Ctrl-C ends", args.county.speed))?;
    live(config, &args.county, &producer).await
}

fn replay(config: &Config, producer: &Producer, log: &Path, mapping: &Path) -> anyhow::Result<()> {
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} {human_pos} events of the log, {per_sec}")?);
    let zone = config.rules.load()?.calendar.zone().clone();
    let history = [history_header()];
    let report = import::xes_events(log, mapping, &mut |event| {
        bar.inc(1);
        send(config, producer, &event, &zone, &history)
    })?;
    producer.flush(FLUSH)?;
    bar.finish_and_clear();
    say(&report)
}

/// The history up to now, from where the last run stopped.
fn tell_history(config: &Config, args: &CountyArgs, producer: &Producer) -> anyhow::Result<()> {
    let file = args.data.join("demo.json");
    let now = now();
    let fresh = Progress { seed: args.seed, from_ms: now.ms() - HISTORY_DAYS * domain::calendar::DAY_MS, until_ms: 0 };
    let progress = match fs::read(&file) {
        Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| file.display().to_string())?,
        Err(_) => fresh,
    };
    let simulation = Simulation::new(County::sample(), Options { seed: progress.seed, ..Options::default() });
    let zone = Calendar::china().zone().clone();
    let span = (now.ms() - progress.from_ms).max(1) as u64;
    let bar = ProgressBar::new(span);
    bar.set_style(ProgressStyle::with_template("history {wide_bar} {percent}% {msg}")?);
    let history = [history_header()];
    let mut events = 0u64;
    for event in simulation.history(Instant::from_ms(progress.from_ms), now) {
        if event.occurred_at.ms() > progress.until_ms {
            send(config, producer, &event, &zone, &history)?;
            events += 1;
        }
        if events.is_multiple_of(1000) {
            bar.set_position((event.occurred_at.ms() - progress.from_ms) as u64);
            bar.set_message(format!("{events} events"));
        }
    }
    producer.flush(FLUSH)?;
    bar.finish_and_clear();
    let told = Progress { until_ms: now.ms(), ..progress };
    fs::write(&file, serde_json::to_vec(&told)?).with_context(|| file.display().to_string())?;
    let from = Instant::from_ms(progress.from_ms.max(progress.until_ms)).display_in(&zone);
    say(&format!("{events} events of the county's life since {from}"))
}

fn send(
    config: &Config,
    producer: &Producer,
    event: &Event,
    zone: &jiff::tz::TimeZone,
    headers: &[Header],
) -> anyhow::Result<()> {
    let payload = wire::encode(event, zone);
    let key = Some(event.case_no.as_bytes());
    producer.send(Outgoing { topic: &config.kafka.topic, key, payload: Some(payload.as_bytes()), headers })?;
    Ok(())
}

/// Waits until everything produced is stored, and what has fallen due since is told.
async fn wait_until_told(config: &Config, producer: &Producer, metrics: &Metrics) -> anyhow::Result<()> {
    let sent = producer.delivered();
    let bar = ProgressBar::new(sent);
    bar.set_style(ProgressStyle::with_template("stored {wide_bar} {human_pos}/{human_len} {per_sec}")?);
    let kafka = &config.kafka;
    loop {
        let behind = backlog(&kafka.brokers, &kafka.client, &kafka.group, &kafka.topic).await?;
        if behind == 0 {
            break;
        }
        bar.set_position(sent.saturating_sub(behind as u64));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    while metrics.partitions_behind() > 0 {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    bar.finish_and_clear();
    Ok(())
}

/// Where to look, and a few figures.
async fn show(config: &Config) -> anyhow::Result<()> {
    let rules = config.rules.load()?;
    let query = FigureQuery { from: Instant::from_ms(0), to: now(), group_by: GroupBy::Nothing, zone: zone_name(&rules) };
    let groups = Reader::new(&config.store()).figures(&query).await?;
    let figures = groups.first().map(|group| FiguresJson::from(&group.figures));
    let percent = |rate: Option<f64>| rate.map_or("—".to_owned(), |rate| format!("{:.1} %", rate * 100.0));
    let api = config.api.listen;
    say("")?;
    if let Some(it) = figures {
        say(&format!(
            "收件 received {}   办结 closed {}   在办 open {}   在办超期 open overdue {}",
            it.received, it.closed, it.open, it.open_overdue
        ))?;
        say(&format!(
            "按时 on time {}   当日办结 same day {}   提速(承诺) speed-up on the promise {}   [{}]",
            percent(it.on_time_rate),
            percent(it.same_day_rate),
            percent(it.speed_up.promised.weighted),
            rules.profile.name,
        ))?;
        say(&format!("预警 reminders {}   黄牌 yellow {}   红牌 red {}", it.cards.reminder, it.cards.yellow, it.cards.red))?;
    }
    say("")?;
    say(&format!("API       http://{api}/api/v1/figures?group_by=department"))?;
    say(&format!("cards     http://{api}/api/v1/cards?level=yellow"))?;
    let month = report::Month::of(now(), rules.calendar.zone()).plus(-1);
    say(&format!("monthly   http://{api}/api/v1/exports/monthly/{month}.xlsx"))?;
    say(&format!("OpenAPI   http://{api}/openapi.json"))?;
    say(&format!("metrics   http://{}/metrics", config.api.admin))?;
    say(&format!("Kafka     {}   ClickHouse {}", config.kafka.brokers, config.clickhouse.url))?;
    say("")
}

/// New cases, `speed` times as fast as life: their office hours pass as real time, whatever the hour is,
/// and every event is reported as it happens.
async fn live(config: &Config, args: &CountyArgs, producer: &Producer) -> anyhow::Result<()> {
    let begun = now();
    // Another seed than the history's; a year in the middle of the calendar, for only its hours count.
    let simulation = Simulation::new(County::sample(), Options { seed: begun.ms() as u64, ..Options::default() });
    let calendar = Calendar::china();
    let scale = Scale::new(&calendar, Axis::OfficeHours, Counting::OfficeHours);
    let origin = Instant::parse("2025-01-06T09:00:00+08:00")?;
    let first = scale.position(origin)?;
    let mut number = 0;
    for event in simulation.history(origin, Instant::parse("2026-12-01T00:00:00+08:00")?) {
        let passed = (scale.position(event.occurred_at)? - first) / i64::from(args.speed.max(1));
        let at = begun.plus_ms(passed);
        let wait = (at.ms() - now().ms()).max(0) as u64;
        if wait > 0 {
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
        number += 1;
        let case_no = format!("{}-L{:x}", event.case_no, begun.ms() / 1000);
        let event = Event {
            event_id: format!("{case_no}-{number}").into(),
            case_no: case_no.into(),
            occurred_at: at,
            recorded_at: Some(at),
            ..event
        };
        send(config, producer, &event, calendar.zone(), &[])?;
    }
    Ok(())
}

fn say(line: &str) -> anyhow::Result<()> {
    Ok(writeln!(io::stdout(), "{line}")?)
}
