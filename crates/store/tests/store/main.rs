//! The store on both databases.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test panics"
)]

mod durability;
mod lists;
mod postgres_only;
mod sqlite_only;
mod streams;
mod tables;

use store::testing::{each_database, prepare_all};
use store::{CaseRow, StoreError};
use uuid::Uuid;

/// A case row whose fields follow from one number.
pub(crate) fn case(n: i64) -> CaseRow {
    let id = Uuid::from_u128(u128::try_from(n).unwrap() + 1);
    let pick = |among: &[&str], by: i64| among[usize::try_from(n / by).unwrap() % among.len()].to_owned();
    let region = pick(&["310115", "3302", "51", ""], 3);
    CaseRow {
        id,
        number: format!("TS-{n:06}"),
        version: 1,
        state: pick(&["triage", "registered", "accepted", "closed"], 2),
        kind: pick(&["complaint", "complaint", "appeal"], 4),
        category: Some(pick(&["A101", "A102", "B204"], 5)),
        grade: Some(pick(&["normal", "major", "urgent"], 7)),
        channel: "hotline".to_owned(),
        person: Uuid::from_u128(u128::try_from(n % 9).unwrap() + 1),
        text_key: Some(vec![1, 2, 3]),
        subject: None,
        owner_unit: Uuid::from_u128(u128::try_from(n % 4).unwrap() + 1),
        owner_user: (n % 3 == 0).then(|| Uuid::from_u128(77)),
        first_owner: None,
        province: region.get(..2).unwrap_or("").to_owned(),
        region,
        received_at: n * 13 % 101,
        registered_at: n,
        changed_at: n,
        closed_at: None,
        // Many share a moment, so that the cursor has to break ties.
        due_at: if n % 6 == 0 { i64::MAX } else { n * 7 % 31 },
        due_rule: None,
        open: n / 2 % 4 != 3,
        alarm_at: None,
        about: None,
        last_due_at: i64::MAX,
    }
}

#[test]
fn every_statement_prepares() {
    each_database(|scratch| {
        let db = scratch.open().unwrap();
        let count = db.read_now(prepare_all).unwrap();
        assert!(count > 400, "{count}");
        assert_eq!(db.migrate().unwrap().from, db.migrate().unwrap().to, "migrating again changes nothing");
        db.check_schema().unwrap();
        db.close();
        let later = db.read_now(|_| Ok::<_, StoreError>(()));
        assert!(matches!(later, Err(StoreError::Unavailable(_))), "work after the end is refused");
    })
    .unwrap();
}

/// Pages are read while something long is read behind them.
#[test]
fn reading_behind_holds_up_no_page() {
    each_database(|scratch| {
        let db = scratch.open().unwrap();
        let (begun, has_begun) = std::sync::mpsc::channel();
        let (go_on, goes_on) = std::sync::mpsc::channel::<()>();
        std::thread::scope(|scope| {
            let behind = scope.spawn(|| {
                db.read_behind_now(move |_| {
                    begun.send(()).unwrap();
                    goes_on.recv().unwrap();
                    Ok::<_, StoreError>(7)
                })
            });
            has_begun.recv().unwrap();
            assert_eq!(db.read_now(|_| Ok::<_, StoreError>(1)), Ok(1));
            go_on.send(()).unwrap();
            assert_eq!(behind.join().unwrap(), Ok(7));
        });
        db.close();
    })
    .unwrap();
}
