-- Cards that stand (issued, not withdrawn), per local day of their crossing.
SELECT
    toStartOfDay(card.crossed_at, 'Asia/Shanghai') AS time,
    countIf(card.level = 'reminder') AS `预警 reminder`,
    countIf(card.level = 'yellow') AS `黄牌 yellow`,
    countIf(card.level = 'red') AS `红牌 red`
FROM cases_in_period(since_ms = toUnixTimestamp64Milli(toDateTime64($__fromTime, 3)), until_ms = toUnixTimestamp64Milli(toDateTime64($__toTime, 3)))
ARRAY JOIN cards AS card
WHERE card.crossed_at >= $__fromTime AND card.crossed_at < $__toTime
    AND ifNull(nullIf(department, ''), '—') IN (${department:singlequote})
GROUP BY time
ORDER BY time
