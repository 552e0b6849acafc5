SELECT case_no, version, partition, item, item_known, department, window, region, project, green_channel, key_project, form, status, outcome,
       received_at, accepted_at, decided_at, closed_at, delivered_at, elapsed_days, suspended_days, same_day,
       promised_limit_days, promised_elapsed_days, promised_due_at, promised_late, promised_early, promised_days_over,
       promised_speed_up, statutory_limit_days, statutory_elapsed_days, statutory_due_at, statutory_late,
       statutory_early, statutory_days_over, statutory_speed_up, hall_item, acts_placed, acts_in_hall, decided_in_hall, corrections,
       rating, valid_from, next_change,
       uncovered_year, settled,
       -- Tuples without names: the client knows no others.
       CAST(spans, 'Array(Tuple(String, String, DateTime64(3, \'UTC\'), Nullable(DateTime64(3, \'UTC\')), Nullable(DateTime64(3, \'UTC\')), Nullable(Float64), Nullable(Float64), UInt8, Nullable(String), Nullable(String), Nullable(String)))') AS spans,
       CAST(findings, 'Array(Tuple(String, String, Array(String), Nullable(String)))') AS findings,
       CAST(cards, 'Array(Tuple(String, String, String, String, String, DateTime64(3, \'UTC\'), Nullable(DateTime64(3, \'UTC\')), Float64, UInt8, Nullable(String)))') AS cards
FROM cases FINAL
WHERE case_no IN ?
ORDER BY case_no
