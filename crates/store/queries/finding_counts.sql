-- The findings on the cases received in the period (as figures.sql takes them), by group and kind.
WITH
    fromUnixTimestamp64Milli({from_ms:Int64}, 'UTC') AS from_at,
    fromUnixTimestamp64Milli({to_ms:Int64}, 'UTC') AS to_at
SELECT
    received.group_key AS group_key,
    findings.kind AS kind,
    count() AS found
FROM findings
INNER JOIN
(
    SELECT case_no, {group} AS group_key
    FROM (SELECT *, coalesce(received_at, accepted_at, valid_from) AS role_at FROM cases FINAL)
    WHERE role_at >= from_at AND role_at < to_at AND {only}
) AS received ON received.case_no = findings.case_no
GROUP BY group_key, kind
ORDER BY group_key, kind
