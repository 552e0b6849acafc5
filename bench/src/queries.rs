//! What officers wait for: the API's figures and lists, the dashboards' queries, the monthly export.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context;
use embedded::ports;
use serde_json::{Value, json};

use crate::{latency::percentiles, measure::MemoryWatch, report::Report, world::World};

/// How often each question is asked.
const ASKED: usize = 20;
/// How long the API may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the API is asked, each with its name.
const QUESTIONS: [(&str, &str); 6] = [
    ("api_figures_month", "figures?from={from}&to={to}"),
    ("api_figures_month_by_department", "figures?from={from}&to={to}&group_by=department"),
    ("api_figures_year_by_month", "figures?from={year_before}&to={to}&group_by=month"),
    ("api_cases_overdue", "cases?overdue=true&limit=50"),
    ("api_cases_of_department", "cases?department=%E7%8E%AF%E5%A2%83%E4%BF%9D%E6%8A%A4%E5%B1%80&limit=50"),
    ("api_cards_of_month", "cards?level=yellow&from={from}&to={to}&limit=50"),
];

/// The last whole month of what the pipeline stored: its first day, that of the next month, and the day a year before.
struct Period {
    from: String,
    to: String,
    year_before: String,
}

impl Period {
    async fn read(world: &World) -> anyhow::Result<Self> {
        let sql = "WITH toStartOfMonth(max(received_at), 'Asia/Shanghai') AS next \
                   SELECT arrayStringConcat([toString(next - INTERVAL 1 MONTH), toString(next), toString(next - INTERVAL 1 YEAR)], ' ') FROM cases";
        let days = world.sql("pipeline", sql).await?;
        let mut days = days.split(' ').map(str::to_owned);
        let mut day = || days.next().context("three days");
        Ok(Self { from: day()?, to: day()?, year_before: day()? })
    }

    fn month(&self) -> &str {
        self.from.get(..7).unwrap_or_default()
    }

    /// Put into a question of the API.
    fn in_path(&self, path: &str) -> String {
        path.replace("{from}", &self.from).replace("{to}", &self.to).replace("{year_before}", &self.year_before)
    }
}

/// Measures at each number of cases.
pub async fn measure(world: &World, report: &mut Report) -> anyhow::Result<()> {
    let period =
        Period::read(world).await.context("the queries are asked over what the pipeline stored: measure it in the same run")?;
    let mut queries = json!({});
    for cases in &world.options.query_cases {
        let database = format!("queries_{cases}");
        report.put(&format!("copy@{cases}"), fill(world, &database, *cases).await?);
        let free = ports::free_set(2)?;
        let base = format!("http://127.0.0.1:{}", free[0]);
        let mut command = world.sundial(&database, "queries")?;
        command
            .args(["run", "--roles", "api"])
            .env("SUNDIAL__API__LISTEN", format!("127.0.0.1:{}", free[0]))
            .env("SUNDIAL__API__ADMIN", format!("127.0.0.1:{}", free[1]));
        let mut api = command.kill_on_drop(true).spawn()?;
        until_it_answers(&base).await?;
        for (name, path) in QUESTIONS {
            let url = format!("{base}/api/v1/{}", period.in_path(path));
            let took = times(|| get(&url)).await.with_context(|| name.to_owned())?;
            queries[format!("{name}@{cases}")] = with_rows(*cases, &took);
        }
        for (name, sql) in panels(world, &database, &period).await? {
            let took = times(|| world.sql(&database, &sql)).await.with_context(|| name.clone())?;
            queries[format!("{name}@{cases}")] = with_rows(*cases, &took);
        }
        let memory = MemoryWatch::of(api.id().context("it is running")?);
        let started = Instant::now();
        get(&format!("{base}/api/v1/exports/monthly/{}.xlsx", period.month())).await?;
        tokio::time::sleep(Duration::from_millis(200)).await;
        let export = json!({
            "cases": cases,
            "seconds": started.elapsed().as_secs_f64() - 0.2,
            "peak_rss_mib": memory.peak_mib(),
        });
        report.put(if *cases == 1_000_000 { "export_monthly" } else { "export_monthly_of_more" }, export);
        api.start_kill()?;
        api.wait().await?;
        world.sql("default", &format!("DROP DATABASE {database} SYNC")).await?;
    }
    report.put("queries", queries);
    Ok(())
}

fn with_rows(cases: u64, took: &[f64]) -> Value {
    let percentiles = percentiles(took);
    json!({ "rows": cases, "p50_ms": percentiles["p50"], "p95_ms": percentiles["p95"] })
}

/// Of so many cases that are open one is still open years later; the others are left out of old copies.
const FORGOTTEN: u32 = 1000;
/// So many days back copies are in full, what is open included.
const RECENT_DAYS: u64 = 60;
/// How many copies are stored at once, the oldest first, as years go by.
const COPIES_AT_ONCE: u64 = 8;

/// So many cases out of those the pipeline stored: copies under other numbers, each further back by half of the time
/// they span, so that a month has as many cases however long the topic is; and in the end
/// a part of a few cases of all years, written again, as there is at any time in life. All this was stored yesterday and
/// is copied (`cases_copy`); a few cases are newer than the copy. Tells how long a copy takes.
async fn fill(world: &World, database: &str, cases: u64) -> anyhow::Result<Value> {
    let there: u64 = world.sql("pipeline", "SELECT count() FROM cases FINAL").await?.parse()?;
    let half = "SELECT intDiv(dateDiff('day', min(received_at), max(received_at)), 2) FROM cases";
    let days: u64 = world.sql("pipeline", half).await?.parse()?;
    world.sql("default", &format!("DROP DATABASE IF EXISTS {database} SYNC")).await?;
    store::migrate(&world.store(database)).await?;
    let mut copies = cases.div_ceil(there);
    while copies > 0 {
        let first = copies.saturating_sub(COPIES_AT_ONCE);
        world.sql("default", &format!("INSERT INTO {database}.cases {}", copied(first, copies, days))).await?;
        copies = first;
    }
    let busy = format!("SELECT count() FROM system.merges WHERE database = '{database}'");
    let started = Instant::now();
    while world.sql("default", &busy).await? != "0" && started.elapsed() < Duration::from_secs(120) {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let again = format!("INSERT INTO {database}.cases SELECT * FROM {database}.cases WHERE cityHash64(case_no) % 10000 = 0");
    world.sql("default", &again).await?;
    // The second copy is the first that is read. The server made one when the tables were empty.
    let started = Instant::now();
    for _ in 0..2 {
        world.sql("default", &format!("SYSTEM REFRESH VIEW {database}.cases_copying")).await?;
        world.sql("default", &format!("SYSTEM WAIT VIEW {database}.cases_copying")).await?;
    }
    let seconds = started.elapsed().as_secs_f64() / 2.0;
    for newer in [NEWER_OF_LATE, NEWER_OF_ALL_YEARS] {
        let again = "SELECT * REPLACE (version + 1 AS version, now() AS stored_at)";
        world.sql("default", &format!("INSERT INTO {database}.cases {again} FROM {database}.cases FINAL WHERE {newer}")).await?;
    }
    let newer = format!("SELECT count() FROM {database}.cases WHERE stored_at > now() - 3600");
    let newer: u64 = world.sql("default", &newer).await?.parse()?;
    Ok(json!({ "seconds_a_copy": seconds, "rows_newer": newer }))
}

/// What has been stored anew since the copy: some twenty thousand cases of the latest two weeks,
const NEWER_OF_LATE: &str =
    "received_at > (SELECT max(received_at) - INTERVAL 14 DAY FROM pipeline.cases) AND cityHash64(case_no, 1) % 5 = 0";
/// and a few hundred of all years.
const NEWER_OF_ALL_YEARS: &str = "cityHash64(case_no, 2) % 45000 = 0";

/// The copies with these numbers of what the pipeline stored.
fn copied(first: u64, end: u64, days: u64) -> String {
    let back = format!("toIntervalDay({days} * copy)");
    let dates = [
        "received_at",
        "accepted_at",
        "decided_at",
        "closed_at",
        "delivered_at",
        "promised_due_at",
        "statutory_due_at",
        "valid_from",
        "first_at",
        "last_at",
    ];
    let dates = dates.map(|date| format!("{date} - {back} AS {date}")).join(", ") + ", stored_at - toIntervalDay(1) AS stored_at";
    let spans = format!(
        "arrayMap(it -> (it.clock, it.instance, it.started_at - {back}, it.ended_at - {back}, it.due_at - {back}, it.limit_days, \
         it.elapsed_days, it.late, it.department, it.handler, it.party), spans) AS spans"
    );
    let cards = format!(
        "arrayMap(it -> (it.id, it.clock, it.instance, it.level, it.rule, it.crossed_at - {back}, it.due_at - {back}, it.limit_days, \
         it.confirm, it.handler), cards) AS cards"
    );
    // A case number of the county is its region, the day and a number: here too it grows with the day.
    let number = format!(
        "concat(substring(case_no, 1, 7), \
         formatDateTime(toDate(parseDateTimeBestEffort(substring(case_no, 8, 8))) - {days} * copy, '%Y%m%d'), \
         substring(case_no, 16), '-', toString(copy)) AS case_no"
    );
    format!(
        "SELECT * EXCEPT (copy) FROM (SELECT * REPLACE ({number}, {dates}, {spans}, {cards}) FROM \
         (SELECT * FROM (SELECT *, arrayJoin(range({first}, {end})) AS copy FROM pipeline.cases FINAL) \
         WHERE {days} * copy < {RECENT_DAYS} OR status NOT IN ('received', 'open', 'suspended') OR cityHash64(case_no, copy) % {FORGOTTEN} = 0))"
    )
}

/// The dashboards' queries, with the variables that Grafana fills in.
async fn panels(world: &World, database: &str, period: &Period) -> anyhow::Result<Vec<(String, String)>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/store/queries/panels");
    let names = world.sql(database, "SELECT DISTINCT concat('''', ifNull(nullIf(department, ''), '—'), '''') FROM cases").await?;
    let departments: Vec<&str> = names.lines().collect();
    let mut panels = Vec::new();
    for entry in fs::read_dir(&directory).with_context(|| directory.display().to_string())? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let sql = fs::read_to_string(&path)?
            .replace("$__fromTime", &format!("toDateTime64('{} 00:00:00', 3, 'Asia/Shanghai')", period.from))
            .replace("$__toTime", &format!("toDateTime64('{} 00:00:00', 3, 'Asia/Shanghai')", period.to))
            .replace("${department:singlequote}", &departments.join(", ").replace("\\'", "'"))
            .replace("${unit:raw}", "department")
            .replace("${suspicious:singlequote}", "'instant_close', 'suspension_near_due', 'late_entry', 'batch_close'")
            .replace("${batch_at_least:raw}", "5")
            .replace("${min_volume:raw}", "30");
        panels.push((format!("panel_{name}"), sql));
    }
    panels.sort();
    Ok(panels)
}

async fn times<F: Future<Output = anyhow::Result<String>>>(ask: impl Fn() -> F) -> anyhow::Result<Vec<f64>> {
    // Once to warm up.
    ask().await?;
    let mut took = Vec::with_capacity(ASKED);
    for _ in 0..ASKED {
        let started = Instant::now();
        ask().await?;
        took.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(took)
}

async fn get(url: &str) -> anyhow::Result<String> {
    let answer = reqwest::Client::new().get(url).send().await?;
    let status = answer.status();
    let body = answer.bytes().await?;
    anyhow::ensure!(status.is_success(), "{url}: {status}: {}", String::from_utf8_lossy(&body));
    Ok(String::new())
}

async fn until_it_answers(base: &str) -> anyhow::Result<()> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if get(&format!("{base}/openapi.json")).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("waited {PATIENCE:?} for the API")
}
