//! A password forgotten: a link by mail. Asking for one does the same for everybody, known or not, and looks nobody up; who
//! it goes to is found out when mail is sent. The link is made then, and only its digest is kept. It ends with its use, after
//! half an hour, with the next one, and with any change of password or address.

use super::letters::{self, Kind};
use super::{address_key, check_password, digest, end_begun, hash_password, hex_digest};
use crate::Desk;
use crate::administration::{self, Change};
use crate::error::DeskError;
use crate::organisation::clean_username;
use crate::time::stored;
use crate::vault::cipher::random;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::actor::ActorId;
use domain::ids::UserId;
use domain::refusal::Refusal;
use jiff::SignedDuration;
use sha2::{Digest as _, Sha256};
use store::resets::{self, ResetRow};
use store::{Tx, UserRow, people, sign_in};

/// How long a link can be used.
const LASTS: SignedDuration = SignedDuration::from_mins(30);
/// How long a link stands before another can end it.
const FRESH: SignedDuration = SignedDuration::from_mins(5);
/// Within an hour, links asked for by one name and from one address, and tries at links from one address.
const WINDOW: SignedDuration = SignedDuration::from_hours(1);
const MOST_PER_NAME: i64 = 3;
const MOST_PER_ADDRESS: i64 = 20;

/// What an account is now: a link is good for this password and this address only.
fn standing(user: &UserRow) -> Vec<u8> {
    Sha256::new().chain_update(&user.password).chain_update([0_u8]).chain_update(&user.email).finalize().to_vec()
}

/// Makes the link of a user: its secret, which is kept nowhere.
pub(super) fn make(desk: &Desk, tx: &mut Tx<'_>, user: &UserRow) -> Result<String, DeskError> {
    let secret = URL_SAFE_NO_PAD.encode(random::<32>()?);
    let expires_at = stored(desk.time().now() + LASTS);
    resets::keep(tx, &digest(&secret), &ResetRow { user: user.id, against: standing(user), expires_at })?;
    Ok(secret)
}

/// Whether a user has a link that was made just now and can be used.
pub(super) fn is_fresh(desk: &Desk, tx: &mut Tx<'_>, user: &UserRow) -> Result<bool, DeskError> {
    let since = stored(desk.time().now() + LASTS - FRESH);
    Ok(resets::of_user(tx, user.id)?.is_some_and(|row| row.expires_at > since && row.against == standing(user)))
}

/// Whose link this is, if it can be used now.
fn usable(tx: &mut Tx<'_>, hash: &[u8], now: i64) -> Result<Option<UserRow>, DeskError> {
    let Some(row) = resets::reset(tx, hash)?.filter(|row| now < row.expires_at) else { return Ok(None) };
    let user = people::user(tx, row.user)?.filter(|user| !user.disabled);
    Ok(user.filter(|user| standing(user) == row.against))
}

impl Desk {
    /// Has a link sent to whoever signs in with this name, if there is somebody with an address of mail.
    ///
    /// # Errors
    /// `TooMany` beyond what one address may ask. Beyond what is sent to one name it answers as ever and sends nothing: a name
    /// is known to others, and what they ask for shuts nobody out.
    pub async fn ask_reset(&self, typed: &str, address: &str) -> Result<(), DeskError> {
        let typed = typed.trim().to_lowercase();
        self.count_try(format!("reset-{}", address_key(address)), WINDOW, MOST_PER_ADDRESS).await?;
        match self.count_try(format!("reset:{}", hex_digest(&typed)), WINDOW, MOST_PER_NAME).await {
            Err(DeskError::TooMany { .. }) => return Ok(()),
            counted => counted?,
        }
        // What nobody can be called is not kept: people type passwords into the wrong field.
        let Some(username) = clean_username(&typed) else { return Ok(()) };
        let (desk, at) = (self.clone(), stored(self.time().now()));
        self.db()
            .write(move |tx| if desk.mails() { letters::ask(tx, Kind::Reset, &username, at) } else { Ok(()) })
            .await
    }

    /// Whether a link can be used.
    ///
    /// # Errors
    /// `TooMany` beyond the limit.
    pub async fn reset_is_open(&self, secret: &str, address: &str) -> Result<bool, DeskError> {
        self.count_try(format!("link-{}", address_key(address)), WINDOW, MOST_PER_ADDRESS).await?;
        let (hash, now) = (digest(secret), stored(self.time().now()));
        let found = self.db().read(move |tx| usable(tx, &hash, now)).await?;
        Ok(found.is_some())
    }

    /// Sets a new password by a link. All sessions end; signing in asks for the second step as before.
    ///
    /// # Errors
    /// `reset_over` when the link cannot be used, a fault for a password that is too weak, `TooMany` beyond the limit.
    pub async fn reset_by_mail(&self, secret: &str, password: &str, address: &str) -> Result<(), DeskError> {
        self.count_try(format!("link-{}", address_key(address)), WINDOW, MOST_PER_ADDRESS).await?;
        let over = || DeskError::from(Refusal::conflict("reset_over"));
        let (hash, now) = (digest(secret), stored(self.time().now()));
        let user = self.db().read(move |tx| usable(tx, &hash, now)).await?.ok_or_else(over)?;
        check_password(password, &user.username)?;
        let fresh = password.to_owned();
        let hashed = tokio::task::spawn_blocking(move || hash_password(&fresh))
            .await
            .map_err(|error| DeskError::Damaged(error.to_string()))??;
        let desk = self.clone();
        self.db()
            .write(move |tx| {
                let at = stored(desk.time().now());
                let Some(user) = usable(tx, &hash, at)? else { return Err(over()) };
                if !resets::take(tx, &hash)? {
                    return Err(over());
                }
                people::set_password(tx, user.id, &hashed, false, at)?;
                end_begun(tx, user.id)?;
                sign_in::clear_attempts(tx, &format!("account:{}", hex_digest(&user.username)))?;
                letters::tell(&desk, tx, Kind::PasswordSet, user.id)?;
                let actor = ActorId::User(UserId(user.id));
                administration::record(tx, user.id, actor, at, &Change::new("reset-password-by-mail"))
            })
            .await
    }
}
