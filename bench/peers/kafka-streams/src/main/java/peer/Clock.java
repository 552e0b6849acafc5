package peer;

import static peer.WorkingTime.DAY;
import static peer.WorkingTime.ENDLESS;
import static peer.WorkingTime.NEVER;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** A limit laid on the calendar: suspensions on the way push its end back. */
final class Clock {
    /** A time that is not counted; what exceeds the days granted counts again. */
    static final class Suspension {
        final long from;
        final int grantedDays; // negative: no grant
        final String procedure;
        long until = ENDLESS;

        Suspension(long from, int grantedDays, String procedure) {
            this.from = from;
            this.grantedDays = grantedDays;
            this.procedure = procedure;
        }
    }

    private final WorkingTime time;
    private final WorkingTime.Scale scale;
    private final long startedAt;
    private final long start;
    private final List<long[]> suspended;
    private long length;
    final double limitDays;
    final long dueAt;

    Clock(WorkingTime time, long startedAt, Limit limit, List<Suspension> suspensions) {
        this.time = time;
        this.scale = limit.scale();
        this.startedAt = startedAt;
        this.start = time.mark(scale, startedAt);
        this.suspended = suspended(suspensions);
        if (limit.unit() == Limit.Unit.UNTIL) {
            length = Math.max(time.position(scale, limit.amount()) - start, 0);
            limitDays = Math.max(time.mark(scale, limit.amount()) - start, 0) / (double) DAY;
            long end = after(length);
            dueAt = end == start + length ? limit.amount() : instant(end);
        } else {
            length = limit.length(startedAt);
            limitDays = length / (double) DAY;
            dueAt = rolledDue();
        }
    }

    private List<long[]> suspended(List<Suspension> suspensions) {
        List<long[]> intervals = new ArrayList<>(suspensions.size());
        for (Suspension suspension : suspensions) {
            long from = time.mark(scale, suspension.from);
            long until = suspension.until == ENDLESS ? ENDLESS : time.mark(scale, suspension.until);
            if (suspension.grantedDays >= 0) {
                until = Math.min(until, from + suspension.grantedDays * DAY);
            }
            if (until > from) {
                intervals.add(new long[] {from, until});
            }
        }
        intervals.sort(Comparator.comparingLong(interval -> interval[0]));
        List<long[]> joined = new ArrayList<>(intervals.size());
        for (long[] interval : intervals) {
            long[] last = joined.isEmpty() ? null : joined.get(joined.size() - 1);
            if (last != null && interval[0] <= last[1]) {
                last[1] = Math.max(last[1], interval[1]);
            } else {
                joined.add(interval);
            }
        }
        return joined;
    }

    /** The position at which so much is used; ENDLESS while a suspension without an end is open. */
    private long after(long used) {
        long reached = start + used;
        for (long[] interval : suspended) {
            long from = Math.max(interval[0], start);
            if (from >= reached) {
                break;
            }
            if (interval[1] == ENDLESS) {
                return ENDLESS;
            }
            reached += Math.max(interval[1] - from, 0);
        }
        return reached;
    }

    private long instant(long position) {
        long at = position == ENDLESS ? NEVER : time.instant(scale, position);
        return at == NEVER ? NEVER : Math.max(at, startedAt);
    }

    /** A period of calendar days ends at the close of a working day. */
    private long rolledDue() {
        while (true) {
            long due = instant(after(length));
            if (due == NEVER || scale != WorkingTime.Scale.CALENDAR_DAYS || time.isWorking(time.day(due))) {
                return due;
            }
            long rolled = time.closeFrom(time.day(due));
            if (rolled == NEVER) {
                return NEVER;
            }
            length = Math.max(net(time.position(scale, rolled)), length + DAY);
        }
    }

    private long net(long position) {
        return Math.max(position - start, 0) - suspendedUntil(position);
    }

    private long suspendedUntil(long position) {
        long sum = 0;
        for (long[] interval : suspended) {
            sum += Math.max(Math.min(position, interval[1]) - Math.max(start, interval[0]), 0);
        }
        return sum;
    }

    private long charged(long at) {
        return time.mark(scale, Math.max(at, startedAt));
    }

    double elapsedDays(long at) {
        return net(charged(at)) / (double) DAY;
    }

    double suspendedDays(long at) {
        return suspendedUntil(charged(at)) / (double) DAY;
    }

    boolean isLate(long at) {
        return dueAt != NEVER && at > dueAt;
    }

    double daysOver(long at) {
        if (!isLate(at)) {
            return 0;
        }
        double over = elapsedDays(at) - length / (double) DAY;
        return scale == WorkingTime.Scale.OFFICE_HOURS ? Math.max(over, 0) : Math.floor(Math.max(over, 1));
    }

    /** A fifth of the limit or a working day before its end, whichever is later. */
    boolean isNearlyUsedUp(long at) {
        long reached = instant(after(Math.max(length - Math.min(Math.round(length / 5.0), DAY), 0)));
        return reached != NEVER && reached < at;
    }
}
