//! The bare store writing the same rows a server wrote: what the database alone costs.

use super::process::cpu_of;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use store::{
    CaseRow, Db, EntryRow, ItemRow, Options, PersonRow, StoreError, Target, WaitingRow, cases, entries, routing, vault,
};
use uuid::Uuid;

/// Rows of this many cases are taken as patterns.
const PATTERNS: i64 = 2_000;

struct Pattern {
    case: CaseRow,
    person: PersonRow,
    items: Vec<ItemRow>,
    entry: EntryRow,
}

pub(super) struct Figures {
    pub(super) per_second: f64,
    pub(super) per_cpu: f64,
}

pub(super) fn run(source: &Path, folder: &Path, callers: u64, seconds: u64) -> Result<Figures, String> {
    let shown = |error: StoreError| error.to_string();
    let from = Db::open(&Target::Sqlite(source.to_owned()), &Options::small()).map_err(shown)?;
    let patterns = Arc::new(from.read_now(patterns).map_err(shown)?);
    from.close();
    if patterns.is_empty() {
        return Err("the server wrote nothing to copy".to_owned());
    }
    let db = Db::open(&Target::Sqlite(folder.join("bare.db")), &Options::default()).map_err(shown)?;
    db.migrate().map_err(shown)?;
    let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|e| e.to_string())?;
    let (begun, cpu) = (Instant::now(), cpu_of("self"));
    runtime.block_on(async {
        let mut lanes = Vec::new();
        for lane in 0..callers {
            let (db, patterns, stop, count) =
                (db.clone(), Arc::clone(&patterns), Arc::clone(&stop), Arc::clone(&count));
            lanes.push(tokio::spawn(async move {
                let mut n = usize::try_from(lane).unwrap_or(0);
                while !stop.load(Ordering::Relaxed) {
                    let patterns = Arc::clone(&patterns);
                    db.write(move |tx| write(tx, patterns.get(n % patterns.len()))).await?;
                    count.fetch_add(1, Ordering::Relaxed);
                    n += 7;
                }
                Ok::<_, StoreError>(())
            }));
        }
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        stop.store(true, Ordering::Relaxed);
        for lane in lanes {
            lane.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        }
        Ok::<_, String>(())
    })?;
    let (written, used) = (count.load(Ordering::Relaxed) as f64, cpu_of("self") - cpu);
    let per_second = written / begun.elapsed().as_secs_f64();
    drop(runtime);
    db.close();
    Ok(Figures { per_second, per_cpu: written / used.max(0.01) })
}

fn patterns(tx: &mut store::Tx<'_>) -> Result<Vec<Pattern>, StoreError> {
    let mut found = Vec::new();
    for (id, ..) in cases::versions_after(tx, None, PATTERNS)? {
        let (Some(case), Some(entry)) = (cases::by_id(tx, id)?, entries::of(tx, id, 0)?.into_iter().next()) else {
            continue;
        };
        let Some(person) = vault::person(tx, case.person)? else { continue };
        found.push(Pattern { items: vault::items(tx, id)?, case, person, entry });
    }
    Ok(found)
}

/// Writes the rows of one registration under new identities.
fn write(tx: &mut store::Tx<'_>, pattern: Option<&Pattern>) -> Result<(), StoreError> {
    let Some(pattern) = pattern else { return Ok(()) };
    let (case_id, person_id) = (Uuid::now_v7(), Uuid::now_v7());
    vault::insert_person(tx, &PersonRow { id: person_id, ..pattern.person.clone() })?;
    // A look-up by a keyed hash: any 32 bytes that spread alike.
    let hash = [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat();
    vault::insert_lookup(tx, &hash, "phone", person_id)?;
    for item in &pattern.items {
        vault::insert_item(tx, &ItemRow { case_id, ..item.clone() })?;
    }
    if pattern.case.owner_user.is_none() {
        let (unit, due_at) = (pattern.case.owner_unit, pattern.case.due_at);
        routing::wait(tx, case_id, Some(&WaitingRow { case: case_id, unit, rank: 1, due_at }))?;
    }
    let number = format!("TS-{}", case_id.simple());
    cases::insert(tx, &CaseRow { id: case_id, person: person_id, number, ..pattern.case.clone() })?;
    let (stream, seq) = tx.next_position()?;
    entries::append(tx, &EntryRow { subject: case_id, version: 1, stream, seq, ..pattern.entry.clone() })
}
