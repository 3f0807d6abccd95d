//! Measures that are late: whoever is to carry one out and whoever answers for the problem hear of it, once, on the day
//! after it was due.

use super::load;
use crate::Desk;
use crate::error::DeskError;
use crate::notices::named::{Thing, write};
use crate::permissions::READ_PROBLEMS;
use crate::time::stored;
use domain::actor::AreaScope;
use store::problems;

/// Tells of measures that became late since it was last looked.
///
/// # Errors
/// Those of the database.
pub(crate) fn tell(desk: &Desk) -> Result<(), DeskError> {
    let now = desk.time().now();
    let today = desk.zone().to_datetime(now).date();
    let (house, day) = (desk.clone(), today.to_string());
    if desk.db().read_now(|tx| Ok::<_, DeskError>(problems::told_late(tx)?))? >= day {
        return Ok(());
    }
    desk.db().write_now(move |tx| {
        // Nothing is planned for a day that has passed, so what was due before the last look was told then.
        let since = problems::told_late(tx)?;
        for id in problems::late(tx, &since, &day)? {
            let problem = load(tx, id, &AreaScope::everywhere())?.problem;
            let late = problem.actions.iter().filter(|one| one.is_overdue(today) && one.due.to_string() >= since);
            let named = late.flat_map(|one| [("action_late", one.owner), ("action_late", problem.owner)]).collect();
            let sees = |area: &AreaScope, of: &str| area.covers(of);
            let about = Thing { id, region: &problem.area, needs: READ_PROBLEMS, sees: &sees };
            write(&house, tx, &about, (None, now), named)?;
        }
        problems::tell_late(tx, &day, stored(now)).map_err(DeskError::from)
    })
}
