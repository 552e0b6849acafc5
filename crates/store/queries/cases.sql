SELECT case_no, item, department, window, region, status, outcome, received_at, accepted_at, closed_at, promised_due_at,
       statutory_due_at, promised_late, elapsed_days, cards_reminder, cards_yellow, cards_red
FROM cases FINAL
WHERE (? = '' OR startsWith(case_no, ?)) AND (? = '' OR ifNull(department, '') = ?) AND (? = '' OR ifNull(item, '') = ?)
  AND (? = '' OR status = ?) AND (NOT ? OR (status IN ('open', 'suspended') AND promised_due_at < now64(3)))
ORDER BY case_no
LIMIT ? OFFSET ?
