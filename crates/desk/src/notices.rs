//! Notices as their readers see them. They are written by a job (`jobs::notify`); here they are read, stand together by
//! case or by run, and are marked as read. Whoever may no longer see a case is told nothing of it, not even how much.

mod choices;
mod followers;
pub mod letters;
pub(crate) mod named;

pub(crate) use choices::clean_email;
pub use choices::{CHOICES, Choices, MAIL, Mail};
pub use followers::Follower;

use crate::caller::Caller;
use crate::error::DeskError;
use crate::time::{moment, stored};
use crate::{Desk, load, permissions};
use domain::actor::Actor;
use domain::ids::CaseId;
use domain::problem::number;
use domain::refusal::Refusal;
use jiff::Timestamp;
use std::collections::HashMap;
pub use store::About;
use store::{ListedNotice, Tx};
use uuid::Uuid;

/// Most unread notices that are looked at: those of the largest run over many cases.
const MOST: i64 = crate::bulk::MOST as i64;
/// Of so many of the newest every page counts the groups, for its bell.
const COUNTED: i64 = 500;

/// A notice as its reader sees it.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Identity.
    pub id: Uuid,
    /// The case, problem or incident.
    pub case: CaseId,
    /// Which of them it is.
    pub about: About,
    /// Its number.
    pub number: String,
    /// What happened.
    pub kind: String,
    /// The clock rule it is about.
    pub rule: Option<String>,
    /// How much of the clock's time has passed.
    pub percent: Option<i64>,
    /// When.
    pub at: Timestamp,
    /// The run over many cases it came by.
    pub run: Option<Uuid>,
}

/// Notices that stand together: of one case or problem, or of one run over many.
#[derive(Clone, Debug)]
pub struct Group {
    /// What they are marked as read by: the case, the problem or the run.
    pub id: Uuid,
    /// Whether a run brought them.
    pub run: bool,
    /// Cases they are about.
    pub cases: usize,
    /// The notices, newest first.
    pub notices: Vec<Notice>,
}

/// Puts notices together that belong together; newest first, as they are given.
#[must_use]
pub fn grouped(notices: Vec<Notice>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: HashMap<Uuid, usize> = HashMap::new();
    for notice in notices {
        let id = notice.run.unwrap_or(notice.case.0);
        let place = *places.entry(id).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Group { id, run: notice.run.is_some(), cases: 0, notices: Vec::new() });
        }
        if let Some(group) = groups.get_mut(place) {
            group.notices.push(notice);
        }
    }
    for group in &mut groups {
        let mut cases: Vec<CaseId> = group.notices.iter().map(|notice| notice.case).collect();
        cases.sort_unstable();
        cases.dedup();
        group.cases = cases.len();
    }
    groups
}

/// Those of them about what the actor sees.
pub(crate) fn seen(tx: &mut Tx<'_>, listed: Vec<ListedNotice>, actor: &Actor) -> Result<Vec<ListedNotice>, DeskError> {
    let mut known: HashMap<Uuid, bool> = HashMap::new();
    let (mut seen, hidden) = (Vec::with_capacity(listed.len()), load::hidden(tx, actor)?);
    for one in listed {
        let sees = match known.get(&one.row.case) {
            Some(sees) => *sees,
            None if one.about == About::Problem => {
                permissions::READ_PROBLEMS.granted_to(actor.role) && actor.area.covers(&one.region)
            }
            None if one.about == About::Incident => {
                permissions::READ_INCIDENTS.granted_to(actor.role) && crate::incidents::sees(&actor.area, &one.region)
            }
            None if one.about == About::Burst => {
                let row = store::bursts::get(tx, one.row.case)?;
                let there = row.is_some_and(|row| crate::bursts::in_sight(&row, &actor.area));
                permissions::READ_BURSTS.granted_to(actor.role) && there
            }
            None if one.about == About::Subscription => {
                permissions::MANAGE_WEBHOOKS.granted_to(actor.role) && actor.area.covers(&one.region)
            }
            None if one.about == About::Account => actor.user() == Some(domain::ids::UserId(one.row.case)),
            None => load::sees_beside(tx, &hidden, (one.row.case, one.region.as_str()), actor)?,
        };
        known.insert(one.row.case, sees);
        seen.extend(sees.then_some(one));
    }
    Ok(seen)
}

/// Whether a person has anything unread of a group, or this one notice, that they may see now. What they may see no more
/// answers like what was never there.
fn sees_any(tx: &mut Tx<'_>, user: Uuid, group: Uuid, actor: &Actor) -> Result<bool, DeskError> {
    let listed = store::notices::unread_of(tx, user, group, MOST)?;
    Ok(!seen(tx, listed, actor)?.is_empty())
}

impl From<ListedNotice> for Notice {
    fn from(listed: ListedNotice) -> Self {
        Self {
            id: listed.row.id,
            case: CaseId(listed.row.case),
            about: listed.about,
            number: if listed.number.is_empty() { number::of_identity(listed.row.case) } else { listed.number },
            kind: listed.row.kind,
            rule: Some(listed.row.rule).filter(|rule| !rule.is_empty()),
            percent: Some(listed.row.percent).filter(|percent| *percent > 0),
            at: moment(listed.row.at),
            run: listed.row.run,
        }
    }
}

impl Desk {
    /// What the caller has not read yet, newest first, ten thousand at most. A programme is told nothing here.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn notices(&self, caller: &Caller) -> Result<Vec<Notice>, DeskError> {
        self.unread(caller, MOST).await
    }

    async fn unread(&self, caller: &Caller, most: i64) -> Result<Vec<Notice>, DeskError> {
        permissions::READ_SELF.require(caller)?;
        let Some(user) = caller.actor.user() else {
            return Ok(Vec::new());
        };
        let actor = caller.actor.clone();
        let read = self.db().read(move |tx| {
            let listed = store::notices::unread(tx, user.0, most)?;
            seen(tx, listed, &actor)
        });
        Ok(read.await?.into_iter().map(Notice::from).collect())
    }

    /// How many groups of notices the caller has not read, among the newest five hundred notices.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn count_notices(&self, caller: &Caller) -> Result<i64, DeskError> {
        Ok(i64::try_from(grouped(self.unread(caller, COUNTED).await?).len()).unwrap_or(i64::MAX))
    }

    /// Marks one notice as read, or with none named everything there is now.
    ///
    /// # Errors
    /// `not_found` when the caller has no such unread notice.
    pub async fn read_notices(&self, caller: &Caller, one: Option<Uuid>) -> Result<(), DeskError> {
        permissions::MARK_NOTICES.require(caller)?;
        let Some(user) = caller.actor.user() else {
            return Err(Refusal::not_found().into());
        };
        let (now, actor) = (stored(self.time().now()), caller.actor.clone());
        let found = self
            .db()
            .write(move |tx| {
                Ok::<_, DeskError>(match one {
                    Some(id) => sees_any(tx, user.0, id, &actor)? && store::notices::read_one(tx, user.0, id, now)?,
                    None => store::notices::read_all(tx, user.0, now, now).map(|_| true)?,
                })
            })
            .await?;
        if found { Ok(()) } else { Err(Refusal::not_found().into()) }
    }

    /// Marks everything about one case, or of one run over many, as read.
    ///
    /// # Errors
    /// `not_found` when the caller has nothing unread of it.
    pub async fn read_notice_group(&self, caller: &Caller, group: Uuid) -> Result<(), DeskError> {
        permissions::MARK_NOTICES.require(caller)?;
        let user = caller.actor.user().ok_or_else(Refusal::not_found)?;
        let (now, actor) = (stored(self.time().now()), caller.actor.clone());
        let read = self.db().write(move |tx| {
            let any = sees_any(tx, user.0, group, &actor)?;
            Ok::<_, DeskError>(any && store::notices::read_group(tx, user.0, group, now)? > 0)
        });
        if read.await? { Ok(()) } else { Err(Refusal::not_found().into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(n: u128, case: u128, run: Option<u128>) -> Notice {
        Notice {
            id: Uuid::from_u128(n),
            case: CaseId(Uuid::from_u128(case)),
            about: About::Case,
            number: case.to_string(),
            kind: "assigned".to_owned(),
            rule: None,
            percent: None,
            at: Timestamp::UNIX_EPOCH,
            run: run.map(Uuid::from_u128),
        }
    }

    #[test]
    fn notices_stand_together_by_case_and_by_run() {
        let mut all = vec![notice(1, 10, None), notice(2, 11, None), notice(3, 10, None), notice(4, 10, Some(99))];
        all.extend((5..45).map(|n| notice(n, n + 100, Some(99))));
        let groups = grouped(all);
        let told: Vec<_> = groups.iter().map(|one| (one.id.as_u128(), one.run, one.cases, one.notices.len())).collect();
        assert_eq!(told, [(10, false, 1, 2), (11, false, 1, 1), (99, true, 41, 41)]);
    }
}
