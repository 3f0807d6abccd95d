//! For whom something is kept that people share: lists under a name, macros. It is one's own, one's unit's, or a role's in
//! the area of whoever shares it.

use crate::Permission;
use crate::caller::Caller;
use domain::actor::Role;
use domain::fault::Fault;
use domain::refusal::Refusal;

/// With whom something is shared.
pub const SHARED: &[&str] = &["own", "unit", "role"];
/// Most of one person, of one unit, and of one role in one area.
pub const MOST: i64 = 20;
/// Rows of a role looked through for those of the reader's area.
pub(crate) const MOST_OF_ROLE: i64 = 500;

/// For whom something is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Whoever kept it.
    Own,
    /// Everybody of the reader's own unit.
    Unit,
    /// Everybody of this role, in the area of whoever shared it.
    Role(Role),
}

impl Audience {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Unit => "unit",
            Self::Role(_) => "role",
        }
    }
}

/// Where something is kept: for whom, the key of that audience, and the area of whoever shares it with a role.
pub(crate) struct Place {
    pub(crate) audience: Audience,
    pub(crate) key: String,
    pub(crate) area: String,
}

/// Where a caller keeps what is shared so.
///
/// # Errors
/// If the role is missing, the caller may not share, or is no person who could own something.
pub(crate) fn place(caller: &Caller, shared: &str, role: Option<Role>, share: Permission) -> Result<Place, Refusal> {
    let (audience, key) = match (shared, role) {
        ("unit", _) => (Audience::Unit, format!("unit:{}", caller.actor.unit)),
        ("role", Some(role)) => (Audience::Role(role), format!("role:{}", role.code())),
        ("role", None) => return Err(Fault::new("role", "required").into()),
        _ => {
            let user = caller.actor.user().ok_or_else(|| Refusal::forbidden("users_only"))?;
            (Audience::Own, format!("own:{user}"))
        }
    };
    if audience != Audience::Own {
        share.require(caller)?;
    }
    let area = match audience {
        Audience::Role(_) => caller.actor.area.code().to_owned(),
        _ => String::new(),
    };
    Ok(Place { audience, key, area })
}

/// The audiences a caller belongs to, with their keys and how many rows are looked through: their own, their unit's, their
/// role's.
pub(crate) fn audiences(caller: &Caller) -> Vec<(Audience, String, i64)> {
    let own = caller.actor.user().map(|user| (Audience::Own, format!("own:{user}"), MOST));
    let (unit, role) = (caller.actor.unit, caller.actor.role);
    let unit = (Audience::Unit, format!("unit:{unit}"), MOST);
    let role = (Audience::Role(role), format!("role:{}", role.code()), MOST_OF_ROLE);
    own.into_iter().chain([unit, role]).collect()
}

/// The audience of a key, as far as the caller knows of it: those they belong to, and roles they share with.
pub(crate) fn audience_of(caller: &Caller, key: &str, area: &str, share: Permission) -> Option<Audience> {
    let mine = audiences(caller).into_iter().find(|(_, known, _)| known == key).map(|(audience, ..)| audience);
    // Who leads shares with roles that are not theirs.
    let role = || key.strip_prefix("role:").and_then(|code| code.parse().ok()).map(Audience::Role);
    let leads = share.allows(caller) && caller.actor.area.covers(area);
    mine.or_else(|| role().filter(|_| leads))
}

/// Whether a caller may change or take away what is kept so.
pub(crate) fn may_change(
    caller: &Caller,
    audience: &Audience,
    area: &str,
    (keep, share): (Permission, Permission),
) -> bool {
    match audience {
        Audience::Own => keep.allows(caller),
        Audience::Unit => share.allows(caller),
        Audience::Role(_) => share.allows(caller) && caller.actor.area.covers(area),
    }
}
