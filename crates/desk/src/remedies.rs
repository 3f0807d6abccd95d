//! Remedies beside their cases: written with each entry, so that people find them, see what similar cases got, and billing
//! gets what is to be paid: at least once, under a name of its own, in the order in which it was decided.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::queries::list::page_size;
use crate::reveal::AccessBody;
use crate::run::MOST_ATTEMPTS;
use crate::time::{doubled, moment, stored};
use crate::vault::person;
use crate::{Desk, Permission, permissions};
use domain::actor::Actor;
use domain::case::Case;
use domain::case::compensation::{Compensation, Standing};
use domain::case::confirm_compensation::{BY_BILLING, ConfirmCompensation};
use domain::case::remedy::{Kind, Similar};
use domain::case::send_compensation::SendCompensation;
use domain::command::Command;
use domain::fault::Fault;
use domain::ids::{CaseId, PersonId};
use domain::money::Money;
use domain::refusal::Refusal;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use store::{Delivery, LikeQuery, RemedyQuery, RemedyRow, Tx, remedies};
use uuid::Uuid;

/// Most remedies of one page.
pub const MOST: usize = 250;
/// Remedies of similar cases that are looked at.
const MOST_SIMILAR: i64 = 200;
/// Of these, those that are shown.
const SHOWN: usize = 5;
/// Most sums sent to billing at once.
pub const MOST_SENT: usize = 500;
/// How long a delivery may take before another node tries.
const LEASE: SignedDuration = SignedDuration::from_mins(2);
/// Longest pause between two tries; they never end.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(10);

/// The row of a remedy.
fn row_of(case: &Case, one: &Compensation, changed_at: i64) -> RemedyRow {
    let recovery = match &one.recovery {
        None => String::new(),
        Some(recovery) => recovery.ended.as_ref().map_or("open", |(result, ..)| result).to_owned(),
    };
    RemedyRow {
        case: case.id.0,
        n: i64::from(one.id),
        kind: one.kind.code().to_owned(),
        standing: one.standing.code().to_owned(),
        rule: one.counted.as_ref().map(|counted| counted.rule.clone()).unwrap_or_default(),
        currency: one.sum.currency.clone(),
        minor: one.sum.minor_units(),
        verify: one.awaits_verification(),
        recovery,
        category: case.category.clone().unwrap_or_default(),
        cause: case.cause.clone().unwrap_or_default(),
        region: case.record.region.clone(),
        attempts: i64::from(one.attempts),
        way: one.way.clone().unwrap_or_default(),
        proposed_at: stored(one.proposed_at),
        changed_at,
    }
}

/// The remedies of a case before an entry.
pub(crate) struct Before(Vec<RemedyRow>);

impl Before {
    pub(crate) fn of(case: &Case) -> Self {
        Self(case.compensations.iter().map(|one| row_of(case, one, 0)).collect())
    }
}

/// The rows an entry changed.
pub(crate) fn changes(case: &Case, before: &Before) -> Vec<RemedyRow> {
    let now = case.compensations.iter().map(|one| row_of(case, one, 0));
    let changed = now.filter(|row| !before.0.contains(row));
    changed.map(|row| RemedyRow { changed_at: stored(case.changed_at), ..row }).collect()
}

/// Writes what an entry changed, and puts what goes to billing by itself on its way.
pub(crate) fn write(tx: &mut Tx<'_>, case: &Case, before: &Before) -> Result<(), DeskError> {
    for row in changes(case, before) {
        remedies::put(tx, &row)?;
        let sent = before.0.iter().find(|known| known.n == row.n).map_or(0, |known| known.attempts);
        if row.attempts > sent && row.way == "webhook" {
            remedies::deliver(tx, row.case, row.n, row.attempts, row.changed_at)?;
        }
    }
    Ok(())
}

/// What similar cases got, as far as the caller may see them.
pub(crate) fn similar(
    tx: &mut Tx<'_>,
    case: &Case,
    kind: Kind,
    currency: &str,
    actor: &Actor,
) -> Result<Alike, DeskError> {
    let Some(category) = case.category.clone().filter(|_| kind.is_money()) else { return Ok(Alike::default()) };
    let query = |cause: &str| LikeQuery {
        category: category.clone(),
        cause: cause.to_owned(),
        kind: kind.code().to_owned(),
        currency: currency.to_owned(),
        area: actor.area.code().to_owned(),
        reader: load::reader(actor).unwrap_or_default(),
        but: case.id.0,
        limit: MOST_SIMILAR,
    };
    // Once the cause is known those of the same cause say more, where there are enough of them.
    if let Some(cause) = case.cause.as_deref() {
        let rows = remedies::like_it(tx, &query(cause))?;
        if rows.len() >= domain::case::remedy::FEWEST as usize {
            return Ok(Alike::of(rows, currency, true));
        }
    }
    Ok(Alike::of(remedies::like_it(tx, &query(""))?, currency, false))
}

/// What similar cases got.
#[derive(Clone, Debug, Default)]
pub struct Alike {
    /// The median and the range; none where there are no similar cases.
    pub usual: Option<Similar>,
    /// The newest of them: number of the case, and the sum.
    pub cases: Vec<(String, Money)>,
}

impl Alike {
    fn of(rows: Vec<store::LikeIt>, currency: &str, same_cause: bool) -> Self {
        let sums = rows.iter().map(|row| row.minor).collect();
        let cases = rows.into_iter().take(SHOWN).map(|row| (row.number, Money::of(row.minor, currency)));
        Self { usual: Similar::of(sums, currency, same_cause), cases: cases.collect() }
    }
}

/// Which remedies to list.
#[derive(Clone, Debug, Default)]
pub struct RemedyFilter {
    /// Where they stand.
    pub standing: Option<String>,
    /// What they are.
    pub kind: Option<String>,
    /// Those that wait to be verified alone.
    pub verify: bool,
    /// Those of which something is to come back alone.
    pub recovery: bool,
    /// At most so many; 0 means 50.
    pub limit: usize,
    /// Where the last page ended.
    pub after: Option<String>,
}

/// A remedy in a list.
#[derive(Clone, Debug)]
pub struct RemedyListed {
    /// Its name for programmes, such as `TS-20261128-000001-7-R1`.
    pub id: String,
    /// Number of the case.
    pub number: String,
    /// Number within the case.
    pub n: i64,
    /// What it is.
    pub kind: String,
    /// Where it stands.
    pub standing: String,
    /// The rule it comes from.
    pub rule: Option<String>,
    /// The sum; none where it is no money.
    pub sum: Option<Money>,
    /// Whether it waits to be verified.
    pub verify: bool,
    /// `open`, `recovered` or `written_off`.
    pub recovery: Option<String>,
    /// Category of the case.
    pub category: Option<String>,
    /// How often it was sent to billing.
    pub attempts: i64,
    /// By which way.
    pub way: Option<String>,
    /// When it was proposed.
    pub proposed_at: Timestamp,
    /// When something last happened to it.
    pub changed_at: Timestamp,
}

/// A page of remedies.
#[derive(Clone, Debug)]
pub struct RemedyPage {
    /// The remedies, what changed last first.
    pub items: Vec<RemedyListed>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// The name of a remedy.
#[must_use]
pub fn name_of(number: &str, n: i64) -> String {
    format!("{number}-R{n}")
}

/// The case and the number a name stands for; whatever is none names nothing.
fn named(id: &str) -> Result<(CaseRef, u32), Refusal> {
    let (number, n) = id.rsplit_once("-R").ok_or_else(Refusal::not_found)?;
    let n = n.parse().map_err(|_| Refusal::not_found())?;
    Ok((CaseRef::parse(number)?, n))
}

fn filled(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn cursor(text: &str) -> Result<(i64, Uuid, i64), Refusal> {
    let mut parts = text.splitn(3, '.');
    let read = || {
        let at = parts.next()?.parse().ok()?;
        let case = parts.next()?.parse().ok()?;
        Some((at, case, parts.next()?.parse().ok()?))
    };
    let mut read = read;
    read().ok_or_else(|| Fault::new("after", "bad_cursor").into())
}

/// What billing says of a remedy.
#[derive(Clone, Debug)]
pub struct Confirmed {
    /// The case after it.
    pub case: Case,
    /// Number of the remedy within it.
    pub n: u32,
    /// True when it had been said before and nothing was done now.
    pub replayed: bool,
}

/// What is handed to billing.
#[derive(Clone, Debug, Serialize)]
pub struct Instruction {
    /// Name of the remedy: the same at every try. Whoever pays it pays it once.
    pub remedy: String,
    /// How-manieth time it is sent, because the time before it was said to have failed.
    pub attempt: i64,
    /// Number of the case.
    pub complaint: String,
    /// What it is.
    pub kind: String,
    /// How much.
    pub sum: Money,
    /// The number the customer has a contract for; none where nobody said, or the person was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// When it was sent first.
    pub sent_at: Timestamp,
}

/// What came of handing an instruction over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handed {
    /// It was taken.
    Taken,
    /// It could not be taken now.
    Later(String),
    /// It will not be taken: it is wrong.
    Refused(String),
}

impl Desk {
    /// Lists the remedies of cases the caller may see.
    ///
    /// # Errors
    /// A fault naming the filter that makes no sense.
    pub async fn remedies(&self, caller: &Caller, filter: &RemedyFilter) -> Result<RemedyPage, DeskError> {
        permissions::READ_REMEDIES.require(caller)?;
        let limit = page_size(filter.limit, MOST)?;
        let area = caller.actor.area.clone();
        let query = RemedyQuery {
            area: area.code().to_owned(),
            reader: load::reader(&caller.actor).unwrap_or_default(),
            standing: filter.standing.clone().unwrap_or_default(),
            kind: filter.kind.clone().unwrap_or_default(),
            verify: filter.verify,
            recovery: filter.recovery,
            after: filter.after.as_deref().map(cursor).transpose()?,
            limit: limit + 1,
        };
        let mut rows = self.db().read(move |tx| Ok::<_, DeskError>(remedies::list(tx, &query)?)).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let place = |row: &RemedyRow| format!("{}.{}.{}", row.changed_at, row.case, row.n);
        let next = rows.last().filter(|_| more).map(|one| place(&one.row));
        // The beginning of a code is not always a region.
        let items = rows.into_iter().filter(|one| area.covers(&one.row.region)).map(listed).collect();
        Ok(RemedyPage { items, next })
    }

    /// What similar cases got, for whoever thinks about a sum.
    ///
    /// # Errors
    /// `not_found` when there is no such case the caller may see.
    pub async fn similar_remedies(
        &self,
        caller: &Caller,
        name: &CaseRef,
        kind: Kind,
        currency: &str,
    ) -> Result<Alike, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let (name, actor, currency) = (name.clone(), caller.actor.clone(), currency.to_owned());
        self.db()
            .read(move |tx| {
                let loaded = load::load(tx, &name, &actor)?;
                similar(tx, &loaded.case, kind, &currency, &actor)
            })
            .await
    }

    /// Sends what was agreed upon to billing, those that wait longest first; gives how many were sent. Whatever somebody
    /// else did with one meanwhile stands.
    ///
    /// # Errors
    /// When the caller may not, or those of the database.
    pub async fn send_remedies(&self, caller: &Caller, way: &str) -> Result<usize, DeskError> {
        Permission::for_verb("send-compensation")
            .ok_or_else(|| Refusal::forbidden("not_permitted"))?
            .require(caller)?;
        let area = caller.actor.area.code().to_owned();
        let limit = i64::try_from(MOST_SENT).unwrap_or(i64::MAX);
        let waiting = self.db().read(move |tx| Ok::<_, DeskError>(remedies::to_send(tx, &area, limit)?)).await?;
        let mut sent = 0;
        for (case, n) in waiting {
            let name = CaseRef::Id(CaseId(case));
            let compensation = u32::try_from(n).unwrap_or(u32::MAX);
            let command = Command::SendCompensation(SendCompensation { compensation, way: Some(way.to_owned()) });
            match self.run_now(caller, &name, command).await {
                Ok(_) => sent += 1,
                Err(DeskError::Refused(_) | DeskError::Stale { .. } | DeskError::Overtaken) => {}
                Err(other) if other.is_temporary() => return Err(other),
                // One damaged case keeps nobody else from their money.
                Err(other) => tracing::error!(error = %other, %case, n, "a remedy could not be sent to billing"),
            }
        }
        Ok(sent)
    }

    /// Carries out a command on the case as it stands, whatever happened since somebody looked.
    async fn run_now(&self, caller: &Caller, name: &CaseRef, command: Command) -> Result<Case, DeskError> {
        let mut seen = 1;
        for attempt in 0.. {
            match self.run(caller, name, seen, command.clone(), None).await {
                Ok(done) => return Ok(done.case),
                Err(DeskError::Stale { current, .. }) if attempt < MOST_ATTEMPTS => seen = current,
                Err(other) => return Err(other),
            }
        }
        Err(DeskError::Overtaken)
    }

    /// What billing says of a remedy it was sent. Saying the same again changes nothing.
    ///
    /// # Errors
    /// If there is no such remedy, it is not on its way, or was paid otherwise.
    pub async fn confirm_remedy(
        &self,
        caller: &Caller,
        id: &str,
        said: &ConfirmCompensation,
    ) -> Result<Confirmed, DeskError> {
        Permission::for_verb("confirm-compensation")
            .ok_or_else(|| Refusal::forbidden("not_permitted"))?
            .require(caller)?;
        let (name, n) = named(id)?;
        for attempt in 0.. {
            let (find, actor) = (name.clone(), caller.actor.clone());
            let loaded = self.db().read(move |tx| load::load(tx, &find, &actor)).await?;
            let Some(one) = loaded.case.compensation(n) else { return Err(Refusal::not_found().into()) };
            if said_before(one, said)? {
                return Ok(Confirmed { case: loaded.case, n, replayed: true });
            }
            let command = Command::ConfirmCompensation(ConfirmCompensation { compensation: n, ..said.clone() });
            match self.run(caller, &name, loaded.case.version, command, None).await {
                Ok(done) => return Ok(Confirmed { case: done.case, n, replayed: false }),
                Err(DeskError::Stale { .. } | DeskError::Overtaken) if attempt < MOST_ATTEMPTS => {}
                Err(other) => return Err(other),
            }
        }
        Err(DeskError::Overtaken)
    }

    /// What is on its way to billing and was not confirmed, for a file, however often it was asked for: so many at most
    /// (none says as many as a file takes), from where the file before ended. Each account is personal data, and that it
    /// was handed out stands in the access log of its case.
    ///
    /// # Errors
    /// When the caller may not, or those of the database.
    pub async fn export_remedies(
        &self,
        caller: &Caller,
        limit: usize,
        mut after: Option<String>,
    ) -> Result<BillingFile, DeskError> {
        permissions::EXPORT_REMEDIES.require(caller)?;
        let limit = if limit == 0 { MOST_EXPORTED } else { limit.min(MOST_EXPORTED) };
        let mut lines = Vec::new();
        loop {
            let standing = Some(Standing::Sent.code().to_owned());
            let filter = RemedyFilter { standing, limit: MOST.min(limit), after, ..RemedyFilter::default() };
            let page = self.remedies(caller, &filter).await?;
            for one in page.items.iter().filter(|one| one.way.as_deref() == Some("file")) {
                lines.extend(self.instruction(caller, &CaseRef::parse(&one.number)?, one.n).await?);
            }
            after = page.next;
            // A page fits whole or stays for the next file.
            if after.is_none() || lines.len() + MOST.min(limit) > limit {
                return Ok(BillingFile { lines, next: after });
            }
        }
    }

    /// Says what billing is to do, and that it was said; nothing where it is no longer on its way.
    async fn instruction(&self, caller: &Caller, name: &CaseRef, n: i64) -> Result<Option<Instruction>, DeskError> {
        let (find, actor, master) = (name.clone(), caller.actor.clone(), std::sync::Arc::clone(self.master()));
        let read = self.db().read(move |tx| {
            let loaded = load::load(tx, &find, &actor)?;
            let person = store::vault::person(tx, loaded.row.person)?;
            let sealed = person.as_ref().and_then(|person| person.identity.as_deref());
            let identity = match (load::keys(tx, &master, &loaded.row), sealed) {
                (Ok(keys), Some(sealed)) => Some(person::open(PersonId(loaded.row.person), &keys.person, sealed)?),
                (Err(DeskError::Cipher(crate::vault::cipher::CipherError::Erased)), _) | (Ok(_), None) => None,
                (Err(other), _) => return Err(other),
            };
            Ok((loaded.case, loaded.entries, identity))
        });
        let (case, entries, identity) = read.await?;
        let one = u32::try_from(n).ok().and_then(|n| case.compensation(n));
        let Some(one) = one.filter(|one| one.standing == Standing::Sent) else { return Ok(None) };
        let account = identity.and_then(|known| known.subscription.or(known.phone));
        if account.is_some() {
            let body = AccessBody {
                purpose: "billing".to_owned(),
                reason: None,
                extent: format!("remedy {n}"),
                restricted: Vec::new(),
            };
            self.log_access(caller, case.id.0, "bill", &body).await?;
        }
        let sent = entries.iter().rev().find(|entry| {
            let mine = |event: &domain::event::Event| {
                matches!(event, domain::event::Event::CompensationSent { id, .. } if *id == one.id)
            };
            entry.events.iter().any(mine)
        });
        Ok(Some(Instruction {
            remedy: name_of(&case.number, n),
            attempt: i64::from(one.attempts),
            complaint: case.number.clone(),
            kind: one.kind.code().to_owned(),
            sum: one.sum.clone(),
            account,
            sent_at: sent.map_or(case.changed_at, |entry| entry.at),
        }))
    }

    /// Delivers what is to be delivered to billing, one after the other; while the first is put off, all wait. `node` names
    /// one process. Gives how many were taken, and why no more.
    ///
    /// # Errors
    /// Those of the database; what came of a delivery is noted with it.
    pub async fn deliver_remedies<F, Sending>(&self, node: &str, send: F) -> Result<(usize, Option<String>), DeskError>
    where
        F: Fn(Instruction) -> Sending,
        Sending: Future<Output = Handed>,
    {
        let system = Caller::system(self.root());
        let mut taken = 0;
        loop {
            let now = stored(self.time().now());
            if !self.db().read(move |tx| Ok::<_, DeskError>(remedies::any_delivery(tx, now)?)).await? {
                return Ok((taken, None));
            }
            let (lease, holder) = (stored(self.time().now() + LEASE), node.to_owned());
            let claimed =
                self.db().write(move |tx| Ok::<_, DeskError>(remedies::claim(tx, now, lease, &holder)?)).await?;
            let Some(one) = claimed else { return Ok((taken, None)) };
            let what = match self.instruction(&system, &CaseRef::Id(CaseId(one.case)), one.n).await {
                // It keeps its place and says why: what billing gets, it gets in order.
                Err(error) if !error.is_temporary() => {
                    let (why, holder) = (error.to_string(), node.to_owned());
                    let (next, said) = (stored(self.time().now() + LONGEST_PAUSE), why.clone());
                    let again = move |tx: &mut Tx<'_>| remedies::again(tx, one, &holder, next, &said);
                    self.db().write(move |tx| Ok::<_, DeskError>(again(tx)?)).await?;
                    return Ok((taken, Some(why)));
                }
                other => other?,
            };
            // What was confirmed or sent anew meanwhile is nobody's to deliver.
            let what = what.filter(|what| what.attempt == one.attempt);
            let handed = match what.clone() {
                Some(what) => send(what).await,
                None => Handed::Taken,
            };
            let holder = node.to_owned();
            match handed {
                Handed::Taken => {
                    self.db().write(move |tx| Ok::<_, DeskError>(remedies::delivered(tx, one, &holder)?)).await?;
                    taken += usize::from(what.is_some());
                }
                Handed::Later(why) => {
                    let (next, error) = (stored(self.time().now() + pause(one)), why.clone());
                    let again =
                        self.db().write(move |tx| Ok::<_, DeskError>(remedies::again(tx, one, &holder, next, &error)?));
                    again.await?;
                    return Ok((taken, Some(why)));
                }
                Handed::Refused(why) => {
                    // First that it failed, then that it was delivered: said again after a crash it changes nothing.
                    if let Some(what) = what {
                        tracing::warn!(remedy = %what.remedy, why, "billing will not take a remedy");
                        let said = ConfirmCompensation::failed("rejected", one.attempt);
                        match self.confirm_remedy(&system, &what.remedy, &said).await {
                            Ok(_) | Err(DeskError::Refused(_)) => {}
                            Err(other) => return Err(other),
                        }
                    }
                    self.db().write(move |tx| Ok::<_, DeskError>(remedies::delivered(tx, one, &holder)?)).await?;
                }
            }
        }
    }

    /// How many remedies wait to be delivered to billing, how often the first was tried, and what went wrong with it.
    ///
    /// # Errors
    /// When the caller may not, or those of the database.
    pub async fn billing(&self, caller: &Caller) -> Result<(i64, i64, String), DeskError> {
        permissions::READ_REMEDIES.require(caller)?;
        self.db().read(|tx| Ok::<_, DeskError>(remedies::waiting(tx)?)).await
    }
}

/// Most remedies of one file.
pub const MOST_EXPORTED: usize = 10_000;

/// What billing is to do, as a file.
#[derive(Clone, Debug)]
pub struct BillingFile {
    /// One a remedy.
    pub lines: Vec<Instruction>,
    /// Where the next file begins; none at the end.
    pub next: Option<String>,
}

fn listed(one: store::ListedRemedy) -> RemedyListed {
    let store::ListedRemedy { row, number } = one;
    let sum = Kind::ALL.iter().any(|kind| kind.code() == row.kind && kind.is_money());
    RemedyListed {
        id: name_of(&number, row.n),
        number,
        n: row.n,
        sum: sum.then(|| Money::of(row.minor, &row.currency)),
        kind: row.kind,
        standing: row.standing,
        rule: filled(row.rule),
        verify: row.verify,
        recovery: filled(row.recovery),
        category: filled(row.category),
        attempts: row.attempts,
        way: filled(row.way),
        proposed_at: moment(row.proposed_at),
        changed_at: moment(row.changed_at),
    }
}

/// Whether billing said that already, in these words or by an attempt that is past.
fn said_before(one: &Compensation, said: &ConfirmCompensation) -> Result<bool, Refusal> {
    let past = said.attempt.is_some_and(|attempt| attempt < one.attempts);
    if said.result == "failed" {
        return Ok(past || one.standing == Standing::Failed);
    }
    match &one.paid {
        Some(paid) if paid.mode == BY_BILLING && (said.reference.is_none() || paid.reference == said.reference) => {
            Ok(true)
        }
        // Somebody paid it another way: this is money given twice, and somebody has to look.
        Some(_) => Err(Refusal::conflict("paid_otherwise")),
        None => Ok(false),
    }
}

fn pause(one: Delivery) -> SignedDuration {
    doubled(SignedDuration::from_secs(10), one.tries, LONGEST_PAUSE)
}
