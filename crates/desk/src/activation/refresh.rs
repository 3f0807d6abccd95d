//! Noticing: every node looks once a second whether something was put into force, and goes by it from the moment on at
//! which all of them know. A look is one small read.

use super::{RulesKind, in_force};
use crate::Desk;
use crate::error::DeskError;
use crate::library::{Activated, DataFile};
use domain::micros;
use jiff::Timestamp;
use policy::address;
use std::collections::HashSet;
use store::{RuleFileRow, activations};

/// Keeps every content the installation ships with, so that what governs cases today is there when a later release
/// ships something else.
///
/// # Errors
/// Those of the database.
pub(crate) fn keep_shipped(desk: &Desk) -> Result<(), DeskError> {
    let known = desk.db().read_now(|tx| Ok::<_, DeskError>(activations::hashes(tx)?))?;
    let known: HashSet<String> = known.into_iter().collect();
    let shipped = desk.library().shipped().iter().filter_map(|file| {
        let kind = file.kind()?.code().to_owned();
        Some(RuleFileRow { hash: address(&file.text), kind, name: file.path.clone(), content: file.text.clone() })
    });
    let new: Vec<RuleFileRow> = shipped.filter(|row| !known.contains(&row.hash)).collect();
    if new.is_empty() {
        return Ok(());
    }
    desk.db().write_now(move |tx| {
        for row in &new {
            activations::insert_file(tx, row)?;
        }
        Ok(())
    })
}

/// Takes over what was put into force since the last look. Blocking.
///
/// # Errors
/// Those of the database, or that what is in force can no longer be read.
pub fn refresh(desk: &Desk) -> Result<(), DeskError> {
    let now = micros(desk.time().now());
    let count = desk.db().read_now(|tx| Ok::<_, DeskError>(activations::in_force(tx)?))?;
    if desk.library().seen().is_some_and(|(seen, next)| seen == count && next.is_none_or(|next| next > now)) {
        return Ok(());
    }
    let (count, force, kept) = desk.db().read_now(|tx| {
        let kept = activations::files(tx)?.into_iter();
        let kept = kept.map(|row| DataFile { path: row.name, text: row.content }).collect();
        Ok::<_, DeskError>((activations::in_force(tx)?, in_force(tx)?, kept))
    })?;
    let begins = |one: &Activated| one.activation.holds_at.unwrap_or(Timestamp::MAX);
    // A pack governs by the day of receipt; a calendar has no such day, so it waits for its moment.
    let holding: Vec<Activated> = force.iter().filter(|one| begins(one) <= now).cloned().collect();
    let next = force.iter().map(begins).filter(|begins| *begins > now).min();
    let rules = desk.library().with(&holding).map_err(|error| DeskError::Damaged(error.to_string()))?;
    desk.library().take_over(rules, force, kept, (count, next));
    Ok(())
}

/// The calendar that held just before one that was put into force, and that one.
///
/// # Errors
/// That what is in force can no longer be read.
pub(crate) fn before(desk: &Desk, force: &[Activated], one: &Activated) -> Result<Option<policy::Calendar>, DeskError> {
    let earlier: Vec<Activated> = force
        .iter()
        .filter(|other| other.activation.kind == RulesKind::Calendar)
        .filter(|other| other.activation.holds_at < one.activation.holds_at)
        .cloned()
        .collect();
    let rules = desk.library().with(&earlier).map_err(|error| DeskError::Damaged(error.to_string()))?;
    Ok(rules.calendars().get(&one.activation.rules).map(|calendar| calendar.as_ref().clone()))
}
