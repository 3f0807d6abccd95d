//! Rows on their way: read on a thread of their own, made ready by several tasks, committed in batches, settled in the
//! order of the file. Only a bounded number of rows is in memory at any time.

use super::map::ImportMap;
use super::progress::Progress;
use super::records::{Record, Records, Stopped};
use super::rejected::{Reason, Rejected, our_columns, own};
use super::row::{Columns, Wrong, set_aside};
use super::text::Text;
use super::{Summary, What};
use crate::cli::{self, told};
use desk::import::{Row, TakenIn};
use desk::{Caller, Desk, DeskError};
use domain::fault::Fault;
use domain::intake::Intake;
use std::collections::VecDeque;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::mpsc;

/// Rows that share a transaction: a commit costs the disk as much for few rows as for many.
const BATCH: usize = 256;
/// Bytes after which a batch is full, however few its rows.
const FULL: usize = 1 << 20;
/// Batches under way at the same time: some are made ready while others are written.
const UNDER_WAY: usize = 8;

/// What every batch needs.
struct Job {
    what: What,
    desk: Desk,
    caller: Caller,
    map: ImportMap,
    columns: Columns,
    /// Whether the last rows were known; then looking first saves making them ready.
    known_ones: AtomicBool,
}

/// What became of a batch.
#[derive(Default)]
struct Settled {
    registered: u64,
    attached: u64,
    known: u64,
    rejected: Vec<(Record, Reason)>,
}

type Batch = tokio::task::JoinHandle<Result<(u64, Settled), String>>;

/// Takes a file in.
///
/// # Errors
/// What is wrong with the file as a whole. What ends an import midway stands in the summary.
pub(super) async fn take_in(
    desk: &Desk,
    caller: Caller,
    what: What,
    map: ImportMap,
    file: &Path,
    list: &Path,
) -> Result<Summary, String> {
    let shown = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let opened = File::open(file).map_err(|error| shown(&error))?;
    let size = opened.metadata().map_or(0, |about| about.len());
    let read = Arc::new(AtomicU64::new(0));
    let mut records = Records::new(Text::new(opened, map.encoding, Arc::clone(&read)));
    let header = records.next().map_err(|error| shown(&error))?.ok_or_else(|| shown(&"the file is empty"))?;
    if header.broken.is_some() {
        return Err(shown(&format!("line {}: the heading's bytes are not {}", header.line, map.encoding.name())));
    }
    let ours = our_columns(&header);
    let columns = Columns::bind(&map, &own(&header, &ours), !ours.is_empty()).map_err(|error| shown(&error))?;
    let mut list = Rejected::new(list.to_owned(), columns.headings().to_vec());
    let known_ones = AtomicBool::new(true);
    let job = Arc::new(Job { what, desk: desk.clone(), caller, map, columns, known_ones });
    let (send, mut batches) = mpsc::channel(UNDER_WAY);
    let reader = std::thread::spawn(move || read_batches(records, &ours, &send));
    let mut progress = Progress::new(size);
    let mut summary = Summary::default();
    let mut under_way: VecDeque<Batch> = VecDeque::new();
    while summary.stopped.is_none() {
        let batch = match batches.recv().await {
            Some(Ok(batch)) => batch,
            Some(Err(stopped)) => {
                summary.unread = Some(shown(&stopped));
                break;
            }
            None => break,
        };
        if under_way.len() >= UNDER_WAY
            && let Some(first) = under_way.pop_front()
        {
            summary.settle(first, &mut list).await?;
            progress.show(read.load(Ordering::Relaxed), summary.rows, summary.known, summary.rejected);
        }
        under_way.push_back(tokio::spawn(carry_out(Arc::clone(&job), batch)));
    }
    for batch in under_way {
        summary.settle(batch, &mut list).await?;
    }
    drop(batches);
    reader.join().map_err(|_| "reading the file failed".to_owned())?;
    summary.seconds = progress.seconds();
    drop(progress);
    summary.list = list.finish()?.map(Path::to_owned);
    Ok(summary)
}

/// Reads until the file or the interest ends.
fn read_batches(mut records: Records<File>, ours: &[usize], send: &mpsc::Sender<Result<Vec<Record>, Stopped>>) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut bytes = 0;
    loop {
        let next = records.next();
        if let Ok(Some(record)) = next {
            bytes += record.size();
            batch.push(if ours.is_empty() { record } else { own(&record, ours) });
            if batch.len() < BATCH && bytes < FULL {
                continue;
            }
            bytes = 0;
            if send.blocking_send(Ok(std::mem::take(&mut batch))).is_err() {
                return;
            }
            continue;
        }
        if !batch.is_empty() && send.blocking_send(Ok(std::mem::take(&mut batch))).is_err() {
            return;
        }
        if let Err(stopped) = next {
            // Whoever no longer listens has a reason of their own.
            let _ = send.blocking_send(Err(stopped));
        }
        return;
    }
}

async fn carry_out(job: Arc<Job>, batch: Vec<Record>) -> Result<(u64, Settled), String> {
    let (count, line) = (batch.len() as u64, batch.first().map_or(0, |record| record.line));
    let settled = match job.what {
        What::Complaints => job.complaints(batch).await,
        What::Handoffs => job.handoffs(batch).await,
    };
    // Without the database no further row can be judged either.
    let settled = settled.map_err(|error| format!("line {line}: {}; import again to go on", told(&error)))?;
    job.known_ones.store(settled.known > 0, Ordering::Relaxed);
    Ok((count, settled))
}

impl Job {
    async fn complaints(&self, batch: Vec<Record>) -> Result<Settled, DeskError> {
        let mut settled = Settled::default();
        let (mut rows, mut records) = (Vec::with_capacity(batch.len()), Vec::with_capacity(batch.len()));
        for record in batch {
            let (mut input, wrong) = match self.columns.input(&self.map, &record) {
                Ok(read) => read,
                Err(wrong) => {
                    self.reject(&mut settled, record, vec![wrong]);
                    continue;
                }
            };
            // Known by what stands in the file, whatever later releases make of it.
            let content = input.to_string().into_bytes();
            set_aside(&mut input);
            match Intake::read(input) {
                Ok(intake) if wrong.is_empty() => {
                    let id = self.columns.id(&record).to_owned();
                    rows.push(Row { source: self.map.source.clone(), id, content, intake });
                    records.push(record);
                }
                Ok(_) => self.reject(&mut settled, record, wrong),
                Err(faults) => {
                    let wrong = together(wrong, &faults);
                    self.reject(&mut settled, record, wrong);
                }
            }
        }
        let outcomes = self.desk.take_in(&self.caller, rows, self.known_ones.load(Ordering::Relaxed)).await?;
        for (record, outcome) in records.into_iter().zip(outcomes) {
            match outcome {
                Ok(TakenIn::Registered) => settled.registered += 1,
                Ok(TakenIn::Known) => settled.known += 1,
                Ok(TakenIn::Differs) => {
                    let reason = "this identity was taken in before with other content; the case was left as it is";
                    self.reject(&mut settled, record, vec![(self.map.id.clone(), reason.to_owned())]);
                }
                Err(error) => self.refuse(&mut settled, record, error)?,
            }
        }
        settled.rejected.sort_by_key(|(record, _)| record.line);
        Ok(settled)
    }

    async fn handoffs(&self, batch: Vec<Record>) -> Result<Settled, DeskError> {
        let mut settled = Settled::default();
        for record in batch {
            let mut input = match self.columns.input(&self.map, &record) {
                Ok((input, wrong)) if wrong.is_empty() => input,
                Ok((_, wrong)) => {
                    self.reject(&mut settled, record, wrong);
                    continue;
                }
                Err(wrong) => {
                    self.reject(&mut settled, record, vec![wrong]);
                    continue;
                }
            };
            if let Some(contact) = input.get_mut("complaint") {
                set_aside(contact);
            }
            match self.desk.hand_off(&self.caller, input).await {
                Ok(handed) if handed.replayed => settled.known += 1,
                Ok(handed) if handed.receipt.attached => settled.attached += 1,
                Ok(_) => settled.registered += 1,
                Err(error) => self.refuse(&mut settled, record, error)?,
            }
        }
        Ok(settled)
    }

    /// What the desk says to one row; trouble of its own is everybody's.
    fn refuse(&self, settled: &mut Settled, record: Record, error: DeskError) -> Result<(), DeskError> {
        let DeskError::Refused(refusal) = &error else { return Err(error) };
        let wrong = if refusal.faults.is_empty() {
            vec![(String::new(), told(&error))]
        } else {
            together(Vec::new(), &refusal.faults)
        };
        self.reject(settled, record, wrong);
        Ok(())
    }

    fn reject(&self, settled: &mut Settled, record: Record, wrong: Vec<Wrong>) {
        let mut fields: Vec<&str> = wrong.iter().map(|(field, _)| field.as_str()).collect();
        fields.dedup();
        let reason = match wrong.as_slice() {
            [(_, reason)] => reason.clone(),
            several => {
                several.iter().map(|(field, reason)| format!("{field}: {reason}")).collect::<Vec<_>>().join("; ")
            }
        };
        let id = self.columns.id(&record).to_owned();
        let reason = Reason { line: record.line, id, field: fields.join(", "), reason };
        settled.rejected.push((record, reason));
    }
}

/// What the map found and what the shape found; a field the map could not read is not missing besides.
fn together(mut wrong: Vec<Wrong>, faults: &[Fault]) -> Vec<Wrong> {
    let known: Vec<String> = wrong.iter().map(|(field, _)| field.clone()).collect();
    let more = faults.iter().filter(|fault| !known.contains(&fault.field));
    wrong.extend(more.map(|fault| (fault.field.clone(), cli::reason(fault))));
    wrong
}

impl Summary {
    async fn settle(&mut self, batch: Batch, list: &mut Rejected) -> Result<(), String> {
        match batch.await.map_err(|error| error.to_string())? {
            Ok((rows, settled)) => {
                self.rows += rows;
                self.registered += settled.registered;
                self.attached += settled.attached;
                self.known += settled.known;
                for (record, reason) in settled.rejected {
                    list.add(&record, &reason)?;
                    self.rejected += 1;
                    self.note(reason);
                }
            }
            Err(stopped) => self.stopped = self.stopped.take().or(Some(stopped)),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_named_once() {
        let wrong = vec![("kind".to_owned(), "has no \"x\" in the map".to_owned())];
        let faults = [Fault::new("kind", "required"), Fault::new("description", "required")];
        let both = together(wrong, &faults);
        assert_eq!(both.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(), ["kind", "description"]);
    }
}
