//! Two nodes on one PostgreSQL: no lost update, no number twice, one checkpoint after the other.

use crate::{House, NOON, key_file, library, named, open};
use desk::time::Time;
use desk::{Caller, DeskError};
use domain::actor::Role;
use domain::command::Command;
use domain::intake::Intake;
use serde_json::json;
use std::collections::BTreeSet;
use store::testing::postgres;
use tokio::runtime::Runtime;

#[test]
fn two_nodes_lose_nothing() {
    let Some(scratch) = postgres().unwrap() else { return };
    let _ = library();
    let node = || open(&scratch, Time::at(NOON.parse().unwrap()), &key_file(&scratch)).unwrap();
    let one = House { desk: node(), runtime: Runtime::new().unwrap() };
    let two = node();
    let agent = one.user("agent", Role::Specialist, "");
    let numbers: BTreeSet<String> = one.wait(async {
        let mut tasks = Vec::new();
        for n in 0..400 {
            let (desk, agent) = (if n % 2 == 0 { one.desk.clone() } else { two.clone() }, agent.clone());
            let intake = Intake::read(crate::intake()).unwrap();
            tasks.push(tokio::spawn(async move { desk.register(&agent, intake, None).await.unwrap().case.number }));
        }
        let mut numbers = BTreeSet::new();
        for task in tasks {
            assert!(numbers.insert(task.await.unwrap()), "a number twice");
        }
        numbers
    });
    assert_eq!(numbers.len(), 400);
    let case = named(&one.register(&agent));
    let desks = [one.desk.clone(), two.clone()];
    let written = one.wait(async {
        let mut tasks = Vec::new();
        for n in 0..40_usize {
            let (desk, agent, case): (_, Caller, _) = (desks[n % 2].clone(), agent.clone(), case.clone());
            tasks.push(tokio::spawn(async move {
                // Tries until it has seen the newest version, as a person would.
                let mut conflicts = 0;
                let mut seen = 1;
                loop {
                    let note = Command::read("note", json!({"text": format!("note {n}")})).unwrap().unwrap();
                    match desk.run(&agent, &case, seen, note, None).await {
                        Ok(_) => return conflicts,
                        Err(DeskError::Stale { current, since }) => {
                            assert!(!since.is_empty(), "a conflict says what changed");
                            seen = current;
                            conflicts += 1;
                        }
                        Err(other) => panic!("{other:?}"),
                    }
                }
            }));
        }
        let mut conflicts = 0;
        for task in tasks {
            conflicts += task.await.unwrap();
        }
        conflicts
    });
    assert!(written > 0, "they met");
    let view = one.wait(two.case(&agent, &case)).unwrap();
    assert_eq!(view.case.version, 41);
    let notes: BTreeSet<_> = view
        .entries
        .iter()
        .skip(1)
        .flat_map(|entry| {
            entry
                .clone()
                .events
                .iter_mut()
                .flat_map(|e| e.texts().into_iter().map(|(_, t)| t.plain().unwrap().to_owned()).collect::<Vec<_>>())
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(notes.len(), 40, "no note was lost");
    let sealing = two.clone();
    let other = std::thread::spawn(move || desk::jobs::checkpoint::seal_all(&sealing));
    let mine = desk::jobs::checkpoint::seal_all(&one.desk);
    mine.unwrap();
    other.join().unwrap().unwrap();
    desk::jobs::checkpoint::seal_all(&one.desk).unwrap();
    let report = desk::verify::verify(one.desk.db(), Some(one.desk.public_key())).unwrap();
    assert!(report.is_whole(), "{:?}", report.findings);
    assert_eq!(report.unsealed, 0);
    two.db().close();
    one.close_down();
}
