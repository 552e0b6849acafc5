-- The rules of the newest generation; several where processes with different ones began at one moment.
SELECT generation, fingerprint
FROM rule_sets FINAL
WHERE generation = (SELECT max(generation) FROM rule_sets)
ORDER BY fingerprint
