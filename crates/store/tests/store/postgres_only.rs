//! What only a server across a wire can suffer.

use crate::case;
use store::testing::{self, postgres};
use store::{Db, Options, StoreError, Target, cases};

#[test]
fn a_lost_connection_heals_by_itself() {
    let Some(scratch) = postgres().unwrap() else {
        return;
    };
    let db = scratch.open().unwrap();
    for round in 0..5 {
        db.write_now(move |tx| cases::insert(tx, &case(round))).unwrap();
        // The statement ends its own connection too: that one is in flight and says so.
        let _ = db.write_now(|tx| {
            testing::raw(
                tx,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
                 AND application_name = 'redress'",
            )
        });
    }
    for round in 0..5 {
        let found = db.read_now(move |tx| cases::by_id(tx, case(round).id)).unwrap();
        assert_eq!(found, Some(case(round)));
    }
    db.close();
}

#[test]
fn a_statement_that_failed_is_never_passed_over() {
    let Some(scratch) = postgres().unwrap() else {
        return;
    };
    let db = scratch.open().unwrap();
    let outcome = db.write_now(|tx| {
        cases::insert(tx, &case(1))?;
        let _ = cases::insert(tx, &case(1));
        Ok::<_, StoreError>(())
    });
    assert!(matches!(outcome, Err(StoreError::Sql(_))), "{outcome:?}");
    assert_eq!(db.read_now(|tx| cases::by_id(tx, case(1).id)).unwrap(), None);
    db.close();
}

/// Text is compared as SQLite does, whatever language the database was made for: what an order or a span of text is does not
/// change from house to house.
#[test]
fn text_is_compared_byte_by_byte_in_any_language() {
    let Some(scratch) = testing::postgres_in("en-US").unwrap() else {
        return;
    };
    let order = |db: &Db| {
        db.read_now(|tx| {
            let names = tx.query("SELECT key FROM attempts ORDER BY key", &[], |row| row.text(0))?;
            let span = "SELECT COUNT(*) FROM attempts WHERE key >= ?1 AND key < ?2";
            let span = tx.query_one(span, &["N-1/".into(), "N-10".into()], |row| row.int(0))?;
            Ok::<_, StoreError>((names, span))
        })
        .unwrap()
    };
    let keys = ["N-1", "N-1/a", "N-1/B", "N-10", "n-1/c", "_"];
    let mut sorted = keys.map(str::to_owned);
    sorted.sort();
    let db = scratch.open().unwrap();
    db.write_now(move |tx| {
        for key in keys {
            tx.execute("INSERT INTO attempts (key, window_start, count) VALUES (?1, 0, 0)", &[key.into()])?;
        }
        assert!(testing::prepare_all(tx)? > 100);
        Ok::<_, StoreError>(())
    })
    .unwrap();
    assert_eq!(order(&db), (sorted.to_vec(), 2));
    // Tables made before text was defined so are brought to it.
    db.write_now(|tx| testing::raw(tx, "ALTER TABLE attempts ALTER COLUMN key TYPE TEXT COLLATE \"default\"")).unwrap();
    db.close();
    let db = Db::open(&scratch.target, &Options::default()).unwrap();
    assert_ne!(order(&db), (sorted.to_vec(), 2), "the language of the database counts where nothing else is said");
    db.migrate().unwrap();
    assert_eq!(order(&db), (sorted.to_vec(), 2));
    db.close();
}

#[test]
fn a_server_that_is_not_there_is_said_to_be_unavailable() {
    let target = Target::Postgres("postgres://redress:secret@127.0.0.1:1/redress".to_owned());
    assert!(!format!("{target:?}").contains("secret"));
    let db = Db::open(&target, &Options::small()).unwrap();
    let answer = db.read_now(|tx| cases::by_id(tx, case(1).id)).unwrap_err();
    assert!(answer.is_temporary(), "{answer:?}");
    assert!(!answer.to_string().contains("secret"));
    db.close();
}
