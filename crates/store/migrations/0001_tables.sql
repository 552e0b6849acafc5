-- Every table keeps the newest version of a row under its natural key, so that writing a row again,
-- in pieces or from two processes, changes nothing. None is partitioned: no value of a case is fixed
-- for ever (a corrected event may move any date), and a row must never change its partition.

CREATE TABLE {database}.events {on_cluster}
(
    case_no      String,
    source       LowCardinality(String),
    event_id     String,
    version      UInt64 COMMENT 'revision << 32 | fingerprint of the message',
    kind         LowCardinality(String),
    occurred_at  DateTime64(3, 'UTC'),
    recorded_at  Nullable(DateTime64(3, 'UTC')),
    department   LowCardinality(String),
    handler      String,
    retracted    UInt8,
    payload      String COMMENT 'the message as it came' CODEC(ZSTD(1)),
    partition    Int32,
    offset       Int64,
    inserted_at  DateTime DEFAULT now()
)
ENGINE = {engine}ReplacingMergeTree({replica}version)
ORDER BY (case_no, source, event_id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE {database}.cases {on_cluster}
(
    case_no                String,
    version                UInt128 COMMENT 'weight of the set of events << 42 | valid_from in ms',
    is_deleted             UInt8,
    partition              Int32,
    item                   LowCardinality(Nullable(String)),
    item_known             UInt8,
    department             LowCardinality(Nullable(String)),
    window                 LowCardinality(Nullable(String)),
    region                 LowCardinality(Nullable(String)),
    project                Nullable(String),
    form                   LowCardinality(Nullable(String)),
    status                 LowCardinality(String),
    outcome                LowCardinality(Nullable(String)),
    received_at            Nullable(DateTime64(3, 'UTC')),
    accepted_at            Nullable(DateTime64(3, 'UTC')),
    decided_at             Nullable(DateTime64(3, 'UTC')),
    closed_at              Nullable(DateTime64(3, 'UTC')),
    delivered_at           Nullable(DateTime64(3, 'UTC')),
    elapsed_days           Nullable(Float64) COMMENT 'net working days; of an open case as of valid_from',
    suspended_days         Nullable(Float64),
    same_day               Nullable(UInt8),
    promised_limit_days    Nullable(Float64),
    promised_elapsed_days  Nullable(Float64),
    promised_due_at        Nullable(DateTime64(3, 'UTC')),
    promised_late          UInt8,
    promised_early         UInt8,
    promised_days_over     Nullable(Float64),
    promised_speed_up      Nullable(Float64),
    statutory_limit_days   Nullable(Float64),
    statutory_elapsed_days Nullable(Float64),
    statutory_due_at       Nullable(DateTime64(3, 'UTC')),
    statutory_late         UInt8,
    statutory_early        UInt8,
    statutory_days_over    Nullable(Float64),
    statutory_speed_up     Nullable(Float64),
    corrections            UInt32,
    rating                 Nullable(UInt8),
    cards_reminder         UInt16,
    cards_yellow           UInt16,
    cards_red              UInt16,
    valid_from             DateTime64(3, 'UTC') COMMENT 'since when the row says what it says',
    next_change            Nullable(DateTime64(3, 'UTC')) COMMENT 'when it will change by itself',
    uncovered_year         Nullable(Int16),
    settled                UInt8 COMMENT 'only a new event can change it'
)
ENGINE = {engine}ReplacingMergeTree({replica}version, is_deleted)
ORDER BY case_no
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE {database}.spans {on_cluster}
(
    case_no     String,
    clock       LowCardinality(String),
    instance    String,
    started_at  DateTime64(3, 'UTC'),
    version     UInt128,
    is_deleted  UInt8,
    ended_at    Nullable(DateTime64(3, 'UTC')),
    due_at      Nullable(DateTime64(3, 'UTC')),
    limit_days  Nullable(Float64),
    late        UInt8,
    department  LowCardinality(Nullable(String)),
    handler     Nullable(String)
)
ENGINE = {engine}ReplacingMergeTree({replica}version, is_deleted)
ORDER BY (case_no, clock, instance, started_at)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE {database}.findings {on_cluster}
(
    case_no     String,
    kind        LowCardinality(String),
    version     UInt128,
    is_deleted  UInt8,
    severity    LowCardinality(String),
    events      Array(String) COMMENT 'the evidence',
    item        LowCardinality(Nullable(String)),
    department  LowCardinality(Nullable(String)),
    window      LowCardinality(Nullable(String)),
    at          DateTime64(3, 'UTC')
)
ENGINE = {engine}ReplacingMergeTree({replica}version, is_deleted)
ORDER BY (case_no, kind)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE {database}.cards {on_cluster}
(
    case_no      String,
    card_id      String,
    version      UInt128,
    state        LowCardinality(String) COMMENT 'issued, or withdrawn by the system',
    reason       LowCardinality(String),
    clock        LowCardinality(String),
    instance     String,
    level        LowCardinality(String),
    rule         LowCardinality(String),
    crossed_at   DateTime64(3, 'UTC'),
    due_at       Nullable(DateTime64(3, 'UTC')),
    limit_days   Float64 COMMENT 'of its own clock',
    promised_limit_days   Nullable(Float64),
    promised_due_at       Nullable(DateTime64(3, 'UTC')),
    statutory_limit_days  Nullable(Float64),
    statutory_due_at      Nullable(DateTime64(3, 'UTC')),
    confirm      UInt8,
    handler      Nullable(String),
    item         LowCardinality(Nullable(String)),
    department   LowCardinality(Nullable(String)),
    window       LowCardinality(Nullable(String)),
    region       LowCardinality(Nullable(String))
)
ENGINE = {engine}ReplacingMergeTree({replica}version)
ORDER BY (case_no, card_id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE {database}.card_actions {on_cluster}
(
    card_id  String,
    at       DateTime64(3, 'UTC'),
    actor    String,
    role     LowCardinality(String),
    action   LowCardinality(String),
    reason   String
)
ENGINE = {engine}MergeTree{replica_only}
ORDER BY (card_id, at)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE {database}.notifications {on_cluster}
(
    card_id  String,
    channel  LowCardinality(String),
    state    LowCardinality(String),
    outcome  LowCardinality(String),
    at       DateTime64(3, 'UTC')
)
ENGINE = {engine}ReplacingMergeTree({replica}at)
ORDER BY (card_id, channel, state)
SETTINGS non_replicated_deduplication_window = 1000;
