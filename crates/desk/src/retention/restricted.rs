//! A waiting request of a person restricts the use of their data: whoever looks at it is told so, says why, and the access
//! log keeps it.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::{Desk, load, permissions};
use domain::actor::Actor;
use domain::case::Case;
use domain::retention::restricts;
use store::{CaseRow, Tx, cases, retention};
use uuid::Uuid;

/// A request that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restriction {
    /// Number of the case that is the request; none where the caller may not see it.
    pub number: Option<String>,
    /// What is asked for, as the registration says it.
    pub request: String,
}

impl Desk {
    /// The waiting requests that restrict the use of the data of a case's person.
    ///
    /// # Errors
    /// If the caller may not read cases.
    pub async fn restrictions(&self, caller: &Caller, case: &Case) -> Result<Vec<Restriction>, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let (actor, person) = (caller.actor.clone(), case.person.0);
        self.db().read(move |tx| find(tx, &actor, person)).await
    }
}

/// The cases that are waiting requests of a person which restrict the use of their data.
pub(crate) fn waiting(tx: &mut Tx<'_>, person: Uuid) -> Result<Vec<(CaseRow, Case)>, DeskError> {
    let mut found = Vec::new();
    for id in retention::requests_of(tx, person)? {
        let Some(row) = cases::by_id(tx, id)? else { continue };
        let case = load::from_row(tx, row.clone())?.case;
        if restricts(&case) {
            found.push((row, case));
        }
    }
    Ok(found)
}

fn find(tx: &mut Tx<'_>, actor: &Actor, person: Uuid) -> Result<Vec<Restriction>, DeskError> {
    let restriction = |(row, case): (CaseRow, Case)| {
        let request = case.record.subject_request.unwrap_or_default();
        Restriction { number: load::is_there(&row, actor).then_some(case.number), request }
    };
    Ok(waiting(tx, person)?.into_iter().map(restriction).collect())
}
