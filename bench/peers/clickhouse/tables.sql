-- The messages, and what the rules need.
CREATE TABLE {database}.events
(
    case_no          String,
    source           LowCardinality(String),
    event_id         String,
    revision         UInt32,
    retracted        UInt8,
    kind             LowCardinality(String),
    item             LowCardinality(String),
    occurred_at      DateTime64(3, 'UTC'),
    recorded_at      Nullable(DateTime64(3, 'UTC')),
    region           LowCardinality(String),
    department       LowCardinality(String),
    window           LowCardinality(String),
    handler          LowCardinality(String),
    role             LowCardinality(String),
    place            LowCardinality(String),
    promised_due_at  Nullable(DateTime64(3, 'UTC')),
    statutory_due_at Nullable(DateTime64(3, 'UTC')),
    project          String,
    step             LowCardinality(String),
    procedure        LowCardinality(String),
    granted_days     Nullable(UInt32),
    outcome          LowCardinality(String),
    score            Nullable(UInt8),
    amount_fen       Nullable(UInt64),
    payload          String CODEC(ZSTD(1)),
    partition        Int32,
    offset           Int64
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY (case_no, source, event_id);

CREATE TABLE {database}.dead_letters (partition Int32, offset Int64, message String)
ENGINE = MergeTree ORDER BY (partition, offset);

-- The days of the calendar: `through` counts the working days up to and including a day.
CREATE TABLE {database}.days (day Date, working UInt8, through UInt32) ENGINE = MergeTree ORDER BY day;

CREATE TABLE {database}.items
(
    code             String,
    valid_from       Date,
    department       String,
    promised_amount  UInt32,
    promised_unit    LowCardinality(String),
    statutory_amount UInt32,
    statutory_unit   LowCardinality(String),
    delivery_amount  UInt32,
    delivery_unit    LowCardinality(String)
)
ENGINE = MergeTree ORDER BY (code, valid_from);

CREATE DICTIONARY {database}.calendar (number UInt64, working UInt8, through UInt32)
PRIMARY KEY number
SOURCE(CLICKHOUSE(QUERY 'SELECT toUInt64(toUInt16(day)) AS number, working, through FROM {database}.days'))
LAYOUT(FLAT()) LIFETIME(0);

CREATE DICTIONARY {database}.working_days (nth UInt64, day Date)
PRIMARY KEY nth
SOURCE(CLICKHOUSE(QUERY 'SELECT toUInt64(through) AS nth, day FROM {database}.days WHERE working'))
LAYOUT(FLAT()) LIFETIME(0);
