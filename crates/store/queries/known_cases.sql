-- A fingerprint of every case that has a row, of whatever version.
SELECT xxh3(case_no) AS fingerprint
FROM cases
