//! Remedies (补救措施): what the customer gets, as one list. Refund, credit and compensation are money; an apology and a
//! repair are not, and their sum is nothing. Compensation a rule counts stands in the same list
//! ([`super::compensation`]).

use super::compensation::{Compensation, Standing};
use super::{Case, Context};
use crate::actor::ActorId;
use crate::fault::Fault;
use crate::free_text::FreeText;
use crate::money::Money;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 退费: money that was taken wrongly goes back.
    Refund,
    /// 抵扣: money off a later bill.
    Credit,
    /// 补偿: money for the trouble.
    #[default]
    Compensation,
    /// 致歉.
    Apology,
    /// 修复: something is put right.
    Repair,
}

impl Kind {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Refund, Self::Credit, Self::Compensation, Self::Apology, Self::Repair];
    /// Their codes.
    pub const CODES: &'static [&'static str] = &["refund", "credit", "compensation", "apology", "repair"];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Refund => "refund",
            Self::Credit => "credit",
            Self::Compensation => "compensation",
            Self::Apology => "apology",
            Self::Repair => "repair",
        }
    }

    /// Whether it is a sum of money.
    #[must_use]
    pub fn is_money(self) -> bool {
        !matches!(self, Self::Apology | Self::Repair)
    }

    /// Whether entries of before, which knew only this kind, leave it out.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        *self == Self::Compensation
    }
}

/// ISO 4217 for no currency: the sum of what is no money.
pub const NO_CURRENCY: &str = "XXX";

/// The sum of what is no money.
#[must_use]
pub fn nothing() -> Money {
    Money::of(0, NO_CURRENCY)
}

/// Who gives money back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// 客户: what was given first was not due.
    Customer,
    /// 合作方: a partner caused the trouble.
    Partner,
}

impl From {
    /// Their codes.
    pub const CODES: &'static [&'static str] = &["customer", "partner"];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Partner => "partner",
        }
    }
}

/// How a recovery ended.
pub const ENDS: &[&str] = &["recovered", "written_off"];

/// Money that is to come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// How much.
    pub sum: Money,
    /// From whom.
    pub from: From,
    /// Which partner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<FreeText>,
}

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// What is claimed.
    pub claim: Claim,
    /// How it ended, when, and the number of the voucher; none while it is open.
    pub ended: Option<(String, Timestamp, Option<String>)>,
}

/// What verifying a remedy that was given first came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Whether the customer was right.
    pub justified: bool,
    /// What was found.
    pub finding: FreeText,
    /// By whom.
    pub by: ActorId,
    /// When.
    pub at: Timestamp,
}

/// Remedies in similar cases: those of the same category, and of the same cause once it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Similar {
    /// How many were looked at.
    pub count: u32,
    /// The sum in the middle.
    pub median: Money,
    /// The lowest.
    pub low: Money,
    /// The highest.
    pub high: Money,
    /// Whether those of the same cause alone were looked at.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub same_cause: bool,
}

/// With fewer of them nothing is said to be usual. [P]: a proposal of this product.
pub const FEWEST: u32 = 5;

impl Similar {
    /// What sums, in hundredths, come to; nothing without any.
    #[must_use]
    pub fn of(mut sums: Vec<i64>, currency: &str, same_cause: bool) -> Option<Self> {
        sums.sort_unstable();
        let median = *sums.get(sums.len().saturating_sub(1) / 2)?;
        let money = |hundredths: &i64| Money::of(*hundredths, currency);
        Some(Self {
            count: u32::try_from(sums.len()).unwrap_or(u32::MAX),
            median: money(&median),
            low: money(sums.first()?),
            high: money(sums.last()?),
            same_cause,
        })
    }

    /// Whether a sum is less than half or more than twice what is usual, of enough cases to say so. [P]: a proposal of
    /// this product; it asks for a reason and forbids nothing.
    #[must_use]
    pub fn is_far(&self, sum: &Money) -> bool {
        let (median, sum) = (self.median.minor_units(), sum.minor_units());
        self.count >= FEWEST && (sum.saturating_mul(2) < median || sum > median.saturating_mul(2))
    }
}

/// What keeps a case from being closed: money that was given first and nobody has verified.
pub(super) fn missing(case: &Case) -> impl Iterator<Item = Fault> {
    let open = case.compensations.iter().filter(|one| one.awaits_verification());
    open.map(|one| Fault::new("compensation", "gate_verification").with("compensation", one.id))
}

/// Whether somebody's own authority covers a sum; what is no money needs none.
pub(super) fn covered(sum: &Money, ctx: &Context<'_>) -> bool {
    sum.minor_units() == 0 || super::compensation::authority(&sum.currency, ctx).covers(sum.minor_units())
}

impl Compensation {
    /// Whether it was given before the facts were known, and they still have to be found out.
    #[must_use]
    pub fn awaits_verification(&self) -> bool {
        let given = !matches!(self.standing, Standing::Proposed | Standing::Refused);
        self.first && given && self.verified.is_none()
    }

    /// Whether it is money that was agreed upon and neither paid nor on its way.
    #[must_use]
    pub fn can_be_sent(&self) -> bool {
        self.kind.is_money() && matches!(self.standing, Standing::Approved | Standing::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_usual() {
        assert_eq!(Similar::of(Vec::new(), "CNY", false), None);
        let found = Similar::of(vec![500, 100, 300, 200, 400], "CNY", true).unwrap();
        let hundredths = [&found.low, &found.median, &found.high].map(Money::minor_units);
        assert_eq!((found.count, hundredths), (5, [100, 300, 500]));
        let far = |sum: i64| found.is_far(&Money::of(sum, "CNY"));
        assert_eq!([149, 150, 600, 601].map(far), [true, false, false, true]);
        let few = Similar { count: 4, ..found };
        assert!(!few.is_far(&Money::of(1_000_000, "CNY")), "four cases say nothing");
    }

    #[test]
    fn the_codes_are_in_order() {
        assert_eq!(Kind::ALL.map(Kind::code), Kind::CODES);
        assert!(Kind::default().is_usual());
    }
}
