//! The same command over many cases: each by itself, hidden ones not there, and taken back; on both databases.

use crate::{House, house, intake, refusal};
use desk::bulk::{Bulk, Named, Outcome, Run, Selection};
use desk::queries::list::Filter;
use desk::register::OnceOnly;
use desk::{Caller, CaseRef, DeskError};
use domain::actor::Role;
use domain::case::Case;
use domain::command::Command;
use domain::ids::UserId;
use serde_json::{Value, json};
use store::testing::each_database;

fn ask(selection: Selection, verb: &str, body: Value, dry_run: bool) -> Bulk {
    Bulk { selection, command: Command::read(verb, body).unwrap().unwrap(), dry_run }
}

fn these(names: &[String]) -> Selection {
    Selection::Named(names.iter().map(|name| Named::parse(name)).collect())
}

fn outcomes(run: &Run) -> Vec<(&'static str, Option<&str>)> {
    run.items.iter().map(|item| (item.outcome.code(), item.reason.as_ref().map(|one| one.code.as_str()))).collect()
}

fn user(caller: &Caller) -> UserId {
    caller.actor.user().unwrap()
}

impl House {
    fn bulk(&self, who: &Caller, ask: Bulk) -> Result<Run, DeskError> {
        self.wait(self.desk.bulk(who, ask, None))
    }

    fn case_of(&self, name: &str) -> Case {
        let system = self.system();
        self.wait(self.desk.case(&system, &CaseRef::parse(name).unwrap())).unwrap().case
    }

    /// Cases in a region; their numbers.
    fn cases(&self, region: &str, count: usize) -> Vec<String> {
        let mut intake = intake();
        intake["region"] = json!(region);
        let system = self.system();
        (0..count).map(|_| self.try_register(&system, intake.clone()).unwrap().case.number).collect()
    }
}

#[test]
fn each_case_is_decided_by_itself_and_taken_back() {
    each_database(|scratch| {
        let house = house(scratch);
        let lead = house.user("lead", Role::Supervisor, "31");
        let one = house.user("one", Role::Specialist, "31");
        let ours = house.cases("310115", 40);
        let hidden = house.cases("330100", 1);
        let (first, second) = (&ours[0], &ours[1]);
        let assign = json!({"user": user(&one).to_string()});
        house.act(&lead, &CaseRef::parse(first).unwrap(), 1, "assign", assign.clone()).unwrap();
        house.act(&lead, &CaseRef::parse(second).unwrap(), 1, "note", json!({"text": "先看账单"})).unwrap();
        let nobody = "TS-20200101-000001-1".to_owned();
        let mut names = vec![first.clone(), format!("{second}@1"), hidden[0].clone(), nobody, "x@y".to_owned()];
        names.extend_from_slice(&ours[2..]);
        names.push(house.case_of(&ours[2]).id.to_string());
        let mut expected = vec![
            ("refused", Some("already_owner")),
            ("refused", Some("stale")),
            ("not_found", Some("not_found")),
            ("not_found", Some("not_found")),
            ("not_found", Some("not_found")),
        ];
        let tried = house.bulk(&lead, ask(these(&names), "assign", assign.clone(), true)).unwrap();
        let mut said = expected.clone();
        said.extend(vec![("ready", None); 38]);
        said.push(("refused", Some("bulk_twice")));
        assert_eq!(outcomes(&tried), said);
        assert_eq!(tried.id, None);
        assert_eq!(house.case_of(&ours[3]).version, 1, "a dry run writes nothing");

        let done = house.bulk(&lead, ask(these(&names), "assign", assign, false)).unwrap();
        expected.extend(vec![("done", None); 38]);
        expected.push(("refused", Some("bulk_twice")));
        assert_eq!(outcomes(&done), expected);
        assert_eq!(house.case_of(&ours[39]).owner.user, Some(user(&one)));
        assert_eq!(house.case_of(&hidden[0]).version, 1);
        let id = done.id.unwrap();
        let read = house.wait(house.desk.bulk_run(&lead, id)).unwrap();
        assert_eq!((outcomes(&read), read.total), (expected, 44));
        assert!(read.ended_at.is_some() && read.can_be_undone());
        // What lies elsewhere and what there is not at all are told alike.
        assert_eq!(read.items[2].number, None);
        assert_eq!(read.items[2].reason, read.items[3].reason);
        // Whoever did not do it has no such run.
        assert_eq!(refusal(house.wait(house.desk.bulk_run(&house.system(), id)).unwrap_err()).code, "not_found");

        let before = house.case_of(&ours[3]);
        house.act(&one, &CaseRef::Id(before.id), before.version, "accept", json!({})).unwrap();
        let back = house.wait(house.desk.undo_bulk(&lead, id)).unwrap();
        assert_eq!((back.undoes, back.total, back.count(Outcome::Done)), (Some(id), 38, 37));
        let left = back.items.iter().find(|item| item.outcome != Outcome::Done).unwrap();
        assert_eq!((left.number.as_deref(), left.reason.as_ref().unwrap().code.as_str()), (Some(&*ours[3]), "stale"));
        let case = house.case_of(&ours[39]);
        assert_eq!((case.owner.user, case.version), (None, 3), "back where it was");
        // Twice takes nothing further.
        let again = house.wait(house.desk.undo_bulk(&lead, id)).unwrap();
        assert_eq!(again.count(Outcome::Refused), 38);
        house.close_down();
    })
    .unwrap();
}

#[test]
fn a_filter_finds_what_the_caller_may_see() {
    each_database(|scratch| {
        let house = house(scratch);
        let lead = house.user("lead", Role::Supervisor, "31");
        let ours = house.cases("310115", 3);
        house.cases("330100", 4);
        let everything = || Selection::Filter(Box::new(Filter { open_only: true, ..Filter::default() }));
        let note = json!({"text": "节后统一回电13900139000"});
        let tried = house.bulk(&lead, ask(everything(), "note", note.clone(), true)).unwrap();
        assert_eq!((tried.total, tried.count(Outcome::Ready)), (3, 3));
        let key = OnceOnly { key: "k-1", body: b"the same" };
        let once = || house.wait(house.desk.bulk(&lead, ask(everything(), "note", note.clone(), false), Some(key)));
        let done = once().unwrap();
        let mut numbers: Vec<_> = done.items.iter().map(|item| item.number.clone().unwrap()).collect();
        numbers.sort();
        assert_eq!((numbers, done.count(Outcome::Done)), (ours.clone(), 3));
        let repeated = once().unwrap();
        assert!(repeated.replayed && repeated.id == done.id);
        assert_eq!(house.case_of(&ours[0]).version, 2, "written once");
        let id = done.id.unwrap();
        assert_eq!(refusal(house.wait(house.desk.undo_bulk(&lead, id)).unwrap_err()).code, "bulk_note_stays");
        // A caller whose area has changed is no longer told of the cases.
        let mut moved = lead.clone();
        moved.actor.area = domain::actor::AreaScope::region("33").unwrap();
        let read = house.wait(house.desk.bulk_run(&moved, id)).unwrap();
        assert!(read.items.iter().all(|item| item.outcome == Outcome::NotFound && item.number.is_none()));
        // What is missing for a close is said case by case.
        let closed = house.bulk(&lead, ask(these(&ours), "close", json!({}), false)).unwrap();
        assert!(closed.items.iter().all(|item| !item.reason.as_ref().unwrap().faults.is_empty()));
        house.close_down();
    })
    .unwrap();
}

#[test]
fn what_cannot_be_done_to_many_is_refused_as_a_whole() {
    each_database(|scratch| {
        let house = house(scratch);
        let lead = house.user("lead", Role::Supervisor, "");
        let agent = house.user("agent", Role::Agent, "");
        let ours = house.cases("310115", 1);
        let code = |error: DeskError| {
            let refusal = refusal(error);
            refusal.faults.first().map_or(refusal.code, |fault| fault.code)
        };
        let note = || json!({"text": "x"});
        let tried = |who: &Caller, ask| code(house.bulk(who, ask).unwrap_err());
        assert_eq!(tried(&agent, ask(these(&ours), "note", note(), false)), "not_permitted");
        assert_eq!(tried(&lead, ask(these(&ours), "accept", json!({}), false)), "not_one_of");
        assert_eq!(tried(&lead, ask(these(&[]), "note", note(), false)), "required");
        let many = vec![ours[0].clone(); desk::bulk::MOST + 1];
        assert_eq!(tried(&lead, ask(these(&many), "note", note(), false)), "too_many");
        let filter = Filter { category: Some("nope".into()), ..Filter::default() };
        let refused =
            refusal(house.bulk(&lead, ask(Selection::Filter(Box::new(filter)), "note", note(), false)).unwrap_err());
        assert_eq!((refused.faults[0].field.as_str(), refused.faults[0].code), ("filter.category", "unknown_category"));
        assert_eq!(house.case_of(&ours[0]).version, 1);
        house.close_down();
    })
    .unwrap();
}

/// A run whose process ends in the middle of it.
fn interrupted(house: &House, who: &Caller, names: &[String], to: UserId, key: &'static str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (desk, who) = (house.desk.clone(), who.clone());
    let ask = ask(these(names), "assign", json!({"user": to.to_string()}), false);
    let before = house.case_of(&names[0]).version;
    runtime.spawn(async move { desk.bulk(&who, ask, Some(OnceOnly { key, body: b"the same" })).await.map(drop) });
    while house.case_of(&names[0]).version == before {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
}

#[test]
fn a_run_whose_process_ended_is_ended_by_whoever_looks_next() {
    each_database(|scratch| {
        let first = house(scratch);
        let lead = first.user("lead", Role::Supervisor, "31");
        let [one, other] = ["one", "other"].map(|name| first.user(name, Role::Specialist, "31"));
        let names = first.cases("310115", 160);
        interrupted(&first, &lead, &names, user(&one), "k-partly");
        interrupted(&first, &lead, &names, user(&other), "k-nothing");
        first.close_down();

        // Another process, later.
        let time = desk::time::Time::at(crate::at(crate::NOON));
        let desk = crate::open(scratch, time.clone(), &crate::key_file(scratch)).unwrap();
        let house = House { desk, runtime: tokio::runtime::Runtime::new().unwrap() };
        let again = |key, to: &Caller| {
            let assign = ask(these(&names), "assign", json!({"user": user(to).to_string()}), false);
            house.wait(house.desk.bulk(&lead, assign, Some(OnceOnly { key, body: b"the same" }))).unwrap()
        };
        let look = || house.wait(desk::jobs::queue::work(&house.desk, "another")).unwrap();
        look();
        let partly = again("k-partly", &one);
        assert!(partly.replayed && partly.ended_at.is_none(), "it may still go on");
        let done = partly.count(Outcome::Done);
        assert!((1..160).contains(&done) && partly.items.len() == done, "{done}");
        let nothing = again("k-nothing", &other).id.unwrap();
        // As if it had been ended before its first case.
        let forget = "DELETE FROM bulk_items WHERE run = ?1 AND n > 0";
        house.desk.db().write_now(move |tx| tx.execute(forget, &[(&nothing).into()])).unwrap();

        time.advance(desk::bulk::SILENCE);
        assert_eq!(look(), 2);
        let partly = again("k-partly", &one);
        assert!(partly.replayed && partly.ended_at.is_some() && partly.can_be_undone());
        assert_eq!((partly.count(Outcome::Done), partly.count(Outcome::NotReached)), (done, 160 - done));
        let left = partly.items.iter().find(|item| item.outcome == Outcome::NotReached).unwrap();
        assert_eq!(left.reason.as_ref().unwrap().code, "bulk_not_reached");
        let ended = house.wait(house.desk.bulk_run(&lead, nothing)).unwrap();
        assert_eq!((ended.count(Outcome::NotReached), ended.ended_at.is_some()), (160, true));
        assert_eq!(look(), 0);
        // The key that led to nothing is free again.
        let fresh = again("k-nothing", &other);
        assert!(!fresh.replayed && fresh.id != Some(nothing) && fresh.ended_at.is_some());
        assert_eq!(house.case_of(&names[159]).owner.user, Some(user(&other)));
        house.close_down();
    })
    .unwrap();
}

#[test]
fn a_run_that_is_through_leaves_nothing_behind() {
    each_database(|scratch| {
        let house = house(scratch);
        let lead = house.user("lead", Role::Supervisor, "31");
        let one = house.user("one", Role::Specialist, "31");
        let names = house.cases("310115", 2);
        // Through at once: nothing lies behind a run that ended by itself.
        let assign = json!({"user": user(&one).to_string()});
        let run = house.bulk(&lead, ask(these(&names), "assign", assign, false)).unwrap();
        let id = run.id.unwrap();
        let left = house.desk.db().read_now(move |tx| {
            let waits = store::jobs::list(tx, false, 10)?.into_iter().filter(|job| job.kind == "end-bulk").count();
            Ok::<_, store::StoreError>((waits, store::bulk::chosen(tx, id)?))
        });
        assert_eq!(left.unwrap(), (0, None));
        house.close_down();
    })
    .unwrap();
}
