SELECT case_no, kind, severity, events
FROM findings FINAL
WHERE case_no IN ?
