-- As suspicious_cases.sql: the 200 latest cases closed in the period that are suspicious, a row a case.
SELECT
    case_no AS `办件编号 case`,
    arrayStringConcat(arrayFilter(kind -> kind IN (${suspicious:singlequote}), arrayDistinct(arrayConcat(
        arrayMap(kind -> toString(kind), finding_kinds), if(in_batch, ['batch_close'], [])))), ', ') AS `可疑之处 suspicious by`,
    ifNull(nullIf(department, ''), '—') AS `部门 department`,
    ifNull(window, '—') AS `窗口 window`,
    ifNull(item, '—') AS `事项 item`,
    closed_at AS `办结 closed`
FROM closings_in_period(since_ms = toUnixTimestamp64Milli(toDateTime64($__fromTime, 3)), until_ms = toUnixTimestamp64Milli(toDateTime64($__toTime, 3)), zone = 'Asia/Shanghai', batch_at_least = ${batch_at_least:raw})
WHERE ifNull(nullIf(department, ''), '—') IN (${department:singlequote})
    AND (hasAny(finding_kinds, [${suspicious:singlequote}]) OR (has([${suspicious:singlequote}], 'batch_close') AND in_batch))
ORDER BY closed_at DESC, case_no
LIMIT 200
