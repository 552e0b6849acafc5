-- Cases decided (granted or refused) and closed in the period. 提速率 is the weighted form, Σ(L − a) / ΣL.
SELECT
    countIf(promised_due_at IS NOT NULL AND NOT promised_late) / nullIf(countIf(promised_due_at IS NOT NULL), 0) AS `按时办结率 on time`,
    countIf(same_day = 1) / nullIf(count(), 0) AS `当日办结率 same day`,
    countIf(elapsed_days <= 7) / nullIf(countIf(elapsed_days IS NOT NULL), 0) AS `7日办结率 within seven days`,
    sumIf(promised_limit_days - promised_elapsed_days, promised_speed_up IS NOT NULL)
        / nullIf(sumIf(promised_limit_days, promised_speed_up IS NOT NULL), 0) AS `提速率(承诺) Σ(Lp−a)/ΣLp`,
    sumIf(statutory_limit_days - statutory_elapsed_days, statutory_speed_up IS NOT NULL)
        / nullIf(sumIf(statutory_limit_days, statutory_speed_up IS NOT NULL), 0) AS `提速率(法定) Σ(Ls−a)/ΣLs`
FROM cases_in_period(since_ms = toUnixTimestamp64Milli(toDateTime64($__fromTime, 3)), until_ms = toUnixTimestamp64Milli(toDateTime64($__toTime, 3)))
WHERE status = 'closed' AND outcome IN ('granted', 'refused')
    AND closed_at >= $__fromTime AND closed_at < $__toTime
    AND ifNull(nullIf(department, ''), '—') IN (${department:singlequote})
