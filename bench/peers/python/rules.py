"""Working time and limits: the Chinese calendar as prefix sums, the catalogue, clocks.

Positions are office milliseconds that count: a working day is DAY of them. Counting is `exclude_first_day`:
a clock of days starts at the close of its first day and is due at the close of business of the N-th after it.
"""

import tomllib
from bisect import bisect_right
from datetime import date, timedelta
from itertools import accumulate

import chinese_calendar

MS_PER_DAY = 86_400_000
UTC_OFFSET = 8 * 3_600_000  # Asia/Shanghai, without summer time since 1991
OPEN, NOON, AFTERNOON, CLOSE = (int(hours * 3_600_000) for hours in (9, 12, 13.5, 17))
MORNING = NOON - OPEN
DAY = MORNING + CLOSE - AFTERNOON
ENDLESS = 1 << 62

FIRST, END = date(2004, 1, 1), date(2027, 1, 1)
FIRST_DAY = (FIRST - date(1970, 1, 1)).days
WORKING = [chinese_calendar.is_workday(FIRST + timedelta(n)) for n in range((END - FIRST).days)]
WORKING_BEFORE = [0, *accumulate(map(int, WORKING))]
WORKING_DAYS = [day for day, is_working in enumerate(WORKING) if is_working]
EVERY_DAY = range(len(WORKING) + 1)


def day_of(at):
    """The local day of an instant, numbered from FIRST."""
    return (at + UTC_OFFSET) // MS_PER_DAY - FIRST_DAY


def date_of(at):
    return FIRST + timedelta(day_of(at))


def office_passed(at):
    local = (at + UTC_OFFSET) % MS_PER_DAY
    return min(max(local - OPEN, 0), MORNING) + min(max(local - AFTERNOON, 0), CLOSE - AFTERNOON)


def instant(day, passed):
    """When so much of a day's office time has passed."""
    local = OPEN + passed if passed <= MORNING else AFTERNOON + passed - MORNING
    return (day + FIRST_DAY) * MS_PER_DAY - UTC_OFFSET + local


class Scale:
    """What counts, and whether a clock counts whole days."""

    def __init__(self, before, days, whole_days):
        self.before, self.days, self.whole_days = before, days, whole_days

    def position(self, at):
        day = day_of(at)
        whole = self.before[day] * DAY
        return whole + office_passed(at) if self.before[day + 1] > self.before[day] else whole

    def mark(self, at):
        """Where a clock or a suspension begins or ends: the end of the day where days are counted."""
        return self.before[day_of(at) + 1] * DAY if self.whole_days else self.position(at)

    def instant(self, position):
        """When a position is reached; None beyond the calendar."""
        number, rest = divmod(position - 1, DAY)
        return instant(self.days[number], rest + 1) if number < len(self.days) else None


WORKING_TIME = Scale(WORKING_BEFORE, WORKING_DAYS, whole_days=True)
CALENDAR_TIME = Scale(EVERY_DAY, EVERY_DAY[:-1], whole_days=True)
OFFICE_HOURS = Scale(WORKING_BEFORE, WORKING_DAYS, whole_days=False)
SCALES = {"working_hours": OFFICE_HOURS, "working_days": WORKING_TIME}


def suspended_on(scale, suspensions):
    """Disjoint intervals of positions of (from, until or None, granted days or None): what exceeds the grant counts."""
    intervals = []
    for since, until, granted in suspensions:
        start = scale.mark(since)
        end = ENDLESS if until is None else scale.mark(until)
        if granted is not None:
            end = min(end, start + granted * DAY)
        if end > start:
            intervals.append((start, end))
    intervals.sort()
    joined = []
    for start, end in intervals:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def suspended_between(suspended, start, end):
    return sum(max(min(end, until) - max(start, since), 0) for since, until in suspended)


class Clock:
    def __init__(self, started_at, limit, suspensions):
        """`limit` is (amount, unit), or an explicit due time in milliseconds."""
        explicit = isinstance(limit, int)
        self.started_at = started_at
        self.scale = scale = WORKING_TIME if explicit else SCALES.get(limit[1], CALENDAR_TIME)
        self.start = scale.mark(started_at)
        self.suspended = suspended_on(scale, suspensions) if suspensions else suspensions
        if explicit:
            self.length = max(scale.position(limit) - self.start, 0)
            self.limit_days = max(scale.mark(limit) - self.start, 0) / DAY
            end = self._after(self.length)
            self.due_at = limit if end == self.start + self.length else self._instant(end)
            return
        amount, unit = limit
        if unit == "working_hours":
            self.length = amount * 3_600_000
        elif unit in ("months", "years"):
            self.length = days_of_months(date_of(started_at), amount * (12 if unit == "years" else 1)) * DAY
        else:
            self.length = amount * DAY
        self.limit_days = self.length / DAY
        self.due_at = self._rolled_due()

    def _after(self, used):
        """The position at which so much is used: suspensions on the way push it back."""
        reached = self.start + used
        for since, until in self.suspended:
            since = max(since, self.start)
            if since >= reached:
                break
            if until == ENDLESS:
                return None
            reached += max(until - since, 0)
        return reached

    def _instant(self, position):
        at = None if position is None else self.scale.instant(position)
        return None if at is None else max(at, self.started_at)

    def _rolled_due(self):
        """A period of calendar days ends at the close of a working day."""
        while (due := self._instant(self._after(self.length))) is not None:
            day = day_of(due)
            if self.scale is not CALENDAR_TIME or WORKING[day]:
                return due
            rolled = instant(WORKING_DAYS[WORKING_BEFORE[day]], DAY)
            self.length = max(self._net(self.scale.position(rolled)), self.length + DAY)
        return None

    def _net(self, position):
        used = max(position - self.start, 0)
        return used - suspended_between(self.suspended, self.start, position) if self.suspended else used

    def instant_after(self, used):
        return self._instant(self._after(max(used, 0)))

    def elapsed_days(self, at):
        return self._net(self.scale.mark(max(at, self.started_at))) / DAY

    def suspended_days(self, at):
        return suspended_between(self.suspended, self.start, self.scale.mark(max(at, self.started_at))) / DAY

    def is_late(self, at):
        return self.due_at is not None and at > self.due_at

    def days_over(self, at):
        if not self.is_late(at):
            return 0.0
        over = self.elapsed_days(at) - self.length / DAY
        return float(int(max(over, 1))) if self.scale.whole_days else max(over, 0.0)

    def nearly_used_up_at(self):
        """A fifth of the limit or a working day before its end, whichever is later."""
        return self.instant_after(self.length - min(round(self.length / 5), DAY))


def days_of_months(first, months):
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    for day in range(first.day, 0, -1):
        try:
            return (date(year, month + 1, day) - first).days
        except ValueError:
            continue


def limit_of(text, default=None):
    if text is None:
        return default
    if text == "none":
        return None
    amount, unit = text.split()
    return int(amount), unit


class Catalog:
    """Items by code, each version from the day it is valid."""

    def __init__(self, path):
        self.versions = {}
        with open(path, "rb") as file:
            items = tomllib.load(file)["item"]
        for item in sorted(items, key=lambda item: item["valid_from"]):
            days, versions = self.versions.setdefault(item["code"], ([], []))
            days.append((item["valid_from"] - FIRST).days)
            versions.append(Item(item))

    def in_force(self, code, at):
        days, versions = self.versions.get(code, ((), ()))
        number = bisect_right(days, day_of(at))
        return versions[number - 1] if number else None


class Item:
    def __init__(self, item):
        self.department = item["department"]
        self.promised = limit_of(item.get("promised_limit"))
        self.statutory = limit_of(item.get("statutory_limit"), (20, "working_days"))
        self.statutory_joint = limit_of(item.get("statutory_limit"), (45, "working_days"))
        self.delivery = limit_of(item.get("delivery_limit"), (10, "working_days"))
