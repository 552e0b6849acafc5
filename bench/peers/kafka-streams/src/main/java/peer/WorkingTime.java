package peer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import java.io.File;
import java.io.IOException;
import java.time.DayOfWeek;
import java.time.LocalDate;
import java.util.HashSet;
import java.util.Set;

/**
 * The calendar as prefix sums. A position is office milliseconds that count, a day {@link #DAY} of them. Counting is
 * `exclude_first_day`: a clock of days starts at the close of its first day and is due at the close of the N-th after it.
 */
final class WorkingTime {
    static final long MS_PER_DAY = 86_400_000;
    private static final long UTC_OFFSET = 8 * 3_600_000L; // Asia/Shanghai, without summer time since 1991
    private static final long OPEN = 9 * 3_600_000L, MORNING = 3 * 3_600_000L;
    private static final long AFTERNOON_OPEN = 27 * 1_800_000L, AFTERNOON = 7 * 1_800_000L;
    static final long DAY = MORNING + AFTERNOON;
    static final long ENDLESS = Long.MAX_VALUE;
    static final long NEVER = Long.MIN_VALUE;

    /** What counts, and whether whole days of it do. */
    enum Scale { WORKING_DAYS, CALENDAR_DAYS, OFFICE_HOURS }

    private final long firstDay;
    private final boolean[] working;
    private final int[] workingBefore;
    private final int[] workingDays;

    WorkingTime(File file) throws IOException {
        JsonNode parts = new TomlMapper().readTree(file);
        Set<LocalDate> holidays = days(parts.get("holidays")), workdays = days(parts.get("workdays"));
        LocalDate first = LocalDate.of(parts.get("covers").get(0).asInt(), 1, 1);
        LocalDate end = LocalDate.of(parts.get("covers").get(1).asInt() + 1, 1, 1);
        firstDay = first.toEpochDay();
        int count = (int) (end.toEpochDay() - firstDay);
        working = new boolean[count];
        workingBefore = new int[count + 1];
        int[] days = new int[count];
        for (int day = 0; day < count; day++) {
            LocalDate date = first.plusDays(day);
            boolean isWeekend = date.getDayOfWeek() == DayOfWeek.SATURDAY || date.getDayOfWeek() == DayOfWeek.SUNDAY;
            working[day] = workdays.contains(date) || (!isWeekend && !holidays.contains(date));
            if (working[day]) {
                days[workingBefore[day]] = day;
            }
            workingBefore[day + 1] = workingBefore[day] + (working[day] ? 1 : 0);
        }
        workingDays = java.util.Arrays.copyOf(days, workingBefore[count]);
    }

    private static Set<LocalDate> days(JsonNode entries) {
        Set<LocalDate> days = new HashSet<>();
        for (JsonNode entry : entries) {
            String[] ends = entry.asText().split(" ")[0].split("\\.\\.");
            LocalDate last = LocalDate.parse(ends[ends.length - 1]);
            for (LocalDate day = LocalDate.parse(ends[0]); !day.isAfter(last); day = day.plusDays(1)) {
                days.add(day);
            }
        }
        return days;
    }

    static LocalDate date(long at) {
        return LocalDate.ofEpochDay(Math.floorDiv(at + UTC_OFFSET, MS_PER_DAY));
    }

    int day(long at) {
        return (int) (Math.floorDiv(at + UTC_OFFSET, MS_PER_DAY) - firstDay);
    }

    boolean isWorking(int day) {
        return working[day];
    }

    private long before(Scale scale, int day) {
        return scale == Scale.CALENDAR_DAYS ? day : workingBefore[day];
    }

    long position(Scale scale, long at) {
        int day = day(at);
        long whole = before(scale, day) * DAY;
        return before(scale, day + 1) > before(scale, day) ? whole + officePassed(at) : whole;
    }

    /** Where a clock or a suspension begins or ends: the end of the day where days are counted. */
    long mark(Scale scale, long at) {
        return scale == Scale.OFFICE_HOURS ? position(scale, at) : before(scale, day(at) + 1) * DAY;
    }

    /** When a position is reached; NEVER beyond the calendar. */
    long instant(Scale scale, long position) {
        long number = Math.floorDiv(position - 1, DAY), passed = Math.floorMod(position - 1, DAY) + 1;
        if (number >= (scale == Scale.CALENDAR_DAYS ? working.length : workingDays.length)) {
            return NEVER;
        }
        return atTime(scale == Scale.CALENDAR_DAYS ? (int) number : workingDays[(int) number], passed);
    }

    /** The close of business of the first working day from a day on; NEVER beyond the calendar. */
    long closeFrom(int day) {
        int number = workingBefore[day];
        return number < workingDays.length ? atTime(workingDays[number], DAY) : NEVER;
    }

    private long atTime(int day, long passed) {
        long local = passed <= MORNING ? OPEN + passed : AFTERNOON_OPEN + passed - MORNING;
        return (day + firstDay) * MS_PER_DAY - UTC_OFFSET + local;
    }

    private static long officePassed(long at) {
        long local = Math.floorMod(at + UTC_OFFSET, MS_PER_DAY);
        return Math.min(Math.max(local - OPEN, 0), MORNING) + Math.min(Math.max(local - AFTERNOON_OPEN, 0), AFTERNOON);
    }
}
