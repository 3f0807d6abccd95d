//! Drafts: what somebody is writing to a customer is kept on the server until it is sent, sealed under the case's key, for
//! them alone. Keeping one is no event of the case.

use crate::attach::keys;
use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::time::{moment, stored};
use crate::{Desk, permissions};
use domain::fault::Fault;
use domain::ids::{CaseId, UserId};
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, optional, required};
use jiff::Timestamp;
use serde::Deserialize;
use std::sync::Arc;
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
                    let Some((_, sealed, at)) = kept.iter().find(|(known, ..)| known == verb) else { continue };
                    let opened = keys.text.open(sealed, &place(keys.case, user, verb))?;
                    let content = String::from_utf8_lossy(&opened).into_owned();
                    found.push(Draft { verb, content, at: moment(*at) });
                }
                Ok(found)
            })
            .await
    }
}
