//! What rows of files would change, worked out without touching anything.

use super::{Line, LineFault, Sheet, Sheets};
use crate::notices::clean_email;
use crate::organisation::units::code_valid;
use crate::organisation::users::clean_username;
use crate::organisation::{ROOT, written};
use domain::actor::Role;
use domain::duty::Duty;
use domain::fault::Fault;
use domain::shape::{self, Field, Kind, optional, required};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use store::{UnitRow, UserRow};
use uuid::Uuid;

const NAME: Kind = Kind::Text { max: 60, multiline: false };

/// Shape of a row of units.
pub const UNIT_ROW: &[Field] = &[
    required("code", Kind::Line { max: 40 }, "Stable code."),
    optional("parent", Kind::Line { max: 40 }, "Code of the unit above; the root when empty."),
    required("name", NAME, "Name to show."),
    optional("region", Kind::Region, "Area of its own; that of the unit above when empty."),
    optional("duties", Kind::List { of: &Kind::Code(&Duty::CODES), max: 6 }, "What it is there for."),
];

/// The field that changes nothing of what somebody may do.
pub(super) const EMAIL: &str = "email";

/// Shape of a row of users.
pub const USER_ROW: &[Field] = &[
    required("username", Kind::Line { max: 40 }, "Name to sign in with."),
    required("name", NAME, "Name to show."),
    required("role", Kind::Code(&Role::CODES), "Role."),
    required("unit", Kind::Line { max: 40 }, "Code of their unit."),
    optional("region", Kind::Region, "Area of their own; that of their unit when empty."),
    optional("email", Kind::Line { max: 254 }, "Where mail reaches them; as it is when empty."),
];

#[derive(Deserialize)]
struct UnitCells {
    code: String,
    #[serde(default)]
    parent: String,
    name: String,
    #[serde(default)]
    region: String,
    #[serde(default)]
    duties: Vec<Duty>,
}

#[derive(Deserialize)]
struct UserCells {
    username: String,
    name: String,
    role: Role,
    unit: String,
    #[serde(default)]
    region: String,
    #[serde(default)]
    email: String,
}

/// What becomes of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Did {
    /// It is new.
    Added,
    /// These fields change.
    Changed(Vec<&'static str>),
    /// It is so already.
    Same,
}

impl Did {
    fn of(fields: Vec<&'static str>) -> Self {
        if fields.is_empty() { Self::Same } else { Self::Changed(fields) }
    }
}

/// Every named unit and user as it is to be.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) units: Vec<(UnitRow, Did)>,
    pub(super) users: Vec<(UserRow, Did)>,
}

/// A unit as known before or from the file: identity, code of the unit above, whether it is closed.
struct Known {
    id: Uuid,
    parent: Option<String>,
    closed: bool,
}

struct Planner<'a> {
    root: Uuid,
    units: HashMap<&'a str, &'a UnitRow>,
    known: HashMap<String, Known>,
    faults: Vec<LineFault>,
}

/// Works out what the rows would change.
///
/// # Errors
/// Every fault of every row.
pub(super) fn plan(units: &[UnitRow], users: &[UserRow], sheets: &Sheets, root: Uuid) -> Result<Plan, Vec<LineFault>> {
    let codes: HashMap<Uuid, &str> = units.iter().map(|row| (row.id, row.code.as_str())).collect();
    let known = units.iter().map(|row| {
        let parent = row.parent.and_then(|parent| codes.get(&parent)).map(|code| (*code).to_owned());
        (row.code.clone(), Known { id: row.id, parent, closed: row.closed })
    });
    let mut planner = Planner {
        root,
        known: known.collect(),
        units: units.iter().map(|row| (row.code.as_str(), row)).collect(),
        faults: Vec::new(),
    };
    let read: Vec<(u64, UnitCells)> = planner.read(Sheet::Units, &sheets.units, UNIT_ROW, "code");
    planner.learn(&sheets.units, &read);
    planner.look_up_the_rest(Sheet::Units, &sheets.units, &read, "parent");
    let mut plan = Plan::default();
    for (line, cells) in read {
        plan.units.extend(planner.unit(line, cells));
    }
    let read: Vec<(u64, UserCells)> = planner.read(Sheet::Users, &sheets.users, USER_ROW, "username");
    planner.look_up_the_rest(Sheet::Users, &sheets.users, &read, "unit");
    let by_name: HashMap<&str, &UserRow> = users.iter().map(|row| (row.username.as_str(), row)).collect();
    for (line, cells) in read {
        plan.users.extend(planner.user(line, cells, &by_name));
    }
    let mut faults = planner.faults;
    if faults.is_empty() {
        return Ok(plan);
    }
    faults.sort_by_key(|fault| (fault.sheet == Sheet::Users, fault.line));
    Err(faults)
}

impl Planner<'_> {
    fn fault(&mut self, sheet: Sheet, line: u64, fault: Fault) {
        self.faults.push(LineFault { sheet, line, fault });
    }

    /// The rows that have the right shape and whose key stands once.
    fn read<T: DeserializeOwned>(&mut self, sheet: Sheet, lines: &[Line], shape: &[Field], key: &str) -> Vec<(u64, T)> {
        let mut seen = HashSet::new();
        let mut read = Vec::new();
        for Line { line, cells } in lines {
            let name = cells.get(key).and_then(Value::as_str).map(|name| name.trim().to_owned()).unwrap_or_default();
            // Names to sign in with are the same in small and capital letters.
            let name = if sheet == Sheet::Users { name.to_lowercase() } else { name };
            if !name.is_empty() && !seen.insert(name) {
                self.fault(sheet, *line, Fault::new(key, "given_twice"));
                continue;
            }
            match shape::check(cells.clone(), shape) {
                Ok(cleaned) => match serde_json::from_value(cleaned) {
                    Ok(cells) => read.push((*line, cells)),
                    Err(_) => self.fault(sheet, *line, Fault::new("", "unreadable")),
                },
                Err(faults) => faults.into_iter().for_each(|fault| self.fault(sheet, *line, fault)),
            }
        }
        read
    }

    /// Takes note of all units of the file before any is looked at, so that parents may stand in any order. A row with
    /// other faults still makes its code known, or one mistake would be reported many times.
    fn learn(&mut self, lines: &[Line], read: &[(u64, UnitCells)]) {
        for code in lines.iter().filter_map(|line| line.cells.get("code")?.as_str()) {
            let id = Uuid::now_v7();
            self.known.entry(code.trim().to_owned()).or_insert(Known { id, parent: None, closed: false });
        }
        for (_, cells) in read.iter().filter(|(_, cells)| cells.code != ROOT) {
            if let Some(known) = self.known.get_mut(&cells.code) {
                let parent = if cells.parent.is_empty() { ROOT } else { &cells.parent };
                known.parent = Some(parent.to_owned());
            }
        }
    }

    /// Rows that have faults already may name a unit that does not exist besides; all faults are told at once.
    fn look_up_the_rest<T>(&mut self, sheet: Sheet, lines: &[Line], read: &[(u64, T)], field: &str) {
        let right: HashSet<u64> = read.iter().map(|(line, _)| *line).collect();
        for Line { line, cells } in lines.iter().filter(|line| !right.contains(&line.line)) {
            if let Some(code) = cells.get(field).and_then(Value::as_str) {
                self.named(sheet, *line, field, code.trim());
            }
        }
    }

    fn unit(&mut self, line: u64, cells: UnitCells) -> Option<(UnitRow, Did)> {
        let before = self.faults.len();
        if !code_valid(&cells.code) {
            self.fault(Sheet::Units, line, Fault::new("code", "bad_unit_code"));
        }
        if self.known.get(&cells.code).is_some_and(|known| known.closed) {
            self.fault(Sheet::Units, line, Fault::new("code", "closed_unit"));
        }
        let parent = self.parent(line, &cells);
        if self.in_a_ring(&cells.code) {
            self.fault(Sheet::Units, line, Fault::new("parent", "unit_cycle"));
        }
        if self.faults.len() > before {
            return None;
        }
        let row = UnitRow {
            id: self.known.get(&cells.code)?.id,
            parent,
            duties: written(&cells.duties),
            code: cells.code,
            name: cells.name,
            region: cells.region,
            closed: false,
        };
        let Some(old) = self.units.get(row.code.as_str()) else {
            return Some((row, Did::Added));
        };
        let changed = [
            ("parent", old.parent != row.parent),
            ("name", old.name != row.name),
            ("region", old.region != row.region),
            ("duties", old.duties != row.duties),
        ];
        let did = Did::of(changed.iter().filter(|(_, changed)| *changed).map(|(field, _)| *field).collect());
        Some((row, did))
    }

    /// Identity of the unit above.
    fn parent(&mut self, line: u64, cells: &UnitCells) -> Option<Uuid> {
        if cells.code == ROOT {
            if !cells.parent.is_empty() {
                self.fault(Sheet::Units, line, Fault::new("parent", "root_has_none_above"));
            }
            return None;
        }
        if cells.parent.is_empty() {
            return Some(self.root);
        }
        self.named(Sheet::Units, line, "parent", &cells.parent)
    }

    /// Identity of an open unit named by code.
    fn named(&mut self, sheet: Sheet, line: u64, field: &str, code: &str) -> Option<Uuid> {
        let fault = match self.known.get(code) {
            Some(known) if !known.closed => return Some(known.id),
            Some(_) => Fault::new(field, "closed_unit"),
            None => Fault::new(field, "unknown_unit"),
        };
        self.fault(sheet, line, fault);
        None
    }

    /// Whether going up from a unit leads back to it.
    fn in_a_ring(&self, code: &str) -> bool {
        let above = |code: &str| self.known.get(code).and_then(|known| known.parent.as_deref());
        let mut here = above(code);
        for _ in 0..self.known.len() {
            match here {
                Some(up) if up == code => return true,
                Some(up) => here = above(up),
                None => return false,
            }
        }
        false
    }

    fn user(&mut self, line: u64, cells: UserCells, users: &HashMap<&str, &UserRow>) -> Option<(UserRow, Did)> {
        let username = clean_username(&cells.username);
        if username.is_none() {
            self.fault(Sheet::Users, line, Fault::new("username", "bad_username"));
        }
        let unit = self.named(Sheet::Users, line, "unit", &cells.unit);
        let email = clean_email(&cells.email);
        if email.is_err() {
            self.fault(Sheet::Users, line, Fault::new("email", "bad_email"));
        }
        let (username, unit, email) = (username?, unit?, email.ok()?);
        let role = cells.role.code().to_owned();
        let Some(old) = users.get(username.as_str()) else {
            let row = UserRow {
                id: Uuid::now_v7(),
                username,
                name: cells.name,
                role,
                region: cells.region,
                unit,
                password: String::new(),
                disabled: false,
                created_at: 0,
                changed_at: 0,
                email,
                bounced: String::new(),
                one_time: true,
            };
            return Some((row, Did::Added));
        };
        // People say for themselves where mail reaches them; a file that does not know leaves it.
        let email = if email.is_empty() { old.email.clone() } else { email };
        let row = UserRow { name: cells.name, role, region: cells.region, unit, email, ..(*old).clone() };
        let changed = [
            ("name", old.name != row.name),
            ("role", old.role != row.role),
            ("unit", old.unit != row.unit),
            ("region", old.region != row.region),
            (EMAIL, old.email != row.email),
        ];
        let did = Did::of(changed.iter().filter(|(_, changed)| *changed).map(|(field, _)| *field).collect());
        Some((row, did))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn root() -> UnitRow {
        UnitRow {
            id: Uuid::from_u128(1),
            parent: None,
            code: ROOT.to_owned(),
            name: "总部".to_owned(),
            region: String::new(),
            duties: String::new(),
            closed: false,
        }
    }

    fn lines(rows: &[Value]) -> Vec<Line> {
        rows.iter().enumerate().map(|(n, cells)| Line { line: n as u64 + 2, cells: cells.clone() }).collect()
    }

    fn faults(units: &[Value], users: &[Value]) -> Vec<(u64, String, &'static str)> {
        let sheets = Sheets { units: lines(units), users: lines(users) };
        let found = plan(&[root()], &[], &sheets, Uuid::from_u128(1)).unwrap_err();
        found.into_iter().map(|fault| (fault.line, fault.fault.field, fault.fault.code)).collect()
    }

    #[test]
    fn parents_stand_in_any_order_and_a_second_time_changes_nothing() {
        let units = [
            json!({"code": "b", "parent": "a", "name": "二"}),
            json!({"code": "a", "name": "一", "region": "31", "duties": ["billing", "customer_service"]}),
        ];
        let users = [json!({"username": "Zhou", "name": "周", "role": "agent", "unit": "b"})];
        let sheets = Sheets { units: lines(&units), users: lines(&users) };
        let first = plan(&[root()], &[], &sheets, Uuid::from_u128(1)).unwrap();
        assert!(first.units.iter().all(|(_, did)| *did == Did::Added));
        assert_eq!(first.units[0].0.parent, Some(first.units[1].0.id));
        assert_eq!(first.units[1].0.duties, "customer_service,billing");
        let mut known = vec![root()];
        known.extend(first.units.into_iter().map(|(row, _)| row));
        let people: Vec<_> = first.users.into_iter().map(|(row, _)| row).collect();
        assert_eq!(people[0].username, "zhou");
        let again = plan(&known, &people, &sheets, Uuid::from_u128(1)).unwrap();
        assert!(
            again
                .units
                .iter()
                .map(|(_, did)| did)
                .chain(again.users.iter().map(|(_, did)| did))
                .all(|did| *did == Did::Same)
        );
        let moved = [json!({"code": "b", "name": "二部"})];
        let sheets = Sheets { units: lines(&moved), users: Vec::new() };
        let changed = plan(&known, &people, &sheets, Uuid::from_u128(1)).unwrap();
        assert_eq!(changed.units[0].1, Did::Changed(vec!["parent", "name"]));
    }

    #[test]
    fn every_fault_is_named_with_its_line() {
        let units = [
            json!({"code": "a", "parent": "b", "name": "一"}),
            json!({"code": "b", "parent": "a", "name": "二"}),
            json!({"code": "c", "parent": "nowhere", "name": "三", "region": "99", "duties": ["tea"]}),
            json!({"code": "c", "name": "三"}),
            json!({"code": "d d", "name": "四"}),
            json!({"code": "root", "parent": "a", "name": "总部"}),
            json!({"name": "五"}),
        ];
        let users = [
            json!({"username": "x", "name": "周", "role": "boss", "unit": "c"}),
            json!({"username": "x y", "name": "周", "role": "agent", "unit": "gone"}),
        ];
        assert_eq!(
            faults(&units, &users),
            [
                (2, "parent".to_owned(), "unit_cycle"),
                (3, "parent".to_owned(), "unit_cycle"),
                (4, "region".to_owned(), "bad_region"),
                (4, "duties[0]".to_owned(), "not_one_of"),
                (4, "parent".to_owned(), "unknown_unit"),
                (5, "code".to_owned(), "given_twice"),
                (6, "code".to_owned(), "bad_unit_code"),
                (7, "parent".to_owned(), "root_has_none_above"),
                (8, "code".to_owned(), "required"),
                (2, "role".to_owned(), "not_one_of"),
                (3, "username".to_owned(), "bad_username"),
                (3, "unit".to_owned(), "unknown_unit"),
            ]
        );
    }
}
