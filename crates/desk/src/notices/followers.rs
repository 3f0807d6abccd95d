//! Following: somebody wants to be told of a case that is not theirs. It is nothing that happened to the case, so its log
//! and version know nothing of it.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::organisation::area;
use crate::time::{moment, stored};
use crate::{Desk, mentions, permissions};
use domain::ids::UserId;
use domain::refusal::Refusal;
use jiff::Timestamp;
use store::{followers, people};

/// Somebody who follows a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Follower {
    /// Who.
    pub user: UserId,
    /// Name to show.
    pub name: String,
    /// Since when.
    pub since: Timestamp,
}

impl Desk {
    /// Has the caller follow a case, or no longer. Doing it twice changes nothing.
    ///
    /// # Errors
    /// `not_found` when there is no such case for them, or they are no person.
    pub async fn follow(&self, caller: &Caller, name: &CaseRef, follows: bool) -> Result<(), DeskError> {
        permissions::FOLLOW.require(caller)?;
        let user = caller.actor.user().ok_or_else(Refusal::not_found)?;
        let (actor, name, now) = (caller.actor.clone(), name.clone(), stored(self.time().now()));
        let follow = self.db().write(move |tx| {
            let (row, _) = load::find_for(tx, &name, &actor)?;
            match follows {
                true => followers::follow(tx, row.id, user.0, now)?,
                false => followers::unfollow(tx, row.id, user.0)?,
            }
            Ok::<_, DeskError>(())
        });
        follow.await
    }

    /// Who follows a case: the caller, and those colleagues of theirs who may still see it.
    ///
    /// # Errors
    /// `not_found` when there is no such case for the caller.
    pub async fn followers(&self, caller: &Caller, name: &CaseRef) -> Result<Vec<Follower>, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let (actor, name) = (caller.actor.clone(), name.clone());
        let knows = permissions::READ_ORGANISATION.allows(caller);
        let read = self.db().read(move |tx| {
            let (row, _) = load::find_for(tx, &name, &actor)?;
            let mut found = Vec::new();
            for (id, since) in followers::of_case(tx, row.id)? {
                let Some(user) = people::user(tx, id)?.filter(|user| !user.disabled) else { continue };
                let known = actor.user() == Some(UserId(id)) || knows && actor.area.meets(&area::of_user(tx, &user)?);
                if known && mentions::may_see(tx, &user, &row)? {
                    found.push(Follower { user: UserId(id), name: user.name, since: moment(since) });
                }
            }
            Ok::<_, DeskError>(found)
        });
        read.await
    }
}
