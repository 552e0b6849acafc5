-- Business of a period by department and region: what was received (as figures.sql takes it) and closed. Departments
-- and townships without any are found beside this query, for the catalogue is in no table.
WITH
    fromUnixTimestamp64Milli({from_ms:Int64}, 'UTC') AS from_at,
    fromUnixTimestamp64Milli({to_ms:Int64}, 'UTC') AS to_at
SELECT
    ifNull(department, '') AS department_key,
    ifNull(region, '') AS region_key,
    countIf(coalesce(received_at, accepted_at, valid_from) >= from_at AND coalesce(received_at, accepted_at, valid_from) < to_at) AS received,
    countIf(status = 'closed' AND closed_at >= from_at AND closed_at < to_at) AS closed
FROM cases_in_period(since_ms = {from_ms:Int64}, until_ms = {to_ms:Int64})
WHERE {only}
GROUP BY department_key, region_key
HAVING received > 0 OR closed > 0
ORDER BY department_key, region_key
