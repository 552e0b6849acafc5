//! Times as sources write them: local, without an offset, in the format of their database.

use domain::Instant;
use jiff::{
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};

/// How a source writes times. A time with an offset is always read as it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LocalTimes {
    zone: TimeZone,
    format: Format,
}

#[derive(Debug, Clone, PartialEq)]
enum Format {
    /// Any of the usual ones.
    Usual,
    /// As `strptime` has it.
    Own(String),
    /// A number of so many milliseconds since 1970.
    Epoch { unit_ms: i64 },
}

const USUAL: [&str; 7] = [
    "%Y-%m-%d %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M",
    "%Y%m%d%H%M%S",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H:%M",
];
const USUAL_DATES: [&str; 4] = ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日"];

/// What a time without a time of day means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bare {
    /// Something happened on that day: its beginning.
    Start,
    /// Something is due on that day: its end.
    End,
}

impl LocalTimes {
    /// `format` is one of `strptime`'s, `epoch_s` or `epoch_ms`; the usual ones where it is not given.
    pub(crate) fn new(zone: &str, format: Option<&str>) -> Result<Self, String> {
        let zone = TimeZone::get(zone).map_err(|error| error.to_string())?;
        let format = match format {
            None => Format::Usual,
            Some("epoch_s") => Format::Epoch { unit_ms: 1000 },
            Some("epoch_ms") => Format::Epoch { unit_ms: 1 },
            Some(own) => {
                let probe = DateTime::constant(2018, 10, 15, 10, 0, 0, 0);
                let written = jiff::fmt::strtime::format(own, probe).map_err(|error| format!("{own:?}: {error}"))?;
                let reads_back = DateTime::strptime(own, &written).is_ok() || Date::strptime(own, &written).is_ok();
                if !reads_back {
                    return Err(format!("{own:?} says no date"));
                }
                Format::Own(own.to_owned())
            }
        };
        Ok(Self { zone, format })
    }

    /// The instant of a text without an offset; none where it is not written like that.
    pub(crate) fn read(&self, text: &str, bare: Bare) -> Option<Instant> {
        let text = text.trim();
        match &self.format {
            Format::Epoch { .. } => self.number(text.parse().ok()?),
            Format::Own(own) => {
                self.instant(DateTime::strptime(own, text).ok().or_else(|| at(bare, Date::strptime(own, text).ok()?))?)
            }
            Format::Usual if has_offset(text) => None,
            Format::Usual => {
                let date = || USUAL_DATES.iter().find_map(|format| Date::strptime(format, text).ok());
                let time = || USUAL.iter().find_map(|format| DateTime::strptime(format, text).ok());
                // A date alone also parses as a date-time, at midnight.
                let local = date().and_then(|date| at(bare, date)).or_else(time).or_else(|| text.parse().ok());
                self.instant(local?)
            }
        }
    }

    /// The time with its offset; none where it is not written like that.
    pub(crate) fn written(&self, text: &str, bare: Bare) -> Option<String> {
        Some(self.read(text, bare)?.display_in(&self.zone))
    }

    /// The instant of a number, where the source writes numbers.
    pub(crate) fn number(&self, number: i64) -> Option<Instant> {
        match self.format {
            Format::Epoch { unit_ms } => Some(Instant::from_ms(number.checked_mul(unit_ms)?)),
            Format::Usual | Format::Own(_) => None,
        }
    }

    fn instant(&self, local: DateTime) -> Option<Instant> {
        Some(Instant::from_ms(self.zone.to_timestamp(local).ok()?.as_millisecond()))
    }
}

fn at(bare: Bare, date: Date) -> Option<DateTime> {
    let time = match bare {
        Bare::Start => Time::midnight(),
        Bare::End => Time::new(23, 59, 59, 0).ok()?,
    };
    Some(date.to_datetime(time))
}

fn has_offset(text: &str) -> bool {
    let clock = text.split_once(['T', 't', ' ']).map_or("", |(_, clock)| clock);
    clock.contains(['+', '-', 'Z', 'z'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: Option<&str>, text: &str) -> Option<String> {
        let times = LocalTimes::new("Asia/Shanghai", format).unwrap();
        times.read(text, Bare::Start).map(|at| at.display_in(&TimeZone::get("Asia/Shanghai").unwrap()))
    }

    #[test]
    fn the_usual_ways_to_write_a_local_time_are_read() {
        for text in [
            "2018-10-15 10:00:00",
            "2018/10/15 10:00",
            "20181015100000",
            "2018-10-15T10:00:00.000",
            "2018年10月15日 10:00",
            "2018/10/15 10:0:0",
        ] {
            assert_eq!(read(None, text).as_deref(), Some("2018-10-15T10:00:00+08:00"), "{text}");
        }
        assert_eq!(read(None, "20181015").as_deref(), Some("2018-10-15T00:00:00+08:00"));
        for text in ["", "10:00", "2018-13-01", "2018-10-15 10:00:00+08:00", "2018-10-15T02:00:00Z", "soon"] {
            assert_eq!(read(None, text), None, "{text}");
        }
    }

    #[test]
    fn a_format_of_its_own_and_numbers_are_read() {
        assert_eq!(read(Some("%d.%m.%Y %H:%M"), "15.10.2018 10:00").as_deref(), Some("2018-10-15T10:00:00+08:00"));
        assert_eq!(read(Some("epoch_s"), "1539568800").as_deref(), Some("2018-10-15T10:00:00+08:00"));
        assert_eq!(read(Some("epoch_ms"), "1539568800000").as_deref(), Some("2018-10-15T10:00:00+08:00"));
        assert!(LocalTimes::new("Asia/Shanghai", Some("%H:%M")).is_err());
        assert!(LocalTimes::new("Asia/Nowhere", None).is_err());
    }

    #[test]
    fn a_day_on_which_something_is_due_ends_at_its_end() {
        let times = LocalTimes::new("Asia/Shanghai", None).unwrap();
        let (start, end) = (times.read("2018-10-15", Bare::Start).unwrap(), times.read("2018-10-15", Bare::End).unwrap());
        assert_eq!(end.ms() - start.ms(), 86_399_000);
    }
}
