//! Notices about what is no case, to those its log names.

use super::letters;
use crate::Desk;
use crate::Permission;
use crate::error::DeskError;
use crate::jobs::notify::meant;
use crate::organisation::{area, role_of};
use crate::time::stored;
use domain::actor::AreaScope;
use domain::case::Owner;
use domain::case::notices::To;
use domain::ids::UserId;
use jiff::Timestamp;
use std::collections::BTreeSet;
use store::{NoticeRow, Tx, people};
use uuid::Uuid;

/// What notices are about.
pub(crate) struct Thing<'a> {
    /// Identity.
    pub(crate) id: Uuid,
    /// Its region.
    pub(crate) region: &'a str,
    /// What seeing it needs.
    pub(crate) needs: Permission,
    /// Whether an area sees one of a region.
    pub(crate) sees: &'a dyn Fn(&AreaScope, &str) -> bool,
}

/// Writes notices of an entry: each to the person named, or to those who lead the unit; never to whoever did it, and to
/// nobody who does not see what it is about.
pub(crate) fn write(
    desk: &Desk,
    tx: &mut Tx<'_>,
    about: &Thing<'_>,
    (by, at): (Option<UserId>, Timestamp),
    named: Vec<(&'static str, Owner)>,
) -> Result<(), DeskError> {
    let mut done: BTreeSet<(Uuid, &str)> = BTreeSet::new();
    for (kind, owner) in named {
        let to = owner.user.map_or(To::Leads(owner.unit), To::User);
        for user in meant(tx, to, about.region, false, (at, None))? {
            if by.is_some_and(|by| by.0 == user) || !may_see(tx, user, about)? || !done.insert((user, kind)) {
                continue;
            }
            let by_mail = letters::announce(desk, tx, user)?;
            let row = NoticeRow {
                id: Uuid::now_v7(),
                user,
                case: about.id,
                kind: kind.to_owned(),
                rule: String::new(),
                percent: 0,
                at: stored(at),
                run: None,
                mail: if by_mail { store::notices::WAITS } else { store::notices::NO_MAIL },
            };
            store::notices::insert(tx, &row)?;
        }
    }
    Ok(())
}

fn may_see(tx: &mut Tx<'_>, user: Uuid, about: &Thing<'_>) -> Result<bool, DeskError> {
    let Some(row) = people::user(tx, user)?.filter(|row| !row.disabled) else { return Ok(false) };
    Ok(about.needs.granted_to(role_of(&row)?) && (about.sees)(&area::of_user(tx, &row)?, about.region))
}
