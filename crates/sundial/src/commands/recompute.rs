//! `sundial recompute`: all rows anew from the events, after the rules have changed.
//!
//! Goes through the cases by number, a page at a time. Of each page the cards are told first, then the rows are
//! written, then the cursor: whatever an interruption leaves undone, the next run does again, and doing it twice
//! changes nothing.
//!
//! A pipeline may run at the same time, with the same rules: whichever of the two writes a case last, the row of
//! the larger set of events stays, and both derive the same from one set.
//!
//! Cases are judged as of the start: what had been written to the topic by then is waited for, for it may say that
//! a case was closed in time. What falls due later is left to the pipeline.

use std::{
    collections::HashMap,
    io::{self, Write},
    num::NonZeroU32,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use domain::Text;
use engine::{CaseChange, CaseStore, Recomputed, RuleBook, recompute};
use indicatif::{ProgressBar, ProgressStyle};
use intake::{
    admin::progress,
    producer::{Outgoing, Producer},
};
use store::{Reader, RecomputeScope, Rows, StoredRow, Writer};

use super::changes::{ChangedCase, Counts, describe};
use crate::{
    cases::StoredCases,
    clock::now,
    config::Config,
    generation,
    pipeline::{card_messages, put},
};

#[derive(Args)]
pub struct RecomputeArgs {
    /// Say what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Print each case that changes, and how.
    #[arg(long)]
    list: bool,
    /// Only cases of this department, by their rows.
    #[arg(long, value_name = "NAME")]
    department: Option<String>,
    /// Only cases of this item, by their rows.
    #[arg(long, value_name = "CODE")]
    item: Option<String>,
    /// At most so many cases a second.
    #[arg(long, value_name = "N")]
    cases_per_second: Option<NonZeroU32>,
    /// Begin with the first case, also where the last run was interrupted.
    #[arg(long)]
    restart: bool,
    /// Tell nobody of the cards that are issued and withdrawn.
    #[arg(long)]
    quiet: bool,
    /// Judge by the clock though there are messages that the pipeline has not read.
    #[arg(long)]
    do_not_wait: bool,
}

/// How many cases are derived at once.
const PAGE: u32 = 2_000;
/// How often cases are looked at again at the end whose events were being written.
const LAST_LOOKS: u32 = 10;
/// How long the pipeline is given before each of these looks.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often it is looked whether the pipeline has read what was on the topic.
const LOOKS: Duration = Duration::from_millis(500);
/// How long the pipeline may read nothing of it.
const STANDSTILL: Duration = Duration::from_secs(60);
/// How long the broker may take for the cards of a page.
const FLUSH: Duration = Duration::from_secs(60);

pub async fn run(config: &Config, args: &RecomputeArgs) -> anyhow::Result<ExitCode> {
    store::require_current(&config.store()).await?;
    let (reader, writer) = (Reader::new(&config.store()), Writer::new(&config.store(), Arc::new(())));
    let codes = Arc::new(config.rules.code_maps()?);
    let rules = config.rules.load()?;
    let generation = if args.dry_run {
        generation::look_up(&reader, &rules, &codes).await?
    } else {
        generation::register(&reader, &writer, &rules, &codes).await?
    };
    let scope =
        RecomputeScope { department: args.department.clone().unwrap_or_default(), item: args.item.clone().unwrap_or_default() };
    let as_of = now();
    if !args.dry_run && !args.do_not_wait {
        wait_until_read(config).await?;
    }
    let tells = !args.dry_run && !args.quiet;
    let mut recompute = Recompute {
        store: StoredCases { reader, codes },
        writer,
        rules,
        generation,
        as_of,
        scope,
        cards: if tells { Some(config.producer()?) } else { None },
        cards_topic: config.kafka.cards_topic.clone(),
        dry_run: args.dry_run,
        list: args.list,
        bar: ProgressBar::hidden(),
        counts: Counts::default(),
        ahead: Vec::new(),
    };
    recompute.all(args).await?;
    recompute.report()?;
    Ok(ExitCode::SUCCESS)
}

/// A recompute on its way.
struct Recompute {
    store: StoredCases,
    writer: Writer,
    rules: RuleBook,
    generation: u32,
    /// When everything that has been read was on the topic.
    as_of: domain::Instant,
    scope: RecomputeScope,
    /// Where cards are told, unless nobody is to hear of them.
    cards: Option<Producer>,
    cards_topic: String,
    dry_run: bool,
    list: bool,
    bar: ProgressBar,
    counts: Counts,
    /// Cases whose events were still being written.
    ahead: Vec<Text>,
}

impl Recompute {
    /// Every case of the scope, from where the last run stopped.
    async fn all(&mut self, args: &RecomputeArgs) -> anyhow::Result<()> {
        let mut after = if args.restart || self.dry_run { Text::default() } else { self.cursor().await? };
        self.bar = ProgressBar::new(self.store.reader.recompute_count(&self.scope, &after).await?);
        self.bar.set_style(ProgressStyle::with_template("cases {wide_bar} {human_pos}/{human_len} {per_sec} {eta}")?);
        if !after.is_empty() {
            self.say(&format!("going on after case {after}, where the last run stopped"))?;
        }
        let most = args.cases_per_second.map_or(PAGE, |rate| rate.get().min(PAGE));
        let started = Instant::now();
        let mut taken = 0u32;
        loop {
            let names = self.store.reader.recompute_case_nos(&self.scope, &after, most).await?;
            let Some(last) = names.last().cloned() else { break };
            taken = taken.saturating_add(names.len() as u32);
            self.counts.cases += self.page(&names).await?;
            after = last;
            self.keep_cursor(&after, false).await?;
            if let Some(rate) = args.cases_per_second {
                let earliest = Duration::from_secs(1) * taken / rate.get();
                tokio::time::sleep(earliest.saturating_sub(started.elapsed())).await;
            }
        }
        for _ in 0..LAST_LOOKS {
            if self.ahead.is_empty() || self.dry_run {
                break;
            }
            tokio::time::sleep(PATIENCE).await;
            let ahead = std::mem::take(&mut self.ahead);
            self.page(&ahead).await?;
        }
        self.keep_cursor(&after, true).await?;
        self.bar.finish_and_clear();
        Ok(())
    }

    async fn cursor(&self) -> anyhow::Result<Text> {
        Ok(self.store.reader.recompute_cursor(&self.scope, self.generation).await?.unwrap_or_default())
    }

    async fn keep_cursor(&self, after: &Text, finished: bool) -> anyhow::Result<()> {
        if !self.dry_run {
            self.writer.record_recompute(&self.scope, self.generation, after, finished, now()).await?;
        }
        Ok(())
    }

    /// Derives these cases. How many were of the scope.
    async fn page(&mut self, names: &[Text]) -> anyhow::Result<u64> {
        let page = self.derive(names).await?;
        let mut rows = Rows::new();
        for case in &page.changed {
            self.counts.add(case);
            if self.list {
                self.say(&describe(case, self.rules.calendar.zone()))?;
            }
            put(&case.change, &mut rows);
        }
        page.confirmed.iter().for_each(|change| put(change, &mut rows));
        if !self.dry_run {
            self.tell(page.changed.iter().flat_map(|case| card_messages(&case.change)))?;
            let written = self.writer.write(rows).await.map_err(|(error, _)| error);
            written.context("run it again: it goes on where it stopped")?;
        }
        self.bar.inc(page.number);
        Ok(page.number)
    }

    /// What becomes of these cases.
    async fn derive(&mut self, names: &[Text]) -> anyhow::Result<Page> {
        let mut page = Page::default();
        let cases = self.store.cases(names).await?;
        let rows = self.store.reader.rows(names).await?;
        let mut rows: HashMap<Text, StoredRow> = rows.into_iter().map(|row| (row.assessment.case_no.clone(), row)).collect();
        for mut case in cases {
            let row = rows.remove(&case.case_no);
            if !is_in(&self.scope, row.as_ref()) {
                continue;
            }
            page.number += 1;
            // Read a moment after its events, so it may know more than they say.
            case.version = case.version.max(row.as_ref().map_or(0, |row| row.version));
            let before = row.map(|row| row.assessment);
            match recompute(&case, before.as_ref(), self.as_of, &self.rules, self.generation) {
                Recomputed::AsStored => {}
                Recomputed::Ahead => self.ahead.push(case.case_no),
                Recomputed::Confirmed(change) => page.confirmed.push(change),
                Recomputed::Changed(change) => page.changed.push(ChangedCase { before, change }),
            }
        }
        Ok(page)
    }

    /// Puts cards on their topic; returns once the broker has them.
    fn tell(&self, messages: impl Iterator<Item = notify::CardMessage>) -> anyhow::Result<()> {
        let Some(producer) = &self.cards else { return Ok(()) };
        for message in messages {
            let payload = serde_json::to_vec(&message)?;
            let key = Some(message.case_no.as_bytes());
            producer.send(Outgoing { topic: &self.cards_topic, key, payload: Some(&payload), headers: &[] })?;
        }
        tokio::task::block_in_place(|| producer.flush(FLUSH)).context("run it again: it goes on where it stopped")?;
        Ok(())
    }

    fn say(&self, line: &str) -> anyhow::Result<()> {
        self.bar.suspend(|| writeln!(io::stdout(), "{line}")).map_err(|error| anyhow!(error))
    }

    fn report(&self) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        self.counts.print(self.dry_run, &mut out)?;
        if !self.ahead.is_empty() {
            writeln!(out, "{} cases rest on events that have not come yet; the pipeline derives them", self.ahead.len())?;
        }
        Ok(())
    }
}

/// Waits until the pipeline has stored what is on the topic now.
async fn wait_until_read(config: &Config) -> anyhow::Result<()> {
    let kafka = &config.kafka;
    let progress = || progress(&kafka.brokers, &kafka.client, &kafka.group, &kafka.topic);
    let ends: HashMap<i32, i64> = progress().await?.into_iter().map(|it| (it.partition, it.end)).collect();
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} {msg}")?);
    let (mut unread, mut moved_at) = (u64::MAX, Instant::now());
    loop {
        let left =
            progress().await?.into_iter().map(|it| ends.get(&it.partition).map_or(0, |end| end - it.committed).max(0) as u64);
        let left = left.sum();
        if left == 0 {
            bar.finish_and_clear();
            return Ok(());
        }
        if left < unread {
            (unread, moved_at) = (left, Instant::now());
        }
        if moved_at.elapsed() > STANDSTILL {
            bail!(
                "{left} messages of {} are not read, and may say that cases were closed in time; start the pipeline, or say --do-not-wait",
                kafka.topic
            );
        }
        bar.set_message(format!("the pipeline has {left} messages to read that were written before"));
        bar.tick();
        tokio::time::sleep(LOOKS).await;
    }
}

/// What becomes of the cases of a page.
#[derive(Default)]
struct Page {
    /// How many cases there were.
    number: u64,
    changed: Vec<ChangedCase>,
    confirmed: Vec<CaseChange>,
}

fn is_in(scope: &RecomputeScope, row: Option<&StoredRow>) -> bool {
    let fits = |wanted: &str, value: Option<&Text>| wanted.is_empty() || value.is_some_and(|it| it.as_str() == wanted);
    let row = row.map(|row| &row.assessment);
    fits(&scope.department, row.and_then(|it| it.department.as_ref())) && fits(&scope.item, row.and_then(|it| it.item.as_ref()))
}
