-- Per local day: 收件 by receipt, 办结 by closing.
SELECT
    toStartOfDay(at, 'Asia/Shanghai') AS time,
    countIf(role = 'received') AS `收件 received`,
    countIf(role = 'closed') AS `办结 closed`
FROM
(
    SELECT 'received' AS role, assumeNotNull(ifNull(received_at, accepted_at)) AS at
    FROM cases FINAL
    WHERE ifNull(received_at, accepted_at) >= $__fromTime AND ifNull(received_at, accepted_at) < $__toTime
        AND ifNull(nullIf(department, ''), '—') IN (${department:singlequote})
    UNION ALL
    SELECT 'closed' AS role, assumeNotNull(closed_at) AS at
    FROM cases FINAL
    WHERE status = 'closed' AND closed_at >= $__fromTime AND closed_at < $__toTime
        AND ifNull(nullIf(department, ''), '—') IN (${department:singlequote})
)
GROUP BY time
ORDER BY time
