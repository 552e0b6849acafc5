-- Cards that stand (issued, not withdrawn), per local day of their crossing.
SELECT
    toStartOfDay(crossed_at, 'Asia/Shanghai') AS time,
    countIf(level = 'reminder') AS `预警 reminder`,
    countIf(level = 'yellow') AS `黄牌 yellow`,
    countIf(level = 'red') AS `红牌 red`
FROM cards
WHERE state = 'issued' AND crossed_at >= $__fromTime AND crossed_at < $__toTime
    AND ifNull(nullIf(department, ''), '—') IN (${department:singlequote})
GROUP BY time
ORDER BY time
