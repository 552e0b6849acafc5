//! Points in time: which are taken, and how they are written.

use crate::common::*;
use domain::{instant::InstantError, *};
use jiff::tz::TimeZone;

#[test]
fn years_from_1980_to_2099_are_taken_to_the_millisecond() {
    for taken in ["1980-01-01T00:00:00Z", "2099-12-31T23:59:59.999Z", "2100-01-01T07:59:59.999+08:00"] {
        assert!(Instant::parse(taken).is_ok(), "{taken}");
    }
    for absurd in ["1979-12-31T23:59:59.999Z", "2100-01-01T00:00:00Z", "1980-01-01T07:59:59+08:00"] {
        assert_eq!(Instant::parse(absurd), Err(InstantError::Absurd(absurd.to_owned())));
    }
    assert_eq!(at("2018-10-15T10:00:00.123999+08:00").ms(), 1_539_568_800_123, "finer fractions are cut off");
}

#[test]
fn what_has_no_offset_or_more_than_one_is_refused_and_no_message_is_longer_than_forty_characters() {
    for text in ["2018-10-15T10:00:00", "2018-10-15", "2018-10-15T10:00:00+08:00[Asia/Shanghai]", "2018-10-15T10:00:00Z[UTC]", ""]
    {
        assert_eq!(Instant::parse(text), Err(InstantError::NotRfc3339(text.to_owned())));
    }
    // Forms that nobody writes but the parser knows, up to forty characters.
    assert_eq!(Instant::parse("+002018-10-15T10:00:00.12345678+08:00:00").map(Instant::ms), Ok(1_539_568_800_123));
    assert!(Instant::parse("+002018-10-15T10:00:00.123456789+08:00:00").is_err());
    assert_eq!(Instant::parse(&"甲".repeat(1000)), Err(InstantError::NotRfc3339("甲".repeat(40))));
}

#[test]
fn an_instant_is_written_with_the_offset_of_its_zone_and_milliseconds_where_it_has_any() {
    let written = |zone: &str, text: &str| at(text).display_in(&TimeZone::get(zone).unwrap());
    assert_eq!(written("Asia/Shanghai", "2018-10-15T02:00:00Z"), "2018-10-15T10:00:00+08:00");
    assert_eq!(written("Asia/Kathmandu", "2018-10-15T02:00:00.005Z"), "2018-10-15T07:45:00.005+05:45");
    assert_eq!(written("America/St_Johns", "2018-12-15T02:03:04.5Z"), "2018-12-14T22:33:04.500-03:30");
    assert_eq!(written("UTC", "2018-10-15T02:00:00Z"), "2018-10-15T02:00:00+00:00");
    assert_eq!(Instant::from_ms(i64::MAX).display_in(&TimeZone::UTC), format!("{} ms", i64::MAX));
    assert_eq!(format!("{:?}", at("2018-10-15T10:00:00+08:00")), "2018-10-15T02:00:00+00:00");
}
