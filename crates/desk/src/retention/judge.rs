//! What stands behind a judgement about a person: all their cases, whole, with what each says.

use crate::Desk;
use crate::error::DeskError;
use crate::load::{self, Loaded};
use domain::case::Case;
use domain::retention::{Keeping, keeping};
use policy::Stack;
use store::{Tx, cases};
use uuid::Uuid;

/// A case of a person, and what it says about their keeping.
pub(crate) struct Looked {
    pub(crate) loaded: Loaded,
    pub(crate) keeping: Keeping,
}

/// The rules in force today.
pub(crate) fn today(desk: &Desk) -> Result<Stack, DeskError> {
    let date = desk.time().now().to_zoned_datetime(desk.zone().clone()).date();
    // Times of keeping hang on no calendar.
    desk.library().governing(date, "")
}

/// Every case of a person, in the order of identity.
pub(crate) fn look(tx: &mut Tx<'_>, desk: &Desk, today: &Stack, person: Uuid) -> Result<Vec<Looked>, DeskError> {
    let mut found = Vec::new();
    for id in cases::by_person(tx, person)? {
        let Some(row) = cases::by_id(tx, id)? else { continue };
        let loaded = load::from_row(tx, row)?;
        let leads = leads(tx, desk, &loaded.case)?;
        let rules = desk.library().rules_of(&loaded.case)?;
        let keeping = keeping(&loaded.case, &rules, today, desk.library().taxonomy(), &leads);
        found.push(Looked { loaded, keeping });
    }
    found.sort_by_key(|one| one.loaded.row.id);
    Ok(found)
}

/// What a case went up in, and what that went up in, each with its rules.
fn leads(tx: &mut Tx<'_>, desk: &Desk, case: &Case) -> Result<Vec<(Case, Stack)>, DeskError> {
    let mut found: Vec<(Case, Stack)> = Vec::new();
    let mut next = case.merged_into.as_ref().map(|(lead, _)| *lead);
    while let Some(id) = next {
        // A log that leads round in a circle ends here as well.
        if id == case.id || found.iter().any(|(lead, _)| lead.id == id) {
            break;
        }
        let Some(row) = cases::by_id(tx, id.0)? else { break };
        let lead = load::from_row(tx, row)?.case;
        next = lead.merged_into.as_ref().map(|(lead, _)| *lead);
        let rules = desk.library().rules_of(&lead)?;
        found.push((lead, rules));
    }
    Ok(found)
}

/// What they say, without the cases.
pub(crate) fn keepings(looked: &[Looked]) -> Vec<Keeping> {
    looked.iter().map(|one| one.keeping.clone()).collect()
}
