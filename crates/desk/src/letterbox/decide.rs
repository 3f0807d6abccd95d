//! Deciding about a message that waits: it is registered, goes to a case, or is thrown away with a reason. Looking at one
//! shows what a stranger wrote unmasked, so each look stands in the ledger.

use super::{Mail, STATES, take};
use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::time::{moment, stored};
use crate::{Desk, attach, permissions};
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, optional, required};
use jiff::Timestamp;
use serde::Deserialize;
use std::sync::Arc;
use store::{MailItemRow, cases, letterbox};
use uuid::Uuid;

/// Messages of a page.
const PAGE: i64 = 100;

/// Shape of a decision.
pub const DECIDE: &[Field] = &[
    required("decision", Kind::Code(&["register", "attach", "discard"]), "What becomes of it."),
    optional("case", Kind::Line { max: 40 }, "The case it goes to, by number or identity; needed to attach it."),
    optional(
        "reason",
        Kind::Line { max: 200 },
        "Why it is thrown away; needed for that. Do not write personal data here: it stands in the ledger.",
    ),
];

/// A decision as somebody gives it.
#[derive(Clone, Debug, Deserialize)]
pub struct DecideMail {
    /// What becomes of it.
    pub decision: String,
    /// The case it goes to.
    pub case: Option<String>,
    /// Why it is thrown away.
    pub reason: Option<String>,
}

/// A message that waits for a person, or did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Identity.
    pub id: Uuid,
    /// Why it waits.
    pub reason: String,
    /// What became of it.
    pub state: String,
    /// When our server received it.
    pub received_at: Timestamp,
    /// When it was put here.
    pub at: Timestamp,
    /// Its length in bytes.
    pub size: i64,
    /// Number of a case it may belong to, if the caller may see it.
    pub suggested: Option<String>,
    /// Number of the case it went to, if the caller may see it.
    pub case: Option<String>,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
}

/// What a decision led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The message as it stands now.
    pub item: Waiting,
}

pub(super) fn place(id: Uuid) -> Vec<u8> {
    format!("mail:{id}").into_bytes()
}

impl Desk {
    /// Messages in a state: those that wait oldest first, else newest first; a hundred at most behind `after`.
    ///
    /// # Errors
    /// When the caller may not.
    pub async fn letterbox(
        &self,
        caller: &Caller,
        state: &str,
        after: Option<Uuid>,
    ) -> Result<Vec<Waiting>, DeskError> {
        permissions::READ_LETTERBOX.require(caller)?;
        let state = STATES.iter().find(|known| **known == state).copied().unwrap_or("waits");
        let actor = caller.actor.clone();
        if !self.sees_mail(caller) {
            return Ok(Vec::new());
        }
        self.db()
            .read(move |tx| {
                let after = match after {
                    Some(id) => letterbox::item(tx, id)?.map_or((i64::MIN, Uuid::nil()), |row| (row.at, row.id)),
                    None => (i64::MIN, Uuid::nil()),
                };
                let rows = if state == "waits" {
                    letterbox::waiting(tx, after, PAGE)?
                } else {
                    letterbox::ended(tx, state, PAGE)?
                };
                rows.into_iter().map(|row| shown(tx, row, &actor)).collect()
            })
            .await
    }

    /// How many messages wait, up to ten thousand. Who may see metrics may see this.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn count_letterbox(&self) -> Result<i64, DeskError> {
        self.db().read(|tx| Ok::<_, DeskError>(letterbox::count(tx)?)).await
    }

    /// A message with its bytes, if they are still kept. That it was looked at is written down first.
    ///
    /// # Errors
    /// When the caller may not, or there is no such message.
    pub async fn open_mail(&self, caller: &Caller, id: Uuid) -> Result<(Waiting, Option<Vec<u8>>), DeskError> {
        permissions::READ_LETTERBOX.require(caller)?;
        if !self.sees_mail(caller) {
            return Err(Refusal::not_found().into());
        }
        let (actor, at, by) = (caller.actor.clone(), stored(self.time().now()), caller.actor.id);
        let (shown, sealed) = self
            .db()
            .write(move |tx| {
                let row = letterbox::item(tx, id)?.ok_or_else(Refusal::not_found)?;
                administration::record(tx, id, by, at, &Change::new("read-letterbox"))?;
                let sealed = row.sealed.clone();
                Ok::<_, DeskError>((shown(tx, row, &actor)?, sealed))
            })
            .await?;
        Ok((shown, sealed.map(|sealed| self.keyring().letterbox().open(&sealed, &place(id))).transpose()?))
    }

    /// Decides about a message. `read` takes its bytes apart again.
    ///
    /// # Errors
    /// When the caller may not, there is no such message, somebody decided before, or what it is to become refuses it.
    pub async fn decide_mail(
        &self,
        caller: &Caller,
        id: Uuid,
        decide: DecideMail,
        read: impl FnOnce(Vec<u8>) -> Mail,
    ) -> Result<Decided, DeskError> {
        permissions::DECIDE_MAIL.require(caller)?;
        if !self.sees_mail(caller) {
            return Err(Refusal::not_found().into());
        }
        let row = self.db().read(move |tx| Ok::<_, DeskError>(letterbox::item(tx, id)?)).await?;
        let row = row.ok_or_else(Refusal::not_found)?;
        let sealed = row.sealed.filter(|_| row.state == "waits").ok_or_else(|| Refusal::conflict("mail_decided"))?;
        let raw = self.keyring().letterbox().open(&sealed, &place(id))?;
        match decide.decision.as_str() {
            "register" => {
                permissions::REGISTER.require(caller)?;
                // Whatever was in it goes along as it came.
                let beside = [("message.eml".to_owned(), raw.clone())];
                let mut mail = read(raw);
                mail.received_at = Some(moment(row.received_at));
                let now = self.time().now();
                let (prepared, files) = self.prepare_mail(caller, &mail, now, &beside).await?;
                self.end_mail(caller, id, "registered", Some(prepared.case.id.0), None, move |tx| {
                    take::write_registered(tx, &prepared, files).map(drop)
                })
                .await
            }
            "attach" => {
                let name = decide.case.ok_or_else(|| Refusal::from(Fault::new("case", "required")))?;
                let unknown = || Refusal::from(Fault::new("case", "unknown_case"));
                let name = CaseRef::parse(name.trim()).map_err(|_| unknown())?;
                let (actor, master, named) = (caller.actor.clone(), Arc::clone(self.master()), name.clone());
                let keys = self.db().read(move |tx| {
                    let (row, sight) = load::find_for(tx, &named, &actor)?;
                    sight.require_area()?;
                    attach::keys(tx, &master, &row)
                });
                let keys = keys.await.map_err(|error| match error {
                    DeskError::Refused(refusal) if refusal.code == "not_found" => unknown().into(),
                    other => other,
                })?;
                let beside = ("message.eml".to_owned(), raw.clone());
                let (words, mut files) = take::words(&read(raw));
                files.push(beside);
                let files = self.seal_files(&caller.actor, &keys, &files)?;
                let work = self.supplementing(caller, name, words);
                self.end_mail(caller, id, "attached", Some(keys.case.0), None, move |tx| {
                    take::write_supplement(tx, work, files).map(drop)
                })
                .await
            }
            _ => {
                let reason = decide.reason.ok_or_else(|| Refusal::from(Fault::new("reason", "required")))?;
                self.end_mail(caller, id, "discarded", None, Some(reason), |_| Ok(())).await
            }
        }
    }

    /// Mail belongs to the region of the mailbox before it is a case: whoever does not see that sees none of it.
    fn sees_mail(&self, caller: &Caller) -> bool {
        caller.actor.area.covers(&self.ways().region)
    }

    async fn end_mail(
        &self,
        caller: &Caller,
        id: Uuid,
        state: &'static str,
        case: Option<Uuid>,
        reason: Option<String>,
        write: impl FnOnce(&mut store::Tx<'_>) -> Result<(), DeskError> + Send + 'static,
    ) -> Result<Decided, DeskError> {
        let (actor, at) = (caller.actor.clone(), stored(self.time().now()));
        self.db()
            .write(move |tx| {
                if !letterbox::decide(tx, id, state, case, &actor.id.to_string(), at)? {
                    return Err(Refusal::conflict("mail_decided").into());
                }
                write(tx)?;
                let mut change = Change::new("decide-mail").with("became", state);
                if let Some(case) = case {
                    change = change.with("case", case.to_string());
                }
                if let Some(reason) = reason {
                    change = change.with("reason", reason);
                }
                administration::record(tx, id, actor.id, at, &change)?;
                let row = letterbox::item(tx, id)?.ok_or_else(Refusal::not_found)?;
                Ok::<_, DeskError>(Decided { item: shown(tx, row, &actor)? })
            })
            .await
    }
}

fn shown(tx: &mut store::Tx<'_>, row: MailItemRow, actor: &domain::actor::Actor) -> Result<Waiting, DeskError> {
    let mut number = |id: Option<Uuid>| -> Result<Option<String>, DeskError> {
        let Some(id) = id else { return Ok(None) };
        let found = cases::by_id(tx, id)?.filter(|case| load::is_there(case, actor));
        Ok(found.map(|case| case.number))
    };
    Ok(Waiting {
        id: row.id,
        suggested: number(row.suggested)?,
        case: number(row.case)?,
        reason: row.reason,
        state: row.state,
        received_at: moment(row.received_at),
        at: moment(row.at),
        size: row.size,
        decided_at: row.decided_at.map(moment),
    })
}
