-- Works of intermediaries: those ended in the period, and those of open cases that are not ended. A work is late past its
-- own limit (what the party has published, or what was granted); without a limit it is counted and not judged.
SELECT
    party AS party_key,
    uniqExact(case_no) AS cases,
    count() AS works,
    countIf(ended_at IS NULL) AS open,
    countIf(ended_at IS NOT NULL AND due_at IS NOT NULL AND ended_at <= due_at) AS on_time,
    countIf(due_at IS NOT NULL AND ifNull(ended_at, now64(3)) > due_at) AS late,
    sumIf(ifNull(elapsed_days, 0), elapsed_days IS NOT NULL) AS days_used,
    sumIf(ifNull(limit_days, 0), elapsed_days IS NOT NULL) AS days_allowed
FROM works_in_period(since_ms = {from_ms:Int64}, until_ms = {to_ms:Int64})
WHERE {only}
GROUP BY party_key
ORDER BY party_key
