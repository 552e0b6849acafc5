-- The open cases with a promise that are not decided, whatever the period, as of `valid_from`: the days that have
-- passed since are added beside this query, for the calendar is in no table.
SELECT
    case_no,
    ifNull(item, '') AS item_key,
    ifNull(department, '') AS department_key,
    status = 'suspended' AS suspended,
    assumeNotNull(elapsed_days) AS used_days,
    assumeNotNull(promised_limit_days) - assumeNotNull(promised_elapsed_days) AS left_days,
    promised_due_at AS due_at,
    valid_from
FROM open_cases
WHERE decided_at IS NULL
    AND elapsed_days IS NOT NULL AND promised_limit_days > 0 AND promised_elapsed_days IS NOT NULL
    AND {only}
ORDER BY case_no
