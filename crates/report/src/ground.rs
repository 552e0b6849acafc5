//! What figures rest on besides the cases: the catalogue, the calendar, the settings and the moment.

use domain::{Calendar, Catalog, FigureSettings, Instant};
use jiff::civil::Date;
use store::{FigureQuery, GroupBy, Narrowing, Reader};

use crate::Month;

/// The store, and what is computed beside its queries because it is in no table.
pub struct Ground<'a> {
    /// The cases.
    pub reader: &'a Reader,
    /// The items.
    pub catalog: &'a Catalog,
    /// The working days and the time zone.
    pub calendar: &'a Calendar,
    /// What figures are judged by.
    pub settings: &'a FigureSettings,
    /// How time is counted: profile, counting, suspension and calendar; said beside every figure.
    pub variant: String,
    /// The moment.
    pub now: Instant,
}

impl Ground<'_> {
    /// The day whose catalogue a period is judged by: its last one, today where it has not ended.
    pub fn catalog_day(&self, query: &FigureQuery) -> Date {
        self.calendar.local_date(self.now.min(query.to.plus_ms(-1)))
    }

    /// From when to when a query looks, in local time.
    pub fn bounds(&self, query: &FigureQuery) -> (String, String) {
        (self.local(query.from), self.local(query.to))
    }

    /// An instant in local time.
    pub(crate) fn local(&self, at: Instant) -> String {
        at.display_in(self.calendar.zone())
    }

    /// A query over a span.
    pub(crate) fn between(&self, from: Instant, to: Instant, group_by: GroupBy) -> FigureQuery {
        FigureQuery { from, to, group_by, zone: self.calendar.zone().iana_name().unwrap_or("UTC").to_owned() }
    }

    /// A query over a month.
    pub(crate) fn month(&self, month: Month, group_by: GroupBy) -> FigureQuery {
        let zone = self.calendar.zone();
        self.between(month.start(zone), month.plus(1).start(zone), group_by)
    }

    /// All cases, with what makes one suspicious.
    pub(crate) fn all_cases(&self) -> Narrowing {
        Narrowing { suspicion: self.settings.into(), ..Narrowing::default() }
    }
}
