-- Cases that will change by themselves, and cases of which all events still lie ahead.
SELECT case_no
FROM cases FINAL
WHERE partition IN ? AND next_change IS NOT NULL
UNION DISTINCT
SELECT case_no
FROM events
WHERE partition IN ? AND occurred_at > now64(3)
