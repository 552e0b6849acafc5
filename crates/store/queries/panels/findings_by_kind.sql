-- Findings that became true in the period, one a case and kind.
SELECT kind AS `异常 finding`, count() AS `件数 cases`
FROM findings
WHERE at >= $__fromTime AND at < $__toTime
    AND ifNull(nullIf(department, ''), '—') IN (${department:singlequote})
GROUP BY kind
ORDER BY `件数 cases` DESC, kind
