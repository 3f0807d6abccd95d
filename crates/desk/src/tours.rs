//! The tour of the console: who put it away is not asked again, on whatever machine they sign in.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::time::stored;
use crate::{Desk, permissions};
use store::administration as rows;

/// The tour there is.
const AGENT: &str = "agent";

impl Desk {
    /// Whether the tour is still to be offered to whoever looks. Programmes are offered none.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn offers_tour(&self, caller: &Caller) -> Result<bool, DeskError> {
        let Some(user) = caller.actor.user().filter(|_| permissions::OWN_TOUR.allows(caller)) else {
            return Ok(false);
        };
        self.db().read(move |tx| Ok::<_, DeskError>(!rows::toured(tx, user.0, AGENT)?)).await
    }

    /// Puts the tour away for good. It is nobody's business but the user's, so no ledger notes it.
    ///
    /// # Errors
    /// If the caller is no person.
    pub async fn put_tour_away(&self, caller: &Caller) -> Result<(), DeskError> {
        permissions::OWN_TOUR.require(caller)?;
        let user = caller.person()?;
        let at = stored(self.time().now());
        self.db().write(move |tx| Ok::<_, DeskError>(rows::put_away(tx, user.0, AGENT, at)?)).await
    }
}
