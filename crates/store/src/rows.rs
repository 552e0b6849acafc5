//! Rows of all tables, taken apart into columns as they are put in.
//!
//! The order of the fields here is the order of `columns.rs`; a test writes and reads every one of them.

use domain::{Assessment, Card, Event, Finding, Instant, Level, LimitState, Text, assess::SpanState};

use crate::{compress::Compressor, native::Block, writer::Table};

/// Rows for one write, a block a table.
#[derive(Debug)]
pub struct Rows {
    blocks: [Block; Table::ALL.len()],
    compressor: Compressor,
}

impl Default for Rows {
    fn default() -> Self {
        Self { blocks: Table::ALL.map(|table| Block::new(table.columns())), compressor: Compressor::default() }
    }
}

impl Rows {
    /// No rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.blocks.iter().all(|block| block.rows == 0)
    }

    /// How many rows there are.
    pub fn len(&self) -> u64 {
        self.blocks.iter().map(|block| block.rows).sum()
    }

    /// How many bytes they take.
    pub fn bytes(&self) -> usize {
        self.blocks.iter().map(Block::len).sum()
    }

    /// Each table's number of rows and their bytes, in the order of [`Table::ALL`].
    pub fn encoded(&self) -> [(u64, Vec<u8>); Table::ALL.len()] {
        self.blocks.each_ref().map(|block| {
            let mut bytes = Vec::with_capacity(block.len());
            block.encode(&mut |piece| bytes.extend_from_slice(piece));
            (block.rows, bytes)
        })
    }

    /// The blocks, and what compresses them.
    pub(crate) fn parts_mut(&mut self) -> (&mut [Block; Table::ALL.len()], &mut Compressor) {
        (&mut self.blocks, &mut self.compressor)
    }

    fn block(&mut self, table: Table) -> &mut Block {
        &mut self.blocks[table as usize]
    }

    /// An event as it came: its message, and where it came from.
    pub fn event(&mut self, event: &Event, payload: &[u8], partition: i32, offset: i64) {
        let block = self.block(Table::Events);
        block.text(&event.case_no);
        block.text(&event.source);
        block.text(&event.event_id);
        block.u64(event.version());
        block.text(event.kind.name());
        block.instant(event.occurred_at);
        block.option(event.recorded_at, Block::instant);
        block.text(event.department.as_deref().unwrap_or_default());
        block.text(event.handler.as_deref().unwrap_or_default());
        block.flag(event.retracted);
        block.bytes(payload);
        block.i32(partition);
        block.i64(offset);
        block.end_row();
    }

    /// A case with everything that follows from its events.
    pub fn case(&mut self, case: &Assessment, version: u128, partition: i32) {
        let cards = |level: Level| case.cards.iter().filter(|card| card.level == level).count().min(65_535) as u16;
        let block = self.block(Table::Cases);
        block.text(&case.case_no);
        block.u128(version);
        block.flag(false);
        block.i32(partition);
        block.option(case.item.as_deref(), Block::text);
        block.flag(case.item_known);
        block.option(case.department.as_deref(), Block::text);
        block.option(case.window.as_deref(), Block::text);
        block.option(case.region.as_deref(), Block::text);
        block.option(case.project.as_deref(), Block::text);
        block.flag(case.green_channel);
        block.flag(case.key_project);
        block.option(case.form.map(|form| form.code()), Block::text);
        block.text(case.status.code());
        block.option(case.outcome.map(|outcome| outcome.code()), Block::text);
        for at in [case.received_at, case.accepted_at, case.decided_at, case.closed_at, case.delivered_at] {
            block.option(at, Block::instant);
        }
        block.option(case.elapsed_days, Block::f64);
        block.option(case.suspended_days, Block::f64);
        block.option(case.same_day, Block::flag);
        block.limit(case.promised);
        block.limit(case.statutory);
        block.flag(case.places.hall_item);
        block.u32(case.places.acts_placed);
        block.u32(case.places.acts_in_hall);
        block.option(case.places.decided_in_hall, Block::flag);
        block.u32(case.corrections);
        block.option(case.rating, Block::u8);
        for level in Level::ALL {
            block.u16(cards(*level));
        }
        block.instant(case.valid_from);
        block.option(case.next_change, Block::instant);
        block.option(case.uncovered_year, Block::i16);
        block.flag(case.is_settled());
        let (first, last) = reach(case);
        block.instant(first);
        block.instant(last);
        block.array(&case.spans, Block::span);
        block.array(&case.findings, Block::finding);
        block.array(&case.cards, |block, card| block.card(&case.case_no, card));
        block.end_row();
    }

    /// A case of which no event stands, or of which all that do lie ahead until `next_change`.
    pub fn deleted_case(&mut self, case_no: &Text, version: u128, partition: i32, next_change: Option<Instant>) {
        let block = self.block(Table::Cases);
        block.text(case_no);
        block.u128(version);
        block.flag(true);
        block.i32(partition);
        // The rest of the row is never read.
        let nothing = || None::<&str>;
        block.option(nothing(), Block::text);
        block.flag(false);
        (0..4).for_each(|_| block.option(nothing(), Block::text));
        (0..2).for_each(|_| block.flag(false));
        block.option(nothing(), Block::text);
        block.text("");
        block.option(nothing(), Block::text);
        (0..8).for_each(|_| block.option(None, Block::instant));
        for _ in 0..2 {
            block.limit(None);
        }
        block.flag(false);
        (0..2).for_each(|_| block.u32(0));
        block.option(None, Block::flag);
        block.u32(0);
        block.option(None, Block::u8);
        (0..3).for_each(|_| block.u16(0));
        block.instant(Instant::default());
        block.option(next_change, Block::instant);
        block.option(None, Block::i16);
        block.flag(false);
        (0..2).for_each(|_| block.instant(Instant::default()));
        // No spans, findings and cards.
        (0..3).for_each(|_| block.array::<Text>(&[], |block, text| block.text(text)));
        block.end_row();
    }

    /// A card that was issued and is unfounded now: it stays visible, with the reason.
    pub fn withdrawn_card(&mut self, case: &Assessment, card: &Card, version: u128, reason: &str) {
        let block = self.block(Table::WithdrawnCards);
        block.text(&case.case_no);
        block.text(&card.id(&case.case_no));
        block.u128(version);
        block.text(reason);
        block.text(card.clock.code());
        block.text(&card.instance);
        block.text(card.level.code());
        block.text(&card.rule);
        block.instant(card.crossed_at);
        block.option(card.due_at, Block::instant);
        block.f64(card.limit_days);
        for limit in [case.promised, case.statutory] {
            block.option(limit.map(|limit| limit.limit_days), Block::f64);
            block.option(limit.and_then(|limit| limit.due_at), Block::instant);
        }
        block.flag(card.confirm);
        block.option(card.handler.as_deref(), Block::text);
        for text in [&case.item, &case.department, &case.window, &case.region] {
            block.option(text.as_deref(), Block::text);
        }
        block.end_row();
    }
}

/// The first and the last instant of a case that a period may ask for.
fn reach(case: &Assessment) -> (Instant, Instant) {
    let instants = [case.received_at, case.accepted_at, case.decided_at, case.closed_at, case.delivered_at].into_iter().flatten();
    let spans = case.spans.iter().flat_map(|span| [Some(span.started_at), span.ended_at]).flatten();
    let cards = case.cards.iter().map(|card| card.crossed_at);
    instants.chain(spans).chain(cards).fold((case.valid_from, case.valid_from), |(first, last), at| (first.min(at), last.max(at)))
}

impl Block {
    fn span(&mut self, span: &SpanState) {
        self.text(span.clock.code());
        self.text(&span.instance);
        self.instant(span.started_at);
        self.option(span.ended_at, Block::instant);
        self.option(span.due_at, Block::instant);
        self.option(span.limit_days, Block::f64);
        self.option(span.elapsed_days, Block::f64);
        self.flag(span.late);
        self.option(span.department.as_deref(), Block::text);
        self.option(span.handler.as_deref(), Block::text);
        self.option(span.party.as_deref(), Block::text);
    }

    fn finding(&mut self, finding: &Finding) {
        self.text(finding.kind.code());
        self.text(finding.severity.code());
        self.array(&finding.events, |block, event| block.text(event));
        self.option(finding.detail.as_deref(), Block::text);
    }

    fn card(&mut self, case_no: &str, card: &Card) {
        self.text(&card.id(case_no));
        self.text(card.clock.code());
        self.text(&card.instance);
        self.text(card.level.code());
        self.text(&card.rule);
        self.instant(card.crossed_at);
        self.option(card.due_at, Block::instant);
        self.f64(card.limit_days);
        self.flag(card.confirm);
        self.option(card.handler.as_deref(), Block::text);
    }

    fn limit(&mut self, state: Option<LimitState>) {
        self.option(state.map(|state| state.limit_days), Block::f64);
        self.option(state.map(|state| state.elapsed_days), Block::f64);
        self.option(state.and_then(|state| state.due_at), Block::instant);
        self.flag(state.is_some_and(|state| state.late));
        self.flag(state.is_some_and(|state| state.early));
        self.option(state.map(|state| state.days_over), Block::f64);
        self.option(state.and_then(|state| state.speed_up), Block::f64);
    }
}
