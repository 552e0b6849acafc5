-- The office's gauges, by department: open and overdue now, cards so far, and the cases decided in the
-- current local month.
SELECT
    ifNull(department, '') AS department,
    countIf(status IN ('open', 'suspended')) AS open,
    countIf(status IN ('open', 'suspended') AND decided_at IS NULL AND promised_due_at < now64(3)) AS open_overdue,
    sum(toUInt64(cards_reminder)) AS reminder,
    sum(toUInt64(cards_yellow)) AS yellow,
    sum(toUInt64(cards_red)) AS red,
    countIf(this_month AND promised_due_at IS NOT NULL AND NOT promised_late) AS on_time,
    countIf(this_month AND promised_due_at IS NOT NULL AND promised_late) AS late,
    sumIf(ifNull(promised_limit_days - promised_elapsed_days, 0), this_month AND promised_speed_up IS NOT NULL) AS promised_saved,
    sumIf(ifNull(promised_limit_days, 0), this_month AND promised_speed_up IS NOT NULL) AS promised_limits,
    sumIf(ifNull(statutory_limit_days - statutory_elapsed_days, 0), this_month AND statutory_speed_up IS NOT NULL) AS statutory_saved,
    sumIf(ifNull(statutory_limit_days, 0), this_month AND statutory_speed_up IS NOT NULL) AS statutory_limits
FROM
(
    SELECT
        *,
        status = 'closed' AND ifNull(outcome, '') IN ('granted', 'refused')
            AND toStartOfMonth(toTimeZone(closed_at, {zone:String})) = toStartOfMonth(toTimeZone(now(), {zone:String})) AS this_month
    FROM cases FINAL
)
GROUP BY department
ORDER BY department
