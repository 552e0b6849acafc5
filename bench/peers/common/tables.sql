-- What the Kafka Streams, Python and Quix Streams peers store: the messages as they came, and one row a case.
CREATE TABLE {database}.events
(
    case_no      String,
    source       LowCardinality(String),
    event_id     String,
    version      UInt64 COMMENT 'revision << 32 | CRC-32 of the message',
    kind         LowCardinality(String),
    occurred_at  DateTime64(3, 'UTC'),
    recorded_at  Nullable(DateTime64(3, 'UTC')),
    department   LowCardinality(String),
    handler      String,
    retracted    UInt8,
    payload      String CODEC(ZSTD(1)),
    partition    Int32,
    offset       Int64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (case_no, source, event_id);

CREATE TABLE {database}.cases
(
    case_no               String,
    version               UInt64 COMMENT 'offset of the last message of the case that was read',
    item                  LowCardinality(Nullable(String)),
    department            LowCardinality(Nullable(String)),
    window                LowCardinality(Nullable(String)),
    region                LowCardinality(Nullable(String)),
    project               Nullable(String),
    status                LowCardinality(String),
    outcome               LowCardinality(Nullable(String)),
    received_at           Nullable(DateTime64(3, 'UTC')),
    accepted_at           Nullable(DateTime64(3, 'UTC')),
    decided_at            Nullable(DateTime64(3, 'UTC')),
    closed_at             Nullable(DateTime64(3, 'UTC')),
    delivered_at          Nullable(DateTime64(3, 'UTC')),
    elapsed_days          Nullable(Float64),
    suspended_days        Nullable(Float64),
    promised_limit_days   Nullable(Float64),
    promised_due_at       Nullable(DateTime64(3, 'UTC')),
    promised_late         UInt8,
    promised_days_over    Nullable(Float64),
    statutory_limit_days  Nullable(Float64),
    statutory_due_at      Nullable(DateTime64(3, 'UTC')),
    statutory_late        UInt8,
    statutory_days_over   Nullable(Float64),
    reminder              UInt8 COMMENT 'the promise was nearly used up',
    yellow                UInt8 COMMENT 'past the promised due time',
    red                   UInt8 COMMENT 'past the statutory due time',
    is_deleted            UInt8 COMMENT 'every event of it was retracted'
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY case_no;
