//! Making a backup: one snapshot, table by table, page by page, with pauses so that a running server keeps its pace.

use super::part::Part;
use super::write::Writer;
use super::{BackupError, FORMAT, Head, Progress, Summary, Watch, tables_of_today};
use crate::time::stored;
use jiff::Timestamp;
use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use store::dump::{self, Value};
use store::{Db, Tx, tables};

/// What is written is sent to the disk in portions: one great flush at the end would hold up every commit beside it.
const PORTION: u64 = 16 << 20;
/// PostgreSQL and SQLite both hold back tidying up for a snapshot; a single pause is never longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What to make.
pub struct Make {
    /// Where to.
    pub file: PathBuf,
    /// Whether a file of that name may be replaced.
    pub overwrite: bool,
    /// How much of the time it works, in percent; it rests for the others. 100 never rests.
    pub rate: u8,
    /// When it is.
    pub now: Timestamp,
    /// Told after every page.
    pub watch: Watch,
}

/// Makes a backup of a database, beside whatever else works with it.
///
/// # Errors
/// Those of the database or of writing; then there is no file.
pub fn make(db: &Db, ask: Make) -> Result<Summary, BackupError> {
    let part = Part::begin(&ask.file, ask.overwrite)?;
    let (file, path) = (part.file()?, part.path().to_owned());
    let place = ask.file.clone();
    let (head, bytes, digest) = db.read_now(move |tx| {
        tx.take_time()?;
        let head = head(tx, stored(ask.now))?;
        let io = |source| BackupError::io(&path, source);
        let out = BufWriter::with_capacity(1 << 20, file);
        let mut copy = Copy {
            writer: Writer::begin(out, &head).map_err(io)?,
            rest: Rest::new(ask.rate),
            disk: Portions::new(&path)?,
            watch: ask.watch,
            rows: 0,
            of: head.rows(),
        };
        for (place, table) in (0..).zip(tables::TABLES) {
            copy.table(tx, place, table).map_err(|error| error.at(&path))?;
        }
        let (_, bytes, digest) = copy.writer.end().map_err(io)?;
        Ok::<_, BackupError>((head, bytes, digest))
    })?;
    part.put_in_place()?;
    Ok(Summary::of(&place, &head, bytes, &digest))
}

fn head(tx: &mut Tx<'_>, now: i64) -> Result<Head, BackupError> {
    let mut heads = tables_of_today();
    for (head, table) in heads.iter_mut().zip(tables::TABLES) {
        head.rows = dump::count(tx, table)?;
    }
    Ok(Head {
        format: FORMAT,
        schema: dump::known_schema(),
        made_at: now,
        made_by: env!("CARGO_PKG_VERSION").to_owned(),
        tables: heads,
    })
}

/// Trouble while copying.
enum Trouble {
    Store(store::StoreError),
    Io(std::io::Error),
}

impl Trouble {
    fn at(self, path: &std::path::Path) -> BackupError {
        match self {
            Self::Store(error) => error.into(),
            Self::Io(source) => BackupError::io(path, source),
        }
    }
}

struct Copy {
    writer: Writer<BufWriter<File>>,
    rest: Rest,
    disk: Portions,
    watch: Watch,
    rows: u64,
    of: u64,
}

impl Copy {
    fn table(&mut self, tx: &mut Tx<'_>, place: u64, table: &tables::Table) -> Result<(), Trouble> {
        let mut last: Option<Vec<Value>> = None;
        loop {
            let begun = Instant::now();
            let rows = dump::page(tx, table, last.as_deref()).map_err(Trouble::Store)?;
            for row in &rows {
                self.writer.row(place, row).map_err(Trouble::Io)?;
            }
            self.rows += rows.len() as u64;
            self.disk.written(self.writer.bytes()).map_err(Trouble::Io)?;
            (self.watch)(Progress { table: table.name, rows: self.rows, of: self.of });
            last = rows.into_iter().next_back();
            if last.is_none() {
                return Ok(());
            }
            self.rest.after(begun.elapsed());
        }
    }
}

/// Rests in proportion to the work done.
struct Rest {
    rate: u32,
}

impl Rest {
    fn new(rate: u8) -> Self {
        Self { rate: u32::from(rate.clamp(1, 100)) }
    }

    fn pause(&self, worked: Duration) -> Duration {
        (worked * (100 - self.rate) / self.rate).min(LONGEST_PAUSE)
    }

    fn after(&self, worked: Duration) {
        std::thread::sleep(self.pause(worked));
    }
}

/// Sends what was written to the disk, portion by portion.
struct Portions {
    file: File,
    sent: u64,
}

impl Portions {
    fn new(path: &std::path::Path) -> Result<Self, BackupError> {
        let file = File::options().write(true).open(path).map_err(|source| BackupError::io(path, source))?;
        Ok(Self { file, sent: 0 })
    }

    fn written(&mut self, bytes: u64) -> std::io::Result<()> {
        if bytes - self.sent >= PORTION {
            self.file.sync_data()?;
            self.sent = bytes;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_follow_the_work() {
        let work = Duration::from_millis(30);
        assert_eq!(Rest::new(100).pause(work), Duration::ZERO);
        assert_eq!(Rest::new(50).pause(work), work);
        assert_eq!(Rest::new(25).pause(work), 3 * work);
        assert_eq!(Rest::new(0).pause(work), LONGEST_PAUSE, "the least rate is one percent");
    }
}
