-- The topic as a table, a message a row: columns are taken out of whole blocks, which costs far less than
-- letting the engine read one message at a time into them.
CREATE TABLE {database}.queue (message String)
ENGINE = Kafka
SETTINGS
    kafka_broker_list = '{brokers}',
    kafka_topic_list = '{topic}',
    kafka_group_name = 'clickhouse-{run}',
    kafka_format = 'RawBLOB',
    kafka_num_consumers = 2,
    kafka_thread_per_consumer = 1,
    kafka_max_block_size = 262144,
    kafka_poll_max_batch_size = 65536,
    kafka_flush_interval_ms = 1000;

-- Everything passes through here, so that no view misses what another has begun to read.
CREATE TABLE {database}.arrivals (message String, partition Int32, offset Int64) ENGINE = Null;

CREATE MATERIALIZED VIEW {database}.dead_letters_from_arrivals TO {database}.dead_letters AS
SELECT partition, offset, message FROM {database}.arrivals WHERE NOT isValidJSON(message);

CREATE MATERIALIZED VIEW {database}.events_from_arrivals TO {database}.events AS
WITH JSONExtract(message,
    'Tuple(case_no String, source LowCardinality(String), event_id String, revision UInt32, retracted Bool, kind LowCardinality(String),
        item LowCardinality(String), occurred_at String, recorded_at Nullable(String), region LowCardinality(String),
        department LowCardinality(String), window LowCardinality(String), handler LowCardinality(String), role LowCardinality(String),
        place LowCardinality(String), promised_due_at Nullable(String), statutory_due_at Nullable(String), project String,
        step LowCardinality(String), procedure LowCardinality(String), granted_days Nullable(UInt32), outcome LowCardinality(String),
        score Nullable(UInt8), amount_fen Nullable(UInt64))') AS fields
SELECT
    fields.case_no AS case_no, fields.source AS source, fields.event_id AS event_id, greatest(fields.revision, 1) AS revision,
    fields.retracted AS retracted, fields.kind AS kind, fields.item AS item,
    parseDateTime64BestEffortOrZero(fields.occurred_at, 3, 'UTC') AS occurred_at,
    parseDateTime64BestEffortOrNull(fields.recorded_at, 3, 'UTC') AS recorded_at, fields.region AS region,
    fields.department AS department, fields.window AS window, fields.handler AS handler, fields.role AS role,
    fields.place AS place, parseDateTime64BestEffortOrNull(fields.promised_due_at, 3, 'UTC') AS promised_due_at,
    parseDateTime64BestEffortOrNull(fields.statutory_due_at, 3, 'UTC') AS statutory_due_at, fields.project AS project,
    fields.step AS step, fields.procedure AS procedure, fields.granted_days AS granted_days, fields.outcome AS outcome,
    fields.score AS score, fields.amount_fen AS amount_fen,
    message AS payload, partition, offset
FROM {database}.arrivals WHERE isValidJSON(message);

CREATE MATERIALIZED VIEW {database}.arrivals_from_queue TO {database}.arrivals AS
SELECT message, _partition AS partition, _offset AS offset FROM {database}.queue;
