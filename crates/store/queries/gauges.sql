-- The office's gauges, by department: open and overdue now with their cards, and the cases decided in the current
-- local month.
WITH
    toDateTime64(toStartOfMonth(toTimeZone(now(), {zone:String})), 3, {zone:String}) AS month_start
SELECT
    department,
    sum(open) AS open,
    sum(open_overdue) AS open_overdue,
    sum(reminder) AS reminder,
    sum(yellow) AS yellow,
    sum(red) AS red,
    sum(on_time) AS on_time,
    sum(late) AS late,
    sum(promised_saved) AS promised_saved,
    sum(promised_limits) AS promised_limits,
    sum(statutory_saved) AS statutory_saved,
    sum(statutory_limits) AS statutory_limits
FROM
(
    SELECT
        ifNull(department, '') AS department,
        count() AS open,
        countIf(decided_at IS NULL AND promised_due_at < now64(3)) AS open_overdue,
        sum(toUInt64(cards_reminder)) AS reminder,
        sum(toUInt64(cards_yellow)) AS yellow,
        sum(toUInt64(cards_red)) AS red,
        0 AS on_time,
        0 AS late,
        0. AS promised_saved,
        0. AS promised_limits,
        0. AS statutory_saved,
        0. AS statutory_limits
    FROM open_cases
    GROUP BY department
    UNION ALL
    SELECT
        ifNull(department, '') AS department,
        0,
        0,
        0,
        0,
        0,
        countIf(promised_due_at IS NOT NULL AND NOT promised_late),
        countIf(promised_due_at IS NOT NULL AND promised_late),
        sumIf(ifNull(promised_limit_days - promised_elapsed_days, 0), promised_speed_up IS NOT NULL),
        sumIf(ifNull(promised_limit_days, 0), promised_speed_up IS NOT NULL),
        sumIf(ifNull(statutory_limit_days - statutory_elapsed_days, 0), statutory_speed_up IS NOT NULL),
        sumIf(ifNull(statutory_limit_days, 0), statutory_speed_up IS NOT NULL)
    FROM cases_in_period(since_ms = toUnixTimestamp64Milli(month_start), until_ms = toUnixTimestamp64Milli(now64(3)))
    WHERE status = 'closed' AND outcome IN ('granted', 'refused') AND closed_at >= month_start
    GROUP BY department
)
GROUP BY department
ORDER BY department
