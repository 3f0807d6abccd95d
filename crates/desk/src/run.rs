//! A command on an existing case: load, decide, commit, in one transaction.

use crate::caller::Caller;
use crate::catch_up::{CaughtUp, catch_up};
use crate::commit::{Commit, Ready, follow_up, holds_words};
use crate::error::DeskError;
use crate::incidents::members;
use crate::load::{self, CaseRef, Loaded, Sight};
use crate::mentions::{self, Unreached};
use crate::register::{Claim, OnceOnly, take};
use crate::time::stored;
use crate::vault::MasterKeys;
use crate::{Desk, Library, Permission, holder};
use domain::actor::Actor;
use domain::case::message::What;
use domain::case::order::{OrderStep, OwnershipStep};
use domain::case::route::{self, Route};
use domain::case::{Case, Context, Decision, clocks};
use domain::command::Command;
use domain::event::{Caused, Entry, Event};
use domain::fault::Fault;
use domain::free_text::FreeText;
use domain::refusal::Refusal;
use domain::text::mask::mask_words;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use store::{Tx, vault};
use uuid::Uuid;

/// What a command led to.
#[derive(Clone, Debug)]
pub struct Done {
    /// The case after it.
    pub case: Case,
    /// True when this request had been carried out before and nothing was done now.
    pub replayed: bool,
    /// Who was named in its words and is not told.
    pub unreached: Vec<Unreached>,
}

impl Desk {
    /// Carries out a command. `seen` is the version the caller saw; a case that moved on since then is left alone.
    ///
    /// # Errors
    /// A refusal with reason and way out, [`DeskError::Stale`] with what changed, or an error of the database.
    pub async fn run(
        &self,
        caller: &Caller,
        name: &CaseRef,
        seen: i64,
        command: Command,
        once: Option<OnceOnly<'_>>,
    ) -> Result<Done, DeskError> {
        let verb = command.verb();
        Permission::for_verb(verb).ok_or_else(|| Refusal::forbidden("not_permitted"))?.require(caller)?;
        let claim = once.map(|once| self.claim(caller, verb, once)).transpose()?;
        self.carry(self.work(caller, name.clone(), Some(seen), command, claim)).await
    }

    /// A command with everything it takes to carry it out now. Without `seen` it goes by the case as it is found.
    pub(crate) fn work(
        &self,
        caller: &Caller,
        name: CaseRef,
        seen: Option<i64>,
        command: Command,
        claim: Option<Claim>,
    ) -> Work {
        Work {
            caller: caller.clone(),
            name,
            seen,
            command,
            claim,
            now: self.time().now(),
            library: self.library().clone(),
            zone: self.zone().clone(),
            master: Arc::clone(self.master()),
            run: None,
        }
    }

    /// Carries it out, and decides it anew where another command came first.
    ///
    /// # Errors
    /// Those of [`Desk::run`], but for the permission.
    pub(crate) async fn carry(&self, work: Work) -> Result<Done, DeskError> {
        for attempt in 0.. {
            let again = work.clone();
            match self.db().write(move |tx| again.carry_out(tx)).await {
                Ok(Outcome::Done(case, unreached)) => return Ok(Done { case: *case, replayed: false, unreached }),
                Ok(Outcome::Earlier(earlier)) => return self.replay(&work.caller, earlier).await,
                // Whatever came first is now part of what is decided on, or makes this command a stale one.
                Err(DeskError::Overtaken) if attempt < MOST_ATTEMPTS => {}
                Err(other) => return Err(other),
            }
        }
        Err(DeskError::Overtaken)
    }
}

/// How often a command is decided anew because another came first.
pub(crate) const MOST_ATTEMPTS: u32 = 5;

/// A command on a case, with everything it takes to carry it out.
#[derive(Clone)]
pub(crate) struct Work {
    pub(crate) caller: Caller,
    pub(crate) name: CaseRef,
    /// The version the caller saw; nothing goes by the case as it is found.
    pub(crate) seen: Option<i64>,
    pub(crate) command: Command,
    pub(crate) claim: Option<Claim>,
    pub(crate) now: Timestamp,
    pub(crate) library: Library,
    pub(crate) zone: TimeZone,
    pub(crate) master: Arc<MasterKeys>,
    /// The run over many cases it belongs to.
    pub(crate) run: Option<Uuid>,
}

/// Why one of several commands cannot be carried out: its place, from 0.
pub(crate) type Stopped = (usize, DeskError);

impl Desk {
    /// Carries out several commands on a case in their order, in one transaction: all of them or none. `seen` is the
    /// version the caller saw.
    ///
    /// # Errors
    /// Why the first that cannot be carried out is refused, and which it is.
    pub(crate) async fn run_all(
        &self,
        caller: &Caller,
        name: &CaseRef,
        seen: i64,
        commands: Vec<Command>,
    ) -> Result<Done, Stopped> {
        let works = self.works(caller, name, seen, commands);
        for attempt in 0.. {
            let works = works.clone();
            let place = Arc::new(AtomicUsize::new(0));
            let at = Arc::clone(&place);
            let write = self.db().write(move |tx| {
                let mut done = None;
                let mut unreached = Vec::new();
                for (n, work) in works.into_iter().enumerate() {
                    at.store(n, Ordering::Relaxed);
                    // No key is taken for a single step.
                    if let Outcome::Done(case, names) = work.carry_out(tx)? {
                        done = Some(*case);
                        unreached.extend(names);
                    }
                }
                let case = done.ok_or_else(|| Refusal::from(Fault::new("steps", "required")))?;
                Ok::<_, DeskError>(Done { case, replayed: false, unreached })
            });
            match write.await {
                Err(DeskError::Overtaken) if attempt < MOST_ATTEMPTS => {}
                other => return other.map_err(|error| (place.load(Ordering::Relaxed), error)),
            }
        }
        Err((0, DeskError::Overtaken))
    }

    /// What several commands would cause, entry by entry, as far as none is refused; then which is, and why. Writes nothing.
    /// Words show no identifier: those of a reading were opened with what stood in them.
    ///
    /// # Errors
    /// Those of the database, or that there is no such case.
    pub(crate) async fn would_all(
        &self,
        caller: &Caller,
        name: &CaseRef,
        seen: i64,
        commands: Vec<Command>,
    ) -> Result<(Vec<Entry>, Option<Stopped>), DeskError> {
        let works = self.works(caller, name, seen, commands);
        let look = self.db().read_behind(move |tx| {
            let mut entries = Vec::new();
            let Some(first) = works.first() else { return Ok((entries, None)) };
            let mut loaded = first.load(tx)?;
            for (n, work) in works.iter().enumerate() {
                match work.load(tx).and_then(|_| work.decide(tx, loaded)).and_then(|decided| decided.lived(work)) {
                    Ok((after, entry)) => {
                        loaded = after;
                        entries.push(masked(entry));
                    }
                    Err(error) => return Ok((entries, Some((n, error)))),
                }
            }
            Ok::<_, DeskError>((entries, None))
        });
        look.await
    }

    /// The works of several commands; only the first goes by what the caller saw, the others by what came of it.
    fn works(&self, caller: &Caller, name: &CaseRef, seen: i64, commands: Vec<Command>) -> Vec<Work> {
        let commands = commands.into_iter().enumerate();
        commands.map(|(n, one)| self.work(caller, name.clone(), (n == 0).then_some(seen), one, None)).collect()
    }
}

impl Decided {
    /// The case as it would be after it, and the entry it would write.
    fn lived(self, work: &Work) -> Result<(Loaded, Entry), DeskError> {
        let Self { mut loaded, decision, verb, now, .. } = self;
        let events = clocks::once(&loaded.case, decision.events);
        let at = now.max(loaded.case.changed_at);
        let (version, actor) = (loaded.case.version + 1, work.caller.actor.id);
        let mut entry = Entry { version, at, actor, verb: verb.to_owned(), events };
        loaded.case.apply_entry(&entry);
        follow_up(&work.library, &mut loaded.case, &mut entry)?;
        loaded.entries.push(entry.clone());
        Ok((loaded, entry))
    }
}

fn masked(mut entry: Entry) -> Entry {
    for (_, text) in entry.events.iter_mut().flat_map(Event::texts) {
        if let FreeText::Plain(words) = text {
            *words = mask_words(words);
        }
    }
    entry
}

/// What carrying out came to.
pub(crate) enum Outcome {
    Done(Box<Case>, Vec<Unreached>),
    Earlier(crate::register::Earlier),
}

/// A command that was decided and not yet written.
pub(crate) struct Decided {
    pub(crate) loaded: Loaded,
    others: Vec<Loaded>,
    pub(crate) decision: Decision,
    verb: &'static str,
    now: Timestamp,
    /// Who is named in its words and is not told.
    pub(crate) unreached: Vec<Unreached>,
}

/// A command worked out ahead of its being written, as far as that goes.
pub(crate) enum Ahead {
    Decided(Box<Decided>),
    Ready(Box<Ready>),
}

impl Work {
    /// Decides and writes.
    pub(crate) fn carry_out(self, tx: &mut Tx<'_>) -> Result<Outcome, DeskError> {
        let loaded = self.load(tx)?;
        if let Some(claim) = &self.claim {
            let version = loaded.case.version.saturating_add(1);
            if let Some(earlier) = take(tx, claim, loaded.row.id, version, stored(self.now))? {
                return Ok(Outcome::Earlier(earlier));
            }
        }
        let mut decided = self.decide(tx, loaded)?;
        let unreached = std::mem::take(&mut decided.unreached);
        let done = self.write(tx, decided)?;
        // What was being written is sent now.
        crate::drafts::sent(tx, self.caller.actor.user(), done.id.0, self.command.verb())?;
        Ok(Outcome::Done(Box::new(done), unreached))
    }

    /// Writes what was decided. [`DeskError::Overtaken`] when the case has moved on since.
    pub(crate) fn write(&self, tx: &mut Tx<'_>, decided: Decided) -> Result<Case, DeskError> {
        let Decided { loaded, others, decision, verb, now, unreached: _ } = decided;
        let (library, master, run) = (&self.library, &self.master, self.run);
        let commit = Commit { library, master, actor: self.caller.actor.id, verb, now, run };
        commit.write_all(tx, loaded, others, decision)
    }

    /// The same worked out ahead of its being written, words sealed, where no other case is part of it: whoever writes
    /// then only writes rows.
    pub(crate) fn ready(&self, tx: &mut Tx<'_>, decided: Decided) -> Result<Ahead, DeskError> {
        if !decided.others.is_empty() || !decided.decision.elsewhere.is_empty() {
            return Ok(Ahead::Decided(Box::new(decided)));
        }
        let Decided { loaded, mut decision, verb, now, .. } = decided;
        let (library, master, run) = (&self.library, &self.master, self.run);
        let commit = Commit { library, master, actor: self.caller.actor.id, verb, now, run };
        let mut sealed = None;
        if holds_words(&mut decision.events) {
            let wrapped = vault::person(tx, loaded.row.person)?.and_then(|person| person.wrapped_key);
            sealed = Some(commit.sealed(&loaded, wrapped.as_deref(), &mut decision.events)?);
        }
        Ok(Ahead::Ready(Box::new(commit.ready(loaded, decision.events, sealed)?)))
    }

    /// Writes what was worked out ahead. [`DeskError::Overtaken`] when the case has moved on since.
    pub(crate) fn write_ahead(&self, tx: &mut Tx<'_>, ahead: Ahead) -> Result<Case, DeskError> {
        match ahead {
            Ahead::Decided(decided) => self.write(tx, *decided),
            Ahead::Ready(ready) => ready.write(tx),
        }
    }

    /// The case, if the caller may see it and work on it.
    pub(crate) fn load(&self, tx: &mut Tx<'_>) -> Result<Loaded, DeskError> {
        let (row, sight) = load::find_for(tx, &self.name, &self.caller.actor)?;
        // Whoever sees a case of another area for a work order alone works on the order alone.
        let may = match sight {
            Sight::Area => true,
            // Who has an order may be the arbiter besides; whether they are is for the ruling to say.
            Sight::Order => self.command.is_about_orders() || matches!(self.command, Command::RuleOwnership(_)),
            Sight::Arbiter => matches!(self.command, Command::RuleOwnership(_) | Command::Note(_)),
            Sight::Read => false,
        };
        if !may {
            return Err(Refusal::forbidden("only_the_order").into());
        }
        load::from_row(tx, row)
    }

    /// What the command causes in the case, or why it is refused. Writes nothing.
    pub(crate) fn decide(&self, tx: &mut Tx<'_>, loaded: Loaded) -> Result<Decided, DeskError> {
        let told_meanwhile =
            |seen| matches!(self.command, Command::NotifyProgress(_)) && news_told_since(&loaded.entries, seen);
        if let Some(seen) = self.seen
            && (seen > loaded.case.version || !only_warned_since(&loaded.entries, seen) || told_meanwhile(seen))
        {
            return Err(stale(&loaded.case, &loaded.entries, seen));
        }
        let command = match &self.command {
            Command::Route(_) => routed(tx, &self.library, &self.zone, &loaded.case, self.now)?,
            command => {
                let command = crate::readings::with_words(tx, &self.master, &loaded, command.clone())?;
                let command = crate::drafts::with_machine(tx, &self.master, &loaded, &self.caller.actor, command)?;
                complete(tx, command, &loaded.case, &self.caller.actor, self.now)?
            }
        };
        let others = others(tx, &command, &loaded.case, &self.caller.actor)?;
        // Two nodes' clocks may differ; within one case time never runs backwards.
        let now = self.now.max(loaded.case.changed_at);
        let known: Vec<Case> = others.iter().map(|other| other.case.clone()).collect();
        let actor = &self.caller.actor;
        let taken_up =
            !loaded.case.state.is_open() && command.takes_up(&loaded.case, &self.library.rules_of(&loaded.case)?);
        let CaughtUp { case, rules, mut events } = catch_up(&self.library, &loaded.case, actor, now, taken_up)?;
        let ctx = Context { now, actor, rules: &rules, taxonomy: self.library.taxonomy(), others: &known };
        let decision = command.decide(&case, &ctx)?;
        events.extend(decision.events);
        // Now, because nobody can read the words once they are written.
        let (users, unreached) = mentions::named(tx, &self.caller, &loaded.row, &mut events)?;
        if !users.is_empty() {
            events.push(Event::Mentioned { users });
        }
        if matches!(command, Command::Classify(_)) && route::goes_anew(&case) {
            events.extend(self.sent_anew(tx, &loaded.case, &events, now)?);
        }
        let decision = Decision { events, elsewhere: decision.elsewhere };
        Ok(Decided { loaded, others, decision, verb: command.verb(), now, unreached })
    }
}

impl Work {
    /// Where the table sends a case nobody has taken up, now that it is something else.
    fn sent_anew(
        &self,
        tx: &mut Tx<'_>,
        before: &Case,
        events: &[Event],
        now: Timestamp,
    ) -> Result<Option<Event>, DeskError> {
        let rules = crate::routing::in_force(&self.library, &self.zone, before.record.place(), now)?;
        if rules.routing().is_none() {
            return Ok(None);
        }
        let mut case = before.clone();
        let (actor, verb) = (self.caller.actor.id, self.command.verb().to_owned());
        case.apply_entry(&Entry { version: case.version + 1, at: now, actor, verb, events: events.to_vec() });
        let found = crate::routing::find(tx, &self.library, &rules, &case, now)?;
        Ok(route::by_itself(&case, found))
    }
}

/// Whether nothing happened since a version but warnings of clocks, reminders, news by itself and limits a calendar moved:
/// nobody did anything, so nobody's work is refused for them.
pub(crate) fn only_warned_since(entries: &[Entry], seen: i64) -> bool {
    let since = entries.iter().filter(|entry| entry.version > seen);
    let mut events = since.flat_map(|entry| entry.events.iter().map(move |event| (entry.verb.as_str(), event)));
    events.all(|(verb, event)| match event {
        Event::Warned { .. }
        | Event::CalendarChanged { .. }
        | Event::MessageMoved { .. }
        | Event::ClockMoved { .. }
        | Event::Order {
            step: OrderStep::Late { .. } | OrderStep::VisitMissed {} | OrderStep::Tightened { .. }, ..
        }
        | Event::Ownership { step: OwnershipStep::Late {} } => true,
        // News that went out by itself keeps its promise, and the clock of the next begins; a call that was answered was a
        // contact.
        Event::ClockStopped { .. } | Event::ClockStarted { .. } | Event::Contacted { .. } => {
            verb == crate::outbox::VERB
        }
        Event::EffectTaken { did, .. } => {
            did.iter().all(|caused| matches!(caused, Caused::Notify(_) | Caused::News(_) | Caused::NewsKept(_)))
        }
        _ => false,
    })
}

/// Whether news that goes out by itself told the customer after a version. It makes nobody's work stale but that of whoever
/// is about to tell the same once more.
fn news_told_since(entries: &[Entry], seen: i64) -> bool {
    let told = |event: &Event| match event {
        Event::MessageMoved { message, what: What::News, way, stage, .. } => {
            Some(*message).filter(|_| stage.tells(*way))
        }
        _ => None,
    };
    let of = |since: bool| {
        let these = entries.iter().filter(move |entry| (entry.version > seen) == since);
        these.flat_map(|entry| &entry.events).filter_map(told)
    };
    // A later report on what was known to have gone is nothing new.
    let known: BTreeSet<Uuid> = of(false).collect();
    of(true).any(|message| !known.contains(&message))
}

/// The other cases a command is about: the one it names, those that went up in this one, or the one it went up in. They
/// belong to this case, wherever they lie; only a case that is named must be in the caller's area.
fn others(tx: &mut Tx<'_>, command: &Command, case: &Case, actor: &Actor) -> Result<Vec<Loaded>, DeskError> {
    let named = |tx: &mut Tx<'_>, field: &str, name: &str| -> Result<Vec<Loaded>, DeskError> {
        let unknown = || DeskError::from(Refusal::from(Fault::new(field, "unknown_case")));
        let name = CaseRef::parse(name.trim()).map_err(|_| unknown())?;
        match load::load(tx, &name, actor) {
            Ok(other) => Ok(vec![other]),
            Err(DeskError::Refused(_)) => Err(unknown()),
            Err(error) => Err(error),
        }
    };
    match command {
        Command::Merge(merge) => named(tx, "into", &merge.into),
        Command::Link(link) => named(tx, "to", &link.to),
        Command::JudgeSimilar(judge) => named(tx, "other", &judge.other),
        Command::Reply(reply) => {
            let lead = case.merged_into.iter().map(|(lead, _)| *lead);
            let waiting = case.unanswered().filter(|_| reply.to_merged).map(|one| one.case);
            lead.chain(waiting).map(|id| load::any(tx, id)).collect()
        }
        Command::Dispute(_)
        | Command::Reopen(_)
        | Command::Refer(_)
        | Command::RecordStep(_)
        | Command::DecideReview(_) => answered(tx, case),
        // What the law wants their customers told is looked for before the case ends.
        Command::Close(_) => {
            let merged = case.absorbed.iter().map(|one| one.case);
            merged.map(|one| load::any(tx, one)).collect()
        }
        Command::KeepPromise(keep) => promised(tx, case, keep.promise),
        // Reaching the customer keeps what was promised to them.
        Command::RecordContact(contact) => {
            contact.promise.map_or(Ok(Vec::new()), |promise| promised(tx, case, promise))
        }
        _ => Ok(Vec::new()),
    }
}

/// The case in which a promise was given that moved here with it.
fn promised(tx: &mut Tx<'_>, case: &Case, promise: u32) -> Result<Vec<Loaded>, DeskError> {
    let there = case.promises.iter().filter(|one| one.id == promise).filter_map(|one| one.origin.as_ref());
    there.map(|there| load::any(tx, there.case)).collect()
}

/// The cases that went up in this one and whose customers were answered: they wait again when its outcome counts no
/// longer.
pub(crate) fn answered(tx: &mut Tx<'_>, case: &Case) -> Result<Vec<Loaded>, DeskError> {
    let mut answered = Vec::new();
    for one in case.absorbed.iter().filter(|one| one.answered_at.is_some()) {
        let theirs = load::any(tx, one.case)?;
        // Whoever was erased can be told nothing any more; held, so that it does not happen at this moment.
        if vault::hold_person(tx, theirs.row.person)?.is_some() {
            answered.push(theirs);
        }
    }
    Ok(answered)
}

/// The answer to who saw an earlier version: what happened since.
pub(crate) fn stale(case: &Case, entries: &[Entry], seen: i64) -> DeskError {
    let since = entries
        .iter()
        .filter(|entry| entry.version > seen)
        .map(|entry| (entry.version, entry.verb.clone(), stored(entry.at)))
        .collect();
    DeskError::Stale { current: case.version, since }
}

/// Asks the table in force where a case goes.
fn routed(
    tx: &mut Tx<'_>,
    library: &Library,
    zone: &TimeZone,
    case: &Case,
    now: Timestamp,
) -> Result<Command, DeskError> {
    let rules = crate::routing::in_force(library, zone, case.record.place(), now)?;
    Ok(Command::Route(Route { found: crate::routing::find(tx, library, &rules, case, now)? }))
}

/// Looks up what a command names and the domain cannot know: who is to hold the case.
fn complete(
    tx: &mut Tx<'_>,
    command: Command,
    case: &Case,
    actor: &Actor,
    now: Timestamp,
) -> Result<Command, DeskError> {
    Ok(match command {
        Command::Assign(mut assign) => {
            let holder = holder::named(tx, case, assign.unit, assign.user, &case.excluded(), now)?;
            (assign.unit, assign.user, assign.instead_of) = (holder.unit, holder.user, holder.instead_of);
            Command::Assign(assign)
        }
        Command::Transfer(mut transfer) => {
            let holder = holder::named(tx, case, transfer.unit, transfer.user, &case.excluded(), now)?;
            (transfer.unit, transfer.user, transfer.instead_of) = (holder.unit, holder.user, holder.instead_of);
            Command::Transfer(transfer)
        }
        Command::Dispute(mut dispute) => {
            let excluded = case.handlers.union(&case.excluded()).copied().collect();
            let holder = holder::named(tx, case, dispute.unit, dispute.user, &excluded, now)?;
            (dispute.unit, dispute.user, dispute.instead_of) = (holder.unit, holder.user, holder.instead_of);
            Command::Dispute(dispute)
        }
        Command::Dispatch(mut dispatch) => {
            let excluded = if dispatch.order_kind.carries_the_ball() { case.excluded() } else { BTreeSet::new() };
            let holder = holder::anywhere(tx, dispatch.unit, dispatch.user, &excluded, now)?;
            (dispatch.unit, dispatch.user, dispatch.instead_of) = (holder.unit, holder.user, holder.instead_of);
            Command::Dispatch(dispatch)
        }
        Command::HandOverOrder(mut over) => {
            let holder = holder::anywhere(tx, over.unit, over.user, &case.excluded(), now)?;
            (over.unit, over.user, over.instead_of) = (holder.unit, holder.user, holder.instead_of);
            Command::HandOverOrder(over)
        }
        Command::RefuseOrder(mut refuse) => {
            let disputing = refuse.disputing(case, actor);
            refuse.arbiter = if disputing.is_empty() { None } else { Some(crate::orders::arbiter(tx, &disputing)?) };
            Command::RefuseOrder(refuse)
        }
        Command::JoinIncident(join) => Command::JoinIncident(members::joined(tx, join, actor)?),
        Command::Reply(reply) => Command::Reply(members::replied(tx, reply, case)?),
        Command::ProposeCompensation(mut propose) => {
            if let Some(amount) = propose.amount.as_ref().filter(|_| propose.rule.is_none()) {
                let kind = propose.remedy.unwrap_or_default();
                let alike = crate::remedies::similar(tx, case, kind, &amount.currency, actor)?;
                propose.similar = alike.usual.map(Box::new);
            }
            Command::ProposeCompensation(propose)
        }
        Command::RuleOwnership(ruling) => {
            holder::anywhere(tx, Some(ruling.unit), None, &BTreeSet::new(), now)?;
            Command::RuleOwnership(ruling)
        }
        other => other,
    })
}
