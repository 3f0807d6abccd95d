//! A database of an earlier release with what people had in it, brought to the form of this one.

use crate::case;
use std::collections::BTreeSet;
use store::testing::{each_database, prepare_all, sqlite};
use store::tickets::Among;
use store::{Db, Options, StoreError, Target, Tx, cases, dump, idempotency, subscriptions, tickets};
use uuid::Uuid;

/// The schema of the release before wordings, models and suspected faults.
const BEFORE: i64 = 12;
const HOOK: Uuid = Uuid::from_u128(501);

/// Rows as that release wrote them, in its own columns.
fn rows_of_before(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    for n in 0..200 {
        cases::insert(tx, &case(n))?;
    }
    tx.execute(
        "INSERT INTO subscriptions (id, kind, name, url, query, owner, region, personal, generation, rotated_at, made_at,
            standing, reason, place, failing_since, tries, due_at, error, lease_until, holder)
            VALUES (?1, 'webhook', 'one', 'https://one.example/', 'created', '', '', 0, 1, 0, 5, 'on', '', '{\"1\":7}', 9, 3,
            0, 'it answers 500', 0, '')",
        &[(&HOOK).into()],
    )?;
    for (n, dead) in [(0, 0), (1, 1)] {
        tx.execute(
            "INSERT INTO event_deliveries (subscription, subject, version, first_at, due_at, tries, error, dead)
                VALUES (?1, ?2, 4, 5, 6, 7, 'it answers 500', ?3)",
            &[(&HOOK).into(), (&case(n).id).into(), i64::from(dead).into()],
        )?;
    }
    tx.execute(
        "INSERT INTO idempotency (actor, key, digest, case_id, version, at) VALUES ('import', 'row 1', ?1, ?2, 1, 5)",
        &[[7_u8].as_slice().into(), (&case(3).id).into()],
    )?;
    Ok(())
}

/// Tables and indexes by name, of SQLite.
fn names(db: &Db) -> BTreeSet<String> {
    let sql = "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'";
    let names = db.read_now(move |tx| tx.query(sql, &[], |row| row.text(0))).unwrap();
    names.into_iter().collect()
}

#[test]
fn schema_12_comes_over_with_what_was_in_it() {
    each_database(|scratch| {
        let db = Db::open(&scratch.target, &Options::default()).unwrap();
        db.write_now(|tx| {
            dump::begin_restore(tx, BEFORE)?;
            rows_of_before(tx)?;
            dump::finish_restore(tx, BEFORE)
        })
        .unwrap();
        db.check_schema().unwrap();
        let migrated = db.migrate().unwrap();
        assert_eq!((migrated.from, migrated.to), (dump::known_schema(), dump::known_schema()));
        assert!(db.read_now(prepare_all).unwrap() > 400);
        if matches!(scratch.target, Target::Sqlite(_)) {
            let fresh = sqlite().unwrap();
            let new = fresh.open().unwrap();
            assert_eq!(names(&db), names(&new), "what was brought over has every index of what is made anew");
            new.close();
        }
        db.read_now(|tx| {
            let all = subscriptions::all(tx)?;
            assert_eq!(
                all.iter().map(|one| (one.id, one.tries, one.place.as_str())).collect::<Vec<_>>(),
                [(HOOK, 3, "{\"1\":7}")]
            );
            // What waited goes on, not yet logged, and about a case.
            let waiting = subscriptions::again(tx, HOOK, 100, 10)?;
            let told = waiting.iter().map(|one| (one.subject, one.version, one.tries, one.logged, one.ledger));
            assert_eq!(told.collect::<Vec<_>>(), [(case(0).id, 4, 7, false, 0)]);
            assert_eq!(subscriptions::dead(tx, HOOK, 10)?.len(), 1);
            assert!(idempotency::imported(tx, case(3).id)? && !idempotency::imported(tx, case(4).id)?);
            // Tickets by their status are found by an index that was not there.
            let among = |states: &[&str]| Among {
                scope: String::new(),
                reader: String::new(),
                states: Some(states.iter().map(|state| (*state).to_owned()).collect()),
            };
            let wanted: Vec<Uuid> = (0..200)
                .rev()
                .map(case)
                .filter(|one| ["triage", "closed"].contains(&one.state.as_str()))
                .map(|one| one.id)
                .collect();
            let both = among(&["triage", "closed"]);
            assert_eq!(tickets::page(tx, &both, Uuid::max(), 200, 0)?, wanted);
            assert_eq!(tickets::page(tx, &both, Uuid::max(), 7, 5)?, wanted[5..12]);
            assert_eq!(tickets::page(tx, &both, wanted[9], 3, 0)?, wanted[10..13]);
            assert_eq!(tickets::count(tx, &both, 1_000)?, i64::try_from(wanted.len()).unwrap());
            assert_eq!((tickets::count(tx, &both, 60)?, tickets::count(tx, &among(&[]), 60)?), (60, 0));
            assert_eq!(tickets::page(tx, &among(&[]), Uuid::max(), 7, 0)?, [] as [Uuid; 0]);
            Ok::<_, StoreError>(())
        })
        .unwrap();
        db.close();
    })
    .unwrap();
}
