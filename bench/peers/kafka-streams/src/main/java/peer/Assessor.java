package peer;

import static peer.WorkingTime.ENDLESS;
import static peer.WorkingTime.NEVER;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import peer.Clock.Suspension;
import peer.Event.Kind;

/** Reads a case off its events and puts it into rows. */
final class Assessor {
    private static final Limit INTAKE = Limit.workingDays(5);
    private static final Limit DELIVERY = Limit.workingDays(10);
    private static final int EXTENSION_DAYS = 10, EXTENSION_DAYS_JOINT = 15;

    private final WorkingTime time;
    private final Catalog catalog;

    Assessor(WorkingTime time, Catalog catalog) {
        this.time = time;
        this.catalog = catalog;
    }

    /** The course of a case up to an instant. */
    private static final class Course {
        final List<Event> events = new ArrayList<>();
        final Event[] first = new Event[Kind.values().length];
        final List<Suspension> corrections = new ArrayList<>();
        final List<Suspension> specials = new ArrayList<>();
        Event extension;

        Course(List<Event> reported, long asOf) {
            List<Event> sorted = new ArrayList<>(reported);
            sorted.sort(null);
            for (Event event : sorted) {
                if (!event.retracted && event.at <= asOf) {
                    take(event);
                }
            }
        }

        private void take(Event event) {
            events.add(event);
            if (first[event.kind.ordinal()] == null) {
                first[event.kind.ordinal()] = event;
            }
            switch (event.kind) {
                case CORRECTION_REQUESTED -> corrections.add(new Suspension(event.at, -1, null));
                case CORRECTED -> endFirst(corrections, event);
                case SPECIAL_STARTED -> {
                    if ("extension".equals(event.procedure) && extension == null) {
                        extension = event;
                    }
                    specials.add(new Suspension(event.at, event.grantedDays, event.procedure));
                }
                case SPECIAL_ENDED -> endFirst(specials, event);
                default -> { }
            }
        }

        private static void endFirst(List<Suspension> open, Event event) {
            for (Suspension suspension : open) {
                boolean isMeant = event.procedure == null || event.procedure.equals(suspension.procedure);
                if (suspension.until == ENDLESS && isMeant) {
                    suspension.until = event.at;
                    return;
                }
            }
        }

        Event first(Kind kind) {
            return first[kind.ordinal()];
        }

        long at(Kind kind) {
            return first(kind) == null ? NEVER : first(kind).at;
        }

        List<Suspension> suspensions() {
            List<Suspension> all = new ArrayList<>(corrections);
            specials.stream().filter(special -> !"extension".equals(special.procedure)).forEach(all::add);
            return all;
        }

        /** What the acceptance, the application or else the first event that says anything says. */
        String said(Function<Event, String> field) {
            String said = saidAtIntake(field);
            return said != null ? said : events.stream().map(field).filter(Objects::nonNull).findFirst().orElse(null);
        }

        String saidAtIntake(Function<Event, String> field) {
            Event accepted = first(Kind.ACCEPTED), applied = first(Kind.APPLIED);
            String said = accepted == null ? null : field.apply(accepted);
            return said != null || applied == null ? said : field.apply(applied);
        }
    }

    /** A clock of the case, read when it ended. */
    private record LimitState(Clock clock, long end) {
        boolean isLate() {
            return clock != null && clock.isLate(end);
        }

        void put(Rows rows) {
            rows.nullableDouble(clock == null ? null : clock.limitDays);
            rows.nullableTime(clock == null ? NEVER : clock.dueAt);
            rows.flag(isLate());
            rows.nullableDouble(clock == null ? null : clock.daysOver(end));
        }
    }

    void put(Case of, long asOf, Rows rows) {
        Course course = new Course(of.events, asOf);
        long appliedAt = course.at(Kind.APPLIED), decidedAt = course.at(Kind.DECIDED), deliveredAt = course.at(Kind.DELIVERED);
        long notAcceptedAt = course.at(Kind.NOT_ACCEPTED);
        Event accepted = course.first(Kind.ACCEPTED);
        long acceptedAt = isDeemedAccepted(course, asOf) ? appliedAt : course.at(Kind.ACCEPTED);
        List<Suspension> suspensions = course.suspensions();
        long caseEnd = earlier(decidedAt, course.at(Kind.CLOSED));

        String code = course.said(event -> event.item);
        long firstAt = course.events.isEmpty() ? asOf : course.events.get(0).at;
        Catalog.Item item = catalog.inForce(code, acceptedAt != NEVER ? acceptedAt : appliedAt != NEVER ? appliedAt : firstAt);
        String project = accepted == null ? null : accepted.project;

        Double elapsed = null, suspended = null;
        Clock promised = null, statutory = null;
        long clockEnd = asOf;
        if (acceptedAt != NEVER) {
            long end = caseEnd != NEVER ? caseEnd : notAcceptedAt != NEVER ? notAcceptedAt : asOf;
            clockEnd = caseEnd != NEVER ? caseEnd : accepted == null && notAcceptedAt != NEVER ? notAcceptedAt : asOf;
            promised = clock(acceptedAt, accepted == null ? NEVER : accepted.promisedDue, item == null ? null : item.promised(), suspensions);
            Limit law = item == null ? null : extended(project == null ? item.statutory() : item.statutoryJoint(), course.extension, project != null);
            statutory = clock(acceptedAt, accepted == null ? NEVER : accepted.statutoryDue, law, suspensions);
            Clock used = new Clock(time, acceptedAt, Limit.workingDays(0), suspensions);
            elapsed = used.elapsedDays(end);
            suspended = used.suspendedDays(end);
        }
        Event closing = closing(course, item, asOf);
        String status;
        if (closing != null) {
            status = "closed";
        } else if (notAcceptedAt != NEVER && accepted == null) {
            status = "not_accepted";
        } else if (acceptedAt == NEVER) {
            status = "received";
        } else {
            boolean isSuspended = decidedAt == NEVER && suspensions.stream().anyMatch(suspension -> isInForce(suspension, asOf));
            status = isSuspended ? "suspended" : "open";
        }
        String department = course.saidAtIntake(event -> event.department);
        if (department == null) {
            department = item != null ? item.department() : course.said(event -> event.department);
        }
        LimitState promise = new LimitState(promised, clockEnd), statute = new LimitState(statutory, clockEnd);

        rows.string(of.caseNo);
        rows.int64(of.offset);
        rows.nullableString(code);
        rows.nullableString(department);
        rows.nullableString(course.said(event -> event.window));
        rows.nullableString(course.said(event -> event.region));
        rows.nullableString(project);
        rows.string(status);
        rows.nullableString(closing == null ? null : closing.outcome);
        rows.nullableTime(appliedAt);
        rows.nullableTime(acceptedAt);
        rows.nullableTime(decidedAt);
        rows.nullableTime(closing == null ? NEVER : closing.at);
        rows.nullableTime(deliveredAt);
        rows.nullableDouble(elapsed);
        rows.nullableDouble(suspended);
        promise.put(rows);
        statute.put(rows);
        rows.flag(promised != null && promised.isNearlyUsedUp(clockEnd));
        rows.flag(promise.isLate());
        rows.flag(statute.isLate());
        rows.flag(course.events.isEmpty());
    }

    private Clock clock(long startedAt, long explicitDue, Limit limit, List<Suspension> suspensions) {
        Limit laid = explicitDue == NEVER ? limit : new Limit(explicitDue, Limit.Unit.UNTIL);
        return laid == null ? null : new Clock(time, startedAt, laid, suspensions);
    }

    private static long earlier(long one, long other) {
        return one == NEVER ? other : other == NEVER ? one : Math.min(one, other);
    }

    private static Limit extended(Limit limit, Event extension, boolean isJoint) {
        if (limit == null || extension == null) {
            return limit;
        }
        int most = isJoint ? EXTENSION_DAYS_JOINT : EXTENSION_DAYS;
        return limit.extended(extension.grantedDays < 0 ? most : Math.min(extension.grantedDays, most));
    }

    /** Five working days without a notice, and the case counts as accepted when it was received. */
    private boolean isDeemedAccepted(Course course, long asOf) {
        long received = course.at(Kind.APPLIED);
        if (received == NEVER) {
            return false;
        }
        long notice = asOf;
        for (Event event : course.events) {
            boolean isNotice = event.kind == Kind.ACCEPTED || event.kind == Kind.NOT_ACCEPTED || event.kind == Kind.CORRECTION_REQUESTED;
            if (isNotice && event.at >= received) {
                notice = event.at;
                break;
            }
        }
        // Most notices come within days: no clock is needed to see that.
        return notice - received > 4 * WorkingTime.MS_PER_DAY && new Clock(time, received, INTAKE, List.of()).isLate(notice);
    }

    /** Closed by its event, or at the decision once delivered or the delivery limit has passed. */
    private Event closing(Course course, Catalog.Item item, long asOf) {
        Event closed = course.first(Kind.CLOSED), decided = course.first(Kind.DECIDED);
        if (closed != null || decided == null) {
            return closed;
        }
        if (!"refused".equals(decided.outcome) && course.first(Kind.DELIVERED) == null) {
            Limit limit = item == null ? DELIVERY : item.delivery();
            if (limit == null || !new Clock(time, decided.at, limit, List.of()).isLate(asOf)) {
                return null;
            }
        }
        return decided;
    }

    private boolean isInForce(Suspension suspension, long asOf) {
        if (suspension.until != ENDLESS || suspension.grantedDays < 0) {
            return suspension.until == ENDLESS;
        }
        WorkingTime.Scale days = WorkingTime.Scale.WORKING_DAYS;
        long ends = time.instant(days, time.mark(days, suspension.from) + suspension.grantedDays * WorkingTime.DAY);
        return ends == NEVER || asOf <= ends;
    }
}
