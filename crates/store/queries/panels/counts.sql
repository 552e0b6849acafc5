-- 收件 in the period as figures.sql takes it; 办结 by closing; 在办, 超期 as of now.
WITH status IN ('open', 'suspended') AS is_open
SELECT
    countIf(coalesce(received_at, accepted_at, valid_from) >= $__fromTime AND coalesce(received_at, accepted_at, valid_from) < $__toTime) AS `收件 received`,
    countIf(status = 'closed' AND closed_at >= $__fromTime AND closed_at < $__toTime) AS `办结 closed`,
    countIf(is_open) AS `在办 open`,
    countIf(is_open AND decided_at IS NULL AND promised_due_at < now64(3)) AS `在办超期 open overdue`
FROM cases_in_period_and_open(since_ms = toUnixTimestamp64Milli(toDateTime64($__fromTime, 3)), until_ms = toUnixTimestamp64Milli(toDateTime64($__toTime, 3)))
WHERE ifNull(nullIf(department, ''), '—') IN (${department:singlequote})
