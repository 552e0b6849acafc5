-- As hall.sql, a row a department or window: cases closed in the period.
WITH
    ifNull(outcome, '') IN ('granted', 'refused') AS decided,
    has(finding_kinds, 'unauthorised_decision') AS is_unauthorised,
    window IS NOT NULL AND acts_placed > 0 AS is_window_case,
    arraySum(finding -> if(finding.kind = 'off_hall_step', toUInt64(length(finding.events)), 0), findings) AS off_hall
SELECT
    ifNull(nullIf(${unit:raw}, ''), '—') AS `单位 unit`,
    count() AS `办结 closed`,
    countIf(decided) AS `决定 decisions`,
    countIf(decided AND decided_in_hall = 1 AND NOT is_unauthorised)
        / nullIf(if(countIf(decided AND decided_in_hall IS NOT NULL) > 0, countIf(decided), 0), 0) AS `窗口实办率 window decisions`,
    countIf(decided AND is_unauthorised) AS `越权决定 unauthorised`,
    countIf(is_window_case) AS `窗口办件 window cases`,
    countIf(is_window_case AND acts_in_hall = 0) / nullIf(countIf(is_window_case), 0) AS `收发室率 pass-through`,
    countIf(off_hall > 0) AS `体外循环件 left the hall`,
    countIf(off_hall > 0) / nullIf(countIf(hall_item), 0) AS `体外循环率 left-hall rate`,
    sum(off_hall) AS `体外循环环节 off-hall steps`
FROM cases_in_period(since_ms = toUnixTimestamp64Milli(toDateTime64($__fromTime, 3)), until_ms = toUnixTimestamp64Milli(toDateTime64($__toTime, 3)))
WHERE status = 'closed' AND closed_at >= $__fromTime AND closed_at < $__toTime
    AND ifNull(nullIf(department, ''), '—') IN (${department:singlequote})
GROUP BY `单位 unit`
ORDER BY `体外循环件 left the hall` DESC, `单位 unit`
