//! Restoring: the database is emptied, filled and brought to today's form in one transaction, so that it holds
//! everything or is as it was before.

use super::carried::{self, Carried};
use super::read::{Reader, Rows};
use super::{BackupError, Head, Progress, Summary, Watch};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use store::dump::{self, Value};
use store::tables::{self, Table};
use store::{Db, Options, Target, Tx};

/// How long a database in use is waited for.
const LETTING_GO: Duration = Duration::from_secs(2);

/// Why subscriptions are off after a restore.
pub const RESTORED: &str = "restored";

/// What to restore.
pub struct Restore {
    /// From where.
    pub file: PathBuf,
    /// Whether cases and users that are there may be lost.
    pub discard_existing: bool,
    /// When it is.
    pub now: Timestamp,
    /// The installation's zone, whose date stands in complaint numbers.
    pub zone: TimeZone,
    /// Told after every block.
    pub watch: Watch,
}

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// What the backup holds.
    pub summary: Summary,
    /// Cases and users that were there before and are lost.
    pub discarded: (u64, u64),
    /// Subscriptions to events that were on when the backup was made, and are off now.
    pub quiet: u64,
}

/// Restores a backup into a database that nobody has open. An older backup is brought to the form of today. Whoever the
/// replaced database knew to be erased stays so, and complaint numbers go on behind all that may have been given.
///
/// # Errors
/// When the backup is damaged or of a later version, the database is in use or holds cases, or either fails. Then the
/// database is as it was.
pub fn restore(target: &Target, ask: Restore) -> Result<Restored, BackupError> {
    let file = File::open(&ask.file).map_err(|source| BackupError::io(&ask.file, source))?;
    let reader = Reader::begin(BufReader::with_capacity(1 << 20, file), &ask.file)?;
    reader.head().acceptable(&ask.file)?;
    let columns = columns(reader.head()).map_err(|what| reader.damage(what))?;
    let older = reader.head().schema < dump::known_schema();
    // A server that has just ended may not have let go of everything yet.
    let asked = Instant::now();
    while !Db::is_free(target)? {
        if asked.elapsed() > LETTING_GO {
            return Err(BackupError::InUse);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    // One thread: no second connection may remember where the log stood before.
    let db = Db::open(target, &Options { sqlite_readers: 1, postgres_threads: 1, queue: 1 })?;
    let mut filling = Filling { reader, columns, watch: ask.watch };
    let outcome = db.write_now(move |tx| {
        let discarded = dump::holdings(tx)?;
        let (cases, users) = discarded;
        // The first start makes one user; that alone is nothing to lose.
        if !ask.discard_existing && (cases > 0 || users > 1) {
            return Err(BackupError::Occupied { cases, users });
        }
        let carried = Carried::of(tx)?;
        filling.fill(tx)?;
        carried.write(tx, carried::made_at(filling.reader.head()), ask.now, &ask.zone)?;
        // What waited for mail then has gone out since.
        store::notices::forget_mail(tx)?;
        // Nobody outside is told anything by a copy of the log until somebody says so.
        let quiet = store::subscriptions::quiet(tx, RESTORED)?;
        let (bytes, digest) = filling.reader.measure();
        Ok(Restored { summary: Summary::of(&ask.file, filling.reader.head(), bytes, &digest), discarded, quiet })
    });
    // Rows that follow from the logs and that the release the backup is from did not have.
    if outcome.is_ok()
        && older
        && let Err(error) = crate::indexes::rebuild(&db)
    {
        tracing::warn!(%error, "rows beside the log could not be made anew; `redress audit reindex` makes them");
    }
    db.close();
    outcome
}

/// A table of the file: ours of that name, and which of its columns the values are for.
type Known = (&'static Table, Vec<usize>);

/// Holds the tables of a head against ours. No name of the file ever stands in a statement.
fn columns(head: &Head) -> Result<Vec<Known>, String> {
    if head.schema < 1 {
        return Err(format!("there is no schema {}", head.schema));
    }
    let mut known: Vec<Known> = Vec::new();
    for table in &head.tables {
        let ours = tables::by_name(&table.name).ok_or_else(|| format!("there is no table {:?}", table.name))?;
        if known.iter().any(|(earlier, _)| earlier.name == ours.name) {
            return Err(format!("table {} stands there twice", ours.name));
        }
        let mut places = Vec::new();
        for column in &table.columns {
            let place = ours.columns.iter().position(|(name, _)| name == column);
            match place {
                Some(place) if !places.contains(&place) => places.push(place),
                _ => return Err(format!("table {} has no column {column:?}, or has it twice", ours.name)),
            }
        }
        known.push((ours, places));
    }
    if head.schema == dump::known_schema() {
        for ours in tables::TABLES {
            let whole =
                known.iter().any(|(table, places)| table.name == ours.name && places.len() == ours.columns.len());
            if !whole {
                return Err(format!("table {} is missing or lacks columns", ours.name));
            }
        }
    }
    Ok(known)
}

struct Filling {
    reader: Reader<BufReader<File>>,
    columns: Vec<Known>,
    watch: Watch,
}

impl Filling {
    fn fill(&mut self, tx: &mut Tx<'_>) -> Result<(), BackupError> {
        tx.take_time()?;
        let schema = self.reader.head().schema;
        dump::begin_restore(tx, schema)?;
        let of = self.reader.head().rows();
        let mut rows = 0;
        while let Some(read) = self.reader.rows()? {
            let Some((table, places)) = self.columns.get(read.table) else { continue };
            if let Some(what) = misfit(table, places, &read) {
                return Err(self.reader.damage(what));
            }
            dump::insert(tx, table, places, &read.rows)?;
            rows += read.rows.len() as u64;
            (self.watch)(Progress { table: table.name, rows, of });
        }
        Ok(dump::finish_restore(tx, schema)?)
    }
}

/// Says which value a column cannot hold; a digest is no proof that a file was made by us.
fn misfit(table: &Table, places: &[usize], read: &Rows) -> Option<String> {
    let fits = |(place, value): (&usize, &Value)| table.columns.get(*place).is_some_and(|(_, kind)| value.is(*kind));
    let at = read.rows.iter().position(|row| !places.iter().zip(row).all(fits))?;
    Some(format!("row {} of the block holds a value of the wrong type", at + 1))
}
