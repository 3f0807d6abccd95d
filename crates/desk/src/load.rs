//! From rows to a case: the log is folded, never a snapshot trusted.

use crate::error::DeskError;
use crate::time::{moment, stored};
use crate::vault::cipher::Key;
use crate::vault::seal::CaseKeys;
use crate::vault::{MasterKeys, person};
use domain::actor::Actor;
use domain::audit::chain::Ledger;
use domain::case::{Case, timers};
use domain::event::{self, Entry};
use domain::ids::{CaseId, PersonId};
use domain::number::ComplaintNumber;
use domain::refusal::Refusal;
use domain::taxonomy::Taxonomy;
use policy::Stack;
use std::collections::HashSet;
use std::sync::Arc;
use store::{CaseRow, EntryRow, OrderRow, Tx, cases, entries, orders, vault};
use uuid::Uuid;

/// How a door names a case.
#[derive(Clone, Debug)]
pub enum CaseRef {
    /// By identity.
    Id(CaseId),
    /// By number for people.
    Number(String),
}

impl CaseRef {
    /// Reads an identity or a number; whatever else it is names no case.
    ///
    /// # Errors
    /// `not_found`, so that nothing can be learned from the form of a name.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        if let Ok(id) = Uuid::parse_str(text) {
            return Ok(Self::Id(CaseId(id)));
        }
        let number: ComplaintNumber = text.parse().map_err(|_| Refusal::not_found())?;
        Ok(Self::Number(number.to_string()))
    }
}

/// A case with its log as read from the database.
#[derive(Clone)]
pub(crate) struct Loaded {
    pub(crate) row: CaseRow,
    pub(crate) case: Case,
    pub(crate) entries: Vec<Entry>,
    pub(crate) last_hash: Vec<u8>,
}

/// The row a name leads to, whoever asks.
fn named(tx: &mut Tx<'_>, name: &CaseRef) -> Result<Option<CaseRow>, DeskError> {
    Ok(match name {
        CaseRef::Id(id) => cases::by_id(tx, id.0)?,
        CaseRef::Number(number) => match cases::id_by_number(tx, number)? {
            Some(id) => cases::by_id(tx, id)?,
            None => None,
        },
    })
}

/// The row of a case of the actor's area, if it is there for them. Not seeing is the same as not being there.
pub(crate) fn find(tx: &mut Tx<'_>, name: &CaseRef, actor: &Actor) -> Result<CaseRow, DeskError> {
    named(tx, name)?.filter(|row| is_there(row, actor)).ok_or_else(|| Refusal::not_found().into())
}

/// Whether a case lies in the actor's area and is not about them.
pub(crate) fn is_there(row: &CaseRow, actor: &Actor) -> bool {
    actor.area.covers(&row.region) && !is_about(row, actor)
}

fn is_about(row: &CaseRow, actor: &Actor) -> bool {
    row.about.is_some() && row.about == reader(actor)
}

/// Who lists are for, as rows name whom a complaint is about: only people are complained about.
pub(crate) fn reader(actor: &Actor) -> Option<String> {
    actor.user().map(|user| user.to_string())
}

/// The cases that are about the actor and so not there for them: few, for whoever looks at many.
pub(crate) fn hidden(tx: &mut Tx<'_>, actor: &Actor) -> Result<HashSet<Uuid>, DeskError> {
    Ok(match reader(actor) {
        Some(reader) => cases::about(tx, &reader)?.into_iter().collect(),
        None => HashSet::new(),
    })
}

/// Why somebody sees a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// It lies in their area.
    Area,
    /// A work order of it lies with them or their unit: they work on the order.
    Order,
    /// It is to be ruled by their unit whose case it is.
    Arbiter,
    /// They are to know of it, or answered an order of it: they read.
    Read,
}

impl Sight {
    /// Refuses what only who has the case in their area may do.
    ///
    /// # Errors
    /// `only_the_order`.
    pub(crate) fn require_area(self) -> Result<(), Refusal> {
        if self == Self::Area { Ok(()) } else { Err(Refusal::forbidden("only_the_order")) }
    }

    /// Refuses what whoever works on an order needs, to those who only read.
    ///
    /// # Errors
    /// `only_the_order`.
    pub(crate) fn require_work(self) -> Result<(), Refusal> {
        if matches!(self, Self::Area | Self::Order) { Ok(()) } else { Err(Refusal::forbidden("only_the_order")) }
    }

    /// The same for the words and data of a case: an order does not open them to whom the complaint is about.
    ///
    /// # Errors
    /// `only_the_order` or `complained_about`.
    pub(crate) fn require_data(self, case: &Case, actor: &Actor) -> Result<(), Refusal> {
        self.require_work()?;
        if self != Self::Area && case.excluded().contains(&actor.id) {
            return Err(Refusal::forbidden("complained_about"));
        }
        Ok(())
    }
}

/// The row of a case the actor may see, and why: one of their area, or one with a work order of theirs.
pub(crate) fn find_for(tx: &mut Tx<'_>, name: &CaseRef, actor: &Actor) -> Result<(CaseRow, Sight), DeskError> {
    let row = named(tx, name)?.ok_or_else(Refusal::not_found)?;
    match sight(tx, &row, actor)? {
        Some(sight) => Ok((row, sight)),
        None => Err(Refusal::not_found().into()),
    }
}

/// Why the actor sees a case; nothing when they do not. Nobody sees one about themselves, whatever lies with them.
pub(crate) fn sight(tx: &mut Tx<'_>, row: &CaseRow, actor: &Actor) -> Result<Option<Sight>, DeskError> {
    if is_about(row, actor) {
        return Ok(None);
    }
    if actor.area.covers(&row.region) {
        return Ok(Some(Sight::Area));
    }
    // A token stands at the root of the organisation and works in no unit: its area is all it sees.
    let Some(user) = actor.user() else { return Ok(None) };
    let theirs = |order: &OrderRow| order.unit == actor.unit.0 || order.user == Some(user.0);
    let seen = |order: OrderRow| match (order.kind.as_str(), order.standing.as_str()) {
        (crate::orders::QUESTION, _) => order.open.then_some(Sight::Arbiter),
        // What is not approved has not gone out.
        (_, "proposed") => None,
        ("copy", _) => order.open.then_some(Sight::Read),
        (_, "done") => Some(Sight::Read),
        _ => order.open.then_some(Sight::Order),
    };
    let sights = orders::of(tx, row.id)?.into_iter().filter(theirs).filter_map(seen);
    Ok(sights.min_by_key(|sight| match sight {
        Sight::Area => 0,
        Sight::Order => 1,
        Sight::Arbiter => 2,
        Sight::Read => 3,
    }))
}

/// Whether the actor sees a case of a region; only of one that lies elsewhere its row is read.
pub(crate) fn sees(tx: &mut Tx<'_>, case: Uuid, region: &str, actor: &Actor) -> Result<bool, DeskError> {
    let hidden = hidden(tx, actor)?;
    sees_beside(tx, &hidden, (case, region), actor)
}

/// The same for whoever looks at many: what is [`hidden`] from the actor is at hand.
pub(crate) fn sees_beside(
    tx: &mut Tx<'_>,
    hidden: &HashSet<Uuid>,
    (case, region): (Uuid, &str),
    actor: &Actor,
) -> Result<bool, DeskError> {
    if actor.area.covers(region) {
        return Ok(!hidden.contains(&case));
    }
    let Some(row) = cases::by_id(tx, case)? else { return Ok(false) };
    Ok(sight(tx, &row, actor)?.is_some())
}

/// A case of the actor's area and its whole log.
pub(crate) fn load(tx: &mut Tx<'_>, name: &CaseRef, actor: &Actor) -> Result<Loaded, DeskError> {
    let row = find(tx, name, actor)?;
    from_row(tx, row)
}

/// A case and its whole log, whoever acts: what belongs to another case is read wherever it lies.
pub(crate) fn any(tx: &mut Tx<'_>, id: CaseId) -> Result<Loaded, DeskError> {
    let row = cases::by_id(tx, id.0)?.ok_or_else(Refusal::not_found)?;
    from_row(tx, row)
}

/// The case a row stands for.
pub(crate) fn from_row(tx: &mut Tx<'_>, row: CaseRow) -> Result<Loaded, DeskError> {
    let rows = entries::of(tx, row.id, Ledger::Case.code())?;
    from_rows(row, &rows)
}

/// The same when the rows of its log are at hand.
pub(crate) fn from_rows(row: CaseRow, rows: &[EntryRow]) -> Result<Loaded, DeskError> {
    let last_hash = rows.last().map(|row| row.hash.clone()).unwrap_or_default();
    let entries = rows.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
    let case = Case::fold(CaseId(row.id), &entries)?;
    Ok(Loaded { row, case, entries, last_hash })
}

/// An entry as the domain knows it.
pub(crate) fn entry(row: &EntryRow) -> Result<Entry, DeskError> {
    Ok(Entry {
        version: row.version,
        at: moment(row.at),
        actor: row.actor.parse().map_err(|_| DeskError::Damaged(format!("actor {:?}", row.actor)))?,
        verb: row.verb.clone(),
        events: event::read_body(row.schema, &row.body)?,
    })
}

/// The keys of a case; an erased person's are gone.
pub(crate) fn keys(tx: &mut Tx<'_>, master: &Arc<MasterKeys>, row: &CaseRow) -> Result<CaseKeys, DeskError> {
    let wrapped = vault::person(tx, row.person)?.and_then(|person| person.wrapped_key);
    open_keys(master, row, wrapped.as_deref())
}

/// The same when the person's wrapped key is already at hand.
pub(crate) fn open_keys(master: &MasterKeys, row: &CaseRow, wrapped: Option<&[u8]>) -> Result<CaseKeys, DeskError> {
    let person: Key = person::key(master, PersonId(row.person), wrapped)?;
    let text = row.text_key.as_deref().ok_or(crate::vault::cipher::CipherError::Erased)?;
    let text = person::open_text_key(CaseId(row.id), &person, text)?;
    Ok(CaseKeys { case: CaseId(row.id), person, text })
}

/// The row that stands for a case: an index into the log, never more than the log and the rules say.
pub(crate) fn row_of(case: &Case, rules: &Stack, taxonomy: &Taxonomy, text_key: Option<Vec<u8>>) -> CaseRow {
    let due = case.next_due(rules);
    CaseRow {
        id: case.id.0,
        number: case.number.clone(),
        version: case.version,
        state: case.state.code().to_owned(),
        kind: case.record.kind.code().to_owned(),
        category: case.category.clone(),
        grade: Some(case.grade.code().to_owned()),
        channel: case.record.accept_channel.clone(),
        person: case.person.0,
        text_key,
        subject: case.record.subject.as_ref().and_then(|text| text.sealed()).map(str::to_owned),
        owner_unit: case.owner.unit.0,
        owner_user: case.owner.user.map(|user| user.0),
        first_owner: case.first_owner.user.map(|user| user.0),
        region: case.record.region.clone(),
        province: domain::taxonomy::province_of(&case.record.region).to_owned(),
        received_at: stored(case.received_at),
        registered_at: stored(case.registered_at),
        changed_at: stored(case.changed_at),
        closed_at: case.closed_at.map(stored),
        due_at: due.map_or(i64::MAX, |clock| stored(clock.due_at)),
        due_rule: due.map(|clock| clock.rule.clone()),
        open: case.state.is_open(),
        alarm_at: timers::alarm(case, rules, taxonomy).map(stored),
        last_due_at: case.last_due(rules).map_or(i64::MIN, stored),
        about: case.record.about_staff.map(|user| user.to_string()),
    }
}
