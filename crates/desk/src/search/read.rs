//! Cases as the index takes them in: opened, with every identifier that was lifted out of their words left out.

use super::ask::Field;
use super::index::Findable;
use crate::Desk;
use crate::error::DeskError;
use crate::load;
use crate::vault::cipher::CipherError;
use domain::audit::chain::Ledger;
use domain::event::Event;
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

/// What of a case can be found, from its log; no words where the person was erased.
pub(super) fn findable(desk: &Desk, tx: &mut Tx<'_>, row: CaseRow, log: &[EntryRow]) -> Result<Findable, DeskError> {
    let wrapped = vault::person(tx, row.person)?.and_then(|person| person.wrapped_key);
    let keys = match load::open_keys(desk.master(), &row, wrapped.as_deref()) {
        Ok(keys) => Some(keys),
        Err(DeskError::Cipher(CipherError::Erased)) => None,
        Err(other) => return Err(other),
    };
    let mut found = Findable { row, about: None, product: None, words: Vec::new() };
    let (words, mut room) = (&mut found.words, MOST);
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
                    words.extend(record.external.iter().map(|external| (Field::Number, external.number.clone())));
                }
                Event::HandedOff { number, .. } => words.push((Field::Number, number.clone())),
                _ => {}
            }
            for (place, text) in event.texts() {
                // What a programme changed of its ticket is no text for people.
                if place == "ticket" {
                    continue;
                }
                let opened = fill(&keys.open(place, text)?, |_, _| "***".to_owned());
                let kept: String = opened.chars().take(room).collect();
                room -= kept.chars().count();
                words.push((field(place), kept));
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
