-- Cases that will change by themselves, those among them of which all events still lie ahead.
SELECT case_no
FROM cases
WHERE partition IN ?
GROUP BY case_no
HAVING argMax(tuple(next_change), version).1 IS NOT NULL
