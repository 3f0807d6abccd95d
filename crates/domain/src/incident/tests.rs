use super::*;
use crate::actor::{Actor, AreaScope, Role};
use crate::ids::UnitId;
use crate::taxonomy::Taxonomy;
use proptest::prelude::*;
use serde_json::{Value, json};

fn taxonomy() -> Taxonomy {
    let read =
        |name: &str| std::fs::read_to_string(format!("{}/../../packs/taxonomy/{name}", env!("CARGO_MANIFEST_DIR")));
    let read = |name| read(name).unwrap();
    Taxonomy::load(&read("categories.toml"), &read("causes.toml"), &read("regions.toml")).unwrap()
}

fn actor(n: u128) -> Actor {
    let area = AreaScope::region("31").unwrap();
    Actor { id: ActorId::User(UserId(Uuid::from_u128(n))), role: Role::Supervisor, area, unit: UnitId::NIL }
}

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn plan() -> Plan {
    let role = |id: &str| PlanRole { id: id.to_owned(), zh: id.to_owned(), en: id.to_owned() };
    let item = |role: &str| PlanItem { role: role.to_owned(), zh: "做".into(), en: "do".into(), within: Some(30) };
    Plan {
        id: "outage".into(),
        version: 2,
        zh: "断网".into(),
        en: "Outage".into(),
        roles: vec![role("lead"), role("voice")],
        items: vec![item("lead"), item("voice")],
    }
}

/// An incident that is driven by commands, as the desk does.
struct Life {
    taxonomy: Taxonomy,
    incident: Incident,
    log: Vec<Entry>,
    open_cases: i64,
}

fn opening(body: Value) -> Result<Vec<Event>, Refusal> {
    let value = crate::shape::check(body, open::FIELDS).map_err(Refusal::invalid)?;
    let ask: open::Open = serde_json::from_value(value).unwrap();
    let owner = Owner { unit: UnitId::NIL, user: None };
    open::decide(&ask, &actor(1), open::Found { number: "IN-1".into(), owner, fact_known: false, now: now() })
}

impl Life {
    fn begin() -> Self {
        let body = json!({"title": "小区断网", "region": "310115", "started_at": "2026-11-20T08:00:00Z"});
        let events = opening(body).unwrap();
        let entry = Entry { version: 1, at: now(), actor: actor(1).id, verb: "open-incident".into(), events };
        let incident = Incident::begin(Uuid::nil(), &entry).unwrap();
        Self { taxonomy: taxonomy(), incident, log: vec![entry], open_cases: 0 }
    }

    fn run(&mut self, who: u128, verb: &str, body: Value) -> Result<(), Refusal> {
        let command = Command::read(verb, body).unwrap().map_err(Refusal::invalid)?;
        let actor = actor(who);
        let ctx = Context {
            actor: &actor,
            now: now(),
            taxonomy: &self.taxonomy,
            owner: None,
            fact_known: false,
            plan: Some(plan()),
            open_cases: self.open_cases,
        };
        let events = command.decide(&self.incident, &ctx)?;
        let written = serde_json::to_string(&events).unwrap();
        assert_eq!(read_body(SCHEMA, &written).unwrap(), events, "the log keeps what was decided");
        let version = self.incident.version + 1;
        let entry = Entry { version, at: now(), actor: actor.id, verb: verb.to_owned(), events };
        self.incident.apply(&entry);
        self.log.push(entry);
        Ok(())
    }

    fn refused(&mut self, who: u128, verb: &str, body: Value) -> &'static str {
        let refusal = self.run(who, verb, body).unwrap_err();
        refusal.faults.first().map_or(refusal.code, |fault| fault.code)
    }
}

#[test]
fn an_opening_is_about_a_place_one_sees_and_nobody() {
    let base = |more: Value| {
        let mut body = json!({"title": "断网", "started_at": "2026-11-20T08:00:00Z"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        opening(body).map(drop).map_err(|refusal| refusal.faults[0].code)
    };
    assert_eq!(base(json!({})), Ok(()));
    assert_eq!(base(json!({"region": "33"})), Err("outside_area"));
    assert_eq!(base(json!({"started_at": "2026-11-21T08:00:00Z"})), Err("in_future"));
    assert_eq!(base(json!({"fact": Uuid::nil()})), Err("unknown_fact"));
    assert_eq!(base(json!({"description": "张三 13812345678"})), Err("personal_data"));
}

#[test]
fn nobody_is_told_before_somebody_else_has_read_it() {
    let mut life = Life::begin();
    let words = json!({"purpose": "outcome", "zh": "已恢复", "en": "Restored"});
    life.run(1, "word-incident", words.clone()).unwrap();
    assert_eq!(life.incident.told(Purpose::Outcome), None);
    assert_eq!(life.refused(1, "approve-wording", json!({"wording": 1})), "own_wording");
    assert_eq!(life.refused(2, "approve-wording", json!({"wording": 7})), "unknown_wording");
    life.run(2, "return-wording", json!({"wording": 1, "reason": "太短"})).unwrap();
    assert_eq!(life.refused(2, "approve-wording", json!({"wording": 1})), "wording_decided");
    life.run(1, "word-incident", words).unwrap();
    life.run(2, "approve-wording", json!({"wording": 2})).unwrap();
    assert_eq!(life.incident.to_tell(Purpose::Outcome).unwrap_err().code, "incident_lasts");
    life.run(1, "restore-incident", json!({"at": "2026-11-20T10:00:00Z"})).unwrap();
    assert_eq!(life.refused(1, "amend-incident", json!({"started_at": "2026-11-20T11:00:00Z"})), "after_restored");
    assert_eq!(life.incident.told(Purpose::Outcome).map(|one| one.id), Some(2));
    assert_eq!(life.incident.told(Purpose::Progress), None);
    life.run(1, "close-incident", json!({"result": "完"})).unwrap();
    life.run(1, "reopen-incident", json!({"reason": "又断了"})).unwrap();
    life.run(1, "restore-incident", json!({"at": "2026-11-20T11:00:00Z"})).unwrap();
    assert_eq!(life.incident.told(Purpose::Outcome), None, "what was approved was about the first time");
}

#[test]
fn a_plan_is_worked_through_by_those_who_were_named() {
    let mut life = Life::begin();
    let tick = |item: u32| json!({"item": item, "evidence": "值班记录"});
    assert_eq!(life.refused(1, "tick-item", tick(1)), "no_plan");
    life.run(1, "start-plan", json!({"plan": "outage"})).unwrap();
    assert_eq!(life.refused(1, "start-plan", json!({"plan": "outage"})), "plan_started");
    assert_eq!(life.refused(2, "tick-item", tick(1)), "role_is_nobodys");
    let name = |role: &str, who: u128| json!({"role": role, "user": Uuid::from_u128(who).to_string()});
    assert_eq!(life.refused(1, "name-role", name("chef", 2)), "unknown_role");
    life.run(1, "name-role", name("lead", 2)).unwrap();
    assert_eq!(life.refused(1, "name-role", name("lead", 2)), "nothing_changes");
    assert_eq!(life.refused(1, "tick-item", tick(1)), "role_of_another");
    assert_eq!(life.refused(2, "tick-item", tick(3)), "unknown_item");
    life.run(2, "tick-item", tick(1)).unwrap();
    assert_eq!(life.refused(2, "tick-item", tick(1)), "item_done");
    life.run(1, "restore-incident", json!({"at": "2026-11-20T11:00:00Z"})).unwrap();
    assert_eq!(life.refused(1, "close-incident", json!({"result": "完"})), "plan_not_done");
    life.run(1, "name-role", name("voice", 3)).unwrap();
    life.run(3, "tick-item", tick(2)).unwrap();
    life.run(1, "close-incident", json!({"result": "完"})).unwrap();
    life.run(1, "reopen-incident", json!({"reason": "又断了"})).unwrap();
    life.run(1, "start-plan", json!({"plan": "outage"})).unwrap();
    assert_eq!(life.incident.plan.as_ref().map(Running::open), Some(2), "the plan is worked through anew");
}

#[test]
fn it_ends_when_nothing_waits_any_more() {
    let mut life = Life::begin();
    assert_eq!(life.refused(1, "close-incident", json!({"result": "x"})), "incident_lasts");
    assert_eq!(life.refused(1, "restore-incident", json!({"at": "2026-11-20T07:00:00Z"})), "before_start");
    life.run(1, "restore-incident", json!({"at": "2026-11-20T10:00:00Z"})).unwrap();
    assert_eq!(life.refused(1, "restore-incident", json!({"at": "2026-11-20T10:00:00Z"})), "incident_restored");
    life.open_cases = 2;
    assert_eq!(life.refused(1, "close-incident", json!({"result": "x"})), "incident_has_cases");
    life.open_cases = 0;
    life.run(1, "close-incident", json!({"result": "x"})).unwrap();
    assert_eq!(life.incident.state(), State::Closed);
    assert_eq!(life.refused(1, "amend-incident", json!({"title": "y"})), "incident_ended");
    life.run(1, "reopen-incident", json!({"reason": "又断了"})).unwrap();
    assert_eq!(life.incident.state(), State::Open);
    assert_eq!(life.refused(1, "amend-incident", json!({"title": "小区断网"})), "nothing_changes");
}

proptest! {
    /// Whatever is tried in whatever order, the log adds up to the incident, and nobody approves their own words.
    #[test]
    fn any_order_adds_up(steps in proptest::collection::vec((0_usize..VERBS.len(), 1_u128..4, 1_u32..4), 0..40)) {
        let mut life = Life::begin();
        for (verb, who, n) in steps {
            let verb = VERBS[verb].name;
            let body = match verb {
                "amend-incident" => json!({"title": format!("t{who}")}),
                "word-incident" => json!({"purpose": "outcome", "zh": "甲", "en": "A"}),
                "approve-wording" => json!({"wording": n}),
                "return-wording" => json!({"wording": n, "reason": "x"}),
                "restore-incident" => json!({"at": "2026-11-20T10:00:00Z"}),
                "start-plan" => json!({"plan": "outage"}),
                "name-role" => json!({"role": "lead", "user": Uuid::from_u128(who).to_string()}),
                "tick-item" => json!({"item": n, "evidence": "x"}),
                "close-incident" => json!({"result": "x"}),
                _ => json!({"reason": "x"}),
            };
            let offered = VERBS.iter().find(|one| one.name == verb).map(|one| (one.offered)(&life.incident));
            let done = life.run(who, verb, body);
            prop_assert!(done.is_err() || offered == Some(true), "{verb} is carried out without being offered");
            for one in &life.incident.wordings {
                prop_assert!(one.approved != Some(true) || one.decided_by != Some(one.by));
            }
        }
        prop_assert_eq!(Incident::fold(Uuid::nil(), life.log).unwrap(), life.incident);
    }
}
