SELECT outcome
FROM notifications FINAL
WHERE card_id = ? AND channel = ? AND state = ?
