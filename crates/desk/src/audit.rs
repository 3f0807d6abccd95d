//! Looking through the log: who did what to which case, who read personal data and why, who changed which setting. Nothing
//! here opens a sealed text, and what somebody may not see is not there.
//!
//! Accesses and changes of settings have an index of their own by time. None is by person, so that registering writes
//! nothing more: whoever looks for one looks through what there is backwards, a stretch at a time, and goes on.

use crate::activation::Person;
use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::reveal::AccessBody;
use crate::time::{moment, stored};
use crate::{Desk, activation, kept, permissions};
use domain::actor::{Actor, ActorId};
use domain::audit::chain::Ledger;
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, optional};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use store::{CaseRow, CheckpointRow, EntryRow, Tx, cases, checkpoints, entries, people, sign_in};
use uuid::Uuid;

/// Lines of a page.
const PAGE: i64 = 50;
/// Most lines of a page.
const MOST: i64 = 200;
/// Entries looked through for one page.
const STRETCH: i64 = 20_000;
/// Checkpoints shown.
const CHECKPOINTS: i64 = 10;
/// Where the log of accesses, of settings, and of everything else is looked for.
pub const LEDGERS: &[&str] = &["access", "administration", "cases"];

/// What can be asked.
pub const SEARCH: &[Field] = &[
    optional(
        "ledger",
        Kind::Code(LEDGERS),
        "Accesses to personal data, changes of settings, or what was done to cases.",
    ),
    optional("subject", Kind::Line { max: 80 }, "Number or identity of a case, or identity of what was administered."),
    optional("actor", Kind::Line { max: 80 }, "Name somebody signs in with, `system`, or `token:` and its identity."),
    optional("verb", Kind::Line { max: 60 }, "What was done, such as `reveal` or `add-user`."),
    optional("from", Kind::Day, "First local day."),
    optional("until", Kind::Day, "Last local day."),
    optional("after", Kind::Line { max: 800 }, "Where the page before ended."),
    optional("limit", Kind::Whole { min: 1, max: MOST }, "Lines of a page. Default: 50."),
];

/// A question.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AuditQuery {
    /// One of [`LEDGERS`]; accesses when left out.
    pub ledger: Option<String>,
    /// A case, or what was administered.
    pub subject: Option<String>,
    /// Who.
    pub actor: Option<String>,
    /// Which verb.
    pub verb: Option<String>,
    /// First local day.
    pub from: Option<Date>,
    /// Last local day.
    pub until: Option<Date>,
    /// Where the page before ended.
    pub after: Option<String>,
    /// Lines of a page.
    pub limit: Option<i64>,
}

/// An entry, as whoever looks through the log is told.
#[derive(Clone, Debug)]
pub struct AuditLine {
    /// When.
    pub at: Timestamp,
    /// `case`, `access`, `administration`, `problem` or `incident`.
    pub ledger: &'static str,
    /// What it is about.
    pub subject: Uuid,
    /// Number of the case it is about.
    pub number: Option<String>,
    /// Place in the log of its subject.
    pub version: i64,
    /// Who.
    pub actor: Person,
    /// What was done.
    pub verb: String,
    /// What is said of it in the clear; empty for what is done to cases, which their own pages tell.
    pub told: BTreeMap<String, String>,
}

/// A page of them.
#[derive(Clone, Debug)]
pub struct AuditPage {
    /// The newest first.
    pub items: Vec<AuditLine>,
    /// Where the next page begins.
    pub next: Option<String>,
    /// Entries that were looked through for it, where it ends with them; nothing where an index led to its lines.
    pub looked: Option<i64>,
}

/// The stable name of a ledger.
const fn name_of(ledger: Ledger) -> &'static str {
    match ledger {
        Ledger::Case => "case",
        Ledger::Access => "access",
        Ledger::Administration => "administration",
        Ledger::Problem => "problem",
        Ledger::Incident => "incident",
    }
}

/// Settings are the whole installation's: whoever sees only a part of it is not told who changed them.
pub(crate) fn everywhere(by: &Caller) -> Result<(), Refusal> {
    if by.actor.area.code().is_empty() {
        return Ok(());
    }
    Err(Refusal::conflict("audit_is_everywhere").with("area", by.actor.area.code()))
}

/// Somebody by the code the log keeps of them: tokens by the name people gave them.
pub(crate) fn known(tx: &mut Tx<'_>, code: &str) -> Result<Person, DeskError> {
    let person = activation::person(tx, code)?;
    match person.id {
        ActorId::Token(token) => {
            let name = sign_in::token(tx, token.0)?.map(|row| row.name);
            Ok(Person { name: name.unwrap_or(person.name), ..person })
        }
        ActorId::User(_) | ActorId::System => Ok(person),
    }
}

/// The question with names looked up.
struct Asked {
    actor: String,
    verb: String,
    since: i64,
    before: i64,
    limit: i64,
    after: Option<String>,
}

impl Desk {
    /// Looks through the log, the newest first, as far as the caller may see what it is about.
    ///
    /// # Errors
    /// Faults of the question; `audit_is_everywhere` where settings are asked for by whoever sees a part; `not_found` for
    /// a subject that is not there for them.
    pub async fn audit(&self, caller: &Caller, ask: AuditQuery) -> Result<AuditPage, DeskError> {
        permissions::READ_AUDIT.require(caller)?;
        let ledger = ask.ledger.clone();
        if ledger.as_deref() == Some("administration") && ask.subject.is_none() {
            everywhere(caller)?;
        }
        let start = |day: Date| day.to_zoned_datetime(self.zone().clone()).map(|at| stored(at.timestamp()));
        let since = ask.from.map(start).transpose().map_err(|_| Refusal::from(Fault::new("from", "bad_day")))?;
        let next = ask.until.map(|day| day.tomorrow().and_then(start)).transpose();
        let before = next.map_err(|_| Refusal::from(Fault::new("until", "bad_day")))?;
        if ask.from.zip(ask.until).is_some_and(|(from, until)| until < from) {
            return Err(Refusal::from(Fault::new("until", "until_before_from")).into());
        }
        let caller = caller.clone();
        self.db()
            .read(move |tx| {
                let asked = Asked {
                    actor: ask.actor.as_deref().map(|actor| code_of(tx, actor)).transpose()?.unwrap_or_default(),
                    verb: ask.verb.unwrap_or_default(),
                    since: since.unwrap_or(i64::MIN),
                    before: before.unwrap_or(i64::MAX),
                    limit: ask.limit.unwrap_or(PAGE).clamp(1, MOST),
                    after: ask.after,
                };
                match (ask.subject, ledger.as_deref()) {
                    (Some(subject), ledger) => of_subject(tx, &caller, &subject, ledger, &asked),
                    (None, Some("cases")) => through(tx, &caller.actor, &asked),
                    (None, Some("administration")) => beside(tx, &caller.actor, Ledger::Administration, &asked),
                    (None, _) => beside(tx, &caller.actor, Ledger::Access, &asked),
                }
            })
            .await
    }

    /// The newest checkpoints, and how many entries no checkpoint covers yet.
    ///
    /// # Errors
    /// If the caller may not see them.
    pub async fn checkpoints(&self, caller: &Caller) -> Result<(Vec<CheckpointRow>, i64), DeskError> {
        permissions::READ_AUDIT.require(caller)?;
        self.db()
            .read(|tx| {
                let last = checkpoints::last(tx)?.map_or(0, |row| row.n);
                let mut rows = checkpoints::after(tx, (last - CHECKPOINTS).max(0), CHECKPOINTS)?;
                rows.reverse();
                Ok::<_, DeskError>((rows, unsealed(tx)?))
            })
            .await
    }
}

/// Entries no checkpoint covers yet.
pub(crate) fn unsealed(tx: &mut Tx<'_>) -> Result<i64, DeskError> {
    let sealed: HashMap<i64, i64> = checkpoints::covered(tx)?.into_iter().collect();
    let heads = entries::heads(tx)?;
    Ok(heads.into_iter().map(|(stream, head)| (head - sealed.get(&stream).copied().unwrap_or(0)).max(0)).sum())
}

/// Somebody as the log names them, by what people call them.
fn code_of(tx: &mut Tx<'_>, typed: &str) -> Result<String, DeskError> {
    let typed = typed.trim();
    let whole = typed == "system" || ["user:", "token:"].iter().any(|kind| typed.starts_with(kind));
    if whole && let Ok(id) = typed.parse::<ActorId>() {
        return Ok(id.to_string());
    }
    let user = people::user_by_name(tx, &typed.to_lowercase())?;
    let user = user.ok_or_else(|| Refusal::from(Fault::new("actor", "unknown_user")))?;
    Ok(format!("user:{}", user.id))
}

/// Everything about one subject.
fn of_subject(
    tx: &mut Tx<'_>,
    caller: &Caller,
    subject: &str,
    ledger: Option<&str>,
    asked: &Asked,
) -> Result<AuditPage, DeskError> {
    let skip = asked.after.as_deref().map(|after| place(after, "s.")).transpose()?.unwrap_or(0);
    let name = CaseRef::parse(subject.trim()).map_err(|_| Refusal::from(Fault::new("subject", "no_subject")))?;
    let case = match load::find(tx, &name, &caller.actor) {
        Ok(row) => Some(row),
        Err(DeskError::Refused(_)) => None,
        Err(error) => return Err(error),
    };
    let (id, ledgers) = match (&case, &name) {
        (Some(row), _) => (
            row.id,
            match ledger {
                Some("access") => vec![Ledger::Access],
                Some("cases") => vec![Ledger::Case],
                Some(_) => vec![Ledger::Administration],
                None => vec![Ledger::Case, Ledger::Access, Ledger::Administration],
            },
        ),
        // What is not a case the caller sees is a setting, a problem or an incident, or not there.
        (None, CaseRef::Id(id)) if cases::by_id(tx, id.0)?.is_none() => {
            everywhere(caller)?;
            (id.0, vec![Ledger::Administration, Ledger::Problem, Ledger::Incident])
        }
        (None, _) => return Err(Refusal::not_found().into()),
    };
    let mut rows = Vec::new();
    for ledger in ledgers {
        rows.extend(entries::of(tx, id, ledger.code())?);
    }
    let nothing = rows.is_empty();
    rows.retain(|row| fits(row, asked));
    rows.sort_by_key(|row| std::cmp::Reverse((row.at, row.ledger, row.version)));
    if nothing && case.is_none() {
        return Err(Refusal::not_found().into());
    }
    let taken = usize::try_from(asked.limit).unwrap_or(1);
    let more = rows.len() > skip + taken;
    let mut items = Vec::new();
    for row in rows.into_iter().skip(skip).take(taken) {
        items.push(line(tx, row, case.as_ref())?);
    }
    Ok(AuditPage { items, next: more.then(|| format!("s.{}", skip + taken)), looked: None })
}

fn fits(row: &EntryRow, asked: &Asked) -> bool {
    (asked.since..asked.before).contains(&row.at)
        && (asked.actor.is_empty() || row.actor == asked.actor)
        && (asked.verb.is_empty() || row.verb == asked.verb)
}

/// Accesses or changes of settings, by their index.
fn beside(tx: &mut Tx<'_>, actor: &Actor, ledger: Ledger, asked: &Asked) -> Result<AuditPage, DeskError> {
    let from = match asked.after.as_deref() {
        Some(after) => triple(after)?,
        None => (asked.before, 0, 0),
    };
    let filter = (asked.actor.as_str(), asked.verb.as_str());
    // Every entry is a line where nobody and nothing in particular is looked for.
    let end = match filter {
        ("", "") => None,
        _ => entries::beside_end(tx, ledger.code(), from, asked.since, STRETCH)?,
    };
    let low = end.unwrap_or((asked.since, i64::MIN, i64::MIN));
    let mut rows = entries::beside(tx, ledger.code(), from, low, filter, asked.limit + 1)?;
    let more = i64::try_from(rows.len()).unwrap_or(0) > asked.limit;
    rows.truncate(usize::try_from(asked.limit).unwrap_or(1));
    let last = rows.last().filter(|_| more).map(place_of);
    let next = last.or(end).map(|(at, stream, seq)| format!("b.{at}.{stream}.{seq}"));
    let looked = end.filter(|_| !more).map(|_| STRETCH);
    Ok(AuditPage { items: seen(tx, actor, rows)?, next, looked })
}

/// Where an entry lies among those of all streams.
fn place_of(row: &EntryRow) -> (i64, i64, i64) {
    (row.at, row.stream, row.seq)
}

/// What was done to cases, problems and incidents: a stretch of every stream, backwards. No page holds anything newer than
/// one before it: what lies behind the place to which some stream was looked through waits.
fn through(tx: &mut Tx<'_>, actor: &Actor, asked: &Asked) -> Result<AuditPage, DeskError> {
    let mut cursor = match asked.after.as_deref() {
        Some(after) => cursor(after)?,
        None => {
            let mut begin = BTreeMap::new();
            for (stream, head) in entries::heads(tx)? {
                begin.insert(stream, first_from(tx, stream, head + 1, asked.before)?);
            }
            begin
        }
    };
    let streams = i64::try_from(cursor.len()).unwrap_or(1).max(1);
    let stretch = STRETCH / streams;
    let filter = (asked.actor.as_str(), asked.verb.as_str());
    let (mut rows, mut looked) = (Vec::new(), 0);
    let mut known_to: Option<(i64, i64, i64)> = None;
    for (stream, before) in &mut cursor {
        let low = (*before - stretch).max(1);
        if *before <= 1 {
            continue;
        }
        let found = entries::backwards(tx, *stream, (*before, low), filter, asked.limit)?;
        let full = i64::try_from(found.len()).unwrap_or(0) == asked.limit;
        let reached = found.last().map(|row| row.seq).filter(|_| full).unwrap_or(low);
        looked += *before - reached;
        // Times of a stream rise: what lies further back than the first day is not looked through.
        match entries::at(tx, *stream, reached)?.filter(|at| reached > 1 && *at >= asked.since) {
            Some(at) => {
                *before = reached;
                known_to = known_to.max(Some((at, *stream, reached)));
            }
            None => *before = 1,
        }
        rows.extend(found.into_iter().filter(|row| (asked.since..asked.before).contains(&row.at)));
    }
    rows.sort_by_key(|row| std::cmp::Reverse(place_of(row)));
    let known = rows.partition_point(|row| known_to.is_none_or(|to| place_of(row) >= to));
    for row in rows.split_off(known.min(usize::try_from(asked.limit).unwrap_or(1))) {
        let before = cursor.entry(row.stream).or_insert(1);
        *before = (*before).max(row.seq + 1);
    }
    let mut next = String::new();
    for (stream, before) in cursor.iter().filter(|(_, before)| **before > 1) {
        let _ = write!(next, "{}{stream}:{before}", if next.is_empty() { "w." } else { "," });
    }
    let next = Some(next).filter(|next| !next.is_empty());
    Ok(AuditPage { items: seen(tx, actor, rows)?, next, looked: Some(looked) })
}

/// The first place of a stream that was written at a moment or later, at most `end`.
fn first_from(tx: &mut Tx<'_>, stream: i64, end: i64, moment: i64) -> Result<i64, DeskError> {
    if moment == i64::MAX {
        return Ok(end);
    }
    let (mut low, mut high) = (1, end);
    while low < high {
        let middle = low + (high - low) / 2;
        if entries::at(tx, stream, middle)?.is_some_and(|at| at < moment) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// What of these entries is there for the actor, told.
fn seen(tx: &mut Tx<'_>, actor: &Actor, rows: Vec<EntryRow>) -> Result<Vec<AuditLine>, DeskError> {
    let hidden: HashSet<Uuid> = load::hidden(tx, actor)?;
    let everywhere = actor.area.code().is_empty();
    let mut known_cases: HashMap<Uuid, Option<CaseRow>> = HashMap::new();
    let mut items = Vec::new();
    for row in rows {
        let of_case = row.ledger == Ledger::Case.code() || row.ledger == Ledger::Access.code();
        if of_case && !known_cases.contains_key(&row.subject) {
            known_cases.insert(row.subject, cases::by_id(tx, row.subject)?);
        }
        let case = known_cases.get(&row.subject).and_then(Option::as_ref).filter(|_| of_case);
        // An access may be to something else than a case: that is told to whoever sees everything.
        let there = case.map_or(everywhere, |case| load::is_there(case, actor));
        if there && !hidden.contains(&row.subject) {
            let case = case.cloned();
            items.push(line(tx, row, case.as_ref())?);
        }
    }
    Ok(items)
}

fn line(tx: &mut Tx<'_>, row: EntryRow, case: Option<&CaseRow>) -> Result<AuditLine, DeskError> {
    let ledger = Ledger::from_code(row.ledger).unwrap_or(Ledger::Administration);
    let told = match ledger {
        Ledger::Access => {
            let body: AccessBody = kept::read(&row.body)?;
            let mut told = BTreeMap::from([("purpose".to_owned(), body.purpose), ("extent".to_owned(), body.extent)]);
            told.extend(body.reason.map(|reason| ("reason".to_owned(), reason)));
            told
        }
        // Other bodies than plain texts are told by the pages of what they are about.
        Ledger::Administration => kept::read(&row.body).unwrap_or_default(),
        Ledger::Case | Ledger::Problem | Ledger::Incident => BTreeMap::new(),
    };
    Ok(AuditLine {
        at: moment(row.at),
        ledger: name_of(ledger),
        subject: row.subject,
        number: case.map(|case| case.number.clone()),
        version: row.version,
        actor: known(tx, &row.actor)?,
        verb: row.verb,
        told,
    })
}

fn bad() -> Refusal {
    Fault::new("after", "bad_cursor").into()
}

fn place(after: &str, kind: &str) -> Result<usize, Refusal> {
    after.strip_prefix(kind).and_then(|place| place.parse().ok()).ok_or_else(bad)
}

fn triple(after: &str) -> Result<(i64, i64, i64), Refusal> {
    let mut parts = after.strip_prefix("b.").ok_or_else(bad)?.split('.').map(str::parse::<i64>);
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(Ok(at)), Some(Ok(stream)), Some(Ok(seq)), None) => Ok((at, stream, seq)),
        _ => Err(bad()),
    }
}

/// Where each stream goes on; as many as there can be writers.
fn cursor(after: &str) -> Result<BTreeMap<i64, i64>, Refusal> {
    let parts = after.strip_prefix("w.").ok_or_else(bad)?.split(',');
    let one = |part: &str| {
        let (stream, before) = part.split_once(':')?;
        Some((stream.parse().ok()?, before.parse::<i64>().ok().filter(|before| *before > 0)?))
    };
    parts.map(|part| one(part).ok_or_else(bad)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_back_or_refused() {
        assert_eq!(triple("b.5.0.7").unwrap(), (5, 0, 7));
        assert_eq!(cursor("w.0:9,3:1").unwrap(), BTreeMap::from([(0, 9), (3, 1)]));
        assert_eq!(place("s.50", "s.").unwrap(), 50);
        for wrong in ["", "b.", "b.1.2", "b.1.2.3.4", "b.x.2.3", "w.1:2"] {
            assert!(triple(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "w.", "w.1", "w.1:0", "w.a:2", "b.1.2.3"] {
            assert!(cursor(wrong).is_err(), "{wrong}");
        }
    }
}
