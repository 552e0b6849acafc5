//! Where a calendar ends, where the clocks change, and when its offices are open.

use crate::common::*;
use domain::{
    calendar::DayKind,
    calendar_file::{self, CalendarError},
    *,
};

/// A calendar of 2010 to 2012 in a zone, Saturday and Sunday off.
fn calendar_in(zone: &str, more: &str) -> Result<Calendar, CalendarError> {
    Calendar::from_toml(&format!(
        "name = 'x'\ntime_zone = '{zone}'\ncovers = [2010, 2012]\noffice_hours = ['09:00-17:00']\n{more}"
    ))
}

#[test]
fn the_coverage_begins_and_ends_at_a_local_midnight() {
    let year_asked = |when: &str| china().day_of(at(when)).map(|_| ()).map_err(|uncovered| uncovered.year);
    assert_eq!(year_asked("2003-12-31T23:59:59.999+08:00"), Err(2003));
    assert_eq!(year_asked("2004-01-01T00:00:00+08:00"), Ok(()));
    assert_eq!(year_asked("2026-12-31T23:59:59.999+08:00"), Ok(()));
    assert_eq!(year_asked("2027-01-01T00:00:00+08:00"), Err(2027));
    assert_eq!(year_asked("2031-05-01T00:00:00+08:00"), Err(2031));
    assert_eq!(china().ends_at(), at("2027-01-01T00:00:00+08:00"));
    assert_eq!(china().local_date(at("2031-04-30T16:00:00Z")).to_string(), "2031-05-01", "a date needs no holidays");
}

/// Days of 23 and 25 hours: in the north those after the first change begin an hour early, in the south an hour late.
#[test]
fn a_local_day_is_told_on_either_side_of_every_midnight_also_where_clocks_change() {
    let local = |zone: &str, when: &str| calendar_in(zone, "").unwrap().local_date(at(when)).to_string();
    for (zone, day_before, first, last) in [
        ("Europe/Amsterdam", "2011-03-26T23:59:59+01:00", "2011-03-27T00:00:00+01:00", "2011-03-27T23:59:59+02:00"),
        ("Europe/Amsterdam", "2011-07-03T23:59:59+02:00", "2011-07-04T00:00:00+02:00", "2011-07-04T23:59:59+02:00"),
        ("Europe/Amsterdam", "2011-10-29T23:59:59+02:00", "2011-10-30T00:00:00+02:00", "2011-10-30T23:59:59+01:00"),
        ("Australia/Sydney", "2011-04-02T23:59:59+11:00", "2011-04-03T00:00:00+11:00", "2011-04-03T23:59:59+10:00"),
        ("Australia/Sydney", "2011-07-03T23:59:59+10:00", "2011-07-04T00:00:00+10:00", "2011-07-04T23:59:59+10:00"),
        ("Australia/Sydney", "2011-10-01T23:59:59+10:00", "2011-10-02T00:00:00+10:00", "2011-10-02T23:59:59+11:00"),
    ] {
        for when in [day_before, first, last] {
            assert_eq!(local(zone, when), when[..10], "{when} in {zone}");
        }
    }
}

#[test]
fn a_limit_may_end_on_the_last_day_covered_and_not_on_the_day_after() {
    let due = |counting: &str, when: &str, limit: &str| {
        let office = Office::new("default", limit, "none").counting(&format!("counting = \"{counting}\"\n"));
        let case = office.assess(&[accepted(when)], cn(when));
        (case.promised.unwrap().due_at.map(text), case.uncovered_year)
    };
    let ends = |when: &str| (Some(when.to_owned()), None);
    // 2026-12-31 is a Thursday; of 2027-01-01, a Friday, nobody has said yet that it is a holiday.
    assert_eq!(due("exclude_first_day", "2026-12-30 10:00", "1 working_days"), ends("2026-12-31T17:00:00+08:00"));
    assert_eq!(due("exclude_first_day", "2026-12-30 10:00", "2 working_days"), (None, Some(2027)));
    assert_eq!(due("exclude_first_day", "2026-12-30 10:00", "1 calendar_days"), ends("2026-12-31T17:00:00+08:00"));
    assert_eq!(due("exclude_first_day", "2026-12-30 10:00", "2 calendar_days"), (None, Some(2027)));
    assert_eq!(due("to_the_second", "2026-12-31 00:00", "1 working_days"), ends("2027-01-01T00:00:00+08:00"));
    assert_eq!(due("to_the_second", "2026-12-31 00:01", "1 working_days"), (None, Some(2027)));
    assert_eq!(due("office_hours", "2026-12-31 09:00", "1 working_days"), ends("2026-12-31T17:00:00+08:00"));
    assert_eq!(due("office_hours", "2026-12-31 09:01", "1 working_days"), (None, Some(2027)));
}

/// 09:00 to 12:00 and 13:30 to 17:00 are six and a half hours.
#[test]
fn office_hours_leave_out_the_lunch_break() {
    let due = |when: &str, limit: &str| {
        let office = Office::new("default", limit, "none").counting("counting = \"office_hours\"\n");
        text(office.assess(&[accepted(when)], cn(when)).promised.unwrap().due_at.unwrap())
    };
    assert_eq!(china().standard_hours().length_ms(), 390 * 60_000);
    // Monday 2018-10-15.
    assert_eq!(due("2018-10-15 10:00", "3 working_hours"), "2018-10-15T14:30:00+08:00");
    assert_eq!(due("2018-10-15 12:45", "1 working_hours"), "2018-10-15T14:30:00+08:00");
    assert_eq!(due("2018-10-15 16:00", "2 working_hours"), "2018-10-16T10:00:00+08:00");
    assert_eq!(due("2018-10-15 13:45", "1 working_days"), "2018-10-16T13:45:00+08:00");
}

#[test]
fn a_weekday_with_hours_of_its_own_closes_at_its_own_time() {
    let hours = "office_hours_of.monday = ['10:00-12:00', '13:00-20:00']\noffice_hours_of.friday = ['09:00-12:15']\n";
    let calendar = calendar_in("Asia/Shanghai", hours).unwrap();
    let office = Office::new("default", "1 working_days", "2 working_days");
    let rules = Rules { calendar: &calendar, ..office.rules() };
    let due = |when: &str| {
        let case = assess(&[accepted(when)].into_iter().collect(), &rules, cn(when)).unwrap();
        [case.promised, case.statutory].map(|state| text(state.unwrap().due_at.unwrap()))
    };
    // 2011-07-07 is a Thursday.
    assert_eq!(due("2011-07-07 10:00"), ["2011-07-08T12:15:00+08:00", "2011-07-11T20:00:00+08:00"]);
    assert_eq!(due("2011-07-11 10:00"), ["2011-07-12T17:00:00+08:00", "2011-07-13T17:00:00+08:00"]);
}

#[test]
fn office_hours_are_times_of_a_day_each_before_the_next() {
    let refused = |hours: &str| {
        let text = format!("name = 'x'\ntime_zone = 'Asia/Shanghai'\ncovers = [2010, 2012]\noffice_hours = [{hours}]\n");
        Calendar::from_toml(&text).is_err()
    };
    for hours in ["'00:00-24:00'", "'09:00-12:00', '12:00-17:59'"] {
        assert!(!refused(hours), "{hours}");
    }
    for hours in ["'09:00-09:00'", "'12:00-09:00'", "'09:00-25:00'", "'09:00-24:30'", "'09:60-17:00'", "'-1:00-17:00'", "'9-17'"]
    {
        assert!(refused(hours), "{hours}");
    }
    assert!(refused("'09:00-12:00', '11:59-17:00'"), "periods overlap");
}

#[test]
fn years_are_covered_in_order_between_1980_and_2099() {
    let refused = |covers: &str| {
        let text = format!("name = 'x'\ntime_zone = 'Asia/Shanghai'\ncovers = {covers}\noffice_hours = ['09:00-17:00']\n");
        Calendar::from_toml(&text).is_err()
    };
    for covers in ["[1980, 2099]", "[2012, 2012]"] {
        assert!(!refused(covers), "{covers}");
    }
    for covers in ["[2012, 2011]", "[1979, 2012]", "[2012, 2100]", "[1979, 2100]"] {
        assert!(refused(covers), "{covers}");
    }
}

#[test]
fn a_day_a_region_names_itself_is_what_the_region_says() {
    let county = "name = 'county'\nextends = 'cn'\ncovers = [2018, 2026]\n\
                  holidays = ['2018-09-29 台风']\nworkdays = ['2018-10-01 抢险']\n";
    let county = Calendar::from_toml(county).unwrap();
    let on = |date: &str| county.on(date.parse().unwrap());
    assert_eq!(on("2018-09-29"), Ok(DayKind::Holiday("台风")), "worked in exchange elsewhere");
    assert_eq!(on("2018-10-01"), Ok(DayKind::AdjustedWorkday("抢险")), "a holiday elsewhere");
    assert_eq!(on("2018-10-02"), Ok(DayKind::Holiday("国庆节")));
    assert!(on("2017-12-31").is_err());
}

#[test]
fn a_workday_that_is_worked_anyway_and_a_closure_of_a_day_off_are_doubtful() {
    let told = |days: &str| {
        let (_, doubts) = calendar_file::check(&format!("name = 'x'\nextends = 'cn'\n{days}\n"));
        doubts.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    // 2026-11-07 is a Saturday, 2026-11-09 a Monday.
    assert_eq!(told("workdays = ['2026-11-07 运动会']"), [""; 0]);
    assert_eq!(told("closures = ['2026-11-07..2026-11-09 搬迁']"), [""; 0]);
    for days in [
        "workdays = ['2026-11-07..2026-11-09 运动会']",
        "closures = ['2026-11-07..2026-11-08 搬迁']",
        "closures = ['2026-11-09']",
    ] {
        let told = told(days);
        assert!(told.len() == 1 && told[0].starts_with("line 3, "), "{days}: {told:?}");
    }
}

#[test]
fn where_no_day_is_worked_every_limit_lies_beyond_the_calendar() {
    let never = "weekend = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']\n";
    let calendar = calendar_in("Asia/Shanghai", never).unwrap();
    let office = Office::new("default", "1 working_days", "none");
    let rules = Rules { calendar: &calendar, ..office.rules() };
    let case = assess(&[accepted("2011-07-04 10:00")].into_iter().collect(), &rules, cn("2011-07-05 10:00")).unwrap();
    assert_eq!((case.promised.and_then(|promised| promised.due_at), case.uncovered_year), (None, Some(2013)));
}
