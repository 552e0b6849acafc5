-- Findings that became true in the period, one a case and kind.
SELECT kind AS `异常 finding`, count() AS `件数 cases`
FROM cases_in_period(since_ms = toUnixTimestamp64Milli(toDateTime64($__fromTime, 3)), until_ms = toUnixTimestamp64Milli(toDateTime64($__toTime, 3)))
ARRAY JOIN finding_kinds AS kind
WHERE valid_from >= $__fromTime AND valid_from < $__toTime
    AND ifNull(nullIf(department, ''), '—') IN (${department:singlequote})
GROUP BY `异常 finding`
ORDER BY `件数 cases` DESC, `异常 finding`
