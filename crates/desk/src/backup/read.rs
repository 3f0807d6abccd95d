//! The file coming in: every block is held against its digest before anything in it is looked at.

use super::bytes::{take, take_number};
use super::write::{END, HEAD, ROWS, digest, first};
use super::{BackupError, Damage, FORMAT, Head, MAGIC};
use serde::Deserialize;
use std::io::Read;
use std::path::{Path, PathBuf};
use store::dump::Value;

/// No block is longer: a row has at most some mebibytes, and a block is closed after one.
const LONGEST: u64 = 256 << 20;

/// Rows of one table.
pub struct Rows {
    /// The table's place in the head.
    pub table: usize,
    /// Its rows.
    pub rows: Vec<Vec<Value>>,
}

/// Reads a backup block by block.
pub struct Reader<R: Read> {
    input: R,
    path: PathBuf,
    head: Head,
    /// Where the block at hand begins.
    at: u64,
    /// Where the next one begins.
    next: u64,
    before: [u8; 32],
    /// Rows read of each table.
    read: Vec<u64>,
    table: usize,
    /// The row of the table with which the block at hand begins, from 1.
    row: u64,
    ended: bool,
}

/// What every form of the head says.
#[derive(Deserialize)]
struct Form {
    format: u64,
    #[serde(default)]
    made_by: String,
}

impl<R: Read> Reader<R> {
    /// Begins reading; `path` is the name errors give.
    ///
    /// # Errors
    /// When it is no backup, one of a later form, or damaged.
    pub fn begin(mut input: R, path: &Path) -> Result<Self, BackupError> {
        let mut magic = Vec::new();
        let wanted = MAGIC.len() as u64;
        (&mut input).take(wanted).read_to_end(&mut magic).map_err(|source| BackupError::io(path, source))?;
        if magic != MAGIC {
            return Err(BackupError::NoBackup(path.to_owned()));
        }
        let head = Head { format: FORMAT, schema: 0, made_at: 0, made_by: String::new(), tables: Vec::new() };
        let mut reader = Self {
            input,
            path: path.to_owned(),
            head,
            at: wanted,
            next: wanted,
            before: first(),
            read: Vec::new(),
            table: 0,
            row: 1,
            ended: false,
        };
        let (letter, contents) = reader.block()?;
        if letter != HEAD {
            return Err(reader.damaged("it does not begin with its head"));
        }
        let form: Form = serde_json::from_slice(&contents).map_err(|error| reader.damaged(&error.to_string()))?;
        if form.format != u64::from(FORMAT) {
            return Err(BackupError::NewerFormat { path: reader.path, format: form.format, made_by: form.made_by });
        }
        reader.head = serde_json::from_slice(&contents).map_err(|error| reader.damaged(&error.to_string()))?;
        reader.read = vec![0; reader.head.tables.len()];
        Ok(reader)
    }

    /// The head.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The next rows; none at the end, which is only reached when everything the head promised was there.
    ///
    /// # Errors
    /// When the file cannot be read or is damaged.
    pub fn rows(&mut self) -> Result<Option<Rows>, BackupError> {
        if self.ended {
            return Ok(None);
        }
        let (letter, contents) = self.block()?;
        match letter {
            ROWS => self.unpack(&contents).map(Some).map_err(|what| self.damaged(what)),
            END => {
                self.complete()?;
                self.ended = true;
                Ok(None)
            }
            _ => Err(self.damaged("an unknown kind of block")),
        }
    }

    /// Length and last digest, once everything was read.
    #[must_use]
    pub fn measure(&self) -> (u64, [u8; 32]) {
        (self.next, self.before)
    }

    fn unpack(&mut self, mut contents: &[u8]) -> Result<Rows, &'static str> {
        let from = &mut contents;
        let table = usize::try_from(take_number(from)?).unwrap_or(usize::MAX);
        let count = take_number(from)?;
        let width = self.head.tables.get(table).ok_or("rows of a table the head does not name")?.columns.len();
        self.table = table;
        let mut rows = Vec::new();
        for _ in 0..count {
            let mut row = Vec::with_capacity(width);
            for _ in 0..width {
                row.push(take(from)?);
            }
            // A table without columns would let a count of any size pass.
            if row.is_empty() {
                return Err("a row without values");
            }
            rows.push(row);
        }
        if !from.is_empty() {
            return Err("a block is longer than its rows");
        }
        if let Some(read) = self.read.get_mut(table) {
            self.row = *read + 1;
            *read += count;
        }
        Ok(Rows { table, rows })
    }

    fn complete(&mut self) -> Result<(), BackupError> {
        for (table, read) in self.head.tables.iter().zip(&self.read) {
            if table.rows != *read {
                let what = format!("table {} has {read} rows where the head says {}", table.name, table.rows);
                return Err(self.damaged(&what));
            }
        }
        self.at = self.next;
        let mut more = [0];
        match self.input.read(&mut more) {
            Ok(0) => Ok(()),
            Ok(_) => Err(self.damaged("something follows its end")),
            Err(source) => Err(BackupError::io(&self.path, source)),
        }
    }

    /// A block whose digest fits.
    fn block(&mut self) -> Result<(u8, Vec<u8>), BackupError> {
        self.at = self.next;
        self.row = self.read.get(self.table).map_or(1, |read| read + 1);
        let fixed = self.exactly(9)?;
        let (letter, length) = match fixed.split_first() {
            Some((letter, length)) => (*letter, u64::from_be_bytes(length.try_into().unwrap_or_default())),
            None => return Err(self.cut_off()),
        };
        if length > LONGEST {
            return Err(self.damaged("a block is said to be longer than any can be"));
        }
        let contents = self.exactly(length)?;
        let stated = self.exactly(32)?;
        let digest = digest(&self.before, letter, &contents);
        if stated != digest {
            return Err(self.damaged("the contents do not fit their digest"));
        }
        self.before = digest;
        self.next = self.at + 9 + length + 32;
        Ok((letter, contents))
    }

    /// Memory grows with what is there, not with what a damaged length says.
    fn exactly(&mut self, length: u64) -> Result<Vec<u8>, BackupError> {
        let mut bytes = Vec::new();
        (&mut self.input).take(length).read_to_end(&mut bytes).map_err(|source| BackupError::io(&self.path, source))?;
        if bytes.len() as u64 == length { Ok(bytes) } else { Err(self.cut_off()) }
    }

    fn cut_off(&self) -> BackupError {
        self.damaged("the file ends in the middle")
    }

    fn damaged(&self, what: &str) -> BackupError {
        self.damage(what.to_owned())
    }

    /// An error that names the place in the file and the table and row at hand.
    pub(super) fn damage(&self, what: String) -> BackupError {
        let damage = Damage {
            at: self.at,
            table: self.head.tables.get(self.table).map(|table| table.name.clone()),
            row: self.row,
            what,
        };
        BackupError::Damaged { path: self.path.clone(), damage }
    }
}
