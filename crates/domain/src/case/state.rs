//! The states a case passes through.

use serde::{Deserialize, Serialize};

/// Where a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// 草稿: not yet registered.
    Draft,
    /// 待分类: registered without a category.
    Triage,
    /// 已登记: waits to be taken up.
    Registered,
    /// 已受理: somebody took it up.
    Accepted,
    /// 处理中: being worked on.
    InProgress,
    /// 待审核: an outcome waits for approval.
    AwaitingReview,
    /// 待回复: the approved outcome waits to be told.
    AwaitingReply,
    /// 待确认: told; waits for the customer.
    AwaitingCustomer,
    /// 已办结.
    Closed,
    /// 挂起.
    Suspended,
    /// 重开: taken up again after closing.
    Reopened,
    /// 撤诉.
    Withdrawn,
    /// 作废.
    Voided,
    /// 并案.
    Merged,
    /// 不予受理.
    Declined,
}

impl State {
    /// Every state, in the order of the process.
    pub const ALL: [Self; 15] = [
        Self::Draft,
        Self::Triage,
        Self::Registered,
        Self::Accepted,
        Self::InProgress,
        Self::AwaitingReview,
        Self::AwaitingReply,
        Self::AwaitingCustomer,
        Self::Closed,
        Self::Suspended,
        Self::Reopened,
        Self::Withdrawn,
        Self::Voided,
        Self::Merged,
        Self::Declined,
    ];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Triage => "triage",
            Self::Registered => "registered",
            Self::Accepted => "accepted",
            Self::InProgress => "in_progress",
            Self::AwaitingReview => "awaiting_review",
            Self::AwaitingReply => "awaiting_reply",
            Self::AwaitingCustomer => "awaiting_customer",
            Self::Closed => "closed",
            Self::Suspended => "suspended",
            Self::Reopened => "reopened",
            Self::Withdrawn => "withdrawn",
            Self::Voided => "voided",
            Self::Merged => "merged",
            Self::Declined => "declined",
        }
    }

    /// The state with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether somebody still has to do something.
    #[must_use]
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Closed | Self::Withdrawn | Self::Voided | Self::Merged | Self::Declined)
    }
}
