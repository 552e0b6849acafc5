SELECT case_no, clock, instance, level, rule, crossed_at, due_at, limit_days, confirm, handler
FROM cards FINAL
WHERE case_no IN ? AND state = 'issued'
