//! Cases as the index takes them in: opened, with every identifier that was lifted out of their words left out.

use super::ask::Field;
use super::index::Findable;
use crate::Desk;
use crate::error::DeskError;
use crate::load;
use crate::vault::cipher::CipherError;
use crate::vault::seal::CaseKeys;
use domain::audit::chain::Ledger;
use domain::event::Event;
use domain::free_text::FreeText;
use domain::text::lift::fill;
use std::collections::{BTreeMap, BTreeSet};
use store::{CaseRow, EntryRow, Tx, cases, entries, vault};
use uuid::Uuid;

/// Most characters of one case that are looked at: a case with thousands of notes is found by its first ones.
const MOST: usize = 200_000;

/// Where a text belongs, by its place in an event.
fn field(place: &str) -> Field {
    match place {
        "subject" => Field::Subject,
        "description" | "demand" | "authority" | "device" | "pre_treatment" => Field::Text,
        "place" => Field::Place,
        "content" => Field::Replies,
        "outcome" | "finding" => Field::Outcome,
        _ => Field::Notes,
    }
}

/// Whether the words of an event are for those who work on it alone: what was laid before a reader was told to nobody yet,
/// what a body was told is no reply to the customer, and what was found out about a claim is no outcome.
fn is_inside(event: &Event) -> bool {
    matches!(event, Event::ReadingAsked { .. } | Event::RegulatorFedBack { .. } | Event::CompensationVerified { .. })
}

/// The keys of a case; none where the person was erased.
pub(super) fn keys_of(desk: &Desk, tx: &mut Tx<'_>, row: &CaseRow) -> Result<Option<CaseKeys>, DeskError> {
    let wrapped = vault::person(tx, row.person)?.and_then(|person| person.wrapped_key);
    match load::open_keys(desk.master(), row, wrapped.as_deref()) {
        Ok(keys) => Ok(Some(keys)),
        Err(DeskError::Cipher(CipherError::Erased)) => Ok(None),
        Err(other) => Err(other),
    }
}

/// A text without the identifiers that stood in it.
pub(super) fn words(keys: &CaseKeys, place: &str, text: &FreeText) -> Result<String, DeskError> {
    Ok(fill(&keys.open(place, text)?, |_, _| "***".to_owned()))
}

/// What of a case can be found, whatever state its log is in: one that cannot be read, because it is damaged or a newer
/// release wrote it, is found by its number, and all others as ever.
pub(super) fn findable(desk: &Desk, tx: &mut Tx<'_>, row: CaseRow, log: &[EntryRow]) -> Result<Findable, DeskError> {
    match opened(desk, tx, row.clone(), log) {
        Err(error @ (DeskError::Damaged(_) | DeskError::Cipher(_))) => {
            tracing::error!(%error, case = %row.id, "the words of a case cannot be read; it is found by its number only");
            let about = row.about.as_deref().and_then(|id| Uuid::parse_str(id).ok());
            Ok(Findable { row, about, product: None, words: Vec::new() })
        }
        read => read,
    }
}

/// The same from a log that can be read; no words where the person was erased.
fn opened(desk: &Desk, tx: &mut Tx<'_>, row: CaseRow, log: &[EntryRow]) -> Result<Findable, DeskError> {
    let keys = keys_of(desk, tx, &row)?;
    let mut found = Findable { row, about: None, product: None, words: Vec::new() };
    let (said, mut room) = (&mut found.words, MOST);
    for entry in log {
        for event in &mut load::entry(entry)?.events {
            if let Event::Registered { record, .. } = &event {
                found.about = record.about_staff.map(|user| user.0);
                found.product = record.product.clone();
            }
            let Some(keys) = &keys else { continue };
            // Numbers of other bodies stand in the clear.
            match event {
                Event::Registered { record, .. } => {
                    said.extend(record.external.iter().map(|external| (Field::Number, external.number.clone())));
                }
                Event::HandedOff { number, .. } => said.push((Field::Number, number.clone())),
                _ => {}
            }
            let inside = is_inside(event);
            for (place, text) in event.texts() {
                // What a programme changed of its ticket is no text for people.
                if place == "ticket" {
                    continue;
                }
                let kept: String = words(keys, place, text)?.chars().take(room).collect();
                room -= kept.chars().count();
                said.push((if inside { Field::Notes } else { field(place) }, kept));
            }
        }
        if room == 0 {
            break;
        }
    }
    Ok(found)
}

/// The row of a case with what was complained about, from its first entry; no words where the person was erased.
pub(crate) fn opening(desk: &Desk, tx: &mut Tx<'_>, id: Uuid) -> Result<Option<(CaseRow, String)>, DeskError> {
    let Some(row) = cases::by_id(tx, id)? else { return Ok(None) };
    let first = entries::first(tx, id, Ledger::Case.code())?;
    let found = findable(desk, tx, row, first.as_slice())?;
    let words = found.words.into_iter().filter(|(field, _)| matches!(field, Field::Subject | Field::Text));
    let words: Vec<String> = words.map(|(_, text)| text).collect();
    Ok(Some((found.row, words.join("\n"))))
}

/// A case as it stands; nothing where there is none.
pub(super) fn case(desk: &Desk, tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Findable>, DeskError> {
    let Some(row) = cases::by_id(tx, id)? else { return Ok(None) };
    let log = entries::of(tx, id, Ledger::Case.code())?;
    findable(desk, tx, row, &log).map(Some)
}

/// What entries after a place of the log are about.
#[derive(Debug, Default)]
pub(super) struct Since {
    pub(super) cases: BTreeSet<Uuid>,
    /// Whether somebody was erased: what the index holds of them is to go.
    pub(super) erased: bool,
    /// Entries beyond those looked at.
    pub(super) beyond: i64,
    /// Whether there was anything at all.
    pub(super) any: bool,
}

/// The cases the next `most` entries are about; what was seen moves on.
pub(super) fn since(tx: &mut Tx<'_>, seen: &mut BTreeMap<i64, i64>, most: i64) -> Result<Since, DeskError> {
    let (mut since, mut room, mut others) = (Since::default(), most, BTreeSet::new());
    for (stream, head) in entries::heads(tx)? {
        let from = seen.get(&stream).copied().unwrap_or(0);
        // A restored database may know less than the index has seen.
        let mut last = from;
        if head > from && room > 0 {
            for (seq, subject, ledger) in entries::subjects_after(tx, stream, from, room)? {
                room -= 1;
                last = seq;
                if ledger == Ledger::Case.code() {
                    since.cases.insert(subject);
                } else if ledger == Ledger::Administration.code() {
                    others.insert(subject);
                }
            }
            since.any = true;
            seen.insert(stream, last);
        }
        since.beyond += (head - last).max(0);
    }
    // An erasure is an entry about the person.
    for subject in others {
        if vault::person(tx, subject)?.is_some_and(|person| person.wrapped_key.is_none()) {
            since.erased = true;
            since.cases.extend(cases::by_person(tx, subject)?);
        }
    }
    Ok(since)
}
