-- As gaming.sql and figures.sql: the cases closed in the period, the main ratios with and without suspicious ones. A
-- batch is looked for over all windows, whatever departments are shown.
WITH
    judged AS
    (
        SELECT
            *,
            [${suspicious:singlequote}] AS asked_for,
            has(asked_for, 'batch_close') AND in_batch AS is_batched,
            is_batched OR hasAny(finding_kinds, asked_for) AS is_suspicious,
            ifNull(outcome, '') IN ('granted', 'refused') AS decided,
            decided AND promised_due_at IS NOT NULL AS promised,
            decided AND promised_speed_up IS NOT NULL AS promised_timed,
            decided AND statutory_speed_up IS NOT NULL AS statutory_timed
        FROM closings_in_period(since_ms = toUnixTimestamp64Milli(toDateTime64($__fromTime, 3)), until_ms = toUnixTimestamp64Milli(toDateTime64($__toTime, 3)), zone = 'Asia/Shanghai', batch_at_least = ${batch_at_least:raw})
    )
SELECT
    ifNull(nullIf(department, ''), '—') AS `部门 department`,
    count() AS `办结 closed`,
    countIf(is_suspicious) AS `可疑 suspicious`,
    countIf(has(asked_for, 'instant_close') AND has(finding_kinds, 'instant_close')) AS `瞬间办结 instant`,
    countIf(has(asked_for, 'suspension_near_due') AND has(finding_kinds, 'suspension_near_due')) AS `临期中止 near due`,
    countIf(has(asked_for, 'late_entry') AND has(finding_kinds, 'late_entry')) AS `补录 late entry`,
    countIf(is_batched) AS `批量办结 batch`,
    countIf(promised AND NOT promised_late) / nullIf(countIf(promised), 0) AS `按时办结率 on time`,
    countIf(promised AND NOT promised_late AND NOT is_suspicious) / nullIf(countIf(promised AND NOT is_suspicious), 0) AS `剔除后按时办结率 without`,
    countIf(decided AND same_day = 1) / nullIf(countIf(decided), 0) AS `当日办结率 same day`,
    countIf(decided AND same_day = 1 AND NOT is_suspicious) / nullIf(countIf(decided AND NOT is_suspicious), 0) AS `剔除后当日办结率 without`,
    sumIf(promised_limit_days - promised_elapsed_days, promised_timed)
        / nullIf(sumIf(promised_limit_days, promised_timed), 0) AS `提速率(承诺) Σ(Lp−a)/ΣLp`,
    sumIf(promised_limit_days - promised_elapsed_days, promised_timed AND NOT is_suspicious)
        / nullIf(sumIf(promised_limit_days, promised_timed AND NOT is_suspicious), 0) AS `剔除后提速率(承诺) without`,
    sumIf(statutory_limit_days - statutory_elapsed_days, statutory_timed)
        / nullIf(sumIf(statutory_limit_days, statutory_timed), 0) AS `提速率(法定) Σ(Ls−a)/ΣLs`,
    sumIf(statutory_limit_days - statutory_elapsed_days, statutory_timed AND NOT is_suspicious)
        / nullIf(sumIf(statutory_limit_days, statutory_timed AND NOT is_suspicious), 0) AS `剔除后提速率(法定) without`
FROM judged
WHERE ifNull(nullIf(department, ''), '—') IN (${department:singlequote})
GROUP BY `部门 department`
ORDER BY `可疑 suspicious` DESC, `部门 department`
