//! Positions in the log: gapless in every stream, whoever writes and whatever fails.

use std::collections::BTreeMap;
use store::testing::each_database;
use store::{Db, EntryRow, Options, StoreError, Tx, entries};
use uuid::Uuid;

fn append(tx: &mut Tx<'_>, n: u128) -> Result<(i64, i64), StoreError> {
    let (stream, seq) = tx.next_position()?;
    let row = EntryRow {
        subject: Uuid::from_u128(n + 1),
        ledger: 0,
        version: 1,
        stream,
        seq,
        at: 0,
        actor: "system".to_owned(),
        verb: "test".to_owned(),
        schema: 1,
        body: "[]".to_owned(),
        prev: vec![0; 32],
        hash: vec![1; 32],
    };
    entries::append(tx, &row)?;
    Ok((stream, seq))
}

#[test]
fn streams_have_no_gaps() {
    each_database(|scratch| {
        // Two handles stand for two processes: two nodes, or a server and the command line.
        let (one, two) = (scratch.open().unwrap(), Db::open(&scratch.target, &Options::default()).unwrap());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let mut found: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        runtime.block_on(async {
            let mut tasks = Vec::new();
            for n in 0..300_u128 {
                let db = if n % 2 == 0 { one.clone() } else { two.clone() };
                tasks.push(tokio::spawn(async move {
                    db.write(move |tx| {
                        let place = append(tx, n)?;
                        if n % 5 == 0 { Err(StoreError::Panicked) } else { Ok(place) }
                    })
                    .await
                }));
            }
            for task in tasks {
                if let Ok((stream, seq)) = task.await.unwrap() {
                    found.entry(stream).or_default().push(seq);
                }
            }
        });
        let mut total = 0;
        for (stream, seqs) in &mut found {
            seqs.sort_unstable();
            let expected: Vec<i64> = (1..=i64::try_from(seqs.len()).unwrap()).collect();
            assert_eq!(*seqs, expected, "stream {stream}");
            total += seqs.len();
        }
        assert_eq!(total, 240);
        let heads: BTreeMap<i64, i64> = one.read_now(entries::heads).unwrap().into_iter().collect();
        for (stream, seqs) in &found {
            assert_eq!(heads.get(stream), seqs.last());
        }
        one.close();
        two.close();
    })
    .unwrap();
}

#[test]
fn accesses_are_looked_through_a_stretch_at_a_time() {
    each_database(|scratch| {
        let db = scratch.open().unwrap();
        for n in 1..=5_i64 {
            db.write_now(move |tx| {
                let (stream, seq) = tx.next_position()?;
                let actor = if n % 2 == 0 { "even" } else { "odd" };
                let row = EntryRow {
                    subject: Uuid::from_u128(7),
                    ledger: 1,
                    version: n,
                    stream,
                    seq,
                    at: n,
                    actor: actor.to_owned(),
                    verb: "reveal".to_owned(),
                    schema: 1,
                    body: "{}".to_owned(),
                    prev: vec![0; 32],
                    hash: vec![1; 32],
                };
                entries::append(tx, &row)
            })
            .unwrap();
        }
        let begin = (i64::MAX, 0, 0);
        let end = |from: (i64, i64, i64), since: i64, count: i64| {
            db.read_now(move |tx| {
                let end = entries::beside_end(tx, 1, from, since, count)?;
                let low = end.unwrap_or((since, i64::MIN, i64::MIN));
                let odd = entries::beside(tx, 1, from, low, ("odd", ""), 10)?;
                Ok::<_, StoreError>((end, odd.into_iter().map(|row| row.at).collect::<Vec<_>>()))
            })
            .unwrap()
        };
        let (first, odd) = end(begin, i64::MIN, 3);
        assert_eq!((first.unwrap().0, odd), (3, vec![5, 3]));
        let (second, odd) = end(first.unwrap(), i64::MIN, 3);
        assert_eq!((second, odd), (None, vec![1]), "fewer are left than a stretch");
        assert_eq!(end(begin, 5, 3), (None, vec![5]), "no further back than the first day");
        db.close();
    })
    .unwrap();
}
