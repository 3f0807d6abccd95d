//! The effect of a problem's measures: what the area received of its category before and after, from the sums reports are
//! made of.

use super::load;
use crate::caller::Caller;
use crate::error::DeskError;
use crate::jobs::rollup::{self, Progress};
use crate::reports::hot_issues::KINDS;
use crate::reports::sums;
use crate::{Desk, permissions};
use domain::fault::Fault;
use domain::problem::Problem;
use domain::problem::close::Input as Close;
use domain::problem::effect::{EffectCheck, Exposure, Windows, check, month_name};
use domain::refusal::Refusal;
use jiff::Timestamp;
use jiff::civil::Date;
use policy::{Cycle, ReportPeriod, month_of};
use std::collections::BTreeMap;
use store::Tx;
use uuid::Uuid;

/// What a check is asked with.
#[derive(Clone, Debug, Default)]
pub struct EffectAsk {
    /// One measure; all that took effect where nothing is said.
    pub action: Option<u32>,
    /// What rates are rates of; `users` where they are given, else `constant`.
    pub exposure: Option<String>,
    /// Subscribers of each month, `2026-10:12000`.
    pub users: Vec<String>,
}

/// A check of a problem as it stands now.
#[derive(Clone, Debug)]
pub struct EffectView {
    /// Whose cases are counted: node of the category tree.
    pub category: String,
    /// Region they are counted in; empty for everywhere.
    pub area: String,
    /// The days measures took effect.
    pub effective_on: Vec<Date>,
    /// How far counting had come.
    pub progress: Progress,
    /// When it was made.
    pub made_at: Timestamp,
    /// The check.
    pub check: EffectCheck,
}

impl Desk {
    /// Checks the effect of a problem's measures. Changes nothing.
    ///
    /// # Errors
    /// `not_found`; a refusal while no measure took effect; a fault naming the parameter that makes no sense.
    pub async fn problem_effect(&self, caller: &Caller, id: Uuid, ask: &EffectAsk) -> Result<EffectView, DeskError> {
        permissions::READ_PROBLEMS.require(caller)?;
        let (desk, ask, area) = (self.clone(), ask.clone(), caller.actor.area.clone());
        let made_at = self.time().now();
        self.db()
            .read(move |tx| {
                let problem = load(tx, id, &area)?.problem;
                let check = of(&desk, tx, &problem, &ask, made_at)?;
                let check = check.ok_or_else(|| Refusal::conflict("no_action_took_effect"))?;
                Ok::<_, DeskError>(EffectView {
                    category: problem.matter.category.clone(),
                    effective_on: problem.effective(ask.action),
                    area: problem.area,
                    progress: rollup::progress(tx)?,
                    made_at,
                    check,
                })
            })
            .await
    }
}

/// The check a closing keeps.
pub(super) fn at_close(
    desk: &Desk,
    tx: &mut Tx<'_>,
    problem: &Problem,
    close: &Close,
    now: Timestamp,
) -> Result<Option<EffectCheck>, DeskError> {
    let ask = EffectAsk { action: None, exposure: close.exposure.clone(), users: close.users.clone() };
    of(desk, tx, problem, &ask, now)
}

/// The check; nothing while no measure took effect.
fn of(
    desk: &Desk,
    tx: &mut Tx<'_>,
    problem: &Problem,
    ask: &EffectAsk,
    now: Timestamp,
) -> Result<Option<EffectCheck>, DeskError> {
    if let Some(action) = ask.action {
        problem.action(action)?;
    }
    let effective: Vec<i64> = problem.effective(ask.action).into_iter().map(|day| month_of(day).into()).collect();
    // The month under way is not over.
    let over = i64::from(month_of(desk.zone().to_datetime(now).date())) - 1;
    let received = sums::received(tx, &problem.area, &problem.matter.category, KINDS, over)?;
    // Of the month in which counting begins nobody knows whether it is whole.
    let counted = received.first.map_or(i64::MAX, |first| first + 1);
    let Some(windows) = Windows::around(&effective, counted, over) else { return Ok(None) };
    let users = subscribers(&ask.users)?;
    let exposure = match ask.exposure.as_deref() {
        Some(code) => Exposure::from_code(code),
        None if users.is_empty() => Exposure::Constant,
        None => Exposure::Users,
    };
    if exposure == Exposure::Users {
        let wanted = windows.before.iter().chain(&windows.after);
        let missing: Vec<String> =
            wanted.filter(|month| !users.contains_key(month)).map(|one| month_name(*one)).collect();
        if !missing.is_empty() {
            return Err(Refusal::from(Fault::new("users", "users_missing").with("months", missing.join(", "))).into());
        }
    }
    let at = |months: &BTreeMap<i64, i64>, month: i64| months.get(&month).copied().unwrap_or(0);
    Ok(Some(check(&windows, exposure, |month| {
        let count = at(&received.of, month);
        let held_against = match exposure {
            Exposure::Constant => 1,
            Exposure::Users => at(&users, month),
            Exposure::Others => at(&received.all, month) - count,
        };
        (count, held_against)
    })))
}

/// Reads subscribers of months, all faults at once.
fn subscribers(given: &[String]) -> Result<BTreeMap<i64, i64>, Refusal> {
    let (mut users, mut faults) = (BTreeMap::new(), Vec::new());
    for (place, text) in given.iter().enumerate() {
        let read = text.split_once(':').and_then(|(month, count)| {
            let month: ReportPeriod = month.trim().parse().ok()?;
            let count: i64 = count.trim().parse().ok()?;
            // Nobody has ten thousand million subscribers; sums of twelve months stay exact far beyond.
            (month.is_of(Cycle::Month) && (1..=10_000_000_000).contains(&count)).then_some((month.span().0, count))
        });
        match read {
            Some((month, count)) => {
                users.insert(i64::from(month), count);
            }
            None => faults.push(Fault::new(format!("users[{place}]"), "bad_users")),
        }
    }
    if faults.is_empty() { Ok(users) } else { Err(Refusal::invalid(faults)) }
}
