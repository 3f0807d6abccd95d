//! The list of tables a backup copies, held against the tables there are: whoever adds one says what becomes of it.

use crate::case;
use std::collections::{BTreeMap, BTreeSet};
use store::dump::{self, Value};
use store::tables::{Kind, LEFT_OUT, TABLES};
use store::testing::{each_database, postgres, sqlite};
use store::{StoreError, cases};

/// Every column of every table that is there: name and kind, as SQLite tells them.
fn there() -> BTreeMap<String, BTreeSet<(String, &'static str)>> {
    let scratch = sqlite().unwrap();
    let db = scratch.open().unwrap();
    let rows = db
        .read_now(|tx| {
            tx.query(
                "SELECT m.name, c.name, c.type FROM sqlite_schema m, pragma_table_info(m.name) c
                    WHERE m.type = 'table'",
                &[],
                |row| Ok((row.text(0)?, row.text(1)?, row.text(2)?)),
            )
        })
        .unwrap();
    db.close();
    let mut tables: BTreeMap<String, BTreeSet<(String, &'static str)>> = BTreeMap::new();
    for (table, column, kind) in rows {
        let kind = match kind.as_str() {
            "BIGINT" => "Int",
            "TEXT" => "Text",
            "BLOB" => "Blob",
            other => panic!("{table}.{column} is {other}, which a backup does not know"),
        };
        tables.entry(table).or_default().insert((column, kind));
    }
    tables
}

#[test]
fn every_table_is_copied_or_left_out_for_a_reason() {
    let there = there();
    let copied: BTreeSet<&str> = TABLES.iter().map(|table| table.name).collect();
    let left_out: BTreeSet<&str> = LEFT_OUT.iter().map(|(name, _)| *name).collect();
    assert_eq!(copied.len(), TABLES.len(), "a table stands in the list twice");
    assert!(copied.is_disjoint(&left_out));
    for name in there.keys() {
        assert!(
            copied.contains(name.as_str()) || left_out.contains(name.as_str()),
            "table {name} is new: list it in crates/store/src/tables.rs, or leave it out there with a reason"
        );
    }
    for name in copied.union(&left_out) {
        assert!(there.contains_key(*name), "table {name} is listed and not there");
    }
    for table in TABLES {
        let listed: BTreeSet<(String, &str)> = table
            .columns
            .iter()
            .map(|(name, kind)| {
                let kind = match kind {
                    Kind::Int => "Int",
                    Kind::Text => "Text",
                    Kind::Blob => "Blob",
                };
                ((*name).to_owned(), kind)
            })
            .collect();
        assert_eq!(Some(&listed), there.get(table.name), "columns of {}", table.name);
    }
}

/// A page begins after the last key; were the key not unique, rows with the same one would be lost.
#[test]
fn keys_are_unique() {
    let scratch = sqlite().unwrap();
    let db = scratch.open().unwrap();
    for table in TABLES {
        let key: BTreeSet<String> = table.columns.iter().take(table.key).map(|(name, _)| (*name).to_owned()).collect();
        let sql =
            "SELECT l.name, c.name FROM pragma_index_list(?1) l, pragma_index_info(l.name) c WHERE l.\"unique\" = 1
            UNION ALL SELECT '', c.name FROM pragma_table_info(?1) c WHERE c.pk > 0";
        let found =
            db.read_now(move |tx| tx.query(sql, &[table.name.into()], |row| Ok((row.text(0)?, row.text(1)?)))).unwrap();
        let mut indexes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (index, column) in found {
            indexes.entry(index).or_default().insert(column);
        }
        assert!(indexes.values().any(|columns| *columns == key), "{}: {key:?} is not unique", table.name);
    }
    db.close();
}

#[test]
fn pages_joined_are_the_table() {
    each_database(|scratch| {
        let db = scratch.open().unwrap();
        db.write_now(|tx| {
            for n in 0..2_500 {
                cases::insert(tx, &case(n))?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
        let table = store::tables::by_name("cases").unwrap();
        let (counted, rows) = db
            .read_now(move |tx| {
                tx.take_time()?;
                let mut rows: Vec<Vec<Value>> = Vec::new();
                loop {
                    let page = dump::page(tx, table, rows.last().map(Vec::as_slice))?;
                    if page.is_empty() {
                        return Ok::<_, StoreError>((dump::count(tx, table)?, rows));
                    }
                    rows.extend(page);
                }
            })
            .unwrap();
        assert_eq!((counted, rows.len()), (2_500, 2_500));
        let ids: BTreeSet<String> = rows.iter().map(|row| format!("{:?}", row[0])).collect();
        assert_eq!(ids.len(), 2_500, "a row came twice");
        assert!(rows.iter().all(|row| row.iter().zip(table.columns).all(|(value, (_, kind))| value.is(*kind))));
        db.close();
    })
    .unwrap();
}

#[test]
fn a_database_in_use_is_said_to_be_in_use() {
    for scratch in [Some(sqlite().unwrap()), postgres().unwrap()].into_iter().flatten() {
        assert!(store::Db::is_free(&scratch.target).unwrap(), "nobody has it yet");
        let db = scratch.open().unwrap();
        // The second time, so that a connection to PostgreSQL has taken its stream.
        db.migrate().unwrap();
        assert!(!store::Db::is_free(&scratch.target).unwrap());
        db.close();
        // PostgreSQL ends a session a moment after its client has gone.
        let left = (0..100).any(|_| {
            let free = store::Db::is_free(&scratch.target).unwrap();
            if !free {
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
            free
        });
        assert!(left, "everybody has left");
    }
}
