//! Colleagues named in notes and in the words of work orders. A mention grants nothing: whoever may not see the case is
//! not told, and the writer learns of them no more than the list of colleagues says.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::load;
use crate::organisation::area;
use crate::permissions;
use crate::sign_in::caller_of;
use domain::actor::AreaScope;
use domain::event::Event;
use domain::ids::UserId;
use domain::text::mentions::{MOST, mentioned};
use store::{CaseRow, Tx, UserRow, people};

/// Why somebody who was named is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The writer has no colleague of this name.
    Unknown,
    /// They may not see the case.
    Unseen,
}

impl Why {
    /// Every reason.
    pub const CODES: [&str; 2] = ["mention_unknown", "mention_unseen"];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Unknown => "mention_unknown",
            Self::Unseen => "mention_unseen",
        }
    }
}

/// Somebody who was named and is not told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreached {
    /// The name to sign in with, as it was written.
    pub username: String,
    /// Why not.
    pub why: Why,
}

/// Whom the words of these events name, while they can still be read: colleagues of the writer, and the names that reach
/// nobody.
///
/// # Errors
/// Those of the database.
pub(crate) fn named(
    tx: &mut Tx<'_>,
    writer: &Caller,
    row: &CaseRow,
    events: &mut [Event],
) -> Result<(Vec<UserId>, Vec<Unreached>), DeskError> {
    let mut names: Vec<String> = Vec::new();
    for event in events.iter_mut().filter(|event| event.is_for_colleagues()) {
        for (_, text) in event.texts() {
            names.extend(text.plain().map(mentioned).unwrap_or_default());
        }
    }
    let (mut users, mut unreached) = (Vec::new(), Vec::new());
    for name in names {
        if users.len() + unreached.len() == MOST || unreached.iter().any(|one: &Unreached| one.username == name) {
            continue;
        }
        let Some(user) = colleague(tx, writer, &name)? else {
            unreached.push(Unreached { username: name, why: Why::Unknown });
            continue;
        };
        let id = UserId(user.id);
        // Nobody is told of what they wrote themselves.
        if writer.actor.user() == Some(id) || users.contains(&id) {
            continue;
        }
        match may_see(tx, &user, row)? {
            true => users.push(id),
            false => unreached.push(Unreached { username: name, why: Why::Unseen }),
        }
    }
    Ok((users, unreached))
}

/// Somebody of the writer's list of colleagues.
fn colleague(tx: &mut Tx<'_>, writer: &Caller, name: &str) -> Result<Option<UserRow>, DeskError> {
    if !permissions::READ_ORGANISATION.allows(writer) {
        return Ok(None);
    }
    let Some(user) = people::user_by_name(tx, name)?.filter(|user| !user.disabled) else { return Ok(None) };
    Ok(area::of_user(tx, &user).map(|theirs| writer.actor.area.meets(&theirs))?.then_some(user))
}

/// Somebody with an open account as they would call, and whether they may see a case now.
///
/// # Errors
/// Those of the database.
pub(crate) fn may_see(tx: &mut Tx<'_>, user: &UserRow, row: &CaseRow) -> Result<bool, DeskError> {
    let caller = as_caller(tx, user)?;
    Ok(!user.disabled && permissions::READ_CASES.allows(&caller) && load::sight(tx, row, &caller.actor)?.is_some())
}

/// A user as they would call now.
///
/// # Errors
/// Those of the database.
pub(crate) fn as_caller(tx: &mut Tx<'_>, user: &UserRow) -> Result<Caller, DeskError> {
    let area: AreaScope = area::of_user(tx, user)?;
    caller_of(user, area)
}
