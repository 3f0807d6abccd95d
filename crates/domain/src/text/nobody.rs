//! Texts of problems, incidents and network facts stand in the clear, so whatever identifies a person must not be in them. Numbers and
//! addresses are found by the same search that lifts them out of the texts of cases; here they are refused. A name is
//! nothing a machine recognises: the forms say that none belongs here.

use crate::fault::Fault;
use crate::refusal::Refusal;
use crate::text::identifier;

/// Refuses texts that hold identifiers, all at once.
///
/// # Errors
/// A fault a text, with the place of the first identifier, counted in characters from 1.
pub fn nobodys<'t>(texts: impl IntoIterator<Item = (String, Option<&'t str>)>) -> Result<(), Refusal> {
    let found = texts.into_iter().filter_map(|(field, text)| {
        let text = text?;
        let first = identifier::find(text).into_iter().next()?;
        let place = text.get(..first.start).map_or(0, |before| before.chars().count()) + 1;
        Some(Fault::new(field, "personal_data").with("place", place))
    });
    let faults: Vec<Fault> = found.collect();
    if faults.is_empty() { Ok(()) } else { Err(Refusal::invalid(faults)) }
}

/// The same for one text.
///
/// # Errors
/// Its fault.
pub fn nobody(field: &str, text: &str) -> Result<(), Refusal> {
    nobodys([(field.to_owned(), Some(text))])
}
