-- A page of the suspicious cases (suspicious.sql) that gaming.sql counts, a row a case and kind, by closing. An empty
-- kind asks for any.
WITH
    fromUnixTimestamp64Milli({from_ms:Int64}, 'UTC') AS from_at,
    fromUnixTimestamp64Milli({to_ms:Int64}, 'UTC') AS to_at
SELECT
    closed.case_no AS case_no,
    suspicion.suspected AS kind,
    department,
    window,
    item,
    toUnixTimestamp64Milli(assumeNotNull(closed_at)) AS closed_ms
FROM
(
    SELECT case_no, department, window, item, closed_at
    FROM cases_in_period(since_ms = {from_ms:Int64}, until_ms = {to_ms:Int64})
    WHERE status = 'closed' AND closed_at >= from_at AND closed_at < to_at AND {only}
) AS closed
INNER JOIN (SELECT case_no, kind AS suspected FROM ({suspicious})) AS suspicion ON suspicion.case_no = closed.case_no
WHERE {kind:String} = '' OR suspected = {kind:String}
ORDER BY closed_ms, case_no, kind
LIMIT {limit:UInt32} OFFSET {offset:UInt32}
