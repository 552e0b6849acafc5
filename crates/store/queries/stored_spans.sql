SELECT case_no, clock, instance, started_at, ended_at, due_at, limit_days, late, department, handler
FROM spans FINAL
WHERE case_no IN ?
