-- As coverage.sql, by region: received and closed in the period. A region without business is in no row of cases.
SELECT
    ifNull(nullIf(region, ''), '—') AS `地区 region`,
    countIf(coalesce(received_at, accepted_at, valid_from) >= $__fromTime AND coalesce(received_at, accepted_at, valid_from) < $__toTime) AS `收件 received`,
    countIf(status = 'closed' AND closed_at >= $__fromTime AND closed_at < $__toTime) AS `办结 closed`,
    uniqExactIf(department, ifNull(department, '') != '' AND status = 'closed' AND closed_at >= $__fromTime AND closed_at < $__toTime) AS `办结部门 departments`
FROM cases_in_period(since_ms = toUnixTimestamp64Milli(toDateTime64($__fromTime, 3)), until_ms = toUnixTimestamp64Milli(toDateTime64($__toTime, 3)))
WHERE ifNull(nullIf(department, ''), '—') IN (${department:singlequote})
GROUP BY `地区 region`
HAVING `收件 received` > 0 OR `办结 closed` > 0
ORDER BY `收件 received` DESC, `地区 region`
