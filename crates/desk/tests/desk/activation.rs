//! Putting rules into force: by two people, for cases of that day on; and what a newer calendar moves.

use crate::{House, NOON, house, intake, key_file, named, open, refusal, to_the_close};
use desk::activation::{self, ActivationState, NewActivation, RulesKind};
use desk::jobs::recount;
use desk::time::Time;
use desk::{Caller, CaseRef, Desk, DeskError};
use domain::actor::{ActorId, Role};
use domain::case::Case;
use domain::event::Event;
use domain::ids::TokenId;
use jiff::SignedDuration;
use jiff::civil::{Date, date};
use std::path::Path;
use store::testing::each_database;
use uuid::Uuid;

const TODAY: Date = date(2026, 11, 24);

pub(crate) fn file(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs").join(path)).unwrap()
}

/// The guide as an operator edits it: a new version in which the answer takes so long.
pub(crate) fn edited(version: &str, answer: &str) -> NewActivation {
    let shipped = file("guide-standard.toml");
    let line = shipped.lines().find(|line| line.starts_with("version = ")).unwrap().to_owned();
    let text = shipped.replacen(&line, &format!("version = \"{version}\""), 1);
    let (before, rest) = text.split_once("id = \"response\"").unwrap();
    let rest = rest.replacen("amount = \"48h\"", &format!("amount = \"{answer}\""), 1);
    // No repair takes longer than the law allows in town.
    let text = format!("{before}id = \"response\"{rest}").replace("amount = \"72h\"", "amount = \"48h\"");
    NewActivation { kind: RulesKind::Pack, effective_from: TODAY, note: "按内部承诺改为工作日".into(), text }
}

/// The calendar with one more day off, the Friday after [`TODAY`].
pub(crate) fn newer_calendar() -> NewActivation {
    let more = "\n[[holiday]]\nname = { zh = \"临时放假\", en = \"Extra day off\" }\non = 2026-11-27\nannounced = 2026-11-20\n";
    let text = file("calendars/cn.toml").replacen("known_as_of = 2026-10-01", "known_as_of = 2026-11-20", 1) + more;
    NewActivation {
        kind: RulesKind::Calendar, effective_from: TODAY, note: "国务院通知：11月27日放假".into(), text
    }
}

pub(crate) struct Pair {
    pub(crate) asks: Caller,
    pub(crate) decides: Caller,
}

pub(crate) fn pair(house: &House) -> Pair {
    Pair { asks: house.user("he", Role::Compliance, ""), decides: house.user("gu", Role::Admin, "") }
}

pub(crate) fn activate(house: &House, pair: &Pair, new: &NewActivation) -> Uuid {
    let id = activation::request(&house.desk, &pair.asks, new).unwrap_or_else(|error| panic!("{error:?}"));
    activation::approve(&house.desk, &pair.decides, id).unwrap_or_else(|error| panic!("{error:?}"));
    house.desk.time().advance(activation::NOTICED_AFTER);
    activation::refresh(&house.desk).unwrap();
    id
}

fn recount_all(house: &House) {
    house.desk.time().advance(activation::NOTICED_AFTER);
    house.wait(recount::go_on(&house.desk, "node", || false)).unwrap();
}

fn case(house: &House, who: &Caller, name: &CaseRef) -> Case {
    house.wait(house.desk.case(who, name)).unwrap().case
}

/// Everything a page says about the limits of a case, as bytes.
fn told(desk: &Desk, case: &Case) -> String {
    let clocks: Vec<_> = desk.explain_clocks(case).unwrap().into_iter().map(|one| one.explanation).collect();
    let windows = desk.windows(case).unwrap();
    serde_json::to_string(&(clocks, windows.known.into_iter().map(|one| one.explanation).collect::<Vec<_>>())).unwrap()
}

fn due(case: &Case, rule: &str) -> String {
    case.clocks.iter().find(|clock| clock.rule == rule).unwrap().due_at.to_string()
}

fn codes(error: DeskError) -> Vec<(String, &'static str)> {
    let refusal = refusal(error);
    if refusal.faults.is_empty() {
        return vec![(String::new(), refusal.code)];
    }
    refusal.faults.into_iter().map(|fault| (fault.field, fault.code)).collect()
}

#[test]
fn two_people_put_a_pack_into_force() {
    each_database(|scratch| {
        let house = house(scratch);
        let pair = pair(&house);
        let agent = house.user("agent", Role::Specialist, "");
        let before = house.register(&agent);
        let closed = to_the_close(&house, &agent, &named(&house.register(&agent))).case;
        let said = told(&house.desk, &closed);
        let new = edited("9.0.0", "2bd");
        let id = activation::request(&house.desk, &pair.asks, &new).unwrap();
        assert_eq!(
            codes(activation::approve(&house.desk, &pair.asks, id).unwrap_err()),
            [(String::new(), "own_request")]
        );
        assert!(house.desk.library().pack("guide-standard@9.0.0").is_none());
        activation::approve(&house.desk, &pair.decides, id).unwrap();
        assert_eq!(
            codes(activation::approve(&house.desk, &pair.decides, id).unwrap_err()),
            [(String::new(), "activation_decided")]
        );
        // Until every node has noticed nobody goes by it.
        assert!(house.register(&agent).case.packs.iter().all(|pin| pin.version != "9.0.0"));
        house.desk.time().advance(activation::NOTICED_AFTER);
        activation::refresh(&house.desk).unwrap();
        let after = house.register(&agent).case;
        let pin = after.packs.iter().find(|pin| pin.id == "guide-standard").unwrap();
        assert_eq!((pin.version.as_str(), pin.hash.clone()), ("9.0.0", Some(policy::address(&new.text))));
        // Tuesday noon and two business days.
        assert_eq!(due(&after, "response"), "2026-11-26T15:59:59Z");
        // A case of yesterday registered today keeps to the rules of yesterday.
        let mut body = intake();
        body["received_at"] = serde_json::json!("2026-11-23T09:00:00+08:00");
        let admin = house.user("lead", Role::Admin, "");
        let late = house.try_register(&admin, body).unwrap().case;
        assert!(late.packs.iter().all(|pin| pin.version != "9.0.0"));
        assert_eq!(case(&house, &agent, &named(&before)).packs, before.case.packs);
        assert_eq!(told(&house.desk, &case(&house, &agent, &CaseRef::Id(closed.id))), said);
        let why = house.desk.library().activation_of(pin.hash.as_deref().unwrap()).unwrap();
        assert_eq!((why.requested_by.name.as_str(), why.decided_by.as_ref().unwrap().name.as_str()), ("he", "gu"));
        assert_eq!(
            (why.state, why.effective_from, why.note.as_str()),
            (ActivationState::Active, TODAY, new.note.as_str())
        );
        house.close_down();
    })
    .unwrap();
}

#[test]
fn what_must_not_come_into_force_is_refused() {
    each_database(|scratch| {
        let house = house(scratch);
        let pair = pair(&house);
        let ask = |new: &NewActivation| codes(activation::request(&house.desk, &pair.asks, new).unwrap_err());
        let text = |code| vec![("text".to_owned(), code)];
        // Looser than the fifteen days of the law.
        assert!(ask(&edited("9.0.0", "40d")).contains(&("text".to_owned(), "rule_finding")));
        let looser = refusal(activation::request(&house.desk, &pair.asks, &edited("9.0.0", "40d")).unwrap_err());
        let fault = looser.faults.iter().find(|fault| fault.params.contains(&("check", "looser-than-law".to_owned())));
        let place = fault.unwrap().params.iter().find(|(name, _)| *name == "line").unwrap().1.parse::<u32>().unwrap();
        assert!(place > 10, "{looser:?}");
        let shipped = file("guide-standard.toml");
        let version = shipped.lines().find_map(|line| line.strip_prefix("version = ")).unwrap().trim_matches('"');
        assert_eq!(ask(&edited(version, "47h")), text("version_never_changes"));
        assert_eq!(ask(&edited("0.9.0", "47h")), text("version_not_newer"));
        assert_eq!(ask(&NewActivation { text: shipped.clone(), ..edited("9.0.0", "1h") }), text("rules_known"));
        let law = file("cn-telecom.toml");
        let line = law.lines().find(|line| line.starts_with("version = ")).unwrap().to_owned();
        let law = law.replacen(&line, "version = \"9.0.0\"", 1);
        assert_eq!(ask(&NewActivation { text: law, ..edited("9.0.0", "1h") }), text("law_is_immovable"));
        let past = NewActivation { effective_from: TODAY.yesterday().unwrap(), ..edited("9.0.0", "47h") };
        assert_eq!(ask(&past), [("effective_from".to_owned(), "day_past")]);
        let broken = NewActivation { text: "version = 1\n[pack".into(), ..edited("9.0.0", "1h") };
        assert_eq!(ask(&broken), text("rule_finding"));
        let calendar = NewActivation { text: file("calendars/cn.toml"), ..newer_calendar() };
        assert_eq!(ask(&calendar), text("rules_known"));
        let same_day = file("calendars/cn.toml").replacen("2026-10-01", "2026-10-02", 1);
        assert_eq!(ask(&NewActivation { text: same_day, ..newer_calendar() }), text("version_never_changes"));
        // Programmes, and people who see only a part of the house, do not change its rules.
        let new = edited("9.0.0", "47h");
        let mut token = pair.asks.clone();
        token.actor.id = ActorId::Token(TokenId(Uuid::now_v7()));
        let regional = house.user("shanghai", Role::Compliance, "31");
        for (who, code) in [(&token, "needs_a_person"), (&regional, "rules_are_everywhere")] {
            assert_eq!(codes(activation::request(&house.desk, who, &new).unwrap_err()), [(String::new(), code)]);
        }
        let agent = house.user("agent", Role::Specialist, "");
        assert_eq!(
            codes(activation::request(&house.desk, &agent, &new).unwrap_err()),
            [(String::new(), "not_permitted")]
        );
        // What was asked for may be taken back by who asked, and refused by another; both leave everything as it was.
        let id = activation::request(&house.desk, &pair.asks, &new).unwrap();
        assert_eq!(ask(&new), [(String::new(), "already_requested")]);
        let other = activation::withdraw(&house.desk, &pair.decides, id).unwrap_err();
        assert_eq!(codes(other), [(String::new(), "not_own_request")]);
        activation::withdraw(&house.desk, &pair.asks, id).unwrap();
        let id = activation::request(&house.desk, &pair.asks, &new).unwrap();
        activation::refuse(&house.desk, &pair.decides, id).unwrap();
        let states: Vec<_> = house.wait(house.desk.activations(&agent)).unwrap().iter().map(|one| one.state).collect();
        assert_eq!(states, [ActivationState::Refused, ActivationState::Withdrawn]);
        house.desk.time().advance(SignedDuration::from_mins(1));
        activation::refresh(&house.desk).unwrap();
        assert!(house.desk.library().pack("guide-standard@9.0.0").is_none());
        house.close_down();
    })
    .unwrap();
}

#[test]
fn a_newer_calendar_moves_open_cases_and_no_closed_one() {
    each_database(|scratch| {
        let house = house(scratch);
        let pair = pair(&house);
        let agent = house.user("agent", Role::Specialist, "");
        activate(&house, &pair, &edited("9.0.0", "3bd"));
        let closed = to_the_close(&house, &agent, &named(&house.register(&agent))).case;
        let (open, touched) = (house.register(&agent), house.register(&agent));
        let said = told(&house.desk, &closed);
        assert_eq!(due(&open.case, "response"), "2026-11-27T15:59:59Z");
        let id = activate(&house, &pair, &newer_calendar());
        // Whoever works a case before it was its turn works by the new calendar already.
        let noted = house.act(&agent, &named(&touched), 1, "note", serde_json::json!({"text": "x"})).unwrap().case;
        assert_eq!(due(&noted, "response"), "2026-11-30T15:59:59Z");
        recount_all(&house);
        let moved = house.wait(house.desk.case(&agent, &named(&open))).unwrap();
        assert_eq!(due(&moved.case, "response"), "2026-11-30T15:59:59Z");
        // Calendar days and hours are what they were.
        assert_eq!(due(&moved.case, "statutory_answer"), due(&open.case, "statutory_answer"));
        let last = moved.entries.last().unwrap();
        assert_eq!(last.verb, recount::VERB);
        let Some(Event::CalendarChanged { calendar, note, before }) = last.events.first() else { panic!("{last:?}") };
        assert_eq!((calendar.version, note.as_str()), (date(2026, 11, 20), "国务院通知：11月27日放假"));
        assert_eq!(*before, Some(date(2025, 11, 4)));
        let rest = last.events.iter().skip(1);
        assert!(
            rest.clone().count() > 0 && rest.clone().all(|event| matches!(event, Event::ClockMoved { .. })),
            "{last:?}"
        );
        let explained = told(&house.desk, &moved.case);
        assert!(explained.contains("2026-11-20") && explained.contains("Extra day off"), "{explained}");
        // The closed case is as it was, word for word.
        let after = house.wait(house.desk.case(&agent, &CaseRef::Id(closed.id))).unwrap();
        assert_eq!((after.case.version, &after.case.calendars), (closed.version, &closed.calendars));
        assert_eq!(told(&house.desk, &after.case), said);
        // A second look finds nothing left to do.
        recount_all(&house);
        assert_eq!(house.wait(house.desk.case(&agent, &named(&open))).unwrap().case.version, moved.case.version);
        let done = house.wait(house.desk.activations(&agent)).unwrap().into_iter().find(|one| one.id == id).unwrap();
        assert_eq!((done.looked, done.moved, done.recounted_at.is_some()), (2, 1, true));
        // Work seen before the limit moved is not refused for it.
        house.act(&agent, &named(&open), 1, "note", serde_json::json!({"text": "x"})).unwrap();
        // Taken up again, the closed case goes by what holds now.
        let seen = after.case.version;
        let body = serde_json::json!({"reason": "未到账"});
        let again = house.act(&agent, &CaseRef::Id(closed.id), seen, "reopen", body).unwrap().case;
        assert_eq!(again.calendars.iter().map(|pin| pin.version).collect::<Vec<_>>(), [date(2026, 11, 20)]);
        let report = desk::verify::verify(house.desk.db(), None).unwrap();
        assert!(report.is_whole(), "{:?}", report.findings);
        house.close_down();
    })
    .unwrap();
}

#[test]
fn every_node_goes_by_it_without_a_restart() {
    each_database(|scratch| {
        let one = house(scratch);
        let two = match scratch.target {
            store::Target::Sqlite(_) => one.desk.clone(),
            store::Target::Postgres(_) => open(scratch, Time::at(NOON.parse().unwrap()), &key_file(scratch)).unwrap(),
        };
        let pair = pair(&one);
        let agent = one.user("agent", Role::Specialist, "");
        let case = one.register(&agent);
        activate(&one, &pair, &edited("9.0.0", "3bd"));
        activate(&one, &pair, &newer_calendar());
        two.time().set(one.desk.time().now());
        desk::jobs::run_due(&two, "two").unwrap();
        let body = domain::intake::Intake::read(intake()).unwrap();
        let there = one.wait(two.register(&agent, body, None)).unwrap().case;
        assert_eq!(due(&there, "response"), "2026-11-30T15:59:59Z");
        assert_eq!(told(&one.desk, &there), told(&two, &there));
        assert_eq!(told(&one.desk, &case.case), told(&two, &case.case));
        // What an installation has once known stays, also for one that starts anew without the files.
        if matches!(scratch.target, store::Target::Postgres(_)) {
            let third = open(scratch, Time::at(one.desk.time().now()), &key_file(scratch)).unwrap();
            assert_eq!(told(&third, &there), told(&one.desk, &there));
            third.db().close();
            two.db().close();
        }
        one.close_down();
    })
    .unwrap();
}
