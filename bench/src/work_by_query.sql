SELECT left(replaceRegexpAll(query, '\\s+', ' '), 60) AS what, count() AS queries,
       sum(ProfileEvents['UserTimeMicroseconds'] + ProfileEvents['SystemTimeMicroseconds']) / 1e6 AS cpu_s,
       sum(query_duration_ms) / 1e3 AS s, sum(written_rows) AS written, sum(read_rows) AS read, sum(result_rows) AS result
FROM system.query_log
WHERE type = 'QueryFinish' AND current_database = currentDatabase()
GROUP BY what
ORDER BY cpu_s DESC
LIMIT 12
FORMAT PrettyCompactMonoBlock
