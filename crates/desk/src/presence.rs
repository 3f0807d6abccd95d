//! Who has a case open, and who is writing: told to whoever else sees the case, so that two do not answer the same
//! customer. It is nothing that happened to the case: no log, no version and no backup knows of it, it is forgotten within
//! a minute, and no customer is ever told. Nobody is kept from anything by it; what two send at once is settled by the
//! version they saw.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::organisation::area;
use crate::time::stored;
use crate::{Desk, mentions, permissions};
use domain::ids::{CaseId, UserId};
use domain::refusal::Refusal;
use jiff::SignedDuration;
use std::collections::HashMap;
use store::presence::{self, PresenceRow};
use store::{Tx, people};

/// What somebody is writing, as others are told.
pub const WRITING: [&str; 5] = ["reply", "note", "notify-progress", "send-message", "ask-reading"];
/// Whoever says nothing for so long has left.
pub const SILENCE: SignedDuration = SignedDuration::from_secs(50);
/// Most cases somebody has open; as many as there are tabs.
const MOST_OPEN: i64 = 8;
/// Most people told of one case.
const MOST_SHOWN: i64 = 20;
/// Most that are looked through for changes; beyond it pages find out by themselves.
const MOST_LOOKED: i64 = 10_000;

/// Somebody else who has a case open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Present {
    /// Who.
    pub user: UserId,
    /// Name to show.
    pub name: String,
    /// What they are writing; nothing while they read.
    pub writing: Option<&'static str>,
}

/// Who has which case open: what changes when somebody comes, writes or goes.
pub type Presences = HashMap<CaseId, Vec<(UserId, String)>>;

fn writing(code: &str) -> Option<&'static str> {
    WRITING.iter().find(|known| **known == code).copied()
}

impl Desk {
    /// Says that the caller has a case open, and what they are writing there.
    ///
    /// # Errors
    /// `not_found` when there is no such case for them or they are no person.
    pub async fn say_present(&self, caller: &Caller, name: &CaseRef, writes: &str) -> Result<(), DeskError> {
        permissions::READ_CASES.require(caller)?;
        let user = caller.actor.user().ok_or_else(Refusal::not_found)?;
        let (actor, name, at) = (caller.actor.clone(), name.clone(), stored(self.time().now()));
        let writing = writing(writes).unwrap_or_default().to_owned();
        let say = self.db().write(move |tx| {
            let (row, _) = load::find_for(tx, &name, &actor)?;
            let row = PresenceRow { case: row.id, user: user.0, writing };
            Ok::<_, DeskError>(presence::say(tx, &row, at, MOST_OPEN)?)
        });
        say.await
    }

    /// Says that the caller has it open no more; whoever never had changes nothing.
    ///
    /// # Errors
    /// Those of [`Desk::say_present`].
    pub async fn say_gone(&self, caller: &Caller, name: &CaseRef) -> Result<(), DeskError> {
        permissions::READ_CASES.require(caller)?;
        let user = caller.actor.user().ok_or_else(Refusal::not_found)?;
        let (actor, name) = (caller.actor.clone(), name.clone());
        let go = self.db().write(move |tx| {
            let (row, _) = load::find_for(tx, &name, &actor)?;
            Ok::<_, DeskError>(presence::leave(tx, row.id, user.0)?)
        });
        go.await
    }

    /// Who else has a case open: those colleagues of the caller who may still see it.
    ///
    /// # Errors
    /// `not_found` when there is no such case for the caller.
    pub async fn present(&self, caller: &Caller, name: &CaseRef) -> Result<Vec<Present>, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let (actor, name, since) = (caller.actor.clone(), name.clone(), stored(self.time().now() - SILENCE));
        let knows = permissions::READ_ORGANISATION.allows(caller);
        let read = self.db().read(move |tx| {
            let (row, _) = load::find_for(tx, &name, &actor)?;
            let mut found = Vec::new();
            for one in presence::of(tx, row.id, since, MOST_SHOWN)? {
                let Some(user) = people::user(tx, one.user)? else { continue };
                let other = actor.user() != Some(UserId(one.user));
                let known = other && knows && actor.area.meets(&area::of_user(tx, &user)?);
                if known && mentions::may_see(tx, &user, &row)? {
                    found.push(Present { user: UserId(one.user), name: user.name, writing: writing(&one.writing) });
                }
            }
            found.sort_by(|one, other| one.name.cmp(&other.name));
            Ok::<_, DeskError>(found)
        });
        read.await
    }

    /// Who has which case open, whoever asks: for finding out that something changed, never to be shown.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn presences(&self) -> Result<Presences, DeskError> {
        let since = stored(self.time().now() - SILENCE);
        let rows = self.db().read(move |tx| Ok::<_, DeskError>(presence::all(tx, since, MOST_LOOKED)?)).await?;
        let mut all = Presences::new();
        for row in rows {
            all.entry(CaseId(row.case)).or_default().push((UserId(row.user), row.writing));
        }
        Ok(all)
    }

    /// The case of a name, if the caller sees it.
    ///
    /// # Errors
    /// `not_found` when there is no such case for them.
    pub async fn seen_case(&self, caller: &Caller, name: &CaseRef) -> Result<CaseId, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let (actor, name) = (caller.actor.clone(), name.clone());
        self.db().read(move |tx: &mut Tx<'_>| Ok::<_, DeskError>(CaseId(load::find_for(tx, &name, &actor)?.0.id))).await
    }
}
