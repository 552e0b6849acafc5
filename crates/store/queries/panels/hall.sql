-- As hall.sql: cases closed in the period. 窗口实办率 is over all decisions; nothing where no decision reports a place.
WITH
    ifNull(outcome, '') IN ('granted', 'refused') AS decided,
    has(finding_kinds, 'unauthorised_decision') AS is_unauthorised,
    window IS NOT NULL AND acts_placed > 0 AS is_window_case,
    has(finding_kinds, 'off_hall_step') AS left_hall
SELECT
    countIf(decided AND decided_in_hall = 1 AND NOT is_unauthorised)
        / nullIf(if(countIf(decided AND decided_in_hall IS NOT NULL) > 0, countIf(decided), 0), 0) AS `窗口实办率 window decisions`,
    countIf(is_window_case AND acts_in_hall = 0) / nullIf(countIf(is_window_case), 0) AS `收发室率 pass-through`,
    countIf(left_hall) / nullIf(countIf(hall_item), 0) AS `体外循环率 left the hall`
FROM cases_in_period(since_ms = toUnixTimestamp64Milli(toDateTime64($__fromTime, 3)), until_ms = toUnixTimestamp64Milli(toDateTime64($__toTime, 3)))
WHERE status = 'closed' AND closed_at >= $__fromTime AND closed_at < $__toTime
    AND ifNull(nullIf(department, ''), '—') IN (${department:singlequote})
