//! Steps of an order, as the log records them.

use super::{Limit, OrderKind};
use crate::case::Owner;
use crate::free_text::FreeText;
use crate::ids::UserId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A limit with the rule of the case that set it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByRule {
    /// Which limit.
    pub limit: Limit,
    /// The `[[order_limit]]` of a pack.
    pub rule: String,
}

/// A step of an order, as the log records it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum OrderStep {
    /// It was written; unless it waits for approval, it went out.
    Sent {
        /// What for.
        kind: OrderKind,
        /// To whom.
        to: Owner,
        /// The absent person it was meant for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        instead_of: Option<UserId>,
        /// What is asked.
        task: FreeText,
        /// What was already done and found.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pre_treatment: Option<FreeText>,
        /// To be taken up by.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accept_by: Option<Timestamp>,
        /// To be answered by; a copy has no such limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_by: Option<Timestamp>,
        /// Of a visit: the customer is called and the visit agreed by.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        contact_by: Option<Timestamp>,
        /// Limits that rules of the case set; the others were asked for, or are the case's own.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        by_rule: Vec<ByRule>,
        /// The order it is a part of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        part_of: Option<u32>,
        /// Whether it waits for approval first.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        proposed: bool,
        /// Whether it goes out on a ruling about whose case it is, and so cannot be refused.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        ruled: bool,
    },
    /// Somebody of the unit took it up.
    Accepted {},
    /// The unit says that it is not its business.
    Refused {
        /// One of [`refuse_order::REASONS`].
        ground: String,
        /// In words, with where it belongs.
        reason: FreeText,
    },
    /// The unit sends it back: what should have been done before was not.
    Returned {
        /// What is lacking.
        reason: FreeText,
    },
    /// The unit gave it to another.
    HandedOver {
        /// To whom.
        to: Owner,
        /// The absent person it was meant for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        instead_of: Option<UserId>,
        /// Why.
        reason: FreeText,
    },
    /// The unit said how far it is.
    Reported {
        /// How far.
        text: FreeText,
    },
    /// The unit answered.
    Answered {
        /// What was found and done.
        result: FreeText,
    },
    /// The answer was not enough; the order is open again.
    Bounced {
        /// What is lacking.
        reason: FreeText,
        /// To be answered by, from now on.
        reply_by: Timestamp,
        /// The rule of the case that set it, where one did.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        by_rule: Vec<ByRule>,
    },
    /// Somebody pressed for it.
    Urged {
        /// In words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<FreeText>,
    },
    /// The unit asked for more time.
    ExtensionAsked {
        /// Until when.
        reply_by: Timestamp,
        /// Why.
        reason: FreeText,
    },
    /// That was decided about.
    ExtensionDecided {
        /// Whether it was granted.
        granted: bool,
        /// In words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remark: Option<FreeText>,
    },
    /// A supervision order, or its answer, was decided about.
    Approved {
        /// Whether it was approved.
        approved: bool,
        /// In words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remark: Option<FreeText>,
        /// To be taken up by, counted from now, where it goes out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accept_by: Option<Timestamp>,
        /// To be answered by, counted from now, where it goes out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_by: Option<Timestamp>,
    },
    /// The limit of its case came forward, and its own with it.
    Tightened {
        /// To be answered by, and taken up at the latest.
        reply_by: Timestamp,
    },
    /// It was taken back.
    Cancelled {
        /// Why.
        reason: FreeText,
    },
    /// A visit was agreed with the customer; the one agreed before no longer holds.
    VisitBooked {
        /// From when.
        from: Timestamp,
        /// To when.
        to: Timestamp,
        /// Whoever comes later than this comes too late.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        arrive_by: Option<Timestamp>,
        /// Nobody came who was not recorded, or had answered, by this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        missed_after: Option<Timestamp>,
        /// Limits that rules of the case set.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        by_rule: Vec<ByRule>,
    },
    /// Whoever was to come came.
    Arrived {
        /// When.
        at: Timestamp,
    },
    /// Nobody came in the time agreed.
    VisitMissed {},
    /// A limit passed.
    Late {
        /// Which.
        limit: Limit,
    },
}

impl OrderStep {
    /// Every free text in this step, with a stable name for its place.
    pub fn texts(&mut self) -> Vec<(&'static str, &mut FreeText)> {
        match self {
            Self::Sent { task, pre_treatment, .. } => {
                let before = pre_treatment.as_mut().map(|text| ("pre_treatment", text));
                std::iter::once(("task", task)).chain(before).collect()
            }
            Self::Refused { reason, .. }
            | Self::Returned { reason }
            | Self::HandedOver { reason, .. }
            | Self::Bounced { reason, .. }
            | Self::ExtensionAsked { reason, .. }
            | Self::Cancelled { reason } => vec![("reason", reason)],
            Self::Reported { text } => vec![("text", text)],
            Self::Answered { result } => vec![("result", result)],
            Self::Urged { text } => text.as_mut().map(|text| ("text", text)).into_iter().collect(),
            Self::ExtensionDecided { remark, .. } | Self::Approved { remark, .. } => {
                remark.as_mut().map(|text| ("remark", text)).into_iter().collect()
            }
            Self::Accepted {}
            | Self::Tightened { .. }
            | Self::VisitBooked { .. }
            | Self::Arrived { .. }
            | Self::VisitMissed {}
            | Self::Late { .. } => Vec::new(),
        }
    }
}
