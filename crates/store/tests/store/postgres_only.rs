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
