//! What a unit of the organisation is there for; a unit may have several duties.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A duty of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// 客户服务: takes complaints in and answers them.
    CustomerService,
    /// 网络运维: keeps the network running and repairs it.
    NetworkOperations,
    /// 技术支撑: builds and supports systems.
    Technology,
    /// 计费账务: rates, bills, refunds.
    Billing,
    /// 市场营销: offers, tariffs, sales.
    Marketing,
    /// 合作伙伴: agents, contractors, content providers.
    Partner,
}

impl Duty {
    /// Every duty, in the order they are shown.
    pub const ALL: [Self; 6] = [
        Self::CustomerService,
        Self::NetworkOperations,
        Self::Technology,
        Self::Billing,
        Self::Marketing,
        Self::Partner,
    ];

    /// The codes of [`Duty::ALL`].
    pub const CODES: [&str; 6] =
        ["customer_service", "network_operations", "technology", "billing", "marketing", "partner"];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::CustomerService => "customer_service",
            Self::NetworkOperations => "network_operations",
            Self::Technology => "technology",
            Self::Billing => "billing",
            Self::Marketing => "marketing",
            Self::Partner => "partner",
        }
    }
}

impl fmt::Display for Duty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Duty {
    type Err = UnknownDuty;
    fn from_str(s: &str) -> Result<Self, UnknownDuty> {
        Self::ALL.into_iter().find(|duty| duty.code() == s).ok_or_else(|| UnknownDuty(s.to_owned()))
    }
}

/// A duty code nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown duty {0:?}; known: customer_service, network_operations, technology, billing, marketing, partner")]
pub struct UnknownDuty(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_back() {
        assert_eq!(Duty::ALL.map(Duty::code), Duty::CODES);
        for duty in Duty::ALL {
            assert_eq!(duty.code().parse::<Duty>(), Ok(duty));
        }
        assert!("tea".parse::<Duty>().is_err());
    }
}
