//! The second step: a code by time after the password or the provider. A sign-in that waits for it is no session yet and
//! lies in a table of its own, so nothing that asks for a session can take it for one. A code counts once, on whichever node;
//! ten codes to be kept on paper stand in for a lost telephone.

use super::letters::{self, Kind};
use super::{MOST_PER_ADDRESS, NewSession, WINDOW, address_key, digest, totp};
use crate::activation::everywhere;
use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::notices::letters::announce;
use crate::organisation::{area, no_programme_over, within};
use crate::time::{moment, stored};
use crate::vault::cipher::random;
use crate::{Desk, permissions};
use domain::actor::{ActorId, Role};
use domain::fault::Fault;
use domain::ids::UserId;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind as Shape, required};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use store::{NoticeRow, Tx, UserRow, identities, people, second_factor, sign_in};
use uuid::Uuid;

/// How long a sign-in waits for its second step.
const HALF_LASTS: SignedDuration = SignedDuration::from_mins(10);
/// How long a secret that was shown waits for its first code.
const PENDING_LASTS: SignedDuration = SignedDuration::from_mins(15);
/// Wrong codes within the window of sign-ins, and within a day: whoever knows the password guesses one of three codes in a
/// million.
const MOST_CODES: i64 = 8;
const MOST_CODES_A_DAY: i64 = 40;
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// What codes typed at an address are counted under: not with passwords, or whoever types both is counted twice.
fn codes_key(address: &str) -> String {
    format!("codes-{}", address_key(address))
}

/// Codes to be kept on paper.
const CODES: usize = 10;
const CODE_ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz123456789";

/// The notice that somebody's second step was taken off.
pub const REMOVED: &str = "second_factor_removed";
/// Kinds of notices about one's own account.
pub const KINDS: &[&str] = &[REMOVED];

/// Shape of which roles have to have a second step.
pub const ROLES: &[Field] = &[required(
    "roles",
    Shape::List { of: &Shape::Code(&Role::CODES), max: Role::ALL.len() },
    "All of them; whoever has such a role and no second step can do nothing before there is one.",
)];

/// How somebody signs in.
#[derive(Clone, Debug)]
pub struct SignInView {
    /// Since when they have a second step.
    pub since: Option<Timestamp>,
    /// Whether their role has to have one.
    pub required: bool,
    /// How many codes on paper are left.
    pub codes: i64,
    /// What providers know them as.
    pub identities: Vec<Identity>,
}

/// What a provider knows somebody as.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The provider.
    pub issuer: String,
    /// Its name for them.
    pub subject: String,
    /// Since when they are linked.
    pub since: Timestamp,
}

/// A secret that waits for its first code.
#[derive(Clone, Debug)]
pub struct Pending {
    /// As it is typed.
    pub secret: String,
    /// As it stands in a picture to be scanned.
    pub uri: String,
}

/// Whether a user has a second step.
pub(super) fn is_on(tx: &mut Tx<'_>, user: Uuid) -> Result<bool, DeskError> {
    Ok(second_factor::factor(tx, user)?.is_some_and(|row| row.secret.is_some()))
}

/// Keeps a first proof that waits for the second.
pub(super) fn insert_half(tx: &mut Tx<'_>, hash: &[u8], user: Uuid, now: Timestamp) -> Result<(), DeskError> {
    Ok(second_factor::insert_half(tx, hash, user, stored(now + HALF_LASTS))?)
}

/// How long the browser keeps it.
pub(super) const fn half_lasts() -> i64 {
    HALF_LASTS.as_secs()
}

/// What a secret belongs to: it does not open for anybody else.
fn place(user: Uuid) -> Vec<u8> {
    format!("second-factor:{user}").into_bytes()
}

/// Codes to be kept on paper: sixty bits each.
fn fresh_codes() -> Result<Vec<String>, DeskError> {
    let mut codes = Vec::with_capacity(CODES);
    for _ in 0..CODES {
        let mut code = String::with_capacity(14);
        for (position, byte) in random::<12>()?.into_iter().enumerate() {
            if position > 0 && position % 4 == 0 {
                code.push('-');
            }
            code.push(char::from(CODE_ALPHABET.get(usize::from(byte & 31)).copied().unwrap_or(b'x')));
        }
        codes.push(code);
    }
    Ok(codes)
}

/// What is typed of such a code, as it was made.
fn plain(code: &str) -> String {
    code.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect::<String>().to_lowercase()
}

/// Who is signed in; programmes have no second step.
fn person(caller: &Caller) -> Result<UserId, Refusal> {
    permissions::READ_SELF.require(caller)?;
    caller.person()
}

impl Desk {
    fn code_hashes(&self, user: Uuid, codes: &[String]) -> Vec<Vec<u8>> {
        codes.iter().map(|code| self.code_hash(user, code)).collect()
    }

    /// Under a key of the installation: sixty bits would be found from a plain digest.
    fn code_hash(&self, user: Uuid, code: &str) -> Vec<u8> {
        self.keyring().lookup_hash(&format!("recovery:{user}"), &plain(code)).to_vec()
    }

    /// Counts a typed code against what a user, and an address, may try.
    async fn count_codes(&self, user: Uuid, address: Option<&str>) -> Result<(), DeskError> {
        let now = self.time().now();
        let mut limits =
            vec![(format!("factor:{user}"), WINDOW, MOST_CODES), (format!("factor-day:{user}"), DAY, MOST_CODES_A_DAY)];
        limits.extend(address.map(|address| (codes_key(address), WINDOW, MOST_PER_ADDRESS)));
        let at = stored(now);
        let counted = self.db().write(move |tx| {
            let mut exceeded = None;
            for (key, window, most) in limits {
                if sign_in::count_attempt(tx, &key, at, stored(now - window))? > most {
                    exceeded = Some(window);
                }
            }
            Ok::<_, DeskError>(exceeded)
        });
        match counted.await? {
            Some(window) => Err(DeskError::TooMany { retry_after: window.as_secs() }),
            None => Ok(()),
        }
    }

    /// Looks at a typed code and uses it up: a code by time of a step no code was accepted for yet, or one from paper.
    async fn use_code(&self, user: Uuid, typed: &str) -> Result<bool, DeskError> {
        let found = self.db().read(move |tx| Ok::<_, DeskError>(second_factor::factor(tx, user)?)).await?;
        let Some(sealed) = found.and_then(|row| row.secret) else { return Ok(false) };
        let now = self.time().now();
        let at = stored(now);
        let Some(digits) = totp::digits(typed) else {
            let hash = self.code_hash(user, typed);
            return self
                .db()
                .write(move |tx| {
                    let used = second_factor::use_code(tx, user, &hash)?;
                    if used {
                        let left = second_factor::count_codes(tx, user)?;
                        let change = Change::new("use-recovery-code").with("left", left.to_string());
                        administration::record(tx, user, ActorId::User(UserId(user)), at, &change)?;
                    }
                    Ok::<_, DeskError>(used)
                })
                .await;
        };
        let secret = self.keyring().second_factor().open(&sealed, &place(user))?;
        let Some(step) = totp::matching(&secret, &digits, totp::step(now)) else { return Ok(false) };
        self.db().write(move |tx| Ok::<_, DeskError>(second_factor::use_step(tx, user, step)?)).await
    }

    fn forget_tries(tx: &mut Tx<'_>, user: Uuid) -> Result<(), DeskError> {
        sign_in::clear_attempts(tx, &format!("factor:{user}"))?;
        Ok(sign_in::clear_attempts(tx, &format!("factor-day:{user}"))?)
    }

    /// Ends a sign-in that waits with a session, if the code is right.
    ///
    /// # Errors
    /// `sign_in_over` when it waits no more, `second_step_failed` for a wrong code or one that was used, `TooMany` beyond
    /// the limit.
    pub async fn second_step(&self, half: &str, typed: &str, address: &str) -> Result<NewSession, DeskError> {
        let over = || DeskError::from(Refusal::forbidden("sign_in_over"));
        let (hash, key) = (digest(half).to_vec(), digest(half).to_vec());
        let found = self.db().read(move |tx| Ok::<_, DeskError>(second_factor::half(tx, &key)?)).await?;
        let now = stored(self.time().now());
        let alive = found.filter(|(expires_at, user)| now < *expires_at && !user.disabled);
        let Some((_, user)) = alive else { return Err(over()) };
        self.count_codes(user.id, Some(address)).await?;
        if !self.use_code(user.id, typed).await? {
            return Err(Refusal::forbidden("second_step_failed").into());
        }
        let (session, row) = self.new_session(user.id)?;
        let from = codes_key(address);
        self.db()
            .write(move |tx| {
                // What ended meanwhile, by an administrator or another password, is over for this one too.
                if !second_factor::remove_half(tx, &hash)? || people::user(tx, user.id)?.is_none_or(|now| now.disabled)
                {
                    return Err(over());
                }
                sign_in::insert_session(tx, &row)?;
                sign_in::take_back_attempt(tx, &from)?;
                Self::forget_tries(tx, user.id)
            })
            .await?;
        Ok(session)
    }

    /// How somebody signs in.
    fn sign_in_view(tx: &mut Tx<'_>, user: &UserRow) -> Result<SignInView, DeskError> {
        let factor = second_factor::factor(tx, user.id)?.filter(|row| row.secret.is_some());
        let identities = identities::of_user(tx, user.id)?;
        Ok(SignInView {
            since: factor.and_then(|row| row.confirmed_at).map(moment),
            required: second_factor::roles(tx)?.contains(&user.role),
            codes: second_factor::count_codes(tx, user.id)?,
            identities: identities
                .into_iter()
                .map(|row| Identity { issuer: row.issuer, subject: row.subject, since: moment(row.linked_at) })
                .collect(),
        })
    }

    /// How the caller signs in.
    ///
    /// # Errors
    /// `not_found` where the caller is a programme, which signs in in no way.
    pub async fn own_sign_in(&self, caller: &Caller) -> Result<SignInView, DeskError> {
        permissions::READ_SELF.require(caller)?;
        let id = caller.actor.user().ok_or_else(Refusal::not_found)?;
        self.db()
            .read(move |tx| {
                let user = people::user(tx, id.0)?.ok_or_else(Refusal::not_found)?;
                Self::sign_in_view(tx, &user)
            })
            .await
    }

    /// How a user signs in, for whoever looks after users.
    ///
    /// # Errors
    /// `not_found` when there is no such user in the caller's area.
    pub async fn sign_in_of(&self, by: &Caller, user: UserId) -> Result<SignInView, DeskError> {
        permissions::READ_SIGN_IN.require(by)?;
        let own = by.actor.area.clone();
        self.db()
            .read(move |tx| {
                let row = people::user(tx, user.0)?.ok_or_else(Refusal::not_found)?;
                within(&own, &area::of_user(tx, &row)?)?;
                Self::sign_in_view(tx, &row)
            })
            .await
    }

    /// Makes a secret for the caller, which counts once a first code came for it.
    ///
    /// # Errors
    /// If the caller is a programme or has a second step.
    pub async fn begin_second_factor(&self, caller: &Caller) -> Result<(), DeskError> {
        let id = person(caller)?.0;
        let secret: [u8; totp::SECRET] = random()?;
        let sealed = self.keyring().second_factor().seal(&secret, &place(id))?;
        let at = stored(self.time().now());
        self.db()
            .write(move |tx| {
                if is_on(tx, id)? {
                    return Err(Refusal::conflict("second_factor_on").into());
                }
                Ok::<_, DeskError>(second_factor::begin(tx, id, &sealed, at)?)
            })
            .await
    }

    /// The sealed secret that waits for the caller's first code, if it still does.
    async fn pending(&self, user: Uuid) -> Result<Option<Vec<u8>>, DeskError> {
        let found = self.db().read(move |tx| Ok::<_, DeskError>(second_factor::factor(tx, user)?)).await?;
        let since = stored(self.time().now() - PENDING_LASTS);
        Ok(found.filter(|row| row.secret.is_none() && row.pending_at > since).and_then(|row| row.pending))
    }

    /// The secret that waits for the caller's first code, in the clear.
    ///
    /// # Errors
    /// If the caller is a programme.
    pub async fn pending_second_factor(&self, caller: &Caller) -> Result<Option<Pending>, DeskError> {
        let id = person(caller)?.0;
        let Some(sealed) = self.pending(id).await? else { return Ok(None) };
        let user = self.db().read(move |tx| Ok::<_, DeskError>(people::user(tx, id)?)).await?;
        let username = user.ok_or_else(Refusal::not_found)?.username;
        let secret = totp::base32(&self.keyring().second_factor().open(&sealed, &place(id))?);
        // A name to sign in with has no letter that would have to be written otherwise.
        let uri = format!(
            "otpauth://totp/Redress:{username}?secret={secret}&issuer=Redress&algorithm=SHA1&digits=6&period=30"
        );
        Ok(Some(Pending { secret, uri }))
    }

    /// Puts the second step into force with its first code. All sessions end, and the one returned begins; the codes for
    /// paper are shown this once.
    ///
    /// # Errors
    /// `no_pending_factor` when nothing waits, a fault for a wrong code, `TooMany` beyond the limit.
    pub async fn confirm_second_factor(
        &self,
        caller: &Caller,
        typed: &str,
    ) -> Result<(NewSession, Vec<String>), DeskError> {
        let id = person(caller)?.0;
        self.count_codes(id, None).await?;
        let gone = || DeskError::from(Refusal::conflict("no_pending_factor"));
        let sealed = self.pending(id).await?.ok_or_else(gone)?;
        let secret = self.keyring().second_factor().open(&sealed, &place(id))?;
        let step = totp::digits(typed).and_then(|typed| totp::matching(&secret, &typed, totp::step(self.time().now())));
        let Some(step) = step else { return Err(Refusal::from(Fault::new("code", "wrong_code")).into()) };
        let codes = fresh_codes()?;
        let hashes = self.code_hashes(id, &codes);
        let (session, row) = self.new_session(id)?;
        let (desk, actor, at) = (self.clone(), caller.actor.id, row.created_at);
        self.db()
            .write(move |tx| {
                if !second_factor::confirm(tx, id, &sealed, step, at)? {
                    return Err(gone());
                }
                second_factor::set_codes(tx, id, &hashes)?;
                second_factor::remove_halves_of(tx, id)?;
                sign_in::delete_sessions_of(tx, id)?;
                sign_in::insert_session(tx, &row)?;
                Self::forget_tries(tx, id)?;
                letters::tell(&desk, tx, Kind::FactorAdded, id)?;
                administration::record(tx, id, actor, at, &Change::new("add-second-factor"))
            })
            .await?;
        Ok((session, codes))
    }

    /// Makes new codes for paper; those before open nothing any more.
    ///
    /// # Errors
    /// A fault for a wrong code, `TooMany` beyond the limit.
    pub async fn renew_recovery_codes(&self, caller: &Caller, typed: &str) -> Result<Vec<String>, DeskError> {
        let id = self.proved(caller, typed).await?;
        let codes = fresh_codes()?;
        let hashes = self.code_hashes(id, &codes);
        let (actor, at) = (caller.actor.id, stored(self.time().now()));
        self.db()
            .write(move |tx| {
                second_factor::set_codes(tx, id, &hashes)?;
                Self::forget_tries(tx, id)?;
                administration::record(tx, id, actor, at, &Change::new("renew-recovery-codes"))
            })
            .await?;
        Ok(codes)
    }

    /// Takes one's own second step off.
    ///
    /// # Errors
    /// When one's role has to have one, a fault for a wrong code, `TooMany` beyond the limit.
    pub async fn remove_second_factor(&self, caller: &Caller, typed: &str) -> Result<(), DeskError> {
        person(caller)?;
        if self.own_sign_in(caller).await?.required {
            return Err(Refusal::conflict("second_factor_required").into());
        }
        let id = self.proved(caller, typed).await?;
        let (desk, actor, at) = (self.clone(), caller.actor.id, stored(self.time().now()));
        self.db()
            .write(move |tx| {
                second_factor::remove(tx, id)?;
                Self::forget_tries(tx, id)?;
                letters::tell(&desk, tx, Kind::FactorRemoved, id)?;
                administration::record(tx, id, actor, at, &Change::new("remove-second-factor"))
            })
            .await
    }

    /// Who is signed in, having proved it once more by a code.
    async fn proved(&self, caller: &Caller, typed: &str) -> Result<Uuid, DeskError> {
        let id = person(caller)?.0;
        self.count_codes(id, None).await?;
        if self.use_code(id, typed).await? {
            return Ok(id);
        }
        Err(Refusal::from(Fault::new("code", "wrong_code")).into())
    }

    /// Takes the second step off a user who lost it. Their sessions end, and they are told.
    ///
    /// # Errors
    /// If the caller may not, there is no such user in their area, or the user has none; `administrators_by_people`.
    pub fn reset_second_factor(&self, by: &Caller, username: &str) -> Result<(), DeskError> {
        permissions::MANAGE_USERS.require(by)?;
        let (name, at, actor) = (username.trim().to_lowercase(), stored(self.time().now()), by.actor.id);
        let (desk, own) = (self.clone(), by.actor.area.clone());
        self.db().write_now(move |tx| {
            let user = people::user_by_name(tx, &name)?
                .ok_or_else(|| Refusal::from(Fault::new("username", "unknown_user")))?;
            within(&own, &area::of_user(tx, &user)?)?;
            no_programme_over(actor, &user.role)?;
            if !is_on(tx, user.id)? {
                return Err(Refusal::conflict("no_second_factor").into());
            }
            second_factor::remove(tx, user.id)?;
            second_factor::remove_halves_of(tx, user.id)?;
            sign_in::delete_sessions_of(tx, user.id)?;
            Self::forget_tries(tx, user.id)?;
            let by_mail = announce(&desk, tx, user.id)?;
            let notice = NoticeRow {
                id: Uuid::now_v7(),
                user: user.id,
                case: user.id,
                kind: REMOVED.to_owned(),
                rule: String::new(),
                percent: 0,
                at,
                run: None,
                mail: if by_mail { store::notices::WAITS } else { store::notices::NO_MAIL },
            };
            store::notices::insert(tx, &notice)?;
            letters::tell(&desk, tx, Kind::FactorRemoved, user.id)?;
            administration::record(tx, user.id, actor, at, &Change::new("reset-second-factor"))
        })
    }

    /// The roles that have to have a second step.
    ///
    /// # Errors
    /// If the caller may not see them.
    pub async fn second_factor_roles(&self, by: &Caller) -> Result<Vec<Role>, DeskError> {
        permissions::READ_SIGN_IN.require(by)?;
        let roles = self.db().read(|tx| Ok::<_, DeskError>(second_factor::roles(tx)?)).await?;
        Ok(Role::ALL.into_iter().filter(|role| roles.iter().any(|code| code == role.code())).collect())
    }

    /// Says which roles have to have one. Whoever has such a role and no second step can do nothing before there is one, at
    /// once and on every node.
    ///
    /// # Errors
    /// If the caller may not, or sees only a part of the installation.
    pub async fn require_second_factor(&self, by: &Caller, roles: &[Role]) -> Result<(), DeskError> {
        permissions::REQUIRE_SECOND_FACTOR.require(by)?;
        everywhere(by)?;
        let wanted: BTreeSet<Role> = roles.iter().copied().collect();
        let (at, actor, root) = (stored(self.time().now()), by.actor.id, self.root());
        self.db()
            .write(move |tx| {
                let codes: Vec<&str> = wanted.iter().map(|role| role.code()).collect();
                let known: BTreeSet<String> = second_factor::roles(tx)?.into_iter().collect();
                if known.iter().map(String::as_str).collect::<BTreeSet<_>>() == codes.iter().copied().collect() {
                    return Ok(());
                }
                second_factor::set_roles(tx, &codes, at)?;
                let change = Change::new("require-second-factor").with("roles", codes.join(" "));
                administration::record(tx, root.0, actor, at, &change)
            })
            .await
    }
}
