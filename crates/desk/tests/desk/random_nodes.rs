//! Lives led by many at once on two nodes over one database: whatever meets, every case stays whole, and who comes second
//! is told what came first.

use crate::random::{Command as Do, actors, any_command, ball_and_orders, check, look, runner, stored_equals_folded};
use crate::{House, NOON, house, intake, key_file, library, named, open};
use desk::time::Time;
use desk::{Caller, CaseRef, Desk, DeskError, Setup};
use domain::case::Case;
use domain::command::Command;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::json;
use store::testing::{Scratch, each_database};
use tokio::runtime::Runtime;

/// A second node beside the first. On SQLite, which one process has at a time, it is a second desk over the same database.
fn beside(scratch: &Scratch, one: &House) -> House {
    let runtime = Runtime::new().unwrap();
    let time = Time::at(NOON.parse().unwrap());
    if matches!(scratch.target, store::Target::Postgres(_)) {
        return House { desk: open(scratch, time, &key_file(scratch)).unwrap(), runtime };
    }
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    let setup = Setup { db: one.desk.db().clone(), library: library(), zone, time };
    House { desk: Desk::open(setup, &key_file(scratch)).unwrap(), runtime }
}

/// What one person does on one node in the same moment as another does something on the other.
type Deed = (usize, usize, Do);

fn any_rounds() -> impl Strategy<Value = Vec<(i64, Deed, Deed)>> {
    let deed = || (0..5_usize, 0..2_usize, any_command());
    prop::collection::vec((0..400_i64, deed(), deed()), 1..25)
}

/// Operations inside the operator: no limit of the law may move for them.
const INSIDE: &[&str] =
    &["assign", "transfer", "note", "approve", "send-back", "promise", "keep-promise", "supplement", "notify-progress"];

fn is_inside(verb: &str) -> bool {
    INSIDE.contains(&verb)
        || ["order", "visit", "arrival", "extension", "ownership", "dispatch"].iter().any(|part| verb.contains(part))
}

fn law_stands(house: &House, before: &Case, after: &Case, verb: &str) {
    let rules = house.desk.library().rules_of(before).unwrap();
    let law = |rule: &str| rules.clock(rule).is_some_and(|clock| clock.head.layer == policy::Layer::Law);
    for old in before.clocks.iter().filter(|clock| law(&clock.rule)) {
        let new = after.clocks.iter().find(|new| (&new.rule, new.round) == (&old.rule, old.round)).unwrap();
        assert_eq!(
            (new.from, new.due_at, &new.pauses),
            (old.from, old.due_at, &old.pauses),
            "{verb} moved {}",
            old.rule
        );
    }
}

fn live(one: &House, two: &House, actors: &[Caller], rounds: &[(i64, Deed, Deed)]) {
    let names: Vec<CaseRef> = (0..2).map(|_| named(&one.try_register(&actors[0], intake()).unwrap())).collect();
    let mut cases = look(one, &actors[0], &names);
    for (minutes, left, right) in rounds {
        for node in [one, two] {
            node.desk.time().advance(SignedDuration::from_mins(*minutes));
        }
        let deed = |node: &House, (who, which, (verb, body)): &Deed| {
            let (desk, who, name) = (node.desk.clone(), actors[*who].clone(), names[*which].clone());
            let (seen, verb, mut body) = (cases[*which].version, *verb, body.clone());
            for value in body.as_object_mut().into_iter().flat_map(|object| object.values_mut()) {
                match value.as_str() {
                    Some("NET") => *value = json!(actors[3].actor.unit.to_string()),
                    Some("BILL") => *value = json!(actors[4].actor.unit.to_string()),
                    Some("ROOT") => *value = json!(desk.root().to_string()),
                    Some("OTHER") => *value = json!(cases[(which + 1) % cases.len()].id.to_string()),
                    _ => {}
                }
            }
            async move {
                match verb {
                    "tick" => desk::jobs::run_timely(&desk, "node").await.map(|_| None),
                    // Another body knows no version; its way is tried elsewhere.
                    "hand-off" => Ok(None),
                    _ => {
                        let command = Command::read(verb, body).unwrap().unwrap();
                        desk.run(&who, &name, seen, command, None).await.map(|done| Some(done.case.version))
                    }
                }
            }
        };
        let (first, second) = one.wait(async {
            let (first, second) = (tokio::spawn(deed(one, left)), tokio::spawn(deed(two, right)));
            (first.await.unwrap(), second.await.unwrap())
        });
        let after = look(two, &actors[0], &names);
        assert_eq!(after, look(one, &actors[0], &names), "both nodes see the same");
        for ((_, which, (verb, _)), outcome) in [(left, &first), (right, &second)] {
            match outcome {
                Ok(_) => {}
                Err(DeskError::Refused(refusal)) => assert!(!refusal.code.is_empty(), "a refusal says why"),
                Err(DeskError::Stale { current, since }) => {
                    assert!(*current > cases[*which].version && *current <= after[*which].version);
                    assert!(
                        since.iter().all(|(version, what, _)| *version > cases[*which].version && !what.is_empty())
                    );
                    assert!(!since.is_empty(), "{verb}: who comes second is told what came first");
                }
                Err(other) => panic!("{verb}: {other:?}"),
            }
        }
        if left.1 == right.1 && matches!((&first, &second), (Ok(Some(_)), Ok(Some(_)))) {
            panic!("both {} and {} were done to one version", left.2.0, right.2.0);
        }
        for (n, (before, after)) in cases.iter().zip(&after).enumerate() {
            let done: Vec<&str> = [(left, &first), (right, &second)]
                .iter()
                .filter(|(_, outcome)| outcome.as_ref().is_ok_and(Option::is_some))
                .filter(|(deed, _)| deed.1 == n)
                .map(|(deed, _)| deed.2.0)
                .collect();
            // What was done to the other case may have reached this one in the same moment.
            let reached =
                [left, right].iter().any(|deed| deed.1 != n && matches!(deed.2.0, "merge" | "link" | "tick" | "reply"));
            let ticked = [left, right].iter().any(|deed| deed.2.0 == "tick");
            let verb = done.first().copied().unwrap_or("elsewhere");
            let alone = !reached && !ticked;
            check(one, before, after, if alone || verb == "reopen" || verb == "dispute" { verb } else { "elsewhere" });
            if alone && is_inside(verb) {
                law_stands(one, before, after, verb);
            }
        }
        cases = after;
    }
    one.wait(desk::jobs::timers::ring_due(&two.desk)).unwrap();
    for (node, name) in [one, two].into_iter().flat_map(|node| names.iter().map(move |name| (node, name))) {
        stored_equals_folded(node, &actors[0], name);
        ball_and_orders(node, &actors[0], name);
    }
}

#[test]
fn lives_of_many_on_two_nodes_keep_the_invariants() {
    each_database(|scratch| {
        let one = house(scratch);
        let two = beside(scratch, &one);
        let actors = actors(&one);
        runner(40)
            .run(&any_rounds(), |rounds| {
                live(&one, &two, &actors, &rounds);
                Ok(())
            })
            .unwrap();
        let report = desk::verify::verify(one.desk.db(), None).unwrap();
        assert!(report.is_whole(), "{:?}", report.findings);
        two.close_down();
        one.close_down();
    })
    .unwrap();
}
