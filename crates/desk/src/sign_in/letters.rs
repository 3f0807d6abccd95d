//! Letters about accounts: the link to set a password, and that something of how one signs in was changed. They go the way
//! mail about notices goes, one by one and at once, and tell nothing of any case.

use super::reset;
use crate::Desk;
use crate::error::DeskError;
use crate::notices::letters::{Handed, Round};
use crate::time::{doubled, stored};
use jiff::SignedDuration;
use std::collections::VecDeque;
use store::resets::{self, AccountLetterRow};
use store::{Tx, UserRow, mail, people};
use uuid::Uuid;

/// How long a node may take before another tries; sending is given up long before.
const LEASE: SignedDuration = SignedDuration::from_mins(2);
/// People whose letters are taken together.
const BATCH: i64 = 16;
/// Tries before a link is given up: after half an hour whoever asked has asked again.
const MOST_TRIES_OF_A_LINK: i64 = 8;
/// Tries before any other letter is given up, which is after a week: nobody asked for it, so nobody asks again.
const MOST_TRIES: i64 = 1000;
const PAUSE: SignedDuration = SignedDuration::from_secs(30);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(10);

/// What a letter about an account says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A link to set a password.
    Reset,
    /// A password was set by such a link.
    PasswordSet,
    /// There is a second step now.
    FactorAdded,
    /// There is none any more.
    FactorRemoved,
    /// Letters go to another address from now on; this one goes to the one before.
    AddressChanged,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Reset, Self::PasswordSet, Self::FactorAdded, Self::FactorRemoved, Self::AddressChanged];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::PasswordSet => "password_set",
            Self::FactorAdded => "factor_added",
            Self::FactorRemoved => "factor_removed",
            Self::AddressChanged => "address_changed",
        }
    }
}

/// A letter about an account.
#[derive(Clone, Debug)]
pub struct AccountLetter {
    /// Identity.
    pub id: Uuid,
    /// Where to.
    pub to: String,
    /// Language; empty for that of the installation.
    pub language: String,
    /// What it says.
    pub kind: Kind,
    /// Whose account: the name they sign in with.
    pub username: String,
    /// The secret of the link, where it brings one.
    pub secret: String,
}

/// Has a letter sent to whoever signs in with a name.
pub(super) fn ask(tx: &mut Tx<'_>, kind: Kind, username: &str, at: i64) -> Result<(), DeskError> {
    Ok(resets::ask(tx, kind.code(), username, "", at)?)
}

/// Has a user told.
pub(super) fn tell(desk: &Desk, tx: &mut Tx<'_>, kind: Kind, user: Uuid) -> Result<(), DeskError> {
    if !desk.mails() {
        return Ok(());
    }
    let Some(user) = people::user(tx, user)? else { return Ok(()) };
    ask(tx, kind, &user.username, stored(desk.time().now()))
}

/// Has somebody told, at the address they had, that it is theirs no more: with a link by mail whoever has the address has
/// the account.
pub(crate) fn tell_former(desk: &Desk, tx: &mut Tx<'_>, before: &UserRow, at: i64) -> Result<(), DeskError> {
    if !desk.mails() || before.email.is_empty() {
        return Ok(());
    }
    Ok(resets::ask(tx, Kind::AddressChanged.code(), &before.username, &before.email, at)?)
}

/// Hands over what is due. `node` names one process.
///
/// # Errors
/// Those of the database; trouble with the server is part of the answer.
pub async fn send_due<F, Sending>(desk: &Desk, node: &str, send: F) -> Result<Round, DeskError>
where
    F: Fn(AccountLetter) -> Sending,
    Sending: Future<Output = Handed> + Send,
{
    let mut round = Round::default();
    let now = stored(desk.time().now());
    if !desk.db().read(move |tx| Ok::<_, DeskError>(resets::any_due(tx, now)?)).await? {
        return Ok(round);
    }
    let (lease, holder) = (stored(desk.time().now() + LEASE), node.to_owned());
    let claim = desk.db().write(move |tx| Ok::<_, DeskError>(resets::claim(tx, now, lease, &holder, BATCH)?));
    let mut claimed = VecDeque::from(claim.await?);
    while let Some(row) = claimed.pop_front() {
        let (again, holder, due) = (desk.clone(), node.to_owned(), row.clone());
        let Some(letter) = desk.db().write(move |tx| compose(&again, tx, &due, &holder)).await? else { continue };
        let to = letter.to.clone();
        let handed = send(letter).await;
        match &handed {
            Handed::Taken => round.sent += 1,
            Handed::Nowhere(why) => round.trouble = Some(why.clone()),
            Handed::Later(_) | Handed::Refused(_) => {}
        }
        let (again, holder) = (desk.clone(), node.to_owned());
        desk.db().write(move |tx| settle(&again, tx, &row, &holder, &to, &handed)).await?;
        // Whatever keeps one from being handed over keeps the others too; they were not tried.
        if round.trouble.is_some() {
            let holder = node.to_owned();
            let release = desk.db().write(move |tx| {
                for row in &claimed {
                    resets::release(tx, row, &holder)?;
                }
                Ok::<_, DeskError>(())
            });
            release.await?;
            break;
        }
    }
    Ok(round)
}

/// The letter, if there is somebody it can go to. A link is made now: each try brings another, and only the newest opens.
fn compose(
    desk: &Desk,
    tx: &mut Tx<'_>,
    row: &AccountLetterRow,
    holder: &str,
) -> Result<Option<AccountLetter>, DeskError> {
    let kind = Kind::ALL.into_iter().find(|kind| kind.code() == row.kind);
    let user = people::user_by_name(tx, &row.username)?.filter(|user| !user.disabled);
    let (Some(kind), Some(user)) = (kind, user) else {
        resets::done(tx, row, holder)?;
        return Ok(None);
    };
    let to = if row.address.is_empty() { user.email.clone() } else { row.address.clone() };
    // A fresh link stands, or whoever asks for others all the time would end each before it can be used. One of an earlier
    // try of this letter may never have arrived.
    let stands = kind == Kind::Reset && row.attempts <= 1 && reset::is_fresh(desk, tx, &user)?;
    if to.is_empty() || stands {
        resets::done(tx, row, holder)?;
        return Ok(None);
    }
    let secret = if kind == Kind::Reset { reset::make(desk, tx, &user)? } else { String::new() };
    let language = mail::choice(tx, user.id)?.map(|row| row.language).unwrap_or_default();
    Ok(Some(AccountLetter { id: Uuid::now_v7(), to, language, kind, username: user.username, secret }))
}

/// Notes what came of a letter.
fn settle(
    desk: &Desk,
    tx: &mut Tx<'_>,
    row: &AccountLetterRow,
    holder: &str,
    to: &str,
    handed: &Handed,
) -> Result<(), DeskError> {
    let most = if row.kind == Kind::Reset.code() { MOST_TRIES_OF_A_LINK } else { MOST_TRIES };
    match handed {
        Handed::Nowhere(_) | Handed::Later(_) if row.attempts < most => {
            let at = stored(desk.time().now() + doubled(PAUSE, row.attempts, LONGEST_PAUSE));
            return Ok(resets::again(tx, row, holder, at)?);
        }
        Handed::Refused(why) => {
            if let Some(user) = people::user_by_name(tx, &row.username)? {
                people::set_bounced(tx, user.id, to, why)?;
            }
        }
        Handed::Taken | Handed::Nowhere(_) | Handed::Later(_) => {}
    }
    resets::done(tx, row, holder).map(drop).map_err(Into::into)
}
