//! A report as one page that needs nothing else, to be kept or printed.

use super::{Sheet, Words};
use askama::Template;

#[derive(Template)]
#[template(path = "report_sheet.html")]
struct Page<'a> {
    words: &'a Words<'a>,
    sheet: &'a Sheet,
}

/// Writes a report.
///
/// # Errors
/// If the template is wrong.
pub fn write(words: &Words<'_>, sheet: &Sheet) -> Result<String, askama::Error> {
    Page { words, sheet }.render()
}
