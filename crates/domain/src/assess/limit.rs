//! Where a limit comes from.

use jiff::civil::Date;

use crate::event::coded;

coded! {
    /// What names a limit.
    LimitOrigin {
        /// The promise of the catalogue (承诺时限).
        CatalogPromise = "catalog_promise",
        /// The statutory limit of the catalogue (法定时限).
        CatalogStatutory = "catalog_statutory",
        /// The catalogue's limit for a step.
        CatalogStep = "catalog_step",
        /// The catalogue's limit for handing over the certificate.
        CatalogDelivery = "catalog_delivery",
        /// A due time that the source system reported; it beats every computed one.
        ReportedDue = "reported_due",
        /// 行政许可法 art. 32: five days to accept, refuse or ask for correction.
        LawIntake = "law_art_32",
        /// Art. 42: twenty days where the catalogue says nothing.
        LawDecision = "law_art_42",
        /// Arts. 26 and 42: forty-five days for joint handling where the catalogue says nothing.
        LawJoint = "law_art_42_joint",
        /// Art. 44: ten days to hand the certificate over.
        LawDelivery = "law_art_44",
        /// The days granted to a special procedure (art. 45).
        Granted = "granted",
        /// The limit that an intermediary has published.
        PartyPublished = "party_published",
        /// The day for which a deferred material was promised.
        DeferredUntil = "deferred_until",
        /// What is usual for bad ratings: fifteen days.
        RatingUsage = "rating_usage",
        /// What Sundial sets for complaints: five days.
        ComplaintUsage = "complaint_usage",
    }
}

/// Where the limit of a clock comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitSource {
    /// What names it.
    pub origin: LimitOrigin,
    /// First day of the version of the catalogue that names it.
    pub valid_from: Option<Date>,
    /// Of the limit, the days by which it was extended (art. 42).
    pub extended_by: u32,
    /// Whether special procedures and corrections leave time out.
    pub can_be_suspended: bool,
}

impl LimitSource {
    /// A source outside the catalogue, of a clock that never stands still.
    pub(crate) const fn of(origin: LimitOrigin) -> Self {
        Self { origin, valid_from: None, extended_by: 0, can_be_suspended: false }
    }

    pub(crate) const fn since(self, valid_from: Option<Date>) -> Self {
        Self { valid_from, ..self }
    }

    pub(crate) const fn suspendable(self) -> Self {
        Self { can_be_suspended: true, ..self }
    }
}
