-- batch_close: one window closes many cases within a minute. Across cases, so it is a query and no finding of a case:
-- a case belongs to a batch where some minute that holds its closing holds enough closings of its window. Closings
-- at the very start of a local day are left out: sources that know only dates report them so. A row a batch.
SELECT
    window_key,
    min(at) AS first_ms,
    max(at) AS last_ms,
    count() AS closings,
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
            window_key, at, case_no,
            lagInFrame(at, 1, at) OVER (PARTITION BY window_key ORDER BY at, case_no ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS previous
        FROM
        (
            SELECT
                window_key, at, case_no,
                max(following) OVER (PARTITION BY window_key ORDER BY at RANGE BETWEEN 60000 PRECEDING AND CURRENT ROW) AS densest
            FROM
            (
                SELECT
                    assumeNotNull(window) AS window_key,
                    toUnixTimestamp64Milli(assumeNotNull(closed_at)) AS at,
                    case_no,
                    count() OVER (PARTITION BY window_key ORDER BY at RANGE BETWEEN CURRENT ROW AND 60000 FOLLOWING) AS following
                FROM cases_in_period(since_ms = {from_ms:Int64}, until_ms = {to_ms:Int64})
                WHERE status = 'closed' AND window IS NOT NULL
                    AND closed_at >= fromUnixTimestamp64Milli({from_ms:Int64}, 'UTC') AND closed_at < fromUnixTimestamp64Milli({to_ms:Int64}, 'UTC')
                    AND toTimeZone(closed_at, {zone:String}) != toStartOfDay(toTimeZone(closed_at, {zone:String}))
            )
        )
        WHERE densest >= {batch_at_least:UInt32}
    )
)
GROUP BY window_key, batch
ORDER BY first_ms, window_key
