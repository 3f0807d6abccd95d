//! Checking a backup without a database: every block, every row, every count.

use super::read::Reader;
use super::{BackupError, Progress, Summary, Watch};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Reads a backup from beginning to end.
///
/// # Errors
/// When it is no backup, cannot be read here, or is damaged; the error names the place.
pub fn check(path: &Path, mut watch: Watch) -> Result<Summary, BackupError> {
    let file = File::open(path).map_err(|source| BackupError::io(path, source))?;
    let mut reader = Reader::begin(BufReader::with_capacity(1 << 20, file), path)?;
    let of = reader.head().rows();
    let mut rows = 0;
    while let Some(read) = reader.rows()? {
        rows += read.rows.len() as u64;
        let table = reader.head().tables.get(read.table).map_or("", |table| table.name.as_str());
        watch(Progress { table, rows, of });
    }
    let (bytes, digest) = reader.measure();
    Ok(Summary::of(path, reader.head(), bytes, &digest))
}
