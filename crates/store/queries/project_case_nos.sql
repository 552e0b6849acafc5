-- The cases of a project (joint approval).
SELECT case_no
FROM cases FINAL
WHERE project = ?
ORDER BY case_no
