-- A page of the suspicious cases (suspicious.sql) that gaming.sql counts, a row a case and kind, by closing. An empty
-- kind asks for any.
SELECT case_no, suspected AS kind, department, window, item, closed_ms
FROM ({suspicious})
WHERE {only} AND ({kind:String} = '' OR suspected = {kind:String})
ORDER BY closed_ms, case_no, kind
LIMIT {limit:UInt32} OFFSET {offset:UInt32}
