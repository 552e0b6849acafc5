-- One row a department. Rates over cases decided and closed in the period; 在办, 超期 as of now.
WITH
    period AS
    (
        WITH
            ifNull(status = 'closed' AND closed_at >= $__fromTime AND closed_at < $__toTime, 0) AS closed_in_period,
            ifNull(closed_in_period AND outcome IN ('granted', 'refused'), 0) AS decided
        SELECT
            ifNull(nullIf(department, ''), '—') AS name,
            countIf(coalesce(received_at, accepted_at, valid_from) >= $__fromTime AND coalesce(received_at, accepted_at, valid_from) < $__toTime) AS received,
            countIf(closed_in_period) AS closed,
            countIf(decided AND promised_due_at IS NOT NULL AND promised_late) AS late,
            countIf(decided AND promised_due_at IS NOT NULL AND NOT promised_late)
                / nullIf(countIf(decided AND promised_due_at IS NOT NULL), 0) AS on_time,
            countIf(decided AND same_day = 1) / nullIf(countIf(decided), 0) AS at_once,
            avgOrNullIf(elapsed_days, decided) AS mean_days,
            sumIf(promised_limit_days - promised_elapsed_days, decided AND promised_speed_up IS NOT NULL)
                / nullIf(sumIf(promised_limit_days, decided AND promised_speed_up IS NOT NULL), 0) AS promised,
            sumIf(statutory_limit_days - statutory_elapsed_days, decided AND statutory_speed_up IS NOT NULL)
                / nullIf(sumIf(statutory_limit_days, decided AND statutory_speed_up IS NOT NULL), 0) AS statutory
        FROM cases_in_period(since_ms = toUnixTimestamp64Milli(toDateTime64($__fromTime, 3)), until_ms = toUnixTimestamp64Milli(toDateTime64($__toTime, 3)))
        GROUP BY name
    ),
    unfinished AS
    (
        SELECT
            ifNull(nullIf(department, ''), '—') AS name,
            count() AS open,
            countIf(decided_at IS NULL AND promised_due_at < now64(3)) AS overdue
        FROM open_cases
        GROUP BY name
    )
SELECT
    name AS `部门 department`,
    received AS `收件 received`,
    closed AS `办结 closed`,
    open AS `在办 open`,
    overdue AS `在办超期 open overdue`,
    late AS `超期办结 closed late`,
    on_time AS `按时办结率 on time`,
    at_once AS `当日办结率 same day`,
    mean_days AS `平均用时(日) mean days`,
    promised AS `提速率(承诺) Σ(Lp−a)/ΣLp`,
    statutory AS `提速率(法定) Σ(Ls−a)/ΣLs`
FROM period
FULL JOIN unfinished USING (name)
WHERE name IN (${department:singlequote})
    AND (received > 0 OR closed > 0 OR open > 0)
ORDER BY `在办超期 open overdue` DESC, `部门 department`
