//! Why a case goes where it goes: every row that was looked at, and what came of it.

use super::{find, in_force};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::{Desk, permissions};
use domain::case::grade;
use domain::case::route::Found;
use domain::routing::{Asked, Routed, explain};
use policy::{Looked, Text};

/// A row that was looked at.
#[derive(Clone, Debug)]
pub struct LookedRow {
    /// Its identity.
    pub rule: String,
    /// What people call it.
    pub title: Text,
    /// Code of its unit.
    pub unit: String,
    /// What came of it.
    pub looked: Looked,
}

/// Where the table in force sends a case, and why; and the row by which it came to its owner.
#[derive(Clone, Debug)]
pub struct Explained {
    /// By which row it came to its owner; none where somebody gave it to them.
    pub routed: Option<Routed>,
    /// The pack with the table and its version; none where there is no table.
    pub pack: Option<(String, String)>,
    /// Rows up to the one that is for the case.
    pub rows: Vec<LookedRow>,
    /// Where the case would go now.
    pub found: Found,
}

impl Desk {
    /// Explains where the table in force sends a case.
    ///
    /// # Errors
    /// `not_found`; a refusal when the caller may not see cases.
    pub async fn explain_routing(&self, caller: &Caller, name: &CaseRef) -> Result<Explained, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let (name, actor, library) = (name.clone(), caller.actor.clone(), self.library().clone());
        let (zone, now) = (self.zone().clone(), self.time().now());
        self.db()
            .read(move |tx| {
                let (row, _) = load::find_for(tx, &name, &actor)?;
                let case = load::from_row(tx, row)?.case;
                let rules = in_force(&library, &zone, case.record.place(), now)?;
                let found = find(tx, &library, &rules, &case, now)?;
                let facts = grade::facts(&case, &rules, library.taxonomy());
                let asked = Asked { facts: &facts, grade: case.grade, region: &case.record.region, at: now };
                let rows = explain(&rules, asked).into_iter().map(|(rule, looked)| LookedRow {
                    rule: rule.head.id.clone(),
                    title: rule.head.title.clone(),
                    unit: rule.unit.clone(),
                    looked,
                });
                let pack = rules.routing().map(|(pack, _)| (pack.id().to_owned(), pack.version().to_owned()));
                Ok::<_, DeskError>(Explained { routed: case.routed.clone(), pack, rows: rows.collect(), found })
            })
            .await
    }
}
