SELECT card_id, case_no, state, reason, clock, instance, level, rule, crossed_at, due_at, limit_days, handler, item,
       department, window
FROM cards FINAL
WHERE (? = '' OR state = ?) AND (? = '' OR level = ?) AND (? = '' OR ifNull(department, '') = ?)
ORDER BY crossed_at DESC, card_id
LIMIT ? OFFSET ?
