-- Works of intermediaries: those ended in the period, and those open now. A work is late past its own limit (what the
-- party has published, or what was granted); without a limit it is counted and not judged.
WITH
    fromUnixTimestamp64Milli({from_ms:Int64}, 'UTC') AS from_at,
    fromUnixTimestamp64Milli({to_ms:Int64}, 'UTC') AS to_at
SELECT
    assumeNotNull(span.party) AS party_key,
    uniqExact(case_no) AS cases,
    count() AS works,
    countIf(span.ended_at IS NULL) AS open,
    countIf(span.ended_at IS NOT NULL AND span.due_at IS NOT NULL AND span.ended_at <= span.due_at) AS on_time,
    countIf(span.due_at IS NOT NULL AND ifNull(span.ended_at, now64(3)) > span.due_at) AS late,
    sumIf(ifNull(span.elapsed_days, 0), span.elapsed_days IS NOT NULL) AS days_used,
    sumIf(ifNull(span.limit_days, 0), span.elapsed_days IS NOT NULL) AS days_allowed
FROM (SELECT * FROM cases FINAL WHERE {only})
ARRAY JOIN spans AS span
WHERE span.clock = 'special' AND span.party IS NOT NULL
    AND (span.ended_at IS NULL OR (span.ended_at >= from_at AND span.ended_at < to_at))
GROUP BY party_key
ORDER BY party_key
