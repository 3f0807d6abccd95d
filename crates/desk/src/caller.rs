//! Who is calling: an actor with a name to show and, for tokens, the scopes it was given.

use domain::actor::Actor;
use domain::ids::{UnitId, UserId};
use domain::refusal::Refusal;

/// What a token may touch; a signed-in user has all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Look at things.
    Read,
    /// Change things.
    Write,
    /// See personal data unmasked; each read is logged.
    PersonalData,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::PersonalData];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::PersonalData => "personal-data",
        }
    }

    /// The scope with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.code() == code)
    }
}

/// Somebody or something that calls the desk.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The actor the log will name.
    pub actor: Actor,
    /// Name to show: the user's or the token's.
    pub name: String,
    /// What the caller may touch.
    pub scopes: Vec<Scope>,
    /// Whether they signed in with a password made for them and have to choose their own before anything else.
    pub one_time: bool,
    /// Whether their role has to have a second step and they have none: they make one before anything else.
    pub must_enrol: bool,
}

impl Caller {
    /// The user who calls.
    ///
    /// # Errors
    /// `users_only` where it is a programme.
    pub(crate) fn person(&self) -> Result<UserId, Refusal> {
        self.actor.user().ok_or_else(|| Refusal::forbidden("users_only"))
    }

    /// Whether they have to do something of their own before anything else.
    #[must_use]
    pub fn held_back(&self) -> bool {
        self.one_time || self.must_enrol
    }

    /// Timers, jobs and the command line: everything, everywhere.
    #[must_use]
    pub fn system(root: UnitId) -> Self {
        Self {
            actor: Actor::system(root),
            name: "system".to_owned(),
            scopes: Scope::ALL.to_vec(),
            one_time: false,
            must_enrol: false,
        }
    }
}
