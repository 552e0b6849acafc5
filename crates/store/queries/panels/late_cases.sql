-- The 200 worst: open past their promise now, or closed after it in the period.
SELECT
    case_no AS `办件编号 case`,
    ifNull(nullIf(department, ''), '—') AS `部门 department`,
    ifNull(item, '—') AS `事项 item`,
    status AS `状态 status`,
    accepted_at AS `受理 accepted`,
    promised_due_at AS `承诺到期 promised due`,
    statutory_due_at AS `法定到期 statutory due`,
    closed_at AS `办结 closed`,
    dateDiff('hour', assumeNotNull(promised_due_at), ifNull(closed_at, now64(3))) / 24 AS `超期(自然日) calendar days over`
FROM cases_in_period_and_open(since_ms = toUnixTimestamp64Milli(toDateTime64($__fromTime, 3)), until_ms = toUnixTimestamp64Milli(toDateTime64($__toTime, 3)))
WHERE promised_due_at IS NOT NULL
    AND ((status = 'closed' AND outcome IN ('granted', 'refused') AND promised_late AND closed_at >= $__fromTime AND closed_at < $__toTime)
        OR (status IN ('open', 'suspended') AND decided_at IS NULL AND promised_due_at < now64(3)))
    AND ifNull(nullIf(department, ''), '—') IN (${department:singlequote})
ORDER BY `超期(自然日) calendar days over` DESC, case_no
LIMIT 200
