//! Tokens of programmes: made for a purpose, shown once, kept only as a hash, and ended by whoever looks after the area
//! they see. Every one made and ended stands in the administration ledger. Programmes neither make nor end any: one that
//! could would outlive its own.

use crate::activation::Person;
use crate::administration::{self, Change};
use crate::audit::known;
use crate::caller::{Caller, Scope};
use crate::error::DeskError;
use crate::time::{moment, stored};
use crate::vault::cipher::random;
use crate::{Desk, permissions};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::actor::{ActorId, AreaScope, Role};
use domain::fault::Fault;
use domain::ids::TokenId;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, optional, required};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use store::{TokenRow, sign_in};
use uuid::Uuid;

/// What every token begins with, so that people and programmes that look for secrets recognise one.
pub const PREFIX: &str = "rdt_";
/// Tokens shown at most; those that are good come first.
pub const MOST_SHOWN: i64 = 500;

const SCOPES: &[&str] = &["read", "write", "personal-data"];

/// Shape of a token.
pub const NEW_TOKEN: &[Field] = &[
    required("name", Kind::Line { max: 60 }, "What people call it: the programme that has it."),
    required("purpose", Kind::Line { max: 200 }, "What it is for. Do not write personal data here."),
    required("role", Kind::Code(&Role::CODES), "Whose rights it has."),
    required("scopes", Kind::List { of: &Kind::Code(SCOPES), max: 3 }, "What of these it may touch."),
    optional("region", Kind::Region, "Area it sees. Default: the caller's."),
    optional("expires_on", Kind::Day, "The last local day on which it is good. Default: until it is ended."),
];

/// A token to be made.
#[derive(Clone, Debug, Deserialize)]
pub struct NewToken {
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// Whose rights it has.
    pub role: Role,
    /// Codes of its scopes.
    pub scopes: Vec<String>,
    /// Area it sees; the caller's when left out.
    #[serde(default)]
    pub region: Option<String>,
    /// The last local day on which it is good.
    #[serde(default)]
    pub expires_on: Option<Date>,
}

/// A token, without its secret.
#[derive(Clone, Debug)]
pub struct Token {
    /// Identity; the log names it.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// What it is for; empty where nobody said.
    pub purpose: String,
    /// Role.
    pub role: String,
    /// Area; empty for everywhere.
    pub region: String,
    /// Codes of its scopes.
    pub scopes: Vec<String>,
    /// Who made it, where that is known.
    pub made_by: Option<Person>,
    /// When.
    pub made_at: Timestamp,
    /// From when on it is no longer good.
    pub expires_at: Option<Timestamp>,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
    /// Whether it is good now.
    pub good: bool,
}

impl Desk {
    /// Makes a token and gives its identity and its secret, which is shown once. Nobody makes one that sees more than they
    /// do.
    ///
    /// # Errors
    /// Faults of the fields; when the caller may not; `tokens_by_people` where it is a programme.
    pub async fn add_token(&self, caller: &Caller, new: &NewToken) -> Result<(Uuid, String), DeskError> {
        permissions::MANAGE_TOKENS.require(caller)?;
        no_programme(caller)?;
        let own = &caller.actor.area;
        let region = new.region.clone().unwrap_or_else(|| own.code().to_owned());
        let area = AreaScope::region(&region).map_err(Refusal::from)?;
        if !own.covers(area.code()) && own.code() != area.code() {
            return Err(Refusal::from(Fault::new("region", "outside_area").with("area", own.code())).into());
        }
        let scopes: Vec<Scope> = new.scopes.iter().filter_map(|code| Scope::from_code(code)).collect();
        if scopes.is_empty() {
            return Err(Refusal::from(Fault::new("scopes", "required")).into());
        }
        let now = self.time().now();
        let expires = new.expires_on.map(|day| self.end_of(day)).transpose()?;
        if expires.is_some_and(|end| end <= now) {
            return Err(Refusal::from(Fault::new("expires_on", "day_is_over")).into());
        }
        let (secret, row) = self.fresh_token(caller, &new.name, new.role, &area, &scopes)?;
        let row = TokenRow { purpose: new.purpose.trim().to_owned(), expires_at: expires.map(stored), ..row };
        let (id, change, actor) = (row.id, made(&row), caller.actor.id);
        self.db()
            .write(move |tx| {
                sign_in::insert_token(tx, &row)?;
                administration::record(tx, row.id, actor, row.created_at, &change)
            })
            .await?;
        Ok((id, secret))
    }

    /// The first moment after a local day of the installation.
    fn end_of(&self, day: Date) -> Result<Timestamp, Refusal> {
        let next = day.tomorrow().ok().and_then(|next| next.to_zoned_datetime(self.zone().clone()).ok());
        next.map(|next| next.timestamp()).ok_or_else(|| Fault::new("expires_on", "bad_day").into())
    }

    fn fresh_token(
        &self,
        by: &Caller,
        name: &str,
        role: Role,
        area: &AreaScope,
        scopes: &[Scope],
    ) -> Result<(String, TokenRow), DeskError> {
        let secret = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random::<32>()?));
        let row = TokenRow {
            id: Uuid::now_v7(),
            name: name.trim().to_owned(),
            hash: Sha256::digest(secret.as_bytes()).to_vec(),
            role: role.code().to_owned(),
            region: area.code().to_owned(),
            scopes: scopes.iter().map(|scope| scope.code()).collect::<Vec<_>>().join(","),
            created_at: stored(self.time().now()),
            expires_at: None,
            revoked_at: None,
            purpose: String::new(),
            made_by: by.actor.id.to_string(),
        };
        Ok((secret, row))
    }

    /// Makes a token on the command line, for whoever runs the installation, and returns its secret. Blocking.
    ///
    /// # Errors
    /// If the region is unknown, or an error of the database.
    pub fn create_token(
        &self,
        by: &Caller,
        name: &str,
        role: Role,
        region: &str,
        scopes: &[Scope],
    ) -> Result<String, DeskError> {
        let area = AreaScope::region(region).map_err(Refusal::from)?;
        let (secret, row) = self.fresh_token(by, name, role, &area, scopes)?;
        let (change, actor) = (made(&row), by.actor.id);
        self.db().write_now(move |tx| {
            sign_in::insert_token(tx, &row)?;
            administration::record(tx, row.id, actor, row.created_at, &change)
        })?;
        Ok(secret)
    }

    /// Revokes every valid token of a name and returns how many there were. Blocking.
    ///
    /// # Errors
    /// Only those of the database.
    pub fn revoke_tokens(&self, by: &Caller, name: &str) -> Result<usize, DeskError> {
        let (name, actor, at) = (name.to_owned(), by.actor.id, stored(self.time().now()));
        self.db().write_now(move |tx| {
            let revoked = sign_in::revoke_tokens(tx, &name, at)?;
            for id in &revoked {
                administration::record(tx, *id, actor, at, &Change::new("revoke-token"))?;
            }
            Ok(revoked.len())
        })
    }

    /// The tokens that see nothing the caller does not see, those that are good first; [`MOST_SHOWN`] at most.
    ///
    /// # Errors
    /// If the caller may not see them.
    pub async fn tokens(&self, caller: &Caller) -> Result<Vec<Token>, DeskError> {
        permissions::MANAGE_TOKENS.require(caller)?;
        let (own, now) = (caller.actor.area.clone(), stored(self.time().now()));
        self.db()
            .read(move |tx| {
                let mut found = Vec::new();
                for row in sign_in::tokens(tx, own.code(), now, MOST_SHOWN)? {
                    let made_by = (!row.made_by.is_empty()).then(|| known(tx, &row.made_by)).transpose()?;
                    found.push(Token {
                        good: row.revoked_at.is_none() && row.expires_at.is_none_or(|end| end > now),
                        id: row.id,
                        name: row.name,
                        purpose: row.purpose,
                        role: row.role,
                        region: row.region,
                        scopes: row.scopes.split(',').map(str::to_owned).collect(),
                        made_by,
                        made_at: moment(row.created_at),
                        expires_at: row.expires_at.map(moment),
                        ended_at: row.revoked_at.map(moment),
                    });
                }
                Ok::<_, DeskError>(found)
            })
            .await
    }

    /// Ends a token: from now on it opens nothing.
    ///
    /// # Errors
    /// `not_found`; `tokens_by_people` where a programme asks; `token_is_over` when somebody ended it before.
    pub async fn end_token(&self, caller: &Caller, id: TokenId) -> Result<(), DeskError> {
        permissions::MANAGE_TOKENS.require(caller)?;
        let (by, at) = (caller.clone(), stored(self.time().now()));
        self.db()
            .write(move |tx| {
                let row = sign_in::token(tx, id.0)?.filter(|row| reaches(&by.actor.area, row));
                let row = row.ok_or_else(Refusal::not_found)?;
                no_programme(&by)?;
                if !sign_in::end_token(tx, row.id, at)? {
                    return Err(Refusal::conflict("token_is_over").into());
                }
                administration::record(tx, row.id, by.actor.id, at, &Change::new("revoke-token"))
            })
            .await
    }
}

/// Tokens are the business of people.
fn no_programme(by: &Caller) -> Result<(), Refusal> {
    match by.actor.id {
        ActorId::Token(_) => Err(Refusal::forbidden("tokens_by_people")),
        ActorId::User(_) | ActorId::System => Ok(()),
    }
}

/// What the ledger says of a new token.
fn made(row: &TokenRow) -> Change {
    let change = Change::new("create-token")
        .with("role", row.role.clone())
        .with("region", row.region.clone())
        .with("scopes", row.scopes.clone());
    let change = if row.purpose.is_empty() { change } else { change.with("purpose", row.purpose.clone()) };
    match row.expires_at {
        Some(end) => change.with("expires_at", moment(end).to_string()),
        None => change,
    }
}

/// Whether a token sees nothing beyond an area.
fn reaches(own: &AreaScope, row: &TokenRow) -> bool {
    own.covers(&row.region) || own.code() == row.region
}
