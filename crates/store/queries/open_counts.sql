-- What is open now and what of it is past its promise, whatever the period, by group; a case is of the month of its
-- acceptance.
SELECT
    group_key,
    count() AS open,
    countIf(decided_at IS NULL AND promised_due_at < now64(3)) AS overdue
FROM (SELECT *, coalesce(accepted_at, received_at, valid_from) AS role_at FROM open_cases WHERE {only})
GROUP BY {group} AS group_key
ORDER BY group_key
