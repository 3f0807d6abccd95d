//! Taking a run back, where what it did can be: an assignment, by giving each case back to whom it was taken from, unless
//! something happened to it since. A note stays in the log, a reply has reached the customer, and a closed case is taken
//! up again by a step of its own.

use super::select::Picked;
use super::slice::Task;
use super::{Outcome, Run};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::permissions::Permission;
use crate::time::stored;
use crate::{Desk, permissions};
use domain::actor::Actor;
use domain::case::Case;
use domain::case::assign::Assign;
use domain::command::Command;
use domain::refusal::Refusal;
use store::{BulkRunRow, Tx};
use uuid::Uuid;

/// Whether what a verb did can be taken back.
///
/// # Errors
/// Says why not.
pub(super) fn possible(verb: &str) -> Result<(), Refusal> {
    match verb {
        "assign" => Ok(()),
        "note" => Err(Refusal::conflict("bulk_note_stays")),
        "reply" | "notify-progress" | "ask-satisfaction" => Err(Refusal::conflict("bulk_reply_stays")),
        "set-cause" | "join-incident" | "leave-incident" => Err(Refusal::conflict("bulk_step_stays")),
        _ => Err(Refusal::conflict("bulk_close_stays")),
    }
}

impl Desk {
    /// Takes back what a run did, case by case, as a run of its own. A case something happened to since is left alone.
    ///
    /// # Errors
    /// `not_found` when the caller made no such run; why it cannot be taken back.
    pub async fn undo_bulk(&self, caller: &Caller, id: Uuid) -> Result<Run, DeskError> {
        permissions::BULK.require(caller)?;
        let run = self.run_of(caller, id).await?;
        possible(&run.verb)?;
        let verb = Permission::for_verb(&run.verb).ok_or_else(|| Refusal::forbidden("not_permitted"))?;
        verb.require(caller)?;
        let done = run.items.into_iter().filter(|item| item.outcome == Outcome::Done);
        let picked: Vec<Picked> = done
            .zip(1_i64..)
            .map(|(item, n)| Picked {
                n,
                named: item.named,
                seen: item.version,
                case: item.case.map(|case| case.0).zip(item.number),
                again: false,
            })
            .collect();
        let now = self.time().now();
        let row = BulkRunRow {
            id: Uuid::now_v7(),
            actor: caller.actor.id.to_string(),
            verb: run.verb,
            undoes: Some(id),
            total: i64::try_from(picked.len()).unwrap_or(i64::MAX),
            at: stored(now),
            ended_at: None,
        };
        self.enter(row.clone(), &picked, None).await?;
        self.begin(caller, row, Task::TakeBack, picked, now).await
    }
}

/// The assignment that gives a case back to whoever held it before a version.
pub(super) fn command(
    tx: &mut Tx<'_>,
    name: &CaseRef,
    actor: &Actor,
    version: Option<i64>,
) -> Result<Command, DeskError> {
    let (row, _) = load::find_for(tx, name, actor)?;
    let loaded = load::from_row(tx, row)?;
    let before = loaded.entries.into_iter().filter(|entry| version.is_some_and(|version| entry.version < version));
    let owner = Case::fold(loaded.case.id, before)?.owner;
    Ok(Command::Assign(Assign { unit: Some(owner.unit), user: owner.user, instead_of: None, reason: None }))
}
