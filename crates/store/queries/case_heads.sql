-- The newest row of every case, also where it says that the case is gone, which FINAL would hide. Columns are named with
-- their table: alone, `version` would mean the newest one, of which no aggregate can be taken.
SELECT case_no, max(it.version) AS version, argMax(tuple(it.next_change), it.version).1 AS next_change,
       argMax(it.partition, it.version) AS partition,
       -- Tuples without names: the client knows no others.
       CAST(argMax(it.cards, it.version), 'Array(Tuple(String, String, String, String, String, DateTime64(3, \'UTC\'), Nullable(DateTime64(3, \'UTC\')), Float64, UInt8, Nullable(String)))') AS cards
FROM cases AS it
WHERE case_no IN ?
GROUP BY case_no
