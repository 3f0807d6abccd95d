//! Backup and restore, from either database into either: what comes back is whole, goes on, and brings nobody back.

use crate::{House, NOON, house, key_file, named, open, to_the_close};
use desk::backup::read::Reader;
use desk::backup::write::Writer;
use desk::backup::{self, BackupError, Head, Make, Restore, Restored, Summary};
use desk::time::Time;
use desk::{CaseRef, Desk, verify};
use domain::actor::Role;
use jiff::tz::TimeZone;
use serde_json::json;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use store::dump::Value;
use store::testing::{Scratch, postgres, raw, sqlite};
use store::{Db, Options, StoreError};

pub(crate) fn make(desk: &Desk, file: &Path) -> Result<Summary, BackupError> {
    let now = NOON.parse().unwrap();
    let ask = Make { file: file.to_owned(), overwrite: false, rate: 100, now, watch: Box::new(|_| {}) };
    backup::make(desk.db(), ask)
}

pub(crate) fn restore(scratch: &Scratch, file: &Path, discard_existing: bool) -> Result<Restored, BackupError> {
    let (now, zone) = (NOON.parse().unwrap(), TimeZone::get("Asia/Shanghai").unwrap());
    let ask = Restore { file: file.to_owned(), discard_existing, now, zone, watch: Box::new(|_| {}) };
    backup::restore(&scratch.target, ask)
}

fn check(file: &Path) -> Result<Summary, BackupError> {
    backup::check(file, Box::new(|_| {}))
}

/// The desk over a restored database, with the key of the installation it comes from.
fn reopened(scratch: &Scratch, of: &Scratch) -> House {
    let desk = open(scratch, Time::at(NOON.parse().unwrap()), &key_file(of)).unwrap();
    House { desk, runtime: tokio::runtime::Runtime::new().unwrap() }
}

fn each_kind() -> Vec<Scratch> {
    [Some(sqlite().unwrap()), postgres().unwrap()].into_iter().flatten().collect()
}

/// Three cases worked to their close, one open, one row in every table that operations of this test fill.
fn worked(house: &House) -> Vec<CaseRef> {
    let agent = house.user("agent", Role::Specialist, "");
    let cases: Vec<CaseRef> = (0..4).map(|_| named(&house.register(&agent))).collect();
    for case in cases.iter().take(3) {
        to_the_close(house, &agent, case);
    }
    desk::jobs::checkpoint::seal_all(&house.desk).unwrap();
    cases
}

fn assert_whole(house: &House) {
    let report = verify::verify(house.desk.db(), Some(house.desk.public_key())).unwrap();
    assert!(report.is_whole(), "{:?}", report.findings);
}

fn number_of_rows(scratch: &Scratch, table: &'static str) -> i64 {
    let db = Db::open(&scratch.target, &Options::small()).unwrap();
    let sql = format!("SELECT COUNT(*) FROM {table}");
    let rows = db.read_now(move |tx| tx.query_one(&sql, &[], |row| row.int(0))).unwrap();
    db.close();
    rows
}

#[test]
fn either_database_goes_into_either_and_goes_on() {
    let kinds = each_kind().len();
    for (from, to) in (0..kinds).flat_map(|from| (0..kinds).map(move |to| (from, to))) {
        goes_on(&each_kind().remove(from), &each_kind().remove(to));
    }
}

fn goes_on(from: &Scratch, to: &Scratch) {
    let before = house(from);
    let cases = worked(&before);
    let file = to.folder().join("night.backup");
    let made = make(&before.desk, &file).unwrap();
    assert_eq!(check(&file).unwrap().digest, made.digest);
    let shown = before.wait(before.desk.case(&before.system(), &cases[0])).unwrap();
    before.close_down();

    let restored = restore(to, &file, false).unwrap();
    assert_eq!((restored.discarded, restored.summary.digest), ((0, 0), made.digest));
    let after = reopened(to, from);
    assert_whole(&after);
    let view = after.wait(after.desk.case(&after.system(), &cases[0])).unwrap();
    assert_eq!(view.case.record.description, shown.case.record.description, "the words open again");
    assert_eq!((view.case.version, &view.case.number), (shown.case.version, &shown.case.number));

    // The log goes on: old cases, new ones, seals, and numbers nobody has yet.
    let agent = after.user("later", Role::Specialist, "");
    after.act(&agent, &cases[3], 1, "accept", json!({})).unwrap();
    let new = after.register(&agent);
    assert_ne!(new.case.number, shown.case.number);
    desk::jobs::checkpoint::seal_all(&after.desk).unwrap();
    assert_whole(&after);
    let onward = to.folder().join("onward.backup");
    make(&after.desk, &onward).unwrap();
    assert!(matches!(make(&after.desk, &onward), Err(BackupError::Exists(_))), "nothing is overwritten");
    assert!(!to.folder().join("onward.backup.part").exists());
    after.close_down();
}

#[test]
fn a_backup_beside_intake_is_one_moment() {
    for from in each_kind() {
        let busy = house(&from);
        let agent = busy.user("agent", Role::Specialist, "");
        let file = from.folder().join("busy.backup");
        let stop = AtomicBool::new(false);
        let made = std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        busy.register(&agent);
                    }
                });
            }
            std::thread::sleep(std::time::Duration::from_millis(300));
            let made = make(&busy.desk, &file);
            stop.store(true, Ordering::Relaxed);
            made.unwrap()
        });
        busy.close_down();
        let to = sqlite().unwrap();
        restore(&to, &file, false).unwrap();
        let after = reopened(&to, &from);
        assert_whole(&after);
        let cases = made.rows_of("cases");
        assert_eq!(number_of_rows(&to, "cases"), i64::try_from(cases).unwrap());
        after.close_down();
    }
}

#[test]
fn who_was_erased_after_the_backup_does_not_come_back() {
    for to in each_kind() {
        let from = sqlite().unwrap();
        let before = house(&from);
        let cases = worked(&before);
        // The open case is another person's, or nobody of this number could be erased.
        let agent = before.user("closer", Role::Specialist, "");
        to_the_close(&before, &agent, &cases[3]);
        let compliance = before.user("compliance", Role::Compliance, "");
        let file = from.folder().join("before.backup");
        make(&before.desk, &file).unwrap();
        before.wait(before.desk.erase(&compliance, &cases[0], "request")).unwrap();
        before.close_down();
        restore(&to, &file, false).unwrap();
        let after = reopened(&to, &from);
        let view = after.wait(after.desk.case(&after.system(), &cases[0])).unwrap();
        assert!(view.erased, "the erasure is carried out again from the note beside the key");
        assert_whole(&after);
        after.close_down();
    }
}

#[test]
fn an_erasure_on_one_node_outlives_a_restore_on_another() {
    for place in each_kind() {
        let keys = [key_file(&place), place.folder().join("other/master.key")];
        std::fs::create_dir_all(keys[1].parent().unwrap()).unwrap();
        let one = house(&place);
        std::fs::copy(&keys[0], &keys[1]).unwrap();
        let cases = worked(&one);
        let file = place.folder().join("before.backup");
        make(&one.desk, &file).unwrap();
        // The other node is up before the erasure and hears of it by looking.
        let two = open(&place, Time::at(NOON.parse().unwrap()), &keys[1]).unwrap();
        let compliance = one.user("compliance", Role::Compliance, "");
        let first = one.wait(one.desk.erase(&compliance, &cases[0], "request")).unwrap();
        let ledger = keys[1].with_extension("erasures");
        let noted = || std::fs::read_to_string(&ledger).unwrap_or_default();
        assert!(!noted().contains(&first.person.to_string()));
        desk::jobs::run_due(&two, "two").unwrap();
        assert!(noted().contains(&first.person.to_string()));
        // Of the next one it never hears: only the database that is replaced knows.
        let second = one.wait(one.desk.erase(&compliance, &cases[1], "request")).unwrap();
        two.db().close();
        one.close_down();
        assert!(!noted().contains(&second.person.to_string()));

        restore(&place, &file, true).unwrap();
        let desk = open(&place, Time::at(NOON.parse().unwrap()), &keys[1]).unwrap();
        let after = House { desk, runtime: tokio::runtime::Runtime::new().unwrap() };
        let erased = |case| after.wait(after.desk.case(&after.system(), case)).unwrap().erased;
        assert_eq!(cases.iter().map(erased).collect::<Vec<_>>(), [true, true, false, false]);
        assert!(noted().contains(&second.person.to_string()), "from now on this node knows as well");
        assert_whole(&after);
        after.close_down();

        // Into a new database, with this node's file alone.
        let elsewhere = sqlite().unwrap();
        restore(&elsewhere, &file, false).unwrap();
        let desk = open(&elsewhere, Time::at(NOON.parse().unwrap()), &keys[1]).unwrap();
        let after = House { desk, runtime: tokio::runtime::Runtime::new().unwrap() };
        assert!(after.wait(after.desk.case(&after.system(), &cases[1])).unwrap().erased);
        after.close_down();
    }
}

#[test]
fn nobody_is_erased_while_a_case_of_theirs_is_opened_at_that_moment() {
    for place in each_kind() {
        let house = house(&place);
        let agent = house.user("agent", Role::Specialist, "");
        let compliance = house.user("compliance", Role::Compliance, "");
        let mut outcomes = [0, 0];
        for _ in 0..12 {
            let done = to_the_close(&house, &agent, &named(&house.register(&agent)));
            let (case, seen) = (named(&done), done.case.version);
            let (reopened, erased) = std::thread::scope(|scope| {
                let reopening = scope.spawn(|| house.act(&agent, &case, seen, "reopen", json!({"reason": "again"})));
                let erasing = scope.spawn(|| house.wait(house.desk.erase(&compliance, &case, "request")));
                (reopening.join().unwrap(), erasing.join().unwrap())
            });
            let view = house.wait(house.desk.case(&house.system(), &case)).unwrap();
            assert_ne!(reopened.is_ok(), erased.is_ok(), "{reopened:?} {erased:?}");
            assert_eq!((view.case.state.is_open(), view.erased), (reopened.is_ok(), erased.is_ok()));
            outcomes[usize::from(erased.is_ok())] += 1;
            let noted = std::fs::read_to_string(key_file(&place).with_extension("erasures")).unwrap_or_default();
            let person = view.case.person.to_string();
            assert_eq!(noted.contains(&person), view.erased, "a refused erasure is not noted for the next start");
        }
        eprintln!("reopened {}, erased {}", outcomes[0], outcomes[1]);
        assert_whole(&house);
        house.close_down();
    }
}

#[test]
fn no_number_is_given_twice_though_the_backup_knew_less() {
    for to in each_kind() {
        let from = sqlite().unwrap();
        let before = house(&from);
        let agent = before.user("agent", Role::Specialist, "");
        let mut given = std::collections::BTreeSet::new();
        let mut take = |house: &House, count: usize| {
            for _ in 0..count {
                assert!(given.insert(house.register(&agent).case.number), "a number twice");
            }
        };
        take(&before, 3);
        let file = from.folder().join("early.backup");
        make(&before.desk, &file).unwrap();
        // More than one block, so that the backup's end of it is passed.
        take(&before, 1_100);
        before.close_down();
        // The database is lost: nobody knows what was given.
        restore(&to, &file, false).unwrap();
        let after = reopened(&to, &from);
        take(&after, 20);
        after.desk.time().advance(jiff::SignedDuration::from_hours(24));
        take(&after, 5);
        after.close_down();
        // Restored once more over what is there, which knows for certain.
        restore(&to, &file, true).unwrap();
        let again = reopened(&to, &from);
        take(&again, 20);
        again.desk.time().advance(jiff::SignedDuration::from_hours(24));
        take(&again, 5);
        again.close_down();
    }
}

#[test]
fn a_database_that_holds_something_is_left_alone() {
    let from = sqlite().unwrap();
    let before = house(&from);
    let cases = worked(&before);
    let file = from.folder().join("one.backup");
    make(&before.desk, &file).unwrap();
    for to in each_kind() {
        let other = house(&to);
        let agent = other.user("other", Role::Specialist, "");
        let theirs = named(&other.register(&agent));
        let in_use = restore(&to, &file, true).unwrap_err();
        assert!(matches!(in_use, BackupError::InUse), "{in_use:?}");
        other.close_down();
        let occupied = restore(&to, &file, false).unwrap_err();
        assert!(matches!(occupied, BackupError::Occupied { cases: 1, users: 1 }), "{occupied:?}");

        // A file that breaks off late undoes everything that came before.
        let whole = std::fs::read(&file).unwrap();
        let broken = to.folder().join("broken.backup");
        std::fs::write(&broken, &whole[..whole.len() - 60]).unwrap();
        let damaged = restore(&to, &broken, true).unwrap_err();
        assert!(matches!(damaged, BackupError::Damaged { .. }), "{damaged:?}");
        let again = house(&to);
        assert_eq!(again.wait(again.desk.case(&again.system(), &theirs)).unwrap().case.version, 1);
        assert_whole(&again);
        again.close_down();

        let restored = restore(&to, &file, true).unwrap();
        assert_eq!(restored.discarded, (1, 1));
        let after = reopened(&to, &from);
        assert!(after.wait(after.desk.case(&after.system(), &theirs)).is_err());
        assert!(after.wait(after.desk.case(&after.system(), &cases[0])).is_ok());
        assert_whole(&after);
        after.close_down();
    }
    before.close_down();
}

#[test]
fn every_damage_to_the_file_is_found_with_its_place() {
    let from = sqlite().unwrap();
    let before = house(&from);
    worked(&before);
    let file = from.folder().join("sound.backup");
    make(&before.desk, &file).unwrap();
    before.close_down();
    let sound = std::fs::read(&file).unwrap();
    let bad = from.folder().join("bad.backup");
    let read = |bytes: &[u8]| {
        std::fs::write(&bad, bytes).unwrap();
        check(&bad).map(drop)
    };
    for place in (0..sound.len()).step_by(89) {
        let mut flipped = sound.clone();
        flipped[place] ^= 4;
        let found = read(&flipped).unwrap_err();
        assert!(matches!(found, BackupError::Damaged { .. } | BackupError::NoBackup(_)), "byte {place}: {found:?}");
        let cut = read(&sound[..place]).unwrap_err();
        assert!(matches!(cut, BackupError::Damaged { .. } | BackupError::NoBackup(_)), "cut at {place}: {cut:?}");
        if place > 12_000 {
            assert!(cut.to_string().contains("damaged at byte") && cut.to_string().contains("(table "), "{cut}");
        }
    }
    let longer = [sound.as_slice(), b"x"].concat();
    assert!(read(&longer).unwrap_err().to_string().contains("something follows its end"));
    let letter = read(b"Dear Sir or Madam, ").unwrap_err();
    assert!(matches!(letter, BackupError::NoBackup(_)));
    assert!(matches!(check(from.folder()), Err(BackupError::Io { .. })), "a folder is no file");
    read(&sound).unwrap();
}

/// Writes a backup anew with another head and with what `keep` leaves of each row.
fn rewritten(from: &Path, to: &Path, head: &Head, keep: impl Fn(&str, &str) -> bool) {
    let mut reader = Reader::begin(BufReader::new(File::open(from).unwrap()), from).unwrap();
    let old = reader.head().clone();
    let mut writer = Writer::begin(File::create(to).unwrap(), head).unwrap();
    while let Some(read) = reader.rows().unwrap() {
        let table = &old.tables[read.table];
        let Some(place) = head.tables.iter().position(|new| new.name == table.name) else { continue };
        for row in read.rows {
            let kept: Vec<Value> = table
                .columns
                .iter()
                .zip(row)
                .filter(|(name, _)| keep(&table.name, name))
                .map(|(_, value)| value)
                .collect();
            writer.row(place as u64, &kept).unwrap();
        }
    }
    writer.end().unwrap();
}

#[test]
fn an_older_backup_is_brought_to_the_form_of_today_and_a_newer_one_refused() {
    let from = sqlite().unwrap();
    let before = house(&from);
    let cases = worked(&before);
    let file = from.folder().join("today.backup");
    make(&before.desk, &file).unwrap();
    before.close_down();
    let head = Reader::begin(File::open(&file).unwrap(), &file).unwrap().head().clone();

    // As schema 1 knew it: what step 2 added is not there.
    let added = [
        "jobs",
        "notices",
        "handoffs",
        "attachments",
        "attachment_chunks",
        "absences",
        "rule_files",
        "activations",
        "call_backs",
    ];
    let keep = |table: &str, column: &str| {
        !matches!(
            (table, column),
            ("cases", "alarm_at" | "last_due_at" | "about")
                | ("units", "duties" | "closed")
                | ("users", "email" | "bounced" | "one_time")
        )
    };
    let mut old = head.clone();
    old.schema = 1;
    old.tables.retain(|table| !added.contains(&table.name.as_str()));
    for table in &mut old.tables {
        let name = table.name.clone();
        table.columns.retain(|column| keep(&name, column));
    }
    let older = from.folder().join("older.backup");
    rewritten(&file, &older, &old, keep);
    for to in each_kind() {
        restore(&to, &older, false).unwrap();
        let after = reopened(&to, &from);
        assert_whole(&after);
        assert!(after.wait(after.desk.case(&after.system(), &cases[3])).is_ok());
        after.close_down();
        assert_eq!(number_of_rows(&to, "cases WHERE alarm_at = 0"), 1, "migration looked at the restored rows");
    }

    let refused = |change: fn(&mut Head)| {
        let mut other = head.clone();
        change(&mut other);
        let path = from.folder().join("other.backup");
        rewritten(&file, &path, &other, |_, _| true);
        let to = sqlite().unwrap();
        let error = restore(&to, &path, false).unwrap_err();
        let db = Db::open(&to.target, &Options::small()).unwrap();
        assert!(matches!(db.check_schema(), Err(StoreError::Older { found: 0, .. })), "nothing was begun");
        db.close();
        error
    };
    let newer = refused(|head| {
        head.schema = 99;
        head.made_by = "7.1.0".to_owned();
    });
    assert!(newer.to_string().contains("schema 99") && newer.to_string().contains("7.1.0"), "{newer}");
    let newer = refused(|head| {
        head.format = 2;
        head.made_by = "7.1.0".to_owned();
    });
    assert!(newer.to_string().contains("form 2") && newer.to_string().contains("7.1.0"), "{newer}");
    for change in [
        (|head| head.schema = 0) as fn(&mut Head),
        |head| head.tables[0].name = "pg_class; DROP TABLE cases".to_owned(),
        |head| head.tables[0].columns[0] = "name) SELECT".to_owned(),
        |head| head.tables[1].name = head.tables[0].name.clone(),
        |head| head.tables[0].rows += 1,
        |head| head.tables[0].columns.swap(0, 1),
    ] {
        let error = refused(change);
        assert!(matches!(error, BackupError::Damaged { .. }), "{error:?}");
    }
}

#[test]
fn what_keeps_a_backup_from_being_written_is_said_and_leaves_nothing() {
    let from = sqlite().unwrap();
    let before = house(&from);
    let nowhere = from.folder().join("no/such/folder/x.backup");
    let error = make(&before.desk, &nowhere).unwrap_err();
    assert!(error.to_string().contains("x.backup"), "{error}");
    // A table of the future makes reading fail half way.
    before.desk.db().write_now(|tx| raw(tx, "ALTER TABLE jobs RENAME TO trades")).unwrap();
    let file = from.folder().join("half.backup");
    assert!(matches!(make(&before.desk, &file), Err(BackupError::Store(_))));
    assert!(!file.exists() && !from.folder().join("half.backup.part").exists());
    before.close_down();
}
