//! A list of deadlines worked out elsewhere, read from outside the repository: `REDRESS_REFERENCE` names the folder.
//! `make accept` runs it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed test panics")]

mod shipped;

use policy::{Calendar, CalendarSet, VectorOutcome, check_vectors};
use std::path::{Path, PathBuf};

#[test]
#[ignore = "reads material from outside the repository"]
fn the_deadlines_worked_out_elsewhere() {
    let folder = PathBuf::from(std::env::var_os("REDRESS_REFERENCE").expect("REDRESS_REFERENCE names the folder"));
    let text = std::fs::read_to_string(folder.join("deadline_vectors.csv")).unwrap();
    let mut calendars = CalendarSet::default();
    calendars.insert(Calendar::none("UTC").unwrap());
    for file in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/calendars")).unwrap() {
        let path = file.unwrap().path();
        calendars.add("calendar", &std::fs::read_to_string(path).unwrap()).unwrap();
    }
    let packs = [shipped::pack("cn-telecom.toml", shipped::CN_TELECOM)];
    let report = check_vectors(&text, &calendars, &packs, &[]).unwrap();
    println!("{} vectors, {} passed, {} failed", report.vectors, report.passed, report.failed);
    for row in &report.rows {
        let passed = matches!(row.outcome, VectorOutcome::Passed { .. });
        if !passed {
            println!("line {}: {} {}: {:?}", row.line, row.jurisdiction, row.rule, row.outcome);
        }
        // Of the others the packs and some of the calendars are not there.
        assert!(passed || row.jurisdiction != "CN", "line {}: {:?}", row.line, row.outcome);
    }
}
