//! Where somebody may look: their own region, else that of the nearest unit above them that has one, else everywhere.
//! Signing in, permission checks and assignment all ask here.

use crate::error::DeskError;
use domain::actor::AreaScope;
use std::collections::HashMap;
use store::{Tx, UnitRow, UserRow, units};
use uuid::Uuid;

/// The rule itself: the first region that is set.
fn nearest<'r>(mut regions: impl Iterator<Item = &'r str>) -> Result<AreaScope, DeskError> {
    let code = regions.find(|region| !region.is_empty()).unwrap_or_default();
    AreaScope::region(code).map_err(|_| DeskError::Damaged(format!("region {code:?}")))
}

/// The area of a unit.
pub(crate) fn of_unit(tx: &mut Tx<'_>, unit: Uuid) -> Result<AreaScope, DeskError> {
    let above = units::up_from(tx, unit)?;
    nearest(above.iter().map(|(_, region)| region.as_str()))
}

/// The area of a user.
pub(crate) fn of_user(tx: &mut Tx<'_>, user: &UserRow) -> Result<AreaScope, DeskError> {
    if user.region.is_empty() { of_unit(tx, user.unit) } else { nearest([user.region.as_str()].into_iter()) }
}

/// The same for many at once, from all units.
pub(crate) struct Tree(HashMap<Uuid, (Option<Uuid>, String)>);

impl Tree {
    pub(crate) fn of(rows: &[UnitRow]) -> Self {
        Self(rows.iter().map(|row| (row.id, (row.parent, row.region.clone()))).collect())
    }

    /// A unit and those above it, nearest first; ends even where the tree were damaged into a ring.
    pub(crate) fn up_from(&self, unit: Uuid) -> impl Iterator<Item = (Uuid, &str)> {
        let mut here = Some(unit);
        let step = move || {
            let id = here?;
            let (parent, region) = self.0.get(&id)?;
            here = *parent;
            Some((id, region.as_str()))
        };
        std::iter::from_fn(step).take(self.0.len())
    }

    /// The area of a unit. A region nobody knows any more covers nothing rather than everything.
    pub(crate) fn unit(&self, unit: Uuid) -> AreaScope {
        nearest(self.up_from(unit).map(|(_, region)| region)).unwrap_or_else(|_| AreaScope::nowhere())
    }

    /// The area of a user.
    pub(crate) fn user(&self, user: &UserRow) -> AreaScope {
        if user.region.is_empty() {
            return self.unit(user.unit);
        }
        nearest([user.region.as_str()].into_iter()).unwrap_or_else(|_| AreaScope::nowhere())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(id: u128, parent: Option<u128>, region: &str) -> UnitRow {
        UnitRow {
            id: Uuid::from_u128(id),
            parent: parent.map(Uuid::from_u128),
            code: id.to_string(),
            name: String::new(),
            region: region.to_owned(),
            duties: String::new(),
            closed: false,
        }
    }

    #[test]
    fn the_nearest_region_counts() {
        let tree = Tree::of(&[unit(1, None, ""), unit(2, Some(1), "31"), unit(3, Some(2), ""), unit(4, Some(1), "")]);
        let area = |id| tree.unit(Uuid::from_u128(id)).code().to_owned();
        assert_eq!([area(1), area(2), area(3), area(4)], ["", "31", "31", ""]);
    }

    #[test]
    fn a_ring_ends() {
        let tree = Tree::of(&[unit(1, Some(2), ""), unit(2, Some(1), "")]);
        assert_eq!(tree.up_from(Uuid::from_u128(1)).count(), 2);
        assert_eq!(tree.unit(Uuid::from_u128(1)).code(), "");
    }

    #[test]
    fn a_region_nobody_knows_covers_nothing() {
        let tree = Tree::of(&[unit(1, None, "99")]);
        let area = tree.unit(Uuid::from_u128(1));
        assert!(!area.covers("310115") && !area.covers(""));
    }
}
