-- The figures of domain.md §7 but for what is open now (open_counts.sql). A case enters in up to two roles: received in
-- the period (by its receipt; its acceptance where it was never applied for; since when its row holds where neither)
-- and closed in the period (by its closing). Accepted, not accepted, ratings and cards are those of the cases received;
-- the time figures take closed cases with a decision; items without a limit are left out of the ratios.
WITH
    fromUnixTimestamp64Milli({from_ms:Int64}, 'UTC') AS from_at,
    fromUnixTimestamp64Milli({to_ms:Int64}, 'UTC') AS to_at,
    ifNull(role = 'closed' AND outcome IN ('granted', 'refused'), false) AS decided,
    if(role = 'received', entered_at, assumeNotNull(closed_at)) AS role_at
SELECT
    group_key,
    countIf(role = 'received') AS received,
    countIf(role = 'received' AND accepted_at IS NOT NULL) AS accepted,
    countIf(role = 'closed') AS closed,
    countIf(role = 'received' AND status = 'not_accepted') AS not_accepted,
    countIf(role = 'closed' AND outcome = 'granted') AS granted,
    countIf(role = 'closed' AND outcome = 'refused') AS refused,
    countIf(role = 'closed' AND outcome = 'withdrawn') AS withdrawn,
    countIf(role = 'closed' AND outcome = 'returned') AS returned,
    countIf(role = 'closed' AND outcome = 'voided') AS voided,
    countIf(role = 'closed' AND outcome = 'forwarded') AS forwarded,
    countIf(decided AND promised_due_at IS NOT NULL AND NOT promised_late) AS on_time,
    countIf(decided AND promised_due_at IS NOT NULL AND NOT promised_late AND promised_early) AS early,
    countIf(decided AND promised_due_at IS NOT NULL AND promised_late) AS late,
    countIf(decided AND same_day = 1) AS same_day,
    countIf(decided AND elapsed_days <= 7) AS within_7_days,
    countIf(decided AND elapsed_days IS NOT NULL) AS timed,
    countIf(decided) AS decided_cases,
    avgOrNullIf(elapsed_days, decided) AS elapsed_mean,
    arrayMap(q -> toFloat64(q), quantilesExactInclusiveIf(0.5, 0.9, 0.95)(ifNull(elapsed_days, 0), decided AND elapsed_days IS NOT NULL)) AS elapsed_quantiles,
    sumIf(ifNull(statutory_limit_days - statutory_elapsed_days, 0), decided AND statutory_speed_up IS NOT NULL) AS statutory_saved,
    sumIf(ifNull(statutory_limit_days, 0), decided AND statutory_speed_up IS NOT NULL) AS statutory_limits,
    avgOrNullIf(statutory_speed_up, decided) AS statutory_mean,
    sumIf(ifNull(promised_limit_days - promised_elapsed_days, 0), decided AND promised_speed_up IS NOT NULL) AS promised_saved,
    sumIf(ifNull(promised_limit_days, 0), decided AND promised_speed_up IS NOT NULL) AS promised_limits,
    avgOrNullIf(promised_speed_up, decided) AS promised_mean,
    countIf(role = 'received' AND rating IS NOT NULL) AS ratings,
    countIf(role = 'received' AND rating <= 3) AS satisfied,
    countIf(decided AND rating IS NOT NULL) AS rated_and_decided,
    sumIf(toUInt64(cards_reminder), role = 'received') AS reminder,
    sumIf(toUInt64(cards_yellow), role = 'received') AS yellow,
    sumIf(toUInt64(cards_red), role = 'received') AS red
FROM
(
    SELECT
        *,
        coalesce(received_at, accepted_at, valid_from) AS entered_at,
        arrayConcat(
            if(entered_at >= from_at AND entered_at < to_at, ['received'], []),
            if(status = 'closed' AND closed_at >= from_at AND closed_at < to_at, ['closed'], [])) AS roles
    FROM cases_in_period(since_ms = {from_ms:Int64}, until_ms = {to_ms:Int64})
    WHERE {only}
)
ARRAY JOIN roles AS role
GROUP BY {group} AS group_key
ORDER BY group_key
