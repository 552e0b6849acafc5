SELECT case_no, (card_id, clock, instance, level, rule, crossed_at, due_at, limit_days, confirm, handler) AS card
FROM withdrawn_cards FINAL
WHERE case_no IN ?
