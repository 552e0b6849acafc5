//! Positions and instants: each the inverse of the other.

use crate::common::*;
use domain::{
    calendar::DAY_MS,
    counting::{Axis, Counting, Scale},
};

/// Ten on the morning of Monday, 2018-10-15, and what is left of it.
const MORNING: &str = "2018-10-15 10:00";

fn scale(axis: Axis) -> Scale<'static> {
    Scale::new(china(), axis, Counting::ExcludeFirstDay)
}

#[test]
fn an_instant_is_the_first_at_which_its_position_is_reached() {
    for axis in [Axis::WorkingDays, Axis::CalendarDays, Axis::WorkingSeconds, Axis::AllSeconds, Axis::OfficeHours] {
        let scale = scale(axis);
        let morning = scale.position(cn(MORNING)).unwrap();
        // Around an instant in the morning, and where half of a day is used up exactly.
        let half = morning.div_euclid(DAY_MS) * DAY_MS + DAY_MS / 2;
        for position in (morning - 12..morning + 12).chain([half]) {
            let at = scale.instant(position).unwrap();
            assert!(scale.position(at).unwrap() >= position, "{axis:?} {position}: {}", text(at));
            assert!(scale.position(at.plus_ms(-1)).unwrap() < position, "{axis:?} {position}: {}", text(at));
        }
    }
}

#[test]
fn a_day_is_used_up_at_its_close_and_half_of_it_at_half_of_its_office_hours() {
    let scale = scale(Axis::WorkingDays);
    let before = scale.position(cn("2018-10-15 08:00")).unwrap();
    // 9:00 to 12:00 and 13:30 to 17:00.
    for (share, expected) in [(1, "2018-10-15 13:45"), (2, "2018-10-15 17:00"), (3, "2018-10-16 13:45")] {
        assert_eq!(text(scale.instant(before + share * DAY_MS / 2).unwrap()), text(cn(expected)));
    }
}

#[test]
fn seconds_of_all_days_reach_to_the_end_of_the_calendar_and_not_beyond_either_end() {
    let scale = scale(Axis::AllSeconds);
    let end = china().ends_at();
    assert_eq!(scale.instant(end.ms()).unwrap(), end);
    assert!(scale.instant(end.ms() + 1).is_err());
    assert!(scale.instant(cn("1985-01-01 00:00").ms()).is_err());
}
