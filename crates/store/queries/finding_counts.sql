-- The findings on the cases received in the period (as figures.sql takes them), by group and kind.
WITH
    fromUnixTimestamp64Milli({from_ms:Int64}, 'UTC') AS from_at,
    fromUnixTimestamp64Milli({to_ms:Int64}, 'UTC') AS to_at
SELECT
    {group} AS group_key,
    kind,
    count() AS found
FROM
(
    SELECT *, coalesce(received_at, accepted_at, valid_from) AS role_at
    FROM cases_in_period(since_ms = {from_ms:Int64}, until_ms = {to_ms:Int64})
    WHERE coalesce(received_at, accepted_at, valid_from) >= from_at AND coalesce(received_at, accepted_at, valid_from) < to_at AND {only}
)
ARRAY JOIN finding_kinds AS kind
GROUP BY group_key, kind
ORDER BY group_key, kind
