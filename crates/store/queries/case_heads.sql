-- The newest row of every case, also where it says that the case is gone, which FINAL would hide.
SELECT case_no, max(version) AS version, argMax(tuple(next_change), version).1 AS next_change, argMax(partition, version) AS partition,
       argMax(cards, version) AS cards
FROM cases
WHERE case_no IN ?
GROUP BY case_no
