-- Per local day: 收件 as figures.sql takes it, 办结 by closing.
SELECT
    toStartOfDay(at, 'Asia/Shanghai') AS time,
    countIf(role = 'received') AS `收件 received`,
    countIf(role = 'closed') AS `办结 closed`
FROM
(
    SELECT
        arrayJoin([('received', coalesce(received_at, accepted_at, valid_from)), ('closed', if(status = 'closed', closed_at, NULL))]) AS it,
        it.1 AS role,
        it.2 AS at
    FROM cases_in_period(since_ms = toUnixTimestamp64Milli(toDateTime64($__fromTime, 3)), until_ms = toUnixTimestamp64Milli(toDateTime64($__toTime, 3)))
    WHERE ifNull(nullIf(department, ''), '—') IN (${department:singlequote})
)
WHERE at >= $__fromTime AND at < $__toTime
GROUP BY time
ORDER BY time
