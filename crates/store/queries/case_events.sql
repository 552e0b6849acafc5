-- The newest report of every event, as FINAL would tell; but FINAL unpacks the messages of whole granules, and this only
-- those of the cases asked for. In no order: putting messages in one would hold all of them at once.
SELECT case_no, argMax(it.payload, it.version) AS payload, argMax(it.partition, it.version) AS partition
FROM events AS it
WHERE case_no IN ?
GROUP BY case_no, source, event_id
