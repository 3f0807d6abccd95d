//! The organisation as a tree: units with their duties and areas, the people in them, and who is away.

use super::names::Names;
use super::{Frame, page, render};
use crate::app::AppState;
use crate::extract::{Visitor, Who};
use crate::problem::Failure;
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use desk::organisation::{Colleague, Unit};
use desk::permissions;
use domain::ids::UnitId;
use std::collections::{HashMap, HashSet};

/// Deeper units are not indented further.
const DEEPEST: usize = 6;
/// A unit with more people shows them only when asked.
const MANY: usize = 12;

pub(super) fn routes() -> Vec<Route> {
    vec![page(Method::Get, "/console/organisation", Access::Needs(permissions::READ_ORGANISATION), get(show))]
}

struct Node {
    depth: usize,
    name: String,
    code: String,
    /// Where it may be changed; empty when it may not.
    href: String,
    area: String,
    /// Whether the area is its own.
    own_area: bool,
    duties: Vec<String>,
    closed: bool,
    people: Vec<Person>,
    unfolded: bool,
    count: String,
}

struct Person {
    name: String,
    username: String,
    href: String,
    role: String,
    /// Area of their own.
    area: String,
    disabled: bool,
    absent: String,
}

#[derive(Template)]
#[template(path = "organisation.html")]
struct Organisation<'a> {
    frame: &'a Frame<'a>,
    nodes: Vec<Node>,
    makes_units: bool,
    makes_users: bool,
    done: bool,
}

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let names = Names::gather(&app, &caller).await?;
    let pairs = query::form(raw.unwrap_or_default().as_bytes());
    let page = Organisation {
        nodes: nodes(&frame, &names),
        makes_units: frame.may(permissions::MANAGE_ORGANISATION),
        makes_users: frame.may(permissions::MANAGE_USERS),
        done: pairs.iter().any(|(name, _)| name == "done"),
        frame: &frame,
    };
    Ok(render(&page))
}

/// The units in the order of the tree, each after the one above it.
fn nodes(frame: &Frame<'_>, names: &Names) -> Vec<Node> {
    let mut people: HashMap<UnitId, Vec<&Colleague>> = HashMap::new();
    for user in names.users.iter().filter(|user| !user.disabled || frame.manages_user(user)) {
        people.entry(user.unit).or_default().push(user);
    }
    in_order(&names.units)
        .into_iter()
        .filter(|(_, unit)| !unit.closed || frame.manages_unit(unit))
        .map(|(depth, unit)| node(frame, names, depth, unit, people.get(&unit.id).map_or(&[], Vec::as_slice)))
        .collect()
}

/// Units with their depth. One whose upper unit lies outside the reader's area begins a tree of its own.
fn in_order(units: &[Unit]) -> Vec<(usize, &Unit)> {
    let known: HashSet<UnitId> = units.iter().map(|unit| unit.id).collect();
    let mut below: HashMap<Option<UnitId>, Vec<&Unit>> = HashMap::new();
    for unit in units {
        below.entry(unit.parent.filter(|parent| known.contains(parent))).or_default().push(unit);
    }
    let mut ordered = Vec::with_capacity(units.len());
    let mut waiting = vec![(0, None)];
    while let Some((depth, here)) = waiting.pop() {
        let depth = match here {
            Some(unit) => {
                ordered.push((depth, unit));
                depth + 1
            }
            None => depth,
        };
        let next = below.remove(&here.map(|unit: &Unit| unit.id)).unwrap_or_default();
        waiting.extend(next.into_iter().rev().map(|unit| (depth, Some(unit))));
    }
    ordered
}

fn node(frame: &Frame<'_>, names: &Names, depth: usize, unit: &Unit, people: &[&Colleague]) -> Node {
    Node {
        depth: depth.min(DEEPEST),
        name: unit.name.clone(),
        code: unit.code.clone(),
        href: if frame.manages_unit(unit) { format!("/console/organisation/units/{}", unit.id) } else { String::new() },
        area: frame.area(&unit.area),
        own_area: !unit.region.is_empty() || unit.parent.is_none(),
        duties: unit.duties.iter().map(|duty| frame.code("duty", duty.code())).collect(),
        closed: unit.closed,
        people: people.iter().map(|user| person(frame, names, user)).collect(),
        unfolded: people.len() <= MANY,
        count: frame.tv("org.people", &[("count", &people.len().to_string())]),
    }
}

fn person(frame: &Frame<'_>, names: &Names, user: &Colleague) -> Person {
    let absent = user.absent.as_ref().map(|absent| {
        let until = frame.moment(absent.until);
        match absent.deputy {
            Some(deputy) => frame.tv("absence.until_by", &[("until", &until), ("deputy", names.person(deputy))]),
            None => frame.tv("absence.until", &[("until", &until)]),
        }
    });
    Person {
        name: user.name.clone(),
        username: user.username.clone(),
        href: if frame.manages_user(user) { format!("/console/organisation/users/{}", user.id) } else { String::new() },
        role: frame.code("role", &user.role),
        area: if user.region.is_empty() { String::new() } else { frame.area(&user.region) },
        disabled: user.disabled,
        absent: absent.unwrap_or_default(),
    }
}
