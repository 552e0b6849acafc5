-- One row a department. Rates over cases decided and closed in the period; 在办, 超期 as of now.
WITH
    status IN ('open', 'suspended') AS is_open,
    ifNull(status = 'closed' AND closed_at >= $__fromTime AND closed_at < $__toTime, 0) AS closed_in_period,
    ifNull(closed_in_period AND outcome IN ('granted', 'refused'), 0) AS decided
SELECT
    ifNull(nullIf(department, ''), '—') AS `部门 department`,
    countIf(coalesce(received_at, accepted_at, valid_from) >= $__fromTime AND coalesce(received_at, accepted_at, valid_from) < $__toTime) AS `收件 received`,
    countIf(closed_in_period) AS `办结 closed`,
    countIf(is_open) AS `在办 open`,
    countIf(is_open AND decided_at IS NULL AND promised_due_at < now64(3)) AS `在办超期 open overdue`,
    countIf(decided AND promised_due_at IS NOT NULL AND promised_late) AS `超期办结 closed late`,
    countIf(decided AND promised_due_at IS NOT NULL AND NOT promised_late)
        / nullIf(countIf(decided AND promised_due_at IS NOT NULL), 0) AS `按时办结率 on time`,
    countIf(decided AND same_day = 1) / nullIf(countIf(decided), 0) AS `当日办结率 same day`,
    avgOrNullIf(elapsed_days, decided) AS `平均用时(日) mean days`,
    sumIf(promised_limit_days - promised_elapsed_days, decided AND promised_speed_up IS NOT NULL)
        / nullIf(sumIf(promised_limit_days, decided AND promised_speed_up IS NOT NULL), 0) AS `提速率(承诺) Σ(Lp−a)/ΣLp`,
    sumIf(statutory_limit_days - statutory_elapsed_days, decided AND statutory_speed_up IS NOT NULL)
        / nullIf(sumIf(statutory_limit_days, decided AND statutory_speed_up IS NOT NULL), 0) AS `提速率(法定) Σ(Ls−a)/ΣLs`
FROM cases_in_period_and_open(since_ms = toUnixTimestamp64Milli(toDateTime64($__fromTime, 3)), until_ms = toUnixTimestamp64Milli(toDateTime64($__toTime, 3)))
WHERE `部门 department` IN (${department:singlequote})
GROUP BY `部门 department`
HAVING `收件 received` > 0 OR `办结 closed` > 0 OR `在办 open` > 0
ORDER BY `在办超期 open overdue` DESC, `部门 department`
