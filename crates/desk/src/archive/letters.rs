//! Letters as they were sent, for who reads them outside the house: what stands in them besides the customer's own
//! identifiers is mostly the address of a body or of ours, and no secret.

use crate::error::DeskError;
use crate::vault::seal::CaseKeys;
use domain::event::{Entry, Event};
use domain::text::identifier::IdentifierKind;
use domain::text::lift::fill;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What the letters of a case say.
pub(super) struct Written {
    /// Identifiers that only what was told the customer holds: those the operator wrote there itself. What somebody else
    /// brought into the case, such as a neighbour's number, is none of them.
    pub(super) contacts: BTreeSet<u32>,
    /// SHA-256 of each letter as it was sent, by its number.
    pub(super) hashes: BTreeMap<u32, String>,
}

/// Reads the letters that are out.
pub(super) fn read(
    keys: &CaseKeys,
    entries: &[Entry],
    items: &HashMap<u32, (IdentifierKind, String)>,
) -> Result<Written, DeskError> {
    let value = |item: u32| items.get(&item).map(|(_, value)| value.as_str()).unwrap_or_default();
    let (mut told, mut brought, mut hashes) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
    for event in entries.iter().flat_map(|entry| &entry.events) {
        let mut event = event.clone();
        let letter = match &event {
            Event::LetterIssued { letter, .. } => Some(*letter),
            _ => None,
        };
        let ours = letter.is_some()
            || matches!(
                event,
                Event::Proposed { .. }
                    | Event::Replied { .. }
                    | Event::ProgressNotified { .. }
                    | Event::DeadlockDeclared { .. }
            );
        for (place, text) in event.texts() {
            let opened = keys.open(place, text)?;
            let whole = fill(&opened, |_, item| {
                if ours {
                    told.insert(item)
                } else {
                    brought.insert(plain(value(item)))
                };
                value(item).to_owned()
            });
            if let Some(letter) = letter {
                hashes.insert(letter, super::digest(&whole));
            }
        }
    }
    told.retain(|item| !brought.contains(&plain(value(*item))));
    Ok(Written { contacts: told, hashes })
}

/// An identifier without how it is set.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase()
}
