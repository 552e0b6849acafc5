-- Per local day: 收件 as figures.sql takes it, 办结 by closing.
SELECT
    toStartOfDay(at, 'Asia/Shanghai') AS time,
    countIf(role = 'received') AS `收件 received`,
    countIf(role = 'closed') AS `办结 closed`
FROM
(
    SELECT 'received' AS role, coalesce(received_at, accepted_at, valid_from) AS at
    FROM cases FINAL
    WHERE coalesce(received_at, accepted_at, valid_from) >= $__fromTime AND coalesce(received_at, accepted_at, valid_from) < $__toTime
        AND ifNull(nullIf(department, ''), '—') IN (${department:singlequote})
    UNION ALL
    SELECT 'closed' AS role, assumeNotNull(closed_at) AS at
    FROM cases FINAL
    WHERE status = 'closed' AND closed_at >= $__fromTime AND closed_at < $__toTime
        AND ifNull(nullIf(department, ''), '—') IN (${department:singlequote})
)
GROUP BY time
ORDER BY time
