//! Macros: all or nothing, tried before, each operation with its own permission.

use crate::{House, house, named, refusal};
use desk::macros::{Applied, NewMacro};
use desk::{Caller, CaseRef};
use domain::actor::Role;
use domain::event::Event;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::testing::each_database;
use uuid::Uuid;

fn keep(house: &House, who: &Caller, name: &str, shared: &str, steps: Value) -> Uuid {
    let steps = steps.as_array().unwrap().iter().map(|step| step.as_object().unwrap().clone()).collect();
    let new = NewMacro { name: name.to_owned(), shared: shared.to_owned(), role: None, steps };
    house.wait(house.desk.keep_macro(who, new)).unwrap().0
}

fn known() -> BTreeMap<&'static str, String> {
    BTreeMap::from([("number", "TS-1".to_owned())])
}

fn version(house: &House, who: &Caller, case: &CaseRef) -> i64 {
    house.wait(house.desk.case(who, case)).unwrap().case.version
}

#[test]
fn a_macro_does_all_of_it_or_nothing_and_what_was_tried() {
    each_database(|scratch| {
        let house = house(scratch);
        let desk = &house.desk;
        let lead = house.user("lead", Role::Supervisor, "");
        let agent = house.user("agent", Role::Agent, "");
        let case = named(&house.register(&agent));
        let wait_for_it = |id, seen| house.wait(desk.try_macro(&agent, (&case, seen), id, &known()));
        let apply = |who: &Caller, id, seen| house.wait(desk.apply_macro(who, (&case, seen), (id, None), &known()));

        let steps = json!([{"accept": {}}, {"note": {"text": "about {number}"}}]);
        let good = keep(&house, &lead, "take up", "unit", steps);
        let tried = wait_for_it(good, 1).unwrap();
        assert!(tried.stopped.is_none(), "{:?}", tried.stopped);
        assert_eq!(
            tried.entries.iter().map(|one| (one.version, one.verb.as_str())).collect::<Vec<_>>(),
            [(2, "accept"), (3, "note")]
        );
        assert_eq!(version(&house, &agent, &case), 1, "trying writes nothing");

        // What is refused at its end does nothing at its beginning.
        let bad = keep(&house, &lead, "too far", "unit", json!([{"accept": {}}, {"close": {}}]));
        assert_eq!(wait_for_it(bad, 1).unwrap().stopped.unwrap().0, 1);
        match apply(&agent, bad, 1).unwrap() {
            Applied::Stopped(1, error) => assert!(!refusal(error).code.is_empty()),
            other => panic!("{other:?}"),
        }
        assert_eq!(version(&house, &agent, &case), 1);

        match apply(&agent, good, 1).unwrap() {
            Applied::Done(done, _) => assert_eq!(done.case.version, 3),
            other => panic!("{other:?}"),
        }
        let view = house.wait(desk.case(&agent, &case)).unwrap();
        let same = |ours: &[Event], theirs: &[Event]| {
            let kinds = |events: &[Event]| events.iter().map(std::mem::discriminant).collect::<Vec<_>>();
            kinds(ours) == kinds(theirs)
        };
        for (entry, tried) in view.entries.iter().skip(1).zip(&tried.entries) {
            assert!(same(&entry.events, &tried.events), "{entry:?} {tried:?}");
        }
        // Whoever saw an earlier version is told what happened since.
        assert!(matches!(apply(&agent, good, 1).unwrap(), Applied::Stopped(0, desk::DeskError::Stale { .. })));

        // A permission for each operation; a blank nothing is known for stops it.
        let quality = house.user("quality", Role::Quality, "");
        assert_eq!(refusal(apply(&quality, good, 3).unwrap_err()).code, "not_permitted");
        let blank = keep(&house, &lead, "blank", "unit", json!([{"note": {"text": "until {due}"}}]));
        let fault = refusal(wait_for_it(blank, 3).unwrap_err()).faults.remove(0);
        assert_eq!((fault.field.as_str(), fault.code), ("steps[0].note.text", "macro_blank"));

        // Own ones are nobody else's; a known name is a new version, and the ledger keeps both.
        let own = keep(&house, &agent, "mine", "own", json!([{"resume": {}}]));
        assert_eq!(refusal(house.wait(desk.macro_of(&lead, own)).unwrap_err()).code, "not_found");
        assert_eq!(keep(&house, &agent, "mine", "own", json!([{"accept": {}}])), own);
        assert_eq!(house.wait(desk.macro_of(&agent, own)).unwrap().revision, 2);
        assert_eq!(refusal(house.wait(desk.remove_macro(&agent, good)).unwrap_err()).code, "not_permitted");
        house.wait(desk.remove_macro(&agent, own)).unwrap();
        assert_eq!(house.wait(desk.macros(&agent)).unwrap().len(), 3);
        let report = desk::verify::verify(desk.db(), Some(desk.public_key())).unwrap();
        assert!(report.is_whole(), "{:?}", report.findings);
        house.close_down();
    })
    .unwrap();
}

#[test]
fn the_verifier_holds_each_macro_against_what_the_ledger_says_of_it() {
    each_database(|scratch| {
        let house = house(scratch);
        let lead = house.user("lead", Role::Supervisor, "");
        let steps = || json!([{"note": {"text": "looked at it"}}]);
        let kept = keep(&house, &lead, "one", "unit", steps());
        keep(&house, &lead, "one", "unit", json!([{"note": {"text": "looked at it again"}}]));
        let gone = keep(&house, &lead, "two", "own", steps());
        house.wait(house.desk.remove_macro(&lead, gone)).unwrap();
        let findings = || {
            let report = desk::verify::verify(house.desk.db(), None).unwrap();
            report.findings.into_iter().map(|one| (one.code, one.subject.unwrap())).collect::<Vec<_>>()
        };
        assert_eq!(findings(), []);
        let written = |sql: &'static str| house.desk.db().write_now(move |tx| tx.execute(sql, &[])).unwrap();
        written("UPDATE macros SET body = replace(body, 'again', 'never')");
        assert_eq!(findings(), [("macro_row", kept)]);
        written("DELETE FROM macros");
        assert_eq!(findings(), [("macro_row", kept)]);
        house.close_down();
    })
    .unwrap();
}
