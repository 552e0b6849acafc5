-- 收件 in the period as figures.sql takes it; 办结 by closing; 在办, 超期 as of now. What is neither is not read at all.
SELECT
    countIf(coalesce(received_at, accepted_at, valid_from) >= $__fromTime AND coalesce(received_at, accepted_at, valid_from) < $__toTime) AS `收件 received`,
    countIf(status = 'closed' AND closed_at >= $__fromTime AND closed_at < $__toTime) AS `办结 closed`,
    countIf(status IN ('open', 'suspended')) AS `在办 open`,
    countIf(status IN ('open', 'suspended') AND decided_at IS NULL AND promised_due_at < now64(3)) AS `在办超期 open overdue`
FROM cases FINAL
WHERE ifNull(nullIf(department, ''), '—') IN (${department:singlequote})
    AND
    (
        status IN ('open', 'suspended')
        OR (closed_at >= $__fromTime AND closed_at < $__toTime)
        OR (coalesce(received_at, accepted_at, valid_from) >= $__fromTime AND coalesce(received_at, accepted_at, valid_from) < $__toTime)
    )
