//! Retention (留存): how long what belongs to a person is kept, which rules say so, and erasing it when its time has come.
//! A plan is made first and changes nothing; another person than the one who made it has it carried out, person by
//! person, each judged once more ([`domain::retention`]) in the transaction that erases them. Every erasure leaves a
//! signed certificate.

pub mod carry_out;
pub mod certificate;
pub mod decide;
pub(crate) mod judge;
pub mod plan;
pub mod restricted;
pub mod schedule;
pub mod subject;

pub use certificate::Certificate;
pub use plan::{DryRun, NEW_PLAN, NewPlan, Plan, PlanState, Planned};
pub use schedule::{Duty, Record};
pub use subject::SubjectData;

use crate::caller::Caller;
use domain::refusal::Refusal;

/// Plans are the whole installation's: a person's cases may lie anywhere.
fn everywhere(by: &Caller) -> Result<(), Refusal> {
    if by.actor.area.code().is_empty() {
        return Ok(());
    }
    Err(Refusal::conflict("retention_is_everywhere").with("area", by.actor.area.code()))
}
