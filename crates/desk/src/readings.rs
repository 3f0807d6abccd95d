//! Words that were read and released: whoever sends them names the reading, and the desk opens what stands in it, so that
//! what goes out is what was read, to the letter.

use crate::attach::keys;
use crate::error::DeskError;
use crate::load::Loaded;
use crate::queries::case::open_items;
use crate::vault::MasterKeys;
use crate::vault::seal::CaseKeys;
use domain::case::Case;
use domain::case::reading::Reading;
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
    let Some((known, read)) = named(&loaded.case, &mut command) else { return Ok(command) };
    let keys = keys(tx, master, &loaded.row)?;
    let items = open_items(&keys, &vault::items(tx, loaded.row.id)?)?;
    let opened = keys.open("content", &known.content)?;
    let words = fill(&opened, |_, item| items.get(&item).map(|(_, value)| value.clone()).unwrap_or_default());
    *read = Some(FreeText::Plain(words));
    Ok(command)
}

/// The same for a life that is not written yet, whose answers name nobody.
pub(crate) fn with_words_of(keys: &CaseKeys, case: &Case, mut command: Command) -> Result<Command, DeskError> {
    if let Some((known, read)) = named(case, &mut command) {
        *read = Some(FreeText::Plain(keys.open("content", &known.content)?));
    }
    Ok(command)
}

/// The reading a command names, if it names one there is, and where its words belong in the command.
fn named<'c>(case: &'c Case, command: &'c mut Command) -> Option<(&'c Reading, &'c mut Option<FreeText>)> {
    let (named, read) = match command {
        Command::Reply(reply) => (reply.reading, &mut reply.read),
        Command::IssueLetter(letter) => (letter.reading, &mut letter.read),
        _ => return None,
    };
    Some((case.reading(named?)?, read))
}
