//! Files of rows that somebody hands to a command: CSV of any usual encoding and separator, with columns by name. What is
//! the matter with one is told with its name, line and column.

use crate::import::records::{Broken, Record, Records};
use crate::import::text::Text;
use clap::Args;
use encoding_rs::{Encoding, GB18030, UTF_8};
use serde_json::{Value, json};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// No file is longer, in bytes.
const LARGEST: u64 = 2 << 30;
/// Signs between cells that are tried.
const SEPARATORS: [u8; 3] = [b',', b'\t', b';'];
/// Lines told of rows that were left out.
const TOLD: usize = 5;

/// How a file is written.
#[derive(Clone, Debug, Args)]
pub(super) struct Written {
    /// Encoding of the file, such as gb18030; without it a mark at its beginning decides, then UTF-8, then GB18030.
    #[arg(long, value_name = "NAME", value_parser = encoding)]
    encoding: Option<&'static Encoding>,
}

fn encoding(name: &str) -> Result<&'static Encoding, String> {
    Encoding::for_label(name.as_bytes()).ok_or_else(|| "there is no such encoding".to_owned())
}

/// A file with the columns of it that are asked for.
pub(super) struct Table {
    file: PathBuf,
    bytes: Vec<u8>,
    encoding: &'static Encoding,
    separator: u8,
    /// Places of the columns asked for, in the order they were.
    columns: Vec<Option<usize>>,
}

/// Rows that were left out, and why.
#[derive(Clone, Debug, Default)]
pub(super) struct LeftOut {
    count: usize,
    told: Vec<(u64, String)>,
}

impl LeftOut {
    pub(super) fn add(&mut self, line: u64, why: impl Into<String>) {
        self.count += 1;
        if self.told.len() < TOLD {
            self.told.push((line, why.into()));
        }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The first reason, with its line.
    pub(super) fn first(&self) -> String {
        self.told.first().map(|(line, why)| format!("line {line}: {why}")).unwrap_or_default()
    }

    pub(super) fn json(&self) -> Value {
        let told: Vec<Value> = self.told.iter().map(|(line, why)| json!({"line": line, "reason": why})).collect();
        json!({"count": self.count, "first": told})
    }

    /// On standard error, so that the answer itself stays as it is.
    pub(super) fn tell(&self, file: &Path) {
        if self.count > 0 {
            eprintln!("redress: {}: {} rows are left out; the first: {}", file.display(), self.count, self.first());
        }
    }
}

impl Table {
    /// Opens a file and finds columns in it; those that need not be there may be missing.
    ///
    /// # Errors
    /// What is wrong with it, with its name.
    pub(super) fn open(file: &Path, written: &Written, asked: &[(&str, bool)]) -> Result<Self, String> {
        let shown = |what: String| format!("{}: {what}", file.display());
        let unreadable = |error: std::io::Error| shown(error.to_string());
        let mut bytes = Vec::new();
        File::open(file).map_err(unreadable)?.take(LARGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > LARGEST {
            return Err(shown(format!("the file is longer than {} GiB", LARGEST >> 30)));
        }
        let encoding = match written.encoding {
            Some(encoding) => encoding,
            None => guessed(&bytes)
                .ok_or_else(|| shown("the text is neither UTF-8 nor GB18030; say --encoding".to_owned()))?,
        };
        let mut table = Self { file: file.to_owned(), bytes, encoding, separator: b',', columns: Vec::new() };
        let mut first_fault = None;
        for separator in SEPARATORS {
            table.separator = separator;
            let header = table.records().next().map_err(|stopped| shown(stopped.to_string()))?;
            let header = header.ok_or_else(|| shown("the file is empty".to_owned()))?;
            match found(&header, asked) {
                Ok(columns) => {
                    table.columns = columns;
                    return Ok(table);
                }
                Err(fault) => first_fault = first_fault.or(Some(fault)),
            }
        }
        Err(shown(format!("line {}: {}", 1, first_fault.unwrap_or_default())))
    }

    fn records(&self) -> Records<&[u8]> {
        Records::separated(Text::new(self.bytes.as_slice(), self.encoding, Arc::default()), self.separator)
    }

    /// Goes over the rows: the line each begins on and the cells asked for, nothing where the row has no such cell.
    ///
    /// # Errors
    /// What keeps the rest of the file from being read.
    pub(super) fn each(&self, mut tell: impl FnMut(u64, &[Option<&str>])) -> Result<(), String> {
        let mut records = self.records();
        let mut header = true;
        loop {
            let record = records.next().map_err(|stopped| format!("{}: {stopped}", self.file.display()))?;
            let Some(record) = record else { return Ok(()) };
            if std::mem::replace(&mut header, false) {
                continue;
            }
            match record.broken {
                Some(Broken::OpenQuote) => {
                    let line = record.line;
                    return Err(format!("{}: line {line}: a quotation mark is left open", self.file.display()));
                }
                // The signs stand as U+FFFD in the text; the rest of it is good.
                Some(Broken::Encoding) | None => {}
            }
            let cells: Vec<Option<&str>> =
                self.columns.iter().map(|column| column.and_then(|column| record.get(column))).collect();
            tell(record.line, &cells);
        }
    }
}

/// Where the columns asked for are.
fn found(header: &Record, asked: &[(&str, bool)]) -> Result<Vec<Option<usize>>, String> {
    let names: Vec<&str> = header.cells().map(|name| name.trim().trim_start_matches('\u{FEFF}')).collect();
    let place = |(name, needed): &(&str, bool)| {
        let mut places = names.iter().enumerate().filter(|(_, other)| *other == name).map(|(place, _)| place);
        match (places.next(), places.next()) {
            (Some(_), Some(_)) => Err(format!("there are two columns {name:?}")),
            (None, _) if *needed => Err(format!("there is no column {name:?}; the columns are {}", names.join(", "))),
            (place, _) => Ok(place),
        }
    };
    asked.iter().map(place).collect()
}

/// The encoding of bytes without a mark, or with one.
fn guessed(bytes: &[u8]) -> Option<&'static Encoding> {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return Some(encoding);
    }
    if std::str::from_utf8(bytes).is_ok() {
        return Some(UTF_8);
    }
    (!GB18030.decode_without_bom_handling(bytes).1).then_some(GB18030)
}
