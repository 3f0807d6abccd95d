//! A routing table held against the organisation as it is now: what keeps a row from ever being carried out, and what has
//! its cases end in a queue though the row names somebody.

use super::in_force;
use crate::activation::{Activation, ActivationState, RulesKind, content};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::library::Rules;
use crate::organisation::area::Tree;
use crate::organisation::{role_of, works_cases};
use crate::{Desk, permissions};
use domain::fault::Fault;
use domain::taxonomy::region_in;
use policy::{Pack, RoutedTo, RoutingRule};
use std::collections::{BTreeMap, BTreeSet};
use store::{Tx, people, routing, units};
use uuid::Uuid;

/// What is the matter with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remark {
    /// There is no such unit.
    UnknownUnit,
    /// The unit is closed.
    ClosedUnit,
    /// The unit looks after none of the regions of the row.
    OutsideArea,
    /// Nobody in the unit works cases, so everything waits in its queue.
    NobodyWorks,
    /// Nobody in the unit has the skill.
    UnknownSkill,
    /// Nobody in the unit has the skill of those whom some customers go to first.
    UnknownCare,
}

impl Remark {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::UnknownUnit,
        Self::ClosedUnit,
        Self::OutsideArea,
        Self::NobodyWorks,
        Self::UnknownSkill,
        Self::UnknownCare,
    ];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownUnit => "unknown_unit",
            Self::ClosedUnit => "closed_unit",
            Self::OutsideArea => "outside_area",
            Self::NobodyWorks => "nobody_works",
            Self::UnknownSkill => "unknown_skill",
            Self::UnknownCare => "unknown_care",
        }
    }

    /// Whether no case can ever go by the row.
    #[must_use]
    pub const fn stops(self) -> bool {
        matches!(self, Self::UnknownUnit | Self::ClosedUnit | Self::OutsideArea)
    }
}

/// A remark about a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowRemark {
    /// Identity of the row.
    pub rule: String,
    /// Where it stands in the file.
    pub line: u32,
    /// Where it stands in the line.
    pub column: u32,
    /// What is the matter.
    pub remark: Remark,
    /// The unit or skill it is about.
    pub name: String,
}

impl RowRemark {
    /// The same as a fault of the text.
    pub(crate) fn fault(&self) -> Fault {
        Fault::new("text", "table_row")
            .with("line", self.line)
            .with("column", self.column)
            .with("rule", &self.rule)
            .with("name", &self.name)
            .with("remark", self.remark.code())
    }
}

/// A unit of the table as it is now.
struct Here {
    closed: bool,
    area: domain::actor::AreaScope,
    works: bool,
    skills: BTreeSet<String>,
}

fn here(tx: &mut Tx<'_>, tree: &Tree, code: &str) -> Result<Option<Here>, DeskError> {
    let Some(unit) = units::unit_by_code(tx, code)? else { return Ok(None) };
    let mut workers: BTreeSet<Uuid> = BTreeSet::new();
    for row in people::users_of_unit(tx, unit.id)? {
        if works_cases(role_of(&row)?) {
            workers.insert(row.id);
        }
    }
    let skills = routing::skills_in(tx, unit.id)?.into_iter();
    let skills = skills.filter(|(user, _)| workers.contains(user)).map(|(_, skill)| skill).collect();
    Ok(Some(Here { closed: unit.closed, area: tree.unit(unit.id), works: !workers.is_empty(), skills }))
}

/// Everything there is to remark about rows, in their order. Each unit is looked up once.
pub(crate) fn remarks(tx: &mut Tx<'_>, rows: &[RoutingRule]) -> Result<Vec<RowRemark>, DeskError> {
    let tree = Tree::of(&units::units(tx)?);
    let (mut known, mut found): (BTreeMap<&str, Option<Here>>, Vec<RowRemark>) = (BTreeMap::new(), Vec::new());
    for row in rows {
        if !known.contains_key(row.unit.as_str()) {
            known.insert(&row.unit, here(tx, &tree, &row.unit)?);
        }
        let unit = known.get(row.unit.as_str()).and_then(Option::as_ref);
        found.extend(of_row(row, unit).into_iter().map(|(remark, name)| RowRemark {
            rule: row.head.id.clone(),
            line: row.head.line,
            column: row.head.column,
            remark,
            name: name.to_owned(),
        }));
    }
    Ok(found)
}

fn of_row<'r>(row: &'r RoutingRule, unit: Option<&Here>) -> Vec<(Remark, &'r str)> {
    let name = row.unit.as_str();
    let Some(unit) = unit else { return vec![(Remark::UnknownUnit, name)] };
    if unit.closed {
        return vec![(Remark::ClosedUnit, name)];
    }
    // A row for a province reaches a unit of one of its cities, and the other way round.
    let meets = |region: &String| region_in(region, unit.area.code()) || region_in(unit.area.code(), region);
    if !row.regions.is_empty() && !row.regions.iter().any(meets) {
        return vec![(Remark::OutsideArea, name)];
    }
    if !unit.works {
        return vec![(Remark::NobodyWorks, name)];
    }
    if row.to == RoutedTo::Pool {
        return Vec::new();
    }
    let lacks = |skill: &'r Option<String>| skill.as_deref().filter(|skill| !unit.skills.contains(*skill));
    let skill = lacks(&row.skill).map(|skill| (Remark::UnknownSkill, skill));
    skill.into_iter().chain(lacks(&row.care).map(|skill| (Remark::UnknownCare, skill))).collect()
}

/// A row of the table in force, with what is the matter with it.
#[derive(Clone, Debug)]
pub struct StandingRow {
    /// The row.
    pub row: RoutingRule,
    /// What is the matter.
    pub remarks: Vec<RowRemark>,
}

impl Desk {
    /// The table in force with what is the matter with its rows; nothing where no pack has one.
    ///
    /// # Errors
    /// If the caller may not ask what rules do, or an error of the database.
    pub async fn routing_table(&self, caller: &Caller) -> Result<Vec<StandingRow>, DeskError> {
        permissions::WHAT_IF.require(caller)?;
        let rules = in_force(self.library(), self.zone(), "", self.time().now())?;
        let rows: Vec<RoutingRule> = rules.routing().map(|(_, rows)| rows.to_vec()).unwrap_or_default();
        self.db()
            .read(move |tx| {
                let all = remarks(tx, &rows)?;
                let of = |row: &RoutingRule| all.iter().filter(|one| one.rule == row.head.id).cloned().collect();
                Ok::<_, DeskError>(rows.iter().map(|row| StandingRow { remarks: of(row), row: row.clone() }).collect())
            })
            .await
    }

    /// What is the matter, as the organisation is now, with tables that wait for a decision.
    ///
    /// # Errors
    /// If the caller may not see rules, or an error of the database.
    pub async fn table_remarks(
        &self,
        caller: &Caller,
        asked: &[Activation],
    ) -> Result<BTreeMap<Uuid, Vec<RowRemark>>, DeskError> {
        permissions::READ_RULES.require(caller)?;
        let waits = |one: &&Activation| one.state == ActivationState::Requested && one.kind == RulesKind::Pack;
        let waiting: Vec<(Uuid, String)> = asked.iter().filter(waits).map(|one| (one.id, one.hash.clone())).collect();
        let rules = self.library().rules();
        self.db()
            .read(move |tx| {
                let mut found = BTreeMap::new();
                for (id, hash) in waiting {
                    found.insert(id, of_content(tx, &rules, &hash)?);
                }
                found.retain(|_, all: &mut Vec<RowRemark>| !all.is_empty());
                Ok::<_, DeskError>(found)
            })
            .await
    }
}

/// The same of one, for whoever has just asked. Blocking.
///
/// # Errors
/// Those of the database.
pub fn remarks_of(desk: &Desk, id: Uuid) -> Result<Vec<RowRemark>, DeskError> {
    let rules = desk.library().rules();
    desk.db().read_now(move |tx| match store::activations::activation(tx, id)? {
        Some(row) if row.kind == RulesKind::Pack.code() => of_content(tx, &rules, &row.hash),
        _ => Ok(Vec::new()),
    })
}

/// Remarks about the table of a content; what can no longer be read is told to whoever decides.
fn of_content(tx: &mut Tx<'_>, rules: &Rules, hash: &str) -> Result<Vec<RowRemark>, DeskError> {
    match Pack::load("", &content(tx, hash)?.text, rules.calendars()) {
        Ok(pack) => remarks(tx, pack.routing()),
        Err(_) => Ok(Vec::new()),
    }
}

/// What keeps rows of a pack from ever being carried out.
///
/// # Errors
/// Those of the database.
pub(crate) fn stopped(desk: &Desk, pack: &Pack) -> Result<Vec<Fault>, DeskError> {
    let rows = pack.routing().to_vec();
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let all = desk.db().read_now(move |tx| remarks(tx, &rows))?;
    Ok(all.iter().filter(|one| one.remark.stops()).map(RowRemark::fault).collect())
}

/// What is the matter with the rows of a draft.
pub(super) fn of_draft(desk: &Desk, pack: &Pack) -> Result<Vec<RowRemark>, DeskError> {
    let rows = pack.routing().to_vec();
    desk.db().read_now(move |tx| remarks(tx, &rows))
}
