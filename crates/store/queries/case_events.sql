SELECT case_no, payload, partition
FROM events FINAL
WHERE case_no IN ?
