-- batch_close: one window closes many cases within a minute. Across cases, so it is a query and no finding of a case:
-- a case belongs to a batch where some minute that holds its closing holds enough closings of its window. A row a batch.
SELECT
    window_key,
    min(at) AS first_ms,
    max(at) AS last_ms,
    groupArray(case_no) AS case_nos
FROM
(
    SELECT
        window_key, at, case_no,
        -- Another batch begins where more than a minute lies between two closings in batches.
        sum(at - previous > 60000) OVER (PARTITION BY window_key ORDER BY at, case_no) AS batch
    FROM
    (
        SELECT
            assumeNotNull(window) AS window_key, closed_ms AS at, case_no,
            lagInFrame(at, 1, at) OVER (PARTITION BY window_key ORDER BY at, case_no ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS previous
        FROM closings_in_period(since_ms = {from_ms:Int64}, until_ms = {to_ms:Int64}, zone = {zone:String}, batch_at_least = {batch_at_least:UInt32})
        WHERE in_batch
    )
)
GROUP BY window_key, batch
ORDER BY first_ms, window_key
