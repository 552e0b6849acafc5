-- The values of the variable "department"; a case without one is under the dash. Without FINAL: a department whose last
-- case has gone elsewhere may still be offered for a while.
SELECT DISTINCT ifNull(nullIf(department, ''), '—') AS department
FROM cases
WHERE NOT is_deleted
ORDER BY department
