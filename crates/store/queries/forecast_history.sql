-- What forecasts rest on: how long cases decided and closed in the period took, in net working days, beside their
-- promise. A promise in another unit is told in working days by what the case itself used in either.
SELECT
    ifNull(formatDateTime(closed_at, '%Y-%m', {zone:String}), '') AS month,
    ifNull(item, '') AS item_key,
    ifNull(department, '') AS department_key,
    assumeNotNull(elapsed_days) AS days,
    assumeNotNull(if(elapsed_days > 0 AND promised_elapsed_days > 0, promised_limit_days * elapsed_days / promised_elapsed_days, promised_limit_days)) AS limit_in_days,
    promised_late AS late,
    count() AS cases
FROM cases_in_period(since_ms = {from_ms:Int64}, until_ms = {to_ms:Int64})
WHERE status = 'closed' AND ifNull(outcome, '') IN ('granted', 'refused')
    AND closed_at >= fromUnixTimestamp64Milli({from_ms:Int64}, 'UTC') AND closed_at < fromUnixTimestamp64Milli({to_ms:Int64}, 'UTC')
    AND elapsed_days IS NOT NULL AND promised_limit_days > 0 AND promised_elapsed_days IS NOT NULL AND promised_due_at IS NOT NULL
    AND {only}
GROUP BY month, item_key, department_key, days, limit_in_days, late
ORDER BY month, item_key, department_key, days, limit_in_days, late
