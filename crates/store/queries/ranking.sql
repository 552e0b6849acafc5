-- What rankings rest on: cases decided and closed in the period, by the units ranked and by item. Wilson's interval and
-- the standardisation by item are computed beside this query (domain/src/ranking.rs).
WITH
    fromUnixTimestamp64Milli({from_ms:Int64}, 'UTC') AS from_at,
    fromUnixTimestamp64Milli({to_ms:Int64}, 'UTC') AS to_at
SELECT
    group_key,
    ifNull(item, '') AS item_key,
    count() AS decided,
    countIf(promised_due_at IS NOT NULL) AS promised,
    countIf(promised_due_at IS NOT NULL AND NOT promised_late) AS on_time,
    countIf(promised_due_at IS NOT NULL AND NOT promised_late AND promised_early) AS early,
    countIf(same_day = 1) AS same_day,
    countIf(rating IS NOT NULL) AS ratings,
    countIf(rating <= 3) AS satisfied
FROM
(
    SELECT *, closed_at AS role_at
    FROM cases_in_period(since_ms = {from_ms:Int64}, until_ms = {to_ms:Int64})
    WHERE status = 'closed' AND ifNull(outcome, '') IN ('granted', 'refused')
        AND closed_at >= from_at AND closed_at < to_at AND {only}
)
GROUP BY {group} AS group_key, item_key
ORDER BY group_key, item_key
