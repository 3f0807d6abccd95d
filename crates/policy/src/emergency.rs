//! Emergency plans as documents: which roles there are and what is to be done, in order. A version never changes.

use crate::document::{self, Table};
use crate::fault::Fault;
use crate::text::Text;
use serde::Serialize;

/// Most roles and items of a plan.
const MOST: usize = 200;

/// A role of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EmergencyRole {
    /// Its code within the plan.
    pub id: String,
    /// What people call it.
    pub title: Text,
}

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EmergencyItem {
    /// The role that does it.
    pub role: String,
    /// What.
    pub title: Text,
    /// Minutes from the start of the plan by which it is to be done.
    pub within: Option<u32>,
}

/// A version of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EmergencyPlan {
    /// Identity of the plan.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// What people call it.
    pub title: Text,
    /// Who does what.
    pub roles: Vec<EmergencyRole>,
    /// What is to be done, in order.
    pub items: Vec<EmergencyItem>,
}

impl EmergencyPlan {
    /// Reads a plan.
    ///
    /// # Errors
    /// Every fault with line and column.
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        document::read(None, text, Self::read)
    }

    fn read(table: &mut Table<'_>) -> Option<Self> {
        let id = table.id("id");
        let number = |value: crate::document::Value<'_>| {
            let number = value.whole().filter(|number| (1..=100_000).contains(number));
            if number.is_none() {
                value.fault("takes a whole number from 1 to 100000");
            }
            number.and_then(|number| u32::try_from(number).ok())
        };
        let version = table.needed("version").and_then(number);
        let title = table.text("title");
        let (mut roles, mut items) = (Vec::<EmergencyRole>::new(), Vec::new());
        let mut complete = true;
        for mut one in table.tables("role") {
            match one.id("id").zip(one.text("title")) {
                Some((id, _)) if roles.iter().any(|known| known.id == id) => {
                    one.fault(format!("a second role `{id}`"));
                    complete = false;
                }
                Some((id, title)) => roles.push(EmergencyRole { id, title }),
                None => complete = false,
            }
            one.done();
        }
        for mut one in table.tables("item") {
            let role = one.needed("role").and_then(|value| {
                let role = value.id()?;
                if !roles.iter().any(|known| known.id == role) {
                    value.fault(format!("names no role of the plan: `{role}`"));
                    return None;
                }
                Some(role)
            });
            let title = one.text("title");
            let within = one.maybe("within_minutes", number);
            match role.zip(title).zip(within) {
                Some(((role, title), within)) => items.push(EmergencyItem { role, title, within }),
                None => complete = false,
            }
            one.done();
        }
        if complete && items.is_empty() {
            table.fault("has no [[item]]");
            complete = false;
        }
        if roles.len().max(items.len()) > MOST {
            table.fault(format!("has more than {MOST} roles or items"));
            complete = false;
        }
        let read = Self { id: id?, version: version?, title: title?, roles, items };
        complete.then_some(read)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test panics")]

    use super::*;

    #[test]
    fn a_plan_is_read_with_its_roles_and_items() {
        let text = r#"
            id = "estate-outage"
            version = 2
            title = { zh = "小区断网", en = "Estate outage" }
            [[role]]
            id = "lead"
            title = { zh = "总指挥", en = "Lead" }
            [[item]]
            role = "lead"
            title = { zh = "确认影响范围", en = "Find out who is hit" }
            within_minutes = 30
        "#;
        let plan = EmergencyPlan::parse(text).unwrap();
        assert_eq!((plan.version, plan.items[0].within), (2, Some(30)));
        let told = |text: &str| {
            let faults = EmergencyPlan::parse(text).unwrap_err();
            faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        assert!(told(&text.replace("role = \"lead\"", "role = \"chef\"")).contains("names no role"));
        assert!(told(&text.replace("version = 2", "version = 0")).contains("whole number"));
        assert!(told("id = \"x\"\nversion = 1\ntitle = { zh = \"甲\", en = \"X\" }").contains("no [[item]]"));
        assert!(told("id = ").contains(':'));
    }
}
