-- Cases closed in the period whose figures may rest on a trick, a row a case and kind: findings of the kinds asked
-- for, and the cases of batch_closings.sql.
SELECT case_no, toString(found) AS kind
FROM cases_in_period(since_ms = {from_ms:Int64}, until_ms = {to_ms:Int64})
ARRAY JOIN finding_kinds AS found
WHERE status = 'closed' AND closed_at >= fromUnixTimestamp64Milli({from_ms:Int64}, 'UTC') AND closed_at < fromUnixTimestamp64Milli({to_ms:Int64}, 'UTC')
    AND has({kinds:Array(String)}, toString(found))
UNION ALL
SELECT arrayJoin(case_nos) AS case_no, 'batch_close' AS kind
FROM ({batches})
WHERE has({kinds:Array(String)}, 'batch_close')
