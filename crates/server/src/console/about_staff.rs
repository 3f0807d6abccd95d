//! Whom of the staff a contact is about: typed as a name or the name to sign in with, found among colleagues.

use super::Frame;
use super::form::Typed;
use crate::app::AppState;
use crate::problem::Failure;
use desk::{Caller, permissions};
use domain::fault::Fault;
use domain::ids::UserId;

/// The box.
pub(super) const FIELD: &str = "about_staff";

/// More of one name help nobody.
const MOST: usize = 20;

/// What was found.
#[derive(Default)]
pub(super) struct Meant {
    /// Those who can be meant: identity and words.
    pub(super) choices: Vec<(String, String)>,
    /// Why nobody in particular is.
    pub(super) fault: Option<Fault>,
}

/// Puts the identity of the one who is meant into the box; where several can be, they are to choose from.
///
/// # Errors
/// Those of reading the organisation.
pub(super) async fn find(
    app: &AppState,
    frame: &Frame<'_>,
    caller: &Caller,
    typed: &mut Typed,
) -> Result<Meant, Failure> {
    let wanted = typed.get(FIELD).trim().to_lowercase();
    if wanted.is_empty() {
        return Ok(Meant::default());
    }
    let colleagues =
        if permissions::READ_ORGANISATION.allows(caller) { app.desk.colleagues(caller).await? } else { Vec::new() };
    let by = |is: &dyn Fn(&str) -> bool| -> Vec<(UserId, String)> {
        let names = colleagues.iter().filter(|one| is(&one.username.to_lowercase()) || is(&one.name.to_lowercase()));
        names.map(|one| (one.id, frame.colleague(one))).collect()
    };
    let mut found: Vec<(UserId, String)> = match wanted.parse::<UserId>() {
        Ok(id) => colleagues.iter().filter(|one| one.id == id).map(|one| (id, frame.colleague(one))).collect(),
        Err(_) => by(&|name| name == wanted),
    };
    if found.is_empty() {
        found = by(&|name| name.contains(&wanted));
    }
    found.truncate(MOST);
    let fault = match found.as_slice() {
        [] => Some(Fault::new(FIELD, "unknown_colleague")),
        [(only, _)] => {
            typed.set(FIELD, only.to_string());
            None
        }
        _ => Some(Fault::new(FIELD, "several_colleagues")),
    };
    Ok(Meant { choices: found.into_iter().map(|(id, words)| (id.to_string(), words)).collect(), fault })
}
