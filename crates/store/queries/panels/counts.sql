-- 收件 in the period as figures.sql takes it; 办结 by closing; 在办, 超期 as of now.
SELECT sum(received) AS `收件 received`, sum(closed) AS `办结 closed`, sum(open) AS `在办 open`, sum(overdue) AS `在办超期 open overdue`
FROM
(
    SELECT
        countIf(coalesce(received_at, accepted_at, valid_from) >= $__fromTime AND coalesce(received_at, accepted_at, valid_from) < $__toTime) AS received,
        countIf(status = 'closed' AND closed_at >= $__fromTime AND closed_at < $__toTime) AS closed,
        0 AS open,
        0 AS overdue
    FROM cases_in_period(since_ms = toUnixTimestamp64Milli(toDateTime64($__fromTime, 3)), until_ms = toUnixTimestamp64Milli(toDateTime64($__toTime, 3)))
    WHERE ifNull(nullIf(department, ''), '—') IN (${department:singlequote})
    UNION ALL
    SELECT 0, 0, count(), countIf(decided_at IS NULL AND promised_due_at < now64(3))
    FROM open_cases
    WHERE ifNull(nullIf(department, ''), '—') IN (${department:singlequote})
)
