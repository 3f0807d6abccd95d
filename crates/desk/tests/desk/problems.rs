//! Problems on both databases: from months of complaints over a measure to what the figures say, kept as they stood, in
//! a log that is verified and in a backup that is taken in again.

use crate::{House, at, house, intake, key_file, open, refusal};
use desk::Caller;
use desk::jobs::rollup;
use desk::problems::{EffectAsk, ProblemFilter};
use desk::reports::Amount;
use desk::reports::hot_issues::HotAsk;
use desk::verify::verify;
use domain::actor::Role;
use domain::problem::effect::Verdict;
use domain::problem::open::Open;
use domain::problem::{Command, Problem, State};
use domain::refusal::Refusal;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::testing::{each_database, raw};
use uuid::Uuid;

fn opened(house: &House, who: &Caller, body: Value) -> Problem {
    let open: Open = serde_json::from_value(body).unwrap();
    house.wait(house.desk.open_problem(who, open, None)).unwrap().problem
}

fn act(house: &House, who: &Caller, (id, seen): (Uuid, i64), verb: &str, body: Value) -> Result<Problem, Refusal> {
    let command = Command::read(verb, body).unwrap().map_err(Refusal::invalid)?;
    house.wait(house.desk.run_problem(who, id, seen, command, None)).map(|done| done.problem).map_err(refusal)
}

/// So many complaints of a category in a month, in Shanghai or beside it.
fn received(house: &House, who: &Caller, month: &str, (count, category, region): (usize, &str, &str)) {
    house.desk.time().set(at(&format!("{month}-02T09:00:00+08:00")));
    for _ in 0..count {
        let mut body = intake();
        body.as_object_mut().unwrap().remove("external");
        body["category"] = json!(category);
        body["region"] = json!(region);
        house.try_register(who, body).unwrap();
        house.desk.time().advance(SignedDuration::from_mins(11));
    }
}

/// Nine months with ten or so, one in which it is mended, three with two or three; others keep complaining of what they
/// always complain of, and more so elsewhere.
fn history(house: &House, who: &Caller) {
    let months = ["2025-06", "2025-07", "2025-08", "2025-09", "2025-10", "2025-11", "2025-12", "2026-01", "2026-02"];
    for (place, month) in months.iter().enumerate() {
        received(house, who, month, (9 + place % 3, "B204", "310115"));
        received(house, who, month, (4, "A101", "310101"));
    }
    received(house, who, "2026-03", (5, "B204", "310115"));
    for (place, month) in ["2026-04", "2026-05", "2026-06"].iter().enumerate() {
        received(house, who, month, (2 + place % 2, "B204", "310115"));
        received(house, who, month, (4, "A101", "310101"));
        received(house, who, month, (12, "B204", "330106"));
    }
}

#[test]
fn a_measure_that_worked_is_told_from_one_that_did_not() {
    each_database(|scratch| {
        let house = house(scratch);
        let system = house.system();
        history(&house, &system);
        house.desk.time().set(at("2026-07-10T09:00:00+08:00"));
        rollup::go_on(&house.desk, "node", 0, || false).unwrap();
        let (lead, quality) = (house.user("lead", Role::Supervisor, "31"), house.user("quality", Role::Quality, ""));
        let ask = HotAsk { month: Some("2026-06".into()), subscribers: Some(20_000), ..HotAsk::default() };
        let hot = house.wait(house.desk.hot_issues(&lead, &ask)).unwrap();
        let told: Vec<_> = hot.issues.iter().map(|one| (one.category.as_str(), one.count, one.previous)).collect();
        assert_eq!((told.as_slice(), hot.total), (&[("A101", 4, 4), ("B204", 2, 3)][..], 6), "of Shanghai alone");
        let second = &hot.issues[1];
        assert_eq!((second.last_year, second.year_on_year), (9, Amount::Percent(-778)));
        assert_eq!((second.per_10k, second.wording.len()), (Amount::Rate(100), 2));

        let problem = opened(&house, &lead, json!({"title": "点播扣费", "category": "B2"}));
        assert_eq!((problem.area.as_str(), problem.state()), ("31", State::Open));
        let id = problem.id;
        let effect = |who: &Caller, ask: &EffectAsk| house.wait(house.desk.problem_effect(who, id, ask));
        let none = effect(&lead, &EffectAsk::default()).unwrap_err();
        assert_eq!(refusal(none).code, "no_action_took_effect");
        act(&house, &lead, (id, 1), "analyse-problem", json!({"whys": ["x"]})).unwrap();
        act(&house, &lead, (id, 2), "plan-action", json!({"what": "x", "due": "2026-07-15"})).unwrap();
        let done = json!({"action": 1, "evidence": "x", "effective_on": "2026-03-10"});
        act(&house, &lead, (id, 3), "report-action", done).unwrap();
        assert_eq!(act(&house, &lead, (id, 4), "approve-action", json!({"action": 1})).unwrap_err().code, "own_action");
        act(&house, &quality, (id, 4), "approve-action", json!({"action": 1})).unwrap();

        let found = effect(&lead, &EffectAsk::default()).unwrap().check;
        let counts: Vec<i64> = found.before.iter().chain(&found.after).map(|month| month.count).collect();
        // The first month counted may have begun in its middle: it is left away.
        assert_eq!(counts, [10, 11, 9, 10, 11, 9, 10, 11, 2, 3, 2], "{found:?}");
        assert_eq!((found.left_out, found.verdict), (vec!["2026-03".to_owned()], Verdict::Improved));
        let ratio = found.ratio.unwrap();
        assert!(ratio.ratio.starts_with("0.2") && ratio.high.as_str() < "1", "{ratio:?}");
        let share = EffectAsk { exposure: Some("others".into()), ..EffectAsk::default() };
        let share = effect(&lead, &share).unwrap().check;
        assert_eq!((share.before[0].exposure, share.verdict), (4, Verdict::Improved));
        let users = EffectAsk { users: vec!["2026-05:100".into()], ..EffectAsk::default() };
        let told = refusal(effect(&lead, &users).unwrap_err());
        assert_eq!((told.faults[0].field.as_str(), told.faults[0].code), ("users", "users_missing"));
        let months = found.before.iter().chain(&found.after).map(|month| &month.month);
        // A third of the customers are left after the measure: then it is not known to have changed anything.
        let left = |month: &String| if month.as_str() > "2026-03" { 160 } else { 440 };
        let users = months.map(|month| format!("{month}:{}", left(month))).collect();
        let users = effect(&lead, &EffectAsk { users, ..EffectAsk::default() }).unwrap().check;
        assert_eq!(users.verdict, Verdict::NoEvidence, "{users:?}");

        // What is kept at the end stands, whatever is counted later.
        let closed = act(&house, &lead, (id, 5), "close-problem", json!({"result": "有效"})).unwrap();
        let kept = closed.ending.clone().unwrap().effect.unwrap();
        assert_eq!(kept.verdict, Verdict::Improved);
        received(&house, &system, "2026-07", (30, "B204", "310115"));
        house.desk.time().set(at("2026-08-02T09:00:00+08:00"));
        rollup::go_on(&house.desk, "node", 0, || false).unwrap();
        let view = house.wait(house.desk.problem(&lead, id, None)).unwrap();
        assert_eq!(view.problem.ending.unwrap().effect.unwrap(), kept);
        assert_ne!(effect(&lead, &EffectAsk::default()).unwrap().check, kept, "a later check is made anew");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn what_is_late_and_whose_it_is_can_be_found() {
    each_database(|scratch| {
        let house = house(scratch);
        let lead = house.user("lead", Role::Supervisor, "");
        let doer = house.user("doer", Role::Specialist, "31");
        let agent = house.user("agent", Role::Agent, "31");
        let here = opened(&house, &lead, json!({"title": "a", "category": "A101", "region": "31"}));
        opened(&house, &lead, json!({"title": "b", "category": "B204", "region": "33"}));
        act(&house, &lead, (here.id, 1), "analyse-problem", json!({"whys": ["x"]})).unwrap();
        house.desk.time().advance(SignedDuration::from_mins(1));
        let plan = |user: &Caller| json!({"what": "x", "due": "2026-11-30", "user": user.actor.user().unwrap().0});
        let told = act(&house, &lead, (here.id, 2), "plan-action", plan(&agent)).unwrap_err();
        assert_eq!(told.faults[0].code, "user_sees_no_problems");
        let planned = act(&house, &lead, (here.id, 2), "plan-action", plan(&doer)).unwrap();
        assert_eq!(planned.actions[0].owner.user, doer.actor.user());
        let list = |who: &Caller, filter: ProblemFilter| {
            let page = house.wait(house.desk.problems(who, &filter)).unwrap();
            page.items.into_iter().map(|one| one.title).collect::<Vec<_>>()
        };
        let mine = ProblemFilter { mine: true, ..ProblemFilter::default() };
        let overdue = ProblemFilter { overdue: true, ..ProblemFilter::default() };
        assert_eq!(list(&doer, ProblemFilter::default()), ["a"], "of their area");
        assert_eq!(list(&doer, mine), ["a"]);
        assert_eq!(list(&lead, overdue.clone()), [""; 0]);
        house.desk.time().set(at("2026-12-01T00:30:00+08:00"));
        assert_eq!(list(&lead, overdue.clone()), ["a"], "the day after, by the installation's clock");
        let all = list(&lead, ProblemFilter::default());
        assert_eq!(all, ["a", "b"], "the last changed first");
        let first = ProblemFilter { limit: 1, ..ProblemFilter::default() };
        let page = house.wait(house.desk.problems(&lead, &first)).unwrap();
        let second = ProblemFilter { after: page.next, ..first };
        assert_eq!(list(&lead, second), ["b"]);
        act(
            &house,
            &doer,
            (here.id, 3),
            "report-action",
            json!({"action": 1, "evidence": "x", "effective_on": "2026-12-01"}),
        )
        .unwrap();
        assert_eq!(list(&lead, overdue), [""; 0], "what is reported waits for somebody else");
        let none = house.wait(house.desk.problems(&agent, &ProblemFilter::default())).unwrap_err();
        assert_eq!(refusal(none).code, "not_permitted");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn who_answers_for_a_problem_or_does_a_measure_is_told() {
    each_database(|scratch| {
        let house = house(scratch);
        let (lead, other) = (house.user("lead", Role::Supervisor, ""), house.user("other", Role::Supervisor, ""));
        let (doer, far) = (house.user("doer", Role::Specialist, "31"), house.user("far", Role::Specialist, "33"));
        let of = |who: &Caller| who.actor.user().unwrap().0;
        let named =
            opened(&house, &lead, json!({"title": "a", "category": "A101", "region": "31", "user": of(&other)}));
        let year = house.desk.time().now().to_zoned_datetime(house.desk.zone().clone()).year();
        assert_eq!(named.number, format!("WT-{year}-0001"));
        let told = |who: &Caller| -> Vec<(String, String, bool)> {
            let all = house.wait(house.desk.notices(who)).unwrap();
            all.into_iter().map(|one| (one.number, one.kind, one.about == desk::notices::About::Problem)).collect()
        };
        let notice = |kind: &str| (named.number.clone(), kind.to_owned(), true);
        assert_eq!(told(&other), [notice("problem_given")]);
        assert!(told(&lead).is_empty(), "nobody is told of their own doing");
        let plan = json!({"what": "x", "due": "2026-11-30", "user": of(&doer)});
        act(&house, &lead, (named.id, 1), "analyse-problem", json!({"whys": ["x"]})).unwrap();
        act(&house, &lead, (named.id, 2), "plan-action", plan).unwrap();
        let report = json!({"action": 1, "evidence": "x", "effective_on": "2026-11-24"});
        house.desk.time().advance(SignedDuration::from_mins(1));
        act(&house, &doer, (named.id, 3), "report-action", report).unwrap();
        act(&house, &other, (named.id, 4), "return-action", json!({"action": 1, "reason": "y"})).unwrap();
        assert_eq!(told(&other), [notice("action_reported"), notice("problem_given")]);
        assert_eq!(told(&doer), [notice("action_returned"), notice("action_given")]);
        // The day after it was due both hear of it, once, whichever node looks and however often.
        let look = || desk::jobs::run_due(&house.desk, "node").unwrap();
        look();
        assert_eq!((told(&doer).len(), told(&other).len()), (2, 2), "in time");
        let due = house.desk.time().now();
        house.desk.time().set("2026-12-01T12:00:00+08:00".parse().unwrap());
        (0..3).for_each(|_| {
            look();
            house.desk.time().advance(SignedDuration::from_mins(5));
        });
        assert_eq!((&told(&doer)[0], &told(&other)[0]), (&notice("action_late"), &notice("action_late")));
        assert_eq!((told(&doer).len(), told(&other).len()), (3, 3));
        house.desk.time().set(due);
        // Whoever does not see it, any more, is told nothing and can mark nothing.
        let moved = Caller { actor: far.actor.clone(), ..doer.clone() };
        let moved = Caller { actor: domain::actor::Actor { id: doer.actor.id, ..moved.actor.clone() }, ..moved };
        assert!(told(&moved).is_empty());
        house.wait(house.desk.read_notice_group(&moved, named.id)).unwrap_err();
        house.wait(house.desk.read_notice_group(&doer, named.id)).unwrap();
        assert!(told(&doer).is_empty());
        // By number as by identity, for who sees it.
        let by = |who: &Caller, name: &str| house.wait(house.desk.problem_named(who, name));
        assert_eq!(by(&doer, &named.number.to_lowercase()).unwrap(), named.id);
        assert!(by(&far, &named.number).is_err());
        let second = opened(&house, &lead, json!({"title": "b", "category": "B204"}));
        assert!(second.number.ends_with("-0002"));
        house.close_down();
    })
    .unwrap();
}

#[test]
fn linked_cases_come_a_page_at_a_time_and_links_end_somewhere() {
    each_database(|scratch| {
        let house = house(scratch);
        let lead = house.user("lead", Role::Supervisor, "");
        let problem = opened(&house, &lead, json!({"title": "a", "category": "A1"}));
        let numbers: Vec<String> = (0..103).map(|_| house.register(&lead).case.number).collect();
        act(&house, &lead, (problem.id, 1), "link-cases", json!({"cases": numbers})).unwrap();
        let page = |after: Option<&str>| house.wait(house.desk.problem(&lead, problem.id, after)).unwrap();
        let first = page(None);
        assert_eq!((first.problem.cases.len(), first.cases.len()), (103, 100));
        let second = page(first.next.as_deref());
        assert_eq!((second.cases.len(), second.next.as_deref()), (3, None));
        let told = house.wait(house.desk.problem(&lead, problem.id, Some("x"))).unwrap_err();
        assert_eq!(refusal(told).faults[0].field, "cases_after");
        act(&house, &lead, (problem.id, 2), "unlink-case", json!({"case": numbers[0]})).unwrap();
        assert_eq!(page(None).problem.cases.len(), 102);
        assert!(verify(house.desk.db(), None).unwrap().is_whole());
        house.close_down();
    })
    .unwrap();
}

#[test]
fn a_region_is_no_beginning_of_another() {
    each_database(|scratch| {
        let house = house(scratch);
        let lead = house.user("lead", Role::Supervisor, "");
        for region in ["IE-D", "IE-DL", "IE"] {
            opened(&house, &lead, json!({"title": region, "category": "A1", "region": region}));
        }
        let list = |region: &str| {
            let filter = ProblemFilter { region: Some(region.into()), ..ProblemFilter::default() };
            let page = house.wait(house.desk.problems(&lead, &filter)).unwrap();
            let mut titles: Vec<String> = page.items.into_iter().map(|one| one.title).collect();
            titles.sort_unstable();
            titles
        };
        assert_eq!(list("IE-D"), ["IE-D"]);
        assert_eq!(list("IE"), ["IE", "IE-D", "IE-DL"]);
        house.close_down();
    })
    .unwrap();
}

#[test]
fn the_log_of_a_problem_is_verified_and_restored() {
    each_database(|scratch| {
        let house = house(scratch);
        let lead = house.user("lead", Role::Supervisor, "");
        let case = house.register(&lead);
        let problem = opened(&house, &lead, json!({"title": "a", "category": "A1"}));
        act(&house, &lead, (problem.id, 1), "link-cases", json!({"cases": [case.case.number]})).unwrap();
        act(&house, &lead, (problem.id, 2), "dismiss-problem", json!({"reason": "个案"})).unwrap();
        let db = house.desk.db().clone();
        assert!(verify(&db, None).unwrap().is_whole());
        let mut exported = Vec::new();
        desk::verify::export(&db, &mut exported).unwrap();
        assert!(desk::verify::verify_export(&mut exported.as_slice()).unwrap().is_whole());
        db.write_now(|tx| raw(tx, "UPDATE problems SET version = 4")).unwrap();
        let report = verify(&db, None).unwrap();
        assert_eq!(report.findings.iter().map(|one| one.code).collect::<Vec<_>>(), ["log_truncated"]);
        db.write_now(|tx| raw(tx, "UPDATE problems SET version = 3")).unwrap();
        db.write_now(|tx| raw(tx, "UPDATE entries SET body = '[]' WHERE ledger = 3 AND version = 2")).unwrap();
        assert!(verify(&db, None).unwrap().findings.iter().any(|one| one.code == "entry_changed"));
        db.write_now(|tx| raw(tx, "DELETE FROM problems")).unwrap();
        assert!(verify(&db, None).unwrap().findings.iter().any(|one| one.code == "problem_row_missing"));
        house.close_down();
        assert!(open(scratch, desk::time::Time::System, &key_file(scratch)).is_ok());
    })
    .unwrap();
}
