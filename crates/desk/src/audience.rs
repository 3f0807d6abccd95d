//! For whom something is kept that people share: lists under a name, macros. It is one's own, one's unit's, or a role's in
//! the area of whoever shares it.

use crate::Permission;
use crate::caller::Caller;
use domain::actor::Role;
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::taxonomy::region_in;

/// With whom something is shared.
pub const SHARED: &[&str] = &["own", "unit", "role"];
/// Most of one person, of one unit, and of one role in one area.
pub const MOST: i64 = 20;
/// Most a reader can be shown of one audience: what is there in each of the areas theirs lies in.
pub(crate) const MOST_NEAR: i64 = 4 * MOST;

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
            let user = caller.person()?;
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

/// The areas a reader's area lies in, their own among them: everywhere, the province or country, what lies between. Where
/// there are fewer, one stands there twice.
pub(crate) fn areas_over(area: &str) -> [String; 4] {
    let begun = |letters: usize| area.get(..letters).filter(|over| region_in(area, over)).unwrap_or(area).to_owned();
    [String::new(), begun(2), begun(4), area.to_owned()]
}

/// The audiences a caller belongs to, with their keys: their own, their unit's, their role's.
pub(crate) fn audiences(caller: &Caller) -> Vec<(Audience, String)> {
    let own = caller.actor.user().map(|user| (Audience::Own, format!("own:{user}")));
    let (unit, role) = (caller.actor.unit, caller.actor.role);
    let unit = (Audience::Unit, format!("unit:{unit}"));
    let role = (Audience::Role(role), format!("role:{}", role.code()));
    own.into_iter().chain([unit, role]).collect()
}

/// The audience of a key, as far as the caller knows of it: those they belong to, and roles they share with.
pub(crate) fn audience_of(caller: &Caller, key: &str, area: &str, share: Permission) -> Option<Audience> {
    let mine = audiences(caller).into_iter().find(|(_, known)| known == key).map(|(audience, _)| audience);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_lies_in_those_over_it_and_in_no_other() {
        assert_eq!(areas_over("310115"), ["", "31", "3101", "310115"]);
        assert_eq!(areas_over("31"), ["", "31", "31", "31"]);
        assert_eq!(areas_over(""), [""; 4]);
        // Donegal does not lie in Dublin.
        assert_eq!(areas_over("IE-DL"), ["", "IE", "IE-DL", "IE-DL"]);
    }
}
