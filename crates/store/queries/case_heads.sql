SELECT case_no, version, valid_from, partition
FROM cases FINAL
WHERE case_no IN ?
