-- Open cases whose promise runs out within five days or has, the most pressing first: the cases to forecast. How
-- probable it is that they miss it needs the calendar, which is in no table: the link leads to the forecast.
SELECT
    case_no AS `办件编号 case`,
    ifNull(nullIf(department, ''), '—') AS `部门 department`,
    ifNull(item, '—') AS `事项 item`,
    status AS `状态 status`,
    promised_due_at AS `承诺到期 promised due`,
    dateDiff('hour', now64(3), assumeNotNull(promised_due_at)) / 24 AS `剩余(自然日) calendar days left`
FROM open_cases
WHERE decided_at IS NULL AND promised_due_at < now64(3) + INTERVAL 5 DAY
    AND ifNull(nullIf(department, ''), '—') IN (${department:singlequote})
ORDER BY promised_due_at, case_no
LIMIT 200
