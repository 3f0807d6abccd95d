//! Identifiers inside the house: UUIDv7, each kind its own type so that a case can never be taken for a person.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The nil identifier; only tests and defaults use it.
            pub const NIL: Self = Self(Uuid::nil());
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(s).map(Self)
            }
        }
    };
}

identifier!(
    /// A complaint case.
    CaseId
);
identifier!(
    /// A file attached to a case.
    AttachmentId
);
identifier!(
    /// A natural person in the vault.
    PersonId
);
identifier!(
    /// Somebody who signs in.
    UserId
);
identifier!(
    /// A unit of the organisation tree.
    UnitId
);
identifier!(
    /// A programme's access token.
    TokenId
);
