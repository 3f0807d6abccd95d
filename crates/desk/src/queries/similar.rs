//! Duplicates and repeats: by exact keys, cases of whoever is found under the same numbers, in the same family of
//! categories; by their words, cases of whoever it may be that say nearly the same. Still open or received within the
//! window. They are shown before a contact is registered and never stop
//! it: whether it is the same matter is for a person to say.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::load;
use crate::retention::restricted;
use crate::search::{Reader, alike};
use crate::time::{moment, stored};
use crate::vault::Keyring;
use crate::vault::person::normal_number;
use crate::{Desk, permissions};
use domain::actor::Actor;
use domain::case::State;
use domain::ids::PersonId;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use store::cases::similar::{self, SimilarRow};
use store::{CaseRow, Tx};

/// Cases shown at most, newest first.
const MOST: usize = 20;

/// Where an intake holds numbers.
const NUMBERS: [(&str, &str); 4] = [
    ("complainant.phone", "/complainant/phone"),
    ("complainant.phone_alt", "/complainant/phone_alt"),
    ("subscription.number", "/subscription/number"),
    ("subscription.caller", "/subscription/caller"),
];

/// What to look for: the keys of a contact that may not be complete yet.
#[derive(Clone, Debug, Default)]
pub struct Sought {
    numbers: Vec<(&'static str, String)>,
    person: Option<PersonId>,
    category: Option<String>,
    text: String,
}

impl Sought {
    /// The keys of an intake as a person or programme gives it, faults and all.
    #[must_use]
    pub fn of(intake: &Value) -> Self {
        let text = |at: &str| intake.pointer(at).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
        Self {
            numbers: NUMBERS.iter().filter_map(|(name, at)| Some((*name, text(at)?.to_owned()))).collect(),
            person: text("/complainant/person").and_then(|person| person.parse().ok()),
            category: text("/category").map(str::to_owned),
            text: [text("/subject"), text("/description")].into_iter().flatten().collect::<Vec<_>>().join("\n"),
        }
    }

    /// The number by which persons are looked for: the first there is.
    #[must_use]
    pub fn number(&self) -> Option<&str> {
        self.numbers.first().map(|(_, number)| number.as_str())
    }
}

/// A case that may be the same matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Similar {
    /// Number for people.
    pub number: String,
    /// State.
    pub state: State,
    /// Leaf of the category tree.
    pub category: Option<String>,
    /// First receipt.
    pub received_at: Timestamp,
    /// Whether somebody still works on it; else the matter came again.
    pub open: bool,
    /// Fields of the intake by which it was found.
    pub why: Vec<&'static str>,
    /// How nearly it says the same, in per cent, where it was found by its words.
    pub alike: Option<u8>,
}

/// The keys of [`Sought`] as the database knows them.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    hashes: Vec<(&'static str, [u8; 32])>,
    person: Option<PersonId>,
    family: Option<String>,
    since: i64,
}

/// The family of a category: a branch of the second level, such as `B2`.
fn family(category: &str) -> Option<&str> {
    category.get(..2)
}

impl Keys {
    /// The keys, reaching back to a moment. Without a category there is no family, and nothing is found.
    fn new(ring: &Keyring, sought: &Sought, since: Timestamp) -> Self {
        let hash = |number: &str| ring.lookup_hash("phone", &normal_number(number));
        Self {
            hashes: sought.numbers.iter().map(|(name, number)| (*name, hash(number))).collect(),
            person: sought.person,
            family: sought.category.as_deref().and_then(family).map(str::to_owned),
            since: stored(since),
        }
    }

    /// Cases under these keys that are there for the actor, open ones first, then the newest.
    pub(crate) fn find(&self, tx: &mut Tx<'_>, actor: &Actor) -> Result<Vec<Found>, DeskError> {
        let mut found: BTreeMap<uuid::Uuid, Found> = BTreeMap::new();
        let hidden = load::hidden(tx, actor)?;
        let Some(family) = &self.family else { return Ok(Vec::new()) };
        let mut add = |why: &'static str, rows: Vec<SimilarRow>| {
            for row in rows {
                // What was registered by mistake or went up in another case is nobody's earlier matter.
                let gone = [State::Voided, State::Merged].iter().any(|state| state.code() == row.state);
                let same =
                    !gone && row.category.as_deref().is_some_and(|category| category.starts_with(family.as_str()));
                if same && actor.area.covers(&row.region) && !hidden.contains(&row.id) {
                    found.entry(row.id).or_insert_with(|| Found { row, why: Vec::new(), alike: None }).why.push(why);
                }
            }
        };
        for (name, hash) in &self.hashes {
            add(name, similar::by_lookup(tx, hash, "phone", self.since)?);
        }
        if let Some(person) = self.person {
            add("complainant.person", similar::of_person(tx, person.0, self.since)?);
        }
        let mut found: Vec<Found> = found.into_values().collect();
        found.sort_by_key(|one| std::cmp::Reverse((one.row.open, one.row.received_at, one.row.id)));
        Ok(found)
    }
}

/// A row with the fields that led to it.
pub(crate) struct Found {
    pub(crate) row: SimilarRow,
    why: Vec<&'static str>,
    alike: Option<u8>,
}

/// Where the words of an intake stand.
const WORDS: &str = "description";

impl Desk {
    /// Makes the keys ready. How far back a matter counts as the same, the rules of today say; where they say nothing
    /// only open cases count.
    pub(crate) fn keys_of(&self, sought: &Sought, now: Timestamp) -> Result<Keys, DeskError> {
        let rules = self.library().governing_at(now, "", self.zone())?;
        Ok(Keys::new(self.keyring(), sought, rules.repeat_since(now).unwrap_or(now)))
    }

    /// Cases that may be the same matter as a contact about to be registered, as far as the caller may see them.
    ///
    /// # Errors
    /// If the caller may not see cases, or an error of the database.
    pub async fn similar(&self, caller: &Caller, sought: &Sought) -> Result<Vec<Similar>, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let keys = self.keys_of(sought, self.time().now())?;
        let (desk, actor, reader) = (self.clone(), caller.actor.clone(), Reader::of(caller));
        let (text, since) = (sought.text.clone(), keys.since);
        let found = self
            .db()
            .read(move |tx| {
                let mut found = keys.find(tx, &actor)?;
                for (row, percent) in alike::saying(&desk, tx, &text, &reader, since)? {
                    if let Some(known) = found.iter_mut().find(|one| one.row.id == row.id) {
                        known.why.push(WORDS);
                        known.alike = Some(percent);
                    } else if load::is_there(&row, &actor) {
                        found.push(Found { row: as_similar(row), why: vec![WORDS], alike: Some(percent) });
                    }
                }
                found.sort_by_key(|one| std::cmp::Reverse((one.row.open, one.row.received_at, one.row.id)));
                withhold(tx, &mut found)?;
                Ok::<_, DeskError>(found)
            })
            .await?;
        found.into_iter().take(MOST).map(Similar::try_from).collect()
    }
}

/// Leaves out cases of persons who restricted the use of their data, but for the requests that do.
fn withhold(tx: &mut Tx<'_>, found: &mut Vec<Found>) -> Result<(), DeskError> {
    let mut requests: BTreeMap<uuid::Uuid, Vec<uuid::Uuid>> = BTreeMap::new();
    for one in found.iter() {
        if let Entry::Vacant(place) = requests.entry(one.row.person) {
            let waiting = restricted::waiting(tx, one.row.person)?;
            place.insert(waiting.into_iter().map(|(row, _)| row.id).collect());
        }
    }
    found.retain(|one| {
        requests.get(&one.row.person).is_none_or(|waiting| waiting.is_empty() || waiting.contains(&one.row.id))
    });
    Ok(())
}

fn as_similar(row: CaseRow) -> SimilarRow {
    SimilarRow {
        id: row.id,
        number: row.number,
        state: row.state,
        category: row.category,
        region: row.region,
        received_at: row.received_at,
        open: row.open,
        person: row.person,
    }
}

impl TryFrom<Found> for Similar {
    type Error = DeskError;

    fn try_from(Found { row, why, alike }: Found) -> Result<Self, DeskError> {
        let state = State::from_code(&row.state);
        Ok(Self {
            state: state.ok_or_else(|| DeskError::Damaged(format!("state {:?}", row.state)))?,
            received_at: moment(row.received_at),
            number: row.number,
            category: row.category,
            open: row.open,
            why,
            alike,
        })
    }
}
