-- As ranking.sql with domain/src/ranking.rs: cases decided and closed in the period that had a promise, by their share on
-- time. Adjusted for the mix of items (p of the unit, W of the county), Wilson's interval with z = 1.96 over the
-- effective cases (ΣW)² / Σ(W²/n), ranked by its lower end. Units below the minimum come last, without a rank. The
-- whole county is compared, whatever departments are shown.
WITH
    cells AS
    (
        SELECT
            assumeNotNull(${unit:raw}) AS unit_key,
            ifNull(item, '') AS item_key,
            count() AS n,
            countIf(NOT promised_late) AS k
        FROM cases_in_period(since_ms = toUnixTimestamp64Milli(toDateTime64($__fromTime, 3)), until_ms = toUnixTimestamp64Milli(toDateTime64($__toTime, 3)))
        WHERE status = 'closed' AND outcome IN ('granted', 'refused') AND promised_due_at IS NOT NULL
            AND closed_at >= $__fromTime AND closed_at < $__toTime AND ifNull(${unit:raw}, '') != ''
        GROUP BY unit_key, item_key
    ),
    standardised AS
    (
        SELECT
            unit_key,
            sum(n) AS n_all,
            sum(k) AS k_all,
            sum(w * k / n) / sum(w) AS p,
            sum(w_k) / sum(w) AS same_mix,
            pow(sum(w), 2) / sum(w * w / n) AS m
        FROM (SELECT *, sum(n) OVER (PARTITION BY item_key) AS w, sum(k) OVER (PARTITION BY item_key) AS w_k FROM cells)
        GROUP BY unit_key
    ),
    judged AS
    (
        SELECT
            *,
            n_all >= ${min_volume:raw} AS is_ranked,
            1.96 AS z,
            (p + z * z / (2 * m)) / (1 + z * z / m) AS centre,
            z / (1 + z * z / m) * sqrt(greatest(p * (1 - p), 0) / m + z * z / (4 * m * m)) AS half,
            greatest(0, least(p, centre - half)) AS low,
            least(1, greatest(p, centre + half)) AS high
        FROM standardised
    )
SELECT
    if(is_ranked, rank() OVER (PARTITION BY is_ranked ORDER BY low DESC), NULL) AS `名次 rank`,
    unit_key AS `单位 unit`,
    n_all AS `办件 cases`,
    k_all / n_all AS `按时率 rate`,
    p AS `调整后按时率 adjusted`,
    low AS `区间下限率 low`,
    high AS `区间上限率 high`,
    same_mix AS `全县同类率 county, same mix`
FROM judged
ORDER BY is_ranked DESC, low DESC, unit_key
