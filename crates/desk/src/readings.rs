//! Words that were read and released: whoever sends them names the reading, and the desk opens what stands in it, so that
//! what goes out is what was read, to the letter.

use crate::attach::keys;
use crate::error::DeskError;
use crate::load::Loaded;
use crate::queries::case::open_items;
use crate::vault::MasterKeys;
use domain::command::Command;
use domain::free_text::FreeText;
use domain::text::lift::fill;
use std::sync::Arc;
use store::{Tx, vault};

/// Puts the words of the reading a command names into it. One that names none that exists is left for the domain to
/// refuse.
pub(crate) fn with_words(
    tx: &mut Tx<'_>,
    master: &Arc<MasterKeys>,
    loaded: &Loaded,
    mut command: Command,
) -> Result<Command, DeskError> {
    let (named, read) = match &mut command {
        Command::Reply(reply) => (reply.reading, &mut reply.read),
        Command::IssueLetter(letter) => (letter.reading, &mut letter.read),
        _ => return Ok(command),
    };
    let Some(known) = named.and_then(|id| loaded.case.reading(id)) else { return Ok(command) };
    let keys = keys(tx, master, &loaded.row)?;
    let items = open_items(&keys, &vault::items(tx, loaded.row.id)?)?;
    let opened = keys.open("content", &known.content)?;
    let words = fill(&opened, |_, item| items.get(&item).map(|(_, value)| value.clone()).unwrap_or_default());
    *read = Some(FreeText::Plain(words));
    Ok(command)
}
