-- Suspicious cases (suspicious.sql) among those closed in the period, by group and kind; `''` is any kind, each case
-- once.
WITH
    fromUnixTimestamp64Milli({from_ms:Int64}, 'UTC') AS from_at,
    fromUnixTimestamp64Milli({to_ms:Int64}, 'UTC') AS to_at
SELECT {group} AS group_key, suspicion.kind AS kind, uniqExact(case_no) AS found
FROM
(
    SELECT *, closed_at AS role_at
    FROM cases_in_period(since_ms = {from_ms:Int64}, until_ms = {to_ms:Int64})
    WHERE status = 'closed' AND closed_at >= from_at AND closed_at < to_at AND {only}
) AS closed
INNER JOIN
(
    SELECT case_no, arrayJoin(['', suspected]) AS kind
    FROM (SELECT case_no, kind AS suspected FROM ({suspicious}))
) AS suspicion ON suspicion.case_no = closed.case_no
GROUP BY group_key, kind
ORDER BY group_key, kind
