SELECT
    (SELECT count() FROM {database}.events FINAL) AS events,
    count() AS cases,
    countIf(status = 'closed') AS closed,
    countIf(status = 'closed' AND promised_late) AS late,
    sumIf(elapsed_days, status = 'closed') AS elapsed_days_sum
FROM {database}.cases
FORMAT JSONEachRow
SETTINGS output_format_json_quote_64bit_integers = 0
