"""A case is the set of its events, the highest revision of each; the rest is read off them."""

from datetime import datetime
from sys import intern
from zlib import crc32

import orjson

from rules import DAY, MS_PER_DAY, WORKING_TIME, Clock

# In the natural course of a case: events of one instant are taken in this order.
KINDS = (
    "applied correction_requested corrected accepted not_accepted materials_supplied fee_charged step_started "
    "special_started special_ended step_completed decided issued delivered closed rated rating_rectified complained "
    "complaint_resolved"
).split()
NUMBERS = {kind: number for number, kind in enumerate(KINDS)}
(APPLIED, CORRECTION_REQUESTED, CORRECTED, ACCEPTED, NOT_ACCEPTED, _, _, _, SPECIAL_STARTED, SPECIAL_ENDED, _, DECIDED, _,
 DELIVERED, CLOSED, *_) = range(len(KINDS))

INTAKE_LIMIT = (5, "working_days")
DELIVERY_LIMIT = (10, "working_days")

# What reading a message that is broken may raise.
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError)

EVENT_COLUMNS = (
    "case_no source event_id version kind occurred_at recorded_at department handler retracted payload partition offset"
).split()
CASE_COLUMNS = (
    "case_no version item department window region project status outcome received_at accepted_at decided_at closed_at "
    "delivered_at elapsed_days suspended_days promised_limit_days promised_due_at promised_late promised_days_over "
    "statutory_limit_days statutory_due_at statutory_late statutory_days_over reminder yellow red is_deleted"
).split()


def milliseconds(text):
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def read(payload, partition, offset):
    """The row of a message for the table of events, and its event as a case keeps it.

    Raises one of UNREADABLE where it cannot be read.
    """
    message = orjson.loads(payload)
    get = message.get
    kind = message["kind"]
    number = NUMBERS[kind]
    at = milliseconds(message["occurred_at"])
    recorded_at = get("recorded_at")
    source, event_id = intern(message["source"]), message["event_id"]
    version = (get("revision", 1) << 32) | crc32(payload)
    retracted = get("retracted", False)
    department = get("department")
    if number == ACCEPTED:
        dues = (get("promised_due_at"), get("statutory_due_at"))
        detail = (*(milliseconds(due) if due else None for due in dues), get("project"))
    elif number == SPECIAL_STARTED:
        detail = (get("procedure"), get("granted_days"))
    elif number == SPECIAL_ENDED:
        detail = get("procedure")
    else:
        detail = get("outcome")
    row = (
        message["case_no"], source, event_id, version, kind, at, milliseconds(recorded_at) if recorded_at else None,
        department or "", get("handler") or "", int(retracted), payload, partition, offset,
    )
    said = (get("item"), department, get("window"), get("region"))
    event = (at, number, source, event_id, version, retracted, detail, *(text and intern(text) for text in said))
    return row, event


def put(case, event):
    """Puts a report into a case, unless a higher revision of it is there."""
    key = event[2:4]
    held = case.get(key)
    if held is None or event[4] > held[4]:
        case[key] = event


def first_said(events, field):
    for event in events:
        if event is not None and event[field] is not None:
            return event[field]
    return None


def assess(case_no, version, events, catalog, as_of):
    """The row of a case at an instant."""
    first = {}
    corrections, specials, happened, extension = [], [], [], None
    for event in sorted(events):
        at, kind, _, _, _, retracted, detail, *_ = event
        if retracted or at > as_of:
            continue
        happened.append(event)
        first.setdefault(kind, event)
        if kind == CORRECTION_REQUESTED:
            corrections.append([at, None, None])
        elif kind == CORRECTED:
            end_first(corrections, at)
        elif kind == SPECIAL_STARTED:
            if detail[0] == "extension":
                extension = extension or detail
            specials.append([at, None, detail[1], detail[0]])
        elif kind == SPECIAL_ENDED:
            end_first((special for special in specials if detail in (None, special[3])), at)
    if not happened:
        return (case_no, version, *[None] * 5, "received", *[None] * 10, 0, None, None, None, 0, None, 0, 0, 0, 1)
    suspensions = [special[:3] for special in specials if special[3] != "extension"] + corrections

    def at_of(kind):
        event = first.get(kind)
        return None if event is None else event[0]

    received_at, decided_at, delivered_at = at_of(APPLIED), at_of(DECIDED), at_of(DELIVERED)
    applied, accepted, not_accepted_at = first.get(APPLIED), first.get(ACCEPTED), at_of(NOT_ACCEPTED)
    started = applied if is_deemed_accepted(received_at, first, corrections, as_of) else accepted
    accepted_at = None if started is None else started[0]
    case_end = min((at for at in (decided_at, at_of(CLOSED)) if at is not None), default=None)

    leading = (accepted, applied)
    code = first_said((*leading, *happened), 7)
    item = code and catalog.in_force(code, accepted_at or received_at or happened[0][0])
    project = accepted and accepted[6][2]
    promised = statutory = elapsed = suspended = None
    end = case_end or not_accepted_at or as_of
    if accepted_at is not None:
        due = accepted[6] if accepted else (None, None, None)
        clock_end = case_end or (None if accepted else not_accepted_at) or as_of
        promised = run(accepted_at, due[0] or item and item.promised, suspensions)
        law = due[1] or item and extended(item.statutory_joint if project else item.statutory, extension, project)
        statutory = run(accepted_at, law, suspensions)
        used = Clock(accepted_at, (0, "working_days"), suspensions)
        elapsed, suspended = used.elapsed_days(end), used.suspended_days(end)
    closed_at, outcome = closing(first, item, delivered_at, as_of)
    if closed_at is not None:
        status = "closed"
    elif not_accepted_at is not None and accepted is None:
        status = "not_accepted"
    elif accepted_at is None:
        status = "received"
    elif decided_at is None and any(is_suspended(suspension, as_of) for suspension in suspensions):
        status = "suspended"
    else:
        status = "open"
    department = first_said(leading, 8) or item and item.department or first_said(happened, 8)
    window, region = (first_said((*leading, *happened), field) for field in (9, 10))
    near = promised and promised.nearly_used_up_at()
    states = (state(clock, clock_end) if clock else (None, None, 0, None) for clock in (promised, statutory))
    promised_state, statutory_state = states
    return (
        case_no, version, code, department, window, region, project, status, outcome, received_at, accepted_at, decided_at,
        closed_at, delivered_at, elapsed, suspended, *promised_state, *statutory_state,
        int(near is not None and near < clock_end), promised_state[2], statutory_state[2], 0,
    )


def run(started_at, limit, suspensions):
    return limit and Clock(started_at, limit, suspensions)


def state(clock, end):
    return clock.limit_days, clock.due_at, int(clock.is_late(end)), clock.days_over(end)


def end_first(spans, at):
    for span in spans:
        if span[1] is None:
            span[1] = at
            return


def is_deemed_accepted(received_at, first, corrections, as_of):
    """Five working days without a notice, and the case counts as accepted when it was received."""
    if received_at is None:
        return False
    notices = [first[kind][0] for kind in (ACCEPTED, NOT_ACCEPTED) if kind in first]
    notices += [correction[0] for correction in corrections]
    notice = min((at for at in notices if at >= received_at), default=as_of)
    # Most notices come within days: no clock is needed to see that.
    return notice - received_at > 4 * MS_PER_DAY and Clock(received_at, INTAKE_LIMIT, ()).is_late(notice)


def extended(limit, extension, joint):
    if limit is None or extension is None or limit[1] not in ("working_days", "calendar_days"):
        return limit
    most = 15 if joint else 10
    return limit[0] + (most if extension[1] is None else min(extension[1], most)), limit[1]


def closing(first, item, delivered_at, as_of):
    """Closed by its event, or at the decision once delivered or the delivery limit has passed."""
    if CLOSED in first:
        return first[CLOSED][0], first[CLOSED][6]
    decided = first.get(DECIDED)
    if decided is None:
        return None, None
    if decided[6] != "refused" and delivered_at is None:
        limit = item.delivery if item else DELIVERY_LIMIT
        if limit is None or not Clock(decided[0], limit, ()).is_late(as_of):
            return None, None
    return decided[0], decided[6]


def is_suspended(suspension, as_of):
    since, until, granted = suspension
    if until is not None:
        return False
    if granted is None:
        return True
    grant_ends = WORKING_TIME.instant(WORKING_TIME.mark(since) + granted * DAY)
    return grant_ends is None or as_of <= grant_ends
