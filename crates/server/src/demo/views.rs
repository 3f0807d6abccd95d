//! Lists under a name in the demo: one the unit shares, one for all agents, one of a supervisor's own.

use super::play::Stage;
use desk::DeskError;
use desk::queries::list::Filter;
use desk::views::NewView;
use domain::actor::Role;
use serde_json::{Value, json};

/// Keeps them.
///
/// # Errors
/// Those of the desk.
pub(super) async fn keep(stage: &Stage<'_>) -> Result<(), DeskError> {
    let lists: [(&str, &str, Option<Role>, Value); 3] = [
        ("上海紧急", "unit", None, json!({"view": "open", "grade": "urgent", "region": "31"})),
        ("今日新收", "role", Some(Role::Agent), json!({"view": "open", "sort": "-received"})),
        ("重大待复核", "own", None, json!({"view": "review", "grade": "major"})),
    ];
    let Some(by) = stage.caller("supervisor") else { return Ok(()) };
    for (name, shared, role, look) in lists {
        let look = look.as_object().cloned().unwrap_or_default();
        let new = NewView { name: name.to_owned(), shared: shared.to_owned(), role, look };
        stage.desk.keep_view(by, new, &Filter::default()).await?;
    }
    Ok(())
}
