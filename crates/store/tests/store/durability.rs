//! What is answered stands; what fails leaves nothing; nothing takes others down with it.

use crate::case;
use store::testing::each_database;
use store::{StoreError, cases, keyring};
use uuid::Uuid;

#[derive(Debug, PartialEq)]
enum Mine {
    Refused,
    Store(StoreError),
}

impl From<StoreError> for Mine {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

#[test]
fn one_failure_among_many_undoes_only_itself() {
    each_database(|scratch| {
        let db = scratch.open().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let outcomes = runtime.block_on(async {
            let mut tasks = Vec::new();
            for n in 0..120 {
                let db = db.clone();
                tasks.push(tokio::spawn(async move {
                    db.write(move |tx| {
                        cases::insert(tx, &case(n))?;
                        match n % 4 {
                            1 => Err(Mine::Refused),
                            2 => panic!("a mistake in the work"),
                            3 => cases::insert(tx, &case(n)).map_err(Mine::from),
                            _ => Ok(()),
                        }
                    })
                    .await
                }));
            }
            let mut outcomes = Vec::new();
            for task in tasks {
                outcomes.push(task.await.unwrap());
            }
            outcomes
        });
        for (n, outcome) in (0_i64..).zip(outcomes) {
            match n % 4 {
                0 => assert_eq!(outcome, Ok(())),
                1 => assert_eq!(outcome, Err(Mine::Refused)),
                2 => assert_eq!(outcome, Err(Mine::Store(StoreError::Panicked))),
                _ => assert!(matches!(outcome, Err(Mine::Store(StoreError::Constraint { .. }))), "{outcome:?}"),
            }
            let there = db.read_now(move |tx| cases::by_id(tx, case(n).id)).unwrap();
            assert_eq!(there, (n % 4 == 0).then(|| case(n)), "case {n}");
        }
        db.close();
    })
    .unwrap();
}

#[test]
fn constraints_are_named() {
    each_database(|scratch| {
        let db = scratch.open().unwrap();
        db.write_now(|tx| cases::insert(tx, &case(1))).unwrap();
        let again = db.write_now(|tx| {
            let twin = store::CaseRow { id: case(2).id, ..case(1) };
            cases::insert(tx, &twin)
        });
        let Err(StoreError::Constraint { name }) = again else { panic!("{again:?}") };
        assert!(name.contains("number"), "{name}");
        db.close();
    })
    .unwrap();
}

#[test]
fn a_row_moves_on_only_from_the_version_seen() {
    each_database(|scratch| {
        let db = scratch.open().unwrap();
        db.write_now(|tx| cases::insert(tx, &case(1))).unwrap();
        let next = store::CaseRow { version: 2, state: "accepted".to_owned(), ..case(1) };
        let update = |before: &store::CaseRow, row: &store::CaseRow| {
            let (before, row) = (before.clone(), row.clone());
            db.write_now(move |tx| cases::update(tx, &before, &row)).unwrap()
        };
        assert!(update(&case(1), &next));
        assert!(!update(&case(1), &next));
        // What keeps its place in lists names fewer columns; the outcome is the same.
        let told = store::CaseRow { version: 3, alarm_at: Some(7), last_due_at: 9, changed_at: 8, ..next.clone() };
        assert!(update(&next, &told));
        assert!(!update(&next, &told));
        let fixed = store::CaseRow { version: 4, number: "other".to_owned(), text_key: None, ..told.clone() };
        assert!(update(&told, &fixed));
        let kept = db.read_now(|tx| cases::by_id(tx, case(1).id)).unwrap().unwrap();
        assert_eq!(kept, store::CaseRow { version: 4, ..told }, "what registration fixed is left alone");
        db.close();
    })
    .unwrap();
}

/// An update names the columns that changed: each of them by itself, there and gone again, and all together.
#[test]
fn whatever_changed_is_written() {
    each_database(|scratch| {
        let db = scratch.open().unwrap();
        let mut now = case(1);
        let first = now.clone();
        db.write_now(move |tx| cases::insert(tx, &first)).unwrap();
        type Change = fn(&mut store::CaseRow);
        let one_by_one: [Change; 17] = [
            |row| row.state = "reopened".to_owned(),
            |row| row.kind = "consultation".to_owned(),
            |row| row.category = None,
            |row| row.category = Some("C301".to_owned()),
            |row| row.grade = None,
            |row| row.grade = Some("urgent".to_owned()),
            |row| row.owner_unit = Uuid::from_u128(41),
            |row| row.owner_user = Some(Uuid::from_u128(42)),
            |row| row.owner_user = None,
            |row| row.changed_at = 43,
            |row| row.closed_at = Some(44),
            |row| row.due_at = 45,
            |row| row.due_rule = Some("rule".to_owned()),
            |row| row.open = !row.open,
            |row| row.alarm_at = Some(46),
            |row| row.alarm_at = None,
            |row| row.last_due_at = 47,
        ];
        let all: Change = |row| {
            row.owner_unit = Uuid::from_u128(51);
            row.owner_user = Some(Uuid::from_u128(52));
            (row.state, row.kind) = ("accepted".to_owned(), "appeal".to_owned());
            (row.category, row.grade) = (Some("A101".to_owned()), Some("major".to_owned()));
            (row.changed_at, row.due_at, row.last_due_at) = (53, 54, 55);
            (row.closed_at, row.alarm_at, row.due_rule) = (None, Some(56), None);
            row.open = !row.open;
        };
        for change in one_by_one.into_iter().chain([all]) {
            let (before, mut after) = (now.clone(), now);
            change(&mut after);
            after.version += 1;
            let row = after.clone();
            assert!(db.write_now(move |tx| cases::update(tx, &before, &row)).unwrap());
            let id = after.id;
            assert_eq!(db.read_now(move |tx| cases::by_id(tx, id)).unwrap().as_ref(), Some(&after));
            now = after;
        }
        db.close();
    })
    .unwrap();
}

#[test]
fn readers_cannot_write() {
    each_database(|scratch| {
        let db = scratch.open().unwrap();
        let written = db.read_now(|tx| keyring::insert_if_absent(tx, "x", b"y"));
        assert!(matches!(written, Err(StoreError::ReadOnly(_))), "{written:?}");
        assert_eq!(db.read_now(|tx| keyring::get(tx, "x")).unwrap(), None);
        db.close();
    })
    .unwrap();
}

#[test]
fn a_part_that_fails_takes_nothing_else_with_it() {
    each_database(|scratch| {
        let db = scratch.open().unwrap();
        let positions = db
            .write_now(|tx| {
                let mut positions = Vec::new();
                for n in 0..6 {
                    let part = tx.attempt(|tx| {
                        cases::insert(tx, &case(n))?;
                        let position = tx.next_position()?;
                        match n % 3 {
                            1 => Err(Mine::Refused),
                            // The same number twice: the database refuses the statement.
                            2 => cases::insert(tx, &case(n)).map_err(Mine::from).map(|()| position),
                            _ => Ok(position),
                        }
                    })?;
                    match (n % 3, part) {
                        (0, Ok(position)) => positions.push(position),
                        (1, Err(Mine::Refused)) | (2, Err(Mine::Store(StoreError::Constraint { .. }))) => {}
                        (_, other) => panic!("{n}: {other:?}"),
                    }
                }
                Ok::<_, Mine>(positions)
            })
            .unwrap();
        assert_eq!(positions[1].1, positions[0].1 + 1, "positions of what failed are given back");
        for n in 0..6 {
            let there = db.read_now(move |tx| cases::by_id(tx, case(n).id)).unwrap();
            assert_eq!(there.is_some(), n % 3 == 0, "case {n}");
        }
        db.close();
    })
    .unwrap();
}
