//! Going through the cases of a run: a few in each transaction, each of them kept apart from the others, so that one that
//! is refused or fails takes none with it.
//!
//! A slice is read, decided and its words are sealed while the one before is written, so that the writer, which everybody
//! shares, is taken for no longer than writing rows takes; and a transaction ends after a few milliseconds, however much
//! of its slice is left. A case that moves on in between is decided anew where it is written.

use super::select::Picked;
use super::{Item, Outcome, Reason, Run, left, undo};
use crate::Desk;
use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::CaseRef;
use crate::mentions::Unreached;
use crate::run::{self, Ahead, MOST_ATTEMPTS, Work};
use crate::time::{moment, stored};
use domain::command::Command;
use domain::free_text::FreeText;
use domain::ids::CaseId;
use domain::refusal::Refusal;
use jiff::Timestamp;
use std::collections::HashSet;
use std::time::{Duration, Instant};
use store::{BulkItemRow, BulkRunRow, Tx, bulk, vault};
use uuid::Uuid;

/// Cases decided at once, and the most of one transaction.
const SLICE: usize = 16;
/// How long a transaction writes before it ends with the case it is at: whoever else writes waits that long at most.
const HELD: Duration = Duration::from_millis(2);
/// Slices begin so far apart, and after one that was late at most that much closer: a run of ten thousand cases takes about
/// four and a half seconds however fast the machine is, and everybody else finds room between them.
const APART: Duration = Duration::from_micros(7_000);
/// The same where cases stay where they are in every list, which writes least: about three and a half seconds.
const APART_IN_PLACE: Duration = Duration::from_micros(5_600);
/// The same where words are sealed in each case, which takes longer: about five and a half seconds.
const APART_WITH_WORDS: Duration = Duration::from_micros(8_500);
/// A run that has fallen behind that pace still leaves room: this part of what a slice took.
const ROOM: u32 = 4;
/// Whose turn with the writer came later than this shares it with others, and leaves them as long as it had it.
const BUSY: Duration = Duration::from_millis(4);
/// How often a slice is tried when the database could not.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);

/// What is done to each case.
#[derive(Clone)]
pub(super) enum Task {
    /// The same command.
    Same(Box<Command>),
    /// What a run did is taken back; `seen` of each case is its version after that.
    TakeBack,
}

/// A command that was decided ahead, with whom its words name and do not reach, or why it is refused.
type Decision = Result<Box<(Work, Ahead, Vec<Unreached>)>, DeskError>;

/// A case to be written, with what was decided ahead.
type Waiting = (Picked, Option<Decision>);

/// What became of a slice: its cases that have an outcome, and what kept the rest from one.
type Sliced = (Vec<(i64, Item)>, Option<DeskError>);

/// What a transaction of a run came to.
struct Written {
    items: Vec<(i64, Item)>,
    /// Those it had no more time for.
    rest: Vec<Waiting>,
    /// How long it waited for its turn, and how long it wrote.
    waited: Duration,
    took: Duration,
}

/// What going through takes.
#[derive(Clone)]
struct Worker {
    desk: Desk,
    caller: Caller,
    task: Task,
    /// The run, unless nothing is written.
    run: Option<Uuid>,
}

impl Desk {
    /// Decides each case and writes nothing.
    pub(super) async fn look(&self, caller: &Caller, task: Task, picked: Vec<Picked>) -> Result<Vec<Item>, DeskError> {
        let worker = Worker { desk: self.clone(), caller: caller.clone(), task, run: None };
        let mut items = Vec::with_capacity(picked.len());
        for slice in picked.chunks(SLICE) {
            let (worker, slice) = (worker.clone(), slice.to_vec());
            let looked = self.db().read_behind(move |tx| {
                slice.into_iter().map(|one| worker.look(tx, one)).collect::<Result<Vec<_>, DeskError>>()
            });
            items.extend(looked.await?);
        }
        Ok(items)
    }

    /// Does what is to be done to each case. When the database cannot any more, the rest is not reached.
    pub(super) async fn go_through(
        &self,
        caller: &Caller,
        row: BulkRunRow,
        task: Task,
        mut picked: Vec<Picked>,
        now: Timestamp,
    ) -> Result<Run, DeskError> {
        // In one order everywhere, or two runs could wait for each other's rows.
        picked.sort_by_key(|one| (one.case.as_ref().map(|(id, _)| *id), one.n));
        let worker = Worker { desk: self.clone(), caller: caller.clone(), task, run: Some(row.id) };
        let (id, total) = (row.id, picked.len());
        let mut done: Vec<(i64, Item)> = Vec::with_capacity(total);
        let mut trouble = None;
        let mut slices = picked.chunks(SLICE).peekable();
        let mut ahead = self.ahead(&worker, slices.peek().copied()).await;
        let (apart, mut due) = (worker.pace(), Instant::now());
        while let Some(slice) = slices.next() {
            if trouble.is_none() {
                let begun = Instant::now();
                let following = slices.peek().copied();
                let ((items, error), next) =
                    tokio::join!(self.slice(&worker, id, slice, ahead.take()), self.ahead(&worker, following));
                ahead = next;
                trouble = error;
                done.extend(items);
                if trouble.is_none() {
                    if ahead.is_some() {
                        // By the plan and not by this slice: timers are late by a millisecond, which adds up. What was lost
                        // where others were in the way is not made up for, or they would be left no room right after.
                        due = (due + apart).max(begun);
                        let left = due.saturating_duration_since(Instant::now());
                        tokio::time::sleep(left.max(begun.elapsed() / ROOM)).await;
                    }
                    continue;
                }
            }
            let reason = trouble.as_ref().map(Reason::of);
            let reached: HashSet<i64> = done.iter().map(|(n, _)| *n).collect();
            let rest = slice.iter().filter(|one| !reached.contains(&one.n));
            done.extend(rest.map(|one| (one.n, one.item(Outcome::NotReached, None, reason.clone()))));
        }
        let nothing = done.iter().all(|(_, item)| item.outcome == Outcome::NotReached);
        let ended_at = match trouble {
            None => {
                let end = self.time().now();
                self.db().write(move |tx| left::through(tx, id, stored(end))).await?;
                Some(end)
            }
            Some(error) => {
                tracing::warn!(%error, run = %id, "a run over many cases ended early");
                // Where that cannot be written either, its job does it later.
                let ended = self.break_off(id).await.ok().map(moment);
                if nothing {
                    // The caller is told why and may come again.
                    return Err(error);
                }
                ended
            }
        };
        done.sort_by_key(|(n, _)| *n);
        let items = done.into_iter().map(|(_, item)| item).collect();
        Ok(Run { id: Some(id), verb: row.verb, undoes: row.undoes, at: now, ended_at, total, items, replayed: false })
    }

    /// Decides a slice ahead of its being written. Where that fails it is decided there.
    async fn ahead(&self, worker: &Worker, slice: Option<&[Picked]>) -> Option<Vec<Decision>> {
        let (worker, slice) = (worker.clone(), slice?.to_vec());
        let decided = self.db().read_behind(move |tx| {
            Ok::<_, DeskError>(slice.iter().map(|one| worker.decide(tx, one)).collect::<Vec<_>>())
        });
        decided.await.ok()
    }

    /// Writes a slice, in as many transactions as it takes.
    async fn slice(&self, worker: &Worker, run: Uuid, slice: &[Picked], ahead: Option<Vec<Decision>>) -> Sliced {
        let ahead = ahead.unwrap_or_default().into_iter().map(Some).chain(std::iter::repeat_with(|| None));
        let mut waiting: Vec<Waiting> = slice.iter().cloned().zip(ahead).collect();
        let (mut done, mut tries) = (Vec::with_capacity(slice.len()), 0);
        while !waiting.is_empty() {
            let again: Vec<Picked> = waiting.iter().map(|(one, _)| one.clone()).collect();
            match self.write_some(worker, run, std::mem::take(&mut waiting)).await {
                Ok(written) => {
                    done.extend(written.items);
                    waiting = written.rest;
                    if written.waited > BUSY && !waiting.is_empty() {
                        tokio::time::sleep(written.took).await;
                    }
                }
                // Two that waited for each other, or a database that is back in a moment.
                Err(error) if error.is_temporary() && tries + 1 < TRIES => {
                    tries += 1;
                    tokio::time::sleep(PAUSE).await;
                    waiting = again.into_iter().map(|one| (one, None)).collect();
                }
                Err(error) => return (done, Some(error)),
            }
        }
        (done, None)
    }

    async fn write_some(&self, worker: &Worker, run: Uuid, waiting: Vec<Waiting>) -> Result<Written, DeskError> {
        let (worker, desk, asked) = (worker.clone(), self.clone(), Instant::now());
        let written = self.db().write(move |tx| {
            let begun = Instant::now();
            if !left::goes_on(&desk, tx, run)? {
                return Err(DeskError::Overtaken);
            }
            let mut items = Vec::with_capacity(waiting.len());
            let mut waiting = waiting.into_iter();
            for (one, ahead) in waiting.by_ref() {
                let (n, named) = (one.n, one.named.clone());
                let item = worker.carry_out(tx, one, ahead)?;
                bulk::insert_item(tx, &row_of(run, n, named, &item)?)?;
                items.push((n, item));
                if begun.elapsed() > HELD {
                    break;
                }
            }
            let (waited, took) = (begun.duration_since(asked), begun.elapsed());
            Ok::<_, DeskError>(Written { items, rest: waiting.collect(), waited, took })
        });
        written.await
    }
}

fn row_of(run: Uuid, n: i64, named: String, item: &Item) -> Result<BulkItemRow, DeskError> {
    Ok(BulkItemRow {
        run,
        n,
        named,
        case: item.case.map(|case| case.0),
        version: item.version.unwrap_or(0),
        outcome: item.outcome.code().to_owned(),
        reason: item.reason.as_ref().map(Reason::written).transpose()?.unwrap_or_default(),
    })
}

impl Picked {
    fn item(&self, outcome: Outcome, version: Option<i64>, reason: Option<Reason>) -> Item {
        let (case, number) = self.case.clone().unzip();
        Item { named: self.named.clone(), case: case.map(CaseId), number, outcome, version, reason }
    }

    /// The outcome of a command on it; an error that concerns more than this case is handed on.
    fn outcome(&self, outcome: Result<(Outcome, i64, Vec<Unreached>), DeskError>) -> Result<Item, DeskError> {
        match outcome {
            Ok((outcome, version, unreached)) => Ok(self.item(outcome, Some(version), Reason::unreached(&unreached))),
            Err(DeskError::Refused(refusal)) if refusal.kind == domain::refusal::RefusalKind::NotFound => {
                Ok(Item::unseen(self.named.clone()))
            }
            Err(error) if error.is_temporary() && !matches!(error, DeskError::Overtaken) => Err(error),
            Err(error) => {
                if !matches!(error, DeskError::Refused(_) | DeskError::Stale { .. } | DeskError::Overtaken) {
                    tracing::error!(%error, case = ?self.case, "a case of a run over many failed");
                }
                Ok(self.item(Outcome::Refused, None, Some(Reason::of(&error))))
            }
        }
    }
}

impl Worker {
    /// How far apart slices begin.
    fn pace(&self) -> Duration {
        match &self.task {
            Task::Same(command) => match **command {
                Command::Reply(_) | Command::NotifyProgress(_) | Command::Note(_) => APART_WITH_WORDS,
                Command::JoinIncident(_) | Command::LeaveIncident(_) => APART_IN_PLACE,
                _ => APART,
            },
            Task::TakeBack => APART,
        }
    }

    /// The command for one case; nothing when there is no case to be seen.
    fn work(&self, tx: &mut Tx<'_>, one: &Picked) -> Result<Work, DeskError> {
        let Some((id, _)) = &one.case else { return Err(Refusal::not_found().into()) };
        if one.again {
            return Err(Refusal::conflict("bulk_twice").into());
        }
        let name = CaseRef::Id(CaseId(*id));
        let command = match &self.task {
            Task::Same(command) => command.as_ref().clone(),
            Task::TakeBack => undo::command(tx, &name, &self.caller.actor, one.seen)?,
        };
        Ok(Work {
            caller: self.caller.clone(),
            name,
            seen: one.seen,
            command,
            claim: None,
            now: self.desk.time().now(),
            library: self.desk.library().clone(),
            zone: self.desk.zone().clone(),
            master: std::sync::Arc::clone(self.desk.master()),
            run: self.run,
        })
    }

    fn look(&self, tx: &mut Tx<'_>, one: Picked) -> Result<Item, DeskError> {
        let looked = self.work(tx, &one).and_then(|work| would(tx, &work));
        one.outcome(looked.map(|(version, unreached)| (Outcome::Ready, version, unreached)))
    }

    fn decide(&self, tx: &mut Tx<'_>, one: &Picked) -> Decision {
        let work = self.work(tx, one)?;
        let loaded = work.load(tx)?;
        let mut decided = work.decide(tx, loaded)?;
        let unreached = std::mem::take(&mut decided.unreached);
        let ahead = work.ready(tx, decided)?;
        Ok(Box::new((work, ahead, unreached)))
    }

    fn carry_out(&self, tx: &mut Tx<'_>, one: Picked, ahead: Option<Decision>) -> Result<Item, DeskError> {
        match ahead {
            Some(Ok(decided)) => {
                let (work, ahead, unreached) = *decided;
                match tx.attempt(|tx| work.write_ahead(tx, ahead))? {
                    Err(DeskError::Overtaken) => {}
                    done => return one.outcome(done.map(|case| (Outcome::Done, case.version, unreached))),
                }
            }
            // Refused on what was read a moment ago, as it would be for whoever reads first and asks then.
            Some(Err(error @ (DeskError::Refused(_) | DeskError::Stale { .. }))) => return one.outcome(Err(error)),
            Some(Err(_)) | None => {}
        }
        for attempt in 0.. {
            let done = tx.attempt(|tx| self.work(tx, &one)?.carry_out(tx))?;
            match done {
                // Whatever came first is now part of what is decided on.
                Err(DeskError::Overtaken) if attempt < MOST_ATTEMPTS => {}
                Ok(run::Outcome::Done(case, unreached)) => {
                    return one.outcome(Ok((Outcome::Done, case.version, unreached)));
                }
                // No key is taken for a single case.
                Ok(run::Outcome::Earlier(earlier)) => {
                    return one.outcome(Ok((Outcome::Done, earlier.version, Vec::new())));
                }
                Err(error) => return one.outcome(Err(error)),
            }
        }
        one.outcome(Err(DeskError::Overtaken))
    }
}

/// The version a command would be carried out on and who would not be told, or why it would be refused.
fn would(tx: &mut Tx<'_>, work: &Work) -> Result<(i64, Vec<Unreached>), DeskError> {
    let loaded = work.load(tx)?;
    let mut decided = work.decide(tx, loaded)?;
    let words = decided.decision.events.iter_mut().flat_map(|event| event.texts());
    let says = words.into_iter().any(|(_, text)| matches!(text, FreeText::Plain(_)));
    // Nobody's words can be kept under a key that is gone.
    if says && vault::person(tx, decided.loaded.row.person)?.is_none_or(|person| person.wrapped_key.is_none()) {
        return Err(Refusal::conflict("person_erased").into());
    }
    Ok((decided.loaded.case.version, decided.unreached))
}
