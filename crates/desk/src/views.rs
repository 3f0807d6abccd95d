//! Lists under a name: filters and order as somebody keeps them, for themselves or shared with their unit or a role. A list
//! shows each reader what they may see; sharing one shows nobody more. What is shared stands in the ledger of the
//! administration, one's own is nobody else's business. Numbers of customers and words to be searched are not kept: such a
//! list would hold personal data outside the vault.

use crate::administration::{self, Change};
use crate::audience::{
    Audience, MOST, MOST_NEAR, Place, SHARED, areas_over, audience_of, audiences, may_change, place,
};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::kept;
use crate::queries::list::{Filter, STATES};
use crate::time::stored;
use crate::{Desk, permissions};
use domain::actor::Role;
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, optional, required};
use domain::text::nobody::nobody;
use serde::Deserialize;
use serde_json::{Map, Value};
use store::{Tx, ViewRow, views};
use uuid::Uuid;

/// The views every desk has; the first is the usual one.
pub const VIEWS: [&str; 7] = ["open", "mine", "unit", "triage", "review", "closed", "all"];

/// Shape of a list to be kept. What stands in [`LOOK`] says what it shows.
pub const NEW_VIEW: &[Field] = &[
    required("name", Kind::Line { max: 40 }, "What people call it; the same name for the same people replaces a list."),
    optional("shared", Kind::Code(SHARED), "With whom: nobody, the caller's own unit, or a role. Default: nobody."),
    optional("role", Kind::Code(&Role::CODES), "Which role; needed with `role`."),
    optional("view", Kind::Code(&VIEWS), "What the list begins with. Default: `open`."),
    optional("states", Kind::List { of: &Kind::Code(STATES), max: 15 }, "Any of these states."),
    optional("grade", Kind::Code(&["normal", "major", "urgent"]), "Grade."),
    optional("category", Kind::Category, "Node of the category tree; everything below it."),
    optional("assignee", Kind::Line { max: 40 }, "Identifier of the holder, or `me` for whoever reads it."),
    optional("unit", Kind::Uuid, "Identifier of the holding unit."),
    optional("region", Kind::Region, "Where it happened; everything below it."),
    optional("incident", Kind::Uuid, "In this mass incident."),
    optional("sort", Kind::Code(&["due", "-received"]), "By time left, or newest receipt first."),
];

/// Shape of another name for a list.
pub const NEW_NAME: &[Field] = &[required("name", Kind::Line { max: 40 }, "What people are to call it.")];

/// The fields of [`NEW_VIEW`] that say what a list shows.
pub const LOOK: [&str; 9] = ["view", "states", "grade", "category", "assignee", "unit", "region", "incident", "sort"];

/// A list to be kept.
#[derive(Clone, Debug, Deserialize)]
pub struct NewView {
    /// What people call it.
    pub name: String,
    /// With whom it is shared.
    #[serde(default)]
    pub shared: String,
    /// With which role.
    pub role: Option<Role>,
    /// What it shows: fields of [`LOOK`].
    #[serde(flatten)]
    pub look: Map<String, Value>,
}

/// A list somebody may use.
#[derive(Clone, Debug)]
pub struct SavedView {
    /// Identity.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// With whom it is shared.
    pub audience: Audience,
    /// What it shows: fields of [`LOOK`].
    pub look: Map<String, Value>,
    /// Whether the reader may take it away.
    pub may_remove: bool,
}

impl SavedView {
    /// What the list begins with.
    #[must_use]
    pub fn view(&self) -> &str {
        self.look.get("view").and_then(Value::as_str).filter(|view| VIEWS.contains(view)).unwrap_or("open")
    }
}

fn read(caller: &Caller, audience: Audience, row: ViewRow) -> Result<SavedView, DeskError> {
    let may_remove = may_change(caller, &audience, &row.area, (permissions::SAVE_VIEW, permissions::SHARE_VIEW));
    Ok(SavedView { id: row.id, name: row.name, audience, look: kept::read(&row.body)?, may_remove })
}

fn listed(tx: &mut Tx<'_>, caller: &Caller) -> Result<Vec<SavedView>, DeskError> {
    let mut found = Vec::new();
    let areas = areas_over(caller.actor.area.code());
    for (audience, key) in audiences(caller) {
        for row in views::near(tx, &key, &areas, MOST_NEAR)? {
            found.push(read(caller, audience.clone(), row)?);
        }
    }
    Ok(found)
}

/// A list the caller may change, and for whom it is.
fn to_change(tx: &mut Tx<'_>, caller: &Caller, id: Uuid) -> Result<(ViewRow, Audience), DeskError> {
    let row = views::one(tx, id)?.ok_or_else(Refusal::not_found)?;
    let audience = audience_of(caller, &row.audience, &row.area, permissions::SHARE_VIEW);
    let audience = audience.ok_or_else(Refusal::not_found)?;
    if !may_change(caller, &audience, &row.area, (permissions::SAVE_VIEW, permissions::SHARE_VIEW)) {
        return Err(Refusal::forbidden("not_permitted").into());
    }
    Ok((row, audience))
}

impl Desk {
    /// The lists the caller may use: their own, those of their unit, those of their role, of the nearest area first.
    ///
    /// # Errors
    /// If the caller may not see cases.
    pub async fn views(&self, caller: &Caller) -> Result<Vec<SavedView>, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let caller = caller.clone();
        self.db().read(move |tx| listed(tx, &caller)).await
    }

    /// Keeps a list; `filter` is what it shows, as it would be listed.
    ///
    /// # Errors
    /// What is wrong with name or filter, that the caller may not share, or that there are too many.
    pub async fn keep_view(&self, caller: &Caller, new: NewView, filter: &Filter) -> Result<Uuid, DeskError> {
        permissions::SAVE_VIEW.require(caller)?;
        self.query(filter)?;
        let name = new.name.trim().to_owned();
        nobody("name", &name)?;
        let Place { audience, key, area } = place(caller, &new.shared, new.role, permissions::SHARE_VIEW)?;
        let look: Map<String, Value> =
            new.look.into_iter().filter(|(field, _)| LOOK.contains(&field.as_str())).collect();
        let (actor, now) = (caller.actor.id, stored(self.time().now()));
        let row = ViewRow {
            id: Uuid::now_v7(),
            audience: key,
            area,
            name,
            body: kept::written(&look)?,
            kept_by: actor.to_string(),
            kept_at: now,
        };
        let keep = self.db().write(move |tx| {
            if views::others(tx, &row.audience, &row.area, &row.name)? >= MOST {
                return Err(Refusal::from(Fault::new("name", "too_many").with("max", MOST)).into());
            }
            views::keep(tx, &row)?;
            let kept = views::named(tx, &row.audience, &row.area, &row.name)?;
            let id = kept.map_or(row.id, |one| one.id);
            if audience != Audience::Own {
                let change = Change::new("share-view")
                    .with("name", row.name)
                    .with("audience", row.audience)
                    .with("area", row.area)
                    .with("shows", row.body);
                administration::record(tx, id, actor, now, &change)?;
            }
            Ok::<_, DeskError>(id)
        });
        keep.await
    }

    /// Gives a list another name; whoever has it in sight keeps it.
    ///
    /// # Errors
    /// `not_found` when there is none the caller may use; a refusal when it is for others to decide; a fault when the name
    /// names somebody or the same people have another list of that name.
    pub async fn rename_view(&self, caller: &Caller, id: Uuid, name: &str) -> Result<(), DeskError> {
        permissions::SAVE_VIEW.require(caller)?;
        let name = name.trim().to_owned();
        nobody("name", &name)?;
        let (caller, now) = (caller.clone(), stored(self.time().now()));
        let rename = self.db().write(move |tx| {
            let (row, audience) = to_change(tx, &caller, id)?;
            if row.name == name {
                return Ok(());
            }
            if views::named(tx, &row.audience, &row.area, &name)?.is_some() {
                return Err(Refusal::from(Fault::new("name", "taken")).into());
            }
            let actor = caller.actor.id;
            views::rename(tx, id, &name, &actor.to_string(), now)?;
            if audience != Audience::Own {
                let change = Change::new("rename-view")
                    .with("name", name)
                    .with("before", row.name)
                    .with("audience", row.audience)
                    .with("area", row.area);
                administration::record(tx, id, actor, now, &change)?;
            }
            Ok::<_, DeskError>(())
        });
        rename.await
    }

    /// Takes a list away.
    ///
    /// # Errors
    /// `not_found` when there is none the caller may use; a refusal when it is for others to decide.
    pub async fn remove_view(&self, caller: &Caller, id: Uuid) -> Result<(), DeskError> {
        permissions::SAVE_VIEW.require(caller)?;
        let (caller, now) = (caller.clone(), stored(self.time().now()));
        let remove = self.db().write(move |tx| {
            let (row, audience) = to_change(tx, &caller, id)?;
            views::forget(tx, id)?;
            if audience != Audience::Own {
                let change = Change::new("unshare-view").with("name", row.name).with("audience", row.audience);
                administration::record(tx, id, caller.actor.id, now, &change)?;
            }
            Ok::<_, DeskError>(())
        });
        remove.await
    }
}
