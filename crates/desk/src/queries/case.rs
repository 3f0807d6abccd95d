//! One case as people and programmes see it: opened, with identifiers masked unless they were revealed.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self, CaseRef, Loaded, Sight};
use crate::vault::cipher::CipherError;
use crate::vault::person;
use crate::vault::seal::CaseKeys;
use crate::{Desk, permissions};
use domain::actor::Actor;
use domain::advice::Advice;
use domain::case::Case;
use domain::case::order::{OrderStep, OwnershipStep};
use domain::event::{Entry, Event};
use domain::free_text::FreeText;
use domain::ids::{CaseId, PersonId, UnitId, UserId};
use domain::intake::Identity;
use domain::text::identifier::IdentifierKind;
use domain::text::lift::fill;
use domain::text::mask::mask;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use store::{ItemRow, PersonRow, Tx, cases, people, vault};
use uuid::Uuid;

/// A case opened for reading.
#[derive(Clone, Debug)]
pub struct CaseView {
    /// The case; its texts are readable and masked, or absent when the person was erased.
    pub case: Case,
    /// Its log, texts treated alike.
    pub entries: Vec<Entry>,
    /// Who complained, masked; `None` when erased.
    pub identity: Option<Identity>,
    /// Whether the complainant was erased.
    pub erased: bool,
    /// Names of users that occur, for showing.
    pub users: BTreeMap<UserId, String>,
    /// Names of units that occur.
    pub units: BTreeMap<UnitId, String>,
}

/// What is put in place of words whose key was destroyed.
pub const ERASED: &str = "[erased]";
/// What stands for the number of a case the reader does not see.
pub const WITHHELD: &str = "—";

/// A case as it lies in the database, with what is needed to open it.
#[derive(Clone)]
pub(crate) struct Raw {
    /// Why the reader sees it.
    pub(crate) sight: Sight,
    pub(crate) loaded: Loaded,
    pub(crate) person: Option<PersonRow>,
    pub(crate) items: Vec<ItemRow>,
    /// Cases this one names which the reader does not see.
    unseen: BTreeSet<CaseId>,
    users: BTreeMap<UserId, String>,
    units: BTreeMap<UnitId, String>,
}

impl Desk {
    /// A case with its history, masked.
    ///
    /// # Errors
    /// `not_found` when there is none the caller may see.
    pub async fn case(&self, caller: &Caller, name: &CaseRef) -> Result<CaseView, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let raw = self.raw(caller, name).await?;
        self.view(raw, &BTreeSet::new())
    }

    /// The same as it stood after an entry.
    ///
    /// # Errors
    /// `not_found` when there is none the caller may see, or it never had that version.
    pub async fn case_at(&self, caller: &Caller, name: &CaseRef, version: i64) -> Result<CaseView, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let mut raw = self.raw(caller, name).await?;
        if !raw.loaded.entries.iter().any(|entry| entry.version == version) {
            return Err(domain::refusal::Refusal::not_found().into());
        }
        raw.loaded.entries.retain(|entry| entry.version <= version);
        raw.loaded.case = Case::fold(raw.loaded.case.id, &raw.loaded.entries)?;
        self.view(raw, &BTreeSet::new())
    }

    pub(crate) async fn raw(&self, caller: &Caller, name: &CaseRef) -> Result<Raw, DeskError> {
        let (name, actor) = (name.clone(), caller.actor.clone());
        self.db().read(move |tx| read(tx, &name, &actor)).await
    }

    /// Opens what was read; identifiers named in `shown` stay as they are.
    pub(crate) fn view(&self, raw: Raw, shown: &BTreeSet<u32>) -> Result<CaseView, DeskError> {
        self.view_with(raw, Some(shown))
    }

    /// The same with all identifiers as they are.
    pub(crate) fn view_clear(&self, raw: Raw) -> Result<CaseView, DeskError> {
        self.view_with(raw, None)
    }

    fn view_with(&self, raw: Raw, shown: Option<&BTreeSet<u32>>) -> Result<CaseView, DeskError> {
        let Raw { mut loaded, person, items, unseen, users, units, .. } = raw;
        withhold(&mut loaded.entries, &unseen);
        let wrapped = person.as_ref().and_then(|row| row.wrapped_key.clone());
        let keys = match load::open_keys(self.master(), &loaded.row, wrapped.as_deref()) {
            Ok(keys) => Some(keys),
            Err(DeskError::Cipher(CipherError::Erased)) => None,
            Err(other) => return Err(other),
        };
        let values = match &keys {
            Some(keys) => open_items(keys, &items)?,
            None => HashMap::new(),
        };
        let reader = Reader { keys: keys.as_ref(), values: &values, shown };
        for entry in &mut loaded.entries {
            for event in &mut entry.events {
                for (place, text) in event.texts() {
                    let opened = reader.read(place, text)?;
                    *text = FreeText::Plain(if place == "ticket" { crate::tickets::shown(&opened) } else { opened });
                }
            }
        }
        let case = Case::fold(loaded.case.id, &loaded.entries)?;
        let identity = match (&keys, person.and_then(|row| row.identity)) {
            (Some(keys), Some(sealed)) => {
                Some(mask_identity(&person::open(PersonId(loaded.row.person), &keys.person, &sealed)?))
            }
            _ => None,
        };
        Ok(CaseView { case, entries: loaded.entries, identity, erased: keys.is_none(), users, units })
    }
}

pub(crate) fn read(tx: &mut Tx<'_>, name: &CaseRef, actor: &Actor) -> Result<Raw, DeskError> {
    let (row, sight) = load::find_for(tx, name, actor)?;
    let loaded = load::from_row(tx, row)?;
    let person = vault::person(tx, loaded.row.person)?;
    let items = vault::items(tx, loaded.row.id)?;
    let mut user_ids: BTreeSet<Uuid> = BTreeSet::new();
    let mut unit_ids: BTreeSet<Uuid> = BTreeSet::new();
    for entry in &loaded.entries {
        if let domain::actor::ActorId::User(user) = entry.actor {
            user_ids.insert(user.0);
        }
        for event in &entry.events {
            if let Event::Assigned { instead_of: Some(absent), .. }
            | Event::Order {
                step:
                    OrderStep::Sent { instead_of: Some(absent), .. }
                    | OrderStep::HandedOver { instead_of: Some(absent), .. },
                ..
            } = event
            {
                user_ids.insert(absent.0);
            }
            match event {
                Event::Assigned { owner, .. }
                | Event::Registered { owner, .. }
                | Event::Order {
                    step: OrderStep::Sent { to: owner, .. } | OrderStep::HandedOver { to: owner, .. },
                    ..
                } => {
                    unit_ids.insert(owner.unit.0);
                    user_ids.extend(owner.user.map(|user| user.0));
                }
                Event::Ownership {
                    step: OwnershipStep::Disputed { arbiter: unit, .. } | OwnershipStep::Ruled { unit, .. },
                } => {
                    unit_ids.insert(unit.0);
                }
                Event::Mentioned { users } => user_ids.extend(users.iter().map(|user| user.0)),
                _ => {}
            }
        }
    }
    let mut users = BTreeMap::new();
    for id in user_ids {
        if let Some(row) = people::user(tx, id)? {
            users.insert(UserId(id), row.name);
        }
    }
    let mut units = BTreeMap::new();
    for id in unit_ids {
        if let Some(row) = store::units::unit(tx, id)? {
            units.insert(UnitId(id), row.name);
        }
    }
    let mut unseen = BTreeSet::new();
    for id in loaded.entries.iter().flat_map(|entry| entry.events.iter().flat_map(named)) {
        let row = cases::by_id(tx, id.0)?;
        let seen = row.map(|row| load::sight(tx, &row, actor)).transpose()?.flatten();
        if seen.is_none() {
            unseen.insert(id);
        }
    }
    Ok(Raw { sight, loaded, person, items, unseen, users, units })
}

/// The other cases an event names by their number.
fn named(event: &Event) -> Vec<CaseId> {
    match event {
        Event::Linked { case, .. } | Event::Advised { advice: Advice::Similar { case, .. } } => vec![*case],
        Event::Advised { advice: Advice::OtherMatter { cases } } => cases.iter().map(|one| one.case).collect(),
        Event::Merged { into, .. } => vec![*into],
        Event::Absorbed { case, .. } => vec![*case],
        _ => Vec::new(),
    }
}

/// A tie widens nobody's sight: a link to a case the reader does not see is not there for them, and of one that this case
/// went up in, or that went up in it, the number is withheld.
fn withhold(entries: &mut [Entry], unseen: &BTreeSet<CaseId>) {
    if unseen.is_empty() {
        return;
    }
    for entry in entries {
        entry.events.retain(|event| match event {
            Event::Linked { case, .. } | Event::Advised { advice: Advice::Similar { case, .. } } => {
                !unseen.contains(case)
            }
            _ => true,
        });
        for event in &mut entry.events {
            if let Event::Advised { advice: Advice::OtherMatter { cases } } = event {
                cases.retain(|one| !unseen.contains(&one.case));
            }
            if let Event::Merged { into: case, number, .. } | Event::Absorbed { case, number, .. } = event
                && unseen.contains(case)
            {
                WITHHELD.clone_into(number);
            }
        }
    }
}

struct Reader<'a> {
    keys: Option<&'a CaseKeys>,
    values: &'a HashMap<u32, (IdentifierKind, String)>,
    /// Identifiers that stay as they are; all where nothing is said.
    shown: Option<&'a BTreeSet<u32>>,
}

impl Reader<'_> {
    fn read(&self, place: &str, text: &FreeText) -> Result<String, DeskError> {
        let Some(keys) = self.keys else {
            return Ok(ERASED.to_owned());
        };
        let opened = keys.open(place, text)?;
        Ok(fill(&opened, |kind, item| match self.values.get(&item) {
            Some((_, value)) if self.shown.is_none_or(|shown| shown.contains(&item)) => value.clone(),
            Some((_, value)) => mask(kind, value),
            None => "***".to_owned(),
        }))
    }
}

/// Opens lifted identifiers.
pub(crate) fn open_items(
    keys: &CaseKeys,
    items: &[ItemRow],
) -> Result<HashMap<u32, (IdentifierKind, String)>, DeskError> {
    let mut values = HashMap::with_capacity(items.len());
    for item in items {
        let number = u32::try_from(item.item).unwrap_or_default();
        if let Some(kind) = IdentifierKind::from_code(&item.kind) {
            values.insert(number, (kind, keys.open_item(number, &item.sealed)?));
        }
    }
    Ok(values)
}

/// An identity with everything masked that identifies.
#[must_use]
pub fn mask_identity(identity: &Identity) -> Identity {
    use domain::text::mask::{mask_address, mask_name, mask_number};
    let number = |value: &Option<String>| value.as_deref().map(mask_number);
    Identity {
        name: identity.name.as_deref().map(mask_name),
        phone: number(&identity.phone),
        phone_alt: number(&identity.phone_alt),
        email: identity.email.as_deref().map(|email| mask(IdentifierKind::Email, email)),
        address: identity.address.as_deref().map(mask_address),
        id_number: identity.id_number.as_deref().map(|id| mask(IdentifierKind::ResidentId, id)),
        language: identity.language.clone(),
        preferred_time: identity.preferred_time.clone(),
        subscription: number(&identity.subscription),
        caller: number(&identity.caller),
        plan: identity.plan.clone(),
    }
}
