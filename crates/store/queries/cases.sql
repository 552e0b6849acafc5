-- A page of cases; an empty text asks for all, `any_…` leaves a range out. `{source}` is the table or the view that
-- holds what is asked for and least besides.
SELECT case_no, item, department, window, region, status, outcome, received_at, accepted_at, closed_at, promised_due_at,
       statutory_due_at, promised_late, elapsed_days, cards_reminder, cards_yellow, cards_red
FROM {source}
WHERE ({case_no:String} = '' OR startsWith(case_no, {case_no:String}))
  AND ({department:String} = '' OR department = {department:String})
  AND ({window:String} = '' OR window = {window:String})
  AND ({region:String} = '' OR region = {region:String})
  AND ({item:String} = '' OR item = {item:String})
  AND ({status:String} = '' OR status = {status:String})
  AND ({outcome:String} = '' OR outcome = {outcome:String})
  AND (NOT {overdue:Bool} OR (status IN ('open', 'suspended') AND decided_at IS NULL AND promised_due_at < now64(3)))
  AND ({any_receipt:Bool}
       OR (received_at >= fromUnixTimestamp64Milli({received_from:Int64}) AND received_at < fromUnixTimestamp64Milli({received_to:Int64})))
  AND ({any_closing:Bool}
       OR (closed_at >= fromUnixTimestamp64Milli({closed_from:Int64}) AND closed_at < fromUnixTimestamp64Milli({closed_to:Int64})))
ORDER BY case_no
LIMIT {limit:UInt32} OFFSET {offset:UInt32}
