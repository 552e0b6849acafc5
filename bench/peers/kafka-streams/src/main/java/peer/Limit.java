package peer;

import java.time.LocalDate;
import java.time.temporal.ChronoUnit;

/** A limit of the catalogue, or an explicit due time where the unit is none. */
record Limit(long amount, Unit unit) {
    enum Unit { WORKING_DAYS, CALENDAR_DAYS, WORKING_HOURS, MONTHS, YEARS, UNTIL }

    static Limit workingDays(long amount) {
        return new Limit(amount, Unit.WORKING_DAYS);
    }

    /** `20 working_days`, `none`; the default where nothing is stated. */
    static Limit parse(String text, Limit otherwise) {
        if (text == null || text.equals("none")) {
            return text == null ? otherwise : null;
        }
        String[] parts = text.split(" ");
        return new Limit(Long.parseLong(parts[0]), Unit.valueOf(parts[1].toUpperCase()));
    }

    Limit extended(long days) {
        return unit == Unit.WORKING_DAYS || unit == Unit.CALENDAR_DAYS ? new Limit(amount + days, unit) : this;
    }

    WorkingTime.Scale scale() {
        return switch (unit) {
            case WORKING_DAYS, UNTIL -> WorkingTime.Scale.WORKING_DAYS;
            case WORKING_HOURS -> WorkingTime.Scale.OFFICE_HOURS;
            default -> WorkingTime.Scale.CALENDAR_DAYS;
        };
    }

    long length(long startedAt) {
        LocalDate first = WorkingTime.date(startedAt);
        return switch (unit) {
            case WORKING_HOURS -> amount * 3_600_000;
            case MONTHS -> ChronoUnit.DAYS.between(first, first.plusMonths(amount)) * WorkingTime.DAY;
            case YEARS -> ChronoUnit.DAYS.between(first, first.plusYears(amount)) * WorkingTime.DAY;
            default -> amount * WorkingTime.DAY;
        };
    }
}
