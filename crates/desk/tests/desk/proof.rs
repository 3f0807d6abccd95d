//! J1 and J2: whoever changes the log is found out; whoever is erased is gone, and the proof still holds.

use crate::{House, house, named, open, refusal, to_the_close};
use desk::time::Time;
use desk::verify::{self, Report};
use desk::{CaseRef, DeskError};
use domain::actor::Role;
use serde_json::json;
use store::testing::{Scratch, each_database, raw};

fn some_cases(house: &House) -> Vec<CaseRef> {
    let agent = house.user("agent", Role::Specialist, "");
    let cases: Vec<CaseRef> = (0..3).map(|_| named(&house.register(&agent))).collect();
    for case in &cases {
        to_the_close(house, &agent, case);
    }
    desk::jobs::checkpoint::seal_all(&house.desk).unwrap();
    cases
}

fn export(house: &House) -> Vec<String> {
    let mut bytes = Vec::new();
    verify::export(house.desk.db(), &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
}

fn verify_lines(lines: &[String]) -> Report {
    verify::verify_export(&mut lines.join("\n").as_bytes()).unwrap()
}

#[test]
fn an_untouched_log_adds_up() {
    each_database(|scratch| {
        let house = house(scratch);
        some_cases(&house);
        let report = verify::verify(house.desk.db(), Some(house.desk.public_key())).unwrap();
        assert!(report.is_whole(), "{:?}", report.findings);
        assert_eq!((report.cases, report.unsealed), (3, 0));
        assert!(report.checkpoints >= 1);
        let report = verify_lines(&export(&house));
        assert!(report.is_whole(), "{:?}", report.findings);
        house.close_down();
    })
    .unwrap();
}

#[test]
fn every_kind_of_damage_is_named() {
    let damages = [
        "UPDATE entries SET body = REPLACE(body, 'hotline', 'web') WHERE version = 1 AND ledger = 0",
        "UPDATE entries SET actor = 'system' WHERE version = 3 AND ledger = 0",
        "UPDATE entries SET at = at + 1 WHERE version = 2 AND ledger = 0",
        "UPDATE entries SET hash = prev WHERE version = 4 AND ledger = 0",
        "DELETE FROM entries WHERE version = 5 AND ledger = 0",
        "DELETE FROM entries WHERE version = 10 AND ledger = 0",
        "UPDATE entries SET version = version + 100 WHERE version >= 9 AND ledger = 0",
        "DELETE FROM entries WHERE ledger = 2",
        "DELETE FROM checkpoints",
        "UPDATE checkpoints SET root = prev",
        "UPDATE checkpoints SET leaves = leaves - 1",
        "UPDATE cases SET version = version + 1",
        "DELETE FROM cases",
    ];
    each_database(|scratch| {
        let house = house(scratch);
        some_cases(&house);
        for damage in damages {
            let saved = snapshot(&house);
            house.desk.db().write_now(move |tx| raw(tx, damage)).unwrap();
            let report = verify::verify(house.desk.db(), None).unwrap();
            assert!(!report.is_whole(), "{damage} goes unnoticed");
            restore(&house, &saved);
        }
        assert!(verify::verify(house.desk.db(), None).unwrap().is_whole());
        house.close_down();
    })
    .unwrap();
}

const TABLES: [&str; 3] = ["entries", "checkpoints", "cases"];

/// Keeps copies of the tables that are damaged.
fn snapshot(house: &House) -> Vec<String> {
    let mut names = Vec::new();
    for table in TABLES {
        let copy = format!("copy_of_{table}");
        let sql = format!("DROP TABLE IF EXISTS {copy}; CREATE TABLE {copy} AS SELECT * FROM {table}");
        house.desk.db().write_now(move |tx| raw(tx, &sql)).unwrap();
        names.push(copy);
    }
    names
}

fn restore(house: &House, copies: &[String]) {
    for (table, copy) in TABLES.iter().zip(copies) {
        let sql = format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {copy}");
        house.desk.db().write_now(move |tx| raw(tx, &sql)).unwrap();
    }
}

#[test]
fn an_export_cannot_be_touched_either() {
    each_database(|scratch| {
        let house = house(scratch);
        some_cases(&house);
        let lines = export(&house);
        for position in 0..lines.len() {
            let mut dropped = lines.clone();
            dropped.remove(position);
            assert!(!verify_lines(&dropped).is_whole(), "line {position} may be dropped: {}", lines[position]);
            let mut flipped = lines.clone();
            let middle = flipped[position].len() / 2;
            let place = (middle..).find(|place| flipped[position].as_bytes()[*place].is_ascii_alphanumeric()).unwrap();
            let other = if flipped[position].as_bytes()[place] == b'0' { "1" } else { "0" };
            flipped[position].replace_range(place..=place, other);
            assert!(
                !verify_lines(&flipped).is_whole(),
                "line {position} may be changed at {place}: {}",
                lines[position]
            );
        }
        let mut swapped = lines.clone();
        // Two entries of one chain; the order of chains in the file says nothing.
        let second = lines.iter().position(|line| line.contains("\"version\":2,")).unwrap();
        swapped.swap(second - 1, second);
        assert!(!verify_lines(&swapped).is_whole());
        assert!(!verify_lines(&lines[..lines.len() / 2]).is_whole(), "truncated");
        house.close_down();
    })
    .unwrap();
}

/// Everything the database holds, as text.
fn everything(scratch: &Scratch, house: &House) -> String {
    let mut all = export(house).join("\n");
    if let store::Target::Sqlite(path) = &scratch.target {
        for file in [path.clone(), path.with_extension("db-wal")] {
            all.push_str(&String::from_utf8_lossy(&std::fs::read(file).unwrap_or_default()));
        }
    }
    all
}

#[test]
fn who_is_erased_is_gone_and_the_proof_still_holds() {
    each_database(|scratch| {
        let house = house(scratch);
        let cases = some_cases(&house);
        let compliance = house.user("compliance", Role::Compliance, "");
        let stored = everything(scratch, &house);
        for word in ["13800138000", "13900139000", "王小明", "wang@example.com", "11010519491231002X", "视频会员"]
        {
            assert!(!stored.contains(word), "{word} stands in the database in the clear");
        }
        let agent = house.user("agent2", Role::Specialist, "");
        let open_case = named(&house.register(&agent));
        let waiting = house.wait(house.desk.erase(&compliance, &open_case, "request")).unwrap_err();
        assert_eq!(refusal(waiting).code, "person_has_open_case");
        house.wait(house.desk.erase(&compliance, &cases[0], "request of the person")).unwrap();
        let view = house.wait(house.desk.case(&compliance, &cases[0])).unwrap();
        assert!(view.erased && view.identity.is_none());
        assert_eq!(view.case.record.description.plain(), Some(desk::queries::case::ERASED));
        let report = verify::verify(house.desk.db(), None).unwrap();
        assert!(report.is_whole(), "{:?}", report.findings);
        let note = house.act(&agent, &cases[0], 10, "note", json!({"text": "x"})).unwrap_err();
        assert!(matches!(note, DeskError::Cipher(_) | DeskError::Refused(_)), "{note:?}");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn a_restored_backup_brings_nobody_back() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let cases = some_cases(&house);
    let compliance = house.user("compliance", Role::Compliance, "");
    let store::Target::Sqlite(path) = &scratch.target else { panic!("a file") };
    let backup = scratch.folder().join("backup.db");
    let to = backup.display().to_string();
    let key = crate::key_file(&scratch);
    house.desk.db().write_now(|tx| raw(tx, "SELECT 1")).unwrap();
    house.desk.db().close();
    std::fs::copy(path, &to).unwrap();
    let again = open(&scratch, Time::System, &key).unwrap();
    house.runtime.block_on(again.erase(&compliance, &cases[0], "request")).unwrap();
    again.db().close();
    std::fs::copy(&to, path).unwrap();
    let restored = open(&scratch, Time::System, &key).unwrap();
    let view = house.runtime.block_on(restored.case(&compliance, &cases[0])).unwrap();
    assert!(view.erased, "the erasure is replayed from the note beside the key");
    restored.db().close();
}
