-- Suspicious cases (suspicious.sql) among those closed in the period, by group and kind; `''` is any kind, each case
-- once.
SELECT {group} AS group_key, arrayJoin(['', suspected]) AS kind, uniqExact(case_no) AS found
FROM (SELECT *, closed_at AS role_at FROM ({suspicious}) WHERE {only})
GROUP BY group_key, kind
ORDER BY group_key, kind
