-- As suspicious_cases.sql: the 200 latest cases closed in the period that are suspicious, a row a case.
WITH
    closed AS
    (
        SELECT
            case_no, department, window, item, closed_at, finding_kinds,
            toUnixTimestamp64Milli(assumeNotNull(closed_at)) AS at,
            window IS NOT NULL AND toTimeZone(closed_at, 'Asia/Shanghai') != toStartOfDay(toTimeZone(closed_at, 'Asia/Shanghai')) AS is_timed,
            count() OVER (PARTITION BY is_timed, window ORDER BY at RANGE BETWEEN CURRENT ROW AND 60000 FOLLOWING) AS following
        FROM cases_in_period(since_ms = toUnixTimestamp64Milli(toDateTime64($__fromTime, 3)), until_ms = toUnixTimestamp64Milli(toDateTime64($__toTime, 3)))
        WHERE status = 'closed' AND closed_at >= $__fromTime AND closed_at < $__toTime
    ),
    batched AS
    (
        SELECT
            *,
            is_timed AND max(following) OVER (PARTITION BY is_timed, window ORDER BY at RANGE BETWEEN 60000 PRECEDING AND CURRENT ROW)
                >= ${batch_at_least:raw} AS is_batch
        FROM closed
    )
SELECT
    case_no AS `办件编号 case`,
    arrayStringConcat(arrayFilter(kind -> kind IN (${suspicious:singlequote}), arrayDistinct(arrayConcat(
        arrayMap(kind -> toString(kind), finding_kinds), if(is_batch, ['batch_close'], [])))), ', ') AS `可疑之处 suspicious by`,
    ifNull(nullIf(department, ''), '—') AS `部门 department`,
    ifNull(window, '—') AS `窗口 window`,
    ifNull(item, '—') AS `事项 item`,
    closed_at AS `办结 closed`
FROM batched
WHERE ifNull(nullIf(department, ''), '—') IN (${department:singlequote}) AND `可疑之处 suspicious by` != ''
ORDER BY closed_at DESC, case_no
LIMIT 200
