-- A case: what happened to it, from the highest revision of its events.
CREATE VIEW {database}.histories AS
SELECT
    case_no,
    minOrNullIf(occurred_at, kind = 'applied') AS received_at,
    minOrNullIf(occurred_at, kind = 'accepted') AS acceptance_at,
    minOrNullIf(occurred_at, kind = 'not_accepted') AS not_accepted_at,
    minOrNullIf(occurred_at, kind = 'decided') AS decided_at,
    minOrNullIf(occurred_at, kind = 'closed') AS closing_at,
    minOrNullIf(occurred_at, kind = 'delivered') AS delivered_at,
    min(occurred_at) AS first_at,
    argMinIf(outcome, occurred_at, kind = 'decided') AS decision,
    argMinIf(outcome, occurred_at, kind = 'closed') AS closing_outcome,
    argMinIf(item, (kind != 'accepted', kind != 'applied', occurred_at), item != '') AS item,
    argMinIf(department, (kind NOT IN ('accepted', 'applied'), kind != 'accepted', occurred_at), department != '') AS department,
    argMinIf(window, (kind != 'accepted', kind != 'applied', occurred_at), window != '') AS window,
    argMinIf(region, (kind != 'accepted', kind != 'applied', occurred_at), region != '') AS region,
    argMinIf(project, occurred_at, kind = 'accepted') AS project,
    argMinIf(promised_due_at, occurred_at, kind = 'accepted' AND promised_due_at IS NOT NULL) AS promised_explicit,
    argMinIf(statutory_due_at, occurred_at, kind = 'accepted' AND statutory_due_at IS NOT NULL) AS statutory_explicit,
    argMinIf(coalesce(granted_days, 15), occurred_at, procedure = 'extension' AND kind = 'special_started') AS extension_days,
    arraySort(groupArrayIf(occurred_at, kind = 'correction_requested')) AS asked,
    arraySort(groupArrayIf(occurred_at, kind = 'corrected')) AS answered,
    arraySort(groupArrayIf((occurred_at, coalesce(granted_days, 10000)), kind = 'special_started' AND procedure != 'extension'))
        AS specials,
    arraySort(groupArrayIf(occurred_at, kind = 'special_ended' AND procedure != 'extension')) AS special_ends
FROM {database}.events FINAL
WHERE NOT retracted AND occurred_at <= now64(3)
GROUP BY case_no
SETTINGS optimize_aggregation_in_order = 1;

-- Its acceptance, the item in force and its suspensions: the n-th request is answered by the n-th answer.
CREATE VIEW {database}.starts AS
WITH
    toDateTime64('2027-01-01 00:00:00', 3, 'UTC') - INTERVAL 1 DAY AS never,
    (at -> toUInt16(toDate(at, 'Asia/Shanghai'))) AS day_of,
    (at -> dictGetUInt32('{database}.calendar', 'through', toUInt64(day_of(at)))) AS through,
    arrayMin(arrayFilter(at -> at >= received_at, arrayConcat(
        asked, if(isNull(acceptance_at), [], [assumeNotNull(acceptance_at)]),
        if(isNull(not_accepted_at), [], [assumeNotNull(not_accepted_at)]), [now64(3)]))) AS notice_at,
    notice_at > toDateTime64(concat(
        toString(dictGetDate('{database}.working_days', 'day', toUInt64(through(received_at)) + 5)), ' 17:00:00'), 3, 'Asia/Shanghai')
        AS late_notice
SELECT
    h.*,
    if(received_at IS NOT NULL AND late_notice, received_at, acceptance_at) AS accepted_at,
    least(coalesce(decided_at, closing_at, not_accepted_at), coalesce(closing_at, decided_at, not_accepted_at)) AS end_at,
    coalesce(end_at, now64(3)) AS read_at,
    arrayConcat(
        arrayMap((start, n) -> (start, if(n <= length(answered), answered[n], never), toUInt32(10000)), asked, arrayEnumerate(asked)),
        arrayMap((start, n) -> (start.1, if(n <= length(special_ends), special_ends[n], never), start.2),
            specials, arrayEnumerate(specials))) AS suspensions,
    arrayDistinct(arrayFlatten(arrayMap(
        s -> range(toUInt32(through(s.1) + 1), toUInt32(least(through(s.2), through(s.1) + s.3) + 1)), suspensions))) AS idle_working_days,
    arrayDistinct(arrayFlatten(arrayMap(
        s -> range(toUInt32(day_of(s.1) + 1), toUInt32(least(day_of(s.2), day_of(s.1) + s.3) + 1)), suspensions))) AS idle_days,
    through(accepted_at) AS start_nth,
    day_of(accepted_at) AS start_day,
    coalesce(accepted_at, received_at, first_at) AS in_force_at,
    toDate(in_force_at, 'Asia/Shanghai') AS in_force_on
FROM {database}.histories AS h;

CREATE VIEW {database}.cases AS
WITH
    23400 AS office_seconds,
    (day -> dictGetUInt32('{database}.calendar', 'through', toUInt64(day))) AS through,
    (nth -> toUInt16(dictGetDate('{database}.working_days', 'day', toUInt64(nth)))) AS nth_working,
    (day -> nth_working(if(through(day - 1) = 0, 0, through(day - 1) + 1))) AS first_working_from,
    ((day, seconds) -> if(day = 0, NULL, toDateTime64(toUInt32(day) * 86400 - 8 * 3600 + seconds, 3, 'UTC'))) AS at_time,
    (at -> toUInt16(toDate(at, 'Asia/Shanghai'))) AS day_of,
    (at -> toUInt32((toUnixTimestamp(at) + 8 * 3600) % 86400)) AS seconds_of,
    (seconds -> least(greatest(seconds, 32400) - 32400, 10800) + least(greatest(seconds, 48600) - 48600, 12600)) AS office_passed,
    (passed -> if(passed <= 10800, 32400 + passed, 48600 + passed - 10800)) AS office_time,
    -- Office seconds before an instant, and those by which a limit of hours is used up: suspensions push it back.
    (at -> through(day_of(at) - 1) * office_seconds
        + if(dictGetUInt8('{database}.calendar', 'working', toUInt64(day_of(at))), office_passed(seconds_of(at)), 0)) AS office_before,
    (hours -> arrayFold(
        (reached, s) -> if(office_before(s.1) < reached,
            reached + greatest(toInt64(least(office_before(s.2), office_before(s.1) + s.3 * office_seconds))
                - toInt64(greatest(office_before(s.1), hours_start)), 0), reached),
        arraySort(suspensions), toInt64(hours_start + hours * 3600))) AS hours_end,
    office_before(assumeNotNull(accepted_at)) AS hours_start,
    -- The day on which so many days after the start are used up, those suspended left out.
    ((start, amount, idle) -> if(empty(idle), start + amount,
        arrayFilter(day -> NOT has(idle, day), range(toUInt32(start + 1), toUInt32(start + amount + length(idle) + 1)))[amount])) AS nth_busy,
    if(project = '', 10, 15) AS longest_extension,
    [
        (promised_explicit, i.promised_unit, i.promised_amount),
        (statutory_explicit, if(i.statutory_unit = 'default', 'working_days', i.statutory_unit),
            if(i.statutory_unit = 'default', if(project = '', 20, 45), i.statutory_amount)
            + if(i.statutory_unit IN ('working_days', 'calendar_days', 'default'), least(extension_days, longest_extension), 0))
    ] AS limits,
    arrayMap(limit -> multiIf(
        accepted_at IS NULL, NULL,
        limit.1 IS NOT NULL AND empty(idle_working_days), limit.1,
        limit.1 IS NOT NULL, at_time(
            nth_working(nth_busy(start_nth, through(day_of(assumeNotNull(limit.1))) - start_nth, idle_working_days)),
            seconds_of(assumeNotNull(limit.1))),
        limit.2 = 'working_days', at_time(nth_working(nth_busy(start_nth, limit.3, idle_working_days)), 61200),
        limit.2 = 'working_hours', at_time(
            nth_working(intDiv(hours_end(limit.3) - 1, office_seconds) + 1), office_time((hours_end(limit.3) - 1) % office_seconds + 1)),
        limit.2 IN ('', 'none'), NULL,
        -- A period of days, months or years that ends on a day off ends on the next working day.
        at_time(first_working_from(nth_busy(start_day, span_days(limit), idle_days)), 61200)), limits) AS dues,
    (limit -> multiIf(
        limit.2 = 'months', toUInt16(addMonths(toDate(start_day), limit.3)) - start_day,
        limit.2 = 'years', toUInt16(addYears(toDate(start_day), limit.3)) - start_day,
        limit.3)) AS span_days,
    through(day_of(read_at)) AS read_nth,
    day_of(read_at) AS read_day,
    arrayMap((limit, due) -> multiIf(
        accepted_at IS NULL OR (limit.1 IS NULL AND limit.2 IN ('', 'none')), NULL,
        due IS NULL OR read_at <= due, 0,
        limit.2 IN ('working_days', 'working_hours') OR limit.1 IS NOT NULL,
            greatest(read_nth - start_nth - arrayCount(day -> day > start_nth AND day <= read_nth, idle_working_days)
                - if(limit.1 IS NULL AND limit.2 = 'working_days', limit.3, through(day_of(due)) - start_nth), 1),
        greatest(read_day - start_day - arrayCount(day -> day > start_day AND day <= read_day, idle_days) - span_days(limit), 1)), limits, dues)
        AS days_over,
    i.delivery_unit = 'none' AS needs_no_delivery,
    at_time(nth_working(through(day_of(decided_at)) + i.delivery_amount), 61200) AS delivery_due,
    multiIf(
        closing_at IS NOT NULL, closing_at,
        decided_at IS NOT NULL AND (decision = 'refused' OR delivered_at IS NOT NULL), decided_at,
        decided_at IS NOT NULL AND NOT needs_no_delivery AND now64(3) > delivery_due, decided_at,
        NULL) AS ended_at
SELECT
    case_no, item, coalesce(nullIf(s.department, ''), i.department) AS department, window, region, project,
    multiIf(
        ended_at IS NOT NULL, 'closed',
        not_accepted_at IS NOT NULL AND acceptance_at IS NULL, 'not_accepted',
        accepted_at IS NULL, 'received',
        decided_at IS NULL AND arrayExists(
            s -> s.2 > now64(3) AND coalesce(at_time(nth_working(through(day_of(s.1)) + s.3), 61200) >= now64(3), 1), suspensions), 'suspended',
        'open') AS status,
    if(ended_at IS NULL, NULL, if(closing_at IS NULL, decision, closing_outcome)) AS outcome,
    received_at, accepted_at, decided_at, ended_at AS closed_at, delivered_at,
    if(accepted_at IS NULL, NULL, arrayCount(day -> day > start_nth AND day <= read_nth, idle_working_days)) AS suspended_days,
    if(accepted_at IS NULL, NULL, greatest(read_nth, start_nth) - start_nth - suspended_days) AS elapsed_days,
    if(accepted_at IS NULL OR limits[1].2 IN ('', 'none'), NULL, limits[1].3) AS promised_limit, i.promised_unit AS promised_unit,
    dues[1] AS promised_due_at, coalesce(read_at > dues[1], 0) AS promised_late, days_over[1] AS promised_days_over,
    if(accepted_at IS NULL OR limits[2].2 IN ('', 'none'), NULL, limits[2].3) AS statutory_limit, i.statutory_unit AS statutory_unit,
    dues[2] AS statutory_due_at, coalesce(read_at > dues[2], 0) AS statutory_late, days_over[2] AS statutory_days_over
FROM {database}.starts AS s
ASOF LEFT JOIN {database}.items AS i ON i.code = s.item AND i.valid_from <= s.in_force_on;

CREATE VIEW {database}.figures AS
SELECT
    department,
    toStartOfMonth(toDate(assumeNotNull(closed_at), 'Asia/Shanghai')) AS month,
    count() AS closed,
    countIf(promised_late) AS late,
    sum(elapsed_days) AS elapsed_days_sum,
    avg(elapsed_days) AS elapsed_days_mean,
    quantileExact(0.9)(elapsed_days) AS elapsed_days_p90
FROM {database}.cases
WHERE status = 'closed'
GROUP BY department, month;
