//! The list of rows that could not be taken in: each with its line, identity, field and reason before its own cells, so
//! that it can be corrected there and taken in again with the same map.

use super::records::Record;
use std::borrow::Cow;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// What our own columns' headings begin with; no operator's export has such a column.
const OURS: &str = "redress:";
const COLUMNS: [&str; 4] = ["redress:line", "redress:id", "redress:field", "redress:reason"];
/// Signs with which spreadsheets begin a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A row that could not be taken in.
#[derive(Clone, Debug)]
pub(super) struct Reason {
    pub(super) line: u64,
    pub(super) id: String,
    pub(super) field: String,
    pub(super) reason: String,
}

/// The list under construction. It stands beside its final place until everything is known.
pub(super) struct Rejected {
    path: PathBuf,
    headings: Vec<String>,
    writer: Option<csv::Writer<BufWriter<File>>>,
}

impl Rejected {
    pub(super) fn new(path: PathBuf, headings: Vec<String>) -> Self {
        Self { path, headings, writer: None }
    }

    fn part(&self) -> PathBuf {
        beside(&self.path, ".part")
    }

    /// Adds a row with its own cells.
    ///
    /// # Errors
    /// If the list cannot be written.
    pub(super) fn add(&mut self, record: &Record, reason: &Reason) -> Result<(), String> {
        let shown =
            |error: &dyn std::fmt::Display| format!("{}: {error}; --rejected names another file", self.path.display());
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => {
                let mut file = BufWriter::new(private(&self.part()).map_err(|error| shown(&error))?);
                // Spreadsheets know by the mark that the file is UTF-8, and so do we.
                file.write_all("\u{FEFF}".as_bytes()).map_err(|error| shown(&error))?;
                let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(file);
                let headings = COLUMNS.into_iter().chain(self.headings.iter().map(String::as_str));
                writer.write_record(headings.map(|cell| harmless(cell).into_owned())).map_err(|error| shown(&error))?;
                writer
            }
        };
        let line = reason.line.to_string();
        let ours = [line.as_str(), &reason.id, &reason.field, &reason.reason];
        let row = ours.into_iter().chain(record.cells()).map(|cell| harmless(cell).into_owned());
        writer.write_record(row).map_err(|error| shown(&error))?;
        self.writer = Some(writer);
        Ok(())
    }

    /// Puts the list in its place; its path, if there is anything on it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn finish(&mut self) -> Result<Option<&Path>, String> {
        let shown = |error: &dyn std::fmt::Display| format!("{}: {error}", self.path.display());
        let Some(mut writer) = self.writer.take() else { return Ok(None) };
        writer.flush().map_err(|error| shown(&error))?;
        std::fs::rename(self.part(), &self.path).map_err(|error| shown(&error))?;
        Ok(Some(&self.path))
    }
}

/// A path with something added to its name.
pub(super) fn beside(path: &Path, more: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(more);
    path.with_file_name(name)
}

/// A cell no spreadsheet takes for a formula, and without signs that end texts.
fn harmless(cell: &str) -> Cow<'_, str> {
    let formula = cell.trim_start_matches('\'').starts_with(FORMULA);
    match (formula, cell.contains('\0')) {
        (false, false) => Cow::Borrowed(cell),
        (quoted, _) => Cow::Owned(format!("{}{}", if quoted { "'" } else { "" }, cell.replace('\0', "\u{FFFD}"))),
    }
}

/// Which columns of a file are ours; none unless it is such a list.
pub(super) fn our_columns(header: &Record) -> Vec<usize> {
    header.cells().enumerate().filter(|(_, cell)| cell.starts_with(OURS)).map(|(place, _)| place).collect()
}

/// A row of a list as it stood in its file: our columns and the marks before formulas are gone again.
pub(super) fn own(record: &Record, ours: &[usize]) -> Record {
    let cells = record.cells().enumerate().filter(|(place, _)| !ours.contains(place)).map(|(_, cell)| {
        let marked = cell.starts_with('\'') && cell.trim_start_matches('\'').starts_with(FORMULA);
        if marked { cell.get(1..).unwrap_or_default() } else { cell }
    });
    record.with_cells(cells)
}

/// A new file only its owner may read: the rows are customers' own.
fn private(path: &Path) -> std::io::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_marked_and_unmarked() {
        for cell in ["=1+1", "+86 138", "-1", "@x", "\tx", "'=x", "''@", "plain", "'tis", "", "a=b"] {
            let marked = harmless(cell).into_owned();
            assert!(!marked.starts_with(FORMULA), "{cell:?}: {marked:?}");
            assert_eq!(own(&Record::from(&[marked.as_str()][..]), &[]).get(0), Some(cell));
        }
        assert_eq!(harmless("a\0b"), "a\u{FFFD}b");
        assert_eq!(beside(Path::new("/x/rows.csv"), ".rejected.csv"), Path::new("/x/rows.csv.rejected.csv"));
    }
}
