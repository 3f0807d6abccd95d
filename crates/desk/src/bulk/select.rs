//! Which cases: named one by one, or all that a filter finds. Either way only those the caller may see; the others are
//! neither counted nor named.

use super::MOST;
use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::queries::list::Filter;
use crate::vault::person::normal_number;
use crate::{Desk, permissions};
use domain::fault::Fault;
use domain::refusal::Refusal;
use std::collections::HashSet;
use store::{Tx, cases, vault};
use uuid::Uuid;

/// Rows of a filter read at once.
const PAGE: usize = 1_000;

/// Name of a filter in faults.
const FILTER: &str = "filter";

/// Which cases.
#[derive(Clone, Debug)]
pub enum Selection {
    /// These.
    Named(Vec<Named>),
    /// All a list with this filter holds; its order, limit and cursor say nothing here.
    Filter(Box<Filter>),
}

/// A case as it was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Number or identity.
    pub name: String,
    /// The version that was seen; nothing takes the case as it is.
    pub seen: Option<i64>,
}

impl Named {
    /// Reads a name, with the version that was seen behind an `@` where it matters: `TS-20260703-000001-7@4`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        match text.split_once('@').map(|(name, seen)| (name, seen.parse())) {
            Some((name, Ok(seen))) => Self { name: name.to_owned(), seen: Some(seen) },
            _ => Self { name: text.to_owned(), seen: None },
        }
    }
}

/// A case of a run.
#[derive(Clone, Debug)]
pub(super) struct Picked {
    /// Its place, from 1.
    pub(super) n: i64,
    /// As it was named.
    pub(super) named: String,
    /// The version that counts as seen.
    pub(super) seen: Option<i64>,
    /// The case and its number; nothing when there is none the caller may see.
    pub(super) case: Option<(Uuid, String)>,
    /// Whether it was named before.
    pub(super) again: bool,
}

impl Desk {
    /// The cases a selection means for a caller.
    pub(super) async fn pick(&self, caller: &Caller, selection: Selection) -> Result<Vec<Picked>, DeskError> {
        match selection {
            Selection::Named(named) => {
                if named.is_empty() {
                    return Err(Refusal::from(Fault::new("cases", "required")).into());
                }
                if named.len() > MOST {
                    return Err(Refusal::from(Fault::new("cases", "too_many").with("max", MOST)).into());
                }
                let actor = caller.actor.clone();
                // Thousands of looks: off the way of whoever reads pages.
                self.db().read_behind(move |tx| find(tx, named, &actor)).await
            }
            Selection::Filter(filter) => {
                permissions::READ_CASES.require(caller)?;
                self.found(caller, &filter).await.map_err(inside)
            }
        }
    }

    async fn found(&self, caller: &Caller, filter: &Filter) -> Result<Vec<Picked>, DeskError> {
        let mut query = self.query(&Filter { limit: 0, after: None, ..filter.clone() })?;
        query.scope = caller.actor.area.code().to_owned();
        query.reader = load::reader(&caller.actor);
        query.limit = PAGE;
        let hash = filter.phone.as_deref().map(|phone| self.keyring().lookup_hash("phone", &normal_number(phone)));
        let read = self.db().read_behind(move |tx| {
            if let Some(hash) = hash {
                query.persons = Some(vault::persons_by_lookup(tx, &hash, "phone")?);
            }
            let mut found = Vec::new();
            loop {
                let page = cases::list(tx, &query)?;
                found
                    .extend(page.rows.into_iter().map(|listed| (listed.row.id, listed.row.number, listed.row.version)));
                if found.len() > MOST {
                    return Err(Refusal::from(Fault::new(FILTER, "bulk_too_many").with("max", MOST)).into());
                }
                match page.next {
                    Some(next) => query.after = Some(next),
                    None => return Ok::<_, DeskError>(found),
                }
            }
        });
        let found = read.await?.into_iter().zip(1_i64..);
        let picked = found.map(|((id, number, version), n)| Picked {
            n,
            named: number.clone(),
            seen: Some(version),
            case: Some((id, number)),
            again: false,
        });
        Ok(picked.collect())
    }
}

/// Faults of the list are faults of the filter here.
fn inside(error: DeskError) -> DeskError {
    match error {
        DeskError::Refused(mut refusal) => {
            for fault in refusal.faults.iter_mut().filter(|fault| fault.field != FILTER) {
                fault.field = format!("{FILTER}.{}", fault.field);
            }
            DeskError::Refused(refusal)
        }
        other => other,
    }
}

fn find(tx: &mut Tx<'_>, named: Vec<Named>, actor: &domain::actor::Actor) -> Result<Vec<Picked>, DeskError> {
    let mut known = HashSet::new();
    let mut picked = Vec::with_capacity(named.len());
    for (named, n) in named.into_iter().zip(1_i64..) {
        let row = match CaseRef::parse(&named.name) {
            Ok(name) => load::find_for(tx, &name, actor),
            Err(refusal) => Err(refusal.into()),
        };
        let case = match row {
            Ok((row, _)) => Some((row.id, row.number)),
            Err(DeskError::Refused(_)) => None,
            Err(other) => return Err(other),
        };
        let again = case.as_ref().is_some_and(|(id, _)| !known.insert(*id));
        picked.push(Picked { n, named: named.name, seen: named.seen, case, again });
    }
    Ok(picked)
}
