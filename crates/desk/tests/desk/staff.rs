//! Units, areas, absences: who may change what, who sees what, who gets a case while somebody is away.

use crate::{House, at, house, intake, named, refusal};
use desk::caller::Scope;
use desk::organisation::import::{Line, Sheets, import};
use desk::organisation::{
    NewAbsence, NewUnit, NewUser, UnitChange, UserChange, add_absence, add_unit, add_user, change_unit, change_user,
    close_unit, end_absence, reopen_unit,
};
use desk::queries::list::Filter;
use desk::{Caller, DeskError, sign_in};
use domain::actor::Role;
use domain::duty::Duty;
use domain::event::Event;
use domain::ids::{UnitId, UserId};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::testing::each_database;
use store::{AbsenceRow, absences};
use uuid::Uuid;

pub(crate) fn unit(house: &House, code: &str, parent: Option<UnitId>, region: &str) -> UnitId {
    let new = NewUnit { code: code.into(), name: code.into(), parent, region: region.into(), duties: Vec::new() };
    add_unit(&house.desk, &house.system(), &new).unwrap()
}

/// A user of a unit who signed in, so that the area is what the desk says it is.
pub(crate) fn signed_in(house: &House, username: &str, role: Role, unit: UnitId) -> Caller {
    let new = NewUser {
        username: username.into(),
        name: username.into(),
        role,
        region: String::new(),
        unit,
        skills: Vec::new(),
        email: String::new(),
    };
    let password = add_user(&house.desk, &house.system(), &new).unwrap();
    sign_in::keep_password(&house.desk, username).unwrap();
    let session = house.wait(house.desk.sign_in(username, &password, "10.0.0.1")).unwrap();
    house.wait(house.desk.by_session(&session.secret)).unwrap().unwrap()
}

fn id(caller: &Caller) -> UserId {
    caller.actor.user().unwrap()
}

fn fault(error: DeskError) -> (String, &'static str) {
    let refused = refusal(error);
    let fault = refused.faults.first().unwrap_or_else(|| panic!("{refused:?}"));
    (fault.field.clone(), fault.code)
}

fn leave(user: UserId, hours: (i64, i64), deputy: Option<UserId>) -> NewAbsence {
    let noon = at(crate::NOON);
    let moment = |hours| noon + SignedDuration::from_hours(hours);
    NewAbsence { user: Some(user), from: Some(moment(hours.0)), until: moment(hours.1), deputy }
}

#[test]
fn an_area_comes_from_above_until_somebody_has_their_own() {
    each_database(|scratch| {
        let house = house(scratch);
        let system = house.system();
        let shanghai = unit(&house, "sh", None, "31");
        let team = unit(&house, "sh-team", Some(shanghai), "");
        let agent = signed_in(&house, "agent", Role::Agent, team);
        assert_eq!(agent.actor.area.code(), "31");
        let boss = signed_in(&house, "boss", Role::Supervisor, house.desk.root());
        assert_eq!(boss.actor.area.code(), "");
        // What lies in Zhejiang is not there for an agent whose unit is Shanghai's.
        let mut elsewhere = intake();
        elsewhere["region"] = json!("330106");
        let far = house.try_register(&boss, elsewhere).unwrap();
        let near = house.register(&boss);
        assert!(house.wait(house.desk.case(&agent, &named(&far))).is_err());
        assert!(house.wait(house.desk.case(&agent, &named(&near))).is_ok());
        let refused = house.act(&boss, &named(&far), 1, "assign", json!({"user": id(&agent).to_string()}));
        assert_eq!(fault(refused.unwrap_err()), ("user".into(), "user_outside_area"));
        // The same session sees the new area at once when the unit moves.
        let zhejiang = unit(&house, "zj", None, "33");
        let password = house.desk.reset_password(&system, "agent").unwrap();
        let session = house.wait(house.desk.sign_in("agent", &password, "10.0.0.1")).unwrap();
        let moved = UnitChange { parent: Some(zhejiang), ..UnitChange::default() };
        change_unit(&house.desk, &system, team, &moved).unwrap();
        let agent = house.wait(house.desk.by_session(&session.secret)).unwrap().unwrap();
        assert_eq!(agent.actor.area.code(), "33");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn the_tree_stays_a_tree_and_a_unit_in_use_stays_open() {
    each_database(|scratch| {
        let house = house(scratch);
        let system = house.system();
        let desk = &house.desk;
        let top = unit(&house, "top", None, "");
        let mid = unit(&house, "mid", Some(top), "");
        let low = unit(&house, "low", Some(mid), "");
        let under = |parent| UnitChange { parent: Some(parent), ..UnitChange::default() };
        for below in [top, mid, low] {
            let ring = change_unit(desk, &system, top, &under(below)).unwrap_err();
            assert_eq!(fault(ring), ("parent".into(), "unit_cycle"));
        }
        let root = change_unit(desk, &system, desk.root(), &under(top)).unwrap_err();
        assert_eq!(refusal(root).code, "root_stays");
        assert_eq!(refusal(close_unit(desk, &system, desk.root()).unwrap_err()).code, "root_stays");
        // With an area of its own nobody would see everything any more.
        let part = UnitChange { region: Some("31".into()), ..UnitChange::default() };
        assert_eq!(refusal(change_unit(desk, &system, desk.root(), &part).unwrap_err()).code, "root_is_everywhere");
        let whole = UnitChange { region: Some(String::new()), ..UnitChange::default() };
        change_unit(desk, &system, desk.root(), &whole).unwrap();
        assert_eq!(signed_in(&house, "boss", Role::Supervisor, desk.root()).actor.area.code(), "");
        assert_eq!(refusal(close_unit(desk, &system, mid).unwrap_err()).code, "unit_has_units");
        let agent = signed_in(&house, "agent", Role::Agent, low);
        assert_eq!(refusal(close_unit(desk, &system, low).unwrap_err()).code, "unit_has_users");
        let case = house.register(&agent);
        let closed = UserChange { disabled: Some(true), ..UserChange::default() };
        change_user(desk, &system, "agent", &closed).unwrap();
        assert_eq!(refusal(close_unit(desk, &system, low).unwrap_err()).code, "unit_holds_cases");
        house.act(&system, &named(&case), 1, "assign", json!({"unit": top.to_string()})).unwrap();
        close_unit(desk, &system, low).unwrap();
        let into = house.act(&system, &named(&case), 2, "assign", json!({"unit": low.to_string()})).unwrap_err();
        assert_eq!(fault(into), ("unit".into(), "closed_unit"));
        let back = UserChange { disabled: Some(false), ..UserChange::default() };
        let back = change_user(desk, &system, "agent", &back).unwrap_err();
        assert_eq!(fault(back), ("unit".into(), "closed_unit"));
        close_unit(desk, &system, mid).unwrap();
        assert_eq!(fault(reopen_unit(desk, &system, low).unwrap_err()), ("parent".into(), "closed_unit"));
        reopen_unit(desk, &system, mid).unwrap();
        reopen_unit(desk, &system, low).unwrap();
        let duties = UnitChange { duties: Some(vec![Duty::Billing, Duty::CustomerService]), ..UnitChange::default() };
        change_unit(desk, &system, low, &duties).unwrap();
        let units = house.wait(desk.units(&system)).unwrap();
        let low = units.iter().find(|unit| unit.id == low).unwrap();
        assert_eq!(low.duties, [Duty::CustomerService, Duty::Billing]);
        house.close_down();
    })
    .unwrap();
}

#[test]
fn an_administrator_of_an_area_reaches_no_further() {
    each_database(|scratch| {
        let house = house(scratch);
        let desk = &house.desk;
        let shanghai = unit(&house, "sh", None, "31");
        let zhejiang = unit(&house, "zj", None, "33");
        let admin = signed_in(&house, "sh.admin", Role::Admin, shanghai);
        signed_in(&house, "zj.agent", Role::Agent, zhejiang);
        signed_in(&house, "boss", Role::Supervisor, desk.root());
        let users: Vec<_> =
            house.wait(desk.colleagues(&admin)).unwrap().into_iter().map(|user| user.username).collect();
        assert_eq!(users, ["boss", "sh.admin"], "who sees everything is a colleague, who sees another area is not");
        let rename = UnitChange { name: Some("x".into()), ..UnitChange::default() };
        assert_eq!(refusal(change_unit(desk, &admin, zhejiang, &rename).unwrap_err()).code, "not_found");
        assert_eq!(refusal(change_unit(desk, &admin, desk.root(), &rename).unwrap_err()).code, "above_own_area");
        change_unit(desk, &admin, shanghai, &rename).unwrap();
        let wider = UnitChange { inherit_region: true, ..UnitChange::default() };
        let wider = change_unit(desk, &admin, shanghai, &wider).unwrap_err();
        assert_eq!(fault(wider), ("region".into(), "outside_area"));
        let everywhere = UserChange { region: Some("33".into()), ..UserChange::default() };
        let promoted = change_user(desk, &admin, "sh.admin", &everywhere).unwrap_err();
        assert_eq!(fault(promoted), ("region".into(), "outside_area"), "nobody widens their own area");
        let root = NewUser {
            username: "friend".into(),
            name: "friend".into(),
            role: Role::Admin,
            region: String::new(),
            unit: desk.root(),
            skills: Vec::new(),
            email: String::new(),
        };
        assert_eq!(fault(add_user(desk, &admin, &root).unwrap_err()), ("region".into(), "outside_area"));
        let there = NewUser { unit: zhejiang, region: "31".into(), ..root.clone() };
        assert_eq!(fault(add_user(desk, &admin, &there).unwrap_err()), ("unit".into(), "unknown_unit"));
        add_user(desk, &admin, &NewUser { unit: shanghai, ..root }).unwrap();
        assert_eq!(refusal(import(desk, &admin, Sheets::default(), true).unwrap_err()).code, "above_own_area");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn absences_are_checked_when_they_are_entered() {
    each_database(|scratch| {
        let house = house(scratch);
        let desk = &house.desk;
        let shanghai = unit(&house, "sh", None, "31");
        let agent = signed_in(&house, "agent", Role::Agent, shanghai);
        let deputy = signed_in(&house, "deputy", Role::Specialist, desk.root());
        let far = signed_in(&house, "far", Role::Agent, unit(&house, "zj", None, "33"));
        let reader = signed_in(&house, "reader", Role::Auditor, desk.root());
        let lead = signed_in(&house, "lead", Role::Supervisor, shanghai);
        let add = |by: &Caller, new: NewAbsence| add_absence(desk, by, &new);
        let wrong = |new: NewAbsence| fault(add(&house.system(), new).unwrap_err());
        assert_eq!(wrong(leave(id(&agent), (5, 5), None)), ("until".into(), "before_from"));
        assert_eq!(wrong(leave(id(&agent), (-9, -3), None)), ("until".into(), "absence_over"));
        assert_eq!(wrong(leave(id(&agent), (1, 9), Some(id(&agent)))), ("deputy".into(), "own_deputy"));
        assert_eq!(wrong(leave(id(&agent), (1, 9), Some(id(&reader)))), ("deputy".into(), "user_works_no_cases"));
        assert_eq!(wrong(leave(id(&agent), (1, 9), Some(id(&far)))), ("deputy".into(), "deputy_elsewhere"));
        add(&deputy, leave(id(&deputy), (4, 8), None)).unwrap();
        assert_eq!(wrong(leave(id(&agent), (1, 5), Some(id(&deputy)))), ("deputy".into(), "deputy_absent"));
        let own = add(&agent, leave(id(&agent), (8, 20), Some(id(&deputy)))).unwrap();
        assert_eq!(wrong(leave(id(&agent), (19, 30), None)), ("from".into(), "absence_overlaps"));
        add(&lead, leave(id(&agent), (20, 30), None)).unwrap();
        let others = add(&agent, leave(id(&deputy), (30, 40), None)).unwrap_err();
        assert_eq!(refusal(others).code, "not_permitted", "people enter their own");
        assert_eq!(refusal(end_absence(desk, &far, own).unwrap_err()).code, "not_found");
        assert_eq!(refusal(end_absence(desk, &deputy, own).unwrap_err()).code, "not_permitted");
        let ahead = |who: &Caller| house.wait(desk.absences(who)).unwrap().len();
        assert_eq!((ahead(&agent), ahead(&far)), (3, 1), "far sees only who is everywhere");
        end_absence(desk, &agent, own).unwrap();
        assert_eq!(ahead(&agent), 2, "called off before it began");
        add(&agent, leave(id(&agent), (8, 20), None)).unwrap();
        house.close_down();
    })
    .unwrap();
}

#[test]
fn a_case_for_somebody_absent_goes_to_who_is_there() {
    each_database(|scratch| {
        let house = house(scratch);
        let (desk, system) = (&house.desk, house.system());
        let team = unit(&house, "team", None, "31");
        let first = signed_in(&house, "first", Role::Agent, team);
        let second = signed_in(&house, "second", Role::Agent, team);
        let third = signed_in(&house, "third", Role::Specialist, unit(&house, "other", None, ""));
        let case = house.register(&system);
        let mut version = 1;
        let mut give = |verb: &str, to: &Caller| {
            let body = json!({"user": id(to).to_string(), "reason": "请跟进"});
            let done = house.act(&system, &named(&case), version, verb, body).unwrap();
            version = done.case.version;
            (done.case.owner.unit, done.case.owner.user, done.case.instead_of)
        };
        // A chain is followed: the first is away, the second as well, the third is there.
        add_absence(desk, &first, &leave(id(&first), (-1, 90), Some(id(&second)))).unwrap();
        let away = add_absence(desk, &second, &leave(id(&second), (-1, 50), Some(id(&third)))).unwrap();
        assert_eq!(give("assign", &first), (third.actor.unit, Some(id(&third)), Some(id(&first))));
        let log = house.wait(desk.case(&system, &named(&case))).unwrap();
        let last = log.entries.last().unwrap();
        let said = last
            .events
            .iter()
            .any(|event| matches!(event, Event::Assigned { instead_of: Some(user), .. } if *user == id(&first)));
        assert!(said && log.users.get(&id(&first)).is_some_and(|name| name == "first"), "{last:?}");
        let stands_in = house.wait(desk.deputised(&third)).unwrap();
        assert_eq!(stands_in.len(), 2, "for the second, and through them for the first");
        // Whoever stands in sees the cases of the absent among their own.
        let old = house.register(&system);
        end_absence(desk, &second, away).unwrap();
        house.act(&system, &named(&old), 1, "assign", json!({"user": id(&second).to_string()})).unwrap();
        add_absence(desk, &second, &leave(id(&second), (0, 50), Some(id(&third)))).unwrap();
        let mine = Filter {
            assignee: Some(id(&third)),
            also: house.wait(desk.deputised(&third)).unwrap(),
            open_only: true,
            ..Filter::default()
        };
        let listed = house.wait(desk.list(&third, &mine)).unwrap();
        assert_eq!(listed.items.len(), 2);
        // The last deputy may no longer work the case: the unit's queue gets it, for the one who was named.
        let closed = UserChange { disabled: Some(true), ..UserChange::default() };
        change_user(desk, &system, "third", &closed).unwrap();
        assert_eq!(give("transfer", &first), (team, None, Some(id(&first))));
        // Back at work, it is theirs again.
        desk.time().advance(SignedDuration::from_hours(91));
        assert_eq!(give("assign", &first), (team, Some(id(&first)), None));
        house.close_down();
    })
    .unwrap();
}

#[test]
fn deputies_in_a_ring_leave_the_case_to_the_queue() {
    each_database(|scratch| {
        let house = house(scratch);
        let (desk, system) = (&house.desk, house.system());
        let team = unit(&house, "team", None, "31");
        let (one, two) = (signed_in(&house, "one", Role::Agent, team), signed_in(&house, "two", Role::Agent, team));
        add_absence(desk, &one, &leave(id(&one), (0, 50), Some(id(&two)))).unwrap();
        // The desk takes no absent deputy; two nodes at once could still let it happen.
        let back = AbsenceRow {
            id: Uuid::now_v7(),
            user_id: id(&two).0,
            deputy: Some(id(&one).0),
            from_at: at(crate::NOON).as_microsecond(),
            until_at: i64::MAX,
            created_at: 0,
        };
        desk.db().write_now(move |tx| absences::insert(tx, &back)).unwrap();
        let case = house.register(&system);
        let body = json!({"user": id(&one).to_string()});
        let done = house.act(&system, &named(&case), 1, "assign", body).unwrap();
        assert_eq!((done.case.owner.unit, done.case.owner.user), (team, None));
        assert_eq!(done.case.instead_of, Some(id(&one)));
        assert_eq!(house.wait(desk.deputised(&one)).unwrap(), [id(&two)], "and the ring ends here too");
        house.close_down();
    })
    .unwrap();
}

fn lines(rows: &[Value]) -> Vec<Line> {
    rows.iter().enumerate().map(|(n, cells)| Line { line: n as u64 + 2, cells: cells.clone() }).collect()
}

#[test]
fn an_organisation_comes_in_whole_or_not_at_all() {
    each_database(|scratch| {
        let house = house(scratch);
        let (desk, system) = (&house.desk, house.system());
        let units = [
            json!({"code": "team", "parent": "js", "name": "一组"}),
            json!({"code": "js", "name": "江苏", "region": "32", "duties": ["customer_service"]}),
        ];
        let mut users = vec![
            json!({"username": "lin", "name": "林", "role": "agent", "unit": "team"}),
            json!({"username": "gu", "name": "顾", "role": "boss", "unit": "team"}),
        ];
        let sheets = |users: &[Value]| Sheets { units: lines(&units), users: lines(users) };
        let wrong = import(desk, &system, sheets(&users), false).unwrap();
        assert_eq!((wrong.faults.len(), wrong.faults[0].line, wrong.faults[0].fault.field.as_str()), (1, 3, "role"));
        assert_eq!(house.wait(desk.units(&system)).unwrap().len(), 1, "nothing was written");
        users[1]["role"] = json!("supervisor");
        let dry = import(desk, &system, sheets(&users), true).unwrap();
        assert_eq!((dry.units.added.len(), dry.users.added.len(), dry.passwords.len()), (2, 2, 0));
        assert_eq!(house.wait(desk.units(&system)).unwrap().len(), 1, "nothing was written");
        let done = import(desk, &system, sheets(&users), false).unwrap();
        assert_eq!(done.passwords.len(), 2);
        let (username, password) = &done.passwords[0];
        let session = house.wait(desk.sign_in(username, password, "10.0.0.1")).unwrap();
        assert!(house.wait(desk.by_session(&session.secret)).unwrap().unwrap().one_time);
        let lin = house.wait(desk.by_session(&session.secret)).unwrap().unwrap();
        assert_eq!(lin.actor.area.code(), "32");
        let again = import(desk, &system, sheets(&users), false).unwrap();
        assert_eq!((again.units.same, again.users.same, again.passwords.len()), (2, 2, 0));
        assert!(house.wait(desk.by_session(&session.secret)).unwrap().is_some(), "an unchanged user stays signed in");
        users[0]["region"] = json!("3201");
        let changed = import(desk, &system, sheets(&users), false).unwrap();
        assert_eq!(changed.users.changed, [("lin".to_owned(), vec!["region"])]);
        assert!(house.wait(desk.by_session(&session.secret)).unwrap().is_none(), "a changed one does not");
        // Who administers last is not taken away by a file either.
        users[1]["role"] = json!("admin");
        import(desk, &system, sheets(&users), false).unwrap();
        users[1]["role"] = json!("agent");
        let last = import(desk, &system, sheets(&users), false).unwrap_err();
        assert_eq!(refusal(last).code, "last_admin");
        let gu = house.wait(desk.colleagues(&system)).unwrap().into_iter().find(|user| user.username == "gu").unwrap();
        assert_eq!(gu.role, "admin");
        let narrow = Caller { scopes: vec![Scope::Read], ..system.clone() };
        assert_eq!(refusal(import(desk, &narrow, Sheets::default(), true).unwrap_err()).code, "not_permitted");
        house.close_down();
    })
    .unwrap();
}
