//! Every metric, by name. What the parts report comes in through their observers.

use std::time::Duration;

use domain::{Instant, Item, Level, catalog_figures::CatalogFigures};
use notify::Outcome;
use prometheus::{
    Encoder, Gauge, GaugeVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};
use store::{Gauges, Table};

/// All metrics of a process.
pub struct Metrics {
    registry: Registry,
    messages: IntCounter,
    bytes: IntCounter,
    lag_messages: IntGaugeVec,
    lag_seconds: GaugeVec,
    topic_partitions: IntGauge,
    frontier: IntGaugeVec,
    committed: IntGaugeVec,
    budget_bytes: IntGauge,
    budget_messages: IntGauge,
    paused: IntGauge,
    rebalances: IntCounterVec,
    client_errors: IntCounterVec,
    dead_letters: IntCounterVec,
    events: IntCounter,
    cases_held: IntGauge,
    deadlines: IntGauge,
    partitions_behind: IntGauge,
    cards: IntCounterVec,
    last_progress: Gauge,
    insert_seconds: HistogramVec,
    rows: IntCounterVec,
    inserts_in_flight: IntGauge,
    notified: IntCounterVec,
    office_open: IntGaugeVec,
    office_overdue: IntGaugeVec,
    office_cards: IntGaugeVec,
    office_on_time: GaugeVec,
    office_speed_up: GaugeVec,
    calendar_until: Gauge,
    catalog_items: IntGaugeVec,
}

impl Metrics {
    /// Registers all of them.
    pub fn new() -> anyhow::Result<Self> {
        let registry = Registry::new();
        let counter = |name: &str, help: &str| register(&registry, IntCounter::new(name, help));
        let counters =
            |name: &str, help: &str, labels: &[&str]| register(&registry, IntCounterVec::new(Opts::new(name, help), labels));
        let gauge = |name: &str, help: &str| register(&registry, IntGauge::new(name, help));
        let gauges =
            |name: &str, help: &str, labels: &[&str]| register(&registry, IntGaugeVec::new(Opts::new(name, help), labels));
        let floats = |name: &str, help: &str, labels: &[&str]| register(&registry, GaugeVec::new(Opts::new(name, help), labels));
        let float = |name: &str, help: &str| register(&registry, Gauge::new(name, help));
        let insert_seconds = HistogramOpts::new("sundial_store_insert_duration_seconds", "Inserts, by outcome of the attempt")
            .buckets(prometheus::exponential_buckets(0.002, 2.0, 15)?);
        let metrics = Self {
            messages: counter("sundial_intake_messages_total", "Messages handed over to workers")?,
            bytes: counter("sundial_intake_bytes_total", "Bytes handed over to workers")?,
            lag_messages: gauges("sundial_intake_lag_messages", "Messages behind the end of the partition", &["partition"])?,
            lag_seconds: floats("sundial_intake_lag_seconds", "Age of the oldest message not stored", &["partition"])?,
            topic_partitions: gauge("sundial_intake_topic_partitions", "Partitions of the topic, whoever reads them")?,
            frontier: gauges("sundial_intake_frontier_offset", "Everything before it is stored", &["partition"])?,
            committed: gauges("sundial_intake_committed_offset", "Offset committed to the broker", &["partition"])?,
            budget_bytes: gauge("sundial_intake_budget_bytes", "Bytes handed over and not stored")?,
            budget_messages: gauge("sundial_intake_budget_messages", "Messages handed over and not stored")?,
            paused: gauge("sundial_intake_paused", "1 while polling is paused for the budget")?,
            rebalances: counters("sundial_intake_rebalances_total", "Rebalances of the consumer group", &["kind"])?,
            client_errors: counters("sundial_intake_client_errors_total", "Errors the Kafka client reported", &["kind"])?,
            dead_letters: counters("sundial_dead_letters_total", "Messages sent to the dead-letter topic", &["reason"])?,
            events: counter("sundial_engine_events_total", "Events put into their cases")?,
            cases_held: gauge("sundial_engine_cases_in_memory", "Cases held in memory")?,
            deadlines: gauge("sundial_engine_deadlines", "Deadlines queued")?,
            partitions_behind: gauge("sundial_engine_partitions_behind", "Partitions not judged by the wall clock yet")?,
            cards: counters("sundial_engine_cards_total", "Cards issued and withdrawn", &["level", "change"])?,
            last_progress: float("sundial_engine_last_progress_timestamp_seconds", "When rows were last stored")?,
            insert_seconds: register(&registry, HistogramVec::new(insert_seconds, &["table", "outcome"]))?,
            rows: counters("sundial_store_rows_total", "Rows stored", &["table"])?,
            inserts_in_flight: gauge("sundial_store_inserts_in_flight", "Inserts that have not ended")?,
            notified: counters("sundial_notify_sent_total", "Cards told to channels", &["channel", "outcome"])?,
            office_open: gauges("sundial_office_open_cases", "Open cases", &["department"])?,
            office_overdue: gauges("sundial_office_open_overdue_cases", "Open cases past their promise", &["department"])?,
            office_cards: gauges("sundial_office_cards", "Cards of open cases", &["department", "level"])?,
            office_on_time: floats("sundial_office_on_time_ratio", "On-time ratio of the current month", &["department"])?,
            office_speed_up: floats("sundial_office_speed_up_ratio", "Weighted speed-up of the month", &["department", "limit"])?,
            calendar_until: float("sundial_calendar_covered_until_timestamp_seconds", "When the calendar's coverage ends")?,
            catalog_items: gauges("sundial_catalog_items", "Items of the catalogue in force today", &["department", "set"])?,
            registry: registry.clone(),
        };
        let info = gauges("sundial_build_info", "The version running", &["version"])?;
        info.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        Ok(metrics)
    }

    /// In Prometheus' text format.
    pub fn text(&self) -> String {
        let mut text = Vec::new();
        // Writing to memory does not fail, and the encoder writes UTF-8.
        let _ = TextEncoder::new().encode(&self.registry.gather(), &mut text);
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Messages handed over to workers so far.
    pub fn messages_read(&self) -> u64 {
        self.messages.get()
    }

    /// Partitions that are not judged by the wall clock yet.
    pub fn partitions_behind(&self) -> i64 {
        self.partitions_behind.get()
    }

    pub fn dead_letter(&self, reason: &str) {
        self.dead_letters.with_label_values(&[reason]).inc();
    }

    pub fn folded(&self, events: usize) {
        self.events.inc_by(events as u64);
    }

    /// What a worker holds changed by so much.
    pub fn worker_holds(&self, cases: i64, deadlines: i64, partitions_behind: i64) {
        self.cases_held.add(cases);
        self.deadlines.add(deadlines);
        self.partitions_behind.add(partitions_behind);
    }

    pub fn card(&self, level: &str, change: &str) {
        self.cards.with_label_values(&[level, change]).inc();
    }

    pub fn progressed(&self, at: Instant) {
        self.last_progress.set(at.ms() as f64 / 1000.0);
    }

    pub fn calendar_ends(&self, at: Instant) {
        self.calendar_until.set(at.ms() as f64 / 1000.0);
    }

    /// What the catalogue says of the items in force: the sets that hall share, authority share and immediate share are
    /// made of.
    pub fn catalog(&self, items: Vec<&Item>) {
        self.catalog_items.reset();
        for (department, figures) in CatalogFigures::by_department(items) {
            let sets = [
                ("all", figures.items),
                ("hall", figures.hall_items),
                ("window", figures.window_items),
                ("immediate", figures.immediate_items),
                ("delegated", figures.delegated_items),
                ("padded", figures.padded_items.len() as u64),
            ];
            for (set, count) in sets {
                self.catalog_items.with_label_values(&[department.as_str(), set]).set(count as i64);
            }
        }
    }

    /// The office's gauges, as the store has just counted them.
    pub fn office(&self, departments: &[Gauges]) {
        for vec in [&self.office_open, &self.office_overdue, &self.office_cards] {
            vec.reset();
        }
        for vec in [&self.office_on_time, &self.office_speed_up] {
            vec.reset();
        }
        for it in departments {
            let department = it.department.as_str();
            self.office_open.with_label_values(&[department]).set(it.open as i64);
            self.office_overdue.with_label_values(&[department]).set(it.open_overdue as i64);
            for (level, count) in [(Level::Reminder, it.reminder), (Level::Yellow, it.yellow), (Level::Red, it.red)] {
                self.office_cards.with_label_values(&[department, level.code()]).set(count as i64);
            }
            if it.on_time + it.late > 0 {
                let ratio = it.on_time as f64 / (it.on_time + it.late) as f64;
                self.office_on_time.with_label_values(&[department]).set(ratio);
            }
            for (limit, saved, limits) in
                [("promised", it.promised_saved, it.promised_limits), ("statutory", it.statutory_saved, it.statutory_limits)]
            {
                if limits > 0.0 {
                    self.office_speed_up.with_label_values(&[department, limit]).set(saved / limits);
                }
            }
        }
    }
}

fn register<C: prometheus::core::Collector + Clone + 'static>(
    registry: &Registry,
    metric: prometheus::Result<C>,
) -> anyhow::Result<C> {
    let metric = metric?;
    registry.register(Box::new(metric.clone()))?;
    Ok(metric)
}

impl intake::Observer for Metrics {
    fn polled(&self, messages: u64, bytes: u64) {
        self.messages.inc_by(messages);
        self.bytes.inc_by(bytes);
    }

    fn rebalanced(&self, rebalance: intake::Rebalance, _partitions: usize) {
        let kind = match rebalance {
            intake::Rebalance::Assigned => "assigned",
            intake::Rebalance::Revoked => "revoked",
            intake::Rebalance::Lost => "lost",
        };
        self.rebalances.with_label_values(&[kind]).inc();
    }

    fn frontier(&self, partition: i32, offset: i64) {
        self.frontier.with_label_values(&[&partition.to_string()]).set(offset);
    }

    fn committed(&self, partition: i32, offset: i64) {
        self.committed.with_label_values(&[&partition.to_string()]).set(offset);
    }

    fn lag(&self, partition: i32, messages: i64, seconds: f64) {
        let partition = partition.to_string();
        self.lag_messages.with_label_values(&[&partition]).set(messages);
        self.lag_seconds.with_label_values(&[&partition]).set(seconds);
    }

    fn forgotten(&self, partition: i32) {
        let partition = partition.to_string();
        // An absent label is no error: a partition may go before anything was told of it.
        let _ = self.lag_messages.remove_label_values(&[&partition]);
        let _ = self.lag_seconds.remove_label_values(&[&partition]);
        let _ = self.frontier.remove_label_values(&[&partition]);
        let _ = self.committed.remove_label_values(&[&partition]);
    }

    fn topic(&self, partitions: usize) {
        self.topic_partitions.set(partitions as i64);
    }

    fn budget(&self, bytes: usize, messages: usize, paused: bool) {
        self.budget_bytes.set(bytes as i64);
        self.budget_messages.set(messages as i64);
        self.paused.set(i64::from(paused));
    }

    fn client_error(&self, kind: &'static str) {
        self.client_errors.with_label_values(&[kind]).inc();
    }
}

impl store::Observer for Metrics {
    fn insert_started(&self, _table: Table) {
        self.inserts_in_flight.inc();
    }

    fn insert_ended(&self, table: Table, outcome: &'static str, took: Duration, rows: u64) {
        self.inserts_in_flight.dec();
        self.insert_seconds.with_label_values(&[table.name(), outcome]).observe(took.as_secs_f64());
        if outcome == "ok" {
            self.rows.with_label_values(&[table.name()]).inc_by(rows);
        }
    }
}

impl notify::Observer for Metrics {
    fn notified(&self, channel: &str, outcome: Outcome) {
        self.notified.with_label_values(&[channel, outcome.code()]).inc();
    }

    fn unreadable(&self) {
        self.client_errors.with_label_values(&["unreadable_card"]).inc();
    }
}
