//! Deriving a stored case anew, after the rules have changed.

use domain::{Assessment, Instant, assess::SpanState};

use crate::{CaseChange, RuleBook, StoredCase, version};

/// What deriving a stored case anew comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Recomputed {
    /// Its row is what follows from its events by these very rules.
    AsStored,
    /// Its row says what follows, but earlier rules said it: it is written again under a new version.
    Confirmed(CaseChange),
    /// Its row says something else.
    Changed(CaseChange),
    /// Its row rests on events that are not there yet: a batch is being written, or was half written by a crash
    /// and comes again. Whatever could be derived would lose.
    Ahead,
}

/// Derives a case anew by rules of this generation. `row` is what its row says. `as_of` is when everything there was had
/// been read; a case whose row is of a later time is derived as of that.
pub fn recompute(stored: &StoredCase, row: Option<&Assessment>, as_of: Instant, rules: &RuleBook, generation: u32) -> Recomputed {
    let weight = stored.events.weight();
    if version::weight(stored.version) > weight {
        return Recomputed::Ahead;
    }
    // What time has changed since is left to whoever holds the case.
    if version::generation(stored.version) == generation
        && let Some(row) = row
        && rules.assess(&stored.events, row.valid_from).is_some_and(|it| at_rest(it) == at_rest(row.clone()))
    {
        return Recomputed::AsStored;
    }
    let as_of = as_of.max(version::valid_from(stored.version));
    let (after, valid_from, next_change) = rules.derive(&stored.events, as_of);
    if row.is_none() && after.is_none() && next_change == stored.next_change {
        return Recomputed::AsStored;
    }
    let says_the_same = match (row, &after) {
        (Some(row), Some(after)) => at_rest(row.clone()) == at_rest(after.clone()),
        _ => false,
    };
    let change = CaseChange {
        case_no: stored.case_no.clone(),
        partition: stored.partition,
        // Where a row of these very rules is wrong, more than its own.
        version: version::of(weight, generation, valid_from).max(stored.version + 1),
        rules_changed: true,
        cards_before: row.map(|row| row.cards.clone()).unwrap_or_default(),
        untold: false,
        next_change,
        after,
    };
    if says_the_same { Recomputed::Confirmed(change) } else { Recomputed::Changed(change) }
}

/// An assessment without what runs while nothing changes, and with its spans in one order.
pub fn at_rest(mut assessment: Assessment) -> Assessment {
    let key = |span: &SpanState| (span.clock, span.instance.clone(), span.started_at);
    assessment.spans.sort_by_key(key);
    if !assessment.is_settled() {
        assessment.elapsed_days = None;
        assessment.suspended_days = None;
        for state in [&mut assessment.promised, &mut assessment.statutory].into_iter().flatten() {
            state.elapsed_days = 0.0;
            state.days_over = 0.0;
        }
    }
    assessment
}
