-- What merging cost, by table and by how many rows came of a merge.
SELECT
    table,
    exp10(ceil(log10(rows))) AS rows_up_to,
    count() AS merges,
    sum(rows) AS rows_written,
    round(sum(ProfileEvents['OSCPUVirtualTimeMicroseconds']) / 1e6, 2) AS cpu_s
FROM system.part_log
WHERE database = currentDatabase() AND event_type = 'MergeParts'
GROUP BY table, rows_up_to
ORDER BY cpu_s DESC
LIMIT 12
FORMAT PrettyCompact
