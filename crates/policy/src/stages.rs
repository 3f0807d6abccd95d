//! Stages of a customer's life with the operator (全生命周期), from joining to leaving. A case belongs to the stage its category
//! belongs to, so nobody sorts anything twice.

use crate::document::{self, Table};
use crate::fault::Fault;
use crate::text::Text;
use serde::Serialize;

/// A stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LifeStage {
    /// Its code.
    pub id: String,
    /// What people call it.
    pub title: Text,
    /// Nodes of the category tree that belong to it with everything below them; the longest that fits decides.
    pub categories: Vec<String>,
}

/// Reads the stages, in order.
///
/// # Errors
/// Every fault with line and column: a stage or a node that stands twice.
pub fn life_stages(file: &str, text: &str) -> Result<Vec<LifeStage>, Vec<Fault>> {
    document::read(Some(file), text, read)
}

fn read(table: &mut Table<'_>) -> Option<Vec<LifeStage>> {
    let mut stages: Vec<LifeStage> = Vec::new();
    for mut one in table.tables("stage") {
        let id = one.id("id");
        let title = one.text("title");
        let categories = one.needed("categories").and_then(|value| {
            let codes: Option<Vec<String>> =
                value.many()?.iter().map(|code| code.string().map(str::to_owned)).collect();
            codes
        });
        if let (Some(id), Some(title), Some(categories)) = (id, title, categories) {
            let known = stages.iter().flat_map(|stage| &stage.categories);
            if stages.iter().any(|stage| stage.id == id) {
                one.fault(format!("a second stage `{id}`"));
            } else if let Some(twice) = known.clone().find(|code| categories.contains(code)) {
                one.fault(format!("`{twice}` belongs to another stage already"));
            } else {
                stages.push(LifeStage { id, title, categories });
            }
        }
        one.done();
    }
    Some(stages)
}
