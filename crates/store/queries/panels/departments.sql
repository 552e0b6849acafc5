-- The values of the variable "department"; a case without one is under the dash.
SELECT DISTINCT ifNull(nullIf(department, ''), '—') AS department
FROM cases FINAL
ORDER BY department
