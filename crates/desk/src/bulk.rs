//! The same command over many cases. Each case is decided and written as if it had been the only one: by the same code,
//! under the caller's permission and area, against the version the caller saw. What is particular here is only that several
//! cases share a transaction, and that what became of each is kept, to be looked up and taken back.
//!
//! Cases are done in slices, one transaction each, so that everybody else's work goes between them.

pub(crate) mod left;
mod reason;
mod select;
mod slice;
mod undo;

pub use left::SILENCE;
pub use reason::{Reason, STALE, UNREACHED};
pub use select::{Named, Selection};

use crate::caller::Caller;
use crate::error::DeskError;
use crate::load;
use crate::permissions::Permission;
use crate::register::OnceOnly;
use crate::time::{moment, stored};
use crate::{Desk, permissions};
use domain::command::Command;
use domain::fault::Fault;
use domain::ids::CaseId;
use domain::refusal::Refusal;
use jiff::Timestamp;
use slice::Task;
use std::sync::atomic::{AtomicUsize, Ordering};
use store::{BulkRunRow, StoreError, bulk};
use uuid::Uuid;

/// Most cases of one run.
pub const MOST: usize = 10_000;
/// Runs a list of somebody's own has.
const LATEST: i64 = 50;
/// What can be done to many cases at once.
pub const VERBS: &[&str] = &[
    "assign",
    "note",
    "notify-progress",
    "reply",
    "set-cause",
    "ask-satisfaction",
    "close",
    "join-incident",
    "leave-incident",
];

/// How many runs this process is going through: jobs, counting and the index of words, which all follow from them, make
/// room meanwhile.
#[derive(Debug, Default)]
pub(crate) struct UnderWay(AtomicUsize);

impl UnderWay {
    /// Whether there is any.
    pub(crate) fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    fn begin(&self) -> Going<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Going(&self.0)
    }
}

/// A run being gone through, however it ends.
struct Going<'a>(&'a AtomicUsize);

impl Drop for Going<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What is to be done to which cases.
#[derive(Clone, Debug)]
pub struct Bulk {
    /// To which cases.
    pub selection: Selection,
    /// What, the same for all.
    pub command: Command,
    /// Only say what would happen.
    pub dry_run: bool,
}

/// What became of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// In a dry run: it would be done.
    Ready,
    /// A rule or a gate says no; nothing was done.
    Refused,
    /// There is no such case, or the caller may not see it.
    NotFound,
    /// The run ended before it; nothing was done.
    NotReached,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 5] = [Self::Done, Self::Ready, Self::Refused, Self::NotFound, Self::NotReached];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Ready => "ready",
            Self::Refused => "refused",
            Self::NotFound => "not_found",
            Self::NotReached => "not_reached",
        }
    }

    fn from_code(code: &str) -> Result<Self, DeskError> {
        let found = Self::ALL.into_iter().find(|outcome| outcome.code() == code);
        found.ok_or_else(|| DeskError::Damaged(format!("outcome {code:?}")))
    }
}

/// What became of one case of a run.
#[derive(Clone, Debug)]
pub struct Item {
    /// As it was named.
    pub named: String,
    /// The case; nothing where there is none to be seen.
    pub case: Option<CaseId>,
    /// Its number.
    pub number: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// Its version after it; in a dry run the version that was looked at.
    pub version: Option<i64>,
    /// Why not; or, where it was done, what to know of it.
    pub reason: Option<Reason>,
}

/// A run over many cases.
#[derive(Clone, Debug)]
pub struct Run {
    /// Identity; a dry run has none.
    pub id: Option<Uuid>,
    /// What was done.
    pub verb: String,
    /// The run it takes back, if it does.
    pub undoes: Option<Uuid>,
    /// When it began.
    pub at: Timestamp,
    /// When it was through, or was found to have ended before that; nothing while it runs.
    pub ended_at: Option<Timestamp>,
    /// Cases it is about.
    pub total: usize,
    /// What became of each, in the order they were named. One that is still running has those it has come to.
    pub items: Vec<Item>,
    /// True when this request had been carried out before and nothing was done now.
    pub replayed: bool,
}

/// A run as a list of runs has it.
#[derive(Clone, Debug)]
pub struct ListedRun {
    /// Identity.
    pub id: Uuid,
    /// What was done.
    pub verb: String,
    /// The run it takes back, if it does.
    pub undoes: Option<Uuid>,
    /// When it began.
    pub at: Timestamp,
    /// When it was through; nothing while it runs.
    pub ended_at: Option<Timestamp>,
    /// Cases it is about.
    pub total: i64,
}

impl Run {
    /// How many cases have an outcome.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.items.iter().filter(|item| item.outcome == outcome).count()
    }

    /// Whether it can be taken back.
    #[must_use]
    pub fn can_be_undone(&self) -> bool {
        self.id.is_some() && self.stays().is_none() && self.count(Outcome::Done) > 0
    }

    /// Why what was done cannot be taken back, where that is so for all cases alike.
    #[must_use]
    pub fn stays(&self) -> Option<Reason> {
        undo::possible(&self.verb).err().map(|refusal| Reason::of(&refusal.into()))
    }
}

impl Desk {
    /// Does the same to many cases. Whoever goes away meanwhile does not end it.
    ///
    /// # Errors
    /// If the caller may not do this to cases at all, or the selection makes no sense; nothing was done then. What stands
    /// against a case is its outcome.
    pub async fn bulk(&self, caller: &Caller, ask: Bulk, once: Option<OnceOnly<'_>>) -> Result<Run, DeskError> {
        permissions::BULK.require(caller)?;
        let verb = ask.command.verb();
        if !VERBS.contains(&verb) {
            return Err(Refusal::from(Fault::new("operation", "not_one_of").with("allowed", VERBS.join(", "))).into());
        }
        Permission::for_verb(verb).ok_or_else(|| Refusal::forbidden("not_permitted"))?.require(caller)?;
        let picked = self.pick(caller, ask.selection).await?;
        let now = self.time().now();
        let task = Task::Same(Box::new(ask.command));
        if ask.dry_run {
            let total = picked.len();
            let items = self.look(caller, task, picked).await?;
            let ended_at = Some(self.time().now());
            let verb = verb.to_owned();
            return Ok(Run { id: None, verb, undoes: None, at: now, ended_at, total, items, replayed: false });
        }
        let claim = once.map(|once| self.claim(caller, "bulk", once)).transpose()?;
        let row = BulkRunRow {
            id: Uuid::now_v7(),
            actor: caller.actor.id.to_string(),
            verb: verb.to_owned(),
            undoes: None,
            total: i64::try_from(picked.len()).unwrap_or(i64::MAX),
            at: stored(now),
            ended_at: None,
        };
        // Whoever goes away meanwhile leaves a run that is carried out, never a key without one.
        let (desk, who) = (self.clone(), caller.clone());
        let run = tokio::spawn(async move {
            match desk.enter(row.clone(), &picked, claim).await? {
                Some(earlier) => Ok(Run { replayed: true, ..desk.run_of(&who, earlier).await? }),
                None => desk.begin(&who, row, task, picked, now).await,
            }
        });
        run.await.unwrap_or_else(|_| Err(StoreError::Panicked.into()))
    }

    /// Goes through the cases on a task of its own and waits for it.
    async fn begin(
        &self,
        caller: &Caller,
        row: BulkRunRow,
        task: Task,
        picked: Vec<select::Picked>,
        now: Timestamp,
    ) -> Result<Run, DeskError> {
        let (desk, caller) = (self.clone(), caller.clone());
        let run = tokio::spawn(async move {
            let _going = desk.inner.many.begin();
            desk.go_through(&caller, row, task, picked, now).await
        });
        run.await.unwrap_or_else(|_| Err(StoreError::Panicked.into()))
    }

    /// What became of the cases of a run. Cases the caller may no longer see are not told of.
    ///
    /// # Errors
    /// `not_found` when the caller made no such run, or it was long ago.
    pub async fn bulk_run(&self, caller: &Caller, id: Uuid) -> Result<Run, DeskError> {
        permissions::READ_CASES.require(caller)?;
        self.run_of(caller, id).await
    }

    /// The latest runs the caller made, newest first.
    ///
    /// # Errors
    /// If the caller may not see cases at all.
    pub async fn bulk_runs(&self, caller: &Caller) -> Result<Vec<ListedRun>, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let mine = caller.actor.id.to_string();
        let rows = self.db().read(move |tx| Ok::<_, DeskError>(bulk::latest(tx, &mine, LATEST)?)).await?;
        let listed = rows.into_iter().map(|row| ListedRun {
            id: row.id,
            verb: row.verb,
            undoes: row.undoes,
            at: moment(row.at),
            ended_at: row.ended_at.map(moment),
            total: row.total,
        });
        Ok(listed.collect())
    }

    /// A run, for whoever made it.
    async fn run_of(&self, caller: &Caller, id: Uuid) -> Result<Run, DeskError> {
        let (actor, mine) = (caller.actor.clone(), caller.actor.id.to_string());
        let read = self.db().read(move |tx| {
            let row = bulk::run(tx, id)?.filter(|row| row.actor == mine);
            let row = row.ok_or_else(Refusal::not_found)?;
            let mut items = bulk::items(tx, id)?;
            let hidden = load::hidden(tx, &actor)?;
            for item in &mut items {
                let theirs = match (&item.case, item.row.case) {
                    (Some((_, region)), Some(case)) => load::sees_beside(tx, &hidden, (case, region.as_str()), &actor)?,
                    _ => false,
                };
                if !theirs {
                    item.case = None;
                }
            }
            Ok::<_, DeskError>((row, items))
        });
        let (row, items) = read.await?;
        let items = items.into_iter().map(shown).collect::<Result<Vec<_>, _>>()?;
        Ok(Run {
            id: Some(row.id),
            verb: row.verb,
            undoes: row.undoes,
            at: moment(row.at),
            ended_at: row.ended_at.map(moment),
            total: usize::try_from(row.total).unwrap_or(usize::MAX),
            items,
            replayed: false,
        })
    }
}

/// An item as it was kept.
fn shown(listed: store::ListedBulkItem) -> Result<Item, DeskError> {
    let store::ListedBulkItem { row, case } = listed;
    let Some((number, _)) = case else {
        return Ok(Item::unseen(row.named));
    };
    Ok(Item {
        named: row.named,
        case: row.case.map(CaseId),
        number: Some(number),
        outcome: Outcome::from_code(&row.outcome)?,
        version: Some(row.version).filter(|version| *version > 0),
        reason: Reason::read(&row.reason)?,
    })
}

impl Item {
    /// A case that is not there for the caller.
    fn unseen(named: String) -> Self {
        let reason = Some(Reason::of(&Refusal::not_found().into()));
        Self { named, case: None, number: None, outcome: Outcome::NotFound, version: None, reason }
    }
}
