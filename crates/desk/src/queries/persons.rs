//! Who might be the same: persons found by a number. A match only suggests; families share numbers and numbers are
//! given out again, so nothing is ever merged by itself.

use super::case::mask_identity;
use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::retention::restricted;
use crate::time::moment;
use crate::vault::cipher::CipherError;
use crate::vault::person::{self, normal_number};
use crate::{Desk, permissions};
use domain::actor::Actor;
use domain::case::State;
use domain::ids::PersonId;
use domain::intake::Identity;
use jiff::Timestamp;
use std::collections::BTreeSet;
use store::{CaseRow, PersonRow, Tx, cases, vault};
use uuid::Uuid;

/// Persons shown for one number at most.
const MOST_PERSONS: usize = 20;
/// Cases shown of one person at most, newest first.
const MOST_CASES: usize = 10;

/// A person who has been in touch under a number.
#[derive(Clone, Debug)]
pub struct Suggested {
    /// Identity in the vault; naming it at registration says that it is the same person.
    pub person: PersonId,
    /// Name, masked; none of somebody who restricted the use of their data.
    pub name: Option<String>,
    /// Cases the caller may see, newest first; of somebody who restricted the use of their data only the requests that do.
    pub cases: Vec<Earlier>,
    /// Whether a waiting request of theirs restricts the use of their data.
    pub restricted: bool,
}

/// An earlier case.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// Number for people.
    pub number: String,
    /// State.
    pub state: State,
    /// Leaf of the category tree.
    pub category: Option<String>,
    /// First receipt.
    pub received_at: Timestamp,
}

type Row = (PersonRow, Vec<CaseRow>, bool);

impl Desk {
    /// Persons with a contact or business number, as far as the caller may see a case of theirs.
    ///
    /// # Errors
    /// If the caller may not see cases, or an error of the database.
    pub async fn persons(&self, caller: &Caller, number: &str) -> Result<Vec<Suggested>, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let hash = self.keyring().lookup_hash("phone", &normal_number(number));
        let actor = caller.actor.clone();
        let rows = self.db().read(move |tx| found(tx, &[hash], &actor, None)).await?;
        rows.into_iter().map(|row| self.suggested(row)).collect()
    }

    /// Other persons with one of the numbers of a case's complainant.
    ///
    /// # Errors
    /// `not_found` when there is no such case the caller may see.
    pub async fn related(&self, caller: &Caller, name: &CaseRef) -> Result<Vec<Suggested>, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let (name, actor) = (name.clone(), caller.actor.clone());
        let (master, ring) = (std::sync::Arc::clone(self.master()), self.keyring().clone());
        let rows = self
            .db()
            .read(move |tx| {
                let (case, sight) = load::find_for(tx, &name, &actor)?;
                // A work order opens its case, not what else is known of the person.
                if sight != load::Sight::Area {
                    return Ok(Vec::new());
                }
                let Some(row) = vault::person(tx, case.person)? else { return Ok(Vec::new()) };
                let key = match person::key(&master, PersonId(row.id), row.wrapped_key.as_deref()) {
                    Ok(key) => key,
                    Err(CipherError::Erased) => return Ok(Vec::new()),
                    Err(other) => return Err(other.into()),
                };
                let identity = match &row.identity {
                    Some(sealed) => person::open(PersonId(row.id), &key, sealed)?,
                    None => Identity::default(),
                };
                let numbers = [&identity.phone, &identity.phone_alt, &identity.subscription, &identity.caller];
                let hashes: Vec<[u8; 32]> = numbers
                    .into_iter()
                    .flatten()
                    .map(|number| ring.lookup_hash("phone", &normal_number(number)))
                    .collect();
                found(tx, &hashes, &actor, Some(case.person))
            })
            .await?;
        rows.into_iter().map(|row| self.suggested(row)).collect()
    }

    fn suggested(&self, (row, cases, restricted): Row) -> Result<Suggested, DeskError> {
        let id = PersonId(row.id);
        let name = match (person::key(self.master(), id, row.wrapped_key.as_deref()), &row.identity) {
            (Ok(key), Some(sealed)) => mask_identity(&person::open(id, &key, sealed)?).name,
            (Err(CipherError::Erased), _) | (Ok(_), None) => None,
            (Err(other), _) => return Err(other.into()),
        };
        let mut earlier = Vec::with_capacity(cases.len());
        for case in cases {
            let state = State::from_code(&case.state);
            let state = state.ok_or_else(|| DeskError::Damaged(format!("state {:?}", case.state)))?;
            let received_at = moment(case.received_at);
            earlier.push(Earlier { number: case.number, state, category: case.category, received_at });
        }
        Ok(Suggested { person: id, name: name.filter(|_| !restricted), cases: earlier, restricted })
    }
}

/// Persons with one of these hashes and a case in the area.
fn found(tx: &mut Tx<'_>, hashes: &[[u8; 32]], actor: &Actor, except: Option<Uuid>) -> Result<Vec<Row>, DeskError> {
    let mut persons = BTreeSet::new();
    for hash in hashes {
        persons.extend(vault::persons_by_lookup(tx, hash, "phone")?);
    }
    let mut rows = Vec::new();
    // The newest first: identities carry the moment they were made.
    for person in persons.into_iter().rev().filter(|person| Some(*person) != except) {
        let mut seen = Vec::new();
        for id in cases::by_person(tx, person)?.into_iter().rev() {
            if let Some(case) = cases::by_id(tx, id)?.filter(|case| load::is_there(case, actor)) {
                seen.push(case);
            }
            if seen.len() >= MOST_CASES {
                break;
            }
        }
        if seen.is_empty() {
            continue;
        }
        // Until it is answered, their data serves the request alone.
        let requests = restricted::waiting(tx, person)?;
        let restricted = !requests.is_empty();
        if restricted {
            seen = requests.into_iter().rev().map(|(row, _)| row).filter(|row| load::is_there(row, actor)).collect();
        }
        if let Some(row) = vault::person(tx, person)? {
            rows.push((row, seen, restricted));
        }
        if rows.len() >= MOST_PERSONS {
            break;
        }
    }
    Ok(rows)
}
