//! Making, changing, closing and reopening units. Only who administers the area may, and never beyond it.

use super::{area, within, written};
use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::time::stored;
use crate::{Desk, permissions};
use domain::actor::AreaScope;
use domain::duty::Duty;
use domain::fault::Fault;
use domain::ids::UnitId;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, optional, required};
use serde::Deserialize;
use store::{Tx, UnitRow, orders, people, units};
use uuid::Uuid;

const DUTIES: Kind = Kind::List { of: &Kind::Code(&Duty::CODES), max: Duty::CODES.len() };
const NAME: Kind = Kind::Text { max: 60, multiline: false };

/// Shape of a new unit.
pub const NEW_UNIT: &[Field] = &[
    required("code", Kind::Line { max: 40 }, "Stable code: letters, digits, dots, hyphens, underscores."),
    required("name", NAME, "Name to show."),
    optional("parent", Kind::Uuid, "The unit above. Default: the root."),
    optional("region", Kind::Region, "Area of its own. Default: that of the unit above."),
    optional("duties", DUTIES, "What it is there for."),
];

/// Shape of a change to a unit; what is left out stays.
pub const CHANGE_UNIT: &[Field] = &[
    optional("name", NAME, "Name to show."),
    optional("parent", Kind::Uuid, "Moves it, with everything below, under this unit."),
    optional("region", Kind::Region, "Area of its own."),
    optional("inherit_region", Kind::Bool, "`true` drops the area of its own: that of the unit above counts."),
    optional("duties", DUTIES, "What it is there for; the whole list."),
];

/// A unit to be made.
#[derive(Clone, Debug, Deserialize)]
pub struct NewUnit {
    /// Stable code.
    pub code: String,
    /// Name to show.
    pub name: String,
    /// The unit above; the root when left out.
    #[serde(default)]
    pub parent: Option<UnitId>,
    /// Area of its own; empty for that of the unit above.
    #[serde(default)]
    pub region: String,
    /// What it is there for.
    #[serde(default)]
    pub duties: Vec<Duty>,
}

/// A change to a unit; `None` leaves things as they are.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct UnitChange {
    /// Name to show.
    pub name: Option<String>,
    /// The unit above.
    pub parent: Option<UnitId>,
    /// Area of its own.
    pub region: Option<String>,
    /// Drops the area of its own.
    pub inherit_region: bool,
    /// What it is there for.
    pub duties: Option<Vec<Duty>>,
}

/// Whether a code can stand in files and addresses.
pub(super) fn code_valid(code: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (1..=40).contains(&code.len()) && code.bytes().all(plain)
}

/// Makes a unit.
///
/// # Errors
/// If the code is taken or malformed, the unit above is unknown or closed, or the area lies outside the caller's.
pub fn add_unit(desk: &Desk, by: &Caller, new: &NewUnit) -> Result<UnitId, DeskError> {
    permissions::MANAGE_ORGANISATION.require(by)?;
    if !code_valid(&new.code) {
        return Err(Refusal::from(Fault::new("code", "bad_unit_code")).into());
    }
    let region = AreaScope::region(&new.region).map_err(Refusal::from)?;
    let row = UnitRow {
        id: Uuid::now_v7(),
        parent: Some(new.parent.unwrap_or(desk.root()).0),
        code: new.code.clone(),
        name: new.name.trim().to_owned(),
        region: region.code().to_owned(),
        duties: written(&new.duties),
        closed: false,
    };
    let (at, actor, own) = (stored(desk.time().now()), by.actor.id, by.actor.area.clone());
    desk.db().write_now(move |tx| {
        if units::unit_by_code(tx, &row.code)?.is_some() {
            return Err(Refusal::from(Fault::new("code", "taken")).into());
        }
        open_above(tx, row.parent, &own)?;
        units::insert_unit(tx, &row)?;
        inside(tx, row.id, &own)?;
        let change = Change::new("add-unit")
            .with("code", row.code.clone())
            .with("name", row.name.clone())
            .with("region", row.region.clone())
            .with("duties", row.duties.clone());
        administration::record(tx, row.id, actor, at, &change)?;
        Ok(UnitId(row.id))
    })
}

/// Changes a unit. What is already so is not written again.
///
/// # Errors
/// `not_found`; a fault of the new values; a refusal when the root should move or a unit come under itself.
pub fn change_unit(desk: &Desk, by: &Caller, unit: UnitId, change: &UnitChange) -> Result<(), DeskError> {
    permissions::MANAGE_ORGANISATION.require(by)?;
    let region = change.region.as_deref().map(AreaScope::region).transpose().map_err(Refusal::from)?;
    let region = region.map(|area| area.code().to_owned()).or_else(|| change.inherit_region.then(String::new));
    let (change, at, actor, own) = (change.clone(), stored(desk.time().now()), by.actor.id, by.actor.area.clone());
    desk.db().write_now(move |tx| {
        let before = find(tx, unit, &own)?;
        let mut row = before.clone();
        let mut noted = Change::new("change-unit");
        if let Some(parent) = change.parent.filter(|parent| row.parent != Some(parent.0)) {
            if row.parent.is_none() {
                return Err(Refusal::conflict("root_stays").into());
            }
            let above = open_above(tx, Some(parent.0), &own)?;
            if units::up_from(tx, parent.0)?.iter().any(|(id, _)| *id == row.id) {
                return Err(Refusal::from(Fault::new("parent", "unit_cycle")).into());
            }
            row.parent = Some(parent.0);
            noted = noted.with("parent", above.code);
        }
        if let Some(name) = change.name.filter(|name| *name != row.name) {
            noted = noted.with("name", name.clone());
            row.name = name;
        }
        if let Some(region) = region.filter(|region| *region != row.region) {
            // Everybody has an area inside their unit's: with one of its own here, nobody would see everything any more.
            if row.parent.is_none() && !region.is_empty() {
                return Err(Refusal::conflict("root_is_everywhere").into());
            }
            noted = noted.with("region", region.clone());
            row.region = region;
        }
        if let Some(duties) = change.duties.map(|duties| written(&duties)).filter(|duties| *duties != row.duties) {
            noted = noted.with("duties", duties.clone());
            row.duties = duties;
        }
        if row == before {
            return Ok(());
        }
        units::update_unit(tx, &row)?;
        inside(tx, row.id, &own)?;
        administration::record(tx, row.id, actor, at, &noted)
    })
}

/// Closes a unit: it gets nothing new, but stays for the names in old cases.
///
/// # Errors
/// `not_found`, or a refusal that names what it still holds.
pub fn close_unit(desk: &Desk, by: &Caller, unit: UnitId) -> Result<(), DeskError> {
    permissions::MANAGE_ORGANISATION.require(by)?;
    let (at, actor, own) = (stored(desk.time().now()), by.actor.id, by.actor.area.clone());
    desk.db().write_now(move |tx| {
        let row = find(tx, unit, &own)?;
        if row.closed {
            return Ok(());
        }
        if row.parent.is_none() {
            return Err(Refusal::conflict("root_stays").into());
        }
        if units::open_below(tx, row.id)? {
            return Err(Refusal::conflict("unit_has_units").into());
        }
        if people::active_in_unit(tx, row.id)? {
            return Err(Refusal::conflict("unit_has_users").into());
        }
        if units::holds_cases(tx, row.id)? {
            return Err(Refusal::conflict("unit_holds_cases").into());
        }
        if orders::unit_has(tx, row.id)? {
            return Err(Refusal::conflict("unit_holds_orders").into());
        }
        units::update_unit(tx, &UnitRow { closed: true, ..row })?;
        administration::record(tx, unit.0, actor, at, &Change::new("close-unit"))
    })
}

/// Opens a closed unit again.
///
/// # Errors
/// `not_found`, or a fault when the unit above is closed.
pub fn reopen_unit(desk: &Desk, by: &Caller, unit: UnitId) -> Result<(), DeskError> {
    permissions::MANAGE_ORGANISATION.require(by)?;
    let (at, actor, own) = (stored(desk.time().now()), by.actor.id, by.actor.area.clone());
    desk.db().write_now(move |tx| {
        let row = find(tx, unit, &own)?;
        if !row.closed {
            return Ok(());
        }
        open_above(tx, row.parent, &own)?;
        units::update_unit(tx, &UnitRow { closed: false, ..row })?;
        administration::record(tx, unit.0, actor, at, &Change::new("reopen-unit"))
    })
}

/// A unit the caller may change.
fn find(tx: &mut Tx<'_>, unit: UnitId, own: &AreaScope) -> Result<UnitRow, DeskError> {
    let row = units::unit(tx, unit.0)?.ok_or_else(Refusal::not_found)?;
    within(own, &area::of_unit(tx, row.id)?)?;
    Ok(row)
}

/// The unit named as the one above; it must be open, and known to the caller.
fn open_above(tx: &mut Tx<'_>, parent: Option<Uuid>, own: &AreaScope) -> Result<UnitRow, DeskError> {
    open_unit(tx, parent.unwrap_or_default(), "parent", own)
}

/// An open unit the caller knows of, or a fault of the field that named it.
pub(super) fn open_unit(tx: &mut Tx<'_>, unit: Uuid, field: &str, own: &AreaScope) -> Result<UnitRow, DeskError> {
    let row = units::unit(tx, unit)?.ok_or_else(|| Refusal::from(Fault::new(field, "unknown_unit")))?;
    if !own.meets(&area::of_unit(tx, row.id)?) {
        return Err(Refusal::from(Fault::new(field, "unknown_unit")).into());
    }
    if row.closed {
        return Err(Refusal::from(Fault::new(field, "closed_unit")).into());
    }
    Ok(row)
}

/// Refuses what would put a unit outside the caller's own area; the transaction is then rolled back.
fn inside(tx: &mut Tx<'_>, unit: Uuid, own: &AreaScope) -> Result<(), DeskError> {
    if own.covers(area::of_unit(tx, unit)?.code()) {
        return Ok(());
    }
    Err(Refusal::from(Fault::new("region", "outside_area").with("area", own.code())).into())
}
