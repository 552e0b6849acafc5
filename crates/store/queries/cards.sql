-- A page of cards, the newest first; an empty text asks for all. `{source}` is the view `cards`, or that of a span of time.
SELECT card_id, case_no, state, reason, clock, instance, level, rule, crossed_at, due_at, limit_days, handler, item,
       department, window, promised_limit_days, promised_due_at, statutory_limit_days, statutory_due_at
FROM {source}
WHERE ({case_no:String} = '' OR case_no = {case_no:String})
  AND ({state:String} = '' OR state = {state:String})
  AND ({level:String} = '' OR level = {level:String})
  AND ({clock:String} = '' OR clock = {clock:String})
  AND ({department:String} = '' OR department = {department:String})
  AND ({item:String} = '' OR item = {item:String})
  AND crossed_at >= fromUnixTimestamp64Milli({crossed_from:Int64}, 'UTC') AND crossed_at < fromUnixTimestamp64Milli({crossed_to:Int64}, 'UTC')
ORDER BY crossed_at DESC, card_id
LIMIT {limit:UInt32} OFFSET {offset:UInt32}
