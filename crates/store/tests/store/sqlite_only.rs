//! What only a file can suffer.

use crate::case;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use store::testing::sqlite;
use store::vault::{self, PersonRow};
use store::{Db, Options, StoreError, Target, cases, dump};
use uuid::Uuid;

#[test]
fn a_file_that_is_no_database_is_said_to_be_none() {
    let scratch = sqlite().unwrap();
    let path = scratch.folder().join("letter.db");
    std::fs::write(&path, "Dear customer, ".repeat(500)).unwrap();
    let opened = Db::open(&Target::Sqlite(path), &Options::default()).map(drop);
    assert!(matches!(opened, Err(StoreError::Corrupt(_))), "{opened:?}");
}

#[test]
fn a_busy_server_lets_the_command_line_in() {
    let scratch = sqlite().unwrap();
    let server = scratch.open().unwrap();
    let beside = Db::open(&scratch.target, &Options::small()).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|lane| {
            let (server, stop) = (server.clone(), Arc::clone(&stop));
            std::thread::spawn(move || {
                let mut n = lane;
                while !stop.load(Ordering::Relaxed) {
                    server.write_now(move |tx| cases::insert(tx, &case(n))).unwrap();
                    n += 4;
                }
            })
        })
        .collect();
    let started = Instant::now();
    for n in 1_000_000..1_000_005 {
        beside.write_now(move |tx| cases::insert(tx, &case(n))).unwrap();
    }
    assert!(started.elapsed() < Duration::from_secs(30));
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.join().unwrap();
    }
    server.close();
    beside.close();
}

#[test]
fn a_schema_from_the_future_is_left_alone() {
    let scratch = sqlite().unwrap();
    let db = scratch.open().unwrap();
    db.write_now(|tx| store::testing::raw(tx, "UPDATE schema_version SET version = 99")).unwrap();
    assert!(matches!(db.migrate(), Err(StoreError::Newer { found: 99, .. })));
    assert!(matches!(db.check_schema(), Err(StoreError::Newer { found: 99, .. })));
    db.close();
}

/// So many thousand rows are far more than the writer would put away itself.
const ROUNDS: i64 = 30;

fn thousand(db: &Db, round: i64) -> Result<(), StoreError> {
    db.write_now(move |tx| (round * 1_000..(round + 1) * 1_000).try_for_each(|n| cases::insert(tx, &case(n))))
}

/// A snapshot keeps the journal from being put away. When it ends, neither the writer nor the command that held it does
/// the work: every registration would wait behind gigabytes.
#[test]
fn what_gathered_behind_a_long_snapshot_is_put_away_beside_the_writer() {
    let scratch = sqlite().unwrap();
    let server = scratch.open().unwrap();
    let backup = Db::open(&scratch.target, &Options::small()).unwrap();
    let writer = server.clone();
    let Target::Sqlite(path) = &scratch.target else { panic!("a file") };
    let length = || std::fs::metadata(path).unwrap().len();
    let before = length();
    let seen = backup
        .read_now(move |tx| {
            let before = cases::by_id(tx, case(1).id)?;
            // Another connection writes meanwhile.
            for round in 0..ROUNDS {
                thousand(&writer, round)?;
            }
            Ok::<_, StoreError>((before, cases::by_id(tx, case(1).id)?))
        })
        .unwrap();
    assert_eq!(seen, (None, None), "the snapshot is of one moment");
    let journal = path.with_extension("db-wal");
    let gathered = std::fs::metadata(&journal).unwrap().len();
    assert!(gathered > 17_000 * 4_096, "{gathered} bytes are work for the writer itself");
    backup.close();
    // Nobody writes meanwhile.
    let began = Instant::now();
    while length() < before + 10_000_000 {
        assert!(began.elapsed() < Duration::from_secs(20), "nothing was put away: {before} bytes are {} now", length());
        std::thread::sleep(Duration::from_millis(20));
    }
    // Used anew instead of growing on.
    for round in ROUNDS..2 * ROUNDS {
        thousand(&server, round).unwrap();
    }
    let after = std::fs::metadata(&journal).unwrap().len();
    assert!(after < gathered * 3 / 2, "the journal of {gathered} bytes grew to {after}");
    server.close();
    assert!(std::fs::metadata(&journal).map_or(0, |journal| journal.len()) == 0, "whoever closes last leaves none");
}

/// Two connections that end in the same moment each take the other for one that stays, and neither puts the journal away:
/// of a database closed in any order it was left about once in thirty times, with whatever had been erased.
#[test]
fn whoever_closes_last_leaves_no_journal_however_often() {
    let scratch = sqlite().unwrap();
    scratch.open().unwrap().close();
    let Target::Sqlite(path) = &scratch.target else { panic!("a file") };
    for n in 0..100 {
        let db = Db::open(&scratch.target, &Options::default()).unwrap();
        db.write_now(move |tx| cases::insert(tx, &case(n))).unwrap();
        db.close();
        assert!(!path.with_extension("db-wal").exists(), "the journal was left at the close numbered {n}");
    }
}

/// The tables a restore drops become free pages, far more than the new ones take up. A key left on one would outlive the
/// erasure of whoever comes back with the backup.
#[test]
fn a_restore_leaves_no_key_of_what_it_replaces() {
    let scratch = sqlite().unwrap();
    let Target::Sqlite(path) = &scratch.target else { panic!("a file") };
    let key = "the wrapped key of";
    let kept = || std::fs::read(path).unwrap().windows(key.len()).any(|seen| seen == key.as_bytes());
    let db = scratch.open().unwrap();
    db.write_now(move |tx| {
        (1..3_000_u32).try_for_each(|n| {
            let wrapped_key = Some(format!("{key} {n}").into_bytes());
            let (id, identity) = (Uuid::from_u128(u128::from(n)), Some(vec![7; 800]));
            vault::insert_person(tx, &PersonRow { id, wrapped_key, identity, created_at: 1, erased_at: None })
        })
    })
    .unwrap();
    db.close();
    assert!(kept());
    let db = scratch.open().unwrap();
    db.write_now(|tx| {
        dump::begin_restore(tx, dump::known_schema())?;
        dump::finish_restore(tx, dump::known_schema())
    })
    .unwrap();
    db.close();
    assert!(!kept(), "what was there lies on in free pages");
}

#[test]
fn whoever_closes_counts_no_rows_for_the_planner() {
    let scratch = sqlite().unwrap();
    let db = scratch.open().unwrap();
    thousand(&db, 0).unwrap();
    // The writer has planned by an index of which nothing was ever counted.
    let open = db.write_now(|tx| cases::open_after(tx, Uuid::nil(), 10)).unwrap();
    assert_eq!(open.len(), 10);
    db.close();
    let db = scratch.open().unwrap();
    let counted = "SELECT COUNT(*) FROM sqlite_schema WHERE name LIKE 'sqlite_stat%'";
    assert_eq!(db.read_now(|tx| tx.query_one(counted, &[], |row| row.int(0))).unwrap(), 0);
    db.close();
}
