//! Signing in: passwords, sessions, tokens, and the limit on guessing, which stands in the database and so survives a
//! restart. A password, or a provider's word, is a first proof; where somebody has a second step it is worth no session
//! before that was taken.

mod identity;
pub mod letters;
mod reset;
mod second_factor;
pub mod totp;

pub use identity::{IDENTITY, IdentityInput, Returned, Way};
pub use second_factor::{Identity, KINDS, Pending, REMOVED, ROLES, SignInView};

use crate::administration::{self, Change};
use crate::caller::{Caller, Scope};
use crate::error::DeskError;
use crate::time::stored;
use crate::vault::cipher::random;
use crate::{Desk, organisation, permissions, tokens};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::actor::{Actor, ActorId, AreaScope, Role};
use domain::fault::Fault;
use domain::ids::{TokenId, UnitId, UserId};
use domain::refusal::Refusal;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use store::{SessionRow, Tx, UserRow, people, resets, sign_in};
use uuid::Uuid;

/// A session ends after this long without use …
const IDLE: SignedDuration = SignedDuration::from_hours(10);
/// … and in any case after this long.
const LONGEST: SignedDuration = SignedDuration::from_hours(16);
/// How often a session's last use is written down.
const SEEN_STEP: SignedDuration = SignedDuration::from_mins(5);
/// Failed attempts are counted within this window.
const WINDOW: SignedDuration = SignedDuration::from_mins(15);
const MOST_PER_ACCOUNT: i64 = 8;
const MOST_PER_ADDRESS: i64 = 40;
/// Shortest password (NIST SP 800-63B asks for at least 8; agents' consoles deserve more).
pub const SHORTEST_PASSWORD: usize = 10;

/// A session as it goes into the cookie: shown once, kept only as a hash.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The secret.
    pub secret: String,
    /// Seconds until it ends.
    pub lasts: i64,
    /// Whether it is no session yet but waits for the second step.
    pub half: bool,
}

/// What a first proof opens: a session, or the wait for a second step.
struct Opening {
    secret: String,
    now: Timestamp,
}

impl Opening {
    fn draw(desk: &Desk) -> Result<Self, DeskError> {
        Ok(Self { secret: URL_SAFE_NO_PAD.encode(random::<32>()?), now: desk.time().now() })
    }

    /// Whether there is a second step is asked where the session would be written, so that none slips in between.
    fn begin(self, tx: &mut Tx<'_>, user: Uuid) -> Result<NewSession, DeskError> {
        let half = second_factor::is_on(tx, user)?;
        if half {
            second_factor::insert_half(tx, &digest(&self.secret), user, self.now)?;
        } else {
            sign_in::insert_session(tx, &session_row(&self.secret, user, self.now))?;
        }
        let lasts = if half { second_factor::half_lasts() } else { LONGEST.as_secs() };
        Ok(NewSession { secret: self.secret, lasts, half })
    }
}

fn session_row(secret: &str, user: Uuid, now: Timestamp) -> SessionRow {
    SessionRow {
        hash: digest(secret).to_vec(),
        user_id: user,
        created_at: stored(now),
        expires_at: stored(now + LONGEST),
        seen_at: stored(now),
    }
}

/// What attempts from an address are counted under.
fn address_key(address: &str) -> String {
    format!("address:{address}")
}

/// Ends everything that was begun by signing in as a user or by a link to set their password.
pub(crate) fn end_begun(tx: &mut Tx<'_>, user: Uuid) -> Result<(), DeskError> {
    resets::end_of(tx, user)?;
    store::second_factor::remove_halves_of(tx, user)?;
    Ok(sign_in::delete_sessions_of(tx, user)?)
}

/// [`verify`] off the worker: it takes its time on purpose.
async fn verify_aside(password: &str, known: Option<String>) -> Result<bool, DeskError> {
    let given = password.to_owned();
    tokio::task::spawn_blocking(move || verify(&given, known.as_deref()))
        .await
        .map_err(|error| DeskError::Damaged(error.to_string()))
}

impl Desk {
    /// Signs a user in.
    ///
    /// # Errors
    /// The same refusal for an unknown user, a wrong password and a disabled account; `TooMany` beyond the limit.
    pub async fn sign_in(&self, username: &str, password: &str, address: &str) -> Result<NewSession, DeskError> {
        let now = self.time().now();
        let username = username.trim().to_lowercase();
        let account = format!("account:{}", hex_digest(&username));
        let limits = [(account.clone(), MOST_PER_ACCOUNT), (address_key(address), MOST_PER_ADDRESS)];
        let since = stored(now - WINDOW);
        let wanted = username.clone();
        let counted = limits.clone();
        let at = stored(now);
        // The attempt is counted before the password is looked at: a hundred at once are a hundred.
        let (user, exceeded) = self
            .db()
            .write(move |tx| {
                let mut exceeded = false;
                for (key, most) in &counted {
                    exceeded |= sign_in::count_attempt(tx, key, at, since)? > *most;
                }
                Ok::<_, DeskError>((people::user_by_name(tx, &wanted)?, exceeded))
            })
            .await?;
        if exceeded {
            return Err(DeskError::TooMany { retry_after: WINDOW.as_secs() });
        }
        let right = verify_aside(password, user.as_ref().map(|user| user.password.clone())).await?;
        let Some(user) = user.filter(|user| right && !user.disabled) else {
            return Err(Refusal::forbidden("sign_in_failed").into());
        };
        let (opening, from) = (Opening::draw(self)?, address_key(address));
        self.db()
            .write(move |tx| {
                let session = opening.begin(tx, user.id)?;
                // Success clears the account's count and takes itself back from the address's, behind which an office may
                // sit; the address keeps the wrong ones, or one valid account would free it.
                sign_in::take_back_attempt(tx, &from)?;
                sign_in::clear_attempts(tx, &account)?;
                Ok::<_, DeskError>(session)
            })
            .await
    }

    /// Counts a try at something open to everybody and refuses it where there were more than `most` since the window began.
    ///
    /// # Errors
    /// `TooMany`, or those of the database.
    pub(crate) async fn count_try(&self, key: String, window: SignedDuration, most: i64) -> Result<(), DeskError> {
        let now = self.time().now();
        let (at, since) = (stored(now), stored(now - window));
        let count = self.db().write(move |tx| Ok::<_, DeskError>(sign_in::count_attempt(tx, &key, at, since)?)).await?;
        if count > most {
            return Err(DeskError::TooMany { retry_after: window.as_secs() });
        }
        Ok(())
    }

    /// A session of a user that begins now, and how it is kept.
    fn new_session(&self, user: Uuid) -> Result<(NewSession, SessionRow), DeskError> {
        let now = self.time().now();
        let secret = URL_SAFE_NO_PAD.encode(random::<32>()?);
        let row = session_row(&secret, user, now);
        Ok((NewSession { secret, lasts: LONGEST.as_secs(), half: false }, row))
    }

    /// The caller behind a session's secret, if it still lives.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn by_session(&self, secret: &str) -> Result<Option<Caller>, DeskError> {
        let hash = digest(secret).to_vec();
        let key = hash.clone();
        let found = self
            .db()
            .read(move |tx| {
                let Some((session, user, must_enrol)) = sign_in::session_user(tx, &key)? else { return Ok(None) };
                let area = organisation::area::of_user(tx, &user)?;
                Ok::<_, DeskError>(Some((session, user, area, must_enrol)))
            })
            .await?;
        let now = self.time().now();
        let Some((session, user, area, must_enrol)) = found else {
            return Ok(None);
        };
        let alive = stored(now) < session.expires_at && stored(now - IDLE) < session.seen_at && !user.disabled;
        if !alive {
            return Ok(None);
        }
        if session.seen_at < stored(now - SEEN_STEP) {
            let at = stored(now);
            self.db().write(move |tx| Ok::<_, DeskError>(sign_in::touch_session(tx, &hash, at)?)).await?;
        }
        Ok(Some(Caller { must_enrol, ..caller_of(&user, area)? }))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn sign_out(&self, secret: &str) -> Result<(), DeskError> {
        let hash = digest(secret).to_vec();
        self.db().write(move |tx| Ok::<_, DeskError>(sign_in::delete_session(tx, &hash)?)).await?;
        Ok(())
    }

    /// The caller behind a token, if it is valid.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn by_token(&self, token: &str) -> Result<Option<Caller>, DeskError> {
        if !token.starts_with(tokens::PREFIX) {
            return Ok(None);
        }
        let hash = digest(token).to_vec();
        let found = self.db().read(move |tx| Ok::<_, DeskError>(sign_in::token_by_hash(tx, &hash)?)).await?;
        self.token_caller(found)
    }

    /// The caller a token stands for, if it is valid now.
    pub(crate) fn token_caller(&self, found: Option<store::TokenRow>) -> Result<Option<Caller>, DeskError> {
        let now = stored(self.time().now());
        let Some(row) = found else { return Ok(None) };
        if row.revoked_at.is_some() || row.expires_at.is_some_and(|end| end <= now) {
            return Ok(None);
        }
        let actor = Actor {
            id: ActorId::Token(TokenId(row.id)),
            role: role(&row.role)?,
            area: area(&row.region)?,
            unit: self.root(),
        };
        let scopes = row.scopes.split(',').filter_map(Scope::from_code).collect();
        Ok(Some(Caller { actor, name: row.name, scopes, one_time: false, must_enrol: false }))
    }

    /// Whoever calls an interface that asks nobody who they are: for development on one machine, so that nothing has to
    /// be set up first. The log names a token of no identity.
    #[must_use]
    pub fn anybody(&self) -> Caller {
        let id = ActorId::Token(TokenId(Uuid::nil()));
        let actor = Actor { id, role: Role::Admin, area: AreaScope::everywhere(), unit: self.root() };
        Caller {
            actor,
            name: "dev-open-tmf".to_owned(),
            scopes: Scope::ALL.to_vec(),
            one_time: false,
            must_enrol: false,
        }
    }

    /// Sets a new password: returns the one-time password, shown once. All sessions of the user
    /// end.
    ///
    /// # Errors
    /// If the caller may not, the user does not exist, or an error of the database; `administrators_by_people`.
    pub fn reset_password(&self, by: &Caller, username: &str) -> Result<String, DeskError> {
        permissions::MANAGE_USERS.require(by)?;
        let password = one_time_password()?;
        let hashed = hash_password(&password)?;
        let (name, at, actor) = (username.trim().to_lowercase(), stored(self.time().now()), by.actor.id);
        self.db().write_now(move |tx| {
            let user = people::user_by_name(tx, &name)?
                .ok_or_else(|| Refusal::from(Fault::new("username", "unknown_user")))?;
            organisation::no_programme_over(actor, &user.role)?;
            people::set_password(tx, user.id, &hashed, true, at)?;
            end_begun(tx, user.id)?;
            sign_in::clear_attempts(tx, &format!("account:{}", hex_digest(&name)))?;
            administration::record(tx, user.id, actor, at, &Change::new("reset-password"))
        })?;
        Ok(password)
    }

    /// Changes one's own password; all sessions end, and the one returned begins.
    ///
    /// # Errors
    /// When the old one is wrong, the new one too weak or the same.
    pub async fn change_password(&self, caller: &Caller, old: &str, new: &str) -> Result<NewSession, DeskError> {
        let id = caller.person()?;
        check_password(new, &caller.name)?;
        if old == new {
            return Err(Refusal::from(Fault::new("password", "same_password")).into());
        }
        let user = self.db().read(move |tx| Ok::<_, DeskError>(people::user(tx, id.0)?)).await?;
        let user = user.ok_or_else(Refusal::not_found)?;
        let (given, fresh, known) = (old.to_owned(), new.to_owned(), user.password.clone());
        let hashed = tokio::task::spawn_blocking(move || {
            if verify(&given, Some(&user.password)) { hash_password(&fresh).map(Some) } else { Ok(None) }
        })
        .await
        .map_err(|error| DeskError::Damaged(error.to_string()))??;
        let Some(hashed) = hashed else {
            return Err(Refusal::from(Fault::new("old_password", "wrong_password")).into());
        };
        let (session, row) = self.new_session(id.0)?;
        let (at, actor) = (row.created_at, caller.actor.id);
        self.db()
            .write(move |tx| {
                // An administrator may have made a new one meanwhile: theirs stands.
                if people::user(tx, id.0)?.is_none_or(|now| now.disabled || now.password != known) {
                    return Err(Refusal::from(Fault::new("old_password", "wrong_password")).into());
                }
                people::set_password(tx, id.0, &hashed, false, at)?;
                end_begun(tx, id.0)?;
                sign_in::insert_session(tx, &row)?;
                administration::record(tx, id.0, actor, at, &Change::new("change-password"))
            })
            .await?;
        Ok(session)
    }
}

impl Desk {
    /// A user as a caller, for whoever runs the installation and acts in the user's name, with the user's rights.
    ///
    /// # Errors
    /// If there is no such user or the account is closed.
    pub async fn in_the_name_of(&self, username: &str) -> Result<Caller, DeskError> {
        let username = username.trim().to_lowercase();
        let found = self.db().read(move |tx| {
            let Some(user) = people::user_by_name(tx, &username)?.filter(|user| !user.disabled) else {
                return Ok(None);
            };
            let area = organisation::area::of_user(tx, &user)?;
            Ok::<_, DeskError>(Some((user, area)))
        });
        let (user, area) = found.await?.ok_or_else(|| Refusal::from(Fault::new("username", "unknown_user")))?;
        caller_of(&user, area)
    }
}

/// A caller from a user's row and the area in force for them.
pub(crate) fn caller_of(user: &UserRow, area: AreaScope) -> Result<Caller, DeskError> {
    Ok(Caller {
        actor: Actor { id: ActorId::User(UserId(user.id)), role: role(&user.role)?, area, unit: UnitId(user.unit) },
        name: user.name.clone(),
        scopes: Scope::ALL.to_vec(),
        one_time: user.one_time,
        must_enrol: false,
    })
}

fn role(code: &str) -> Result<Role, DeskError> {
    code.parse().map_err(|_| DeskError::Damaged(format!("role {code:?}")))
}

fn area(code: &str) -> Result<AreaScope, DeskError> {
    AreaScope::region(code).map_err(|_| DeskError::Damaged(format!("region {code:?}")))
}

/// Refuses a password that is too short, too long or the user's own name.
///
/// # Errors
/// Names the field.
pub fn check_password(password: &str, username: &str) -> Result<(), Refusal> {
    let length = password.chars().count();
    if length < SHORTEST_PASSWORD {
        return Err(Fault::new("password", "too_short").with("min", SHORTEST_PASSWORD).into());
    }
    if password.len() > 512 {
        return Err(Fault::new("password", "too_long").with("max", 128).into());
    }
    if password.to_lowercase().contains(&username.to_lowercase()) && !username.is_empty() {
        return Err(Fault::new("password", "contains_username").into());
    }
    Ok(())
}

/// Hashes a password with argon2id.
///
/// # Errors
/// If the system gives no random bytes.
pub fn hash_password(password: &str) -> Result<String, DeskError> {
    let salt: [u8; 16] = random()?;
    Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|error| DeskError::Damaged(format!("password hash: {error}")))
}

/// Whether a password is right. For an unknown user as much work is done as for a known one, so that time tells
/// nothing.
fn verify(password: &str, known: Option<&str>) -> bool {
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$2hQ8zZ0v5x1Q6oYk1m3m1u3oZ7n0m9f7QkqXl0b1c2E";
    let matches = |hash: &str| {
        PasswordHash::new(hash)
            .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
    };
    match known {
        Some(hash) => matches(hash),
        None => {
            // The same work as for somebody, so that the time taken tells nothing.
            matches(NOBODY);
            false
        }
    }
}

/// Lets a user keep the password made for them: for users nobody is, such as those of the demo.
///
/// # Errors
/// Those of the database.
pub fn keep_password(desk: &Desk, username: &str) -> Result<(), DeskError> {
    let (username, at) = (username.to_owned(), stored(desk.time().now()));
    desk.db().write_now(move |tx| {
        let Some(user) = people::user_by_name(tx, &username)? else { return Ok(()) };
        Ok(people::set_password(tx, user.id, &user.password, false, at)?)
    })
}

/// A password for first use: sixteen letters and digits nobody confuses, in groups.
///
/// # Errors
/// If the system gives no random bytes.
pub fn one_time_password() -> Result<String, DeskError> {
    const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz123456789";
    let mut password = String::with_capacity(19);
    for (position, byte) in random::<16>()?.into_iter().enumerate() {
        if position > 0 && position % 4 == 0 {
            password.push('-');
        }
        password.push(char::from(ALPHABET.get(usize::from(byte & 31)).copied().unwrap_or(b'x')));
    }
    Ok(password)
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn hex_digest(text: &str) -> String {
    // Keys of attempts are hashed because people type passwords into the wrong field.
    digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// The first administrator of a new installation, with the one-time password.
///
/// # Errors
/// An error of the database.
pub fn first_admin(desk: &Desk) -> Result<Option<String>, DeskError> {
    if desk.db().read_now(|tx| Ok::<_, DeskError>(people::any_user(tx)?))? {
        return Ok(None);
    }
    let new = organisation::NewUser {
        username: "admin".to_owned(),
        name: "管理员".to_owned(),
        role: Role::Admin,
        region: String::new(),
        unit: desk.root(),
        skills: Vec::new(),
        email: String::new(),
    };
    organisation::add_user(desk, &Caller::system(desk.root()), &new).map(Some)
}
