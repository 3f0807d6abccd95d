//! Feeding the index: what is new in the log is read in batches, off every command's way, and how far that came is
//! written with the same commit of the index. A process that is ended at any moment goes on from there. An index that is
//! missing, damaged or of another form is made anew beside the old one, which answers meanwhile where it can.

use super::document::CaseDocument;
use super::folder::{self, Folder, Reading, Seen, Trouble};
use super::index::{FORM, Findable};
use super::{read, words};
use crate::Desk;
use crate::error::DeskError;
use domain::audit::chain::Ledger;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use store::{EntryRow, Tx, cases, entries};
use tantivy::merge_policy::{LogMergePolicy, NoMergePolicy};
use tantivy::{Index, IndexReader, IndexWriter};
use uuid::Uuid;

/// Entries read on at once, and how many such pieces are taken in together at most: each taking in writes a dozen files.
const AT_ONCE: (i64, usize) = (512, 8);
/// After so long what was read by then is taken in.
const LONG_READ: Duration = Duration::from_millis(250);
/// The same while many cases are being worked on at once: they are decided by the thread that reads behind, which is to be
/// free for them again after a moment.
const AT_ONCE_BESIDE: (i64, usize) = (16, 16);
/// However long it worked, it rests no longer.
const LONGEST_REST: Duration = Duration::from_secs(2);
const A_MOMENT: Duration = Duration::from_millis(20);
/// Entries read at once while an index is made.
const THROUGH: i64 = 4_096;
/// Memory of a thread of the writer while an index is made, in bytes.
const MEMORY: usize = 64_000_000;
/// The same while it is fed: a part of it is wiped for each taking in, which are small.
const MEMORY_FEEDING: usize = 16_000_000;
/// Threads that take cases in while an index is made: one alone is slower than reading them.
const THREADS: usize = 2;
/// Pages read ahead while an index is made.
const READ_AHEAD: usize = 2;
/// Files of fewer cases than this are of one size. Each feeding makes one of a few cases, and what is merged with them is
/// written anew each time: with the ten thousand of the library that took a third of a processor at twenty cases a
/// second.
const SMALL: u32 = 256;

/// Feeds one node's index.
pub struct Feeder {
    desk: Desk,
    at: PathBuf,
    /// The right to feed, while this process has it.
    lock: Option<File>,
    open: Option<Open>,
}

struct Open {
    at: PathBuf,
    index: Index,
    reader: IndexReader,
    writer: Option<IndexWriter<CaseDocument>>,
    seen: Seen,
}

/// What was read on of the log.
#[derive(Default)]
struct Piece {
    since: read::Since,
    cases: BTreeMap<Uuid, Option<Findable>>,
    /// How far that came.
    streams: BTreeMap<i64, i64>,
    /// Whether the log is shorter than what was seen of it.
    shrunk: bool,
}

impl Piece {
    /// Reads the next `most` entries after `streams`, and the cases they are about.
    fn read(desk: &Desk, tx: &mut Tx<'_>, mut streams: BTreeMap<i64, i64>, most: i64) -> Result<Self, DeskError> {
        let heads: BTreeMap<i64, i64> = entries::heads(tx)?.into_iter().collect();
        if streams.iter().any(|(stream, seen)| heads.get(stream).copied().unwrap_or(0) < *seen) {
            return Ok(Self { streams, shrunk: true, ..Self::default() });
        }
        let since = read::since(tx, &mut streams, most)?;
        let mut cases = BTreeMap::new();
        for id in &since.cases {
            cases.insert(*id, read::case(desk, tx, *id)?);
        }
        Ok(Self { since, cases, streams, shrunk: false })
    }
}

impl Feeder {
    /// Feeds an index in a folder.
    #[must_use]
    pub fn new(desk: Desk, at: &Path) -> Self {
        Self { desk, at: at.to_owned(), lock: None, open: None }
    }

    /// Takes in what is new by now, or as much of it until `enough` says so, and returns how many cases were taken in.
    /// Makes the index first where that is needed. Another process that feeds the same folder is left to it, and its index read.
    /// Blocking; looking whether there is anything to do costs one read.
    ///
    /// # Errors
    /// Those of database and files; the next call begins with a fresh look.
    pub fn go_on(&mut self, enough: &dyn Fn() -> bool) -> Result<u64, DeskError> {
        let done = self.round(enough);
        if done.is_err() {
            self.open = None;
        }
        done
    }

    fn round(&mut self, enough: &dyn Fn() -> bool) -> Result<u64, DeskError> {
        let folder = Folder::make(&self.at)?;
        if self.lock.is_none() {
            self.lock = folder.lock()?;
            if self.lock.is_some() {
                folder.tidy()?;
                self.open = None;
            }
        }
        let Some(at) = folder.current()? else {
            return if self.lock.is_some() { self.make(&folder, enough) } else { Ok(0) };
        };
        if self.desk.search_state().doubted.swap(false, Ordering::AcqRel) {
            self.open = None;
        }
        if self.open.as_ref().is_none_or(|open| open.at != at) {
            let opened = match self.open_it(&at) {
                Ok(open) if !self.is_of_this_log(&open.seen)? => {
                    Err(Trouble::Unfit("it was fed from a log that took another way: the database was restored"))
                }
                other => other,
            };
            match opened.and_then(|open| self.take_up(open)) {
                Ok(open) => self.open = Some(open),
                Err(trouble) if self.lock.is_some() => {
                    tracing::warn!(%trouble, "the search index is made anew");
                    return self.make(&folder, enough);
                }
                Err(trouble) => return Err(trouble.into()),
            }
        }
        if self.lock.is_none() {
            return self.read_anew().map(|()| 0).map_err(DeskError::from);
        }
        if folder.is_wished() {
            return self.make(&folder, enough);
        }
        self.feed(&folder, enough)
    }

    fn house(&self) -> String {
        self.desk.public_key().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    fn open_it(&self, at: &Path) -> Result<Open, Trouble> {
        let index = folder::open(at, &self.desk.search_state().shape.schema)?;
        let seen = folder::seen(&index, &self.house())?;
        let mut writer = None;
        if self.lock.is_some() {
            if !folder::is_whole(&index) {
                return Err(Trouble::Unfit("a file is not as it was written"));
            }
            writer = Some(feeding(&index)?);
        }
        let reader = folder::reader(&index)?;
        Ok(Open { at: at.to_owned(), index, reader, writer, seen })
    }

    /// Whether the log still has the entries an index was fed from. Positions alone do not say so: a database that was
    /// restored may have come as far again by another way.
    fn is_of_this_log(&self, seen: &Seen) -> Result<bool, DeskError> {
        let streams = seen.streams.clone();
        let found = self.desk.db().read_now(move |tx| hashes(tx, &streams))?;
        Ok(found == seen.hashes)
    }

    /// Lets questions go to an index that was opened, once nothing of the erased is left in it.
    fn take_up(&self, mut open: Open) -> Result<Open, Trouble> {
        self.show(&open);
        self.purge(&mut open)?;
        Ok(open)
    }

    /// Writes files anew that hold words of erased persons: what is taken out of an index stays in its files until then.
    /// That it is owed stands in the index itself, so a process that was ended in the middle does it at its next start.
    fn purge(&self, open: &mut Open) -> Result<(), Trouble> {
        let Some(writer) = open.writer.as_mut().filter(|_| open.seen.purge) else { return Ok(()) };
        for segment in open.index.searchable_segment_metas()?.iter().filter(|segment| segment.has_deletes()) {
            writer.merge(&[segment.id()]).wait()?;
        }
        open.seen.purge = false;
        open.reader.reload()?;
        self.show(open);
        let Some(writer) = &mut open.writer else { return Ok(()) };
        // Files nobody reads any more go with it.
        commit(writer, &open.seen)
    }

    /// Lets questions go to this index.
    fn show(&self, open: &Open) {
        let reading = Reading { searcher: open.reader.searcher(), seen: open.seen.streams.clone() };
        self.desk.search_state().read_from(Some(reading));
    }

    /// Sees what the process that feeds has written.
    fn read_anew(&mut self) -> Result<(), Trouble> {
        let house = self.house();
        let Some(open) = &mut self.open else { return Ok(()) };
        // First what it has seen, then what is in it: it can only have more than it says.
        let seen = folder::seen(&open.index, &house)?;
        if seen != open.seen {
            open.reader.reload()?;
            open.seen = seen;
        }
        if let Some(open) = &self.open {
            self.show(open);
        }
        Ok(())
    }

    fn feed(&mut self, folder: &Folder, enough: &dyn Fn() -> bool) -> Result<u64, DeskError> {
        let mut taken = 0;
        while !enough() {
            let Some(open) = &mut self.open else { break };
            let mut piece = Piece { streams: open.seen.streams.clone(), ..Piece::default() };
            let (begun, beside) = (Instant::now(), self.desk.inner.many.any());
            let (most, pieces) = if beside { AT_ONCE_BESIDE } else { AT_ONCE };
            let (mut cases, mut erased, mut any) = (BTreeMap::new(), false, false);
            for n in 0..pieces {
                // Nobody waits at a screen for the index to catch up.
                let behind = n > 0 || taken > 0 || beside;
                let (desk, streams) = (self.desk.clone(), piece.streams);
                let look = move |tx: &mut Tx<'_>| Piece::read(&desk, tx, streams, most);
                let db = self.desk.db();
                piece = if behind { db.read_behind_now(look) } else { db.read_now(look) }?;
                if piece.shrunk {
                    tracing::warn!("the database is older than the search index, which is made anew");
                    return self.make(folder, enough);
                }
                // Of a case that several pieces are about, the last reading counts.
                cases.append(&mut piece.cases);
                erased |= piece.since.erased;
                any |= piece.since.any;
                // Nobody who was erased stays findable until a long batch is read.
                if piece.since.beyond == 0 || erased || begun.elapsed() > LONG_READ || enough() {
                    break;
                }
            }
            if !any {
                break;
            }
            taken += cases.len() as u64;
            let streams = piece.streams.clone();
            let hashes = self.desk.db().read_now(move |tx| hashes(tx, &streams))?;
            self.take_in(&cases, (piece.streams, hashes), erased).map_err(DeskError::from)?;
            if beside {
                // As long as it worked: the processor is left to whoever waits, and a run of ten thousand never gets so far
                // ahead that a case registered meanwhile is found late.
                rested(begun.elapsed(), enough);
            }
            if piece.since.beyond == 0 {
                // What came meanwhile is taken in with what comes next, or a busy house would have an index of crumbs.
                break;
            }
        }
        Ok(taken)
    }

    fn take_in(
        &mut self,
        cases: &BTreeMap<Uuid, Option<Findable>>,
        (streams, hashes): (BTreeMap<i64, i64>, BTreeMap<i64, String>),
        erased: bool,
    ) -> Result<(), Trouble> {
        let shape = &self.desk.search_state().shape;
        let taxonomy = self.desk.library().taxonomy();
        let Some(open) = &mut self.open else { return Ok(()) };
        let Some(writer) = &mut open.writer else { return Ok(()) };
        for (id, case) in cases {
            writer.delete_term(shape.one(*id));
            if let Some(case) = case {
                writer.add_document(shape.document(case, taxonomy))?;
            }
        }
        (open.seen.streams, open.seen.hashes) = (streams, hashes);
        open.seen.purge |= erased;
        commit(writer, &open.seen)?;
        open.reader.reload()?;
        if let Some(mut open) = self.open.take() {
            self.show(&open);
            self.purge(&mut open)?;
            self.open = Some(open);
        }
        Ok(())
    }

    /// Makes an index of everything and puts it in the place of the one in use.
    fn make(&mut self, folder: &Folder, enough: &dyn Fn() -> bool) -> Result<u64, DeskError> {
        let at = folder.new_one()?;
        let made = self.fill(&at, enough);
        let open = match made {
            Ok(Some(open)) => open,
            other => {
                // Told to stop, or no room: nothing half is left behind.
                let _ = std::fs::remove_dir_all(&at);
                return other.map(|_| 0);
            }
        };
        let (open, taken) = open;
        folder.use_it(&at)?;
        folder.granted()?;
        self.show(&open);
        self.open = Some(open);
        folder.tidy()?;
        Ok(taken)
    }

    fn fill(&self, at: &Path, enough: &dyn Fn() -> bool) -> Result<Option<(Open, u64)>, DeskError> {
        let shape = &self.desk.search_state().shape;
        let mut index = Index::create_in_dir(at, shape.schema.clone()).map_err(Trouble::from)?;
        index.set_tokenizers(words::tokenizers());
        let mut writer: IndexWriter<CaseDocument> =
            index.writer_with_num_threads(THREADS, THREADS * MEMORY).map_err(Trouble::from)?;
        // Its files are merged when it is fed on: meanwhile it answers already.
        writer.set_merge_policy(Box::new(NoMergePolicy));
        // What is in the log by now is gone through; what comes is read on.
        let (streams, hashes, halves) = self.desk.db().read_now(|tx| {
            let streams = entries::heads(tx)?.into_iter().collect();
            let hashes = hashes(tx, &streams)?;
            let middle = entries::ends(tx)?.map(|(first, last)| {
                let (first, last) = (first.as_u128(), last.as_u128());
                Uuid::from_u128(first + last.saturating_sub(first) / 2)
            });
            let middle = middle.unwrap_or_default();
            Ok::<_, DeskError>((streams, hashes, [(Uuid::nil(), Some(middle)), (middle, None)]))
        })?;
        let seen = Seen { form: FORM, house: self.house(), streams, hashes, purge: false };
        let taken = std::thread::scope(|scope| {
            // Reading and opening cases goes on while those before are taken in, in two halves: by a reader of those
            // everybody has, and by the one that stands behind them.
            let (pages, read) = std::sync::mpsc::sync_channel(READ_AHEAD);
            for (part, behind) in halves.into_iter().zip([false, true]) {
                let (desk, pages) = (&self.desk, pages.clone());
                scope.spawn(move || {
                    let (mut after, until) = part;
                    loop {
                        let (reader, db) = (desk.clone(), desk.db());
                        let look = move |tx: &mut Tx<'_>| page(&reader, tx, after, until);
                        let page = if behind { db.read_behind_now(look) } else { db.read_now(look) };
                        let last = page.as_ref().ok().and_then(|(_, last)| *last);
                        if pages.send(page.map(|(cases, _)| cases)).is_err() {
                            break;
                        }
                        match last {
                            Some(last) => after = last,
                            None => break,
                        }
                    }
                });
            }
            drop(pages);
            let mut taken = 0;
            for cases in read {
                let cases = cases?;
                for case in &cases {
                    writer.add_document(shape.document(case, self.desk.library().taxonomy())).map_err(Trouble::from)?;
                }
                taken += cases.len() as u64;
                if enough() {
                    return Ok(None);
                }
            }
            Ok::<_, DeskError>(Some(taken))
        })?;
        let Some(taken) = taken else { return Ok(None) };
        commit(&mut writer, &seen)?;
        drop(writer);
        let writer = Some(feeding(&index)?);
        let reader = folder::reader(&index)?;
        Ok(Some((Open { at: at.to_owned(), index, reader, writer, seen }, taken)))
    }
}

/// What takes in what is new: one thread, which as a rule leaves one file each time.
fn feeding(index: &Index) -> Result<IndexWriter<CaseDocument>, Trouble> {
    let writer = index.writer_with_num_threads(1, MEMORY_FEEDING)?;
    writer.set_merge_policy(merges());
    Ok(writer)
}

/// Which files are merged into one.
fn merges() -> Box<LogMergePolicy> {
    let mut merges = LogMergePolicy::default();
    merges.set_min_layer_size(SMALL);
    Box::new(merges)
}

/// Rests, and stops resting when told to stop.
fn rested(long: Duration, enough: &dyn Fn() -> bool) {
    let until = Instant::now() + long.min(LONGEST_REST);
    while Instant::now() < until && !enough() {
        std::thread::sleep(A_MOMENT);
    }
}

/// The hash of the entry at each position, where there is one.
fn hashes(tx: &mut Tx<'_>, streams: &BTreeMap<i64, i64>) -> Result<BTreeMap<i64, String>, DeskError> {
    let mut found = BTreeMap::new();
    for (stream, seq) in streams {
        if let Some(hash) = entries::hashes(tx, *stream, *seq, *seq)?.first() {
            found.insert(*stream, hash.iter().map(|byte| format!("{byte:02x}")).collect());
        }
    }
    Ok(found)
}

/// The next cases in the order of identity, up to one that is the last, and the last subject of them; nothing when there
/// are no more.
fn page(
    desk: &Desk,
    tx: &mut Tx<'_>,
    after: Uuid,
    until: Option<Uuid>,
) -> Result<(Vec<Findable>, Option<Uuid>), DeskError> {
    let mut rows = entries::page(tx, Some((after, i64::MAX, i64::MAX)), THROUGH)?;
    let full = i64::try_from(rows.len()).unwrap_or(0) == THROUGH;
    let last = rows.last().map(|row| row.subject);
    if full && let Some(last) = last {
        // The last one's entries may go on behind the page.
        match rows.iter().all(|row| row.subject == last) {
            true => rows = entries::of(tx, last, Ledger::Case.code())?,
            false => rows.retain(|row| row.subject != last),
        }
    }
    let through = rows.last().map(|row| row.subject).or(last).filter(|_| full);
    let through = through.filter(|last| until.is_none_or(|until| *last < until));
    rows.retain(|row| until.is_none_or(|until| row.subject <= until));
    let mut found = Vec::new();
    for group in rows.chunk_by(|one, other| one.subject == other.subject) {
        let log: Vec<EntryRow> = group.iter().filter(|row| row.ledger == Ledger::Case.code()).cloned().collect();
        if let Some(first) = log.first()
            && let Some(row) = cases::by_id(tx, first.subject)?
        {
            found.push(read::findable(desk, tx, row, &log)?);
        }
    }
    Ok((found, through))
}

fn commit(writer: &mut IndexWriter<CaseDocument>, seen: &Seen) -> Result<(), Trouble> {
    let payload = serde_json::to_string(seen).map_err(|_| Trouble::Unfit("what was seen cannot be written"))?;
    let mut prepared = writer.prepare_commit()?;
    prepared.set_payload(&payload);
    prepared.commit()?;
    Ok(())
}
