SELECT DISTINCT case_no
FROM events
WHERE case_no > ?
ORDER BY case_no
LIMIT ?
