//! Signing in at a provider (OpenID Connect). What is kept of somebody on the way there is a digest; everything else is
//! derived from a secret that only their browser has, so a way begun in one browser ends in no other. A user is known by the
//! provider and its own name for them, linked by an administrator or by the user; no mail address links anybody.

use super::{NewSession, Opening, address_key, digest, verify_aside};
use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::organisation::{area, no_programme_over, within};
use crate::time::stored;
use crate::vault::cipher::random;
use crate::{Desk, permissions};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::actor::ActorId;
use domain::fault::Fault;
use domain::ids::UserId;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, required};
use jiff::SignedDuration;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use store::identities::{self, FlowRow, IdentityRow};
use store::{Tx, people};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

/// How long somebody may be at the provider.
const LASTS: SignedDuration = SignedDuration::from_mins(15);
/// Ways begun from one address in that time: an office may sit behind it, and to begin one guesses nothing.
const MOST_PER_ADDRESS: i64 = 400;
/// Tries at one's password before an account is linked.
const MOST_PASSWORDS: i64 = 8;

/// Shape of what a provider knows a user as.
pub const IDENTITY: &[Field] = &[
    required("issuer", Kind::Line { max: 500 }, "The provider, as it names itself."),
    required("subject", Kind::Line { max: 255 }, "Its own name for the user (`sub`)."),
];

/// What a provider knows a user as.
#[derive(Clone, Debug, Deserialize)]
pub struct IdentityInput {
    /// The provider.
    pub issuer: String,
    /// Its name for them.
    pub subject: String,
}

/// A way to the provider.
#[derive(Clone, Debug)]
pub struct Way {
    /// What the browser keeps.
    pub browser: String,
    /// Seconds it is good for.
    pub lasts: i64,
    /// What comes back with the browser.
    pub state: String,
    /// What the provider's statement has to repeat.
    pub nonce: String,
    /// What proves that whoever fetches the statement began the way.
    pub verifier: String,
}

/// Somebody who came back.
#[derive(Clone, Debug)]
pub struct Returned {
    /// Who links an account; nobody where somebody signs in.
    pub links: Option<UserId>,
    /// Where it leads in the end.
    pub back: String,
    /// What the statement has to repeat.
    pub nonce: String,
    /// What proves who began.
    pub verifier: String,
}

fn derived(browser: &str, what: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::new().chain_update(what).chain_update([0_u8]).chain_update(browser).finalize())
}

impl Desk {
    /// Begins a way to the provider, to sign in or to link an account to whoever is signed in.
    ///
    /// # Errors
    /// `TooMany` beyond the limit; `users_only` where a programme links.
    pub async fn begin_way(&self, links: Option<&Caller>, back: &str, address: &str) -> Result<Way, DeskError> {
        self.count_try(format!("oidc-{}", address_key(address)), LASTS, MOST_PER_ADDRESS).await?;
        let user = match links {
            Some(caller) => Some(caller.person()?.0),
            None => None,
        };
        let browser = URL_SAFE_NO_PAD.encode(random::<32>()?);
        let state = derived(&browser, "state");
        let row = FlowRow { user, back: back.to_owned(), expires_at: stored(self.time().now() + LASTS) };
        let key = digest(&state);
        self.db().write(move |tx| Ok::<_, DeskError>(identities::begin_flow(tx, &key, &row)?)).await?;
        let (nonce, verifier) = (derived(&browser, "nonce"), derived(&browser, "verifier"));
        Ok(Way { browser, lasts: LASTS.as_secs(), state, nonce, verifier })
    }

    /// Ends a way: once, in the browser it was begun in, and in time.
    ///
    /// # Errors
    /// `way_over` for everything else.
    pub async fn end_way(&self, browser: &str, state: &str) -> Result<Returned, DeskError> {
        let over = || DeskError::from(Refusal::forbidden("way_over"));
        if !bool::from(derived(browser, "state").as_bytes().ct_eq(state.as_bytes())) {
            return Err(over());
        }
        let (key, now) = (digest(state), stored(self.time().now()));
        let found = self.db().write(move |tx| Ok::<_, DeskError>(identities::take_flow(tx, &key)?)).await?;
        let row = found.filter(|row| now < row.expires_at).ok_or_else(over)?;
        Ok(Returned {
            links: row.user.map(UserId),
            back: row.back,
            nonce: derived(browser, "nonce"),
            verifier: derived(browser, "verifier"),
        })
    }

    /// Signs in whoever the provider knows by this name; the second step is asked for as after a password.
    ///
    /// # Errors
    /// `identity_unknown` when nobody is linked, or the account is closed.
    pub async fn sign_in_by_identity(&self, issuer: &str, subject: &str) -> Result<NewSession, DeskError> {
        let opening = Opening::draw(self)?;
        let (issuer, subject) = (issuer.to_owned(), subject.to_owned());
        self.db()
            .write(move |tx| {
                let known = match identities::user(tx, &issuer, &subject)? {
                    Some(user) => people::user(tx, user)?,
                    None => None,
                };
                let user = known.filter(|user| !user.disabled);
                let user = user.ok_or_else(|| Refusal::forbidden("identity_unknown"))?;
                opening.begin(tx, user.id)
            })
            .await
    }

    /// Looks at the caller's password before an account is linked: an open session is not enough to make a second way in.
    ///
    /// # Errors
    /// A fault when it is wrong, `TooMany` beyond the limit.
    pub async fn check_own_password(&self, caller: &Caller, password: &str) -> Result<(), DeskError> {
        let id = caller.person()?;
        self.count_try(format!("own-password:{id}"), LASTS, MOST_PASSWORDS).await?;
        let user = self.db().read(move |tx| Ok::<_, DeskError>(people::user(tx, id.0)?)).await?;
        let user = user.ok_or_else(Refusal::not_found)?;
        if verify_aside(password, Some(user.password)).await? {
            return Ok(());
        }
        Err(Refusal::from(Fault::new("password", "wrong_password")).into())
    }

    /// Links what the provider said to the caller.
    ///
    /// # Errors
    /// `identity_taken` when the name stands for somebody already.
    pub async fn link_own(&self, caller: &Caller, issuer: &str, subject: &str) -> Result<(), DeskError> {
        let id = caller.person()?;
        let (actor, at) = (caller.actor.id, stored(self.time().now()));
        let (issuer, subject) = (issuer.to_owned(), subject.to_owned());
        self.db().write(move |tx| link(tx, id.0, issuer, subject, (actor, at))).await
    }

    /// Ends one of the caller's links.
    ///
    /// # Errors
    /// `not_found` when there is none.
    pub async fn unlink_own(&self, caller: &Caller, ended: IdentityInput) -> Result<(), DeskError> {
        let id = caller.person()?;
        let (actor, at) = (caller.actor.id, stored(self.time().now()));
        self.db().write(move |tx| unlink(tx, id.0, &ended, (actor, at))).await
    }

    /// Links a user to what a provider knows them as.
    ///
    /// # Errors
    /// If the caller may not, there is no such user in their area, or the name stands for somebody already;
    /// `administrators_by_people`.
    pub async fn link_identity(&self, by: &Caller, user: UserId, linked: IdentityInput) -> Result<(), DeskError> {
        permissions::MANAGE_USERS.require(by)?;
        let (actor, at, own) = (by.actor.id, stored(self.time().now()), by.actor.area.clone());
        self.db()
            .write(move |tx| {
                let row = people::user(tx, user.0)?.ok_or_else(Refusal::not_found)?;
                within(&own, &area::of_user(tx, &row)?)?;
                no_programme_over(actor, &row.role)?;
                link(tx, user.0, linked.issuer, linked.subject, (actor, at))
            })
            .await
    }

    /// Ends such a link.
    ///
    /// # Errors
    /// If the caller may not, or there is no such user in their area, or no such link; `administrators_by_people`.
    pub async fn unlink_identity(&self, by: &Caller, user: UserId, ended: IdentityInput) -> Result<(), DeskError> {
        permissions::MANAGE_USERS.require(by)?;
        let (actor, at, own) = (by.actor.id, stored(self.time().now()), by.actor.area.clone());
        self.db()
            .write(move |tx| {
                let row = people::user(tx, user.0)?.ok_or_else(Refusal::not_found)?;
                within(&own, &area::of_user(tx, &row)?)?;
                no_programme_over(actor, &row.role)?;
                unlink(tx, user.0, &ended, (actor, at))
            })
            .await
    }
}

fn link(
    tx: &mut Tx<'_>,
    user: Uuid,
    issuer: String,
    subject: String,
    (actor, at): (ActorId, i64),
) -> Result<(), DeskError> {
    if identities::user(tx, &issuer, &subject)?.is_some() {
        return Err(Refusal::from(Fault::new("subject", "identity_taken")).into());
    }
    // The name is the person's; the ledger keeps only whose word counts from now on.
    let change = Change::new("link-identity").with("issuer", issuer.clone());
    identities::insert(tx, &IdentityRow { issuer, subject, linked_at: at }, user)?;
    administration::record(tx, user, actor, at, &change)
}

fn unlink(tx: &mut Tx<'_>, user: Uuid, ended: &IdentityInput, (actor, at): (ActorId, i64)) -> Result<(), DeskError> {
    if !identities::remove(tx, &ended.issuer, &ended.subject, user)? {
        return Err(Refusal::not_found().into());
    }
    let change = Change::new("unlink-identity").with("issuer", ended.issuer.clone());
    administration::record(tx, user, actor, at, &change)
}
