-- As parties.sql with domain/src/intermediaries.rs: works ended in the period, and those of open cases not ended. Stars and blacklist by
-- the defaults: ten judged works; 80, 90, 95, 98 %; the upper end of Wilson's interval (z = 1.96) below 70 %.
WITH
    works AS
    (
        SELECT
            party,
            uniqExact(case_no) AS cases_of_party,
            count() AS all_works,
            countIf(ended_at IS NULL) AS open_works,
            countIf(ended_at IS NOT NULL AND due_at IS NOT NULL AND ended_at <= due_at) AS on_time,
            countIf(due_at IS NOT NULL AND ifNull(ended_at, now64(3)) > due_at) AS late,
            sumIf(ifNull(elapsed_days, 0), elapsed_days IS NOT NULL) / nullIf(sumIf(ifNull(limit_days, 0), elapsed_days IS NOT NULL), 0) AS time_share
        FROM works_in_period(since_ms = toUnixTimestamp64Milli(toDateTime64($__fromTime, 3)), until_ms = toUnixTimestamp64Milli(toDateTime64($__toTime, 3)))
        GROUP BY party
    )
SELECT
    party AS `中介机构 intermediary`,
    if(judged >= 10, 1 + (p >= 0.80) + (p >= 0.90) + (p >= 0.95) + (p >= 0.98), NULL) AS `星级 stars`,
    cases_of_party AS `办件 cases`,
    all_works AS `作业 works`,
    open_works AS `未完 open`,
    late AS `超时 late`,
    p AS `按时率 on time`,
    greatest(0, least(p, centre - half)) AS `区间下限率 low`,
    least(1, greatest(p, centre + half)) AS `区间上限率 high`,
    time_share AS `用时占比率 time used`,
    if(judged >= 10 AND `区间上限率 high` < 0.70, '建议 proposed', '') AS `黑名单 blacklist`
FROM
(
    SELECT
        *,
        on_time + late AS judged,
        1.96 AS z,
        on_time / nullIf(judged, 0) AS p,
        (p + z * z / (2 * judged)) / (1 + z * z / judged) AS centre,
        z / (1 + z * z / judged) * sqrt(greatest(p * (1 - p), 0) / judged + z * z / (4 * judged * judged)) AS half
    FROM works
)
ORDER BY p, party
