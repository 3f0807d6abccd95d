//! Drafts: what somebody is writing to a customer is kept on the server until it is sent, sealed under the case's key, for
//! them alone. Keeping one is no event of the case.

use crate::attach::keys;
use crate::caller::Caller;
use crate::error::DeskError;
use crate::kept;
use crate::load::{self, CaseRef, Loaded};
use crate::time::{moment, stored};
use crate::vault::MasterKeys;
use crate::vault::seal::CaseKeys;
use crate::{Desk, permissions};
use domain::actor::Actor;
use domain::advice::Drafted;
use domain::command::Command;
use domain::fault::Fault;
use domain::ids::{CaseId, UserId};
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, optional, required};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::drafts::DraftRow;
use store::{Tx, drafts};
use uuid::Uuid;

/// What drafts are kept of.
pub const VERBS: &[&str] = &["reply", "ask-reading", "notify-progress", "send-message"];

/// Shape of a draft.
pub const FIELDS: &[Field] = &[
    required("verb", Kind::Code(VERBS), "What is being written."),
    optional("content", Kind::Text { max: 10_000, multiline: true }, "The words so far; none forgets them."),
];

/// A draft as somebody gives it.
#[derive(Clone, Debug, Deserialize)]
pub struct NewDraft {
    /// What is being written.
    pub verb: String,
    /// The words so far.
    pub content: Option<String>,
}

/// What somebody was writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What is being written.
    pub verb: &'static str,
    /// The words so far.
    pub content: String,
    /// When they were kept.
    pub at: Timestamp,
    /// What drafted them, where a machine did.
    pub machine: Option<String>,
}

/// What a machine drafted, as it is sealed beside the draft.
#[derive(Serialize, Deserialize)]
struct Machine {
    by: String,
    words: String,
}

fn machine_place(case: CaseId, user: UserId, verb: &str) -> Vec<u8> {
    format!("machine-draft:{case}:{user}:{verb}").into_bytes()
}

/// What a machine drafted there.
fn machine(keys: &CaseKeys, user: UserId, row: &DraftRow) -> Result<Option<Drafted>, DeskError> {
    let Some(sealed) = &row.machine else { return Ok(None) };
    let opened = keys.text.open(sealed, &machine_place(keys.case, user, &row.verb))?;
    let Machine { by, words } = kept::read(&String::from_utf8_lossy(&opened))?;
    Ok(Some(Drafted { by, words }))
}

/// The draft somebody has of something, opened: its words, and what of it a machine wrote.
fn opened(keys: &CaseKeys, user: UserId, row: &DraftRow) -> Result<(String, Option<Drafted>), DeskError> {
    let words = keys.text.open(&row.sealed, &place(keys.case, user, &row.verb))?;
    Ok((String::from_utf8_lossy(&words).into_owned(), machine(keys, user, row)?))
}

/// Whether somebody has words of their own in a draft, which a machine's are not to replace.
///
/// # Errors
/// Those of the database.
pub(crate) fn has_own_words(tx: &mut Tx<'_>, keys: &CaseKeys, user: UserId, verb: &str) -> Result<bool, DeskError> {
    let Some(row) = drafts::of(tx, user.0, keys.case.0)?.into_iter().find(|row| row.verb == verb) else {
        return Ok(false);
    };
    let (words, machine) = opened(keys, user, &row)?;
    Ok(!words.trim().is_empty() && machine.is_none_or(|machine| machine.words != words))
}

/// Keeps what a machine drafted for somebody.
///
/// # Errors
/// Those of the database.
pub(crate) fn keep_machine(
    tx: &mut Tx<'_>,
    keys: &CaseKeys,
    (user, verb): (UserId, &str),
    drafted: &Drafted,
    at: i64,
) -> Result<(), DeskError> {
    let machine = kept::written(&Machine { by: drafted.by.clone(), words: drafted.words.clone() })?;
    let row = DraftRow {
        verb: verb.to_owned(),
        sealed: keys.text.seal(drafted.words.as_bytes(), &place(keys.case, user, verb))?,
        at,
        machine: Some(keys.text.seal(machine.as_bytes(), &machine_place(keys.case, user, verb))?),
    };
    Ok(drafts::keep_machine(tx, user.0, keys.case.0, &row)?)
}

/// Puts into a command what a machine had drafted for whoever gives it, so that a machine's words are told as such.
///
/// # Errors
/// Those of the database.
pub(crate) fn with_machine(
    tx: &mut Tx<'_>,
    master: &Arc<MasterKeys>,
    loaded: &Loaded,
    actor: &Actor,
    mut command: Command,
) -> Result<Command, DeskError> {
    let verb = command.verb();
    let drafted = match &mut command {
        Command::Reply(reply) if reply.reading.is_none() => &mut reply.drafted,
        Command::AskReading(ask) => &mut ask.drafted,
        _ => return Ok(command),
    };
    let Some(user) = actor.user() else { return Ok(command) };
    let rows = drafts::of(tx, user.0, loaded.row.id)?;
    if let Some(row) = rows.iter().find(|row| row.verb == verb && row.machine.is_some()) {
        *drafted = machine(&keys(tx, master, &loaded.row)?, user, row)?;
    }
    Ok(command)
}

fn place(case: CaseId, user: UserId, verb: &str) -> Vec<u8> {
    format!("draft:{case}:{user}:{verb}").into_bytes()
}

/// Forgets what was sent.
pub(crate) fn sent(tx: &mut Tx<'_>, user: Option<UserId>, case: Uuid, verb: &str) -> Result<(), DeskError> {
    if let (Some(user), true) = (user, VERBS.contains(&verb)) {
        drafts::forget(tx, user.0, case, verb)?;
    }
    Ok(())
}

impl Desk {
    /// Keeps what the caller is writing on a case, or forgets it.
    ///
    /// # Errors
    /// When the caller may not or is a programme, there is no such case they may work on, or its person was erased.
    pub async fn keep_draft(&self, caller: &Caller, name: &CaseRef, draft: NewDraft) -> Result<(), DeskError> {
        permissions::DRAFT.require(caller)?;
        let verb = VERBS.iter().find(|verb| **verb == draft.verb).ok_or_else(|| Fault::new("verb", "required"));
        let verb = *verb.map_err(Refusal::from)?;
        let (name, actor, master) = (name.clone(), caller.actor.clone(), Arc::clone(self.master()));
        let at = stored(self.time().now());
        self.db()
            .write(move |tx| {
                let (row, sight) = load::find_for(tx, &name, &actor)?;
                sight.require_work()?;
                let user = actor.user().ok_or_else(|| Refusal::forbidden("users_only"))?;
                let Some(words) = draft.content else { return Ok(drafts::forget(tx, user.0, row.id, verb)?) };
                let keys = keys(tx, &master, &row)?;
                let sealed = keys.text.seal(words.as_bytes(), &place(keys.case, user, verb))?;
                Ok::<_, DeskError>(drafts::keep(tx, user.0, row.id, verb, &sealed, at)?)
            })
            .await
    }

    /// What the caller was writing on a case.
    ///
    /// # Errors
    /// When the caller may not, or there is no such case they may see.
    pub async fn drafts(&self, caller: &Caller, name: &CaseRef) -> Result<Vec<Draft>, DeskError> {
        permissions::DRAFT.require(caller)?;
        let (name, actor, master) = (name.clone(), caller.actor.clone(), Arc::clone(self.master()));
        self.db()
            .read(move |tx| {
                let (row, _) = load::find_for(tx, &name, &actor)?;
                let mut found = Vec::new();
                // A programme writes nothing for another day.
                let Some(user) = actor.user() else { return Ok(found) };
                let kept = drafts::of(tx, user.0, row.id)?;
                if kept.is_empty() {
                    return Ok(found);
                }
                // Of an erased person nothing can be read any more.
                let Ok(keys) = load::keys(tx, &master, &row) else { return Ok(found) };
                for verb in VERBS {
                    let Some(row) = kept.iter().find(|row| row.verb == *verb) else { continue };
                    let (content, machine) = opened(&keys, user, row)?;
                    found.push(Draft { verb, content, at: moment(row.at), machine: machine.map(|one| one.by) });
                }
                Ok(found)
            })
            .await
    }
}
