//! Who acts: a person who signed in, a programme with a token, or the system itself.

use crate::ids::{TokenId, UnitId, UserId};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What somebody is employed to do. The permission table decides what each may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// First line: takes complaints in and works the ordinary ones.
    Agent,
    /// Second line: works what the first line cannot.
    Specialist,
    /// Leads a team: approves, assigns, re-grades.
    Supervisor,
    /// Inspects the quality of handling.
    Quality,
    /// Faces the regulator and the data subject.
    Compliance,
    /// Trains from past cases.
    Trainer,
    /// Reads everything that proves handling, changes nothing.
    Auditor,
    /// Runs the installation.
    Admin,
    /// A programme.
    Integration,
}

impl Role {
    /// Every role, in the order of the permission table.
    pub const ALL: [Self; 9] = [
        Self::Agent,
        Self::Specialist,
        Self::Supervisor,
        Self::Quality,
        Self::Compliance,
        Self::Trainer,
        Self::Auditor,
        Self::Admin,
        Self::Integration,
    ];

    /// The codes of [`Role::ALL`].
    pub const CODES: [&str; 9] =
        ["agent", "specialist", "supervisor", "quality", "compliance", "trainer", "auditor", "admin", "integration"];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Specialist => "specialist",
            Self::Supervisor => "supervisor",
            Self::Quality => "quality",
            Self::Compliance => "compliance",
            Self::Trainer => "trainer",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
            Self::Integration => "integration",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;
    fn from_str(s: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.code() == s).ok_or_else(|| UnknownRole(s.to_owned()))
    }
}

/// A role code nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown role {0:?}; known: agent, specialist, supervisor, quality, compliance, trainer, auditor, admin, integration"
)]
pub struct UnknownRole(String);

/// The part of the country an actor may see: an administrative region and all below it, or everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AreaScope(String);

impl AreaScope {
    /// The whole installation.
    #[must_use]
    pub fn everywhere() -> Self {
        Self(String::new())
    }

    /// Nothing at all: what an area that cannot be read stands for.
    #[must_use]
    pub fn nowhere() -> Self {
        Self("-".to_owned())
    }

    /// A region code, of digits in China and by ISO 3166-2 elsewhere; an empty one means everywhere.
    ///
    /// # Errors
    /// If the code is not a known region.
    pub fn region(code: &str) -> Result<Self, crate::fault::Fault> {
        if code.is_empty() || crate::taxonomy::region_valid(code) {
            Ok(Self(code.to_owned()))
        } else {
            Err(crate::fault::Fault::new("region", "bad_region"))
        }
    }

    /// The region code; empty for everywhere.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.0
    }

    /// Whether a case of this region lies inside. A case whose region is unknown is seen from everywhere only.
    #[must_use]
    pub fn covers(&self, region: &str) -> bool {
        crate::taxonomy::region_in(region, &self.0)
    }

    /// Whether two areas have anything in common: one lies in the other.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.covers(&other.0) || other.covers(&self.0)
    }
}

impl Actor {
    /// Timers, jobs and what rules bring about by themselves: everywhere, and bound by no role.
    #[must_use]
    pub fn system(unit: UnitId) -> Self {
        Self { id: ActorId::System, role: Role::Admin, area: AreaScope::everywhere(), unit }
    }
}

/// Identity of an actor as the log records it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum ActorId {
    /// A signed-in user.
    User(UserId),
    /// A token.
    Token(TokenId),
    /// Timers, jobs and the command line.
    System,
}

impl fmt::Display for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::Token(id) => write!(f, "token:{id}"),
            Self::System => f.write_str("system"),
        }
    }
}

impl FromStr for ActorId {
    type Err = uuid::Error;
    fn from_str(s: &str) -> Result<Self, uuid::Error> {
        match s.split_once(':') {
            Some(("user", id)) => id.parse().map(Self::User),
            Some(("token", id)) => id.parse().map(Self::Token),
            _ => Ok(Self::System),
        }
    }
}

impl ActorId {
    /// The user, if it is a person.
    #[must_use]
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::User(id) => Some(id),
            Self::Token(_) | Self::System => None,
        }
    }
}

/// An actor with what the desk needs to judge a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Identity for the log.
    pub id: ActorId,
    /// What this actor may do.
    pub role: Role,
    /// Where.
    pub area: AreaScope,
    /// The unit the actor belongs to; the root unit for tokens and the system.
    pub unit: UnitId,
}

impl Actor {
    /// The user behind this actor, if it is a person.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        self.id.user()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_survives_the_log() {
        let id = ActorId::User(UserId(uuid::Uuid::from_u128(7)));
        assert_eq!(id.to_string().parse::<ActorId>().unwrap(), id);
        assert_eq!("system".parse::<ActorId>().unwrap(), ActorId::System);
        assert_eq!(Role::ALL.map(Role::code), Role::CODES);
    }

    #[test]
    fn a_scope_covers_what_lies_below_it() {
        let province = AreaScope::region("31").unwrap();
        assert!(province.covers("310115"));
        assert!(!province.covers("320100"));
        assert!(!province.covers(""), "an unknown region is not inside a province");
        assert!(AreaScope::everywhere().covers(""));
        assert!(AreaScope::region("99").is_err());
        let (district, other) = (AreaScope::region("310115").unwrap(), AreaScope::region("33").unwrap());
        assert!(province.meets(&district) && district.meets(&province) && AreaScope::everywhere().meets(&other));
        assert!(!province.meets(&other));
    }
}
