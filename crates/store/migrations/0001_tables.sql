-- Every table keeps the newest version of a row under its natural key, so that writing a row again,
-- in pieces or from two processes, changes nothing. So the server need not remember the blocks it has seen, which
-- takes a quarter of an insert (`…deduplication_window`). Everything that follows from the events of a case is
-- one row, its clocks, findings and cards included: so it is replaced as a whole or not at all, and a
-- process that comes too late with an older state leaves nothing behind. No table is partitioned: no
-- value of a case is fixed for ever (a corrected event may move any date), and a row must never change
-- its partition.

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
-- A case is looked up by its number: with the default of 8192 rows, megabytes are unpacked for a few kilobytes.
-- A small part is one file: with one or two for each column, making them cost more than all else of an insert.
SETTINGS non_replicated_deduplication_window = 0, replicated_deduplication_window = 0, index_granularity = 512, min_bytes_for_wide_part = 134217728;

CREATE TABLE {database}.cases {on_cluster}
(
    case_no                String,
    version                UInt128 COMMENT 'weight of the set of events << 56 | generation of the rules << 42 | valid_from in ms',
    is_deleted             UInt8,
    partition              Int32,
    item                   LowCardinality(Nullable(String)),
    item_known             UInt8,
    department             LowCardinality(Nullable(String)),
    window                 LowCardinality(Nullable(String)),
    region                 LowCardinality(Nullable(String)),
    project                Nullable(String),
    green_channel          UInt8,
    key_project            UInt8,
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
    hall_item              UInt8 COMMENT 'the item in force is one of the hall',
    acts_placed            UInt32 COMMENT 'completed steps and the decision that report a place',
    acts_in_hall           UInt32 COMMENT 'those of them done in the hall or a branch of it',
    decided_in_hall        Nullable(UInt8),
    corrections            UInt32,
    rating                 Nullable(UInt8),
    cards_reminder         UInt16,
    cards_yellow           UInt16,
    cards_red              UInt16,
    valid_from             DateTime64(3, 'UTC') COMMENT 'since when the row says what it says',
    next_change            Nullable(DateTime64(3, 'UTC')) COMMENT 'when it will change by itself',
    uncovered_year         Nullable(Int16),
    settled                UInt8 COMMENT 'only a new event can change it',
    -- A row that does not say is of every period.
    first_at               DateTime64(3, 'UTC') COMMENT 'no instant of the row lies before',
    last_at                DateTime64(3, 'UTC') DEFAULT toDateTime64('2200-01-01 00:00:00', 3, 'UTC') COMMENT 'none lies after, but what is still ahead: due times, next_change',
    stored_at              DateTime DEFAULT now() COMMENT 'by the clock of the server',
    spans                  Array(Tuple(
        clock       LowCardinality(String),
        instance    String,
        started_at  DateTime64(3, 'UTC'),
        ended_at    Nullable(DateTime64(3, 'UTC')),
        due_at      Nullable(DateTime64(3, 'UTC')),
        limit_days  Nullable(Float64),
        elapsed_days Nullable(Float64),
        late        UInt8,
        department  Nullable(String),
        handler     Nullable(String),
        party       Nullable(String))) COMMENT 'clocks, steps and special procedures; party is the intermediary',
    findings               Array(Tuple(
        kind        LowCardinality(String),
        severity    LowCardinality(String),
        events      Array(String),
        detail      Nullable(String))) COMMENT 'with their evidence, the events, and what exactly',
    cards                  Array(Tuple(
        id          String,
        clock       LowCardinality(String),
        instance    String,
        level       LowCardinality(String),
        rule        LowCardinality(String),
        crossed_at  DateTime64(3, 'UTC'),
        due_at      Nullable(DateTime64(3, 'UTC')),
        limit_days  Float64,
        confirm     UInt8,
        handler     Nullable(String))) COMMENT 'issued and founded; limit_days is that of its own clock',
    -- Worked out when read, and stored in the copy (below).
    finding_kinds          Array(LowCardinality(String)) ALIAS findings.kind,
    works                  Array(Tuple(
        party        String,
        ended_at     Nullable(DateTime64(3, 'UTC')),
        due_at       Nullable(DateTime64(3, 'UTC')),
        limit_days   Nullable(Float64),
        elapsed_days Nullable(Float64)))
        ALIAS arrayMap(
            it -> (assumeNotNull(it.party), it.ended_at, it.due_at, it.limit_days, it.elapsed_days),
            arrayFilter(it -> it.clock = 'special' AND it.party IS NOT NULL, spans)) COMMENT 'of intermediaries',
    case_hash              UInt64 ALIAS xxh3(case_no),
    -- What was stored since the copy (below) is in the newest parts, and once these are merged with older ones, in few
    -- granules: those of recent case numbers.
    INDEX stored_at stored_at TYPE minmax
)
ENGINE = {engine}ReplacingMergeTree({replica}version, is_deleted)
ORDER BY case_no
SETTINGS non_replicated_deduplication_window = 0, replicated_deduplication_window = 0, index_granularity = 1024, min_bytes_for_wide_part = 134217728;

-- A copy of the cases without their older rows, in the order in which they are asked for: a period, or what is open, is a
-- few ranges of it, and nothing has to be merged. ClickHouse makes it anew every so often, beside the one before, and
-- then exchanges the two. `{local}`: each server copies what it has itself.
CREATE TABLE {database}.cases_copy{local} {on_cluster}
ENGINE = MergeTree
ORDER BY (status, toStartOfMonth(last_at), first_at)
SETTINGS index_granularity = 1024
EMPTY AS
SELECT
    * EXCEPT (version, is_deleted, partition, stored_at),
    finding_kinds, works, case_hash,
    toDateTime(0) AS copied_at,
    toDateTime(0) AS newer_since
FROM {database}.cases{local};

-- What was stored before `copied_at` is in the copy: five minutes are left for inserts and replicas on their way.
-- `newer_since` is the `copied_at` of the copy before, and is what is read: a question may meet the exchange between
-- the instant and the rows. So the first copy, which has none before it, is not read. One core is enough for it, and
-- leaves the others to the questions.
CREATE MATERIALIZED VIEW {database}.cases_copying {on_cluster}
REFRESH EVERY 60 MINUTE TO {database}.cases_copy{local} AS
SELECT
    * EXCEPT (version, is_deleted, partition, stored_at),
    finding_kinds, works, case_hash,
    now() - toIntervalMinute(5) AS copied_at,
    ifNull((SELECT copied_at FROM {database}.cases_copy{local} LIMIT 1), toDateTime(0)) AS newer_since
FROM {database}.cases{local} FINAL
SETTINGS max_threads = 1;

-- The cases as they are now: those of the copy, but for the ones of which the newest row was stored since, and these rows.
-- So nothing is stale, however old the copy is. Newer rows lie together, in the newest parts, and are merged among
-- themselves; of the older rows of their cases only the versions are looked at, for a row that was stored late loses.
-- Without a copy, or where more is newer than is worth looking up (all cases were derived anew), all rows are merged,
-- as by `cases FINAL`. Conditions of whoever asks reach both parts. All look at the same rows of `cases`, for within a
-- question ClickHouse looks at a table once (`enable_shared_storage_snapshot_in_query`). `case_hash` is read in place of
-- the longer number: that a case has that of a newer one, and is missed until the next copy, happens once in ten
-- thousand years. Of the settings one is needed: that newer rows are not merged with older ones (`…exact_mode`).
CREATE VIEW {database}.cases_now{local} {on_cluster} AS
WITH
    ifNull((SELECT newer_since FROM {database}.cases_copy{local} LIMIT 1), toDateTime(0)) AS since,
    (SELECT count() FROM {database}.cases{local} WHERE stored_at >= since) < 1000000 AS is_copied
SELECT * EXCEPT (case_hash, is_newer)
FROM
(
    SELECT * EXCEPT (copied_at, newer_since), 0 AS is_newer
    FROM {database}.cases_copy{local}
    WHERE is_copied
    SETTINGS use_statistics = 0
    UNION ALL
    SELECT * EXCEPT (version, is_deleted, partition, stored_at), finding_kinds, works, case_hash, 1 AS is_newer
    FROM {database}.cases{local} FINAL
    PREWHERE NOT is_copied OR stored_at >= since
    SETTINGS use_statistics = 0, enable_vertical_final = 0, use_skip_indexes_if_final_exact_mode = 0
)
WHERE NOT is_copied OR is_newer = (case_hash IN
(
    SELECT case_hash
    FROM {database}.cases{local}
    WHERE case_no IN (SELECT case_no FROM {database}.cases{local} WHERE is_copied AND stored_at >= since)
    GROUP BY case_hash
    HAVING argMax(stored_at, version) >= since
));

CREATE TABLE {database}.withdrawn_cards {on_cluster}
(
    case_no      String,
    card_id      String,
    version      UInt128,
    reason       LowCardinality(String) COMMENT 'why the system withdrew it',
    clock        LowCardinality(String),
    instance     String,
    level        LowCardinality(String),
    rule         LowCardinality(String),
    crossed_at   DateTime64(3, 'UTC'),
    due_at       Nullable(DateTime64(3, 'UTC')),
    limit_days   Float64,
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
SETTINGS non_replicated_deduplication_window = 0, replicated_deduplication_window = 0;

-- The cases of which some instant lies in a period (see first_at, last_at). In milliseconds since 1970: the arguments of
-- a view are texts on their way, and a text of a time loses its zone.
CREATE VIEW {database}.cases_in_period {on_cluster} AS
WITH
    fromUnixTimestamp64Milli({since_ms:Int64}, 'UTC') AS since,
    fromUnixTimestamp64Milli({until_ms:Int64}, 'UTC') AS until
SELECT *
FROM {database}.cases_now
WHERE last_at >= since AND first_at < until;

-- The cases that are accepted and not closed.
CREATE VIEW {database}.open_cases {on_cluster} AS
SELECT *
FROM {database}.cases_now
WHERE status IN ('open', 'suspended');

-- Both at once: who needs both looks at the cases once.
CREATE VIEW {database}.cases_in_period_and_open {on_cluster} AS
WITH
    fromUnixTimestamp64Milli({since_ms:Int64}, 'UTC') AS since,
    fromUnixTimestamp64Milli({until_ms:Int64}, 'UTC') AS until
SELECT *
FROM {database}.cases_now
WHERE (last_at >= since AND first_at < until) OR status IN ('open', 'suspended');

-- At which instants of a period a window closed cases in batches: so many, or more, within a minute that holds the
-- instant. A minute begins at a closing, and is full where the last of so many lies in it; an instant is in a batch where
-- one of the minutes that begin with it or with the closings before it that it may share one with is full. Not those of
-- the very start of a local day of `zone`: sources that know only dates report closings so.
CREATE VIEW {database}.batches_in_period {on_cluster} AS
WITH
    fromUnixTimestamp64Milli({since_ms:Int64}, 'UTC') AS since,
    fromUnixTimestamp64Milli({until_ms:Int64}, 'UTC') AS until,
    greatest({batch_at_least:UInt32}, 1) AS many,
    arrayMap((first, last) -> last - first <= 60000, arrayResize(times, greatest(length(times) - many + 1, 0)), arraySlice(times, many)) AS is_full,
    arrayCumSum(arrayResize(is_full, length(times))) AS begun,
    arrayResize(arrayConcat(arrayWithConstant(least(many, length(times)), toUInt64(0)), begun), length(times)) AS begun_before
SELECT window, arrayJoin(arrayFilter((at, by_now, by_then) -> by_now > by_then, times, begun, begun_before)) AS closed_ms
FROM
(
    SELECT window, arraySort(groupArray(toUnixTimestamp64Milli(assumeNotNull(closed_at)))) AS times
    FROM {database}.cases_in_period(since_ms = {since_ms:Int64}, until_ms = {until_ms:Int64})
    WHERE status = 'closed' AND closed_at >= since AND closed_at < until
        AND window IS NOT NULL AND toTimeZone(closed_at, {zone:String}) != toStartOfDay(toTimeZone(closed_at, {zone:String}))
    GROUP BY window
);

-- The cases closed in a period; `in_batch` says whether their window closed them in one.
CREATE VIEW {database}.closings_in_period {on_cluster} AS
WITH
    fromUnixTimestamp64Milli({since_ms:Int64}, 'UTC') AS since,
    fromUnixTimestamp64Milli({until_ms:Int64}, 'UTC') AS until
SELECT
    *,
    toUnixTimestamp64Milli(assumeNotNull(closed_at)) AS closed_ms,
    (window, closed_ms) IN
    (
        SELECT window, closed_ms
        FROM {database}.batches_in_period(since_ms = {since_ms:Int64}, until_ms = {until_ms:Int64}, zone = {zone:String}, batch_at_least = {batch_at_least:UInt32})
    ) AS in_batch
FROM {database}.cases_in_period(since_ms = {since_ms:Int64}, until_ms = {until_ms:Int64})
WHERE status = 'closed' AND closed_at >= since AND closed_at < until;

-- The works of intermediaries that ended in a period, and those of open cases that have not ended.
CREATE VIEW {database}.works_in_period {on_cluster} AS
WITH
    fromUnixTimestamp64Milli({since_ms:Int64}, 'UTC') AS since,
    fromUnixTimestamp64Milli({until_ms:Int64}, 'UTC') AS until
SELECT case_no, green_channel, key_project, work.party AS party, work.ended_at AS ended_at, work.due_at AS due_at,
       work.limit_days AS limit_days, work.elapsed_days AS elapsed_days
FROM {database}.cases_in_period_and_open(since_ms = {since_ms:Int64}, until_ms = {until_ms:Int64})
ARRAY JOIN works AS work
WHERE (ended_at >= since AND ended_at < until) OR (ended_at IS NULL AND status IN ('open', 'suspended'));

CREATE VIEW {database}.spans {on_cluster} AS
SELECT case_no, span.clock AS clock, span.instance AS instance, span.started_at AS started_at, span.ended_at AS ended_at,
       span.due_at AS due_at, span.limit_days AS limit_days, span.elapsed_days AS elapsed_days, span.late AS late, span.department AS department,
       span.handler AS handler, span.party AS party
FROM {database}.cases FINAL
ARRAY JOIN spans AS span;

CREATE VIEW {database}.findings {on_cluster} AS
SELECT case_no, finding.kind AS kind, finding.severity AS severity, finding.events AS events, finding.detail AS detail, item,
       department, window, valid_from AS at
FROM {database}.cases FINAL
ARRAY JOIN findings AS finding;

-- A card is withdrawn where it was once, and is not issued again since.
CREATE VIEW {database}.cards {on_cluster} AS
SELECT case_no, card.id AS card_id, 'issued' AS state, '' AS reason, card.clock AS clock, card.instance AS instance,
       card.level AS level, card.rule AS rule, card.crossed_at AS crossed_at, card.due_at AS due_at,
       card.limit_days AS limit_days, promised_limit_days, promised_due_at, statutory_limit_days, statutory_due_at,
       card.confirm AS confirm, card.handler AS handler, item, department, window, region
FROM {database}.cases FINAL
ARRAY JOIN cards AS card
UNION ALL
SELECT case_no, card_id, 'withdrawn', reason, clock, instance, level, rule, crossed_at, due_at, limit_days,
       promised_limit_days, promised_due_at, statutory_limit_days, statutory_due_at, confirm, handler, item, department,
       window, region
FROM {database}.withdrawn_cards FINAL
WHERE (case_no, card_id) NOT IN
(
    SELECT case_no, card.id
    FROM {database}.cases FINAL
    ARRAY JOIN cards AS card
    WHERE case_no IN (SELECT case_no FROM {database}.withdrawn_cards)
);

-- The same of those crossed in a period.
CREATE VIEW {database}.cards_in_period {on_cluster} AS
SELECT case_no, card.id AS card_id, 'issued' AS state, '' AS reason, card.clock AS clock, card.instance AS instance,
       card.level AS level, card.rule AS rule, card.crossed_at AS crossed_at, card.due_at AS due_at,
       card.limit_days AS limit_days, promised_limit_days, promised_due_at, statutory_limit_days, statutory_due_at,
       card.confirm AS confirm, card.handler AS handler, item, department, window, region
FROM {database}.cases_in_period(since_ms = {since_ms:Int64}, until_ms = {until_ms:Int64})
ARRAY JOIN cards AS card
WHERE card.crossed_at >= fromUnixTimestamp64Milli({since_ms:Int64}, 'UTC') AND card.crossed_at < fromUnixTimestamp64Milli({until_ms:Int64}, 'UTC')
UNION ALL
SELECT case_no, card_id, 'withdrawn', reason, clock, instance, level, rule, crossed_at, due_at, limit_days,
       promised_limit_days, promised_due_at, statutory_limit_days, statutory_due_at, confirm, handler, item, department,
       window, region
FROM {database}.withdrawn_cards FINAL
WHERE crossed_at >= fromUnixTimestamp64Milli({since_ms:Int64}, 'UTC') AND crossed_at < fromUnixTimestamp64Milli({until_ms:Int64}, 'UTC') AND (case_no, card_id) NOT IN
(
    SELECT case_no, card.id
    FROM {database}.cases FINAL
    ARRAY JOIN cards AS card
    WHERE case_no IN (SELECT case_no FROM {database}.withdrawn_cards)
);

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
