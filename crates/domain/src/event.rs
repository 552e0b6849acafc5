//! Approval-step events: what an approval system reports.
//!
//! Field names follow GB/T 39046-2020 (政务服务平台基础数据规范, §6.4 and §6.8).

use serde::{Deserialize, Serialize};

use crate::{Instant, Text};

/// One reported event in one revision.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Unique within `source`; both together tell re-reports from new events.
    pub event_id: Text,
    /// The reporting system.
    pub source: Text,
    /// The highest revision of an event wins.
    pub revision: u32,
    /// This revision withdraws the event.
    pub retracted: bool,
    /// A fingerprint of the message: decides between two different reports of one revision, so that
    /// the order of arrival never does.
    pub digest: u32,
    /// The case it belongs to.
    pub case_no: Text,
    /// Item code in the catalogue.
    pub item: Option<Text>,
    /// When it happened.
    pub occurred_at: Instant,
    /// When the source system wrote it down.
    pub recorded_at: Option<Instant>,
    /// GB/T 2260 code.
    pub region: Option<Text>,
    /// Department that acted.
    pub department: Option<Text>,
    /// Window that acted.
    pub window: Option<Text>,
    /// Person that acted (a staff code; never an applicant).
    pub handler: Option<Text>,
    /// In which role the handler acted.
    pub role: Option<Role>,
    /// Where it was done.
    pub place: Option<Place>,
    /// What happened.
    pub kind: Kind,
}

impl Event {
    /// Whether this report replaces `other`, a report of the same event.
    pub fn supersedes(&self, other: &Event) -> bool {
        self.version() > other.version()
    }

    /// Orders the reports of one event: by revision, then by fingerprint.
    pub fn version(&self) -> u64 {
        (u64::from(self.revision) << 32) | u64::from(self.digest)
    }
}

/// What happened, with the fields of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are those of the event table, documented there")]
pub enum Kind {
    /// 收件: the application came in.
    Applied { channel: Option<Text> },
    /// 受理: the case clocks start.
    Accepted(Box<Acceptance>),
    /// 不予受理.
    NotAccepted,
    /// 补正告知: the applicant is asked, once, for what is missing.
    CorrectionRequested,
    /// 补正完成.
    Corrected,
    /// Deferred materials were handed in.
    MaterialsSupplied { materials: Vec<Text> },
    /// 环节开始.
    StepStarted { step: Text },
    /// 环节结束.
    StepCompleted { step: Text, result: Option<StepResult> },
    /// 特别程序开始.
    SpecialStarted(Box<SpecialStart>),
    /// 特别程序结束.
    SpecialEnded { procedure: Option<Procedure> },
    /// 作出决定. Of the reason only whether one was given is kept (行政许可法 art. 38): it is free text.
    Decided { outcome: Decision, reasoned: bool },
    /// 办结.
    Closed { outcome: Outcome },
    /// 制证.
    Issued,
    /// 送达.
    Delivered,
    /// 收费, in fen.
    FeeCharged { amount_fen: u64 },
    /// 评价: 1 (very satisfied) to 5 (very dissatisfied).
    Rated { score: u8 },
    /// 差评整改.
    RatingRectified,
    /// 投诉.
    Complained,
    /// 投诉办结.
    ComplaintResolved,
}

impl Kind {
    /// The name on the topic.
    pub const fn name(&self) -> &'static str {
        match self {
            Kind::Applied { .. } => "applied",
            Kind::Accepted(_) => "accepted",
            Kind::NotAccepted => "not_accepted",
            Kind::CorrectionRequested => "correction_requested",
            Kind::Corrected => "corrected",
            Kind::MaterialsSupplied { .. } => "materials_supplied",
            Kind::StepStarted { .. } => "step_started",
            Kind::StepCompleted { .. } => "step_completed",
            Kind::SpecialStarted(_) => "special_started",
            Kind::SpecialEnded { .. } => "special_ended",
            Kind::Decided { .. } => "decided",
            Kind::Closed { .. } => "closed",
            Kind::Issued => "issued",
            Kind::Delivered => "delivered",
            Kind::FeeCharged { .. } => "fee_charged",
            Kind::Rated { .. } => "rated",
            Kind::RatingRectified => "rating_rectified",
            Kind::Complained => "complained",
            Kind::ComplaintResolved => "complaint_resolved",
        }
    }

    /// The place of this kind in the natural course of a case. Sources that know only the date
    /// report a whole day at one instant; within it this order is the one that can be true.
    pub(crate) const fn course(&self) -> u8 {
        match self {
            Kind::Applied { .. } => 0,
            Kind::CorrectionRequested => 1,
            Kind::Corrected => 2,
            Kind::Accepted(_) => 3,
            Kind::NotAccepted => 4,
            Kind::MaterialsSupplied { .. } => 5,
            Kind::FeeCharged { .. } => 6,
            Kind::StepStarted { .. } => 7,
            Kind::SpecialStarted(_) => 8,
            Kind::SpecialEnded { .. } => 9,
            Kind::StepCompleted { .. } => 10,
            Kind::Decided { .. } => 11,
            Kind::Issued => 12,
            Kind::Delivered => 13,
            Kind::Closed { .. } => 14,
            Kind::Rated { .. } => 15,
            Kind::RatingRectified => 16,
            Kind::Complained => 17,
            Kind::ComplaintResolved => 18,
        }
    }
}

/// The own fields of `accepted`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Acceptance {
    /// Immediate (即办件) or committed (承诺件), as declared by the source.
    pub form: Option<Form>,
    /// Explicit due time of the promise; beats the computed one.
    pub promised_due_at: Option<Instant>,
    /// Explicit statutory due time; beats the computed one.
    pub statutory_due_at: Option<Instant>,
    /// Joint approval this case belongs to.
    pub project: Option<Text>,
    /// 绿色通道.
    pub green_channel: bool,
    /// 重点项目.
    pub key_project: bool,
    /// 容缺后补.
    pub deferred_materials: Vec<DeferredMaterial>,
}

/// A paper promised by a date.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeferredMaterial {
    /// What is missing.
    pub name: Text,
    /// When it is due.
    pub due_at: Instant,
}

/// The own fields of `special_started`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpecialStart {
    /// Which procedure.
    pub procedure: Procedure,
    /// Days granted to it, in working days.
    pub granted_days: Option<u32>,
    /// The applicant was told in writing (行政许可法 art. 45).
    pub written_notice: Option<bool>,
    /// The intermediary, where it is one's work.
    pub party: Option<Text>,
}

macro_rules! coded {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// All values, in the order of their definition.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The code used in events, configuration and tables.
            pub const fn code(self) -> &'static str {
                match self { $($name::$variant => $code),+ }
            }

            /// The value with this code.
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some($name::$variant),)+ _ => None }
            }
        }
    };
}
pub(crate) use coded;

coded! {
    /// GB/T 39046 A.6: how an item is handled.
    Form {
        /// 即办件: decided on the spot.
        Immediate = "immediate",
        /// 承诺件: decided within the promised limit.
        Committed = "committed",
    }
}
coded! {
    /// In which role a handler acted.
    Role {
        /// 窗口人员.
        Window = "window",
        /// 业务科室.
        Section = "section",
        /// 首席代表.
        ChiefRepresentative = "chief_representative",
        /// 领导.
        Leader = "leader",
        /// The system itself.
        System = "system",
    }
}
coded! {
    /// Where something was done.
    Place {
        /// 政务服务中心.
        Hall = "hall",
        /// The department's own office.
        Office = "office",
        /// 网上.
        Online = "online",
        /// 便民服务中心.
        Township = "township",
        /// 自助终端.
        SelfService = "self_service",
    }
}
impl Place {
    /// Whether it is the hall or one of its branches: a township's counter, the network and a terminal are.
    pub const fn is_hall(self) -> bool {
        !matches!(self, Place::Office)
    }
}

coded! {
    /// How a step ended.
    StepResult {
        /// 通过.
        Passed = "passed",
        /// 退回.
        Returned = "returned",
        /// Anything else.
        Other = "other",
    }
}
coded! {
    /// Special procedures (行政许可法 art. 45; 湖南省政务服务 special procedures).
    Procedure {
        /// 听证.
        Hearing = "hearing",
        /// 招标.
        Tender = "tender",
        /// 拍卖.
        Auction = "auction",
        /// 检验.
        Inspection = "inspection",
        /// 检测.
        Testing = "testing",
        /// 检疫.
        Quarantine = "quarantine",
        /// 鉴定.
        Appraisal = "appraisal",
        /// 专家评审.
        ExpertReview = "expert_review",
        /// 公示.
        Publicity = "publicity",
        /// 延期 (art. 42): lengthens the statutory limit and suspends nothing.
        Extension = "extension",
        /// Work of an intermediary or another department.
        External = "external",
        /// 其他.
        Other = "other",
    }
}
coded! {
    /// What was decided.
    Decision {
        /// 准予.
        Granted = "granted",
        /// 不予.
        Refused = "refused",
    }
}
coded! {
    /// How a case ended.
    Outcome {
        /// 准予.
        Granted = "granted",
        /// 不予.
        Refused = "refused",
        /// 撤回.
        Withdrawn = "withdrawn",
        /// 退件.
        Returned = "returned",
        /// 作废.
        Voided = "voided",
        /// 转报.
        Forwarded = "forwarded",
    }
}

impl From<Decision> for Outcome {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Granted => Outcome::Granted,
            Decision::Refused => Outcome::Refused,
        }
    }
}

impl Outcome {
    /// Whether the outcome is a decision: only those enter the time figures.
    pub const fn is_decision(self) -> bool {
        matches!(self, Outcome::Granted | Outcome::Refused)
    }
}
