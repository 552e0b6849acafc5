-- As suspicious_cases.sql: the 200 latest cases closed in the period that are suspicious, a row a case.
WITH
    closed AS
    (
        SELECT case_no, department, window, item, closed_at, findings
        FROM cases FINAL
        WHERE status = 'closed' AND closed_at >= $__fromTime AND closed_at < $__toTime
    ),
    batches AS
    (
        SELECT case_no
        FROM
        (
            SELECT
                case_no,
                max(following) OVER (PARTITION BY window ORDER BY at RANGE BETWEEN 60000 PRECEDING AND CURRENT ROW) AS densest
            FROM
            (
                SELECT
                    case_no, window, toUnixTimestamp64Milli(assumeNotNull(closed_at)) AS at,
                    count() OVER (PARTITION BY window ORDER BY at RANGE BETWEEN CURRENT ROW AND 60000 FOLLOWING) AS following
                FROM closed
                WHERE window IS NOT NULL AND toTimeZone(closed_at, 'Asia/Shanghai') != toStartOfDay(toTimeZone(closed_at, 'Asia/Shanghai'))
            )
        )
        WHERE densest >= ${batch_at_least:raw}
    )
SELECT
    case_no AS `办件编号 case`,
    arrayStringConcat(arrayFilter(kind -> kind IN (${suspicious:singlequote}), arrayDistinct(arrayConcat(
        arrayMap(finding -> toString(finding.kind), findings), if(case_no IN (SELECT case_no FROM batches), ['batch_close'], [])))), ', ') AS `可疑之处 suspicious by`,
    ifNull(nullIf(department, ''), '—') AS `部门 department`,
    ifNull(window, '—') AS `窗口 window`,
    ifNull(item, '—') AS `事项 item`,
    closed_at AS `办结 closed`
FROM closed
WHERE ifNull(nullIf(department, ''), '—') IN (${department:singlequote}) AND `可疑之处 suspicious by` != ''
ORDER BY closed_at DESC, case_no
LIMIT 200
