//! The columns rows are written to, in the order their values are put in, with the types of the migrations.

use crate::native::{
    Named,
    Type::{self, Fixed, OrNull, Text, Texts, Tuples, Word, WordOrNull},
};

const U8: Type = Fixed("UInt8", 1);
const U16: Type = Fixed("UInt16", 2);
const U32: Type = Fixed("UInt32", 4);
const U64: Type = Fixed("UInt64", 8);
const U128: Type = Fixed("UInt128", 16);
const I16: Type = Fixed("Int16", 2);
const I32: Type = Fixed("Int32", 4);
const I64: Type = Fixed("Int64", 8);
const F64: Type = Fixed("Float64", 8);
const INSTANT: Type = Fixed("DateTime64(3, 'UTC')", 8);

pub(crate) const CASES: &[Named] = &[
    ("case_no", Text),
    ("version", U128),
    ("is_deleted", U8),
    ("partition", I32),
    ("item", WordOrNull),
    ("item_known", U8),
    ("department", WordOrNull),
    ("window", WordOrNull),
    ("region", WordOrNull),
    ("project", OrNull(&Text)),
    ("green_channel", U8),
    ("key_project", U8),
    ("form", WordOrNull),
    ("status", Word),
    ("outcome", WordOrNull),
    ("received_at", OrNull(&INSTANT)),
    ("accepted_at", OrNull(&INSTANT)),
    ("decided_at", OrNull(&INSTANT)),
    ("closed_at", OrNull(&INSTANT)),
    ("delivered_at", OrNull(&INSTANT)),
    ("elapsed_days", OrNull(&F64)),
    ("suspended_days", OrNull(&F64)),
    ("same_day", OrNull(&U8)),
    ("promised_limit_days", OrNull(&F64)),
    ("promised_elapsed_days", OrNull(&F64)),
    ("promised_due_at", OrNull(&INSTANT)),
    ("promised_late", U8),
    ("promised_early", U8),
    ("promised_days_over", OrNull(&F64)),
    ("promised_speed_up", OrNull(&F64)),
    ("statutory_limit_days", OrNull(&F64)),
    ("statutory_elapsed_days", OrNull(&F64)),
    ("statutory_due_at", OrNull(&INSTANT)),
    ("statutory_late", U8),
    ("statutory_early", U8),
    ("statutory_days_over", OrNull(&F64)),
    ("statutory_speed_up", OrNull(&F64)),
    ("hall_item", U8),
    ("acts_placed", U32),
    ("acts_in_hall", U32),
    ("decided_in_hall", OrNull(&U8)),
    ("corrections", U32),
    ("rating", OrNull(&U8)),
    ("cards_reminder", U16),
    ("cards_yellow", U16),
    ("cards_red", U16),
    ("valid_from", INSTANT),
    ("next_change", OrNull(&INSTANT)),
    ("uncovered_year", OrNull(&I16)),
    ("settled", U8),
    ("first_at", INSTANT),
    ("last_at", INSTANT),
    (
        "spans",
        Tuples(&[
            ("clock", Word),
            ("instance", Text),
            ("started_at", INSTANT),
            ("ended_at", OrNull(&INSTANT)),
            ("due_at", OrNull(&INSTANT)),
            ("limit_days", OrNull(&F64)),
            ("elapsed_days", OrNull(&F64)),
            ("late", U8),
            ("department", OrNull(&Text)),
            ("handler", OrNull(&Text)),
            ("party", OrNull(&Text)),
        ]),
    ),
    ("findings", Tuples(&[("kind", Word), ("severity", Word), ("events", Texts), ("detail", OrNull(&Text))])),
    (
        "cards",
        Tuples(&[
            ("id", Text),
            ("clock", Word),
            ("instance", Text),
            ("level", Word),
            ("rule", Word),
            ("crossed_at", INSTANT),
            ("due_at", OrNull(&INSTANT)),
            ("limit_days", F64),
            ("confirm", U8),
            ("handler", OrNull(&Text)),
        ]),
    ),
];

pub(crate) const WITHDRAWN_CARDS: &[Named] = &[
    ("case_no", Text),
    ("card_id", Text),
    ("version", U128),
    ("reason", Word),
    ("clock", Word),
    ("instance", Text),
    ("level", Word),
    ("rule", Word),
    ("crossed_at", INSTANT),
    ("due_at", OrNull(&INSTANT)),
    ("limit_days", F64),
    ("promised_limit_days", OrNull(&F64)),
    ("promised_due_at", OrNull(&INSTANT)),
    ("statutory_limit_days", OrNull(&F64)),
    ("statutory_due_at", OrNull(&INSTANT)),
    ("confirm", U8),
    ("handler", OrNull(&Text)),
    ("item", WordOrNull),
    ("department", WordOrNull),
    ("window", WordOrNull),
    ("region", WordOrNull),
];

pub(crate) const EVENTS: &[Named] = &[
    ("case_no", Text),
    ("source", Word),
    ("event_id", Text),
    ("version", U64),
    ("kind", Word),
    ("occurred_at", INSTANT),
    ("recorded_at", OrNull(&INSTANT)),
    ("department", Word),
    ("handler", Text),
    ("retracted", U8),
    ("payload", Text),
    ("partition", I32),
    ("offset", I64),
];
