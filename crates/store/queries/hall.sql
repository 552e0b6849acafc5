-- Two concentrations, two in-places (domain.md §7), over the cases closed in the period. What the catalogue says of
-- hall items and outside steps is in the row already, by the version in force for the case; the shares of the
-- catalogue itself (进驻率, 授权到位率) need no case and are computed beside this query.
WITH
    fromUnixTimestamp64Milli({from_ms:Int64}, 'UTC') AS from_at,
    fromUnixTimestamp64Milli({to_ms:Int64}, 'UTC') AS to_at
SELECT
    group_key,
    count() AS closed,
    countIf(hall_item) AS hall_cases,
    countIf(decided) AS decisions,
    countIf(decided AND decided_in_hall IS NOT NULL) AS decisions_placed,
    countIf(decided AND decided_in_hall = 1 AND NOT is_unauthorised) AS decided_in_hall_by_authorised,
    countIf(decided AND is_unauthorised) AS unauthorised,
    countIf(is_window_case) AS window_cases,
    countIf(is_window_case AND acts_in_hall = 0) AS passed_through,
    countIf(off_hall > 0) AS left_hall,
    sum(off_hall) AS off_hall_steps,
    sum(corrections) AS corrections_asked,
    sum(trips_of_case) AS trips
FROM
(
    SELECT
        *,
        closed_at AS role_at,
        ifNull(outcome, '') IN ('granted', 'refused') AS decided,
        has(finding_kinds, 'unauthorised_decision') AS is_unauthorised,
        window IS NOT NULL AND acts_placed > 0 AS is_window_case,
        arraySum(finding -> if(finding.kind = 'off_hall_step', toUInt64(length(finding.events)), 0), findings) AS off_hall,
        -- 跑腿: to apply, for every correction, to hand in what was deferred, and on a later day for the result. What was
        -- done online is not known here, so it is at most so many.
        1 + corrections
            + arrayCount(span -> span.clock = 'deferred' AND span.ended_at IS NOT NULL, spans)
            + ifNull(toDate(delivered_at, {zone:String}) > toDate(coalesce(received_at, accepted_at), {zone:String}), 0) AS trips_of_case
    FROM cases_in_period(since_ms = {from_ms:Int64}, until_ms = {to_ms:Int64})
    WHERE status = 'closed' AND closed_at >= from_at AND closed_at < to_at AND {only}
)
GROUP BY {group} AS group_key
ORDER BY group_key
