//! Names of the people and units that hold cases, and of the incidents cases can be put in.

use super::Frame;
use crate::app::AppState;
use crate::problem::Failure;
use desk::organisation::Colleague;
use desk::queries::case::CaseView;
use desk::{Permission, permissions};
use domain::case::Case;
use domain::ids::{UnitId, UserId};
use domain::taxonomy::region_in;
use std::collections::HashMap;

/// Most colleagues a form offers; nobody looks through a longer list, and a page of a case has several.
const MOST_OFFERED: usize = 1_000;

/// Names of units and colleagues.
#[derive(Default)]
pub(super) struct Names {
    /// Units a case can be given to.
    pub(super) units: Vec<desk::organisation::Unit>,
    /// Colleagues whose area has anything in common with the caller's.
    pub(super) users: Vec<Colleague>,
    /// The caller's own unit.
    own: Option<UnitId>,
    unit_names: HashMap<UnitId, String>,
    user_names: HashMap<UserId, String>,
    /// Mass incidents that have not ended: identity and words; only read where a form can name one.
    incidents: Vec<(String, String)>,
}

impl Names {
    /// Reads the organisation, colleagues by name.
    pub(super) async fn gather(app: &AppState, caller: &desk::Caller) -> Result<Self, Failure> {
        let (units, users) = if permissions::READ_ORGANISATION.allows(caller) {
            (app.desk.units(caller).await?, app.desk.colleagues(caller).await?)
        } else {
            (Vec::new(), Vec::new())
        };
        let mut users = users;
        users.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Self {
            unit_names: units.iter().map(|unit| (unit.id, unit.name.clone())).collect(),
            user_names: users.iter().map(|user| (user.id, user.name.clone())).collect(),
            units,
            users,
            own: Some(caller.actor.unit),
            incidents: Vec::new(),
        })
    }

    /// Adds the mass incidents a case can be put in.
    pub(super) async fn with_incidents(mut self, app: &AppState, caller: &desk::Caller) -> Result<Self, Failure> {
        let open = app.desk.open_incidents(caller).await?;
        self.incidents =
            open.into_iter().map(|(id, number, title)| (id.to_string(), format!("{number} {title}"))).collect();
        Ok(self)
    }

    /// Adds those who occur in a case; they may stand outside the caller's area.
    pub(super) fn add(&mut self, view: &CaseView) {
        for (id, name) in &view.units {
            self.unit_names.entry(*id).or_insert_with(|| name.clone());
        }
        for (id, name) in &view.users {
            self.user_names.entry(*id).or_insert_with(|| name.clone());
        }
    }

    /// What a field about units or people can be chosen from; nothing for other fields.
    pub(super) fn choices(&self, frame: &Frame<'_>, field: &str) -> Vec<(String, String)> {
        match field {
            "unit" => {
                let open = self.units.iter().filter(|unit| !unit.closed);
                open.map(|unit| (unit.id.to_string(), unit.name.clone())).collect()
            }
            "user" => self.offered(|_| true).map(|user| (user.id.to_string(), frame.colleague(user))).collect(),
            "incident" => self.incidents.clone(),
            _ => Vec::new(),
        }
    }

    /// Colleagues whose work cases are, for a form about cases of any place.
    pub(super) fn workers(&self, frame: &Frame<'_>) -> Vec<(String, String)> {
        self.offered(works_cases).map(|user| (user.id.to_string(), frame.colleague(user))).collect()
    }

    /// Those of the colleagues a form can offer that fit, [`MOST_OFFERED`] at most: no closed accounts, the caller's own
    /// unit first, each part by name.
    pub(super) fn offered(&self, fits: impl Fn(&Colleague) -> bool) -> impl Iterator<Item = &Colleague> {
        let here = self.users.iter().filter(|user| !user.disabled && fits(user));
        let (own, others): (Vec<_>, Vec<_>) = here.partition(|user| Some(user.unit) == self.own);
        own.into_iter().chain(others).take(MOST_OFFERED)
    }

    /// Colleagues a command can give a case to: whose area it lies in, where it is not an order, which may go anywhere.
    pub(super) fn holders(&self, frame: &Frame<'_>, case: &Case, verb: &str) -> Vec<(String, String)> {
        let anywhere = ["dispatch", "hand-over-order"].contains(&verb);
        let there = |user: &Colleague| anywhere || region_in(&case.record.region, &user.area);
        // Whoever handled a rejected outcome still works on orders beside it.
        let free = |user: &Colleague| match verb {
            "dispatch" => case.record.about_staff != Some(user.id),
            _ => case.may_hold(user.id, "user").is_ok(),
        };
        let may = |user: &Colleague| works_cases(user) && there(user) && free(user);
        self.offered(may).map(|user| (user.id.to_string(), frame.colleague(user))).collect()
    }

    /// A colleague's name.
    pub(super) fn person(&self, user: UserId) -> &str {
        self.user_names.get(&user).map_or("—", String::as_str)
    }

    /// A unit's name.
    pub(super) fn unit(&self, unit: UnitId) -> &str {
        self.unit_names.get(&unit).map_or("—", String::as_str)
    }

    /// The person who holds a case, else the unit.
    pub(super) fn owner(&self, unit: UnitId, user: Option<UserId>) -> String {
        let person = user.and_then(|user| self.user_names.get(&user));
        let unit = self.unit_names.get(&unit);
        match (unit, person) {
            (Some(unit), Some(person)) => format!("{person} · {unit}"),
            (None, Some(name)) | (Some(name), None) => name.clone(),
            (None, None) => "—".to_owned(),
        }
    }
}

/// Whether somebody can hold a case at all.
pub(super) fn works_cases(user: &Colleague) -> bool {
    let accept = Permission::for_verb("accept");
    user.role.parse().is_ok_and(|role| accept.is_some_and(|accept| accept.granted_to(role)))
}
